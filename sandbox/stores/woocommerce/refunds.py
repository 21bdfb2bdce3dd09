"""Refunds: created from a request or by the merchant, restocked, deleted; the last one flips the order's status."""

from decimal import Decimal
from typing import Any

from sandbox.stores.woocommerce.answers import ApiError
from sandbox.stores.woocommerce.lifecycle import change_status, refundable, restock
from sandbox.stores.woocommerce.model import Fee, Item, Line, Order, Refund, Shipping
from sandbox.stores.woocommerce.php import cents, decimal, money, truthy, whole
from sandbox.stores.woocommerce.shipped import counts_as_shipped
from sandbox.stores.woocommerce.state import HIDDEN_ROWS, Shop
from sandbox.stores.woocommerce.taxes import sum_refund


def refund_from(shop: Shop, order: Order, body: dict[str, Any]) -> Refund:
    """`POST /orders/<id>/refunds`: raises ApiError with the codes of the REST controller.

    `amount` wins over the lines; `api_refund` defaults to true, and then the gateway is asked, which for a payment
    method like ours does not exist.
    """
    lines = body.get("line_items") or []
    if not isinstance(lines, list):
        raise ApiError.invalid_param("line_items", "line_items is not of type array.", "rest_invalid_type")
    given = body.get("amount")
    amount = cents(decimal(given)) if given not in (None, "") else cents(_sum_of(lines))
    if amount < 0 or (given is not None and amount == 0 and not lines):
        raise ApiError(400, "woocommerce_rest_invalid_order_refund", "Refund amount must be greater than zero.")
    if amount > refundable(shop, order) or amount < 0:
        raise ApiError(500, "woocommerce_rest_cannot_create_order_refund", "Invalid refund amount.")
    _check_lines(shop, order, lines)
    if truthy(body.get("api_refund", True)):
        raise ApiError(
            500,
            "woocommerce_rest_cannot_create_order_refund",
            "The payment gateway for this order does not exist.",
        )
    refund = Refund(
        id=shop.new_id("post"),
        order_id=order.id,
        created=shop.now(),
        amount=amount,
        reason=str(body.get("reason") or ""),
    )
    for posted in lines:
        _add_line(shop, order, refund, posted)
    sum_refund(refund, lambda: shop.new_item("tax"))
    store_refund(shop, order, refund, restock_items=truthy(body.get("api_restock", True)))
    return refund


def store_refund(shop: Shop, order: Order, refund: Refund, *, restock_items: bool = False) -> None:
    """Keep a refund, put its units back if wanted, note full or partial, and flip the status when nothing is left."""
    refund.after_shipping = counts_as_shipped(order)
    left = refundable(shop, order) - refund.amount
    shop.refunds[refund.id] = refund
    shop.new_id("order_meta", rows=HIDDEN_ROWS["refund"])
    refund.meta.append(shop.new_meta("order_meta", "_refund_type", "full" if left <= 0 else "partial"))
    shop.touch(refund)
    if restock_items:
        restock(shop, order, refund)
    _trim_open_fulfillments(shop, order, refund)
    if left <= 0 and order.status != "refunded":
        change_status(shop, order, "refunded")
    shop.save(order)


def delete_refund(shop: Shop, order: Order, refund: Refund) -> None:
    """Take a refund away. Nothing is sent for it before 11.2/11.3 (recorded finding refund_delete_sends)."""
    del shop.refunds[refund.id]
    shop.touch(refund)
    order.modified = shop.now()
    shop.touch(order)
    if shop.options.refund_delete_fires:
        shop.fire("order.updated", order.id)


def _sum_of(lines: list[Any]) -> Decimal:
    total = Decimal(0)
    for posted in lines:
        if isinstance(posted, dict):
            total += decimal(posted.get("refund_total", 0))
            total += sum((tax for _, tax in _taxes_of(posted)), Decimal(0))
    return total


def _taxes_of(posted: dict[str, Any]) -> list[tuple[int, Decimal]]:
    return [
        (whole(tax.get("id")), decimal(tax.get("refund_total", 0)))
        for tax in posted.get("refund_tax") or []
        if isinstance(tax, dict)
    ]


def _check_lines(shop: Shop, order: Order, lines: list[Any]) -> None:
    """More units than are left of a line: `wc_create_refund` refuses."""
    taken: dict[int, int] = {}
    for refund in shop.refunds_of(order.id):
        for item_id, units in refund.units().items():
            taken[item_id] = taken.get(item_id, 0) + units
    bought = {line.id: line.quantity for line in order.lines}
    for posted in lines:
        item_id = whole(posted.get("id")) if isinstance(posted, dict) else 0
        if item_id in bought and whole(posted.get("quantity")) > bought[item_id] - taken.get(item_id, 0):
            raise ApiError(500, "woocommerce_rest_cannot_create_order_refund", "Invalid refund quantity.")


def _add_line(shop: Shop, order: Order, refund: Refund, posted: dict[str, Any]) -> None:
    """Copy the order's item with negative money; items the order does not have are skipped without a word."""
    wanted = whole(posted.get("id"))
    items: list[Item] = [*order.lines, *order.shipping_lines, *order.fee_lines]
    item = next((item for item in items if item.id == wanted), None)
    quantity = whole(posted.get("quantity"))
    total = decimal(posted.get("refund_total", 0))
    taxes = {rate_id: -tax for rate_id, tax in _taxes_of(posted)}
    if item is None or (quantity == 0 and total == 0 and not any(taxes.values())):
        return
    kind = "line" if isinstance(item, Line) else "shipping" if isinstance(item, Shipping) else "fee"
    change: dict[str, Any] = {
        "id": shop.new_item(kind),
        "total": -total,
        "taxes": taxes,
        "total_tax": sum(taxes.values(), Decimal(0)),
        "meta": [],
    }
    if isinstance(item, Line):
        change |= {"quantity": -quantity, "subtotal": -total, "subtotal_taxes": dict(taxes)}
        change["subtotal_tax"] = change["total_tax"]
    if isinstance(item, Fee):
        change["amount"] = money(-total)
    copy = item.model_copy(update=change, deep=True)
    copy.meta.append(shop.new_meta("item_meta", "_refunded_item_id", str(item.id)))
    if isinstance(copy, Line):
        refund.lines.append(copy)
    elif isinstance(copy, Shipping):
        refund.shipping_lines.append(copy)
    elif isinstance(copy, Fee):
        refund.fee_lines.append(copy)


def _trim_open_fulfillments(shop: Shop, order: Order, refund: Refund) -> None:
    """A refund takes its units out of fulfillments that are still drafts; fulfilled ones stay (reference 7.1)."""
    units = refund.units()
    for fulfillment in order.fulfillments:
        if fulfillment.is_fulfilled or fulfillment.deleted is not None:
            continue
        row = next((row for row in fulfillment.meta if row.key == "_items"), None)
        for item in row.value if row is not None else []:
            cut = min(int(item["qty"]), units.get(int(item["item_id"]), 0))
            item["qty"] = int(item["qty"]) - cut
        if row is not None:
            row.value = [item for item in row.value if item["qty"] > 0]
            fulfillment.deleted = None if row.value else shop.now()
