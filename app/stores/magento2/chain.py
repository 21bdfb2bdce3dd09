"""Follows orders that were edited in the admin: each edit cancels the order and continues it in a new one."""

from typing import Any

from app.domain.errors import Permanent, Problem
from app.stores.magento2.client import Rest, gone
from app.stores.magento2.criteria import Filter, page, search
from app.stores.magento2.reading import document, identity_or_none, text_or_none
from app.wire.http import Refused

ORDER_FIELDS = (
    "entity_id,increment_id,ext_order_id,state,status,order_currency_code,base_currency_code,grand_total,"
    "total_refunded,total_invoiced,relation_child_id,relation_child_real_id,relation_parent_id,"
    "status_histories[comment],"
    "items[item_id,parent_item_id,sku,product_type,is_virtual,ext_order_item_id,qty_ordered,qty_invoiced,"
    "qty_shipped,qty_canceled,qty_refunded]"
)
"""Everything a snapshot needs and nothing about the buyer."""
Relatives = dict[str, str | None]
"""Order id -> id of the order it continues."""
_LONGEST = 50
"""Edits of one order; more are a ring in the shop's data."""


async def read_order(rest: Rest, order_id: str, fields: str = ORDER_FIELDS) -> dict[str, Any]:
    """One order. Permanent(state_conflict) when it is gone."""
    try:
        answer = await rest.get(f"/V1/orders/{number(order_id)}", [("fields", fields)])
    except Refused as e:
        if gone(e):
            text = f"order {order_id} is no longer in the shop; it was deleted"
            raise Permanent(Problem.STATE_CONFLICT, text) from e
        raise
    return document(answer, f"order {order_id}")


def number(order_id: str) -> str:
    """An order id as it stands in a path; ids are digits."""
    if not (order_id.isascii() and order_id.isdigit()):
        raise Permanent(Problem.STATE_CONFLICT, f"{order_id[:40]!r} is no id of a Magento order")
    return order_id


async def read_chain(rest: Rest, order_id: str) -> list[dict[str, Any]]:
    """The order and everything it was edited into, oldest first.

    Permanent(state_conflict) when a link of the chain is gone: whether the order lives on is then for a person.
    """
    orders = [await read_order(rest, order_id)]
    while (follower := successor(orders[-1])) is not None:
        orders.append(await _child(rest, *follower))
        if len(orders) > _LONGEST:
            raise Permanent(Problem.STATE_CONFLICT, f"order {order_id}: its chain of edits does not end")
    return orders


def successor(order: dict[str, Any]) -> tuple[str | None, str | None] | None:
    """Id and number of the order that continues a canceled one; None for a canceled order that ends here.

    "Reorder" writes the same fields, number included, and cancels nothing. A canceled order that was reordered can
    thus not be told from an edited one, and is followed as well: goods still leave for it, and a revocation at idealo
    could not be taken back.
    """
    where = "order: relation_child"
    child = identity_or_none(order.get("relation_child_id"), f"{where}_id")
    real = text_or_none(order.get("relation_child_real_id"), f"{where}_real_id") or None
    return (child, real) if order.get("state") == "canceled" and (child or real) else None


async def _child(rest: Rest, order_id: str | None, increment_id: str | None) -> dict[str, Any]:
    if order_id:
        return await read_order(rest, order_id)
    groups = [[Filter(field="increment_id", value=str(increment_id))]]
    found, _ = page(await rest.get("/V1/orders", search(groups, ORDER_FIELDS, size=2)), "GET /V1/orders")
    same = [row for row in found if row.get("increment_id") == increment_id]
    if not same:
        text = f"order {increment_id}, into which an idealo order was edited, is no longer in the shop"
        raise Permanent(Problem.STATE_CONFLICT, text)
    return same[0]


async def first_of_chain(rest: Rest, order_id: str, parent_id: str) -> str:
    """The id of the first order of a chain, or of its oldest link that still stands."""
    seen, current = {order_id}, parent_id
    while current not in seen and len(seen) <= _LONGEST:
        seen.add(current)
        try:
            answer = await rest.get(f"/V1/orders/{current}", [("fields", "entity_id,relation_parent_id")])
        except Refused as e:
            if gone(e):
                return current
            raise
        parent = document(answer, f"order {current}").get("relation_parent_id")
        above = identity_or_none(parent, f"order {current}: relation_parent_id")
        if above is None:
            return current
        current = above
    return current
