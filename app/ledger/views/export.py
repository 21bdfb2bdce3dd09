"""The ledger as a stream of events, for auditors and accounting; read in pages so that no transaction stays open."""

from datetime import datetime
from typing import Any

from pydantic import AwareDatetime

from app.domain.value import Value
from app.ledger.views.events import EventViews, LoggedAttempt

PAGE = 500


class ExportedEvent(Value):
    """One event with its order and everything that was done about it."""

    event_id: int
    store_id: str
    order_id: int
    idealo_order_id: str
    store_order_id: str | None
    store_order_number: str | None
    type: str
    key: str
    data: dict[str, Any]
    state: str
    problem: str | None
    found_by: str
    recorded_at: AwareDatetime
    attempts: tuple[LoggedAttempt, ...]


class ExportViews(EventViews):
    """The export, page by page."""

    async def exported(
        self, after: int, store_id: str | None, since: datetime | None, until: datetime | None
    ) -> list[ExportedEvent]:
        """Events recorded from `since` on, before `until`, oldest first, with ids above `after`; empty at the end."""
        values: dict[str, Any] = {"after": after, "limit": PAGE}
        conditions = ["e.id > :after"]
        for name, value, condition in (
            ("store_id", store_id, "o.store_id = :store_id"),
            ("since", since, "e.recorded_at >= :since"),
            ("until", until, "e.recorded_at < :until"),
        ):
            if value is not None:
                conditions.append(condition)
                values[name] = value
        rows = await self._rows(
            f"""SELECT e.id AS event_id, o.store_id, e.order_id, o.idealo_order_id, o.store_order_id,
                       o.store_order_number, e.type, e.key, e.data, e.state, e.problem, e.found_by, e.recorded_at
                FROM events e JOIN orders o ON o.id = e.order_id
                WHERE {" AND ".join(conditions)} ORDER BY e.id LIMIT :limit""",  # noqa: S608 - constants; values are bound
            values,
        )
        tried = await self.attempts_of([row.event_id for row in rows])
        fields = [name for name in ExportedEvent.model_fields if name != "attempts"]
        return [
            ExportedEvent(attempts=tuple(tried.get(row.event_id, ())), **{name: getattr(row, name) for name in fields})
            for row in rows
        ]
