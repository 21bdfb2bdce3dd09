"""Credit memos: refunds of units, shipping and adjustments, always offline, and what comes back to stock."""

from collections.abc import Collection
from dataclasses import dataclass, field
from decimal import Decimal

from sandbox.stores.magento2.answers import ApiError
from sandbox.stores.magento2.lifecycle import Quantities, add_to, settle_state, share
from sandbox.stores.magento2.model import CreditMemo, Order, Row, qty_to_refund
from sandbox.stores.magento2.php import ZERO, cents, decimal, euros, words
from sandbox.stores.magento2.placing import money_columns
from sandbox.stores.magento2.state import Event, Shop
from sandbox.stores.magento2.stock import move_source, reserve

_CLOSED = frozenset({"payment_review", "holded", "canceled", "closed"})


@dataclass(slots=True)
class Wish:
    """What is to be refunded. `units` None: all that is refundable; `shipping` net, None: all that is left of it."""

    units: Quantities | None = None
    shipping: Decimal | None = None
    adjustment_positive: Decimal = ZERO
    adjustment_negative: Decimal = ZERO
    back_to_stock: Collection[int] = ()
    comment: str | None = None
    findings: list[str] = field(default_factory=list)

    @property
    def adjustment(self) -> Decimal:
        return self.adjustment_positive - self.adjustment_negative


@dataclass(slots=True)
class _Sums:
    subtotal: Decimal = ZERO
    tax: Decimal = ZERO
    gross: Decimal = ZERO
    discount: Decimal = ZERO


def refund(shop: Shop, order: Order, wish: Wish) -> CreditMemo:
    """A credit memo; ApiError 400 with everything that speaks against it."""
    _allowed(order, wish)
    units = _units(order, wish)
    number, stamp = shop.new_id("creditmemo"), shop.stamp()
    shipping = _shipping(order, wish)
    shipping_tax = _shipping_tax(order, shipping)
    planned = [_row(order.item(item_id) or {}, quantity) for item_id, quantity in units.items()]
    sums = _Sums(
        sum((row["row_total"] for row in planned), ZERO),
        sum((row["tax_amount"] for row in planned), shipping_tax),
        sum((row["row_total_incl_tax"] for row in planned), ZERO),
        sum((row["discount_amount"] for row in planned), ZERO),
    )
    total = sums.subtotal + sums.tax + shipping - sums.discount + wish.adjustment
    _validate(order, units, total, wish)
    rows = []
    for row in planned:
        item = order.item(row["order_item_id"]) or {}
        _return_to_stock(shop, item, row["qty"], back=item["item_id"] in wish.back_to_stock)
        _book_item(item, row, stamp)
        rows.append(_shown_row(row, shop.new_id("creditmemo_item"), number))
    _book_order(order, sums, shipping, shipping_tax, total, wish)
    memo = CreditMemo(
        id=number,
        columns=_columns(order, number, stamp, sums, shipping, shipping_tax, total, wish),
        items=rows,
        comments=_comments(shop, number, wish.comment, stamp),
    )
    shop.add(memo)
    settle_state(shop, order)
    history = {
        "comment": f"We refunded {euros(total)} offline.", "created_at": stamp, "entity_id": shop.new_id("history"),
        "entity_name": "creditmemo", "is_customer_notified": 0, "is_visible_on_front": 0, "parent_id": order.id,
        "status": order.columns.get("status"),
    }  # fmt: skip
    order.histories.append(history)
    order.columns["customer_note_notify"] = 0 if "customer_note_notify" in order.columns else None
    shop.fire(Event("creditmemo.saved", order.id, "creditmemo", number))
    return memo


def _allowed(order: Order, wish: Wish) -> None:
    if order.state in _CLOSED:
        word = f"A creditmemo can not be created when an order has a status of {order.columns.get('status')}"
        wish.findings.append(word)
    elif not any(qty_to_refund(item) for item in order.sold_items()):
        wish.findings.append("The order does not allow a creditmemo to be created.")
    if cents(order.amount("total_paid")) == order.amount("total_refunded"):
        wish.findings.append("We can't create creditmemo for the order.")


def _units(order: Order, wish: Wish) -> dict[int, Decimal]:
    if wish.units is None:
        return {item["item_id"]: qty_to_refund(item) for item in order.sold_items() if qty_to_refund(item)}
    units = {}
    for item_id, quantity in wish.units.items():
        item = order.item(item_id) or {}
        if quantity > qty_to_refund(item):
            text = "The quantity to creditmemo must not be greater than the unrefunded quantity for product SKU"
            wish.findings.append(f'{text} "{item["sku"]}".')
        elif quantity > 0:
            units[item_id] = quantity
    return units


def _validate(order: Order, units: dict[int, Decimal], total: Decimal, wish: Wish) -> None:
    if total <= 0:
        wish.findings.append("The credit memo's total must be positive.")
    elif not units and wish.adjustment_positive <= 0:
        wish.findings.append("You can't create a creditmemo without products.")
    left = order.amount("total_paid") - order.amount("total_refunded")
    if total > left:
        wish.findings.append(f"The most money available to refund is {euros(left)}.")
    if wish.findings:
        raise ApiError.invalid("Creditmemo", wish.findings)


def _shipping(order: Order, wish: Wish) -> Decimal:
    left = order.amount("shipping_invoiced") - order.amount("shipping_refunded")
    if wish.shipping is None:
        return left
    if wish.shipping > left:
        raise ApiError(400, f"Maximum shipping amount allowed to refund is: {euros(left)}")
    return wish.shipping


def _shipping_tax(order: Order, shipping: Decimal) -> Decimal:
    """Tax that belongs to so much net shipping; the last part takes what is left."""
    net = order.amount("shipping_amount")
    before = order.amount("shipping_refunded")
    return share(order.amount("shipping_tax_amount"), net, before, shipping)


def _row(item: Row, quantity: Decimal) -> Row:
    ordered, before = decimal(item["qty_ordered"]), decimal(item.get("qty_refunded"))
    net = share(decimal(item.get("row_total")), ordered, before, quantity)
    tax = share(decimal(item.get("tax_amount")), ordered, before, quantity)
    return {
        "order_item_id": item["item_id"],
        "qty": quantity,
        "discount_amount": share(decimal(item.get("discount_amount")), ordered, before, quantity),
        "row_total": net,
        "tax_amount": tax,
        "row_total_incl_tax": net + tax,
        "price": item.get("price"),
        "price_incl_tax": item.get("price_incl_tax"),
        "name": item.get("name"),
        "product_id": item.get("product_id"),
        "sku": item["sku"],
    }


def _shown_row(row: Row, number: int, memo_id: int) -> Row:
    """A row with the columns and the order recorded in 044; a null product is left out."""
    shown = {
        "base_cost": None,
        "base_discount_tax_compensation_amount": 0,
        "base_price": row["price"],
        "base_price_incl_tax": row["price_incl_tax"],
        "base_row_total": row["row_total"],
        "base_row_total_incl_tax": row["row_total_incl_tax"],
        "base_tax_amount": row["tax_amount"],
        "base_weee_tax_row_disposition": 0,
        "entity_id": number,
        "discount_tax_compensation_amount": 0,
        "name": row["name"],
        "order_item_id": row["order_item_id"],
        "parent_id": memo_id,
        "price": row["price"],
        "price_incl_tax": row["price_incl_tax"],
        "product_id": row["product_id"],
        "qty": row["qty"],
        "row_total": row["row_total"],
        "row_total_incl_tax": row["row_total_incl_tax"],
        "sku": row["sku"],
        "tax_amount": row["tax_amount"],
        "weee_tax_applied": "[]",
        "weee_tax_applied_row_amount": 0,
        "weee_tax_row_disposition": 0,
    }
    return {name: value for name, value in shown.items() if value is not None or name == "base_cost"}


def _book_item(item: Row, row: Row, stamp: str) -> None:
    item["qty_refunded"] = decimal(item.get("qty_refunded")) + row["qty"]
    add_to(item, "amount_refunded", row["row_total"])
    add_to(item, "tax_refunded", row["tax_amount"])
    add_to(item, "discount_refunded", row["discount_amount"])
    add_to(item, "discount_tax_compensation_refunded", ZERO)
    item["updated_at"] = stamp


def _book_order(
    order: Order, sums: _Sums, shipping: Decimal, shipping_tax: Decimal, total: Decimal, wish: Wish
) -> None:
    amounts = {
        "adjustment_negative": wish.adjustment_negative,
        "adjustment_positive": wish.adjustment_positive,
        "discount_refunded": sums.discount,
        "discount_tax_compensation_refunded": ZERO,
        "shipping_refunded": shipping,
        "shipping_tax_refunded": shipping_tax,
        "subtotal_refunded": sums.subtotal,
        "tax_refunded": sums.tax,
        "total_offline_refunded": total,
        "total_refunded": total,
    }
    for name, amount in amounts.items():
        add_to(order.columns, name, amount)
    add_to(order.payment, "amount_refunded", total)
    add_to(order.payment, "shipping_refunded", shipping)


def _return_to_stock(shop: Shop, item: Row, quantity: Decimal, *, back: bool) -> None:
    """Units that had left come back to the source, units that had not are no longer reserved; only if so wished."""
    if not back:
        return
    ordered, canceled = decimal(item["qty_ordered"]), decimal(item.get("qty_canceled"))
    kept = ordered - canceled - decimal(item.get("qty_shipped")) - decimal(item.get("qty_refunded"))
    unshipped = min(max(kept, ZERO), quantity)
    if unshipped:
        reserve(shop, str(item["sku"]), unshipped)
    if quantity - unshipped:
        move_source(shop, str(item["sku"]), quantity - unshipped)


def _columns(
    order: Order, number: int, stamp: str, sums: _Sums, shipping: Decimal, shipping_tax: Decimal, total: Decimal,
    wish: Wish,
) -> Row:  # fmt: skip
    """Recorded 044; listed as the interface lists them."""
    amounts = money_columns(
        {
            "adjustment": wish.adjustment, "adjustment_negative": wish.adjustment_negative,
            "adjustment_positive": wish.adjustment_positive, "discount_amount": -sums.discount, "grand_total": total,
            "discount_tax_compensation_amount": ZERO, "shipping_amount": shipping,
            "shipping_incl_tax": shipping + shipping_tax, "shipping_tax_amount": shipping_tax,
            "subtotal": sums.subtotal, "subtotal_incl_tax": sums.gross, "tax_amount": sums.tax,
        }
    )  # fmt: skip
    copied = (
        "base_currency_code base_to_global_rate base_to_order_rate global_currency_code order_currency_code "
        "store_currency_code store_id store_to_base_rate store_to_order_rate"
    )
    values = amounts | {name: order.columns.get(name) for name in copied.split()} | {
        "billing_address_id": order.billing["entity_id"], "created_at": stamp, "entity_id": number,
        "increment_id": f"{number:09d}", "order_id": order.id, "state": 2, "updated_at": stamp,
        "shipping_address_id": None if order.shipping is None else order.shipping["entity_id"],
    }  # fmt: skip
    return {name: values[name] for name in _FIELDS if values.get(name) is not None}


_FIELDS = words("""
    adjustment adjustment_negative adjustment_positive base_adjustment base_adjustment_negative
    base_adjustment_positive base_currency_code base_discount_amount base_grand_total
    base_discount_tax_compensation_amount base_shipping_amount base_shipping_incl_tax base_shipping_tax_amount
    base_subtotal base_subtotal_incl_tax base_tax_amount base_to_global_rate base_to_order_rate billing_address_id
    created_at discount_amount entity_id global_currency_code grand_total discount_tax_compensation_amount
    increment_id order_currency_code order_id shipping_address_id shipping_amount shipping_incl_tax
    shipping_tax_amount state store_currency_code store_id store_to_base_rate store_to_order_rate subtotal
    subtotal_incl_tax tax_amount updated_at
    """)


def _comments(shop: Shop, memo_id: int, comment: str | None, stamp: str) -> list[Row]:
    if not comment:
        return []
    number = shop.new_id("creditmemo_comment")
    return [{"comment": comment, "created_at": stamp, "entity_id": number, "is_customer_notified": 0,
             "is_visible_on_front": 0, "parent_id": memo_id}]  # fmt: skip
