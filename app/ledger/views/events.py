"""Events as operators see them, with the attempts to settle them."""

from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import AwareDatetime, Field

from app.domain.errors import Problem
from app.domain.events import EventType
from app.domain.value import Value
from app.ledger.records import EventState, FoundBy, Outcome
from app.ledger.views.page import Page, View, page_of


class EventFilter(Value):
    """Which events to list; None means any."""

    store_id: str | None = None
    order_id: int | None = None
    state: EventState | None = None
    problem: Problem | None = None
    type: EventType | None = None


class LoggedAttempt(Value):
    """One try to settle an event, or a person's decision about it."""

    number: int
    actor: Annotated[str, Field(description="`bridge`, or the subject of the token that replayed or dismissed")]
    action: Annotated[dict[str, Any] | None, Field(description="the outbound write; its `name` is snake case")]
    outcome: Outcome
    detail: str
    started_at: AwareDatetime
    ended_at: AwareDatetime
    duration_ms: int


class EventView(Value):
    """A fact about one order, with its bookkeeping."""

    id: int
    order_id: int
    store_id: str
    idealo_order_id: str
    store_order_number: str | None
    type: EventType
    key: Annotated[str, Field(description="names the fact within order and type; recorded once")]
    data: Annotated[
        dict[str, Any], Field(description="what became true; never personal data; empty once `reduced_at` is set")
    ]
    state: EventState
    problem: Problem | None
    found_by: FoundBy
    recorded_at: AwareDatetime
    due_at: AwareDatetime
    chain_no: Annotated[int, Field(description="place in the store's chain of facts, from 1")]
    reduced_at: Annotated[AwareDatetime | None, Field(description="when retention took its content away")]
    attempts: tuple[LoggedAttempt, ...]


_SELECT = """
SELECT e.id, e.order_id, o.store_id, o.idealo_order_id, o.store_order_number, e.type, e.key, e.data, e.state, e.problem,
       e.found_by, e.recorded_at, e.due_at, e.chain_no, e.reduced_at
FROM events e JOIN orders o ON o.id = e.order_id"""


class EventViews(View):
    """Lists of events."""

    async def events(self, which: EventFilter, limit: int, before: int | None = None) -> Page[EventView]:
        """Newest first."""
        values: dict[str, Any] = which.model_dump(exclude_none=True)
        conditions = ["TRUE", *(f"{'o' if name == 'store_id' else 'e'}.{name} = :{name}" for name in values)]
        if before is not None:
            conditions.append("e.id < :before")
            values["before"] = before
        sql = f"{_SELECT} WHERE {' AND '.join(conditions)} ORDER BY e.id DESC LIMIT :limit"
        found = await self._with_attempts(await self._rows(sql, {**values, "limit": limit + 1}))
        return page_of(found, [event.id for event in found], limit)

    async def event_view(self, event_id: int) -> EventView | None:
        found = await self._with_attempts(await self._rows(f"{_SELECT} WHERE e.id = :id", {"id": event_id}))
        return found[0] if found else None

    async def events_of(self, order_id: int) -> list[EventView]:
        """All events of an order, oldest first."""
        sql = f"{_SELECT} WHERE e.order_id = :order_id ORDER BY e.id"
        return await self._with_attempts(await self._rows(sql, {"order_id": order_id}))

    async def _with_attempts(self, rows: Sequence[Any]) -> list[EventView]:
        tried = await self.attempts_of([row.id for row in rows])
        fields = [name for name in EventView.model_fields if name != "attempts"]
        return [
            EventView(attempts=tuple(tried.get(row.id, ())), **{name: getattr(row, name) for name in fields})
            for row in rows
        ]

    async def attempts_of(self, event_ids: Sequence[int]) -> dict[int, list[LoggedAttempt]]:
        """Attempts by event, oldest first."""
        if not event_ids:
            return {}
        sql = """
            SELECT event_id, number, actor, action, outcome, detail, started_at, ended_at FROM attempts
            WHERE event_id = ANY(:ids) ORDER BY event_id, number"""
        tried: dict[int, list[LoggedAttempt]] = {}
        for row in await self._rows(sql, {"ids": list(event_ids)}):
            took = round((row.ended_at - row.started_at).total_seconds() * 1000)
            fields = {name: getattr(row, name) for name in LoggedAttempt.model_fields if name != "duration_ms"}
            tried.setdefault(row.event_id, []).append(LoggedAttempt(duration_ms=took, **fields))
        return tried
