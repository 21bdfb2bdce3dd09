"""Cents stay cents."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.money import net_of, split, tax_in, to_cents

cents = st.integers(min_value=0, max_value=10_000_000).map(lambda n: Decimal(n) / 100)
weights = st.lists(cents, min_size=1, max_size=12)


@given(cents, weights)
def test_split_parts_add_up_and_none_is_a_cent_off(amount: Decimal, by: list[Decimal]) -> None:
    parts = split(amount, by)
    assert sum(parts) == amount
    total = sum(by)
    for part, weight in zip(parts, by, strict=True):
        exact = amount * weight / total if total else amount / len(by)
        assert abs(part - exact) < Decimal("0.01")
        assert part == to_cents(part)


def test_split_gives_the_odd_cent_to_the_largest_remainder() -> None:
    assert split(Decimal("4.95"), [Decimal(1), Decimal(2), Decimal(4)]) == [
        Decimal("0.71"),
        Decimal("1.41"),
        Decimal("2.83"),
    ]


@pytest.mark.parametrize(
    ("amount", "by"),
    [("-1", ["1"]), ("0.005", ["1"]), ("1", []), ("1", ["-1", "2"])],
    ids=["negative", "finer than a cent", "no weights", "negative weight"],
)
def test_split_refuses_what_it_cannot_split(amount: str, by: list[str]) -> None:
    with pytest.raises(ValueError, match=r"split\(\)"):
        split(Decimal(amount), [Decimal(w) for w in by])


@given(cents, st.sampled_from([Decimal(19), Decimal(7), Decimal(0), Decimal("8.1")]))
def test_net_with_six_places_leads_back_to_the_gross_cent(gross: Decimal, rate: Decimal) -> None:
    net = net_of(gross, rate)
    assert to_cents(net * (100 + rate) / 100) == gross


def test_tax_contained_in_a_gross_price() -> None:
    assert tax_in(Decimal("39.98"), Decimal(19)) == Decimal("6.38")
