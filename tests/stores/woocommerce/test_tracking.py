"""The five places parcels stand in, their shapes, and what happens when two of them tell the same."""

import json
from typing import Any

import pytest

from app.domain.errors import Permanent
from app.stores.woocommerce.settings import Settings, TrackingRule
from app.stores.woocommerce.tracking import Parcel, parcels_of, returned_items
from tests.stores.woocommerce.recordings import answer

DHL, DPD = "00340434161094015902", "01485003214567"
AST: list[dict[str, Any]] = next(
    m["value"] for m in answer("055")["meta_data"] if m["key"] == "_wc_shipment_tracking_items"
)


def parcels(
    meta: dict[str, Any] | None = None,
    fulfillments: Any = (),
    shipments: Any = None,
    *rules: TrackingRule,
    shipped: bool = True,
) -> list[Parcel]:
    kept = [{"key": key, "value": value} for key, value in (meta or {}).items()]
    order = {"id": 1, "meta_data": kept, **({} if shipments is None else {"shipments": shipments})}
    given = fulfillments if isinstance(fulfillments, dict) else list(fulfillments)
    return parcels_of(order, given, Settings(tracking_meta=rules), "order 1", shipped=shipped)


def fulfillment(number: int = 31, **meta: Any) -> dict[str, Any]:
    kept = [{"key": f"_{key}", "value": value} for key, value in meta.items()]
    return {"id": number, "is_fulfilled": "1", "date_deleted": None, "meta_data": kept}


def shipment(**more: Any) -> dict[str, Any]:
    return {"id": 31, "type": "simple", "status": "shipped", "tracking_id": DHL, "items": [], **more}


def seen(found: list[Parcel]) -> list[tuple[str, str | None, tuple[str, ...]]]:
    return [(p.shipment_id, p.carrier, p.codes) for p in found]


@pytest.mark.parametrize(
    "meta",
    [
        {"shipping_provider": "dhl"},
        {"shipment_provider": "dhl"},
        {"shipping_provider": "other", "provider_name": "DHL Paket"},
        {"shipping_provider": "dhl", "shipment_provider": "dpd"},
    ],
)
def test_a_fulfillments_provider_is_found_under_each_name(meta: dict[str, Any]) -> None:
    assert seen(parcels(fulfillments=[fulfillment(tracking_number=DHL, **meta)])) == [("f31", "DHL", (DHL,))]


def test_drafts_and_deleted_fulfillments_have_not_left() -> None:
    draft = {**fulfillment(), "is_fulfilled": "0"}
    deleted = {**fulfillment(), "date_deleted": "2026-11-23 08:10:00"}
    assert parcels(fulfillments=[draft, deleted]) == []
    assert seen(parcels(fulfillments={"fulfillments": [fulfillment()]})) == [("f31", None, ())]


def test_a_parcels_id_stays_when_its_code_comes_later() -> None:
    for first, later in (
        (parcels(fulfillments=[fulfillment()]), parcels(fulfillments=[fulfillment(tracking_number=DHL)])),
        (parcels(shipments=[shipment(tracking_id="")]), parcels(shipments=[shipment()])),
        (
            parcels({"_wc_shipment_tracking_items": [{**AST[0], "tracking_number": ""}]}),
            parcels({"_wc_shipment_tracking_items": AST[:1]}),
        ),
    ):
        assert first[0].shipment_id == later[0].shipment_id
        assert (first[0].codes, later[0].codes) == ((), (DHL,))


@pytest.mark.parametrize("value", [AST, {"0": AST[0], "1": AST[1]}, {"1": AST[0], "4": AST[1]}, json.dumps(AST)])
def test_tracking_items_are_read_as_list_object_and_json(value: Any) -> None:
    assert [p.codes for p in parcels({"_wc_shipment_tracking_items": value})] == [(DHL,), ("SG-42",)]


@pytest.mark.parametrize("value", [None, "", [], {}, 'a:1:{i:0;s:1:"x";}', "[]"])
def test_empty_and_serialized_tracking_items_are_none(value: Any) -> None:
    assert parcels({"_wc_shipment_tracking_items": value}) == []


def test_a_custom_provider_and_a_code_inside_a_link_are_read() -> None:
    item = {
        "tracking_provider": "",
        "custom_tracking_provider": "Spedition Groß",
        "custom_tracking_link": "https://tracking.example.test/?n=SG-42",
        "tracking_number": "",
    }
    found = parcels({"_wc_shipment_tracking_items": [item]})
    assert [(p.carrier, p.codes) for p in found] == [("Cargo", ("SG-42",))]
    template = {**item, "custom_tracking_link": "https://tracking.example.test/?n=%number%"}
    assert parcels({"_wc_shipment_tracking_items": [template]})[0].codes == ()


def test_items_of_parcels_are_read_where_a_plugin_lists_them() -> None:
    listed = {**AST[0], "products_list": [{"product": 11, "item_id": "48", "qty": "2"}]}
    assert parcels({"_wc_shipment_tracking_items": [listed]})[0].items == (("48", 2),)
    unnamed = {**AST[0], "products_list": [{"product": 11, "qty": "2"}]}
    assert parcels({"_wc_shipment_tracking_items": [unnamed]})[0].items is None


def test_only_shipped_shipments_have_left_and_delivered_returns_are_back() -> None:
    for status, left in (("ready-for-shipping", 0), ("draft", 0), ("shipped", 1), ("delivered", 1), ({}, 0)):
        assert len(parcels(shipments=[shipment(status=status)])) == left
    back = shipment(type="return", status="delivered", items=[{"order_item_id": 501, "quantity": "2"}])
    order = {"shipments": [shipment(), back, {**back, "status": "requested"}]}
    assert returned_items(order, "order 1") == [("501", 2)]


def test_the_same_code_in_two_places_is_one_parcel() -> None:
    items = [{"item_id": 501, "qty": 2}]
    core = fulfillment(items=items, tracking_number=DHL, shipping_provider="dhl")
    plugin = shipment(items=[{"order_item_id": 501, "quantity": 2}])
    found = parcels({"_wc_shipment_tracking_items": AST}, [core], [plugin])
    assert [(p.source, p.codes) for p in found] == [("fulfillment", (DHL,)), ("tracking", ("SG-42",))]
    codeless = parcels(None, [fulfillment(items=items)], [{**plugin, "tracking_id": None}])
    assert [p.source for p in codeless] == ["fulfillment"]


@pytest.mark.parametrize(
    ("rule", "value", "codes"),
    [
        (TrackingRule(meta_key="k"), DHL, (DHL,)),
        (TrackingRule(meta_key="k"), f"{DHL}, {DPD}", (DHL, DPD)),
        (TrackingRule(meta_key="k"), [DHL, DPD], (DHL, DPD)),
        (TrackingRule(meta_key="k", path="tracking_number"), {"tracking_number": DHL}, (DHL,)),
        (TrackingRule(meta_key="k", path="*.tracking"), json.dumps([{"tracking": DHL}, {"tracking": ""}]), (DHL,)),
        (TrackingRule(meta_key="k", path="*.tracking"), {"0": {"tracking": DHL}, "x": 5}, (DHL,)),
        (TrackingRule(meta_key="k", path="1.tracking"), [{"tracking": "A"}, {"tracking": DPD}], (DPD,)),
        (TrackingRule(meta_key="k", pattern=r"Sendung (\w+)"), f"Sendung {DPD} ist unterwegs", (DPD,)),
        (TrackingRule(meta_key="k", pattern=r"\d{14}"), f"Nr. {DPD}!", (DPD,)),
    ],
)
def test_a_configured_meta_key_yields_codes(rule: TrackingRule, value: Any, codes: tuple[str, ...]) -> None:
    found = parcels({"k": value}, (), None, rule)
    assert seen(found) == [("order", None, codes)]


def test_a_configured_key_waits_for_a_shipped_status_unless_told_otherwise() -> None:
    assert parcels({"k": DHL}, (), None, TrackingRule(meta_key="k"), shipped=False) == []
    early = TrackingRule(meta_key="k", counts="when_present", carrier_meta_key="c")
    assert seen(parcels({"k": DHL, "c": "dpd-de"}, (), None, early, shipped=False)) == [("order", "DPD", (DHL,))]
    assert parcels({"k": "", "other": DHL}, (), None, early) == []


@pytest.mark.parametrize(
    "order",
    [
        {"shipments": "x"},
        {"shipments": [5]},
        {"shipments": [{"type": "simple", "status": "shipped", "id": None}]},
        {"meta_data": [{"key": "_wc_shipment_tracking_items", "value": [5]}]},
        {"meta_data": [{"key": "_wc_shipment_tracking_items", "value": [{"tracking_number": {}}]}]},
        {"meta_data": [{"value": 1}]},
    ],
)
def test_wrong_shapes_are_refused(order: dict[str, Any]) -> None:
    with pytest.raises(Permanent, match="order 1"):
        parcels_of({"id": 1, "meta_data": [], **order}, [], Settings(), "order 1", shipped=True)
