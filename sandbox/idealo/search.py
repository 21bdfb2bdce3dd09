"""Searching and paging orders (reference sections 4.5 and 6.1)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sandbox.idealo.problems import invalid
from sandbox.idealo.requests import read_count, read_moment
from sandbox.idealo.state import IdealoState
from sandbox.idealo.values import Order
from sandbox.idealo.wire import Writer

STATUSES: Final = ("PROCESSING", "COMPLETED", "REVOKING", "REVOKED", "PARTIALLY_REVOKED")
_TRUTH: Final = {"true": True, "1": True, "false": False, "0": False}


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """One search; None: no matter what."""

    statuses: frozenset[str]
    acknowledged: bool | None
    start: datetime | None
    end: datetime | None
    page_number: int
    page_size: int


def read_search(query: Mapping[str, str], state: IdealoState) -> Search:
    """The query parameters; Problem 400 names a bad one. Unknown parameters are ignored."""
    names = [name.strip() for name in query.get("status", "").split(",") if name.strip()]
    for name in names:
        if name not in STATUSES:
            raise invalid("status", f"must be one of {', '.join(STATUSES)}")
    acknowledged = query.get("acknowledged", "").strip().lower()
    if acknowledged and acknowledged not in _TRUTH:
        raise invalid("acknowledged", "must be true or false")
    most = state.knobs.number("page_size_max")
    usual = min(state.knobs.number("page_size_default"), most)
    size = read_count("pageSize", query.get("pageSize"), usual, 1)
    if size > most:
        if state.knobs.text("page_size_above_max") == "reject":
            raise invalid("pageSize", f"must be at most {most}")
        size = most
    return Search(
        statuses=frozenset(names),
        acknowledged=_TRUTH.get(acknowledged),
        start=read_moment("from", query["from"]) if query.get("from", "").strip() else None,
        end=read_moment("to", query["to"]) if query.get("to", "").strip() else None,
        page_number=read_count("pageNumber", query.get("pageNumber"), 0, 0),
        page_size=size,
    )


def search(state: IdealoState, shop_id: int, wanted: Search) -> dict[str, Any]:
    """One page: `content`, `totalElements`, `totalPages` and nothing else."""
    found = [order for order in state.orders_of(shop_id) if _fits(state, order, wanted)]
    if state.knobs.text("sort") == "shuffle":
        state.random("shuffle").shuffle(found)
    else:
        found.sort(key=lambda order: (order.created, order.sequence))
    start = wanted.page_number * wanted.page_size
    page = found[start : start + wanted.page_size]
    state.seen(page)
    writer = Writer(state.knobs)
    return {
        "content": [writer.order(order) for order in with_duplicate(state, page)],
        "totalElements": len(found),
        "totalPages": -(-len(found) // wanted.page_size),
    }


def new_orders(state: IdealoState, shop_id: int) -> list[dict[str, Any]]:
    """Orders not acknowledged yet, as a bare list."""
    found = [order for order in state.orders_of(shop_id) if not state.acknowledged(order)]
    most = state.knobs.number("new_orders_max")
    found = found[:most] if most else found
    state.hand_out(found)
    writer = Writer(state.knobs)
    return [writer.order(order) for order in with_duplicate(state, found)]


def with_duplicate(state: IdealoState, orders: list[Order]) -> list[Order]:
    """With the knob turned the first order comes a second time, as when pages overlap."""
    return [*orders, orders[0]] if orders and state.knobs.text("duplicates_in_lists") == "yes" else orders


def _fits(state: IdealoState, order: Order, wanted: Search) -> bool:
    if wanted.statuses and order.status not in wanted.statuses:
        return False
    if wanted.acknowledged is not None and state.acknowledged(order) is not wanted.acknowledged:
        return False
    knobs = state.knobs
    moment = order.created if knobs.text("window_field") == "created" else order.updated
    if wanted.start is not None:
        outside = moment < wanted.start if knobs.text("from_bound") == "inclusive" else moment <= wanted.start
        if outside:
            return False
    if wanted.end is not None:
        return moment < wanted.end if knobs.text("to_bound") == "exclusive" else moment <= wanted.end
    return True
