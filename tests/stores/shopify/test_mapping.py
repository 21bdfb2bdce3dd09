"""Orders in Shopify's shape and what we read into them: units, parcels, money, contradictions."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.errors import Permanent, Problem
from app.stores.shopify.mapping import store_order
from app.stores.shopify.settings import Settings
from app.stores.shopify.units import Counted, LineFacts, Refunded, count
from tests.stores.shapes import examples, mutated
from tests.stores.shopify.shapes import a_return, about, bag, fulfillment, line, order, page, paid, refund, track
from tests.stores.snapshots import conserves

PLAIN = Settings()


def units(shown: dict[str, Any], chosen: Settings = PLAIN) -> list[tuple[int, int, int]]:
    return [(x.shipped, x.cancelled, x.returned) for x in store_order(shown, chosen).lines]


def test_a_new_order_is_read() -> None:
    own = line(customAttributes=[{"key": "_idealo_sku", "value": "ABC"}])
    seen = store_order(order(own), PLAIN)
    assert (seen.store_order_id, seen.number, seen.idealo_order_id) == ("7001", "#1042", "A1B2C3D4")
    assert (seen.total, seen.currency, seen.cancelled) == (Decimal("104.79"), "EUR", False)
    assert (seen.lines[0].line_id, seen.lines[0].sku, seen.lines[0].idealo_sku) == ("9001", "SKU-9001", "ABC")


def test_idealos_id_comes_from_metafield_or_source_never_from_what_a_duplicate_copies() -> None:
    copied = {"tags": ["idealo-A1"], "customAttributes": [{"key": "idealo_order_id", "value": "A1"}]}
    assert store_order(order(metafield=None, sourceIdentifier=None, **copied), PLAIN).idealo_order_id is None
    assert store_order(order(metafield=None, sourceIdentifier="A1"), PLAIN).idealo_order_id == "A1"
    assert store_order(order(metafield={"value": "A2"}, sourceIdentifier=None), PLAIN).idealo_order_id == "A2"


def test_parcels_carry_all_codes_by_carrier_and_each_code_once() -> None:
    first = fulfillment(51, about(9001, 1), tracking=[track("A1"), track("A2", "DPD"), track("A3")])
    second = fulfillment(52, about(9001, 1), tracking=[track("A1"), track("B 1 ")])
    seen = store_order(order(line(quantity=2, unfulfilledQuantity=0), fulfillments=[first, second]), PLAIN)
    assert [(s.shipment_id, s.carrier, s.codes) for s in seen.shipments] == [
        ("51", "DHL", ("A1", "A3")),
        ("51", "DPD", ("A2",)),
        ("52", "DHL", ("B1",)),
    ]


def test_a_link_gives_the_code_where_the_number_is_missing() -> None:
    tracking = [track(None, None, "https://example.test/t?piececode=JJD1"), track("https://[broken", "Other")]
    seen = store_order(order(line(unfulfilledQuantity=0), fulfillments=[fulfillment(5, tracking=tracking)]), PLAIN)
    assert [(s.carrier, s.codes) for s in seen.shipments] == [(None, ("JJD1",))]


@pytest.mark.parametrize(
    ("more", "shipped", "reported"),
    [
        ({}, 1, 1),
        ({"status": "CANCELLED"}, 0, 0),
        ({"status": "OPEN"}, 0, 0),
        ({"status": "ERROR"}, 0, 0),
        ({"displayStatus": "READY_FOR_PICKUP"}, 0, 0),
        ({"displayStatus": "PICKED_UP"}, 1, 1),
        ({"requiresShipping": False}, 1, 0),
    ],
    ids=str,
)
def test_what_has_left_is_what_succeeded(more: dict[str, Any], shipped: int, reported: int) -> None:
    seen = store_order(order(fulfillments=[fulfillment(5, about(9001, 1), **more)]), PLAIN)
    assert (seen.lines[0].shipped, len(seen.shipments)) == (shipped, reported)


def test_a_fulfillment_cancelled_and_replaced_is_no_matter() -> None:
    gone = fulfillment(51, about(9001, 1), tracking=[track("A1")], status="CANCELLED")
    seen = store_order(order(fulfillments=[gone]), PLAIN)
    assert [c.rule for c in seen.contradictions] == ["fulfillment_cancelled"]
    again = fulfillment(52, about(9001, 1), tracking=[track("A2")])
    assert store_order(order(line(unfulfilledQuantity=0), fulfillments=[gone, again]), PLAIN).contradictions == ()


def test_a_cancelled_order_keeps_what_had_left() -> None:
    lines = [line(9001, 2, unfulfilledQuantity=0), line(9002, 1)]
    parcel = fulfillment(5, about(9001, 1), tracking=[track("A1")])
    seen = store_order(order(*lines, cancelledAt="2026-11-23T08:00:00Z", fulfillments=[parcel]), PLAIN)
    assert [(x.shipped, x.cancelled) for x in seen.lines] == [(1, 1), (0, 1)]
    assert not seen.cancelled
    assert store_order(order(*lines, cancelledAt="2026-11-23T08:00:00Z"), PLAIN).cancelled


@pytest.mark.parametrize(
    ("facts", "counted"),
    [
        (LineFacts(quantity=3, current=3, unfulfilled=3), Counted()),
        (LineFacts(quantity=3, current=2, unfulfilled=2), Counted(cancelled=1)),
        (LineFacts(quantity=3, current=2, unfulfilled=2, refunded=Refunded(cancelled=1)), Counted(cancelled=1)),
        (LineFacts(quantity=3, current=2, unfulfilled=2, refunded=Refunded(loose=1)), Counted(cancelled=1)),
        # NO_RESTOCK while all stays to be shipped is goodwill
        (LineFacts(quantity=3, current=2, unfulfilled=3, refunded=Refunded(loose=1)), Counted()),
        (
            LineFacts(quantity=3, current=2, unfulfilled=0, fulfilled=3, refunded=Refunded(came_back=1)),
            Counted(shipped=3, returned=1),
        ),
        (LineFacts(quantity=3, current=2, unfulfilled=0, fulfilled=3, refunded=Refunded(loose=1)), Counted(shipped=3)),
        (
            LineFacts(quantity=3, current=1, unfulfilled=0, fulfilled=2, refunded=Refunded(cancelled=1, came_back=1)),
            Counted(shipped=2, cancelled=1, returned=1),
        ),
        # a return and its refund name the same unit
        (
            LineFacts(quantity=2, current=1, unfulfilled=0, fulfilled=2, refunded=Refunded(in_return=1), received=1),
            Counted(shipped=2, returned=1),
        ),
        (LineFacts(quantity=2, current=2, unfulfilled=0, fulfilled=2, received=1), Counted(shipped=2, returned=1)),
        # part of the line edited away after part of it was shipped
        (LineFacts(quantity=4, current=3, unfulfilled=1, fulfilled=2), Counted(shipped=2, cancelled=1)),
        # one refund, one unit back and one unit as goodwill
        (
            LineFacts(quantity=2, current=0, unfulfilled=0, fulfilled=2, refunded=Refunded(came_back=1, loose=1)),
            Counted(shipped=2, returned=1),
        ),
    ],
    ids=str,
)
def test_where_the_units_of_a_line_are(facts: LineFacts, counted: Counted) -> None:
    assert count(facts, gone=False, loose_means_return=False) == counted


def test_a_merchant_may_count_refunds_without_restocking_as_returns() -> None:
    told = Refunded(loose=2)
    shipped = LineFacts(quantity=3, current=1, unfulfilled=0, fulfilled=3, refunded=told)
    assert count(shipped, gone=False, loose_means_return=True) == Counted(shipped=3, returned=2)
    partly = LineFacts(quantity=3, current=1, unfulfilled=0, fulfilled=2, refunded=told)
    assert count(partly, gone=False, loose_means_return=True) == Counted(shipped=2, cancelled=1, returned=1)


small = st.integers(0, 6)


@given(
    st.builds(
        LineFacts,
        quantity=small,
        current=st.none() | small,
        unfulfilled=st.none() | small,
        fulfilled=small,
        refunded=st.builds(Refunded, cancelled=small, came_back=small, in_return=small, loose=small),
        received=small,
    ),
    st.booleans(),
    st.booleans(),
)
def test_units_conserve_whatever_shopify_says(facts: LineFacts, gone: bool, loose: bool) -> None:  # noqa: FBT001
    seen = count(facts, gone=gone, loose_means_return=loose)
    assert min(seen.shipped, seen.cancelled, seen.returned) >= 0
    assert seen.shipped + seen.cancelled <= facts.quantity
    assert seen.returned <= seen.shipped
    assert not gone or seen.shipped + seen.cancelled == facts.quantity


SHIPPED = {"fulfillments": [fulfillment(5, about(9001, 2))]}


@pytest.mark.parametrize(
    ("returned", "units_back"),
    [
        (a_return(1, "REQUESTED", (9001, 1, 0)), 0),
        (a_return(1, "OPEN", (9001, 1, 0)), 0),
        (a_return(1, "OPEN", (9001, 2, 1)), 1),
        (a_return(1, "CLOSED", (9001, 2, 1)), 1),
        (a_return(1, "CLOSED", (9001, 2, 0)), 2),
        (a_return(1, "CANCELED", (9001, 1, 1)), 0),
        (a_return(1, "DECLINED", (9001, 1, 0)), 0),
        (a_return(1, "OPEN", (9001, 1, 1), exchangeLineItems={"nodes": [{"id": "x"}]}), 0),
    ],
    ids=str,
)
def test_returns_count_once_the_goods_are_back(returned: dict[str, Any], units_back: int) -> None:
    shown = order(line(quantity=2, unfulfilledQuantity=0), returns=page(returned), **SHIPPED)
    assert units(shown) == [(2, 0, units_back)]


def test_an_exchange_counts_by_the_merchants_rule() -> None:
    back = a_return(1, "OPEN", (9001, 1, 1), exchangeLineItems={"nodes": [{"id": "x"}]})
    shown = order(line(quantity=2, unfulfilledQuantity=0), returns=page(back), **SHIPPED)
    assert units(shown, Settings(exchange_means="return")) == [(2, 0, 1)]


def test_money_back_is_what_went_through() -> None:
    money = [paid("5.0"), paid("1.5"), paid("9.0", "FAILURE"), paid("3.0", kind="VOID")]
    seen = store_order(order(refunds=[refund(61, money=money)], totalRefundedSet=bag("6.5")), PLAIN)
    assert [(r.refund_id, r.amount, r.currency) for r in seen.refunds] == [("61", Decimal("6.50"), "EUR")]
    assert seen.contradictions == ()


def test_a_refund_on_its_way_or_without_money_is_not_reported() -> None:
    waiting = refund(61, money=[paid("5.0"), paid("1.5", "PENDING")])
    restocked = refund(62, about(9001, 1, restockType="CANCEL"))
    seen = store_order(order(line(unfulfilledQuantity=0), refunds=[waiting, restocked]), PLAIN)
    assert (seen.refunds, seen.contradictions, seen.lines[0].cancelled) == ((), (), 1)


def test_store_credit_and_sums_that_differ_go_to_a_person() -> None:
    credit = refund(61, money=[paid("5.0", gateway="shopify_store_credit")])
    seen = store_order(order(refunds=[credit], totalRefundedSet=bag("5.0")), PLAIN)
    assert (seen.refunds, [c.rule for c in seen.contradictions]) == ((), ["refund_as_store_credit"])
    short = store_order(order(refunds=[refund(61, money=[paid("5.0")])], totalRefundedSet=bag("7.0")), PLAIN)
    assert [c.rule for c in short.contradictions] == ["refunds_do_not_add_up"]


def test_another_total_than_idealos_is_told_until_the_order_is_edited() -> None:
    kept = {"customAttributes": [{"key": "idealo_total", "value": "104.80"}]}
    assert [c.rule for c in store_order(order(**kept), PLAIN).contradictions] == ["total_differs"]
    assert store_order(order(edited=True, **kept), PLAIN).contradictions == ()


def test_an_order_without_any_protected_data_is_read() -> None:
    shown = {**order(), "customer": None, "email": None, "shippingAddress": None, "billingAddress": None}
    assert store_order(shown, PLAIN).number == "#1042"


RICH = order(
    line(9001, 3, unfulfilledQuantity=1, currentQuantity=2),
    line(9002, 2),
    fulfillments=[fulfillment(51, about(9001, 2), tracking=[track("A1"), track("A2", "DPD", "https://x.test/?n=1")])],
    refunds=[refund(61, about(9001, 1, restockType="RETURN"), money=[paid("5.0")])],
    totalRefundedSet=bag("5.0"),
    returns=page(a_return(71, "OPEN", (9001, 1, 1))),
)
KNOWN_FOR = ("gid://shopify/Order/x", "gid://shopify/Order/1?x=1", "1e999999")


@settings(max_examples=examples(600), deadline=None)
@given(mutated([RICH], also=KNOWN_FOR, most=2))
def test_a_broken_answer_is_a_permanent_problem_or_conserves(sent: dict[str, Any]) -> None:
    try:
        seen = store_order(sent, PLAIN)
    except Permanent as e:
        problem = e.problem
    else:
        problem = Problem.STATE_CONFLICT
        assert conserves(seen)
    assert problem is Problem.STATE_CONFLICT
