"""Writes about events: record what is new, lease an order, settle attempts, replay and dismiss."""

import uuid
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import BindParameter, bindparam, exists, or_
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, select, update

from app.domain.errors import Problem
from app.domain.events import Event
from app.ledger import reading
from app.ledger.chain import ChainBook, HeldOrder
from app.ledger.records import AttemptRecord, EventRecord, FoundBy, OrderRecord, Settlement
from app.ledger.tables import AttemptRow, EventRow, OrderRow, StoreRow

LEASE = timedelta(seconds=120)
"""Longer than one step may take (app.sync.advance), so that two workers never act on one order."""
REARMED = (Problem.UNKNOWN_SKU, Problem.STATE_CONFLICT)
"""Problems that a change of the order may solve: its dead events are asked again when something new is recorded."""

# Statements that every step of every order runs are made once: making one costs more than running it.
_ORDER: BindParameter[Any] = bindparam("of_order")
_NOW: BindParameter[Any] = bindparam("now")
_OLDEST_DUE = (
    select(EventRow.due_at)
    .where(
        col(EventRow.order_id) == col(OrderRow.id),
        col(EventRow.state) == "pending",
        col(EventRow.reduced_at).is_(None),
    )
    .order_by(col(EventRow.id))
    .limit(1)
    .scalar_subquery()
)
_WORKING = select(StoreRow.id).where(col(StoreRow.paused_at).is_(None), col(StoreRow.archived_at).is_(None))
_LEASE = (
    update(OrderRow)
    .where(
        col(OrderRow.id) == _ORDER,
        or_(col(OrderRow.leased_until).is_(None), col(OrderRow.leased_until) < _NOW),
        _OLDEST_DUE <= _NOW,
        col(OrderRow.store_id).in_(_WORKING),
    )
    .values(lease=bindparam("token"), leased_until=bindparam("until"))
    .returning(OrderRow)
)
_MINE = update(OrderRow).where(col(OrderRow.id) == _ORDER, col(OrderRow.lease) == bindparam("token"))
_EXTEND = _MINE.values(leased_until=bindparam("until")).returning(OrderRow)
_BEGIN_PLACING = (
    _MINE.where(col(OrderRow.store_id).in_(_WORKING))
    .values(leased_until=bindparam("until"), placing_at=_NOW)
    .returning(OrderRow)
)
_LINK = _MINE.values(
    leased_until=bindparam("until"),
    store_order_id=bindparam("store_order"),
    store_order_number=bindparam("number"),
    store_seen_at=_NOW,
).returning(OrderRow)
_RELEASE = _MINE.values(lease=None, leased_until=None)
_TRIED = insert(AttemptRow).values({name: bindparam(f"tried_{name}") for name in AttemptRecord.model_fields})
_BOOK = (
    update(EventRow)
    .where(col(EventRow.id) == bindparam("tried_event_id"))
    .values(
        state=bindparam("new_state"),
        due_at=bindparam("due"),
        attempts=bindparam("tried_number"),
        problem=bindparam("trouble"),
    )
    .add_cte(_TRIED.cte("tried"))
)
_NEW = insert(EventRow).returning(col(EventRow.id))
_KNOWN = select(EventRow.type, EventRow.key, EventRow.state, EventRow.problem).where(col(EventRow.order_id) == _ORDER)
_HISTORY = (
    select(EventRow)
    .where(col(EventRow.order_id) == _ORDER, col(EventRow.reduced_at).is_(None))
    .order_by(col(EventRow.id))
)
_ATTEMPTS = (
    select(AttemptRow)
    .join(EventRow, col(EventRow.id) == col(AttemptRow.event_id))
    .where(col(EventRow.order_id) == _ORDER)
    .order_by(col(AttemptRow.id))
)


class Leased(NamedTuple):
    """The right to work on an order: the token says whose it is, the order is as it stood then."""

    token: str
    order: OrderRecord


class LeaseLost(Exception):
    """The lease ran out while we worked; what we did is not written, the next one asks the other side first."""


_Standing = tuple[str, str, str | None]
"""Type, state and problem of a recorded event."""


def _unknown(events: Sequence[Event], known: Collection[tuple[str, str]]) -> list[Event]:
    """What is not recorded yet, each once."""
    first = {(event.type, event.key): event for event in reversed(events)}
    return [event for event in events if (event.type, event.key) not in known and first[event.type, event.key] is event]


class EventBook(ChainBook):
    """Events and attempts on one connection."""

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
        # Most looks find nothing new: they need no lock.
        if not events or not _unknown(events, await self._known(order_id)):
            return []
        return await self.record_held(await self._lock_order(order_id), events, found_by, now, commitment=commitment)

    async def record_held(
        self,
        order: HeldOrder,
        events: Sequence[Event],
        found_by: FoundBy,
        now: datetime,
        *,
        commitment: bytes | None = None,
    ) -> list[int]:
        """As `record`, about an order this transaction has written to or locked before."""
        standing = await self._known(order.id) if events else {}
        new = _unknown(events, standing)
        if not new:
            return []
        await self._rearm(order.id, standing.values(), now)
        link = await self._lock_chain(order)
        rows = [link.values(event, found_by, now, commitment) for event in new]
        # One row takes a statement that is made already; several stand in one VALUES list, whose order the chain needs.
        made = await (self._run(_NEW, rows[0]) if len(rows) == 1 else self._run(_NEW.values(rows)))
        return sorted(made.scalars())

    async def _known(self, order_id: int) -> dict[tuple[str, str], _Standing]:
        """Everything recorded about an order, by type and key."""
        rows = await self._run(_KNOWN, {"of_order": order_id})
        return {(kind, key): (kind, state, problem) for kind, key, state, problem in rows}

    async def _rearm(self, order_id: int, standing: Collection[_Standing], now: datetime) -> None:
        """Before the new events are there; theirs is now anyway."""
        if any(state == "dead" and problem in REARMED for _, state, problem in standing):
            dead = select(EventRow.id).where(
                col(EventRow.order_id) == order_id, col(EventRow.state) == "dead", col(EventRow.problem).in_(REARMED)
            )
            for event_id in (await self._run(dead)).scalars():
                await self.replay(event_id, "bridge", "the order changed", now)
        if any(kind == "shipment.created" and state == "pending" for kind, state, _ in standing):
            await self._run(
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
        return [reading.event(row) for row in await self._run(_HISTORY, {"of_order": order_id})]

    async def event(self, event_id: int) -> EventRecord | None:
        """None where there is none, or where retention took its content away."""
        row = (await self._run(select(EventRow).where(col(EventRow.id) == event_id))).one_or_none()
        return reading.event(row) if row and row.reduced_at is None else None

    async def attempts(self, order_id: int) -> list[AttemptRecord]:
        """All attempts to settle this order's events, oldest first."""
        return [reading.attempt(row) for row in await self._run(_ATTEMPTS, {"of_order": order_id})]

    async def lease(self, order_id: int, now: datetime) -> Leased | None:
        """The right to work on an order until now + LEASE.

        None while somebody else has it, while its oldest pending event is not due, or while its store is paused.
        """
        token = str(uuid.uuid4())
        leased = await self._run(_LEASE, {**_under(order_id, token, now), "now": now})
        row = leased.one_or_none()
        return Leased(token, reading.order(row)) if row else None

    async def extend(self, order_id: int, token: str, now: datetime) -> None:
        """Begins the lease anew. Raises LeaseLost."""
        await self._hold(_EXTEND, order_id, _under(order_id, token, now))

    async def release(self, order_id: int, token: str) -> None:
        await self._run(_RELEASE, {"of_order": order_id, "token": token})

    async def _hold(self, statement: Any, order_id: int, values: Mapping[str, Any]) -> OrderRecord:
        """Runs an update of an order under its lease. Raises LeaseLost."""
        row = (await self._run(statement, values)).one_or_none()
        if row is None:
            msg = f"the lease on order {order_id} was taken over"
            raise LeaseLost(msg)
        return reading.order(row)

    async def settle(self, order_id: int, token: str, how: Settlement, now: datetime) -> OrderRecord:
        """Ends an attempt in one transaction: attempt, bookkeeping, link, and the facts that follow.

        Answers the order after it. Raises LeaseLost before it writes anything when somebody else works on it by now.
        """
        values: dict[str, Any] = _under(order_id, token, now)
        statement = _EXTEND
        if how.store_order_id is not None:
            statement = _LINK
            values |= {"store_order": how.store_order_id, "number": how.store_order_number, "now": now}
        order = await self._hold(statement, order_id, values)
        await self._book(how.attempt, how.state, how.due_at, how.problem)
        await self.record_held(order, how.follow, "ledger", now)
        return order

    async def begin_placing(self, order_id: int, token: str, now: datetime) -> None:
        """Written down when a creation leaves: whoever comes next asks the store first.

        Raises LeaseLost, also where the store was paused or archived meanwhile.
        """
        await self._hold(_BEGIN_PLACING, order_id, {**_under(order_id, token, now), "now": now})

    async def postpone(self, order_id: int, token: str, event_id: int, due_at: datetime, now: datetime) -> None:
        """An event that is not ripe yet waits; that is no attempt. Raises LeaseLost."""
        await self._hold(_EXTEND, order_id, _under(order_id, token, now))
        await self._run(update(EventRow).where(col(EventRow.id) == event_id).values(due_at=due_at))

    async def _book(self, attempt: AttemptRecord, state: str, due_at: datetime, problem: Problem | None) -> None:
        tried = {f"tried_{name}": value for name, value in attempt.model_dump().items()}
        await self._run(_BOOK, {**tried, "new_state": state, "due": due_at, "trouble": problem})

    async def replay(self, event_id: int, actor: str, reason: str, now: datetime) -> EventRecord | None:
        """Dead -> pending, with the actor and the reason on record; None when the event is not dead."""
        return await self._decide(event_id, "pending", ("replayed", actor, reason), now)

    async def dismiss(self, event_id: int, actor: str, reason: str, now: datetime) -> EventRecord | None:
        """Dead -> skipped, with the actor and the reason on record; None when the event is not dead."""
        return await self._decide(event_id, "skipped", ("dismissed", actor, reason), now)

    async def ask_again(self, order_id: int, reason: str, now: datetime) -> list[int] | None:
        """Skipped -> pending, with the reason on record: all of an order's events but those a person dismissed.

        Answers their ids; None while somebody works on the order, who may be about to skip another.
        """
        free = or_(col(OrderRow.leased_until).is_(None), col(OrderRow.leased_until) < now)
        order = select(OrderRow.id).where(col(OrderRow.id) == order_id, free).with_for_update(key_share=True)
        if (await self._run(order)).one_or_none() is None:
            return None
        newest = col(AttemptRow.number) == col(EventRow.attempts)
        dismissed = exists().where(
            col(AttemptRow.event_id) == col(EventRow.id), newest, col(AttemptRow.outcome) == "dismissed"
        )
        query = select(EventRow.id, EventRow.attempts).where(
            col(EventRow.order_id) == order_id,
            col(EventRow.state) == "skipped",
            col(EventRow.reduced_at).is_(None),
            ~dismissed,
        )
        found = [(int(event_id), int(tries)) for event_id, tries in await self._run(query)]
        for event_id, tries in found:
            await self._book(_decision(event_id, tries + 1, ("replayed", "bridge", reason), now), "pending", now, None)
        return [event_id for event_id, _ in found]

    async def _decide(self, event_id: int, state: str, how: tuple[str, str, str], now: datetime) -> EventRecord | None:
        query = select(EventRow).where(col(EventRow.id) == event_id)
        row = (await self._run(query.with_for_update())).one_or_none()
        if row is None or row.state != "dead":
            return None
        await self._book(_decision(event_id, row.attempts + 1, how, now), state, now, None)
        return reading.event((await self._run(query)).one())


def _decision(event_id: int, number: int, how: tuple[str, str, str], now: datetime) -> AttemptRecord:
    """The attempt that stands for a decision about an event: outcome, who took it, and why."""
    outcome, actor, reason = how
    said = {"actor": actor, "action": None, "outcome": outcome, "detail": reason}
    return AttemptRecord.model_validate(
        {"event_id": event_id, "number": number, **said, "started_at": now, "ended_at": now}
    )


def _under(order_id: int, token: str, now: datetime) -> dict[str, Any]:
    """What an update under a lease names: the order, whose lease it is, and until when it holds from now on."""
    return {"of_order": order_id, "token": token, "until": now + LEASE}
