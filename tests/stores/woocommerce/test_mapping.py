"""Recorded orders become snapshots: conserving, and with the events a person would expect from the story."""

from decimal import Decimal
from typing import Any

import pytest

from app.domain.events import events_in_store
from app.domain.orders import StoreOrder
from app.stores.woocommerce.mapping import needs_fulfillments, store_order
from app.stores.woocommerce.settings import Settings
from tests.stores.snapshots import conserves, frozen, told
from tests.stores.woocommerce.recordings import CALLS, DELIVERIES, answer, recording, webhook_order

DEFAULTS = Settings()
REFUND_22, REFUND_23, REFUND_24 = answer("023")[0], answer("025"), answer("027")
FULFILLMENTS = answer("049")


def understood(order: Any, refunds: Any = (), fulfillments: Any = (), settings: Settings = DEFAULTS) -> StoreOrder:
    return store_order(order, list(refunds), list(fulfillments), settings)


def story(created: str, now: StoreOrder, *, when_complete: bool = False) -> list[tuple[str, str]]:
    """Events of a snapshot, measured against the lines of the recorded creation."""
    imported = frozen(understood(webhook_order(created)))
    return told(events_in_store(now, imported, when_complete=when_complete))


def orders_in_calls() -> list[tuple[str, dict[str, Any]]]:
    bodies = [(name, answer(name)) for name in CALLS]
    return [
        (f"{name}-{entry['id']}", entry)
        for name, body in bodies
        for entry in (body if isinstance(body, list) else [body])
        if isinstance(entry, dict) and "line_items" in entry and "status" in entry
    ]


ORDERS = orders_in_calls()
ORDER_DELIVERIES = [
    name for name in DELIVERIES if recording(name)["topic"] in {"order.created", "order.updated", "order.restored"}
]


def test_the_recordings_hold_orders() -> None:
    assert len(ORDERS) > 25
    assert len(ORDER_DELIVERIES) > 40


@pytest.mark.parametrize(("name", "order"), ORDERS, ids=[name for name, _ in ORDERS])
def test_every_recorded_answer_is_understood(name: str, order: dict[str, Any]) -> None:
    snapshot = understood(order)
    assert conserves(snapshot)
    assert snapshot.store_order_id == str(order["id"])
    assert snapshot.total == Decimal(order["total"])
    assert snapshot.idealo_order_id is not None


@pytest.mark.parametrize("name", ORDER_DELIVERIES)
def test_every_recorded_delivery_holds_an_order_that_is_understood(name: str) -> None:
    assert conserves(understood(webhook_order(name)))


PARCEL, HERMES = "00340434161094015902", "H1003500020000111"


@pytest.mark.parametrize(
    ("created", "number", "refunds", "fulfillments", "expected"),
    [
        ("013", "013", [], [], []),
        ("013", "021", [], [], []),
        ("013", "022", [], [], [("shipment.created", f"order/{PARCEL}")]),
        ("013", "084", [], [], [("shipment.created", f"order/{PARCEL}")]),
        ("023", "027", [], [], [("shipment.created", f"order/{PARCEL}")]),
        (
            "023",
            "028",
            [],
            [],
            [("shipment.created", f"order/{PARCEL}"), ("shipment.created", f"order/{HERMES}")],
        ),
        ("029", "034", [REFUND_22], [], [("line.cancelled", "LAB-001/2"), ("refund.issued", "22")]),
        (
            "029",
            "035",
            [REFUND_22, REFUND_23],
            [],
            [("line.cancelled", "LAB-001/2"), ("refund.issued", "22"), ("refund.issued", "23")],
        ),
        (
            "029",
            "038",
            [REFUND_24, REFUND_22],
            [],
            [
                ("line.cancelled", "LAB-001/0"),
                ("line.cancelled", "LAB-VAR-S/0"),
                ("refund.issued", "22"),
                ("refund.issued", "24"),
            ],
        ),
        ("039", "042", [], [], [("line.cancelled", "LAB-003/0")]),
        ("044", "048", [], [], [("line.cancelled", "LAB-001/1")]),
        ("044", "049", [], [], [("line.cancelled", "LAB-001/1")]),
        ("044", "050", [], [], [("line.cancelled", "LAB-001/1")]),
        ("058", "059", [], [], []),
        ("071", "075", [], FULFILLMENTS[:1], [("shipment.created", f"f1/{PARCEL}")]),
        (
            "071",
            "076",
            [],
            FULFILLMENTS,
            [("shipment.created", f"f1/{PARCEL}"), ("shipment.created", "f2/01485003214567")],
        ),
        ("077", "080", [], [], [("shipment.created", f"order/{PARCEL}")]),
        (
            "077",
            "081",
            [],
            [],
            [("shipment.created", f"order/{PARCEL}"), ("shipment.created", "order/SG-42")],
        ),
        ("077", "082", [], [], [("shipment.created", "order/SG-42")]),
    ],
)
def test_a_recorded_story_implies_these_events(
    created: str, number: str, refunds: list[Any], fulfillments: list[Any], expected: list[tuple[str, str]]
) -> None:
    snapshot = understood(webhook_order(number), refunds, fulfillments)
    assert story(created, snapshot) == expected
    assert conserves(snapshot)


def test_the_units_of_a_fulfilled_line_left_and_the_others_are_open() -> None:
    first = understood(webhook_order("075"), fulfillments=FULFILLMENTS[:1])
    assert [(x.quantity, x.shipped) for x in first.lines] == [(2, 2), (1, 0)]
    both = understood(webhook_order("076"), fulfillments=FULFILLMENTS)
    assert [(x.quantity, x.shipped) for x in both.lines] == [(2, 2), (1, 1)]
    assert [s.carrier for s in both.shipments] == ["DHL", "DPD"]


def test_a_store_that_waits_for_the_last_parcel_hears_of_the_first_only_then() -> None:
    first = understood(webhook_order("075"), fulfillments=FULFILLMENTS[:1])
    assert story("071", first, when_complete=True) == []
    both = understood(webhook_order("076"), fulfillments=FULFILLMENTS)
    assert len(story("071", both, when_complete=True)) == 2


def test_fulfillments_are_asked_for_only_where_they_can_say_more() -> None:
    assert not needs_fulfillments(webhook_order("013"), DEFAULTS)
    assert needs_fulfillments(webhook_order("075"), DEFAULTS)
    assert not needs_fulfillments(webhook_order("022"), DEFAULTS)
    assert needs_fulfillments({**webhook_order("022"), "meta_data": []}, DEFAULTS)


def test_carriers_and_codes_of_recorded_plugins_are_read() -> None:
    shipments = understood(webhook_order("081")).shipments
    assert [(s.carrier, s.codes) for s in shipments] == [("DHL", (PARCEL,)), ("Cargo", ("SG-42",))]
    assert [s.carrier for s in understood(webhook_order("028")).shipments] == ["DHL", "Hermes"]


def test_completed_without_tracking_is_a_shipment_without_a_code() -> None:
    order = {**webhook_order("022"), "meta_data": []}
    snapshot = understood(order)
    assert [(s.shipment_id, s.codes) for s in snapshot.shipments] == [("order", ())]
    assert all(x.shipped == x.quantity for x in snapshot.lines)


def test_a_cancelled_order_is_cancelled_whole() -> None:
    snapshot = understood(webhook_order("042"))
    assert snapshot.cancelled
    assert [x.cancelled for x in snapshot.lines] == [1]
    assert not snapshot.contradictions


def test_cancelled_after_shipping_is_for_a_person() -> None:
    snapshot = understood({**webhook_order("022"), "status": "cancelled"})
    assert not snapshot.cancelled
    assert [c.rule for c in snapshot.contradictions] == ["cancelled_after_shipping"]
    assert all(x.cancelled == 0 and x.shipped == x.quantity for x in snapshot.lines)


def test_a_trashed_order_follows_the_setting() -> None:
    order = {**webhook_order("013"), "status": "trash"}
    asked = understood(order)
    assert [c.rule for c in asked.contradictions] == ["order_trashed"]
    assert not asked.cancelled
    counted = understood(order, settings=Settings(trashed_means="cancelled"))
    assert counted.cancelled
    assert not counted.contradictions
    finished = understood({**webhook_order("022"), "status": "trash"})
    assert not finished.contradictions


def test_a_custom_status_counts_as_the_merchant_says() -> None:
    order = {**webhook_order("013"), "status": "versendet"}
    assert understood(order).shipments == ()
    assert [s.shipment_id for s in understood(order, settings=Settings(shipped_statuses=("versendet",))).shipments]
    failed = {**webhook_order("013"), "status": "failed"}
    assert not understood(failed).cancelled
    assert understood(failed, settings=Settings(cancelled_statuses=("cancelled", "failed"))).cancelled


def test_line_skus_and_our_own_sku_are_kept() -> None:
    order = webhook_order("013")
    order["line_items"][0]["meta_data"].append({"id": 1, "key": "_idealo_sku", "value": "IDEALO-1"})
    assert [(x.sku, x.idealo_sku) for x in understood(order).lines] == [("LAB-001", "IDEALO-1"), ("LAB-VAR-M", None)]
    assert understood(answer("041")).lines[0].sku == ""
