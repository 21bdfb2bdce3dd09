"""What happens when an order changes its status: dates, stock, sales counts, notes, automatic refund."""

from decimal import Decimal

from sandbox.stores.woocommerce.model import Item, Line, Note, Order, Product, Refund
from sandbox.stores.woocommerce.order_view import needs_processing
from sandbox.stores.woocommerce.state import HIDDEN_ROWS, Shop

REDUCES_STOCK = {"processing", "completed", "on-hold"}
RESTORES_STOCK = {"cancelled", "pending"}

STATUSES = {
    "pending": "Pending payment",
    "processing": "Processing",
    "on-hold": "On hold",
    "completed": "Completed",
    "cancelled": "Cancelled",
    "refunded": "Refunded",
    "failed": "Failed",
    "checkout-draft": "Draft",
}
AST_STATUSES = {
    "partial-shipped": "Partially Shipped",
    "updated-tracking": "Updated Tracking",
    "delivered": "Delivered",
}


def known_statuses(shop: Shop) -> list[str]:
    """Statuses an order may be given; AST adds its own."""
    return ["auto-draft", *STATUSES, *(AST_STATUSES if shop.options.ast else ())]


def add_note(shop: Shop, order: Order, text: str, *, customer_note: bool = False) -> Note:
    """Write an order note; that saves nothing and sends nothing (recorded finding order_note_sends_webhook)."""
    note = Note(id=shop.new_id("note"), text=text, customer_note=customer_note, created=shop.now())
    order.notes.append(note)
    shop.touch(order)
    return note


def change_status(shop: Shop, order: Order, status: str) -> None:
    """Give the order a status and run what hangs on it; the same status again does nothing. Fires `order.updated`."""
    before = order.status
    if before == status:
        return
    order.status = status
    now = shop.now()
    if order.paid is None and status in {"completed", "processing" if needs_processing(shop, order) else "completed"}:
        order.paid = now
    if status == "completed":
        order.completed = now
    shop.save(order)
    if status in {"processing", "completed"}:
        _mark_paid(shop, order)
    if status in REDUCES_STOCK:
        reduce_stock(shop, order)
        count_sales(shop, order, sold=True)
    elif status in RESTORES_STOCK:
        restore_stock(shop, order)
        count_sales(shop, order, sold=status == "pending" and order.sales_recorded)
    if status == "refunded":
        _refund_the_rest(shop, order)
    names = STATUSES | AST_STATUSES
    add_note(shop, order, f"Order status changed from {names.get(before, before)} to {names.get(status, status)}.")


def pay(shop: Shop, order: Order, transaction_id: str) -> None:
    """`payment_complete()`: only from statuses that wait for money; then `processing`, or `completed` without goods."""
    if order.status not in {"on-hold", "pending", "failed", "cancelled", "checkout-draft"}:
        return
    if transaction_id:
        order.transaction_id = transaction_id
    if order.paid is None:
        order.paid = shop.now()
    change_status(shop, order, "processing" if needs_processing(shop, order) else "completed")


def _mark_paid(shop: Shop, order: Order) -> None:
    """The fulfillments feature notes that it looked at the order's virtual items (all recorded orders with lines)."""
    if order.paid_seen:
        return
    order.paid_seen = True
    shop.new_id("order_meta", rows=HIDDEN_ROWS["paid"])
    if order.lines and shop.options.fulfillments:
        order.meta.append(shop.new_meta("order_meta", "_auto_fulfill_processed", "1"))


def holder_of(shop: Shop, line: Line) -> Product | None:
    """The product whose stock this line takes from, or None when nobody counts it."""
    product = shop.products.get(line.sold_id)
    if product is None or not shop.options.manage_stock:
        return None
    if product.manage_stock == "parent":
        product = shop.products.get(product.parent_id)
    return product if product is not None and product.manage_stock is True else None


def move_stock(shop: Shop, product: Product, units: int) -> None:
    """Add units (negative: take) to a product's stock; may go below zero. Fires `product.updated`."""
    set_stock(shop, product, (product.stock_quantity or 0) + units)


def set_stock(shop: Shop, product: Product, quantity: int | None) -> None:
    """Set the stock and with it the stock status. Fires `product.updated`."""
    product.stock_quantity = quantity
    if product.manage_stock is True:
        backorder = "onbackorder" if product.backorders in {"yes", "notify"} else "outofstock"
        product.stock_status = "instock" if (quantity or 0) > 0 else backorder
    save_product(shop, product)


def save_product(shop: Shop, product: Product) -> None:
    """`$product->save()`."""
    product.modified = shop.now()
    shop.touch(product)
    shop.fire("product.updated", product.id)


def set_item_meta(shop: Shop, item: Item, key: str, value: str | None) -> None:
    """Write, replace or (None) delete a row of an item's custom data."""
    row = next((row for row in item.meta if row.key == key), None)
    if value is None:
        item.meta = [row for row in item.meta if row.key != key]
    elif row is None:
        item.meta.append(shop.new_meta("item_meta", key, value))
    else:
        row.value = value


def reduce_stock(shop: Shop, order: Order) -> None:
    """Take the order's units from stock, once; the amount taken stands in the line's `_reduced_stock`."""
    if order.stock_reduced or not shop.options.manage_stock:
        return
    order.stock_reduced = True
    told = []
    for line in order.lines:
        product = holder_of(shop, line)
        if product is None or line.quantity <= 0 or line.meta_value("_reduced_stock") is not None:
            continue
        before = product.stock_quantity or 0
        move_stock(shop, product, -line.quantity)
        set_item_meta(shop, line, "_reduced_stock", str(line.quantity))
        told.append(f"{product.name} ({product.sku}) {before}→{product.stock_quantity}")
    if told:
        add_note(shop, order, f"Stock levels reduced: {', '.join(told)}")
    shop.touch(order)


def restore_stock(shop: Shop, order: Order) -> None:
    """Put back what `_reduced_stock` says is still taken, and forget it (recorded rest/029)."""
    if not order.stock_reduced:
        return
    order.stock_reduced = False
    for line in order.lines:
        taken = int(line.meta_value("_reduced_stock") or 0)
        product = holder_of(shop, line)
        if product is not None and taken:
            move_stock(shop, product, taken)
        set_item_meta(shop, line, "_reduced_stock", None)
    shop.touch(order)


def adjust_stock(shop: Shop, order: Order, line: Line) -> None:
    """An edited quantity of an order that already took its stock moves the difference (recorded rest/031)."""
    product = holder_of(shop, line)
    reduced = line.meta_value("_reduced_stock")
    if product is None or reduced is None:
        return
    refunded = sum(refund.units().get(line.id, 0) for refund in shop.refunds_of(order.id))
    wanted = max(0, line.quantity - refunded)
    if wanted != int(reduced):
        move_stock(shop, product, int(reduced) - wanted)
        set_item_meta(shop, line, "_reduced_stock", str(wanted))


def restock(shop: Shop, order: Order, refund: Refund) -> None:
    """`api_restock`: refunded units go back to stock as far as the order had taken them (recorded rest/022)."""
    units = refund.units()
    for line in order.lines:
        product = holder_of(shop, line)
        back = min(units.get(line.id, 0), int(line.meta_value("_reduced_stock") or 0))
        if product is None or back <= 0:
            continue
        move_stock(shop, product, back)
        set_item_meta(shop, line, "_reduced_stock", str(int(line.meta_value("_reduced_stock")) - back))
        restocked = int(line.meta_value("_restock_refunded_items") or 0) + back
        set_item_meta(shop, line, "_restock_refunded_items", str(restocked))


def count_sales(shop: Shop, order: Order, *, sold: bool) -> None:
    """`total_sales` of the products: up once when an order counts as sold, down once when it no longer does."""
    if order.sales_recorded == sold:
        return
    order.sales_recorded = sold
    for line in order.lines:
        product = shop.products.get(line.product_id)
        if product is not None:
            product.total_sales = max(0, product.total_sales + (line.quantity if sold else -line.quantity))
            shop.touch(product)
    shop.touch(order)


def refundable(shop: Shop, order: Order) -> Decimal:
    """What is left to refund, gross."""
    return order.total - sum((refund.amount for refund in shop.refunds_of(order.id)), Decimal(0))


def _refund_the_rest(shop: Shop, order: Order) -> None:
    """Status `refunded` set by hand makes a refund of the remaining amount without lines (wc_order_fully_refunded)."""
    rest = refundable(shop, order)
    if rest <= 0:
        return
    from sandbox.stores.woocommerce.refunds import store_refund  # noqa: PLC0415 - refunds change the status in turn

    store_refund(shop, order, Refund(
        id=shop.new_id("post"), order_id=order.id, created=shop.now(), amount=rest, reason="Order fully refunded."
    ))  # fmt: skip
