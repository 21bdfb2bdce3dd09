"""Apply what the settings say about how long things are kept: count first, then take in batches."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Literal

import structlog
from pydantic import AwareDatetime

from app.config import LocalSettings
from app.domain.value import Value
from app.sync.deps import Deps

BATCH = 1000
ORDERS_AT_ONCE = 100
ACTOR = "retention"

log = structlog.get_logger("bridge")
Class = Literal["deliveries", "buyers", "events"]


class Keep(Value):
    """Days to keep, per class; 0 keeps for good."""

    deliveries: int
    """After they came in, and only those that were looked at."""
    buyers: int
    """After their order was closed."""
    events: int
    """After the youngest fact of a closed order was recorded; then the content goes, the hashes stay."""


def keep_of(settings: LocalSettings) -> Keep:
    return Keep(
        deliveries=settings.keep_deliveries_days, buyers=settings.keep_buyers_days, events=settings.keep_events_days
    )


class Outcome(Value):
    """One class: what has had its time, and what was done about it."""

    kind: Class
    days: int
    due: int
    oldest: AwareDatetime | None
    done: int


async def retain(deps: Deps, keep: Keep, *, apply: bool) -> list[Outcome]:
    """Counts what has had its time; with `apply`, takes it away. Interrupted or repeated, it does no harm."""
    outcomes: list[Outcome] = []
    for kind, days in keep:
        before = deps.now() - timedelta(days=days)
        due, oldest = await _count(deps, kind, before) if days else (0, None)
        done = await _take(deps, kind, before, days) if apply and due else 0
        outcomes.append(Outcome(kind=kind, days=days, due=due, oldest=oldest, done=done))
        log.info("retention.class", kind=kind, days=days, due=due, done=done, applied=apply)
    return outcomes


async def _count(deps: Deps, kind: str, before: datetime) -> tuple[int, datetime | None]:
    async with deps.ledger() as ledger:
        if kind == "deliveries":
            return await ledger.old_deliveries(before)
        if kind == "buyers":
            return await ledger.old_buyers(before)
        return await ledger.old_events(before)


async def _take(deps: Deps, kind: str, before: datetime, days: int) -> int:
    """Batch after batch until nothing is left; each is committed by itself."""
    done = 0
    while some := await _TAKERS[kind](deps, before, days):
        done += some
        log.info("retention.progress", kind=kind, done=done)
    return done


async def _deliveries(deps: Deps, before: datetime, _: int) -> int:
    async with deps.ledger() as ledger:
        return await ledger.drop_deliveries(before, BATCH)


async def _buyers(deps: Deps, before: datetime, days: int) -> int:
    reason = f"kept for {days} days after the order was closed"
    async with deps.ledger() as ledger:
        orders = await ledger.orders_with_old_buyers(before, ORDERS_AT_ONCE)
        for order in orders:
            await ledger.erase_buyer(order, ACTOR, reason, deps.now())
    return len(orders)


async def _events(deps: Deps, before: datetime, _: int) -> int:
    async with deps.ledger() as ledger:
        return await ledger.reduce_events(before, ORDERS_AT_ONCE, deps.now())


_TAKERS: dict[str, Callable[[Deps, datetime, int], Awaitable[int]]] = {
    "deliveries": _deliveries,
    "buyers": _buyers,
    "events": _events,
}
