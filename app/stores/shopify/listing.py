"""Looks through the store's orders: for the one that carries an idealo id, and for all that changed."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

from app.domain.errors import Permanent, Problem
from app.stores.shopify import documents as d
from app.stores.shopify.client import Graph
from app.stores.shopify.mapping import idealo_id
from app.stores.shopify.reading import document, next_cursor, nodes, number_of

_CLOCK_MARGIN = timedelta(hours=1)
_MAX_TAG = 40


def quoted(value: str) -> str:
    """A value inside a search, safe against the search's own signs."""
    safe = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{safe}'"


async def find(graph: Graph, idealo_order_id: str, since: datetime) -> str | None:
    """The number of the order that carries exactly this idealo id, or None.

    The unique metafield is asked first: that read is not behind the search index. Then the index, by source identifier
    and by tag; it lags by seconds to minutes, and a field it does not know matches everything (both captured), so every
    hit is compared here.
    """
    found = await _by_metafield(graph, idealo_order_id)
    if found:
        return found
    window = f"created_at:>={quoted(utc(since - _CLOCK_MARGIN))}"
    tag = f"idealo-{idealo_order_id}".replace(",", " ")[:_MAX_TAG]
    for term in (f"source_identifier:{quoted(idealo_order_id)}", f"tag:{quoted(tag)}"):
        async for page in pages(graph, d.SEARCH, "orders", query=f"{term} {window}"):
            for order in page:
                if _carries(order, idealo_order_id):
                    return number_of(order.get("id"), "Order", "order list: id")
    return None


async def changed(graph: Graph, since: datetime) -> AsyncIterator[str]:
    """Numbers of all orders changed since, oldest change first; one that changes meanwhile comes again at the end.

    Not narrowed down by our tag, which staff may take off.
    """
    async for page in pages(graph, d.CHANGED, "orders", query=f"updated_at:>={quoted(utc(since))}"):
        for order in page:
            yield number_of(order.get("id"), "Order", "order list: id")


async def pages(graph: Graph, query: str, root: str, /, **variables: Any) -> AsyncIterator[list[dict[str, Any]]]:
    """Every page of a connection at the root of a document that takes `$after`."""
    cursor: str | None = None
    while True:
        connection = document((await graph.ask(query, **variables, after=cursor)).get(root), root)
        yield nodes(connection, root)
        before, cursor = cursor, next_cursor(connection, root)
        if cursor is None:
            return
        if cursor == before:
            raise Permanent(Problem.STATE_CONFLICT, f"{root}: Shopify's list does not move on")


async def _by_metafield(graph: Graph, idealo_order_id: str) -> str | None:
    """Shopify refuses the question where the store has no definition of our metafield; then there is no such order."""
    try:
        order = (await graph.ask(d.BY_IDENTIFIER, value=idealo_order_id)).get("orderByIdentifier")
    except Permanent as e:
        if e.problem is not Problem.REJECTED:
            raise
        return None
    if order is None or not _carries(document(order, "orderByIdentifier"), idealo_order_id):
        return None
    return number_of(order.get("id"), "Order", "orderByIdentifier: id")


def _carries(order: dict[str, Any], idealo_order_id: str) -> bool:
    """Other people's orders may look as odd as they like."""
    try:
        return idealo_id(order, "order list") == idealo_order_id
    except Permanent:
        return False


def utc(at: datetime) -> str:
    """A moment as Shopify writes and reads it, to the second."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
