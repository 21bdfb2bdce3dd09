"""Brings one order in line by the ordinary path alone: read both sides as a poll does, settle what is due."""

import structlog

from app.domain.errors import Permanent, Problem, Retryable
from app.domain.orders import StoreOrder
from app.idealo import Unreadable
from app.sync.advance import advance
from app.sync.observe import look_at_idealo_order, look_at_store_order
from app.sync.place import SEARCH_MARGIN
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


async def mend_link(eyes: Eyes, stray: StoreOrder) -> None:
    """Asks again what was skipped because the store had no order yet, now that it has this one.

    So it stands where a creation had its effect only after its worker was gone. An order this bridge never began to
    create is somebody else's, and one that a search does not find would be created a second time. Never raises for a
    side. Raises LedgerUnavailable.
    """
    order = (await eyes.recorded(stray.idealo_order_id or "")).order
    if order is None or order.placing_at is None or order.store_order_id is not None:
        return
    since = (order.placed_at or order.placing_at) - SEARCH_MARGIN
    try:
        found = await eyes.adapter.find_order(order.idealo_order_id, since)
    except (Retryable, Permanent) as error:
        log.warning("mend.broken_off", store=eyes.store.id, idealo_order_id=order.idealo_order_id, detail=str(error))
        return
    if found is None or found.store_order_id != stray.store_order_id:
        return
    async with eyes.deps.ledger() as ledger:
        asked = await ledger.ask_again(order.id, "the store has this order", eyes.deps.now())
    if asked:
        await advance(eyes.deps, order.id)
