"""Rows of the ledger as the rest of the program sees them: frozen, with the event as its domain value."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal

from pydantic import AwareDatetime

from app.domain.difference import Difference
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
    webhooks_note: str | None = None
    """Why this shop sends no webhooks although nothing is wrong."""
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
    reduced_at: AwareDatetime | None
    """When retention took the content of its facts away; nothing is recorded about it any more."""


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


class HeadRecord(Value):
    """Where a store's chain ended at a moment: how many facts, and the last one's hash (32 bytes)."""

    store_id: str
    length: int
    hash: bytes
    noted_at: AwareDatetime


class BuyerRecord(Value):
    """Who bought, sealed; None after erasure, which says when, by whom and why. `sealed_key` is None in old rows."""

    order_id: int
    sealed: bytes | None
    sealed_key: bytes | None
    erased_at: AwareDatetime | None
    erased_by: str | None
    erase_reason: str | None


class ReconciliationRecord(Value):
    """A comparison of idealo, ledger and store. `ended_at` is None while it runs, and for ever when it died."""

    id: int
    store_id: str
    found_by: Literal["cron", "operator"]
    days: int
    repair: bool
    started_at: AwareDatetime
    progress_at: AwareDatetime
    ended_at: AwareDatetime | None
    orders: int
    """Compared so far."""
    orders_in_all: int | None
    """How many there are to compare; None until they were counted."""
    open: int
    mended: int
    differences: tuple[Difference, ...]
    notes: tuple[str, ...]
    """What was not covered, and why."""


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


def next_of(history: Sequence[EventRecord], now: datetime) -> EventRecord | None:
    """The oldest pending event, if it is due: a waiting one holds back the younger ones, a dead one does not."""
    oldest = next((record for record in history if record.state == "pending"), None)
    return oldest if oldest and oldest.due_at <= now else None
