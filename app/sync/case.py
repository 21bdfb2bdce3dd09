"""One event with everything a decision about it may need: history, settings, and both sides, read when asked for."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from app.domain.errors import Permanent, Problem
from app.domain.events import OrderImported, OrderPlaced
from app.domain.orders import IdealoOrder, Purchase, StoreOrder
from app.domain.settings import StoreSettings
from app.domain.units import ImportedLine
from app.idealo import IdealoClient
from app.ledger.records import AttemptRecord, EventRecord, OrderRecord, StoreRecord
from app.ports import StoreAdapter
from app.sync.actions import WRITES_TO_IDEALO, WRITES_TO_STORE, Action

FRESH = timedelta(seconds=10)
"""What was read that short a time before a step begins serves it too, unless we wrote to that side since."""


@dataclass(frozen=True)
class Seen:
    """What a run has read of both sides; neither was read before `since`.

    Handed on only to facts the run itself has drawn from it (app.sync.advance): what anybody else found may be newer.
    """

    since: datetime
    at_idealo: IdealoOrder | None = None
    in_store: StoreOrder | None = None

    def kept(self, wrote: Action | None, now: datetime) -> "Seen":
        """What the next step of the run need not read again: not the side this step wrote to, whatever came of it."""
        if now - self.since > FRESH:
            return Seen(now)
        return Seen(
            self.since,
            None if isinstance(wrote, WRITES_TO_IDEALO) else self.at_idealo,
            None if isinstance(wrote, WRITES_TO_STORE) else self.in_store,
        )


@dataclass
class Case:
    """Reads each side at most once, and not what the step before has just read."""

    record: EventRecord
    store: StoreRecord
    order: OrderRecord
    history: list[EventRecord]
    tried: list[AttemptRecord]
    """Earlier attempts of this event, oldest first."""
    dismissed: frozenset[int]
    """Ids of events of this order that a person dismissed."""
    aliases: dict[str, str]
    settings: StoreSettings
    adapter: StoreAdapter
    idealo: IdealoClient
    now: datetime
    seen: Seen

    async def at_idealo(self) -> IdealoOrder:
        """The order as idealo holds it now."""
        order = self.seen.at_idealo or await self.idealo.order(self.order.idealo_order_id)
        self.seen = replace(self.seen, at_idealo=order)
        return order

    async def in_store(self) -> StoreOrder:
        """The order as the store holds it now. Permanent(state_conflict) when it was never imported."""
        if self.seen.in_store is not None:
            return self.seen.in_store
        if self.order.store_order_id is None:
            msg = f"idealo order {self.order.idealo_order_id} has no store order yet; settle order.placed first"
            raise Permanent(Problem.STATE_CONFLICT, msg)
        order = await self.adapter.fetch_order(self.order.store_order_id)
        self.found_in_store(order)
        return order

    def found_in_store(self, order: StoreOrder) -> None:
        """Keeps a snapshot, also one that a search brought, so that it needs no further call."""
        self.seen = replace(self.seen, in_store=order)

    @property
    def purchase(self) -> Purchase:
        return next(e.event.purchase for e in self.history if isinstance(e.event, OrderPlaced))

    def ends_of_tries(self) -> list[datetime]:
        """When calls of this event ended that may have had an effect nobody heard of."""
        return [a.ended_at for a in self.tried if a.action and a.outcome in {"retry", "deferred", "dead"}]

    def others(self) -> Iterable[EventRecord]:
        return (e for e in self.history if e.id != self.record.id)


def imported_lines(history: Iterable[EventRecord]) -> tuple[ImportedLine, ...]:
    """The lines frozen at import; empty before."""
    return next((e.event.lines for e in history if isinstance(e.event, OrderImported)), ())
