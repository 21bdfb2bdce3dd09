"""Reads lists row by row, and finds in them the order that carries an idealo id and all orders that changed."""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from app.domain.errors import Permanent, Problem
from app.stores.magento2.chain import Relatives, first_of_chain
from app.stores.magento2.client import Rest
from app.stores.magento2.criteria import PAGE_SIZE, Filter, after, any_of, page, search
from app.stores.magento2.reading import entries, identity, identity_or_none, moment_or_none

ORDERS = "/V1/orders"
SHIPMENTS = "/V1/shipments"
MEMOS = "/V1/creditmemos"
_TRACKS_MAY_FOLLOW = timedelta(hours=48)
"""Adding a track may not touch its shipment's date on every version (reference 8.7): look this much further back."""
_CLOCKS = timedelta(days=1)
"""The shop's clock may be wrong; a search by idealo id reads a little more than it must."""


async def rows(rest: Rest, path: str, groups: Sequence[Sequence[Filter]], fields: str) -> AsyncIterator[dict[str, Any]]:
    """Every row that matches, oldest first.

    Asks for "entity_id above the last one" instead of turning pages: rows that change or appear meanwhile move
    nothing, and the last page, which Magento repeats for every number behind it, is never asked for.
    """
    last = 0
    while True:
        window = [*groups, [Filter(field="entity_id", value=str(last), kind="gt")]] if last else groups
        found, total = page(await rest.get(path, search(window, fields, sort="entity_id")), f"GET {path}")
        ids = [int(identity(row.get("entity_id"), f"GET {path}: entity_id")) for row in found]
        if ids and min(ids) <= last:
            raise Permanent(Problem.UNSUPPORTED, f"GET {path}: the shop ignores the filter on entity_id")
        for row in found:
            yield row
        if not found or total <= len(found):
            return
        last = max(ids)


async def product_rows(rest: Rest, condition: Filter, fields: str) -> list[dict[str, Any]]:
    """Products under one condition; their SKUs are unique, so one page holds as many as were asked for."""
    found, total = page(await rest.get("/V1/products", search([[condition]], fields)), "GET /V1/products")
    if total > len(found):
        raise Permanent(Problem.UNSUPPORTED, "GET /V1/products: the shop ignores the filter on sku")
    return found


async def find(rest: Rest, idealo_order_id: str, since: datetime) -> str | None:
    """The id of the order whose ext_order_id is exactly this one, the first where an edit copied it; or None.

    The database compares without case and trailing blanks, so every answer is compared here.
    """
    groups = [[Filter(field="ext_order_id", value=idealo_order_id)], [after("created_at", since - _CLOCKS)]]
    async for row in rows(rest, ORDERS, groups, "entity_id,ext_order_id"):
        if row.get("ext_order_id") == idealo_order_id:
            return identity(row.get("entity_id"), "order list: entity_id")
    return None


async def changed(rest: Rest, since: datetime) -> AsyncIterator[str]:
    """Ids of orders that changed, or whose shipments, tracks or credit memos did; some twice.

    An order's own date does not move with its shipments (issue 10287), so those are read themselves. For an edited
    order the id of the first of its chain is named, the one the bridge knows, beside its own.
    """
    orders = rows(rest, ORDERS, [[after("updated_at", since)]], "entity_id,relation_parent_id")
    async for batch in _batches(orders):
        relatives = {str(row["entity_id"]): _parent(row) for row in batch}
        async for order_id in _with_first(rest, relatives):
            yield order_id
    for path, groups, fields in _documents(since):
        async for batch in _batches(rows(rest, path, groups, fields)):
            fresh = [_order_of(row, path) for row in batch if path == MEMOS or _is_fresh(row, since)]
            async for order_id in _with_first(rest, await _parents(rest, fresh)):
                yield order_id


def _documents(since: datetime) -> list[tuple[str, list[list[Filter]], str]]:
    both = [after("updated_at", since), after("created_at", since - _TRACKS_MAY_FOLLOW)]
    fields = "entity_id,order_id,created_at,updated_at,tracks[created_at,updated_at]"
    memos = [after("updated_at", since), after("created_at", since)]
    return [(SHIPMENTS, [both], fields), (MEMOS, [memos], "entity_id,order_id")]


def _is_fresh(shipment: dict[str, Any], since: datetime) -> bool:
    """Whether the shipment or one of its tracks is new; a date that is missing counts as new."""
    at = "shipment list"
    holders = [shipment, *entries(shipment.get("tracks"), f"{at}: tracks")]
    dates = [moment_or_none(h.get(f), f"{at}: {f}") for h in holders for f in ("created_at", "updated_at")]
    return any(d is None or d >= since.replace(microsecond=0) for d in dates)


async def _batches(found: AsyncIterator[dict[str, Any]]) -> AsyncIterator[list[dict[str, Any]]]:
    batch: list[dict[str, Any]] = []
    async for row in found:
        batch.append(row)
        if len(batch) == PAGE_SIZE:
            yield batch
            batch = []
    if batch:
        yield batch


async def _parents(rest: Rest, order_ids: Sequence[str]) -> Relatives:
    """Which orders continue another one; one call for up to a hundred."""
    if not order_ids:
        return {}
    groups = [[any_of("entity_id", sorted(set(order_ids), key=int))]]
    known: Relatives = dict.fromkeys(order_ids)
    async for row in rows(rest, ORDERS, groups, "entity_id,relation_parent_id"):
        known[identity(row.get("entity_id"), "order list: entity_id")] = _parent(row)
    return known


async def _with_first(rest: Rest, relatives: Relatives) -> AsyncIterator[str]:
    for order_id, parent in relatives.items():
        yield order_id
        if parent is not None:
            yield await first_of_chain(rest, order_id, parent)


def _parent(row: dict[str, Any]) -> str | None:
    return identity_or_none(row.get("relation_parent_id"), "order list: relation_parent_id")


def _order_of(row: dict[str, Any], path: str) -> str:
    return identity(row.get("order_id"), f"GET {path}: order_id")
