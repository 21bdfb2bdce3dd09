"""Cancels a whole order: what is not invoiced is cancelled, what is invoiced gets an offline credit memo."""

from typing import Any

from app.domain.errors import Permanent, Problem, Retryable
from app.domain.orders import StoreOrder
from app.stores.magento2.chain import number
from app.stores.magento2.client import Rest, gone
from app.stores.magento2.reading import document, identity, text
from app.stores.magento2.units import Row, rows_of
from app.stores.magento2.wording import cancel_comment
from app.wire.http import Refused


def refuse_shipped(order_id: str, now: StoreOrder) -> None:
    """Raises Permanent(state_conflict) once anything has left."""
    if now.shipments or any(line.shipped for line in now.lines):
        text = f"order {order_id} in the shop has already been shipped, in whole or in part; it was not cancelled"
        raise Permanent(Problem.STATE_CONFLICT, text)


def is_cancelled(now: StoreOrder) -> bool:
    return all(line.cancelled == line.quantity for line in now.lines)


async def cancel(rest: Rest, order: dict[str, Any], idealo_order_id: str | None) -> None:
    """The calls an order in this state needs; whether they did it is for the caller to read.

    `order` is the newest of its chain. Answers of the calls are not trusted: a second cancel answers 200 `false`
    (recorded 056), one of a partly invoiced order `true` and leaves the invoiced units (recorded 066, 067).
    """
    order_id = number(identity(order.get("entity_id"), "order: entity_id"))
    where = f"order {order_id}"
    state = text(order.get("state"), f"{where}: state")
    if state == "payment_review":
        raise Retryable(f"{where} is in payment review and cannot be cancelled yet; accept or deny the payment")
    if state == "holded":
        await rest.post(f"/V1/orders/{order_id}/unhold")
    rows = rows_of(order, where)
    if any(row.ordered - max(row.invoiced, row.refunded) - row.canceled > 0 for row in rows):
        await _call(rest, f"/V1/orders/{order_id}/cancel", None, order_id)
    if any(_to_refund(row) for row in rows):
        await _call(rest, f"/V1/order/{order_id}/refund", _refund(rows, idealo_order_id), order_id)


def _to_refund(row: Row) -> int:
    return max(row.invoiced - row.refunded, 0)


def _refund(rows: list[Row], idealo_order_id: str | None) -> dict[str, Any]:
    """Without items and shipping amount Magento refunds all that is left, shipping as well (recorded 045, 046)."""
    back = [int(row.item_id) for row in rows if _to_refund(row)]
    return {
        "notify": False,
        "appendComment": True,
        "comment": {"comment": cancel_comment(idealo_order_id), "is_visible_on_front": 0},
        "arguments": {"extension_attributes": {"return_to_stock_items": back}},
    }


async def _call(rest: Rest, path: str, body: object, order_id: str) -> None:
    try:
        await rest.post(path, body)
    except Refused as e:
        if gone(e):
            raise Permanent(Problem.STATE_CONFLICT, f"order {order_id} is no longer in the shop") from e
        if e.status == 400:
            raise Permanent(Problem.STATE_CONFLICT, f"the shop refused to cancel order {order_id}: {e}") from e
        raise


def checked(order_id: str, after: StoreOrder) -> StoreOrder:
    """The order as it is afterwards. Permanent(state_conflict) where units are left that the shop did not cancel."""
    if not is_cancelled(after):
        left = [f"{x.sku}: {x.quantity - x.cancelled}" for x in after.lines if x.cancelled < x.quantity]
        text = f"the shop did not cancel all of order {order_id}; left are {', '.join(left)}: cancel it there by hand"
        raise Permanent(Problem.STATE_CONFLICT, text)
    return after


def newest(chain: list[dict[str, Any]]) -> dict[str, Any]:
    return document(chain[-1], "order")
