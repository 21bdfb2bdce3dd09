"""Jobs into app.sync; the functions take a bell's argument and nothing else."""

import dataclasses
from typing import Any

import structlog

from app.config import Settings
from app.domain.errors import Permanent, Retryable
from app.ledger.session import LedgerUnavailable
from app.sync.advance import advance as advance_order
from app.sync.deps import Deps
from app.sync.observe import look_at_delivery
from app.sync.reconcile import PollFailed, poll_idealo, poll_store, sweep
from app.sync.retention import keep_of, retain
from workers.alone import OwnBell
from workers.rounds import due_polls, due_reconciliations, look_after_all_webhooks

log = structlog.get_logger("bridge")
Context = dict[str, Any]
"""arq's context; `deps` and `settings` are put in by workers.main."""


async def look(ctx: Context, delivery_id: int) -> None:
    """Looks at the order a delivery names; what fails stays unseen, and the sweep rings again."""
    deps, bell = _deps(ctx), OwnBell()
    try:
        await look_at_delivery(dataclasses.replace(deps, queue=bell), delivery_id)
    except (Retryable, Permanent, LedgerUnavailable) as e:
        log.warning("look.failed", delivery=delivery_id, detail=str(e), advice="the sweep looks again")
    await _follow(ctx, bell)


async def _follow(ctx: Context, bell: OwnBell) -> None:
    """What a look found is settled by whoever looked, without the way through Redis; several orders are shared out.

    A look that is cut off before leaves its rings to the sweep.
    """
    orders = [int(order_id) for _, order_id in bell.take()]
    if len(orders) == 1:
        await advance(ctx, orders[0])
        return
    for order_id in orders:
        await _deps(ctx).queue.advance(order_id)


async def advance(ctx: Context, order_id: int) -> None:
    """Settles what is due of one order."""
    try:
        await advance_order(_deps(ctx), order_id)
    except LedgerUnavailable as e:
        log.warning("advance.broken_off", order=order_id, detail=str(e), advice="the sweep rings again")


async def poll(ctx: Context, store_id: str) -> None:
    """Polls both sides of a store now, whether it is time or not."""
    for read in (poll_idealo, poll_store):
        try:
            await read(_deps(ctx), store_id)
        except (PollFailed, LedgerUnavailable) as e:
            log.warning("poll.broken_off", store=store_id, detail=str(e))


async def tick(ctx: Context) -> None:
    """Every few seconds: polls what it is time for."""
    try:
        await due_polls(_deps(ctx), _settings(ctx))
    except LedgerUnavailable as e:
        log.warning("tick.broken_off", detail=str(e))


async def sweep_all(ctx: Context) -> None:
    """Rings again for what is due and for deliveries nobody looked at."""
    try:
        await sweep(_deps(ctx))
    except LedgerUnavailable as e:
        log.warning("sweep.broken_off", detail=str(e))


async def webhooks(ctx: Context) -> None:
    """Creates or repairs webhooks whose last check is old."""
    try:
        await look_after_all_webhooks(_deps(ctx), _settings(ctx))
    except LedgerUnavailable as e:
        log.warning("webhooks.broken_off", detail=str(e))


async def reconcile_all(ctx: Context) -> None:
    """Compares the three sides of every store whose daily turn has come."""
    try:
        await due_reconciliations(_deps(ctx), _settings(ctx))
    except LedgerUnavailable as e:
        log.warning("reconciliation.broken_off", detail=str(e), advice="it begins anew within a quarter of an hour")


async def note_heads(ctx: Context) -> None:
    """Every hour, so that a worker that slept at midnight misses no day: the first one of a day notes the heads."""
    deps = _deps(ctx)
    try:
        async with deps.ledger() as ledger:
            noted = await ledger.note_heads(deps.now().date(), deps.now())
    except LedgerUnavailable as e:
        log.warning("heads.broken_off", detail=str(e), advice="the next round notes them")
    else:
        if noted:
            log.info("heads.noted", stores=noted)


async def retention(ctx: Context) -> None:
    """Once a day: says what has had its time, and takes it away where the settings say so."""
    settings = _settings(ctx)
    if settings.retention == "off":
        return
    try:
        await retain(_deps(ctx), keep_of(settings), apply=settings.retention == "apply")
    except LedgerUnavailable as e:
        log.warning("retention.broken_off", detail=str(e), advice="it goes on tomorrow")


def _deps(ctx: Context) -> Deps:
    deps: Deps = ctx["deps"]
    return deps


def _settings(ctx: Context) -> Settings:
    settings: Settings = ctx["settings"]
    return settings
