"""Brings one order in line by the ordinary path alone: read both sides as a poll does, settle what is due."""

import structlog

from app.domain.errors import Permanent, Problem, Retryable
from app.idealo import Unreadable
from app.sync.advance import advance
from app.sync.observe import look_at_idealo_order, look_at_store_order
from app.sync.sighting import Eyes

log = structlog.get_logger("bridge")


async def mend(eyes: Eyes, idealo_order_id: str, unreadable: Unreadable | None) -> None:
    """Never raises for a side: what it could not do, the comparison after it says.

    Raises LedgerUnavailable.
    """
    try:
        await _look_and_settle(eyes, idealo_order_id, unreadable)
    except (Retryable, Permanent) as error:
        log.warning("mend.broken_off", store=eyes.store.id, idealo_order_id=idealo_order_id, detail=str(error))


async def _look_and_settle(eyes: Eyes, idealo_order_id: str, unreadable: Unreadable | None) -> None:
    deps, store = eyes.deps, eyes.store
    async with deps.statements() as ledger:
        order = await ledger.known_order(store.id, idealo_order_id)
    try:
        shown = unreadable or await eyes.idealo.order(idealo_order_id)
        order = await look_at_idealo_order(deps, store, shown, "poll") or order
    except Permanent as error:
        # An order idealo no longer has may still have something to be read in the store.
        if order is None or error.problem is Problem.CREDENTIALS:
            raise
    if order is None:
        return
    if order.store_order_id is not None:
        await look_at_store_order(deps, store, order.store_order_id, "poll")
    await advance(deps, order.id)
