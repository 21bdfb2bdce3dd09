"""One event with everything a decision about it may need: history, settings, and both sides, read when asked for."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from app.domain.errors import Permanent, Problem
from app.domain.events import OrderImported, OrderPlaced
from app.domain.orders import IdealoOrder, Purchase, StoreOrder
from app.domain.settings import StoreSettings
from app.domain.units import ImportedLine
from app.idealo import IdealoClient
from app.ledger.records import AttemptRecord, EventRecord, OrderRecord, StoreRecord
from app.ports import StoreAdapter


@dataclass
class Case:
    """Reads each side at most once; a new attempt makes a new case and so looks again."""

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
    _at_idealo: IdealoOrder | None = field(default=None, init=False)
    _in_store: StoreOrder | None = field(default=None, init=False)

    async def at_idealo(self) -> IdealoOrder:
        """The order as idealo holds it now."""
        if self._at_idealo is None:
            self._at_idealo = await self.idealo.order(self.order.idealo_order_id)
        return self._at_idealo

    async def in_store(self) -> StoreOrder:
        """The order as the store holds it now. Permanent(state_conflict) when it was never imported."""
        if self._in_store is None:
            if self.order.store_order_id is None:
                msg = f"idealo order {self.order.idealo_order_id} has no store order yet; settle order.placed first"
                raise Permanent(Problem.STATE_CONFLICT, msg)
            self._in_store = await self.adapter.fetch_order(self.order.store_order_id)
        return self._in_store

    def found_in_store(self, order: StoreOrder) -> None:
        """Keeps a snapshot that a search brought, so that linking needs no further call."""
        self._in_store = order

    @property
    def purchase(self) -> Purchase:
        return next(e.event.purchase for e in self.history if isinstance(e.event, OrderPlaced))

    def others(self) -> Iterable[EventRecord]:
        return (e for e in self.history if e.id != self.record.id)


def imported_lines(history: Iterable[EventRecord]) -> tuple[ImportedLine, ...]:
    """The lines frozen at import; empty before."""
    return next((e.event.lines for e in history if isinstance(e.event, OrderImported)), ())
