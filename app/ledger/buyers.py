"""Who bought, on one connection: kept once, shown on request, erased for good."""

from datetime import datetime

from sqlalchemy import func, or_
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, select, update

from app.ledger import reading
from app.ledger.book import Book
from app.ledger.records import BuyerRecord, OrderRecord
from app.ledger.tables import BuyerRow, DeliveryRow, EventRow, OrderRow, StoreRow


class BuyerBook(Book):
    """Buyers on one connection."""

    async def keep_buyer(self, order_id: int, sealed: bytes, sealed_key: bytes) -> bool:
        """Keeps who bought, once; False where a row stands already: a later look changes nothing, erasure stays."""
        row = {"order_id": order_id, "sealed": sealed, "sealed_key": sealed_key}
        made = await self._run(insert(BuyerRow).values(**row).on_conflict_do_nothing())
        return bool(made.rowcount)

    async def buyer(self, order_id: int) -> BuyerRecord | None:
        query = select(BuyerRow).where(col(BuyerRow.order_id) == order_id)
        row = (await self._run(query)).one_or_none()
        return reading.buyer(row) if row else None

    async def commitment(self, order_id: int) -> bytes | None:
        """What `order.placed` says about the buyer without saying it; None in facts older than migration 0002."""
        query = select(EventRow.commitment).where(
            col(EventRow.order_id) == order_id, col(EventRow.type) == "order.placed"
        )
        commitment: bytes | None = (await self._run(query)).scalar_one_or_none()
        return commitment

    async def waits_for_import(self, order_id: int) -> int | None:
        """The oldest unsettled event of an order that is not in the store yet; None when nothing is to be placed."""
        query = (
            select(func.min(EventRow.id))
            .join(OrderRow, col(OrderRow.id) == col(EventRow.order_id))
            .where(
                col(OrderRow.id) == order_id,
                col(OrderRow.store_order_id).is_(None),
                col(OrderRow.closed_at).is_(None),
                col(EventRow.state).in_(["pending", "dead"]),
            )
        )
        event_id: int | None = (await self._run(query)).scalar_one()
        return event_id

    async def copies(self, order: OrderRecord) -> list[tuple[OrderRecord, bool]]:
        """The same idealo order in other connections of the same shop at idealo, and whether each is in use."""
        query = (
            select(OrderRow, col(StoreRow.archived_at).is_(None).label("in_use"))
            .join(StoreRow, col(StoreRow.id) == col(OrderRow.store_id))
            .where(
                col(OrderRow.idealo_order_id) == order.idealo_order_id,
                col(OrderRow.id) != order.id,
                col(StoreRow.idealo_shop_id)
                == select(StoreRow.idealo_shop_id).where(col(StoreRow.id) == order.store_id).scalar_subquery(),
            )
            .order_by(col(OrderRow.id))
        )
        return [(reading.order(row), row.in_use) for row in await self._run(query)]

    async def erase_buyer(self, order: OrderRecord, by: str, reason: str, now: datetime) -> bool:
        """Destroys content, key and salt, what answers about the order still hold, and every body of its store that
        was kept because nobody could say which order it is about.

        False when it was erased before; the first time, name and reason stay on record.
        """
        empty = {"order_id": order.id, "sealed": None, "sealed_key": None}
        said = {"erased_at": now, "erased_by": by, "erase_reason": reason}
        erased = await self._run(
            insert(BuyerRow)
            .values(**empty, **said)
            .on_conflict_do_update(
                index_elements=["order_id"],
                set_={"sealed": None, "sealed_key": None, **said},
                where=col(BuyerRow.erased_at).is_(None),
            )
        )
        of_this_order = col(DeliveryRow.key).startswith(f"idealo/{order.idealo_order_id}/", autoescape=True)
        of_another = col(DeliveryRow.key).startswith("idealo/") & ~col(DeliveryRow.key).startswith("idealo//")
        await self._run(
            update(DeliveryRow)
            .where(
                col(DeliveryRow.store_id) == order.store_id,
                or_(of_this_order, ~of_another),
                col(DeliveryRow.body).is_not(None),
            )
            .values(body=None)
        )
        return bool(erased.rowcount)
