"""Order edits, as far as they take units out: begun, set, committed."""

from sandbox.stores.shopify import stock
from sandbox.stores.shopify.errors import UserError
from sandbox.stores.shopify.fulfilling import shrink_work
from sandbox.stores.shopify.model import Order
from sandbox.stores.shopify.rest_after_sale import edit_body
from sandbox.stores.shopify.rest_order import order_body
from sandbox.stores.shopify.state import Shop
from sandbox.stores.shopify.store_model import Edit
from sandbox.stores.shopify.units import units


def begin(shop: Shop, order: Order) -> Edit:
    """`orderEditBegin`; a cancelled order cannot be edited (captured, field null)."""
    if order.cancelled is not None:
        raise UserError(None, "The order cannot be edited.")
    edit = Edit(id=shop.new_id("CalculatedOrder"), order_id=order.id)
    shop.edits[edit.id] = edit
    shop.touch(edit)
    return edit


def set_quantity(shop: Shop, edit: Edit, line_id: int, quantity: int, *, restock: bool) -> None:
    """`orderEditSetQuantity`: what is to be left of a line; shipped units cannot be taken out."""
    order = shop.orders[edit.order_id]
    if quantity < 0:
        raise UserError(["quantity"], "must be greater than or equal to 0")
    found = [line for line in order.lines if line.id == line_id]
    if not found:
        raise UserError(["lineItemId"], "The line item does not exist on the order.")
    unit = units(order, found[0])
    if quantity < unit.current - unit.open:
        raise UserError(["quantity"], "Quantity cannot be less than the fulfilled quantity.")
    if quantity > unit.current:
        raise UserError(["quantity"], "This sandbox only takes units out of an order.")
    edit.quantities[line_id] = quantity
    edit.restock[line_id] = restock
    shop.touch(edit)


def commit(shop: Shop, edit: Edit, note: str | None) -> Order:
    """`orderEditCommit`: `currentQuantity` falls, `quantity` and the line stay (captured); no money moves."""
    order = shop.orders[edit.order_id]
    if edit.committed or order.cancelled is not None:
        raise UserError(["id"], "The calculated order does not exist.")
    removed: dict[int, int] = {}
    for line in order.lines:
        unit = units(order, line)
        gone = min(unit.open, unit.current - edit.quantities.get(line.id, unit.current))
        if gone > 0:
            line.removed += gone
            removed[line.id] = gone
            shrink_work(shop, order, line.id, gone)
            stock.release(shop, line, gone, restock=edit.restock.get(line.id, False))
    edit.committed = True
    order.edited = order.edited or bool(removed)
    shop.touch(edit)
    shop.save(order)
    if removed:
        shop.fire("orders/edited", edit_body(shop, order, edit.id, removed, note))
    shop.fire("orders/updated", order_body(shop, order))
    return order
