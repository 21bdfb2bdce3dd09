"""Reads one order on all three sides for a comparison: both sides first, the ledger last."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from typing import TypeVar

from app.domain.difference import ComparedSide
from app.domain.errors import Permanent, Problem, Retryable
from app.domain.orders import IdealoOrder, IdealoRefund, StoreOrder
from app.domain.settings import StoreSettings
from app.idealo import IdealoClient, Unreadable
from app.ledger.records import OrderRecord, StoreRecord
from app.ports import StoreAdapter
from app.sync.deps import Deps
from app.sync.difference import Sight

PATIENCE_S = 60.0
"""Per question: a side that asks for pauses gets as many as fit; one that wants more cannot be read now."""
PATIENCE_IN_ALL_S = 4 * 3600.0
"""Of one run, all its questions together, four of them at once; what is asked later has to be answered at once."""
UNREAD_MOST = 5
"""A side that did not answer for so many orders is not asked for the others."""
SPREAD = 0.5
"""Questions that are sent away together do not come back together: each waits up to so much longer, if it fits."""

_T = TypeVar("_T")


@dataclass
class Patience:
    """What is left of it in one run."""

    left_s: float = PATIENCE_IN_ALL_S


class SideUnread(Exception):
    """One side did not answer for one order; `lasting` when it will not answer for the others either."""

    def __init__(self, side: ComparedSide, detail: str, *, lasting: bool) -> None:
        super().__init__(detail)
        self.side = side
        self.lasting = lasting


@dataclass(frozen=True)
class Eyes:
    """Both sides of one store, opened for a reconciliation."""

    deps: Deps
    store: StoreRecord
    adapter: StoreAdapter
    idealo: IdealoClient
    settings: StoreSettings
    patience: Patience = field(default_factory=Patience)

    @classmethod
    def open(cls, deps: Deps, store: StoreRecord) -> "Eyes":
        """Raises SealBrokenError when no master key opens the store's credentials."""
        adapter = deps.sides.adapter(store)
        return cls(deps, store, adapter, deps.sides.idealo(store), adapter.Settings.model_validate(store.settings))

    async def look(
        self, idealo_order_id: str, order: OrderRecord | None, shown: IdealoOrder | Unreadable | None = None
    ) -> Sight:
        """The order on every side; `shown` is what idealo's list just said of it. Raises SideUnread."""
        at_idealo, idealo_trouble = await self._at_idealo(idealo_order_id, shown)
        in_store, store_trouble = await self._in_store(order)
        refunds = await self._refunds(at_idealo, in_store)
        # The ledger last: what a worker told idealo meanwhile is then found settled a moment ago, not missing.
        recorded = await self.recorded(idealo_order_id)
        known = recorded.order
        if known and order and known.store_order_id != order.store_order_id:
            in_store, store_trouble = await self._in_store(known)
        return replace(
            recorded,
            now=self.deps.now(),
            at_idealo=at_idealo,
            refunds=refunds,
            idealo_trouble=idealo_trouble,
            in_store=in_store,
            store_trouble=store_trouble,
        )

    async def recorded(self, idealo_order_id: str) -> Sight:
        """What the ledger says of the order; neither side is asked."""
        async with self.deps.statements() as ledger:
            order = await ledger.known_order(self.store.id, idealo_order_id)
            history = await ledger.history(order.id) if order else []
            attempts = await ledger.attempts(order.id) if order else []
        return Sight(
            now=self.deps.now(),
            store=self.store,
            settings=self.settings,
            idealo_order_id=idealo_order_id,
            order=order,
            history=tuple(history),
            attempts=tuple(attempts),
        )

    async def _patiently(self, side: ComparedSide, ask: Callable[[], Awaitable[_T]]) -> tuple[_T | None, str | None]:
        """The answer, after the pauses the side asks for, or why the order itself is at fault. Raises SideUnread."""
        left = PATIENCE_S
        while True:
            try:
                return await ask(), None
            except Permanent as error:
                if error.problem is Problem.CREDENTIALS:
                    raise SideUnread(side, str(error), lasting=True) from error
                return None, str(error)
            except Retryable as error:
                asked = error.after.total_seconds() if error.after else None
                if asked is None or asked > min(left, self.patience.left_s):
                    raise SideUnread(side, str(error), lasting=False) from error
                spread = random.uniform(1, 1 + SPREAD)  # noqa: S311 - nothing hangs on its being guessed
                pause = min(asked * spread, left, self.patience.left_s)
            left -= pause
            self.patience.left_s -= pause
            await asyncio.sleep(pause)

    async def _at_idealo(
        self, idealo_order_id: str, shown: IdealoOrder | Unreadable | None
    ) -> tuple[IdealoOrder | None, str | None]:
        if isinstance(shown, IdealoOrder):
            return shown, None
        if isinstance(shown, Unreadable):
            return None, shown.reason
        return await self._patiently("idealo", lambda: self.idealo.order(idealo_order_id))

    async def _in_store(self, order: OrderRecord | None) -> tuple[StoreOrder | None, str | None]:
        if order is None or order.store_order_id is None:
            return None, None
        snapshot, trouble = await self.store_order(order.store_order_id)
        hidden = snapshot is None and self.adapter.capabilities.hides(order.placed_at, self.deps.now())
        return snapshot, None if hidden else trouble

    async def store_order(self, store_order_id: str) -> tuple[StoreOrder | None, str | None]:
        """The order as the store holds it, or why it cannot be understood. Raises SideUnread."""
        return await self._patiently("store", lambda: self.adapter.fetch_order(store_order_id))

    async def _refunds(self, at_idealo: IdealoOrder | None, in_store: StoreOrder | None) -> tuple[IdealoRefund, ...]:
        """idealo's own list of refunds where the order alone does not settle it; the order may leave them out."""
        if at_idealo is None:
            return ()
        there = sorted(r.amount for r in at_idealo.refunds if not r.failed)
        here = sorted(r.amount for r in in_store.refunds) if in_store else []
        if here == there or not at_idealo.purchase.refundable:
            return at_idealo.refunds
        listed, _ = await self._patiently("idealo", lambda: self.idealo.refunds(at_idealo.idealo_order_id))
        return at_idealo.refunds if listed is None else listed
