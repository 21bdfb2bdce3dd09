"""What is left to do: due orders, unseen deliveries, orders to watch."""

from datetime import datetime, timedelta

from sqlalchemy import and_, func, or_
from sqlmodel import col, select, update

from app.domain.errors import Problem
from app.ledger import reading
from app.ledger.book import Book
from app.ledger.records import OrderRecord, Stream
from app.ledger.tables import AttemptRow, CursorRow, DeliveryRow, EventRow, OrderRow, StoreRow

YOUNG = timedelta(days=14)


class Worklist(Book):
    """Questions the sweep asks, on one connection."""

    async def due_orders(self, now: datetime, limit: int) -> list[int]:
        """Orders with a due event that nobody works on, of stores that are worked on."""
        query = (
            select(EventRow.order_id)
            .join(OrderRow, col(OrderRow.id) == col(EventRow.order_id))
            .join(StoreRow, col(StoreRow.id) == col(OrderRow.store_id))
            .where(
                col(EventRow.state) == "pending",
                col(EventRow.due_at) <= now,
                or_(col(OrderRow.leased_until).is_(None), col(OrderRow.leased_until) < now),
                col(StoreRow.paused_at).is_(None),
                col(StoreRow.archived_at).is_(None),
            )
            .group_by(col(EventRow.order_id))
            .order_by(func.min(col(EventRow.due_at)))
            .limit(limit)
        )
        return list((await self._run(query)).scalars())

    async def wake_waiting(self, store_id: str, now: datetime) -> list[int]:
        """A side answers again: what failed and waits for its next try is due now. Answers the orders.

        What a side asked to come back for later (outcome `deferred`) keeps its time.
        """
        newest = (
            select(AttemptRow.outcome)
            .where(col(AttemptRow.event_id) == col(EventRow.id))
            .order_by(col(AttemptRow.number).desc())
            .limit(1)
            .scalar_subquery()
        )
        woken = await self._run(
            update(EventRow)
            .where(
                col(EventRow.order_id) == col(OrderRow.id),
                col(OrderRow.store_id) == store_id,
                col(EventRow.state) == "pending",
                col(EventRow.due_at) > now,
                col(EventRow.attempts) > 0,
                newest == "retry",
            )
            .values(due_at=now)
            .returning(col(EventRow.order_id))
        )
        return sorted({order_id for (order_id,) in woken.all()})

    async def waiting_for_sku(self, store_id: str | None, before: datetime | None, limit: int) -> list[int]:
        """Dead `unknown_sku` events, of one store or all, last tried before a moment."""
        query = (
            select(EventRow.id)
            .join(OrderRow, col(OrderRow.id) == col(EventRow.order_id))
            .where(col(EventRow.state) == "dead", col(EventRow.problem) == Problem.UNKNOWN_SKU)
            .order_by(col(EventRow.due_at))
            .limit(limit)
        )
        if store_id is not None:
            query = query.where(col(OrderRow.store_id) == store_id)
        if before is not None:
            query = query.where(col(EventRow.due_at) <= before)
        return list((await self._run(query)).scalars())

    async def orders_to_watch(
        self, store_id: str, stream: Stream, now: datetime, every: timedelta, limit: int
    ) -> list[OrderRecord]:
        """Unclosed orders of a store that one side was not looked at lately, the longest unseen first.

        Young ones come round `every` so often, old ones, to which little happens any more, once a day.
        """
        seen = col(OrderRow.idealo_seen_at if stream == "idealo" else OrderRow.store_seen_at)
        query = (
            select(OrderRow)
            .where(
                and_(col(OrderRow.store_id) == store_id, col(OrderRow.closed_at).is_(None)),
                or_(
                    seen.is_(None),
                    and_(seen < now - every, col(OrderRow.placed_at) > now - YOUNG),
                    seen < now - timedelta(days=1),
                ),
            )
            .order_by(seen.asc().nulls_first())
            .limit(limit)
        )
        if stream == "store":
            query = query.where(col(OrderRow.store_order_id).is_not(None))
        return [reading.order(row) for row in await self._run(query)]

    async def unseen_deliveries(self, before: datetime, limit: int) -> list[int]:
        """The newest unseen delivery per order, oldest first, of stores that are worked on and whose polls succeed.

        A store that cannot be polled cannot be looked at either; its next successful poll lets the sweep ring again.
        """
        troubled = select(CursorRow.store_id).where(col(CursorRow.stream) == "store", col(CursorRow.failures) > 0)
        query = (
            select(func.max(DeliveryRow.id))
            .join(StoreRow, col(StoreRow.id) == col(DeliveryRow.store_id))
            .where(col(StoreRow.id).not_in(troubled))
            .group_by(col(DeliveryRow.store_id), col(DeliveryRow.store_order_id))
            .where(
                col(DeliveryRow.looked_at).is_(None),
                col(DeliveryRow.received_at) <= before,
                col(StoreRow.paused_at).is_(None),
                col(StoreRow.archived_at).is_(None),
            )
            .order_by(func.min(col(DeliveryRow.received_at)))
            .limit(limit)
        )
        return list((await self._run(query)).scalars())
