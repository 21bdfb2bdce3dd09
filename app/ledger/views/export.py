"""The ledger as a stream of events, for auditors and accounting; read in pages so that no transaction stays open."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import AwareDatetime, Field

from app.domain.chain import Hash
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
    reduced_at: Annotated[AwareDatetime | None, Field(description="when retention took `data` away")]
    chain_no: int
    commitment: Hash | None
    data_hash: Hash
    previous_hash: Hash
    hash: Hash
    attempts: tuple[LoggedAttempt, ...]


class Part(Value):
    """A stretch of one store's chain, both ends included."""

    store_id: str
    first: int
    last: int


class ExportViews(EventViews):
    """The export, page by page."""

    async def parts(self, store_id: str | None, since: datetime | None, until: datetime | None) -> list[Part]:
        """Of every chain the shortest stretch that holds all facts recorded from `since` on and before `until`.

        Facts are numbered as they are committed: one that was found a little earlier may stand a little later.
        """
        conditions, values = _conditions({"store_id": store_id, "since": since, "until": until})
        sql = f"""SELECT e.store_id, min(e.chain_no) AS first, max(e.chain_no) AS last FROM events e
                  WHERE {conditions} GROUP BY e.store_id ORDER BY e.store_id"""  # noqa: S608 - constants; values are bound
        return [Part(store_id=r.store_id, first=r.first, last=r.last) for r in await self._rows(sql, values)]

    async def exported(
        self, part: Part, since: datetime | None = None, until: datetime | None = None, *, attempts: bool = True
    ) -> list[ExportedEvent]:
        """The first page of a stretch in the order of the chain; empty where nothing is left.

        With `since` and `until`, only what was recorded between them: no stretch then, so nothing to verify.
        """
        conditions, values = _conditions({**part.model_dump(), "since": since, "until": until})
        rows = await self._rows(
            f"""SELECT e.id AS event_id, o.store_order_id, o.store_order_number, o.idealo_order_id, e.*
                FROM events e JOIN orders o ON o.id = e.order_id
                WHERE {conditions} ORDER BY e.chain_no LIMIT :limit""",  # noqa: S608 - constants; values are bound
            {**values, "limit": PAGE},
        )
        tried = await self.attempts_of([row.event_id for row in rows]) if attempts else {}
        fields = [name for name in ExportedEvent.model_fields if name != "attempts"]
        return [
            ExportedEvent(attempts=tuple(tried.get(row.event_id, ())), **{name: getattr(row, name) for name in fields})
            for row in rows
        ]


_WHERE = {
    "store_id": "e.store_id = :store_id",
    "first": "e.chain_no >= :first",
    "last": "e.chain_no <= :last",
    "since": "e.recorded_at >= :since",
    "until": "e.recorded_at < :until",
}


def _conditions(given: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    values = {name: value for name, value in given.items() if value is not None}
    return " AND ".join(["TRUE", *(_WHERE[name] for name in values)]), values
