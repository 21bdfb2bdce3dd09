"""Look at an order on either side, write down what is new, ring for it."""

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta

from app.domain import events as e
from app.domain.errors import Permanent, Problem
from app.domain.orders import IdealoOrder, StoreOrder
from app.domain.settings import StoreSettings
from app.domain.units import units_in_store
from app.idealo import Unreadable
from app.ledger.records import EventRecord, FoundBy, OrderRecord, StoreRecord
from app.ledger.tables import DeliveryRow
from app.sync.case import imported_lines
from app.sync.deps import Deps
from app.sync.erase import seal_buyer
from app.sync.quoted import discreet

PRODUCT_PAUSE = timedelta(minutes=1)
"""Every sale changes a product: orders that wait for a SKU are not asked more often than that because of it."""


async def look_at_delivery(deps: Deps, delivery_id: int) -> None:
    """Looks at the order a kept delivery names. Raises Retryable; the sweep then rings again."""
    async with deps.statements() as ledger:
        delivery = await ledger.delivery(delivery_id)
        if delivery is None or delivery.looked_at is not None:
            return
        store = await ledger.store(delivery.store_id)
        if store is None or not store.working:
            return
    if delivery.store_order_id is not None:
        async with deps.looks.of(store.id, delivery.store_order_id):
            await _look_for_all_unseen(deps, store, delivery.store_order_id)
        return
    if delivery.topic.startswith("product."):
        why = f"a product changed in the store ({delivery.topic})"
        await resume_unknown_skus(deps, store.id, "bridge", why, not_since=deps.now() - PRODUCT_PAUSE)
    async with deps.statements() as ledger:
        await ledger.mark_looked(store.id, None, delivery_id, deps.now())


async def _look_for_all_unseen(deps: Deps, store: StoreRecord, store_order_id: str) -> None:
    async with deps.statements() as ledger:
        newest = await ledger.newest_unseen(store.id, store_order_id)
    if newest is None:
        return  # the look we waited for began after this delivery had come in
    await look_at_store_order(deps, store, store_order_id, "webhook")
    async with deps.statements() as ledger:
        await ledger.mark_looked(store.id, store_order_id, newest, deps.now())


async def look_at_store_order(deps: Deps, store: StoreRecord, store_order_id: str, found_by: FoundBy) -> list[int]:
    """Reads one store order, if it is one of ours, and records what is new. Answers the new events' ids.

    An order that cannot be read or understood becomes an order.conflict, unless the store hides orders of its age.
    Raises Retryable.
    """
    async with deps.statements() as ledger:
        order = await ledger.linked(store.id, store_order_id)
        if order is None or order.reduced_at is not None:
            return []
        history = await ledger.history(order.id)
    adapter = deps.sides.adapter(store)
    shipped: dict[str, int] | None = None
    try:
        snapshot = await adapter.fetch_order(store_order_id)
        events = events_of_store_order(store, snapshot, history, adapter.Settings)
        shipped = {u.sku: u.shipped for u in units_in_store(snapshot, imported_lines(history))}
    except Permanent as problem:
        if problem.problem is Problem.CREDENTIALS:
            raise
        hidden = adapter.capabilities.hides(order.placed_at, deps.now())
        refused = problem.problem is Problem.REJECTED
        [reason] = await discreet(deps, order.id, str(problem), refused=refused)
        events = [] if hidden else [_unreadable("store", reason)]
    async with deps.ledger() as ledger:
        await ledger.saw_store(order.id, shipped, deps.now())
        new = await ledger.record_held(order, events, found_by, deps.now())
    if new:
        await deps.queue.advance(order.id)
    return new


def events_of_store_order(
    store: StoreRecord, snapshot: StoreOrder, history: Sequence[EventRecord], settings_model: type[StoreSettings]
) -> list[e.Event]:
    """Everything a store snapshot implies for an order with this history, known or new."""
    settings = settings_model.model_validate(store.settings)
    lines = imported_lines(history)
    events = e.events_in_store(snapshot, lines, when_complete=settings.report_shipment == "when_complete")
    events += e.contradictions_in_store(snapshot, lines, [r.event for r in history])
    if settings.refund_on_cancel and snapshot.cancelled and not snapshot.shipments:
        events += e.refund_for_cancellation(snapshot, [r.event for r in history])
    return events


def partly_revoked(order: IdealoOrder, history: Sequence[EventRecord]) -> list[e.Event]:
    """Units that idealo no longer counts although we never said so: the buyer cancelled in part; a person decides."""
    if order.revocation_wanted or order.revoked:
        return []
    told: dict[str, int] = {}
    for record in history:
        if isinstance(record.event, e.LineCancelled | e.LineReturned):
            sku = record.event.sku
            told[sku] = min(told.get(sku, record.event.remaining), record.event.remaining)
    events: list[e.Event] = []
    for sku, ordered in order.purchase.ordered().items():
        held, expected = order.remaining.get(sku, ordered), told.get(sku, ordered)
        if held < expected:
            detail = f"{sku}: idealo counts {held} units, {expected} were expected; cancel the difference in the store"
            events.append(e.OrderConflict(side="idealo", rule="partly_revoked", about=f"{sku}/{held}", detail=detail))
    return events


async def look_at_idealo_order(
    deps: Deps, store: StoreRecord, snapshot: IdealoOrder | Unreadable, found_by: FoundBy
) -> OrderRecord | None:
    """Records what an idealo snapshot implies, new orders included. Answers the order, None where it has no id."""
    now = deps.now()
    if isinstance(snapshot, Unreadable):
        return await _keep_unreadable(deps, store, snapshot, found_by)
    async with deps.ledger() as ledger:
        order = await ledger.order_for(
            store.id, snapshot.idealo_order_id, snapshot.purchase, now, fingerprint=fingerprint(snapshot)
        )
        if order.reduced_at is not None:
            return order
        history = await ledger.history(order.id)
        events = [*e.events_in_idealo(snapshot), *partly_revoked(snapshot, history)]
        commitment = None
        if not any(isinstance(r.event, e.OrderPlaced) for r in history):
            buyer = seal_buyer(deps.vault, snapshot.buyer)
            kept = await ledger.keep_buyer(order.id, buyer.sealed, buyer.sealed_key)
            commitment = buyer.commitment if kept else None
        new = await ledger.record_held(order, events, found_by, now, commitment=commitment)
    if new:
        await deps.queue.advance(order.id)
    return order


async def _keep_unreadable(deps: Deps, store: StoreRecord, answer: Unreadable, found_by: FoundBy) -> OrderRecord | None:
    """Keeps the raw answer sealed, and the order as one that needs a person."""
    digest = hashlib.sha256(answer.raw).hexdigest()
    now = deps.now()
    row = DeliveryRow(
        store_id=store.id,
        key=f"idealo/{answer.idealo_order_id or ''}/{digest}",
        topic="idealo.unreadable",
        headers={},
        body_sha256=digest,
        body_size=len(answer.raw),
        body=deps.vault.seal_bytes(answer.raw),
        remark=answer.reason,
        received_at=now,
        looked_at=now,
    )
    async with deps.ledger() as ledger:
        if answer.idealo_order_id is None:
            await ledger.keep_answer(row)
            return None
        order = await ledger.order_for(store.id, answer.idealo_order_id, None, now)
        buyer = await ledger.buyer(order.id)
        if buyer is not None and buyer.erased_at is not None:
            row.body = None  # what was erased does not come back
        await ledger.keep_answer(row)
        new = await ledger.record(order.id, [_unreadable("idealo", answer.reason)], found_by, now)
    if new:
        await deps.queue.advance(order.id)
    return order


def _unreadable(side: e.Side, reason: str) -> e.OrderConflict:
    return e.OrderConflict(
        side=side, rule="unreadable", about=hashlib.sha256(reason.encode()).hexdigest()[:12], detail=reason
    )


async def resume_unknown_skus(
    deps: Deps, store_id: str, actor: str, reason: str, *, not_since: datetime | None = None
) -> int:
    """Asks orders that wait for an unknown SKU again, if they were not asked since a moment. Answers how many."""
    async with deps.ledger() as ledger:
        waiting = await ledger.waiting_for_sku(store_id, not_since, 1000)
        resumed = [await ledger.replay(event_id, actor, reason, deps.now()) for event_id in waiting]
    for record in resumed:
        if record:
            await deps.queue.advance(record.order_id)
    return len([r for r in resumed if r])


def fingerprint(order: IdealoOrder) -> str:
    """A hash of everything an idealo snapshot can change; equal means a look would find nothing new."""
    return hashlib.sha256(order.model_dump_json(exclude={"buyer"}).encode()).hexdigest()
