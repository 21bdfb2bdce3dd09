"""Poll both sides for what was missed, ring again for what is due, look after webhooks."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import structlog

from app.domain.errors import Permanent, Problem, Retryable
from app.domain.orders import IdealoOrder
from app.idealo import Unreadable
from app.ledger.ledger import Ledger
from app.ledger.records import CursorRecord, OrderRecord, StoreRecord, Stream
from app.sync.deps import Deps
from app.sync.holding import holding
from app.sync.observe import (
    fingerprint,
    look_at_idealo_order,
    look_at_store_order,
)
from app.sync.silence import standing

IDEALO_OVERLAP = timedelta(days=3)
"""Whether idealo's `from` filters on creation or on change is unknown (reference U3): read far back, compare."""
STORE_OVERLAP = timedelta(minutes=15)
CLAIM = timedelta(seconds=60)
"""How long a poll keeps its turn without a sign of life: new orders wait that long for a worker that was killed."""
IDEALO_WATCH = timedelta(hours=1)
STORE_WATCH = timedelta(hours=6)
COMPARED_AT_ONCE = 100
WATCHED_AT_ONCE = 100
SWEPT_AT_ONCE = 500
UNSEEN_AFTER = timedelta(seconds=15)
"""A delivery that was not looked at by then has lost its ring."""
SKU_RECHECK = timedelta(hours=1)
WEBHOOK_CHECK = timedelta(minutes=10)
CLOSED_AFTER = timedelta(days=100)
"""idealo takes no refund after 60 days; by then nothing more can follow."""

log = structlog.get_logger("bridge")


class PollFailed(Exception):
    """A poll broke off; its cursor stays where it was."""


async def poll_idealo(deps: Deps, store_id: str, *, every: timedelta = timedelta(0)) -> int | None:
    """Reads new and changed orders of one store's idealo account; answers how many changed, None when not due."""
    return await _poll(deps, store_id, "idealo", every)


async def poll_store(deps: Deps, store_id: str, *, every: timedelta = timedelta(0)) -> int | None:
    """Reads what changed in one store; answers how many orders had something new, None when not due."""
    return await _poll(deps, store_id, "store", every)


async def _poll(deps: Deps, store_id: str, stream: Stream, every: timedelta) -> int | None:
    now = deps.now()
    async with deps.ledger() as ledger:
        store = await ledger.store(store_id)
        if store is None or not store.working:
            return None
        cursor = await ledger.claim_poll(store_id, stream, now - every, now + CLAIM, now)
    if cursor is None:
        return None

    async def hold(ledger: Ledger) -> None:
        await ledger.hold_poll(store_id, stream, deps.now() + CLAIM)

    try:
        read = _read_idealo if stream == "idealo" else _read_store
        async with holding(deps, hold, CLAIM / 3, "poll.not_held", store=store_id, stream=stream):
            changed = await read(deps, store, cursor)
    except (Retryable, Permanent) as e:
        await _note_failure(deps, store, cursor, e)
        msg = f"polling {stream} of store {store.name!r} broke off: {e}"
        raise PollFailed(msg) from e
    woken: list[int] = []
    async with deps.ledger() as ledger:
        await ledger.move_cursor(store_id, stream, now, deps.now())
        if cursor.failures:
            woken = await ledger.wake_waiting(store_id, deps.now())
    for order_id in woken:
        await deps.queue.advance(order_id)
    log.info("poll.done", store=store_id, stream=stream, changed=changed, woken=len(woken))
    return changed


async def _note_failure(deps: Deps, store: StoreRecord, cursor: CursorRecord, e: Exception) -> None:
    async with deps.ledger() as ledger:
        await ledger.poll_failed(store.id, cursor.stream, str(e)[:500], deps.now())
    log.warning("poll.failed", store=store.id, stream=cursor.stream, failures=cursor.failures + 1, detail=str(e))


async def _read_idealo(deps: Deps, store: StoreRecord, cursor: CursorRecord) -> int:
    client = deps.sides.idealo(store)
    seen: set[str] = set()
    changed = 0
    for answers in (client.new_orders(), client.orders(cursor.position - IDEALO_OVERLAP)):
        batch: list[IdealoOrder | Unreadable] = []
        async for snapshot in answers:
            if isinstance(snapshot, IdealoOrder):
                if snapshot.idealo_order_id in seen:
                    continue
                seen.add(snapshot.idealo_order_id)
            batch.append(snapshot)
            if len(batch) == COMPARED_AT_ONCE:
                changed += await _take(deps, store, batch)
                batch = []
        changed += await _take(deps, store, batch)
    return changed + await _watch_idealo(deps, store)


async def _take(deps: Deps, store: StoreRecord, batch: Sequence[IdealoOrder | Unreadable]) -> int:
    """Looks closer only at what changed since the last look: most of a poll's answer is known."""
    readable = [s.idealo_order_id for s in batch if isinstance(s, IdealoOrder)]
    known: dict[str, str] = {}
    if readable:
        async with deps.statements() as ledger:
            known = await ledger.fingerprints(store.id, readable)
    same: list[str] = []
    for snapshot in batch:
        if isinstance(snapshot, IdealoOrder) and known.get(snapshot.idealo_order_id) == fingerprint(snapshot):
            same.append(snapshot.idealo_order_id)
        else:
            await look_at_idealo_order(deps, store, snapshot, "poll")
    if same:
        async with deps.ledger() as ledger:
            await ledger.saw_same(store.id, same, deps.now())
    return len(batch) - len(same)


async def _watch_idealo(deps: Deps, store: StoreRecord) -> int:
    """Orders the search window does not show any more are asked for one by one."""
    changed = 0
    for order in await _unseen(deps, store, "idealo", IDEALO_WATCH):
        try:
            snapshot = await deps.sides.idealo(store).order(order.idealo_order_id)
        except Permanent as e:
            if e.problem is Problem.CREDENTIALS:
                raise
            log.warning("order.unwatched", order=order.id, side="idealo", detail=str(e))
            await _saw(deps, order, "idealo")
            continue
        changed += await _take(deps, store, [snapshot])
        await _saw(deps, order, "idealo", fingerprint(snapshot))
        await _close_if_over(deps, order, deps.now())
    return changed


async def _read_store(deps: Deps, store: StoreRecord, cursor: CursorRecord) -> int:
    """One order that cannot be read now does not keep the others from being looked at; the cursor stays for it."""
    adapter = deps.sides.adapter(store)
    seen: dict[str, Retryable | None] = {}
    changed = 0

    async def look(order_id: str) -> bool:
        if order_id in seen:
            return False
        seen[order_id] = None
        try:
            return bool(await look_at_store_order(deps, store, order_id, "poll"))
        except Retryable as e:
            seen[order_id] = e
            return False

    async for order_id in adapter.changed_orders(cursor.position - STORE_OVERLAP):
        changed += await look(order_id)
    for order in await _unseen(deps, store, "store", STORE_WATCH):
        changed += await look(str(order.store_order_id))
    failed = next((e for e in seen.values() if e), None)
    if failed:
        raise failed
    return changed


async def _unseen(deps: Deps, store: StoreRecord, stream: Stream, every: timedelta) -> list[OrderRecord]:
    async with deps.statements() as ledger:
        return await ledger.orders_to_watch(store.id, stream, deps.now(), every, WATCHED_AT_ONCE)


async def _saw(deps: Deps, order: OrderRecord, stream: Stream, shown: str = "") -> None:
    async with deps.ledger() as ledger:
        if stream == "idealo":
            await ledger.saw_idealo(order.id, shown, deps.now())


async def _close_if_over(deps: Deps, order: OrderRecord, now: datetime) -> None:
    if order.placed_at is None or now - order.placed_at < CLOSED_AFTER:
        return
    async with deps.ledger() as ledger:
        if all(r.state in {"done", "skipped"} for r in await ledger.history(order.id)):
            await ledger.close_order(order.id, now)


async def sweep(deps: Deps) -> int:
    """Rings again for everything due whose ring was lost; answers how often. Postgres remembers, Redis only rings."""
    now = deps.now()
    async with deps.ledger() as ledger:
        for event_id in await ledger.waiting_for_sku(None, now - SKU_RECHECK, SWEPT_AT_ONCE):
            await ledger.replay(event_id, "bridge", "looking whether the product is in the store by now", now)
        orders = await ledger.due_orders(now, SWEPT_AT_ONCE)
        deliveries = await ledger.unseen_deliveries(now - UNSEEN_AFTER, SWEPT_AT_ONCE)
    for delivery_id in deliveries:
        await deps.queue.look(delivery_id)
    for order_id in orders:
        await deps.queue.advance(order_id)
    return len(orders) + len(deliveries)


async def look_after_webhooks(deps: Deps, store_id: str, url: str, *, every: timedelta = WEBHOOK_CHECK) -> bool:
    """Creates or repairs a store's webhooks when the last check is old; answers whether they are in order."""
    now = deps.now()
    async with deps.statements() as ledger:
        store = await ledger.store(store_id)
    if store is None or not store.working:
        return False
    if store.webhooks_checked_at and now - store.webhooks_checked_at < every:
        return store.webhooks_problem is None
    note = store.webhooks_note
    try:
        problem, note = standing(await deps.sides.adapter(store).ensure_webhooks(url))
    except (Retryable, Permanent) as e:
        problem = str(e)
    async with deps.ledger() as ledger:
        await ledger.note_webhooks(store_id, now, problem, note)
    if problem:
        log.warning("webhooks.troubled", store=store_id, detail=problem)
    return problem is None
