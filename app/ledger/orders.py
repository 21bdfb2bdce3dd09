"""Writes about orders and the deliveries that name them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, select, update
from sqlmodel.ext.asyncio.session import AsyncSession

from app.domain.orders import Purchase
from app.ledger import reading
from app.ledger.records import DeliveryRecord, OrderRecord
from app.ledger.tables import DeliveryRow, OrderRow


class OrderBook:
    """Orders and deliveries within one open transaction."""

    _session: AsyncSession

    async def delivery(self, delivery_id: int) -> DeliveryRecord | None:
        row = await self._session.get(DeliveryRow, delivery_id)
        return reading.delivery(row) if row else None

    async def keep_answer(self, row: DeliveryRow) -> None:
        """Keeps an answer that could not be understood; the same one twice is kept once."""
        values = row.model_dump(exclude={"id"})
        await self._session.exec(insert(DeliveryRow).values(**values).on_conflict_do_nothing())

    async def newest_delivery(self, store_id: str, store_order_id: str) -> int:
        """The id of the newest delivery about this order, 0 if none: a look that starts now serves them all."""
        query = select(func.max(DeliveryRow.id)).where(
            col(DeliveryRow.store_id) == store_id, col(DeliveryRow.store_order_id) == store_order_id
        )
        return (await self._session.exec(query)).one() or 0

    async def mark_looked(self, store_id: str, store_order_id: str | None, up_to: int, now: datetime) -> None:
        """Marks every unseen delivery about this order up to the given id: one look serves them all."""
        same = (
            col(DeliveryRow.store_order_id).is_(None)
            if store_order_id is None
            else (col(DeliveryRow.store_order_id) == store_order_id)
        )
        await self._session.exec(
            update(DeliveryRow)
            .where(
                col(DeliveryRow.store_id) == store_id,
                same,
                col(DeliveryRow.id) <= up_to,
                col(DeliveryRow.looked_at).is_(None),
            )
            .values(looked_at=now)
        )

    async def order_for(
        self, store_id: str, idealo_order_id: str, purchase: Purchase | None, now: datetime
    ) -> OrderRecord:
        """The order with this idealo id, made if it is new; what was not readable the first time is filled in."""
        values: dict[str, Any] = {"store_id": store_id, "idealo_order_id": idealo_order_id, "created_at": now}
        facts: dict[str, Any] = {}
        if purchase:
            facts = {"placed_at": purchase.placed_at, "total": purchase.total, "currency": purchase.currency}
        await self._session.exec(insert(OrderRow).values(**values, **facts).on_conflict_do_nothing())
        if facts:
            await self._session.exec(
                update(OrderRow)
                .where(*self._is(store_id, idealo_order_id), col(OrderRow.placed_at).is_(None))
                .values(facts)
            )
        row = (await self._session.exec(select(OrderRow).where(*self._is(store_id, idealo_order_id)))).one()
        return reading.order(row)

    @staticmethod
    def _is(store_id: str, idealo_order_id: str) -> tuple[Any, Any]:
        return col(OrderRow.store_id) == store_id, col(OrderRow.idealo_order_id) == idealo_order_id

    async def order(self, order_id: int) -> OrderRecord | None:
        row = await self._session.get(OrderRow, order_id)
        return reading.order(row) if row else None

    async def linked(self, store_id: str, store_order_id: str) -> OrderRecord | None:
        """Our order behind a store's order, if it is one of ours."""
        query = select(OrderRow).where(
            col(OrderRow.store_id) == store_id, col(OrderRow.store_order_id) == store_order_id
        )
        row = (await self._session.exec(query)).one_or_none()
        return reading.order(row) if row else None

    async def fingerprints(self, store_id: str, idealo_order_ids: Sequence[str]) -> dict[str, str]:
        """What idealo last showed of these orders, hashed."""
        query = select(OrderRow.idealo_order_id, OrderRow.idealo_fingerprint).where(
            col(OrderRow.store_id) == store_id, col(OrderRow.idealo_order_id).in_(idealo_order_ids)
        )
        return {i: f for i, f in await self._session.exec(query) if f}

    async def saw_idealo(self, order_id: int, fingerprint: str, now: datetime) -> None:
        await self._session.exec(
            update(OrderRow)
            .where(col(OrderRow.id) == order_id)
            .values(idealo_fingerprint=fingerprint, idealo_seen_at=now)
        )

    async def saw_same(self, store_id: str, idealo_order_ids: Sequence[str], now: datetime) -> None:
        """idealo showed these orders as they were."""
        await self._session.exec(
            update(OrderRow)
            .where(col(OrderRow.store_id) == store_id, col(OrderRow.idealo_order_id).in_(idealo_order_ids))
            .values(idealo_seen_at=now)
        )

    async def saw_store(self, order_id: int, shipped: Mapping[str, int] | None, now: datetime) -> None:
        """The store was looked at; `shipped` are units per idealo SKU, None where they could not be read."""
        seen: dict[str, Any] = {"store_seen_at": now}
        if shipped is not None:
            seen["shipped"] = dict(shipped)
        await self._session.exec(update(OrderRow).where(col(OrderRow.id) == order_id).values(seen))

    async def close_order(self, order_id: int, now: datetime) -> None:
        await self._session.exec(update(OrderRow).where(col(OrderRow.id) == order_id).values(closed_at=now))
