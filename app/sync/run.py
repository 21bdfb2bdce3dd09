"""One lease on an order and what is written under it."""

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from app.ledger.ledger import LEASE
from app.ledger.records import OrderRecord, Settlement
from app.sync.actions import Action, SendFulfillment, SendRefund
from app.sync.deps import Deps

STEP_S = 100
"""A step that takes longer is broken off while the lease still holds."""
SETTLING_S = 10
"""What a step needs of the lease besides: to write down how it ended."""
assert LEASE.total_seconds() > STEP_S + SETTLING_S  # noqa: S101 - two constants that must fit

LOOK_BACK_S = 1.0
LOOKS_BACK = 150
"""Longer than whoever took an order over may keep it."""

log = structlog.get_logger("bridge")


@dataclass
class Run:
    """One lease and what is done under it."""

    deps: Deps
    token: str
    held_since: datetime
    acting: Action | None = None
    """A call that may have left, and whose end is not written down yet."""

    async def begin(self, action: Action, order_id: int) -> None:
        """Before a call leaves that must not be made twice: is the order still ours? Raises LeaseLost.

        A creation asks when it leaves (`announce`); what states how things are to be may be said twice.
        """
        if isinstance(action, SendRefund | SendFulfillment):
            async with self.deps.statements() as ledger:
                await ledger.extend(order_id, self.token, self._extended())
        self.acting = action

    async def announce(self, order_id: int) -> None:
        """A creation leaves: whoever comes next asks the store first. Raises LeaseLost."""
        acting, self.acting = self.acting, None  # until this is written nothing has left
        async with self.deps.statements() as ledger:
            await ledger.begin_placing(order_id, self.token, self._extended())
        self.acting = acting

    async def hold(self, order_id: int) -> None:
        """What is left of the lease has to outlast a step. Raises LeaseLost."""
        if self.deps.now() - self.held_since > LEASE - timedelta(seconds=STEP_S + SETTLING_S):
            async with self.deps.statements() as ledger:
                await ledger.extend(order_id, self.token, self._extended())

    async def settle(self, order_id: int, how: Settlement) -> OrderRecord:
        """Raises LeaseLost."""
        async with self.deps.ledger() as ledger:
            order = await ledger.settle(order_id, self.token, how, self._extended())
        self.acting = None
        return order

    async def postpone(self, order_id: int, event_id: int, due_at: datetime) -> None:
        """Raises LeaseLost."""
        async with self.deps.ledger() as ledger:
            await ledger.postpone(order_id, self.token, event_id, due_at, self._extended())

    def _extended(self) -> datetime:
        self.held_since = self.deps.now()
        return self.held_since


async def look_back(deps: Deps, order_id: int) -> None:
    """Whoever took the order over may have judged it before our call had its effect: what was skipped is asked again.

    A machine that slept in the middle of a call wakes up with its lease gone, and with the call still going on.
    """
    reason = "a call of an earlier step ended only now"
    for _ in range(LOOKS_BACK):
        async with deps.ledger() as ledger:
            asked = await ledger.ask_again(order_id, reason, deps.now())
        if asked is not None:
            log.warning("lease.lost_in_a_call", order=order_id, asked_again=len(asked))
            if asked:
                await deps.queue.advance(order_id)
            return
        await asyncio.sleep(LOOK_BACK_S)
    log.error("lease.lost_in_a_call", order=order_id, advice="compare the order with: bridge reconcile")
