"""Writes about orders and the deliveries that name them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import BindParameter, bindparam, func
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import aliased
from sqlmodel import col, select, update

from app.domain.orders import Purchase
from app.ledger import reading
from app.ledger.book import Book
from app.ledger.records import DeliveryRecord, OrderRecord
from app.ledger.tables import DeliveryRow, OrderRow

_OF_STORE: BindParameter[Any] = bindparam("of_store")
_DELIVERY = select(DeliveryRow).where(col(DeliveryRow.id) == bindparam("delivery"))
_ABOUT = col(DeliveryRow.store_id) == _OF_STORE, col(DeliveryRow.store_order_id) == bindparam("store_order")
_NEWEST_UNSEEN = select(func.max(DeliveryRow.id)).where(*_ABOUT, col(DeliveryRow.looked_at).is_(None))
_UNSEEN = (
    update(DeliveryRow)
    .where(col(DeliveryRow.id) <= bindparam("up_to"), col(DeliveryRow.looked_at).is_(None))
    .values(looked_at=bindparam("now"))
)
_MARK = _UNSEEN.where(*_ABOUT)
_MARK_WITHOUT_ORDER = _UNSEEN.where(col(DeliveryRow.store_id) == _OF_STORE, col(DeliveryRow.store_order_id).is_(None))
_ELSEWHERE = aliased(OrderRow)
_PLACING_ELSEWHERE = (
    select(func.max(_ELSEWHERE.placing_at))
    .where(
        col(_ELSEWHERE.idealo_order_id) == bindparam("of_idealo_order"),
        col(_ELSEWHERE.store_id) != _OF_STORE,
        col(_ELSEWHERE.store_order_id).is_(None),
    )
    .scalar_subquery()
)
"""An archived connection's creation without an answer is one of ours to look for, too."""
_NEW_ORDER = insert(OrderRow).values(placing_at=_PLACING_ELSEWHERE)
_ORDER_FOR = _NEW_ORDER.on_conflict_do_update(
    index_elements=["store_id", "idealo_order_id"],
    set_={
        # What stands is kept: an order's facts are those of its purchase.
        **{
            name: func.coalesce(getattr(OrderRow, name), getattr(_NEW_ORDER.excluded, name))
            for name in ("placed_at", "total", "currency")
        },
        # What idealo shows is what it shows now, unless nobody could read it.
        **{
            name: func.coalesce(getattr(_NEW_ORDER.excluded, name), getattr(OrderRow, name))
            for name in ("idealo_fingerprint", "idealo_seen_at")
        },
    },
).returning(OrderRow)
_ORDER = select(OrderRow).where(col(OrderRow.id) == bindparam("of_order"))
_LINKED = select(OrderRow).where(
    col(OrderRow.store_id) == _OF_STORE, col(OrderRow.store_order_id) == bindparam("store_order")
)
_SEEN = update(OrderRow).where(col(OrderRow.id) == bindparam("of_order")).values(store_seen_at=bindparam("now"))
_SEEN_SHIPPED = _SEEN.values(shipped=bindparam("units"))


class OrderBook(Book):
    """Orders and deliveries on one connection."""

    async def delivery(self, delivery_id: int) -> DeliveryRecord | None:
        row = (await self._run(_DELIVERY, {"delivery": delivery_id})).one_or_none()
        return reading.delivery(row) if row else None

    async def keep_answer(self, row: DeliveryRow) -> None:
        """Keeps an answer that could not be understood; the same one twice is kept once."""
        values = row.model_dump(exclude={"id"})
        await self._run(insert(DeliveryRow).values(**values).on_conflict_do_nothing())

    async def newest_unseen(self, store_id: str, store_order_id: str) -> int | None:
        """The id of the newest delivery about this order nobody has looked at: a look that starts now serves them all.

        None when there is none.
        """
        newest = await self._run(_NEWEST_UNSEEN, {"of_store": store_id, "store_order": store_order_id})
        found: int | None = newest.scalar_one()
        return found

    async def mark_looked(self, store_id: str, store_order_id: str | None, up_to: int, now: datetime) -> None:
        """Marks every unseen delivery about this order up to the given id: one look serves them all."""
        seen = {"of_store": store_id, "up_to": up_to, "now": now}
        if store_order_id is None:
            await self._run(_MARK_WITHOUT_ORDER, seen)
        else:
            await self._run(_MARK, {**seen, "store_order": store_order_id})

    async def order_for(
        self,
        store_id: str,
        idealo_order_id: str,
        purchase: Purchase | None,
        now: datetime,
        *,
        fingerprint: str | None = None,
    ) -> OrderRecord:
        """The order with this idealo id, made if it is new, and locked for this transaction.

        What was not readable the first time is filled in. With a `fingerprint`, idealo shows it like that now.
        """
        values = {
            "store_id": store_id,
            "idealo_order_id": idealo_order_id,
            "created_at": now,
            "placed_at": purchase.placed_at if purchase else None,
            "total": purchase.total if purchase else None,
            "currency": purchase.currency if purchase else None,
            "idealo_fingerprint": fingerprint,
            "idealo_seen_at": now if fingerprint else None,
            "of_idealo_order": idealo_order_id,
            "of_store": store_id,
        }
        return reading.order((await self._run(_ORDER_FOR, values)).one())

    async def order(self, order_id: int) -> OrderRecord | None:
        row = (await self._run(_ORDER, {"of_order": order_id})).one_or_none()
        return reading.order(row) if row else None

    async def linked(self, store_id: str, store_order_id: str) -> OrderRecord | None:
        """Our order behind a store's order, if it is one of ours."""
        row = (await self._run(_LINKED, {"of_store": store_id, "store_order": store_order_id})).one_or_none()
        return reading.order(row) if row else None

    async def fingerprints(self, store_id: str, idealo_order_ids: Sequence[str]) -> dict[str, str]:
        """What idealo last showed of these orders, hashed."""
        query = select(OrderRow.idealo_order_id, OrderRow.idealo_fingerprint).where(
            col(OrderRow.store_id) == store_id, col(OrderRow.idealo_order_id).in_(idealo_order_ids)
        )
        return {i: f for i, f in await self._run(query) if f}

    async def saw_idealo(self, order_id: int, fingerprint: str, now: datetime) -> None:
        await self._run(
            update(OrderRow)
            .where(col(OrderRow.id) == order_id)
            .values(idealo_fingerprint=fingerprint, idealo_seen_at=now)
        )

    async def saw_same(self, store_id: str, idealo_order_ids: Sequence[str], now: datetime) -> None:
        """idealo showed these orders as they were."""
        await self._run(
            update(OrderRow)
            .where(col(OrderRow.store_id) == store_id, col(OrderRow.idealo_order_id).in_(idealo_order_ids))
            .values(idealo_seen_at=now)
        )

    async def saw_store(self, order_id: int, shipped: Mapping[str, int] | None, now: datetime) -> None:
        """The store was looked at; `shipped` are units per idealo SKU, None where they could not be read."""
        seen = {"of_order": order_id, "now": now}
        if shipped is None:
            await self._run(_SEEN, seen)
        else:
            await self._run(_SEEN_SHIPPED, {**seen, "units": dict(shipped)})

    async def close_order(self, order_id: int, now: datetime) -> None:
        await self._run(update(OrderRow).where(col(OrderRow.id) == order_id).values(closed_at=now))
