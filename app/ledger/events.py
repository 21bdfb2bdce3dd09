"""Writes about events: record what is new, lease an order, settle attempts, replay and dismiss."""

import uuid
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta

from sqlalchemy import or_
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, select, update
from sqlmodel.ext.asyncio.session import AsyncSession

from app.domain.errors import Problem
from app.domain.events import Event
from app.ledger import reading
from app.ledger.chain import ChainBook
from app.ledger.records import AttemptRecord, EventRecord, FoundBy, Settlement
from app.ledger.tables import AttemptRow, EventRow, OrderRow, StoreRow

LEASE = timedelta(seconds=120)
"""Longer than one step may take (app.sync.advance), so that two workers never act on one order."""
REARMED = (Problem.UNKNOWN_SKU, Problem.STATE_CONFLICT)
"""Problems that a change of the order may solve: its dead events are asked again when something new is recorded."""


class LeaseLost(Exception):
    """The lease ran out while we worked; what we did is not written, the next one asks the other side first."""


_Standing = tuple[str, str, str | None]
"""Type, state and problem of a recorded event."""


def _unknown(events: Sequence[Event], known: Collection[tuple[str, str]]) -> list[Event]:
    """What is not recorded yet, each once."""
    first = {(event.type, event.key): event for event in reversed(events)}
    return [event for event in events if (event.type, event.key) not in known and first[event.type, event.key] is event]


class EventBook(ChainBook):
    """Events and attempts within one open transaction."""

    _session: AsyncSession

    async def record(
        self,
        order_id: int,
        events: Sequence[Event],
        found_by: FoundBy,
        now: datetime,
        *,
        commitment: bytes | None = None,
    ) -> list[int]:
        """Continues the store's chain with what is new, in the given order, and answers the new events' ids.

        Something new makes the order's dead events of a kind that a change may solve pending again. `commitment` to
        the buyer is chained with `order.placed`. The chain stays locked until commit: record last.
        """
        if not events or not _unknown(events, await self._known(order_id)):
            return []
        order = await self._lock_order(order_id)
        standing = await self._known(order_id)
        new = _unknown(events, standing)
        if not new:
            return []
        await self._rearm(order_id, standing.values(), now)
        link = await self._lock_chain(order)
        rows = [link.values(event, found_by, now, commitment) for event in new]
        made = await self._session.exec(insert(EventRow).values(rows).returning(col(EventRow.id)))
        return sorted(i for (i,) in made.all())

    async def _known(self, order_id: int) -> dict[tuple[str, str], _Standing]:
        """Everything recorded about an order, by type and key."""
        query = select(EventRow.type, EventRow.key, EventRow.state, EventRow.problem).where(
            col(EventRow.order_id) == order_id
        )
        return {(kind, key): (kind, state, problem) for kind, key, state, problem in await self._session.exec(query)}

    async def _rearm(self, order_id: int, standing: Collection[_Standing], now: datetime) -> None:
        """Before the new events are there; theirs is now anyway."""
        if any(state == "dead" and problem in REARMED for _, state, problem in standing):
            dead = select(EventRow.id).where(
                col(EventRow.order_id) == order_id, col(EventRow.state) == "dead", col(EventRow.problem).in_(REARMED)
            )
            for event_id in (await self._session.exec(dead)).all():
                assert event_id is not None  # noqa: S101 - a stored row has its id
                await self.replay(event_id, "bridge", "the order changed", now)
        if any(kind == "shipment.created" and state == "pending" for kind, state, _ in standing):
            await self._session.exec(
                update(EventRow)
                .where(
                    col(EventRow.order_id) == order_id,
                    col(EventRow.state) == "pending",
                    col(EventRow.type) == "shipment.created",
                    col(EventRow.attempts) == 0,
                )
                .values(due_at=now)
            )

    async def history(self, order_id: int) -> list[EventRecord]:
        """All events of an order, oldest first; those without content any more (retention) are left out."""
        query = (
            select(EventRow)
            .where(col(EventRow.order_id) == order_id, col(EventRow.reduced_at).is_(None))
            .order_by(col(EventRow.id))
        )
        return [reading.event(row) for row in await self._session.exec(query)]

    async def event(self, event_id: int) -> EventRecord | None:
        """None where there is none, or where retention took its content away."""
        row = await self._session.get(EventRow, event_id)
        return reading.event(row) if row and row.reduced_at is None else None

    async def attempts(self, event_ids: Iterable[int]) -> list[AttemptRecord]:
        query = select(AttemptRow).where(col(AttemptRow.event_id).in_(list(event_ids))).order_by(col(AttemptRow.id))
        return [reading.attempt(row) for row in await self._session.exec(query)]

    async def lease(self, order_id: int, now: datetime) -> str | None:
        """The right to work on an order until now + LEASE.

        None while somebody else has it, while its oldest pending event is not due, or while its store is paused.
        """
        token = str(uuid.uuid4())
        oldest = (
            select(EventRow.due_at)
            .where(col(EventRow.order_id) == col(OrderRow.id), col(EventRow.state) == "pending")
            .order_by(col(EventRow.id))
            .limit(1)
            .scalar_subquery()
        )
        done = await self._session.exec(
            update(OrderRow)
            .where(
                col(OrderRow.id) == order_id,
                or_(col(OrderRow.leased_until).is_(None), col(OrderRow.leased_until) < now),
                oldest <= now,
                col(OrderRow.store_id).in_(
                    select(StoreRow.id).where(col(StoreRow.paused_at).is_(None), col(StoreRow.archived_at).is_(None))
                ),
            )
            .values(lease=token, leased_until=now + LEASE)
        )
        return token if done.rowcount else None

    async def extend(self, order_id: int, token: str, now: datetime) -> None:
        """Begins the lease anew. Raises LeaseLost."""
        done = await self._session.exec(
            update(OrderRow)
            .where(col(OrderRow.id) == order_id, col(OrderRow.lease) == token)
            .values(leased_until=now + LEASE)
        )
        if not done.rowcount:
            msg = f"the lease on order {order_id} was taken over"
            raise LeaseLost(msg)

    async def release(self, order_id: int, token: str) -> None:
        await self._session.exec(
            update(OrderRow)
            .where(col(OrderRow.id) == order_id, col(OrderRow.lease) == token)
            .values(lease=None, leased_until=None)
        )

    async def next_event(self, order_id: int, now: datetime) -> EventRecord | None:
        """The oldest pending event, if it is due: a waiting one holds back the younger ones, a dead one does not."""
        query = (
            select(EventRow)
            .where(col(EventRow.order_id) == order_id, col(EventRow.state) == "pending")
            .order_by(col(EventRow.id))
            .limit(1)
        )
        row = (await self._session.exec(query)).one_or_none()
        return reading.event(row) if row and row.due_at <= now else None

    async def settle(self, order_id: int, token: str, how: Settlement, now: datetime) -> list[int]:
        """Ends an attempt in one transaction: attempt, bookkeeping, link, and the facts that follow.

        Raises LeaseLost before writing anything when somebody else works on the order by now.
        """
        await self.extend(order_id, token, now)
        await self._book(how.attempt, how.state, how.due_at, how.problem)
        if how.problem is Problem.UNKNOWN_SKU:
            # The port promises that nothing was created then, so nothing needs to be looked for.
            await self._session.exec(update(OrderRow).where(col(OrderRow.id) == order_id).values(placing_at=None))
        if how.store_order_id is not None:
            await self._session.exec(
                update(OrderRow)
                .where(col(OrderRow.id) == order_id)
                .values(store_order_id=how.store_order_id, store_order_number=how.store_order_number, store_seen_at=now)
            )
        return await self.record(order_id, how.follow, "ledger", now)

    async def begin_placing(self, order_id: int, token: str, now: datetime) -> None:
        """Written down before a creation leaves: whoever comes next asks the store first. Raises LeaseLost."""
        await self.extend(order_id, token, now)
        await self._session.exec(update(OrderRow).where(col(OrderRow.id) == order_id).values(placing_at=now))

    async def postpone(self, order_id: int, token: str, event_id: int, due_at: datetime, now: datetime) -> None:
        """An event that is not ripe yet waits; that is no attempt."""
        await self.extend(order_id, token, now)
        await self._session.exec(update(EventRow).where(col(EventRow.id) == event_id).values(due_at=due_at))

    async def _book(self, attempt: AttemptRecord, state: str, due_at: datetime, problem: Problem | None) -> None:
        self._session.add(AttemptRow(**attempt.model_dump()))
        await self._session.flush()
        await self._session.exec(
            update(EventRow)
            .where(col(EventRow.id) == attempt.event_id)
            .values(state=state, due_at=due_at, attempts=attempt.number, problem=problem)
        )

    async def replay(self, event_id: int, actor: str, reason: str, now: datetime) -> EventRecord | None:
        """Dead -> pending, with the actor and the reason on record; None when the event is not dead."""
        return await self._decide(event_id, "pending", ("replayed", actor, reason), now)

    async def dismiss(self, event_id: int, actor: str, reason: str, now: datetime) -> EventRecord | None:
        """Dead -> skipped, with the actor and the reason on record; None when the event is not dead."""
        return await self._decide(event_id, "skipped", ("dismissed", actor, reason), now)

    async def _decide(self, event_id: int, state: str, how: tuple[str, str, str], now: datetime) -> EventRecord | None:
        query = select(EventRow).where(col(EventRow.id) == event_id).with_for_update()
        row = (await self._session.exec(query)).one_or_none()
        if row is None or row.state != "dead":
            return None
        outcome, actor, reason = how
        attempt = AttemptRecord.model_validate(
            {
                "event_id": event_id,
                "number": row.attempts + 1,
                "actor": actor,
                "action": None,
                "outcome": outcome,
                "detail": reason,
                "started_at": now,
                "ended_at": now,
            }
        )
        await self._book(attempt, state, now, None)
        await self._session.refresh(row)
        return reading.event(row)
