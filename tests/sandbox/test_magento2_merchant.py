"""The merchant's hands on the fake Magento, and what the neutral view and the shop's API show of them."""

from decimal import Decimal
from typing import Any

import pytest

from sandbox.stores.port import LineQuantity, NeutralOrder, Parcel, Product, SandboxRefusal
from tests.sandbox.magento2_lab import Lab

DHL = Parcel(carrier="DHL", tracking_code="00340434161094015902")
HERMES = Parcel(carrier="Hermes", tracking_code="H1003500020000111")
TWO_LINES = (("100000", 2), ("100001", 1))


def _order(lab: Lab) -> NeutralOrder:
    return lab.magento.orders("IDE123AB", None)[0]


def _units(lab: Lab) -> list[tuple[str, int, int, int, int]]:
    return [(line.sku, line.quantity, line.shipped, line.cancelled, line.returned) for line in _order(lab).lines]


def _refund(lab: Lab, **what: Any) -> None:
    lab.magento.refund("1", **{"amount": None, "lines": None, "shipping": None, **what})


def _take(sku: str, quantity: int) -> list[LineQuantity]:
    return [LineQuantity(sku=sku, quantity=quantity)]


async def test_ship_in_parts_with_and_without_parcels() -> None:
    lab = Lab()
    await lab.imported(TWO_LINES)
    lab.magento.ship("1", _take("100000", 1), [DHL, HERMES])
    assert _units(lab) == [("100000", 2, 1, 0, 0), ("100001", 1, 0, 0, 0)]
    lab.magento.ship("1", None, [])
    assert (_order(lab).state, list(_order(lab).parcels)) == ("complete", [DHL, HERMES])
    late = Parcel(carrier="GLS", tracking_code="GLS-4711")
    lab.magento.track("1", late)
    shipments = await lab.ok("GET", "/shipments", params=[("searchCriteria[pageSize]", "9")])
    codes = [[track["carrier_code"] for track in shipment["tracks"]] for shipment in shipments["items"]]
    assert codes == [["dhl", "custom"], ["custom"]]
    assert late in _order(lab).parcels
    with pytest.raises(SandboxRefusal, match="nothing of this order is open"):
        lab.magento.ship("1", None, [])


@pytest.mark.parametrize("invoice", [False, True])
async def test_cancel_whole_order_gives_stock_back(*, invoice: bool) -> None:
    lab = Lab()
    await lab.imported(TWO_LINES, invoice=invoice)
    lab.magento.cancel("1", None, restock=True)
    order = _order(lab)
    assert order.state == ("closed" if invoice else "canceled")
    assert _units(lab) == [("100000", 2, 0, 2, 0), ("100001", 1, 0, 1, 0)]
    assert [refund.amount for refund in order.refunds] == ([Decimal("39.05")] if invoice else [])
    assert (await lab.salable("100000"), await lab.salable("100001")) == (120, 35)
    with pytest.raises(SandboxRefusal):
        lab.magento.cancel("1", None, restock=True)


async def test_cancel_without_restocking_writes_the_goods_off() -> None:
    lab = Lab()
    await lab.imported(TWO_LINES, invoice=False)
    lab.magento.cancel("1", None, restock=False)
    assert await lab.salable("100000") == 118


async def test_cancel_a_part_that_is_not_invoiced_invoices_the_rest() -> None:
    lab = Lab()
    await lab.imported(TWO_LINES, invoice=False)
    lab.magento.cancel("1", _take("100000", 1), restock=True)
    assert _units(lab) == [("100000", 2, 0, 1, 0), ("100001", 1, 0, 0, 0)]
    assert (_order(lab).state, list(_order(lab).refunds)) == ("processing", [])
    lab.magento.ship("1", None, [DHL])
    assert (_order(lab).state, await lab.salable("100000")) == ("complete", 119)


async def test_cancel_a_part_that_is_invoiced_is_a_credit_memo() -> None:
    lab = Lab()
    await lab.imported(TWO_LINES)
    lab.magento.cancel("1", _take("100000", 1), restock=True)
    assert _units(lab) == [("100000", 2, 0, 1, 0), ("100001", 1, 0, 0, 0)]
    assert [refund.amount for refund in _order(lab).refunds] == [Decimal("11.90")]
    lab.magento.ship("1", None, [DHL])
    assert _units(lab) == [("100000", 2, 1, 1, 0), ("100001", 1, 1, 0, 0)]
    assert _order(lab).state == "complete"


async def test_shipped_order_is_not_cancelled_whole_but_taken_back() -> None:
    lab = Lab()
    await lab.imported(TWO_LINES)
    lab.magento.ship("1", None, [DHL])
    with pytest.raises(SandboxRefusal, match="shipped already"):
        lab.magento.cancel("1", None, restock=True)
    lab.magento.return_("1", _take("100000", 1))
    assert _units(lab)[0] == ("100000", 2, 2, 0, 1)
    lab.magento.return_("1", None)
    assert _units(lab) == [("100000", 2, 2, 0, 2), ("100001", 1, 1, 0, 1)]
    assert (await lab.salable("100000"), await lab.salable("100001")) == (120, 35)
    assert sum(refund.amount for refund in _order(lab).refunds) == Decimal("35.70")


async def test_refunds_of_money_leave_the_units_alone() -> None:
    lab = Lab()
    await lab.imported(TWO_LINES)
    lab.magento.ship("1", None, [DHL])
    _refund(lab, amount=Decimal("5.00"))
    _refund(lab, lines=_take("100001", 1), shipping=Decimal("3.35"))
    assert [refund.amount for refund in _order(lab).refunds] == [Decimal("5.00"), Decimal("15.25")]
    assert all(line.returned == 0 for line in _order(lab).lines)
    with pytest.raises(SandboxRefusal, match="left to refund"):
        _refund(lab, amount=Decimal("18.81"))
    _refund(lab)
    assert sum(refund.amount for refund in _order(lab).refunds) == Decimal("39.05")
    with pytest.raises(SandboxRefusal, match="nothing is left"):
        _refund(lab, amount=Decimal("0.01"))


async def test_edited_order_goes_on_in_a_new_one() -> None:
    lab = Lab()
    await lab.imported(TWO_LINES, invoice=False)
    child = lab.magento.edit("1", _take("100000", 1))
    old, new = await lab.ok("GET", "/orders/1"), await lab.ok("GET", f"/orders/{child}")
    assert (old["state"], old["relation_child_real_id"]) == ("canceled", "000000001-1")
    assert (new["increment_id"], new["relation_parent_real_id"]) == ("000000001-1", "000000001")
    assert (new["state"], new["grand_total"], "ext_order_id" in new) == ("new", 15.25, False)
    assert (await lab.salable("100000"), await lab.salable("100001")) == (119, 35)
    again = lab.magento.edit(child, _take("100000", 1))
    assert (await lab.ok("GET", f"/orders/{again}"))["increment_id"] == "000000001-2"


async def test_unknown_orders_and_skus_are_named() -> None:
    lab = Lab()
    with pytest.raises(SandboxRefusal) as missing:
        lab.magento.ship("7", None, [])
    assert (missing.value.field, missing.value.status) == ("store_order_id", 404)
    await lab.imported()
    with pytest.raises(SandboxRefusal, match="no line with SKU"):
        lab.magento.ship("1", _take("NONE", 1), [])
    with pytest.raises(SandboxRefusal, match="fewer than 3"):
        lab.magento.ship("1", _take("100000", 3), [])


async def test_catalogue_is_what_can_be_sold() -> None:
    lab = Lab()
    await lab.imported([("100000", 2)])
    kept = {product.sku: product for product in lab.magento.products()}
    assert (kept["100000"].stock, kept["100000"].price, kept["100005"].tax_rate) == (118, Decimal("24.95"), Decimal(7))
    assert kept["SHIRT-100-BL-M"].parent == "SHIRT-100"
    lab.magento.put_product(Product(sku="100000", title="Kanne", price=Decimal("20.00"), stock=5))
    assert await lab.salable("100000") == 5
    with pytest.raises(SandboxRefusal, match="no product with SKU"):
        lab.magento.put_product(Product(sku="X", title="X", price=Decimal(1), stock=1, parent="NONE"))


async def test_neutral_order_carries_number_and_transaction() -> None:
    lab = Lab()
    await lab.imported()
    order = _order(lab)
    assert (order.store_order_id, order.number, order.transaction_id) == ("1", "000000001", "PSP-789")
    assert (order.total, order.currency) == (Decimal("27.15"), "EUR")
    assert lab.magento.orders(None, "2") == []
