"""Which rate applies, and shipping that follows the goods."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from app.domain.orders import DeliveryOption
from app.domain.tax import STANDARD, TaxRate, draft, rate_for
from tests.factories import PLACED, a_line, a_purchase

BOOKS = TaxRate(sku_pattern="BOOK-*", rate=Decimal(7))


def test_nineteen_percent_when_nothing_is_configured() -> None:
    assert rate_for((), "DE", "ANY", PLACED) == STANDARD
    assert STANDARD.rate == 19


def test_the_more_exact_pattern_wins_in_any_order_of_entry() -> None:
    all_goods = TaxRate(rate=Decimal(16))
    for rates in ((all_goods, BOOKS), (BOOKS, all_goods)):
        assert rate_for(rates, "DE", "BOOK-1", PLACED) == BOOKS
        assert rate_for(rates, "DE", "LAMP", PLACED) == all_goods


def test_a_rate_of_another_country_does_not_apply() -> None:
    austria = TaxRate(country="AT", rate=Decimal(20))
    assert rate_for((austria,), "DE", "LAMP", PLACED) == STANDARD
    assert rate_for((austria,), "AT", "LAMP", PLACED) == austria


@pytest.mark.parametrize(
    ("at", "rate"),
    [
        (datetime(2020, 6, 30, 21, 59, tzinfo=UTC), 19),
        (datetime(2020, 6, 30, 22, 0, tzinfo=UTC), 16),
        (datetime(2020, 12, 31, 22, 59, tzinfo=UTC), 16),
        (datetime(2020, 12, 31, 23, 0, tzinfo=UTC), 19),
    ],
    ids=["last second before", "midnight in Berlin", "last minute", "new year in Berlin"],
)
def test_validity_is_counted_in_german_days(at: datetime, rate: int) -> None:
    lowered = TaxRate(rate=Decimal(16), valid_from=date(2020, 7, 1), valid_until=date(2020, 12, 31))
    assert rate_for((lowered,), "DE", "X", at).rate == rate


def test_a_rate_that_ends_before_it_begins_is_refused() -> None:
    with pytest.raises(ValidationError, match="valid_until lies before valid_from"):
        TaxRate(rate=Decimal(7), valid_from=date(2026, 2, 1), valid_until=date(2026, 1, 1))


def test_shipping_follows_the_mix_of_the_goods() -> None:
    purchase = a_purchase(a_line("LAMP", 1, "30.00"), a_line("BOOK-1", 2, "5.00"), shipping="4.95")
    made = draft(purchase, "DE", (BOOKS,), {})
    parts = [(s.gross, s.tax.rate) for s in made.shipping]
    assert parts == [(Decimal("3.71"), Decimal(19)), (Decimal("1.24"), Decimal(7))]


def test_options_are_shown_apart_and_taken_out_of_shipping() -> None:
    options = (
        DeliveryOption(kind="TWO_MAN_DELIVERY", price=Decimal("25.00")),
        DeliveryOption(kind="PICKUP_SERVICE", price=Decimal("10.00")),
    )
    made = draft(a_purchase(shipping="64.90", delivery_options=options), "DE", (), {})
    assert [(s.option, s.gross) for s in made.shipping] == [
        (None, Decimal("29.90")),
        ("TWO_MAN_DELIVERY", Decimal("25.00")),
        ("PICKUP_SERVICE", Decimal("10.00")),
    ]


def test_options_outside_the_shipping_price_do_not_make_it_negative() -> None:
    """idealo's old sandbox listed options of 30.00 beside shipping of 2.99."""
    options = (DeliveryOption(kind="TWO_MAN_DELIVERY", price=Decimal("30.00")),)
    made = draft(a_purchase(shipping="2.99", delivery_options=options), "DE", (), {})
    assert [(s.option, s.gross) for s in made.shipping] == [(None, Decimal("2.99"))]


def test_an_alias_names_the_stores_sku() -> None:
    made = draft(a_purchase(a_line("IDEALO-1")), "DE", (), {"IDEALO-1": "SHOP-1"})
    assert [(line.line.sku, line.store_sku) for line in made.lines] == [("IDEALO-1", "SHOP-1")]


money = st.integers(min_value=1, max_value=500_000).map(lambda n: Decimal(n) / 100)
baskets = st.lists(
    st.tuples(st.sampled_from(["LAMP", "BOOK-1", "BOOK-2", "FOOD"]), st.integers(1, 9), money), min_size=1
)


@given(baskets, money, st.lists(money, max_size=2))
def test_drafts_add_up_to_idealos_total(
    basket: list[tuple[str, int, Decimal]], shipping: Decimal, options: list[Decimal]
) -> None:
    lines = [a_line(sku, quantity, str(price)) for sku, quantity, price in basket]
    chosen = tuple(DeliveryOption(kind="TWO_MAN_DELIVERY", price=price) for price in options)
    purchase = a_purchase(*lines, shipping=str(shipping), delivery_options=chosen)
    made = draft(purchase, "DE", (BOOKS, TaxRate(sku_pattern="FOOD", rate=Decimal(0))), {})
    parts = sum(s.gross for s in made.shipping) + sum(line.line.total for line in made.lines) + made.difference
    assert parts == purchase.total
    assert made.difference == 0
