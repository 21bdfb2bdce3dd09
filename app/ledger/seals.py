"""Everything the master keys seal, for sealing it anew; on one connection."""

from typing import Any, Literal

from sqlmodel import col, select, update

from app.ledger.book import Book
from app.ledger.tables import BuyerRow, DeliveryRow, StoreRow

Sealed = Literal["stores", "buyers", "old buyers", "deliveries"]
_PLACES: dict[Sealed, tuple[Any, Any, Any]] = {
    "stores": (StoreRow, StoreRow.id, StoreRow.sealed),
    "buyers": (BuyerRow, BuyerRow.order_id, BuyerRow.sealed_key),
    "old buyers": (BuyerRow, BuyerRow.order_id, BuyerRow.sealed),
    "deliveries": (DeliveryRow, DeliveryRow.id, DeliveryRow.body),
}
SEALED: tuple[Sealed, ...] = tuple(_PLACES)
"""Stores' credentials, the keys of buyers, buyers of before they had keys (migration 0002), kept bodies."""


class SealBook(Book):
    """What is sealed under a master key, place by place."""

    async def sealed_after(self, place: Sealed, last: int | str | None, limit: int) -> list[tuple[int | str, bytes]]:
        """Ids and contents in the order of the ids, beyond `last`; nobody else changes these rows meanwhile."""
        _, key, content = _PLACES[place]
        query = select(key, content).where(col(content).is_not(None))
        if place == "old buyers":
            query = query.where(col(BuyerRow.sealed_key).is_(None))
        if last is not None:
            query = query.where(col(key) > last)
        rows = await self._run(query.order_by(col(key)).limit(limit).with_for_update())
        return [(row[0], row[1]) for row in rows]

    async def seal_anew(self, place: Sealed, row_id: int | str, content: bytes) -> None:
        table, key, column = _PLACES[place]
        await self._run(update(table).where(col(key) == row_id).values({column: content}))
