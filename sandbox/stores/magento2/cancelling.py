"""Cancelling, holding and releasing an order (recorded 053 to 058, 066, 067)."""

from sandbox.stores.magento2.answers import ApiError
from sandbox.stores.magento2.lifecycle import CLOSED_STATES, set_state, settle_state, share
from sandbox.stores.magento2.model import Order, qty_to_cancel, qty_to_invoice, qty_to_refund
from sandbox.stores.magento2.php import ZERO, decimal
from sandbox.stores.magento2.state import Event, Shop
from sandbox.stores.magento2.stock import reserve


def can_cancel(order: Order) -> bool:
    """Order::canCancel; also false for a held order, which has to be released first."""
    if order.state in {"payment_review", "holded", "canceled", "complete", "closed"}:
        return False
    return any(qty_to_invoice(item) for item in order.sold_items()) or not order.items


def cancel(shop: Shop, order: Order) -> bool:
    """Cancel what is neither invoiced nor shipped; false where nothing can be (recorded 055, 056, 066)."""
    if not can_cancel(order):
        return False
    stamp = shop.stamp()
    for item in order.sold_items():
        quantity = qty_to_cancel(item)
        if not quantity:
            continue
        ordered, before = decimal(item["qty_ordered"]), decimal(item.get("qty_canceled"))
        tax = share(decimal(item.get("tax_amount")), ordered, before + decimal(item.get("qty_invoiced")), quantity)
        item["qty_canceled"] = before + quantity
        item["tax_canceled"] = decimal(item.get("tax_canceled")) + tax
        item["discount_tax_compensation_canceled"] = ZERO
        item["updated_at"] = stamp
        reserve(shop, str(item["sku"]), quantity)
    amounts = {
        "subtotal_canceled": order.amount("subtotal") - order.amount("subtotal_invoiced"),
        "tax_canceled": order.amount("tax_amount") - order.amount("tax_invoiced"),
        "shipping_canceled": order.amount("shipping_amount") - order.amount("shipping_invoiced"),
        "discount_canceled": abs(order.amount("discount_amount")) - order.amount("discount_invoiced"),
        "total_canceled": order.amount("grand_total") - order.amount("total_paid"),
    }
    for name, amount in amounts.items():
        order.columns |= {name: amount, f"base_{name}": amount}
    shop.fire(Event("order.state_changed", order.id, "order", order.id))
    # Shipped but not invoiced units do not stop it: such an order ends canceled with nothing cancelled in its rows.
    if not any(qty_to_refund(item) for item in order.items):
        set_state(order, "canceled")
    settle_state(shop, order)
    return True


def hold(shop: Shop, order: Order) -> bool:
    """Hold; 400 where the state forbids it."""
    if order.state in CLOSED_STATES | {"complete"}:
        raise ApiError(400, "A hold action is not available.")
    order.columns |= {"hold_before_state": order.state, "hold_before_status": order.columns.get("status")}
    set_state(order, "holded")
    settle_state(shop, order)
    shop.fire(Event("order.state_changed", order.id, "order", order.id))
    return True


def unhold(shop: Shop, order: Order) -> bool:
    """Release; 400 for an order that is not held."""
    if order.state != "holded":
        raise ApiError(400, "You cannot remove the hold.")
    columns = order.columns
    columns |= {"state": columns.pop("hold_before_state"), "status": columns.pop("hold_before_status")}
    settle_state(shop, order)
    shop.fire(Event("order.state_changed", order.id, "order", order.id))
    return True
