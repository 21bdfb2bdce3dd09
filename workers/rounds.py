"""What comes round by time, for every store; whose turn it is stands in Postgres, so any number of workers may ask."""

import asyncio
from collections.abc import Callable, Coroutine
from datetime import timedelta

import structlog

from app.config import Settings
from app.ledger.records import StoreRecord
from app.sync.audit import begin, reconcile
from app.sync.deps import Deps
from app.sync.reconcile import WEBHOOK_CHECK, PollFailed, look_after_webhooks, poll_idealo, poll_store
from app.sync.silence import wants_a_look, webhook_health

STORES_AT_ONCE = 8

log = structlog.get_logger("bridge")


async def due_polls(deps: Deps, settings: Settings) -> None:
    """Polls both sides of every store whose interval has passed; one store's trouble is its own."""
    turns = asyncio.Semaphore(STORES_AT_ONCE)

    async def both(store: StoreRecord) -> None:
        async with turns:
            for read, seconds in (
                (poll_idealo, settings.idealo_poll_seconds),
                (poll_store, settings.store_poll_seconds),
            ):
                try:
                    await read(deps, store.id, every=timedelta(seconds=seconds))
                except PollFailed:
                    # Written down and logged where it happened; the other side of this store may be well.
                    continue

    await _for_all(deps, both)


async def due_reconciliations(deps: Deps, settings: Settings) -> None:
    """Once a day after the set hour (UTC), every store that was connected before it, one after the other."""
    now = deps.now()
    due = now.replace(hour=settings.reconcile_hour, minute=0, second=0, microsecond=0)
    due = due if due <= now else due - timedelta(days=1)
    async with deps.ledger() as ledger:
        stores = [s for s in await ledger.stores() if s.working and s.created_at < due]
    for store in stores:
        report_id = await begin(deps, store.id, "cron", not_since=due)
        if report_id is not None:
            await reconcile(deps, report_id)


async def look_after_all_webhooks(deps: Deps, settings: Settings) -> None:
    """Checks every store's webhooks whose last check is old, and at once those of a store that has gone silent."""
    async with deps.ledger() as ledger:
        stores = await ledger.stores()
    health = await webhook_health(deps, stores)

    async def one(store: StoreRecord) -> None:
        silent = wants_a_look(store, health.get(store.id))
        if silent:
            log.warning("webhooks.silent", store=store.id, detail=health[store.id].advice)
        every = timedelta(0) if silent else WEBHOOK_CHECK
        await look_after_webhooks(deps, store.id, webhook_url(settings, store), every=every)

    await _for_all(deps, one)


def webhook_url(settings: Settings, store: StoreRecord) -> str:
    """Where a store posts its webhooks."""
    return f"{settings.webhook_root}/webhooks/{store.kind}/{store.id}"


async def _for_all(deps: Deps, work: Callable[[StoreRecord], Coroutine[None, None, None]]) -> None:
    async with deps.ledger() as ledger:
        stores = [s for s in await ledger.stores() if s.working]
    async with asyncio.TaskGroup() as group:
        for store in stores:
            group.create_task(work(store))
