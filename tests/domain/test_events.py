"""What snapshots imply: all of it, in order, with keys that say what became true."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from app.domain import events as e
from app.domain.orders import IdealoRefund, Refund, Shipment, StoreLine, StoreOrder
from app.domain.units import units_in_store
from tests.factories import a_line, a_purchase, a_store_line, a_store_order, an_idealo_order, imported


def keys(events: list[e.Event]) -> list[str]:
    return [f"{event.type} {event.key}" for event in events]


def test_an_untouched_order_implies_nothing() -> None:
    order = a_store_order()
    assert e.events_in_store(order, imported(*order.lines)) == []


def test_shipments_come_first_then_lines_then_refunds() -> None:
    before = a_store_line(quantity=4)
    after = a_store_line(quantity=4, shipped=3, cancelled=1, returned=1)
    order = a_store_order(
        after,
        shipments=(Shipment(shipment_id="f1", carrier="DHL", codes=("C1", "C2")),),
        refunds=(Refund(refund_id="r1", amount=Decimal("10.00"), currency="EUR"),),
    )
    assert keys(e.events_in_store(order, imported(before))) == [
        "shipment.created f1/C1",
        "shipment.created f1/C2",
        "line.cancelled SKU-A/3",
        "line.returned SKU-A/3",
        "refund.issued r1",
    ]


def test_a_shipment_without_a_code_has_a_key_of_its_own() -> None:
    order = a_store_order(a_store_line(shipped=1), shipments=(Shipment(shipment_id="status"),))
    assert keys(e.events_in_store(order, imported(a_store_line()))) == ["shipment.created status/"]


def test_two_lines_of_one_sku_are_counted_together() -> None:
    before = (a_store_line("1", quantity=2), a_store_line("2", quantity=3))
    after = (a_store_line("1", quantity=2, cancelled=1), a_store_line("2", quantity=3, cancelled=3))
    [event] = e.events_in_store(a_store_order(*after), imported(*before))
    assert isinstance(event, e.LineCancelled)
    assert (event.cancelled, event.remaining, event.key) == (4, 1, "SKU-A/1")


def test_lines_edited_away_count_as_cancelled() -> None:
    before = (a_store_line("1", quantity=2), a_store_line("2", "SKU-B", quantity=3))
    order = a_store_order(a_store_line("2", "SKU-B", quantity=1))
    assert keys(e.events_in_store(order, imported(*before))) == ["line.cancelled SKU-A/0", "line.cancelled SKU-B/1"]


def test_the_sku_is_the_frozen_one_whatever_the_store_says_now() -> None:
    order = a_store_order(a_store_line(sku="RENAMED", cancelled=1))
    assert keys(e.events_in_store(order, imported(a_store_line(sku="SKU-A")))) == ["line.cancelled SKU-A/0"]


def test_lines_the_merchant_added_do_not_count() -> None:
    order = a_store_order(a_store_line("1"), a_store_line("9", "GIFT", quantity=1, cancelled=1))
    assert e.events_in_store(order, imported(a_store_line("1"))) == []


def test_a_cancellation_after_a_return_is_not_a_second_return() -> None:
    before = imported(a_store_line(quantity=3))
    returned = a_store_order(a_store_line(quantity=3, shipped=2, returned=1))
    both = a_store_order(a_store_line(quantity=3, shipped=2, returned=1, cancelled=1))
    first, then = e.events_in_store(returned, before), e.events_in_store(both, before)
    assert keys(first) == ["line.returned SKU-A/2"]
    assert keys(then) == ["line.cancelled SKU-A/2", "line.returned SKU-A/2"]
    [cancelled, _] = then
    assert isinstance(cancelled, e.LineCancelled)
    assert cancelled.remaining == 1


def test_units_that_do_not_add_up_are_a_conflict_instead_of_a_cancellation() -> None:
    order = a_store_order(a_store_line(quantity=1, shipped=1, cancelled=1))
    assert keys(e.events_in_store(order, imported(a_store_line()))) == [
        "order.conflict store/units_do_not_add_up/SKU-A"
    ]


def test_when_complete_waits_for_the_last_open_unit() -> None:
    before = imported(a_store_line(quantity=2))
    parcel = (Shipment(shipment_id="f1", carrier="DHL", codes=("C1",)),)
    part = a_store_order(a_store_line(quantity=2, shipped=1), shipments=parcel)
    rest_cancelled = a_store_order(a_store_line(quantity=2, shipped=1, cancelled=1), shipments=parcel)
    assert e.events_in_store(part, before, when_complete=True) == []
    assert keys(e.events_in_store(rest_cancelled, before, when_complete=True))[0] == "shipment.created f1/C1"


def test_a_refund_that_vanished_is_shown_to_a_person() -> None:
    told = e.RefundIssued(refund_id="r1", amount=Decimal("5.00"), currency="EUR")
    found = e.contradictions_in_store(a_store_order(), imported(a_store_line()), [told])
    assert keys(found) == ["order.conflict store/refund_vanished/r1"]


def test_units_that_come_back_are_shown_to_a_person() -> None:
    before = imported(a_store_line(quantity=2))
    [told] = e.events_in_store(a_store_order(a_store_line(quantity=2, cancelled=2)), before)
    found = e.contradictions_in_store(a_store_order(a_store_line(quantity=2)), before, [told])
    assert keys(found) == ["order.conflict store/units_came_back/SKU-A/0"]


def test_a_cancellation_the_store_later_counts_as_a_return_is_no_contradiction() -> None:
    before = imported(a_store_line(quantity=2))
    [told] = e.events_in_store(a_store_order(a_store_line(quantity=2, cancelled=1)), before)
    now = a_store_order(a_store_line(quantity=2, shipped=2, returned=1))
    assert e.contradictions_in_store(now, before, [told]) == []


def test_idealo_orders_are_placed_once_and_revoked_once() -> None:
    assert keys(e.events_in_idealo(an_idealo_order())) == ["order.placed order"]
    wanted, revoked = an_idealo_order(revocation_wanted=True), an_idealo_order(revoked=True)
    assert (
        keys(e.events_in_idealo(wanted))
        == keys(e.events_in_idealo(revoked))
        == [
            "order.placed order",
            "order.revoked order",
        ]
    )


def test_a_refund_that_failed_at_idealo_is_shown_to_a_person() -> None:
    refund = IdealoRefund(refund_id="rf-1", amount=Decimal("5.00"), failed=True, reason="account closed")
    found = e.events_in_idealo(an_idealo_order(refunds=(refund,)))
    assert keys(found)[1:] == ["order.conflict idealo/refund_failed/rf-1"]


def test_a_plain_cancellation_stands_for_a_refund_of_what_was_not_given_back() -> None:
    placed = e.OrderPlaced(purchase=a_purchase(a_line(quantity=2)))
    part = (Refund(refund_id="r1", amount=Decimal("4.95"), currency="EUR"),)
    [event] = e.refund_for_cancellation(a_store_order(refunds=part), [placed])
    assert isinstance(event, e.RefundIssued)
    assert (event.refund_id, event.amount) == ("cancellation", Decimal("20.00"))


units = st.integers(min_value=0, max_value=6)


@st.composite
def store_orders(draw: st.DrawFn) -> tuple[StoreOrder, StoreOrder]:
    """An order before and after some things happened to it."""
    before: list[StoreLine] = []
    after: list[StoreLine] = []
    for n in range(draw(st.integers(1, 4))):
        line = a_store_line(str(n), draw(st.sampled_from(["A", "B"])), draw(st.integers(1, 6)))
        shipped = draw(st.integers(0, line.quantity))
        cancelled = draw(st.integers(0, line.quantity - shipped))
        returned = draw(st.integers(0, shipped))
        before.append(line)
        after.append(line.model_copy(update={"shipped": shipped, "cancelled": cancelled, "returned": returned}))
    return a_store_order(*before), a_store_order(*after)


@given(store_orders())
def test_units_are_conserved_and_the_same_snapshot_implies_the_same_events(pair: tuple[StoreOrder, StoreOrder]) -> None:
    before, after = pair
    lines = imported(*before.lines)
    events = e.events_in_store(after, lines)
    assert keys(events) == keys(e.events_in_store(after, lines))
    assert len(set(keys(events))) == len(events)
    for u in units_in_store(after, lines):
        assert u.ordered == u.open + u.shipped + u.cancelled
        assert u.open >= 0
        assert u.shipped >= u.returned
        for event in events:
            if isinstance(event, e.LineCancelled | e.LineReturned) and event.sku == u.sku:
                assert event.remaining == u.ordered - u.cancelled - u.returned


@given(store_orders())
def test_events_survive_the_way_through_json(pair: tuple[StoreOrder, StoreOrder]) -> None:
    before, after = pair
    for event in e.events_in_store(after, imported(*before.lines)):
        assert e.EVENT.validate_json(event.model_dump_json()) == event
