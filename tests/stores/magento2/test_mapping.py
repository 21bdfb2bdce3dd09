"""Recorded orders become snapshots: conserving, and with the events a person would expect from the story."""

from decimal import Decimal
from typing import Any

import pytest

from app.domain.carriers import tracking_codes
from app.domain.events import events_in_store
from app.domain.orders import Refund, StoreOrder
from app.stores.magento2.mapping import needs_memos, needs_shipments, store_order
from app.stores.magento2.settings import Settings
from app.stores.magento2.tracking import shipments_of
from tests.stores.magento2.recordings import CALLS, answer, recording, rows
from tests.stores.snapshots import conserves, frozen, told

DEFAULTS = Settings()
SHIPMENTS, MEMOS = rows("040"), rows("044")
DHL, HERMES = "00340434161094015902", "H1003500020000111"


def understood(order: Any, shipments: Any = (), memos: Any = (), settings: Settings = DEFAULTS) -> StoreOrder:
    chain = order if isinstance(order, list) else [order]
    return store_order(chain, list(shipments), list(memos), settings)


def story(created: Any, now: StoreOrder) -> list[tuple[str, str]]:
    return told(events_in_store(now, frozen(understood(created))))


def bodies(wanted: str) -> list[tuple[str, dict[str, Any]]]:
    """Every recorded row that has this field, in single answers and in lists."""
    found = []
    for name in CALLS:
        body = answer(name)
        listed = body.get("items") if isinstance(body, dict) else None
        rows_here = [body] if isinstance(body, dict) and wanted in body else listed or []
        found += [(f"{name[:3]}-{r['entity_id']}", r) for r in rows_here if isinstance(r, dict) and wanted in r]
    return found


# 030 asked for a few fields only, credit memos carry a state as well.
ORDERS = bodies("protect_code")


def test_the_recordings_hold_orders_shipments_and_memos() -> None:
    assert len(CALLS) == 87
    assert len(ORDERS) == 14
    assert len(bodies("tracks")) == 3


@pytest.mark.parametrize(("name", "order"), ORDERS, ids=[name for name, _ in ORDERS])
def test_every_recorded_order_is_understood(name: str, order: dict[str, Any]) -> None:
    snapshot = understood(order)
    assert conserves(snapshot)
    assert snapshot.store_order_id == str(order["entity_id"])
    assert snapshot.number == order["increment_id"]
    assert snapshot.total == order["grand_total"]
    assert snapshot.currency == "EUR"
    assert snapshot.contradictions == ()


@pytest.mark.parametrize(("name", "shipment"), bodies("tracks"), ids=[n for n, _ in bodies("tracks")])
def test_every_recorded_shipment_is_understood(name: str, shipment: dict[str, Any]) -> None:
    found = shipments_of([shipment], "shipments", DEFAULTS.return_label_words)
    assert {s.shipment_id for s in found} == {str(shipment["entity_id"])}
    assert [c for s in found for c in s.codes] == [t["track_number"] for t in shipment["tracks"]]


FIRST = [("shipment.created", f"1/{DHL}"), ("shipment.created", "1/SG-42")]
BOTH = [*FIRST, ("shipment.created", f"2/{HERMES}")]


@pytest.mark.parametrize(
    ("created", "number", "shipments", "memos", "expected"),
    [
        ("024", "024", [], [], []),
        ("025", "025", [], [], []),
        ("026", "026", [], [], []),
        ("064", "064", [], [], []),
        ("024", "036", SHIPMENTS[:1], [], FIRST),
        ("024", "036", [answer("035")], [], FIRST),
        ("024", "041", SHIPMENTS, [], BOTH),
        ("024", "043", SHIPMENTS, MEMOS, [*BOTH, ("line.returned", "LAB-001/1"), ("refund.issued", "1")]),
        (
            "024",
            "046",
            SHIPMENTS,
            MEMOS,
            [*BOTH, ("line.returned", "LAB-001/0"), ("line.returned", "LAB-002/0"), ("refund.issued", "1")],
        ),
        ("057", "057", [], [], [("line.cancelled", "LAB-003/0")]),
        ("064", "067", [], [], [("line.cancelled", "LAB-001/1")]),
        ("025", "070", [], [], [("shipment.created", "order/")]),
    ],
)
def test_a_recorded_story_implies_these_events(
    created: str, number: str, shipments: list[Any], memos: list[Any], expected: list[tuple[str, str]]
) -> None:
    snapshot = understood(answer(number), shipments, memos)
    assert story(answer(created), snapshot) == expected
    assert conserves(snapshot)


def test_the_orders_of_recorded_lists_are_told_apart() -> None:
    assert [understood(o).store_order_id for o in rows("029")] == ["1", "2"]
    assert understood(rows("028")[0]).idealo_order_id == "D1B2C3D4"
    assert understood(answer("024")).idealo_order_id is None
    assert rows("006") == []


def test_shipments_are_asked_for_where_goods_can_leave_and_memos_where_money_can() -> None:
    # 024 counts nothing shipped, and may have shipments all the same.
    assert needs_shipments(answer("024"))
    download = answer("024")
    for item in download["items"]:
        item["is_virtual"] = 1
    assert not needs_shipments(download)
    assert not needs_memos(answer("024"))
    assert needs_memos(answer("036"))
    assert needs_memos(answer("043"))


def test_a_shipment_the_orders_counters_do_not_know_has_left_all_the_same() -> None:
    # POST /V1/shipment saves a shipment and leaves qty_shipped and the state alone.
    snapshot = understood(answer("024"), SHIPMENTS)
    assert story(answer("024"), snapshot) == BOTH
    assert [(x.quantity, x.shipped, x.cancelled) for x in snapshot.lines] == [(2, 2, 0), (1, 1, 0)]


def test_units_of_a_credit_memo_count_once_whether_the_order_counts_them_or_not() -> None:
    counted = understood(answer("043"), SHIPMENTS, MEMOS)
    silent = answer("043")
    for item in silent["items"]:
        item.pop("qty_refunded")
    assert understood(silent, SHIPMENTS, MEMOS).lines == counted.lines
    open_memo = {**MEMOS[0], "state": 1}
    assert [x.returned for x in understood(silent, SHIPMENTS, [open_memo]).lines] == [0, 0]
    empty = {**MEMOS[0], "items": [{"order_item_id": 1, "qty": None}, {"qty": 3}]}
    assert [x.returned for x in understood(silent, SHIPMENTS, [empty]).lines] == [0, 0]


def test_carriers_come_from_the_code_or_from_the_title() -> None:
    found = understood(answer("041"), SHIPMENTS).shipments
    assert [(s.shipment_id, s.carrier, s.codes) for s in found] == [
        ("1", "DHL", (DHL,)),
        ("1", "Cargo", ("SG-42",)),
        ("2", "Hermes", (HERMES,)),
    ]


@pytest.mark.parametrize(
    ("code", "title", "expected"),
    [
        ("custom", "DPD", "DPD"), ("dhlpaket", "Versand", "DHL"), ("sendcloud", "GLS Germany", "GLS"),
        ("custom", "Custom", None), ("", "", None), ("postnl", "", "postnl"), ("ups", "United Parcel Service", "UPS"),
    ],
)  # fmt: skip
def test_a_carrier_is_named_as_idealo_knows_it(code: str, title: str, expected: str | None) -> None:
    track = {"track_number": "X123456", "title": title, "carrier_code": code}
    assert [s.carrier for s in shipments_of([{"entity_id": 1, "tracks": [track]}], "s", ())] == [expected]


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (" 00340434161094015902 ", (DHL,)),
        ("JJD000123;JJD000124", ("JJD000123", "JJD000124")),
        ("JJD000123, JJD000124", ("JJD000123", "JJD000124")),
        ("https://example.test/track?piececode=JJD000123", ("JJD000123",)),
        ("1", ("1",)), ("SG-42", ("SG-42",)), ("SG 42", ("SG42",)), ("-", ()), ("kein Tracking", ()), ("", ()),
    ],
)  # fmt: skip
def test_track_numbers_as_people_type_them(raw: str, expected: tuple[str, ...]) -> None:
    assert tracking_codes(raw) == expected


def test_a_return_label_is_no_parcel() -> None:
    shipment = {**SHIPMENTS[0], "tracks": [{**SHIPMENTS[0]["tracks"][0], "title": "DHL Retoure"}]}
    assert [(s.shipment_id, s.codes) for s in understood(answer("036"), [shipment]).shipments] == [("1", ())]
    unfiltered = understood(answer("036"), [shipment], settings=Settings(return_label_words=()))
    assert [s.codes for s in unfiltered.shipments] == [(DHL,)]


def test_refunded_before_shipping_is_cancelled_and_after_it_returned() -> None:
    order = answer("064")
    order["items"][0] |= {"qty_invoiced": 2, "qty_refunded": 1}
    line = understood(order).lines[0]
    assert (line.shipped, line.cancelled, line.returned) == (0, 1, 0)
    order["items"][0] |= {"qty_shipped": 1}
    line = understood(order).lines[0]
    assert (line.shipped, line.cancelled, line.returned) == (1, 1, 0)
    order["items"][0] |= {"qty_refunded": 2}
    line = understood(order).lines[0]
    assert (line.shipped, line.cancelled, line.returned) == (1, 1, 1)


def test_a_fully_refunded_order_that_never_left_is_cancelled() -> None:
    order = {**answer("064"), "state": "closed"}
    order["items"][0] |= {"qty_invoiced": 2, "qty_refunded": 2}
    snapshot = understood(order, memos=MEMOS)
    assert snapshot.cancelled
    assert [(x.cancelled, x.returned) for x in snapshot.lines] == [(2, 0)]
    assert [r.refund_id for r in snapshot.refunds] == ["1"]


def test_an_adjustment_alone_moves_money_and_no_units() -> None:
    memo = {**MEMOS[0], "entity_id": 9, "items": [], "adjustment_positive": 5, "grand_total": Decimal("5.0000")}
    snapshot = understood(answer("041"), SHIPMENTS, [memo])
    assert snapshot.refunds == (Refund(refund_id="9", amount=Decimal("5.00"), currency="EUR"),)
    assert all(not x.returned and not x.cancelled for x in snapshot.lines)


@pytest.mark.parametrize(
    "change",
    [{"state": 1}, {"state": 3}, {"grand_total": 0}, {"comments": [{"comment": "idealo Bridge: Stornierung der …"}]}],
)
def test_a_memo_that_paid_nothing_back_is_no_refund(change: dict[str, Any]) -> None:
    assert understood(answer("043"), SHIPMENTS, [{**MEMOS[0], **change}]).refunds == ()


def test_the_children_of_a_configurable_row_are_counted_once() -> None:
    order = answer("036")
    parent = {**order["items"][0], "product_type": "configurable"}
    child = {**parent, "item_id": 11, "parent_item_id": 1, "product_type": "simple", "price": 0}
    order["items"] = [parent, child]
    assert [(x.line_id, x.quantity, x.shipped) for x in understood(order).lines] == [("1", 2, 2)]
    order["items"][1] |= {"qty_shipped": 0}
    assert [(x.line_id, x.quantity, x.shipped) for x in understood(order).lines] == [("1", 2, 2)]


def test_a_bundle_that_ships_its_parts_separately_has_left_once_all_of_them_have() -> None:
    order = answer("064")
    parent = {**order["items"][0], "product_type": "bundle"}
    parts = [
        {**parent, "item_id": n, "parent_item_id": 6, "qty_ordered": 4, "qty_shipped": shipped}
        for n, shipped in ((11, 4), (12, 2))
    ]
    order["items"] = [parent, *parts]
    assert [(x.quantity, x.shipped) for x in understood(order).lines] == [(2, 1)]


def test_a_virtual_row_leaves_with_the_completed_order() -> None:
    order = {**answer("067"), "state": "complete"}
    order["items"][0] |= {"is_virtual": 1, "qty_invoiced": 2, "qty_canceled": 0}
    snapshot = understood(order)
    assert [x.shipped for x in snapshot.lines] == [2]
    assert [s.shipment_id for s in snapshot.shipments] == ["order"]
    order["items"][0] |= {"qty_invoiced": 1, "qty_canceled": 1}
    assert [(x.shipped, x.cancelled) for x in understood(order).lines] == [(1, 1)]


def test_custom_statuses_mean_nothing_and_states_do() -> None:
    assert understood({**answer("024"), "status": "canceled_by_erp"}).cancelled is False
    assert understood({**answer("057"), "status": "abgebrochen"}).cancelled is True


def test_counters_that_do_not_add_up_are_told_and_the_snapshot_still_conserves() -> None:
    order = answer("064")
    order["items"][0] |= {"qty_shipped": 2, "qty_canceled": 1}
    snapshot = understood(order)
    assert conserves(snapshot)
    assert [(c.rule, c.about) for c in snapshot.contradictions] == [("units_do_not_add_up", "LAB-001")]


def edited(**child: Any) -> list[dict[str, Any]]:
    """Order 2 canceled by an edit, and the order it was continued in, with a row of its own."""
    first = {**rows("028")[0], "state": "canceled", "relation_child_id": "9", "relation_child_real_id": "000000002-1"}
    first["items"] = [{**first["items"][0], "qty_canceled": 3}]
    last = {**rows("028")[0], "entity_id": 9, "increment_id": "000000002-1", "relation_parent_id": "2"}
    last["items"] = [{**last["items"][0], "item_id": 33, "qty_canceled": 0, "order_id": 9, **child}]
    return [first, last]


def test_an_edited_order_is_no_cancellation() -> None:
    snapshot = understood(edited())
    assert not snapshot.cancelled
    assert story(answer("025"), snapshot) == []
    assert (snapshot.store_order_id, snapshot.number) == ("2", "000000002")


def test_units_an_edit_took_out_are_cancelled_and_shipping_goes_on() -> None:
    assert story(answer("025"), understood(edited(qty_ordered=1))) == [("line.cancelled", "LAB-001/1")]
    shipped = understood(edited(qty_ordered=2, qty_shipped=2), [{**SHIPMENTS[1], "order_id": 9}])
    assert story(answer("025"), shipped) == [("shipment.created", f"2/{HERMES}"), ("line.cancelled", "LAB-001/2")]
    gone = understood(edited(sku="LAB-777"))
    assert [x.cancelled for x in gone.lines] == [3]
    assert [(c.rule, c.about) for c in gone.contradictions] == [("edited_order_has_more", "LAB-777")]


def test_the_newest_order_of_a_chain_that_is_canceled_cancels() -> None:
    chain = edited(qty_canceled=3)
    chain[1]["state"] = "canceled"
    assert understood(chain).cancelled


def test_a_total_other_than_idealos_stays_visible() -> None:
    order = rows("028")[0]
    order["status_histories"] = [{"comment": "idealo-Bestellung D1B2C3D4\nGesamtbetrag: 58,82 €\nZahlung: PayPal"}]
    assert understood(order).contradictions == ()
    order["grand_total"] = Decimal("58.83")
    assert [(c.rule, c.about) for c in understood(order).contradictions] == [("total_differs", "58.83")]


def test_recorded_errors_are_the_ones_the_client_knows() -> None:
    assert recording("081")["response"]["status"] == 404
    assert "any route" in answer("082")["message"]
    assert recording("084")["response"]["status"] == 500
