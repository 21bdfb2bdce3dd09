"""Admin "Edit": an order is cancelled and goes on in a new one, whose number is the old one's with -1, -2 behind it."""

from collections.abc import Mapping
from decimal import Decimal

from sandbox.stores.magento2.cancelling import cancel
from sandbox.stores.magento2.model import Order, Row
from sandbox.stores.magento2.php import ZERO, cents, decimal
from sandbox.stores.magento2.state import Event, Shop
from sandbox.stores.magento2.stock import reserve


def continue_in_new(shop: Shop, order: Order, wanted: Mapping[int, Decimal]) -> Order:
    """The order an edit makes; the old one points to it before it is cancelled."""
    number, stamp = shop.new_id("order"), shop.stamp()
    root = str(order.columns.get("original_increment_id") or order.columns["increment_id"])
    edit = int(decimal(order.columns.get("edit_increment"))) + 1
    items = [_edited_item(shop, item, number, wanted[item["item_id"]]) for item in order.sold_items()
             if item["item_id"] in wanted]  # fmt: skip
    money = _money(order, items)
    new = Order(
        id=number,
        columns={
            **order.columns, **money, **{f"base_{name}": value for name, value in money.items()},
            "entity_id": number, "increment_id": f"{root}-{edit}", "created_at": stamp, "updated_at": stamp,
            "state": "new", "status": "pending", "ext_order_id": None, "original_increment_id": root,
            "edit_increment": edit, "relation_parent_id": str(order.id),
            "relation_parent_real_id": order.columns["increment_id"], "total_item_count": len(items),
            "total_qty_ordered": sum((item["qty_ordered"] for item in items), ZERO),
            "protect_code": shop.secret(f"order/{number}"),
        },
        items=items,
        billing={**order.billing, "entity_id": shop.new_id("address"), "parent_id": number},
        shipping=None if order.shipping is None else {
            **order.shipping, "entity_id": shop.new_id("address"), "parent_id": number,
        },
        payment={**order.payment, "entity_id": shop.new_id("payment"), "parent_id": number,
                 "amount_ordered": money["grand_total"], "base_amount_ordered": money["grand_total"]},
        shipping_method=order.shipping_method,
    )  # fmt: skip
    new.columns["billing_address_id"] = new.billing["entity_id"]
    order.columns |= {"relation_child_id": str(number), "relation_child_real_id": new.columns["increment_id"]}
    cancel(shop, order)
    for item in items:
        reserve(shop, str(item["sku"]), -item["qty_ordered"])
    shop.add(new)
    shop.fire(Event("order.state_changed", number, "order", number))
    return new


def _money(order: Order, items: list[Row]) -> dict[str, Decimal]:
    """Totals over these items and the old order's shipping."""
    subtotal = sum((item["row_total"] for item in items), ZERO)
    tax = sum((item["tax_amount"] for item in items), order.amount("shipping_tax_amount"))
    discount = sum((decimal(item.get("discount_amount")) for item in items), ZERO)
    total = subtotal + tax + order.amount("shipping_amount") - discount
    return {
        "grand_total": total,
        "subtotal": subtotal,
        "tax_amount": tax,
        "total_due": total,
        "discount_amount": -discount,
        "subtotal_incl_tax": sum((item["row_total_incl_tax"] for item in items), ZERO),
    }


def _edited_item(shop: Shop, item: Row, order_id: int, quantity: Decimal) -> Row:
    part = quantity / decimal(item["qty_ordered"])
    fresh = {name: value for name, value in item.items() if not name.startswith(("qty_", "amount_"))}
    names = ("row_total", "row_total_incl_tax", "tax_amount", "discount_amount")
    money = {name: cents(decimal(item.get(name)) * part) for name in names}
    return {
        **fresh, **money, **{f"base_{name}": value for name, value in money.items()},
        "item_id": shop.new_id("order_item"), "order_id": order_id, "qty_ordered": quantity,
        "qty_canceled": ZERO, "qty_invoiced": ZERO, "qty_refunded": ZERO, "qty_shipped": ZERO,
        "created_at": shop.stamp(), "updated_at": shop.stamp(),
    }  # fmt: skip
