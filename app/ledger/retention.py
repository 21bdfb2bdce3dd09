"""What may go when its time has come: counted first, taken in batches, each in a transaction of its own."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, exists, func
from sqlalchemy import select as columns
from sqlmodel import col, delete, select, update

from app.ledger import reading
from app.ledger.book import Book
from app.ledger.records import OrderRecord
from app.ledger.tables import AttemptRow, BuyerRow, DeliveryRow, EventRow, OrderRow


class RetentionBook(Book):
    """Questions and writes of retention, on one connection."""

    async def old_deliveries(self, before: datetime) -> tuple[int, datetime | None]:
        """How many deliveries that were looked at came before a moment, and when the oldest did."""
        return await self._count(func.count(), func.min(DeliveryRow.received_at), _seen(before))

    async def drop_deliveries(self, before: datetime, limit: int) -> int:
        batch = select(DeliveryRow.id).where(*_seen(before)).order_by(col(DeliveryRow.received_at)).limit(limit)
        return (await self._run(delete(DeliveryRow).where(col(DeliveryRow.id).in_(batch)))).rowcount

    async def old_buyers(self, before: datetime) -> tuple[int, datetime | None]:
        """How many buyers of orders closed before a moment are still known, and when the first of these closed."""
        return await self._count(func.count(), func.min(OrderRow.closed_at), _with_buyer(before))

    async def orders_with_old_buyers(self, before: datetime, limit: int) -> list[OrderRecord]:
        """Orders whose buyer's time has come, the longest closed first."""
        query = select(OrderRow).where(*_with_buyer(before)).order_by(col(OrderRow.closed_at)).limit(limit)
        return [reading.order(row) for row in await self._run(query)]

    async def old_events(self, before: datetime) -> tuple[int, datetime | None]:
        """How many facts of orders that are over may lose their content, and when the oldest was recorded."""
        ended = select(OrderRow.id).where(*_over(before))
        return await self._count(func.count(), func.min(EventRow.recorded_at), (col(EventRow.order_id).in_(ended),))

    async def reduce_events(self, before: datetime, limit: int, now: datetime) -> int:
        """Takes the content of some orders' facts and attempts away, hashes stay; answers how many facts, 0 at the end.

        Orders that somebody works on are left for the next time.
        """
        some = select(OrderRow.id).where(*_over(before)).order_by(col(OrderRow.closed_at)).limit(limit)
        picked = await self._run(some.with_for_update(skip_locked=True, key_share=True))
        ids: Sequence[int] = picked.scalars().all()
        if not ids:
            return 0
        facts = await self._run(update(EventRow).where(col(EventRow.order_id).in_(ids)).values(data={}, reduced_at=now))
        theirs = select(EventRow.id).where(col(EventRow.order_id).in_(ids))
        await self._run(update(AttemptRow).where(col(AttemptRow.event_id).in_(theirs)).values(action=None, detail=""))
        await self._run(update(OrderRow).where(col(OrderRow.id).in_(ids)).values(reduced_at=now))
        return facts.rowcount

    async def _count(self, how_many: Any, oldest: Any, where: tuple[Any, ...]) -> tuple[int, datetime | None]:
        count, first = (await self._run(columns(how_many, oldest).where(*where))).one()
        return count, first


def _seen(before: datetime) -> tuple[ColumnElement[bool], ...]:
    """An unseen delivery is work to be done, however old."""
    return col(DeliveryRow.received_at) < before, col(DeliveryRow.looked_at).is_not(None)


def _with_buyer(before: datetime) -> tuple[ColumnElement[bool], ...]:
    kept = exists().where(
        col(BuyerRow.order_id) == col(OrderRow.id), col(BuyerRow.sealed).is_not(None), col(BuyerRow.erased_at).is_(None)
    )
    return col(OrderRow.closed_at) < before, kept


def _over(before: datetime) -> tuple[ColumnElement[bool], ...]:
    """Closed, with nothing that needs anybody, and the youngest fact older than the moment."""
    mine = col(EventRow.order_id) == col(OrderRow.id)
    unsettled = exists().where(mine, col(EventRow.state).in_(["pending", "dead"]))
    younger = exists().where(mine, col(EventRow.recorded_at) >= before)
    return (
        col(OrderRow.closed_at).is_not(None),
        col(OrderRow.reduced_at).is_(None),
        exists().where(mine),
        ~unsettled,
        ~younger,
    )
