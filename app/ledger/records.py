"""Rows of the ledger as the rest of the program sees them: frozen, with the event as its domain value."""

from decimal import Decimal
from typing import Any, Literal

from pydantic import AwareDatetime

from app.domain.errors import Problem
from app.domain.events import Event
from app.domain.value import Value

EventState = Literal["pending", "done", "skipped", "dead"]
FoundBy = Literal["webhook", "poll", "ledger", "operator"]
Stream = Literal["store", "idealo"]
Outcome = Literal["done", "skipped", "retry", "deferred", "dead", "replayed", "dismissed"]
"""`deferred`: the other side said when to come back, so the try does not count against the event."""


class StoreRecord(Value):
    """A connected store; `sealed` holds credentials and secrets, `settings` what the merchant chose."""

    id: str
    kind: str
    name: str
    idealo_shop_id: str
    sealed: bytes
    settings: dict[str, Any]
    version: int
    webhooks_checked_at: AwareDatetime | None
    webhooks_problem: str | None
    paused_at: AwareDatetime | None
    archived_at: AwareDatetime | None
    created_at: AwareDatetime

    @property
    def working(self) -> bool:
        """Whether orders of this store are worked on now."""
        return self.paused_at is None and self.archived_at is None


class DeliveryRecord(Value):
    """A kept delivery: enough to look at the order it names."""

    id: int
    store_id: str
    topic: str
    store_order_id: str | None
    remark: str | None
    received_at: AwareDatetime
    looked_at: AwareDatetime | None


class OrderRecord(Value):
    """The link between the two copies of one order."""

    id: int
    store_id: str
    idealo_order_id: str
    store_order_id: str | None
    store_order_number: str | None
    placed_at: AwareDatetime | None
    total: Decimal | None
    currency: str | None
    placing_at: AwareDatetime | None
    idealo_seen_at: AwareDatetime | None
    store_seen_at: AwareDatetime | None
    created_at: AwareDatetime
    closed_at: AwareDatetime | None


class EventRecord(Value):
    """A recorded event with its bookkeeping."""

    id: int
    order_id: int
    event: Event
    found_by: FoundBy
    recorded_at: AwareDatetime
    state: EventState
    due_at: AwareDatetime
    attempts: int
    problem: Problem | None


class AttemptRecord(Value):
    """One try to settle an event, or a person's decision about it."""

    event_id: int
    number: int
    actor: str
    action: dict[str, Any] | None
    outcome: Outcome
    detail: str
    started_at: AwareDatetime
    ended_at: AwareDatetime


class CursorRecord(Value):
    """How far a poll has read, and how it went."""

    store_id: str
    stream: Stream
    position: AwareDatetime
    polled_at: AwareDatetime | None
    failures: int
    trouble: str | None


class Settlement(Value):
    """How an attempt ended: the attempt row to write, and the event's bookkeeping after it."""

    attempt: AttemptRecord
    state: EventState
    due_at: AwareDatetime
    problem: Problem | None = None
    follow: tuple[Event, ...] = ()
    """Facts that follow from it, recorded in the same transaction."""
    store_order_id: str | None = None
    store_order_number: str | None = None
    """The link to write, when the attempt made or found the store order."""
