"""Looks through the shop's order lists: for the order that carries an idealo id, and for all that changed."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from app.domain.errors import Retryable
from app.stores.woocommerce.client import PER_PAGE, Rest, code_of
from app.stores.woocommerce.mapping import ORDER_ID_KEY, order_id_of
from app.stores.woocommerce.placing import CREATED_VIA
from app.stores.woocommerce.reading import moment
from app.wire.http import Refused

ORDERS = "/wc/v3/orders"
_FIELDS = "id,status,date_created_gmt,meta_data"
_CLOCK_MARGIN = timedelta(hours=1)
_SURVEY_REACH = timedelta(days=1)
"""A survey reaches further back than the order that asked for it: its neighbours in a backlog are a little older."""
_SURVEY_LASTS = timedelta(minutes=10)
_DRAFT_GROWS = timedelta(minutes=15)
"""A request that is still running shows its order as `checkout-draft`; after this long the draft is a leftover."""


async def find(rest: Rest, idealo_order_id: str, since: datetime, now: datetime) -> str | None:
    """The id of the order whose meta carries exactly this idealo id, or None.

    The shop cannot filter by meta, `search` does not look into it, and older versions ignore `created_via` (recorded
    2026-11-23), so every order of the time window is compared here. `created_via` only goes first where
    the window is long. `status=any` leaves out the trash and drafts: they are asked for as well.
    """
    window = {
        "after": _gmt(since - _CLOCK_MARGIN),
        "dates_are_gmt": "true",
        "orderby": "date",
        "order": "asc",
        "_fields": _FIELDS,
    }
    first = await rest.page(ORDERS, 1, status="any", **window)
    found = _carrier(first, idealo_order_id)
    if found is None and len(first) == PER_PAGE:
        found = await _in_pages(rest, idealo_order_id, {**window, "status": "any", "created_via": CREATED_VIA})
        found = found or await _in_pages(rest, idealo_order_id, {**window, "status": "any"}, start=2)
    found = found or await _hidden(rest, idealo_order_id, window)
    if found is None or found.get("status") != "checkout-draft":
        return order_id_of(found) if found else None
    created = moment(found.get("date_created_gmt"), f"order {order_id_of(found)}: date_created_gmt")
    if created is None or now - created < _DRAFT_GROWS:
        text = f"order {order_id_of(found)} in the shop is still a draft for {idealo_order_id}: it may be in the making"
        raise Retryable(text, after=timedelta(minutes=5))
    return None  # a leftover of a failed creation; WooCommerce deletes such drafts itself after a day


class Survey:
    """Which idealo orders the shop's orders carry, as of a few minutes ago; one reading serves a whole backlog."""

    def __init__(self) -> None:
        self._carried: frozenset[str] = frozenset()
        self._reaches_back_to: datetime | None = None
        self._read_at: datetime | None = None
        self._reading = asyncio.Lock()

    async def carries(self, rest: Rest, idealo_order_id: str, since: datetime, now: datetime) -> bool:
        """Whether an order since then carried this id when the list was last read."""
        async with self._reading:
            if not self._serves(since, now):
                start = since - _SURVEY_REACH
                self._carried = await _all_carried(rest, start)
                self._reaches_back_to, self._read_at = start, now
        return idealo_order_id in self._carried

    def _serves(self, since: datetime, now: datetime) -> bool:
        if self._reaches_back_to is None or self._read_at is None:
            return False
        return self._reaches_back_to <= since - _CLOCK_MARGIN and now - self._read_at < _SURVEY_LASTS


async def _all_carried(rest: Rest, start: datetime) -> frozenset[str]:
    window = {"after": _gmt(start), "dates_are_gmt": "true", "orderby": "date", "order": "asc", "_fields": _FIELDS}
    found: set[str] = set()
    async for page in rest.pages(ORDERS, **window, status="any"):
        found |= _ids_carried(page)
    try:
        async for page in rest.pages(ORDERS, **window, status="trash,checkout-draft"):
            found |= _ids_carried(page)
    except Refused as e:
        if e.status != 400:
            raise
        async for page in rest.pages(ORDERS, **window, status="trash"):
            found |= _ids_carried(page)
    return frozenset(found)


async def changed(rest: Rest, since: datetime) -> AsyncIterator[str]:
    """Ids of all orders changed since, the trash as well; some twice."""
    for status in ("any", "trash"):
        async for order_id in _changed(rest, since, status):
            yield order_id


async def _changed(rest: Rest, since: datetime, status: str) -> AsyncIterator[str]:
    """Reads by moving the lower limit instead of turning pages: an order that changes meanwhile leaves its page, and
    those behind it would slip through.
    """
    limit, page = since, 1
    while True:
        try:
            found = await _page_of_changes(rest, limit, status, page)
        except Refused as e:
            if e.status != 400 or code_of(e) != "rest_invalid_param":
                raise
            async for order_id in _by_date(rest, since, status):
                yield order_id
            return
        for order in found:
            yield order_id_of(order)
        if len(found) < PER_PAGE:
            return
        newest = _newest(found)
        # `modified_after` excludes its own second: step back one, and turn the page while a second fills pages.
        moved = newest is not None and newest - timedelta(seconds=1) > limit
        limit, page = (newest - timedelta(seconds=1), 1) if newest and moved else (limit, page + 1)


async def _page_of_changes(rest: Rest, after: datetime, status: str, page: int) -> list[dict[str, Any]]:
    return await rest.page(
        ORDERS,
        page,
        modified_after=_gmt(after),
        dates_are_gmt="true",
        orderby="modified",
        order="asc",
        status=status,
        _fields="id,date_modified_gmt",
    )


async def _by_date(rest: Rest, since: datetime, status: str) -> AsyncIterator[str]:
    """Versions that cannot order by modification: newest first, where new orders only push known ones down."""
    window = {"modified_after": _gmt(since), "dates_are_gmt": "true", "orderby": "date", "order": "desc"}
    async for page in rest.pages(ORDERS, **window, status=status, _fields="id,date_modified_gmt"):
        for order in page:
            yield order_id_of(order)


async def _in_pages(rest: Rest, idealo_order_id: str, params: dict[str, str], start: int = 1) -> dict[str, Any] | None:
    number = start
    while page := await rest.page(ORDERS, number, **params):
        if found := _carrier(page, idealo_order_id):
            return found
        if len(page) < PER_PAGE:
            return None
        number += 1
    return None


async def _hidden(rest: Rest, idealo_order_id: str, window: dict[str, str]) -> dict[str, Any] | None:
    """Trash and drafts; a shop whose version knows no drafts refuses the word, then the trash alone is asked."""
    try:
        return await _in_pages(rest, idealo_order_id, {**window, "status": "trash,checkout-draft"})
    except Refused as e:
        if e.status != 400:
            raise
        return await _in_pages(rest, idealo_order_id, {**window, "status": "trash"})


def _carrier(orders: Sequence[dict[str, Any]], idealo_order_id: str) -> dict[str, Any] | None:
    """The first order that carries the id."""
    return next((order for order in orders if idealo_order_id in _ids_carried([order])), None)


def _ids_carried(orders: Sequence[dict[str, Any]]) -> set[str]:
    """The idealo ids orders carry; other people's orders may look as odd as they like."""
    found: set[str] = set()
    for order in orders:
        kept = order.get("meta_data")
        for entry in kept if isinstance(kept, list) else []:
            if isinstance(entry, dict) and entry.get("key") == ORDER_ID_KEY and isinstance(entry.get("value"), str):
                found.add(entry["value"])
    return found


def _newest(orders: Sequence[dict[str, Any]]) -> datetime | None:
    found = [moment(o.get("date_modified_gmt"), "order list: date_modified_gmt") for o in orders]
    return max((f for f in found if f is not None), default=None)


def _gmt(at: datetime) -> str:
    """UTC without an offset: WordPress takes the rest from `dates_are_gmt`."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")
