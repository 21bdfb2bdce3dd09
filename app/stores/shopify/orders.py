"""Reads one order whole: its head, then as many documents as its lists need, put together as if it were one answer."""

from typing import Any

from app.domain.errors import Permanent, Problem
from app.stores.shopify import documents as d
from app.stores.shopify.client import Graph
from app.stores.shopify.reading import document, entries, next_cursor, nodes, number_of, whole

_RECENT = "60 days"
"""What an app without read_all_orders may read (Shopify's documentation of access scopes)."""


def gid(kind: str, number: str) -> str:
    """The global id for a number; Permanent(state_conflict) for what is none."""
    if not (number.isascii() and number.isdigit() and len(number) <= 20):
        raise Permanent(Problem.STATE_CONFLICT, f"{number[:40]!r} is no Shopify {kind.lower()} number")
    return f"gid://shopify/{kind}/{number}"


async def read_order(graph: Graph, order_id: str) -> dict[str, Any]:
    """The order with all lines, fulfillments, refunds and returns. Permanent(state_conflict) when it is not there."""
    order = (await graph.ask(d.ORDER, id=gid("Order", order_id), after=None)).get("order")
    if order is None:
        raise await _unreadable(graph, order_id)
    return await completed(graph, document(order, f"order {order_id}"))


async def completed(graph: Graph, head: dict[str, Any]) -> dict[str, Any]:
    """Adds to an order's head what does not fit beside it; asks nothing for an order where nothing has happened."""
    order_id = number_of(head.get("id"), "Order", "order: id")
    where = f"order {order_id}"
    order = dict(head)
    order["lineItems"] = await _all_lines(graph, order, where)
    order["fulfillments"] = await _fulfillments(graph, order, where)
    order |= await _refunds(graph, order, where)
    untouched = order.get("returnStatus") == "NO_RETURN"
    order["returns"] = {"nodes": [] if untouched else await _returns(graph, order, where)}
    return order


async def _unreadable(graph: Graph, order_id: str) -> Permanent:
    """Null means deleted, or too old for this app; concluding "deleted" would be wrong for a return after day 60."""
    scopes = await read_scopes(graph)
    if "read_all_orders" in scopes:
        return Permanent(Problem.STATE_CONFLICT, f"order {order_id} is no longer in the store; it was deleted")
    text = (
        f"order {order_id} cannot be read: it was deleted, or it is older than {_RECENT} and the app lacks the scope "
        "read_all_orders; add the scope, or handle the order by hand"
    )
    return Permanent(Problem.STATE_CONFLICT, text)


async def read_scopes(graph: Graph) -> set[str]:
    """The scopes the app was granted."""
    installed = document((await graph.ask(d.SCOPES)).get("currentAppInstallation"), "currentAppInstallation")
    return {str(scope.get("handle")) for scope in entries(installed.get("accessScopes"), "accessScopes")}


async def _all_lines(graph: Graph, order: dict[str, Any], where: str) -> dict[str, Any]:
    found = nodes(order.get("lineItems"), f"{where}: lineItems")
    cursor = next_cursor(order["lineItems"], f"{where}: lineItems")
    while cursor:
        data = await graph.ask(d.ORDER, id=order["id"], after=cursor)
        page = document(data.get("order"), where).get("lineItems")
        found += nodes(page, f"{where}: lineItems")
        cursor = _moved(cursor, next_cursor(page, f"{where}: lineItems"), where)
    return {"nodes": found}


async def _fulfillments(graph: Graph, order: dict[str, Any], where: str) -> list[dict[str, Any]]:
    counted = order.get("fulfillmentsCount")
    count = whole(document(counted, where).get("count"), f"{where}: fulfillmentsCount") if counted else None
    if count == 0:
        return []
    data = await graph.ask(d.FULFILLMENTS, id=order["id"])
    at = f"{where}: fulfillments"
    found = entries(document(data.get("order"), where).get("fulfillments"), at)
    if len(found) >= d.LISTED or (count or 0) > len(found):
        answer = document((await graph.ask(d.FULFILLMENT_IDS, id=order["id"])).get("order"), where)
        return [await _one(graph, d.FULFILLMENT, own_id) for own_id in _whole_list(answer, "fulfillments", where)]
    return [
        await _one(graph, d.FULFILLMENT, f.get("id"))
        if len(entries(f.get("trackingInfo"), at)) >= d.TRACKING_LIMIT or next_cursor(f.get("fulfillmentLineItems"), at)
        else f
        for f in found
    ]


async def _refunds(graph: Graph, order: dict[str, Any], where: str) -> dict[str, Any]:
    """The refunds, with the order's own total out of the same answer: one booked meanwhile is in both or in neither."""
    at = f"{where}: refunds"
    if not entries(order.get("refunds"), at):
        return {}
    answer = document((await graph.ask(d.REFUNDS, id=order["id"])).get("order"), where)
    found = entries(answer.get("refunds"), at)
    if len(found) >= d.LISTED:
        answer = document((await graph.ask(d.REFUND_IDS, id=order["id"])).get("order"), where)
        ids = _whole_list(answer, "refunds", where)
        found = [await _one(graph, d.REFUND, refund_id) for refund_id in ids]
    else:
        found = [
            await _one(graph, d.REFUND, r.get("id"))
            if next_cursor(r.get("refundLineItems"), at) or next_cursor(r.get("transactions"), at)
            else r
            for r in found
        ]
    return {"refunds": found, "totalRefundedSet": answer.get("totalRefundedSet") or order.get("totalRefundedSet")}


async def _returns(graph: Graph, order: dict[str, Any], where: str) -> list[dict[str, Any]]:
    at = f"{where}: returns"
    found: list[dict[str, Any]] = []
    cursor: str | None = None
    while True:
        data = await graph.ask(d.RETURNS, id=order["id"], after=cursor)
        page = document(data.get("order"), where).get("returns")
        for entry in nodes(page, at):
            long = next_cursor(entry.get("returnLineItems"), at)
            found.append({**entry, **await _one(graph, d.RETURN, entry.get("id"))} if long else entry)
        cursor = _moved(cursor, next_cursor(page, at), where)
        if cursor is None:
            return found


def _whole_list(order: dict[str, Any], name: str, where: str) -> list[Any]:
    """The ids in a list without a cursor."""
    found = [entry.get("id") for entry in entries(order.get(name), f"{where}: {name}")]
    if len(found) >= d.LIST_LIMIT:
        raise Permanent(Problem.UNSUPPORTED, f"{where} has {d.LIST_LIMIT} {name} or more: handle it by hand")
    return found


_ROOTS = {d.FULFILLMENT: "fulfillment", d.REFUND: "refund", d.RETURN: "return"}
_LINES = {d.FULFILLMENT: "fulfillmentLineItems", d.REFUND: "refundLineItems", d.RETURN: "returnLineItems"}


async def _one(graph: Graph, query: str, own_id: Any) -> dict[str, Any]:
    """A fulfillment, refund or return read on its own, with every page of its lines."""
    root, lines = _ROOTS[query], _LINES[query]
    where = f"{root} {own_id}"
    whole_entry: dict[str, Any] = {}
    cursor: str | None = None
    while True:
        entry = document((await graph.ask(query, id=own_id, after=cursor)).get(root), where)
        page = entry.get(lines)
        before = nodes(whole_entry[lines], where) if whole_entry else []
        whole_entry = {**entry, lines: {"nodes": [*before, *nodes(page, where)]}}
        cursor = _moved(cursor, next_cursor(page, where), where)
        if cursor is None:
            return whole_entry


def _moved(before: str | None, now: str | None, where: str) -> str | None:
    """The next cursor; a list that does not move on would be read for ever."""
    if now is not None and now == before:
        raise Permanent(Problem.STATE_CONFLICT, f"{where}: Shopify's list does not move on")
    return now
