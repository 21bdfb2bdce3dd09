"""Writes about stores: the store itself, its cursors and its SKU aliases."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, bindparam, func, or_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError
from sqlmodel import col, delete, select, update

from app.ledger import reading
from app.ledger.book import Book
from app.ledger.records import CursorRecord, StoreRecord, Stream
from app.ledger.tables import AliasRow, CursorRow, HeartbeatRow, StoreRow

TRIED_AGAIN = timedelta(minutes=1)
"""A poll that failed is tried again after that, however long its interval."""


_ALIASES = (
    select(func.jsonb_object_agg(AliasRow.idealo_sku, AliasRow.store_sku))
    .where(col(AliasRow.store_id) == col(StoreRow.id))
    .scalar_subquery()
)
_STORE = select(StoreRow).where(col(StoreRow.id) == bindparam("of_store"))
_WITH_ALIASES = _STORE.add_columns(_ALIASES.label("aliases"))


class ShopTakenError(Exception):
    """Another live store serves this idealo shop already."""


class StoreBook(Book):
    """Stores on one connection."""

    async def add_store(self, row: StoreRow) -> None:
        """A new store with both its cursors. Raises ShopTakenError when a live store serves its idealo shop."""
        try:
            await self._run(insert(StoreRow).values(**row.model_dump()))
        except IntegrityError as e:
            msg = f"idealo shop {row.idealo_shop_id} is connected already; archive the other store first"
            raise ShopTakenError(msg) from e
        for stream in ("store", "idealo"):
            cursor = {"store_id": row.id, "stream": stream, "position": row.created_at}
            await self._run(insert(CursorRow).values(**cursor))

    async def store(self, store_id: str) -> StoreRecord | None:
        row = (await self._run(_STORE, {"of_store": store_id})).one_or_none()
        return reading.store(row) if row else None

    async def store_with_aliases(self, store_id: str) -> tuple[StoreRecord, dict[str, str]] | None:
        """A store and what idealo's SKUs are called in it, in one round trip."""
        row = (await self._run(_WITH_ALIASES, {"of_store": store_id})).one_or_none()
        return (reading.store(row), row.aliases or {}) if row else None

    async def stores(self, *, archived: bool = False) -> list[StoreRecord]:
        query = select(StoreRow).order_by(col(StoreRow.created_at), col(StoreRow.id))
        if not archived:
            query = query.where(col(StoreRow.archived_at).is_(None))
        return [reading.store(row) for row in await self._run(query)]

    async def change_store(self, store_id: str, **changes: Any) -> None:
        """Writes the given columns and raises the version, so that every process builds its adapter anew."""
        await self._run(
            update(StoreRow).where(col(StoreRow.id) == store_id).values(version=StoreRow.version + 1, **changes)
        )

    async def note_webhooks(self, store_id: str, now: datetime, problem: str | None, note: str | None = None) -> None:
        await self._run(
            update(StoreRow)
            .where(col(StoreRow.id) == store_id)
            .values(webhooks_checked_at=now, webhooks_problem=problem, webhooks_note=note)
        )

    async def claim_poll(
        self, store_id: str, stream: Stream, due_before: datetime, until: datetime, now: datetime
    ) -> CursorRecord | None:
        """The turn to poll a stream, or None while it is not due or somebody else polls."""
        claimed = await self._run(
            update(CursorRow)
            .where(
                col(CursorRow.store_id) == store_id,
                col(CursorRow.stream) == stream,
                or_(
                    col(CursorRow.polled_at).is_(None),
                    col(CursorRow.polled_at) <= due_before,
                    # Noted by a clock that was ahead and has been put right: no reason to wait until then.
                    col(CursorRow.polled_at) > until,
                    and_(col(CursorRow.failures) > 0, col(CursorRow.polled_at) <= now - TRIED_AGAIN),
                ),
                or_(col(CursorRow.claimed_until).is_(None), col(CursorRow.claimed_until) < now),
            )
            .values(claimed_until=until)
            .returning(CursorRow)
        )
        row = claimed.one_or_none()
        return reading.cursor(row) if row else None

    async def hold_poll(self, store_id: str, stream: Stream, until: datetime) -> None:
        """The poll that has its turn goes on."""
        await self._cursor(store_id, stream, claimed_until=until)

    async def move_cursor(self, store_id: str, stream: Stream, position: datetime, now: datetime) -> None:
        """A poll succeeded completely: everything up to `position` is recorded."""
        await self._cursor(
            store_id, stream, position=position, polled_at=now, claimed_until=None, failures=0, trouble=None
        )

    async def poll_failed(self, store_id: str, stream: Stream, trouble: str, now: datetime) -> None:
        """A poll broke off: the cursor stays, the next poll reads the same stretch again."""
        await self._cursor(
            store_id, stream, polled_at=now, claimed_until=None, failures=CursorRow.failures + 1, trouble=trouble
        )

    async def _cursor(self, store_id: str, stream: Stream, **values: Any) -> None:
        await self._run(
            update(CursorRow)
            .where(col(CursorRow.store_id) == store_id, col(CursorRow.stream) == stream)
            .values(**values)
        )

    async def cursors(self) -> list[CursorRecord]:
        return [reading.cursor(row) for row in await self._run(select(CursorRow))]

    async def aliases(self, store_id: str) -> dict[str, str]:
        """Idealo SKU -> store SKU."""
        rows = await self._run(select(AliasRow).where(col(AliasRow.store_id) == store_id))
        return {row.idealo_sku: row.store_sku for row in rows}

    async def put_alias(self, store_id: str, idealo_sku: str, store_sku: str, now: datetime) -> None:
        await self._run(
            insert(AliasRow)
            .values(store_id=store_id, idealo_sku=idealo_sku, store_sku=store_sku, created_at=now)
            .on_conflict_do_update(
                index_elements=["store_id", "idealo_sku"], set_={"store_sku": store_sku, "created_at": now}
            )
        )

    async def drop_alias(self, store_id: str, idealo_sku: str) -> bool:
        done = await self._run(
            delete(AliasRow).where(col(AliasRow.store_id) == store_id, col(AliasRow.idealo_sku) == idealo_sku)
        )
        return bool(done.rowcount)

    async def beat(self, name: str, role: str, report: dict[str, Any], now: datetime) -> None:
        """A process says it is alive and what it counted; processes silent for a day are forgotten."""
        values = {"role": role, "seen_at": now, "report": report}
        await self._run(
            insert(HeartbeatRow).values(name=name, **values).on_conflict_do_update(index_elements=["name"], set_=values)
        )
        await self._run(delete(HeartbeatRow).where(col(HeartbeatRow.seen_at) < now - timedelta(days=1)))
