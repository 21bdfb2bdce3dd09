"""The merchant's actions per tracking plugin, and whether the neutral view tells what the shop's objects say."""

from decimal import Decimal
from typing import Any

import pytest

from sandbox.stores.port import LineQuantity, NeutralOrder, Parcel, Product, SandboxRefusal
from sandbox.stores.woocommerce import FakeWooCommerce
from tests.sandbox.woocommerce_lab import Lab, order_body

DHL = Parcel(carrier="DHL", tracking_code="00340434161094015902")
GLS = Parcel(carrier="GLS", tracking_code="GLS-1")
SPEDITION = Parcel(carrier="Spedition Groß", tracking_code="SG-42")
SOURCES = ("fulfillments", "ast", "shiptastic", "meta", "completed")
LINES = [{"product_id": 11, "quantity": 3}, {"product_id": 12, "quantity": 1}]


async def _lab(source: str, lines: Any = None) -> tuple[Lab, str]:
    lab = Lab()
    lab.woo.set_options({"tracking_source": source})
    order = await lab.ok("POST", "/orders", order_body(line_items=lines or LINES))
    return lab, str(order["id"])


def _one(lab: Lab) -> NeutralOrder:
    (order,) = lab.woo.orders("A1B2C3D4", None)
    return order


def _counts(lab: Lab) -> list[tuple[str, int, int, int, int]]:
    return [(line.sku, line.quantity, line.shipped, line.cancelled, line.returned) for line in _one(lab).lines]


def _some(sku: str, quantity: int) -> list[LineQuantity]:
    return [LineQuantity(sku=sku, quantity=quantity)]


@pytest.mark.parametrize("source", SOURCES)
async def test_a_whole_order_is_shipped_and_part_of_it_comes_back(source: str) -> None:
    lab, number = await _lab(source)
    await lab.subscribe("order.updated")
    lab.woo.ship(number, None, [DHL, SPEDITION])
    assert [request.headers["X-WC-Webhook-Topic"] for request in await lab.deliver()] == ["order.updated"]
    assert _counts(lab) == [("LAB-001", 3, 3, 0, 0), ("LAB-002", 1, 1, 0, 0)]
    expected = () if source == "completed" else (DHL, SPEDITION)
    assert tuple(_one(lab).parcels) == expected
    assert _one(lab).state == ("processing" if source == "fulfillments" else "completed")
    lab.woo.return_(number, _some("LAB-001", 1))
    assert _counts(lab)[0] == ("LAB-001", 3, 3, 0, 1)
    (refund,) = _one(lab).refunds
    assert refund.amount == Decimal("19.99")
    assert (await lab.ok("GET", "/products/11"))["stock_quantity"] == 48
    with pytest.raises(SandboxRefusal, match="fewer than 3"):
        lab.woo.return_(number, _some("LAB-001", 3))
    with pytest.raises(SandboxRefusal, match="shipped already"):
        lab.woo.cancel(number, None, restock=True)


@pytest.mark.parametrize("source", ["fulfillments", "ast", "shiptastic"])
async def test_units_leave_in_two_shipments_with_a_cancelled_one_between(source: str) -> None:
    lab, number = await _lab(source)
    lab.woo.ship(number, _some("LAB-001", 1), [DHL])
    assert _counts(lab) == [("LAB-001", 3, 1, 0, 0), ("LAB-002", 1, 0, 0, 0)]
    lab.woo.cancel(number, _some("LAB-001", 1), restock=True)
    assert _counts(lab)[0] == ("LAB-001", 3, 1, 1, 0)
    lab.woo.track(number, GLS)
    assert {parcel.tracking_code for parcel in _one(lab).parcels} == {DHL.tracking_code, "GLS-1"}
    assert _counts(lab)[1] == ("LAB-002", 1, 0, 0, 0)
    lab.woo.ship(number, None, [])
    assert _counts(lab) == [("LAB-001", 3, 2, 1, 0), ("LAB-002", 1, 1, 0, 0)]
    with pytest.raises(SandboxRefusal, match="nothing of this order is open"):
        lab.woo.ship(number, None, [])


@pytest.mark.parametrize("source", ["meta", "completed"])
async def test_plugins_without_items_refuse_a_partial_shipment(source: str) -> None:
    lab, number = await _lab(source)
    with pytest.raises(SandboxRefusal) as refusal:
        lab.woo.ship(number, _some("LAB-001", 1), [DHL])
    assert refusal.value.field == "lines"
    lab.woo.cancel(number, _some("LAB-001", 1), restock=False)
    lab.woo.ship(number, None, [])
    assert _counts(lab) == [("LAB-001", 3, 2, 1, 0), ("LAB-002", 1, 1, 0, 0)]
    assert (await lab.ok("GET", "/products/11"))["stock_quantity"] == 47


@pytest.mark.parametrize("source", SOURCES)
async def test_a_parcel_is_added_to_what_was_shipped(source: str) -> None:
    lab, number = await _lab(source, [{"product_id": 11, "quantity": 1}])
    with pytest.raises(SandboxRefusal, match="nothing of this order has been shipped"):
        lab.woo.track(number, DHL)
    lab.woo.ship(number, None, [])
    lab.woo.track(number, DHL)
    lab.woo.track(number, SPEDITION)
    assert list(_one(lab).parcels) == [DHL, SPEDITION]
    assert _counts(lab) == [("LAB-001", 1, 1, 0, 0)]


@pytest.mark.parametrize("restock", [True, False])
async def test_cancelling_the_whole_order_uses_its_status_and_pays_nothing_back(*, restock: bool) -> None:
    lab, number = await _lab("fulfillments")
    lab.woo.cancel(number, None, restock=restock)
    order = _one(lab)
    assert (order.state, list(order.refunds)) == ("cancelled", [])
    assert _counts(lab) == [("LAB-001", 3, 0, 3, 0), ("LAB-002", 1, 0, 1, 0)]
    assert (await lab.ok("GET", "/products/11"))["stock_quantity"] == (50 if restock else 47)
    with pytest.raises(SandboxRefusal, match="cancelled already"):
        lab.woo.cancel(number, None, restock=True)


async def test_money_goes_back_by_amount_by_lines_with_shipping_and_as_the_rest() -> None:
    lab, number = await _lab("fulfillments")
    lab.woo.refund(number, amount=Decimal("2.00"), lines=None, shipping=None)
    lab.woo.refund(number, amount=None, lines=_some("LAB-002", 1), shipping=Decimal("3.99"))
    assert [refund.amount for refund in _one(lab).refunds] == [Decimal("2.00"), Decimal("11.48")]
    assert _counts(lab)[1] == ("LAB-002", 1, 0, 0, 0)
    with pytest.raises(SandboxRefusal) as refusal:
        lab.woo.refund(number, amount=Decimal(999), lines=None, shipping=None)
    assert refusal.value.field == "amount"
    lab.woo.refund(number, amount=None, lines=None, shipping=None)
    order = _one(lab)
    assert sum(refund.amount for refund in order.refunds) == order.total
    assert order.state == "refunded"
    assert _counts(lab)[0] == ("LAB-001", 3, 0, 3, 0)


async def test_cancelling_and_returning_every_line_with_shipping_refunds_the_whole_total() -> None:
    lab, number = await _lab("fulfillments")
    lab.woo.cancel(number, [LineQuantity(sku="LAB-001", quantity=3)], restock=True)
    lab.woo.ship(number, None, [DHL])
    lab.woo.return_(number, None)
    lab.woo.refund(number, amount=None, lines=None, shipping=Decimal("3.99"))
    order = _one(lab)
    assert sum(refund.amount for refund in order.refunds) == order.total
    assert _counts(lab) == [("LAB-001", 3, 0, 3, 0), ("LAB-002", 1, 1, 0, 1)]


async def test_fulfillments_refuse_units_twice_and_disappear_with_the_feature() -> None:
    lab, number = await _lab("fulfillments")
    line = (await lab.ok("GET", f"/orders/{number}"))["line_items"][0]["id"]

    def body(units: int) -> dict[str, Any]:
        return {"is_fulfilled": True, "meta_data": [{"key": "_items", "value": [{"item_id": line, "qty": units}]}]}

    path = f"/orders/{number}/fulfillments"
    created = await lab.ok("POST", path, body(2))
    assert (await lab.call("POST", path, body(2))).status_code == 400
    assert (await lab.call("POST", path, {"is_fulfilled": True})).status_code == 400
    await lab.ok("DELETE", f"{path}/{created['id']}")
    assert await lab.ok("GET", path) == []
    lab.woo.set_options({"fulfillments": False})
    assert (await lab.call("GET", path)).json()["code"] == "rest_no_route"


async def test_shiptastic_adds_fields_and_routes() -> None:
    lab, number = await _lab("shiptastic")
    lab.woo.ship(number, _some("LAB-001", 2), [DHL])
    order = await lab.ok("GET", f"/orders/{number}")
    assert (order["shipping_status"], order["shipments"][0]["tracking_id"]) == (
        "partially-shipped",
        DHL.tracking_code,
    )
    listed = await lab.ok("GET", f"/shipments?order_id={number}")
    assert [item["sku"] for item in listed[0]["items"]] == ["LAB-001"]
    lab.woo.return_(number, None)
    assert {shipment["type"] for shipment in await lab.ok("GET", "/shipments")} == {"simple", "return"}


@pytest.mark.parametrize(("shape", "kind"), [("list", list), ("object", dict), ("json", str)])
async def test_the_tracking_meta_comes_in_the_shapes_old_plugins_leave(shape: str, kind: type) -> None:
    lab, number = await _lab("ast")
    lab.woo.set_options({"tracking_items_as": shape})
    lab.woo.ship(number, None, [DHL])
    rows = (await lab.ok("GET", f"/orders/{number}"))["meta_data"]
    value = next(row["value"] for row in rows if row["key"] == "_wc_shipment_tracking_items")
    assert isinstance(value, kind)
    for namespace in ("wc-ast/v3", "wc-shipment-tracking/v3", "wc/v3"):
        answer = await lab.client.get(f"/wp-json/{namespace}/orders/{number}/shipment-trackings")
        assert [item["tracking_number"] for item in answer.json()] == [DHL.tracking_code]


async def test_unknown_orders_and_skus_are_refused() -> None:
    lab, number = await _lab("fulfillments")
    with pytest.raises(SandboxRefusal) as unknown:
        lab.woo.ship("4711", None, [])
    assert (unknown.value.status, unknown.value.field) == (404, "store_order_id")
    with pytest.raises(SandboxRefusal, match="no line with SKU"):
        lab.woo.ship(number, _some("NOPE", 1), [])


async def test_the_catalogue_takes_products_and_variants_and_gives_them_back() -> None:
    lab = Lab()
    variant = Product(
        sku="LAB-VAR-XL",
        title="T-Shirt XL",
        price=Decimal("26.90"),
        stock=4,
        parent="LAB-VAR",
        attributes=(("Größe", "XL"),),
    )
    lab.woo.put_product(variant)
    assert next(product for product in lab.woo.products() if product.sku == "LAB-VAR-XL") == variant
    with pytest.raises(SandboxRefusal) as refusal:
        lab.woo.put_product(Product(sku="X", title="X", price=Decimal(1), stock=1, parent="NOPE"))
    assert refusal.value.field == "parent"


async def test_what_was_kept_comes_back_in_a_new_process() -> None:
    lab, number = await _lab("shiptastic")
    lab.woo.ship(number, None, [DHL])
    lab.woo.return_(number, _some("LAB-001", 1))
    await lab.subscribe("order.updated")
    documents = {name: document for name, document in lab.woo.changes().items() if document is not None}
    assert lab.woo.changes() == {}
    again = FakeWooCommerce(lab.world)
    again.restore(documents)
    assert again.changes() == {}
    assert [order.to_json() for order in again.orders(None, None)] == [_one(lab).to_json()]
    assert again.options() == lab.woo.options()
    assert again.shop.hooks == lab.woo.shop.hooks
    assert again.shop.new_id("post") == lab.woo.shop.new_id("post")
    again.reset()
    assert again.orders(None, None) == []
    assert again.products()[0].sku == "100000"
