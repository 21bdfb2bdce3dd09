"""Returns: announced, opened, processed, closed, called off."""

from collections.abc import Mapping, Sequence
from typing import Any

from sandbox.stores.shopify import stock
from sandbox.stores.shopify.errors import UserError, numeric
from sandbox.stores.shopify.model import FulfilledLine, Order, Return, ReturnLine
from sandbox.stores.shopify.rest_after_sale import return_body, return_state_body
from sandbox.stores.shopify.rest_order import order_body
from sandbox.stores.shopify.state import Shop
from sandbox.stores.shopify.units import being_returned

_NOTE_NEEDED = 'Return line items return reason note The note is required when the return reason is "Other"'


def open_return(
    shop: Shop, order: Order, entries: Sequence[Mapping[str, Any]], path: Sequence[str] = ("returnInput",)
) -> Return:
    """`returnCreate`: an approved, open return; UserError as recorded (capture return-quantity-validation)."""
    if order.cancelled is not None or not entries:
        raise UserError([*path, "returnLineItems"], "Return line items can't be blank.", "INVALID")
    lines: list[ReturnLine] = []
    for at, entry in enumerate(entries):
        where = [*path, "returnLineItems", str(at)]
        _check_reason(entry, where)
        fulfilled = _fulfilled(order, numeric(entry["fulfillmentLineItemId"], "FulfillmentLineItem"), where)
        before = sum(one.quantity for one in lines if one.fulfilled_line_id == fulfilled.id)
        left = fulfilled.quantity - being_returned(order, fulfilled.id) - before
        if not 0 < entry["quantity"] <= left:
            raise UserError([*where, "quantity"], "Return line item has an invalid quantity.", "INVALID")
        line = ReturnLine(
            id=shop.new_id("ReturnLineItem"), fulfilled_line_id=fulfilled.id, line_id=fulfilled.line_id,
            quantity=entry["quantity"], reason=entry.get("returnReason") or "UNKNOWN",
            note=entry.get("returnReasonNote") or "", reverse_id=shop.new_id("ReverseFulfillmentOrderLineItem"),
        )  # fmt: skip
        lines.append(line)
    back = Return(
        id=shop.new_id("Return"), number=len(order.returns) + 1, lines=lines,
        reverse_order_id=shop.new_id("ReverseFulfillmentOrder"), created=shop.now(),
    )  # fmt: skip
    order.returns.append(back)
    shop.save(order)
    shop.fire("returns/approve", return_body(order, back))
    shop.fire("orders/updated", order_body(shop, order))
    return back


def close(shop: Shop, order: Order, back: Return) -> None:
    """`returnClose`; the order's `updatedAt` stays (captured), and so does its index entry."""
    if back.status in {"REQUESTED", "DECLINED", "CANCELED"}:
        raise UserError(["id"], "Return status is invalid.", "INVALID_STATE")
    if back.status == "OPEN":
        back.status, back.closed = "CLOSED", shop.now()
        _tell(shop, order, back, "returns/close")


def reopen(shop: Shop, order: Order, back: Return) -> None:
    """`returnReopen`."""
    if back.status not in {"CLOSED", "OPEN"}:
        raise UserError(["id"], "Return status is invalid.", "INVALID_STATE")
    if back.status == "CLOSED":
        back.status, back.closed = "OPEN", None
        _tell(shop, order, back, "returns/reopen")


def cancel(shop: Shop, order: Order, back: Return) -> None:
    """`returnCancel`: not once something was processed or refunded."""
    refunded = any(refund.return_id == back.id for refund in order.refunds)
    if back.status == "CLOSED" or refunded or any(entry.processed for entry in back.lines):
        raise UserError(["id"], "Return is not cancelable.", "INVALID_STATE")
    if back.status != "CANCELED":
        back.status = "CANCELED"
        _tell(shop, order, back, "returns/cancel")


def process(shop: Shop, order: Order, back: Return, entries: Sequence[Mapping[str, Any]]) -> None:
    """`returnProcess`: goods arrived; the return stays OPEN (captured)."""
    if back.status != "OPEN":
        raise UserError(["input", "returnId"], "Return status is invalid.", "INVALID_STATE")
    chosen = []
    for at, entry in enumerate(entries):
        where = ["input", "returnLineItems", str(at)]
        line_id = numeric(entry["id"], "ReturnLineItem")
        found = [one for one in back.lines if one.id == line_id]
        if not found:
            raise UserError([*where, "id"], "Return line item was not found.", "NOT_FOUND")
        if not 0 < entry["quantity"] <= found[0].quantity - found[0].processed:
            raise UserError([*where, "quantity"], "Return line item has an invalid quantity.", "INVALID")
        chosen.append((found[0], entry["quantity"]))
    for line, count in chosen:
        line.processed += count
    _tell(shop, order, back, "returns/process")


def restock(shop: Shop, order: Order, back: Return) -> None:
    """Put what came back on the shelf, without a refund that would say so."""
    for entry in back.lines:
        stock.take_back(shop, order.line(entry.line_id), entry.quantity)


def find(shop: Shop, return_id: int) -> tuple[Order, Return] | None:
    """A return and its order."""
    for order in shop.orders.values():
        for back in order.returns:
            if back.id == return_id:
                return order, back
    return None


def _check_reason(entry: Mapping[str, Any], where: Sequence[str]) -> None:
    """A reason is needed, and for OTHER a note (capture return-reason-validation)."""
    reason = entry.get("returnReason")
    if reason is None:
        message = "Return line items Either return reason or return reason definition must be provided"
        raise UserError(where, message, "NOT_FOUND")
    if reason == "OTHER" and not (entry.get("returnReasonNote") or "").strip():
        raise UserError([*where, "returnReasonNote"], _NOTE_NEEDED, "BLANK")


def _fulfilled(order: Order, entry_id: int, where: Sequence[str]) -> FulfilledLine:
    for fulfillment in order.fulfillments:
        for entry in fulfillment.lines:
            if entry.id == entry_id and fulfillment.status == "SUCCESS":
                return entry
    raise UserError([*where, "fulfillmentLineItemId"], "Fulfillment Line Item was not found.", "NOT_FOUND")


def _tell(shop: Shop, order: Order, back: Return, topic: str) -> None:
    shop.reindex(order)
    shop.fire(topic, return_state_body(order, back))
