"""Counts for operators and for metrics: events, orders, backlog, traffic of each store, throughput."""

from datetime import datetime, timedelta

from pydantic import AwareDatetime

from app.domain.value import Value
from app.ledger.views.orders import STATED
from app.ledger.views.page import View


class EventCount(Value):
    type: str
    state: str
    count: int


class Totals(Value):
    """How many of what; dead events also by problem."""

    events: tuple[EventCount, ...]
    dead_by_problem: dict[str, int]
    orders_by_state: dict[str, int]


class Backlog(Value):
    """What is waiting."""

    due_events: int
    oldest_due_seconds: float
    """How long the longest-waiting due event has been due; 0 when none is."""
    pending_events: int
    unseen_deliveries: int
    oldest_unseen_seconds: float


class HourCount(Value):
    """What happened within one hour, UTC."""

    hour: AwareDatetime
    recorded: int
    done: int
    skipped: int
    retried: int
    dead: int


class CountViews(View):
    """Counts over the whole ledger; `totals` reads a lot, its callers keep it for a while."""

    async def totals(self) -> Totals:
        events = await self._rows("SELECT type, state, count(*) AS n FROM events GROUP BY type, state", {})
        dead = await self._rows(
            "SELECT problem, count(*) AS n FROM events WHERE state = 'dead' GROUP BY problem ORDER BY problem", {}
        )
        orders = await self._rows(f"SELECT state, count(*) AS n FROM ({STATED}) AS stated GROUP BY state", {})  # noqa: S608 - constant
        return Totals(
            events=tuple(EventCount(type=row.type, state=row.state, count=row.n) for row in events),
            dead_by_problem={row.problem: row.n for row in dead},
            orders_by_state={row.state: row.n for row in orders},
        )

    async def backlog(self, now: datetime) -> Backlog:
        """Served by the partial indexes; cheap at any size."""
        events = await self._rows(
            """SELECT count(*) AS pending, count(*) FILTER (WHERE e.due_at <= :now) AS due,
                      min(e.due_at) FILTER (WHERE e.due_at <= :now) AS oldest
               FROM events e JOIN orders o ON o.id = e.order_id JOIN stores s ON s.id = o.store_id
               WHERE e.state = 'pending' AND s.paused_at IS NULL AND s.archived_at IS NULL""",
            {"now": now},
        )
        unseen = await self._rows(
            """SELECT count(*) AS n, min(d.received_at) AS oldest FROM deliveries d JOIN stores s ON s.id = d.store_id
               WHERE d.looked_at IS NULL AND s.paused_at IS NULL AND s.archived_at IS NULL""",
            {},
        )
        return Backlog(
            due_events=events[0].due,
            oldest_due_seconds=_seconds_since(events[0].oldest, now),
            pending_events=events[0].pending,
            unseen_deliveries=unseen[0].n,
            oldest_unseen_seconds=_seconds_since(unseen[0].oldest, now),
        )

    async def throughput(self, now: datetime, hours: int = 24) -> list[HourCount]:
        """The last hours with anything in them, oldest first."""
        rows = await self._rows(
            """SELECT hour, sum(recorded)::bigint AS recorded, sum(done)::bigint AS done,
                      sum(skipped)::bigint AS skipped, sum(retried)::bigint AS retried, sum(dead)::bigint AS dead
               FROM (SELECT date_trunc('hour', recorded_at, 'UTC') AS hour, 1 AS recorded, 0 AS done, 0 AS skipped,
                            0 AS retried, 0 AS dead
                     FROM events WHERE recorded_at >= :since
                     UNION ALL
                     SELECT date_trunc('hour', ended_at, 'UTC'), 0, (outcome = 'done')::int, (outcome = 'skipped')::int,
                            (outcome = 'retry')::int, (outcome = 'dead')::int
                     FROM attempts WHERE ended_at >= :since) AS one
               GROUP BY hour ORDER BY hour""",
            {"since": now - timedelta(hours=hours)},
        )
        return [HourCount(**{name: getattr(row, name) for name in HourCount.model_fields}) for row in rows]


def _seconds_since(moment: datetime | None, now: datetime) -> float:
    return max((now - moment).total_seconds(), 0.0) if moment else 0.0
