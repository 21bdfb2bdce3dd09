"""What a person does with events: preview, replay, dismiss; and explain, for integrators."""

from typing import Literal

from app.domain.errors import Permanent, Retryable
from app.domain.events import Event
from app.domain.orders import StoreOrder
from app.domain.value import Value
from app.ledger.records import EventRecord, OrderRecord, StoreRecord
from app.sync.actions import Action
from app.sync.advance import open_case
from app.sync.case import Case
from app.sync.decide import Do, Later, decide
from app.sync.deps import Deps
from app.sync.observe import events_of_store_order


class Preview(Value):
    """What would be done about an event now, and why; nothing was sent."""

    event_id: int | None
    decision: Literal["act", "nothing", "later", "retry", "dead"]
    action: Action | None = None
    reason: str


class ExplainedEvent(Value):
    """An event a snapshot implies, whether the ledger has it, and what it would lead to."""

    event: Event
    new: bool
    preview: Preview | None


class Explained(Value):
    """A store order as understood, and everything that follows from it."""

    snapshot: StoreOrder
    linked: bool
    events: tuple[ExplainedEvent, ...]


async def preview(deps: Deps, event_id: int) -> Preview | None:
    """The decision an event would get now; None when there is no such event, or when its content is gone."""
    async with deps.statements() as ledger:
        record = await ledger.event(event_id)
    if record is None:
        return None
    case = await open_case(deps, record.order_id, event_id)
    return None if case is None else await _preview(case)


async def _preview(case: Case) -> Preview:
    event_id = case.record.id or None
    try:
        decision = await decide(case)
    except Retryable as e:
        return Preview(event_id=event_id, decision="retry", reason=str(e))
    except Permanent as e:
        return Preview(event_id=event_id, decision="dead", reason=f"{e.problem}: {e}")
    if isinstance(decision, Do):
        why = "the other side does not have it yet"
        return Preview(event_id=event_id, decision="act", action=decision.action, reason=why)
    if isinstance(decision, Later):
        return Preview(
            event_id=event_id, decision="later", reason=f"{decision.reason} until {decision.due_at.isoformat()}"
        )
    return Preview(event_id=event_id, decision="nothing", reason=decision.reason)


async def replay(deps: Deps, event_id: int, actor: str, reason: str) -> EventRecord | None:
    """dead -> pending and ring; None when the event is not dead."""
    async with deps.ledger() as ledger:
        record = await ledger.replay(event_id, actor, reason, deps.now())
    if record:
        await deps.queue.advance(record.order_id)
    return record


async def dismiss(deps: Deps, event_id: int, actor: str, reason: str) -> EventRecord | None:
    """dead -> skipped: it needs nothing; None when the event is not dead."""
    async with deps.ledger() as ledger:
        return await ledger.dismiss(event_id, actor, reason, deps.now())


async def explain(deps: Deps, store: StoreRecord, store_order_id: str) -> Explained:
    """Reads a store order and says what it means here; sends and records nothing. Raises Retryable, Permanent."""
    adapter = deps.sides.adapter(store)
    snapshot = await adapter.fetch_order(store_order_id)
    async with deps.statements() as ledger:
        order = await ledger.linked(store.id, store_order_id)
        history = await ledger.history(order.id) if order else []
    # An order whose facts retention has reduced has no history any more, and nothing follows from it.
    events = events_of_store_order(store, snapshot, history, adapter.Settings) if order and history else []
    known = {(r.event.type, r.event.key): r for r in history}
    explained: list[ExplainedEvent] = []
    for event in events:
        record = known.get((event.type, event.key))
        shown = await _foresee(deps, order, event, record, history) if order else None
        explained.append(ExplainedEvent(event=event, new=record is None, preview=shown))
    return Explained(snapshot=snapshot, linked=order is not None, events=tuple(explained))


async def _foresee(
    deps: Deps, order: OrderRecord, event: Event, record: EventRecord | None, history: list[EventRecord]
) -> Preview | None:
    """The decision about an event that may not be recorded yet, as if it were the newest of its order."""
    anchor = record or history[-1]
    case = await open_case(deps, order.id, anchor.id)
    if case is None:
        return None
    if record is None:
        case.record = EventRecord(
            id=0,
            order_id=order.id,
            event=event,
            found_by="operator",
            recorded_at=deps.now(),
            state="pending",
            due_at=deps.now(),
            attempts=0,
            problem=None,
        )
        case.tried = []
    return await _preview(case)
