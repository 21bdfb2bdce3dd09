"""The merchant's actions as Shopify records them, and whether the neutral view tells what the store's objects say."""

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from sandbox.stores.port import LineQuantity, NeutralOrder, Parcel, Product, SandboxRefusal
from tests.sandbox.shopify_lab import KAFFEE, KANNE, MONEY, Lab, euros, number_of

DHL = Parcel(carrier="DHL", tracking_code="1")
DHL_TOO = Parcel(carrier="DHL", tracking_code="2")
GLS = Parcel(carrier="GLS", tracking_code="G-1")


async def _lab(**options: Any) -> tuple[Lab, str]:
    """An order of 3 Kannen and 1 Kaffee, 24.95 each, and 4.99 of shipping."""
    lab = Lab(**options)
    lines = [
        {"variantId": await lab.variant(KANNE), "quantity": 3, "requiresShipping": True, "priceSet": MONEY},
        {"variantId": await lab.variant(KAFFEE), "quantity": 1, "requiresShipping": True, "priceSet": MONEY},
    ]
    payment = {"gateway": "idealo", "authorizationCode": "8XY12345", "amountSet": euros("104.79")}
    created = await lab.place(lineItems=lines, transactions=[payment])
    return lab, number_of(created["order"]["id"])


def _one(lab: Lab) -> NeutralOrder:
    (order,) = lab.store.orders("A1B2C3D4", None)
    return order


def _counts(lab: Lab) -> list[tuple[int, int, int, int]]:
    return [(line.quantity, line.shipped, line.cancelled, line.returned) for line in _one(lab).lines]


def _some(sku: str, quantity: int) -> list[LineQuantity]:
    return [LineQuantity(sku=sku, quantity=quantity)]


def _stock(lab: Lab, sku: str) -> int:
    return next(product.stock for product in lab.store.products() if product.sku == sku)


async def test_the_neutral_view_names_the_order_and_its_payment() -> None:
    lab, number = await _lab()
    order = _one(lab)
    assert (order.store_order_id, order.number, order.state) == (number, "#1001", "UNFULFILLED")
    assert (order.total, order.currency, order.transaction_id) == (Decimal("104.79"), "EUR", "8XY12345")
    assert lab.store.orders("OTHER", None) == []


async def test_units_are_cancelled_shipped_returned_and_paid_back() -> None:
    lab, number = await _lab()
    before = _stock(lab, KANNE)
    lab.store.cancel(number, _some(KANNE, 1), restock=True)
    assert _counts(lab) == [(3, 0, 1, 0), (1, 0, 0, 0)]
    assert _stock(lab, KANNE) == before + 1
    lab.store.ship(number, _some(KANNE, 1), [DHL, DHL_TOO])
    lab.store.ship(number, None, [])
    assert _counts(lab) == [(3, 2, 1, 0), (1, 1, 0, 0)]
    lab.store.track(number, GLS)
    assert list(_one(lab).parcels) == [DHL, DHL_TOO, GLS]
    lab.store.return_(number, _some(KANNE, 1))
    assert _counts(lab) == [(3, 2, 1, 1), (1, 1, 0, 0)]
    assert _stock(lab, KANNE) == before + 2
    lab.store.refund(number, amount=Decimal("2.00"), lines=None, shipping=None)
    lab.store.refund(number, amount=None, lines=_some(KAFFEE, 1), shipping=Decimal("4.99"))
    assert [one.amount for one in _one(lab).refunds] == [
        Decimal("24.95"), Decimal("24.95"), Decimal("2.00"), Decimal("29.94"),
    ]  # fmt: skip
    lab.store.refund(number, amount=None, lines=None, shipping=None)
    assert sum(one.amount for one in _one(lab).refunds) == Decimal("104.79")
    assert _counts(lab)[1] == (1, 1, 0, 0)


async def test_several_carriers_make_several_fulfillments() -> None:
    lab, number = await _lab()
    lab.store.ship(number, None, [DHL, GLS])
    fulfillments = lab.store.shop.orders[int(number)].fulfillments
    assert [(one.company, sum(entry.quantity for entry in one.lines)) for one in fulfillments] == [
        ("DHL", 1), ("GLS", 3),
    ]  # fmt: skip
    assert _counts(lab) == [(3, 3, 0, 0), (1, 1, 0, 0)]
    with pytest.raises(SandboxRefusal, match="this order's are DHL, GLS"):
        lab.store.track(number, Parcel(carrier="UPS", tracking_code="U"))


@pytest.mark.parametrize(
    ("way", "refunds", "paid"), [("refund", 1, True), ("restock_only", 1, False), ("edit", 0, False)]
)
async def test_part_of_an_order_is_cancelled_in_three_ways(way: str, refunds: int, *, paid: bool) -> None:
    lab, number = await _lab(cancel_part=way)
    lab.store.cancel(number, _some(KANNE, 2), restock=False)
    assert _counts(lab)[0] == (3, 0, 2, 0)
    order = lab.store.shop.orders[int(number)]
    assert len(order.refunds) == refunds
    assert bool(_one(lab).refunds) is paid
    assert order.edited is (way == "edit")
    lab.store.ship(number, None, [DHL])
    assert _counts(lab) == [(3, 1, 2, 0), (1, 1, 0, 0)]


@pytest.mark.parametrize("restock", [True, False])
async def test_a_whole_order_is_cancelled_at_once(*, restock: bool) -> None:
    lab, number = await _lab()
    before = _stock(lab, KANNE)
    lab.store.cancel(number, None, restock=restock)
    order = _one(lab)
    assert order.state == "CANCELLED"
    assert _counts(lab) == [(3, 0, 3, 0), (1, 0, 1, 0)]
    assert [one.amount for one in order.refunds] == [Decimal("104.79")]
    assert _stock(lab, KANNE) == before + (3 if restock else 0)
    with pytest.raises(SandboxRefusal, match="cancelled already"):
        lab.store.cancel(number, None, restock=True)
    with pytest.raises(SandboxRefusal, match="not shipped"):
        lab.store.ship(number, None, [])


async def test_a_return_is_a_closed_return_object_or_a_refund_alone() -> None:
    lab, number = await _lab()
    lab.store.ship(number, None, [DHL])
    lab.store.return_(number, _some(KANNE, 2))
    order = lab.store.shop.orders[int(number)]
    assert [(one.status, one.lines[0].processed) for one in order.returns] == [("CLOSED", 2)]
    assert [(one.restock, one.from_open) for one in order.refunds[0].lines] == [("RETURN", 0)]
    lab.store.set_options({"return_by": "refund", "return_pays": False})
    lab.store.return_(number, _some(KANNE, 1))
    assert len(order.returns) == 1
    assert _counts(lab)[0] == (3, 3, 0, 3)
    with pytest.raises(SandboxRefusal, match="shipped and not returned"):
        lab.store.return_(number, _some(KANNE, 1))


async def test_impossible_actions_are_refused_and_change_nothing() -> None:
    lab, number = await _lab()
    tries: list[tuple[Callable[[], None], str]] = [
        (lambda: lab.store.ship(number, _some(KANNE, 4), []), "lines"),
        (lambda: lab.store.ship(number, _some("X", 1), []), "lines"),
        (lambda: lab.store.track(number, DHL), "store_order_id"),
        (lambda: lab.store.return_(number, None), "lines"),
        (lambda: lab.store.refund(number, amount=Decimal(999), lines=None, shipping=None), "amount"),
        (lambda: lab.store.refund(number, amount=None, lines=None, shipping=Decimal(50)), "shipping"),
        (lambda: lab.store.cancel("17", None, restock=True), "store_order_id"),
    ]
    for act, field in tries:
        with pytest.raises(SandboxRefusal) as refusal:
            act()
        assert refusal.value.field == field
    assert _counts(lab) == [(3, 0, 0, 0), (1, 0, 0, 0)]
    lab.store.ship(number, _some(KANNE, 1), [DHL])
    with pytest.raises(SandboxRefusal, match="outstanding fulfillments"):
        lab.store.cancel(number, None, restock=True)


async def test_what_the_store_keeps_survives_as_json() -> None:
    lab, number = await _lab()
    await lab.subscribe("ORDERS_UPDATED")
    lab.store.ship(number, _some(KANNE, 1), [DHL])
    lab.store.set_options({"cancel_part": "edit"})
    kept = json.loads(json.dumps({name: one for name, one in lab.store.changes().items() if one is not None}))
    assert lab.store.changes() == {}
    other = Lab()
    other.store.restore(kept)
    assert other.store.orders(None, None) == lab.store.orders(None, None)
    assert other.store.products() == lab.store.products()
    assert other.store.options() == lab.store.options()
    assert other.store.changes() == {}
    created = await other.place()
    assert created["order"]["name"] == "#1002"
    other.store.reset()
    assert other.store.orders(None, None) == []


async def test_the_catalogue_is_what_was_put_in() -> None:
    lab = Lab()
    given = {product.sku: product for product in lab.store.products()}
    assert given["SHIRT-100-BL-M"].parent == "SHIRT-100"
    changed = Product(sku=KANNE, title="Kanne", price=Decimal("19.90"), stock=3)
    lab.store.put_product(changed)
    assert next(one for one in lab.store.products() if one.sku == KANNE) == changed
    with pytest.raises(SandboxRefusal, match="no product"):
        lab.store.put_product(Product(sku="Y", title="Y", price=Decimal(1), stock=1, parent="NONE"))
    assert (await lab.ok('{ products(first: 1, query: "sku:SHIRT-100-BL-M") { nodes { title } } }'))["products"][
        "nodes"
    ] == [{"title": "Arbeitsshirt Nord"}]
