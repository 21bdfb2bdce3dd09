"""The chain of facts on one connection: its lock, its daily heads."""

from datetime import date, datetime
from typing import Any, Protocol

from sqlalchemy import bindparam, literal
from sqlalchemy import select as columns
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, select

from app.domain.chain import GENESIS, Fact, hash_of_data, hash_of_fact
from app.domain.events import Event
from app.ledger import reading
from app.ledger.book import Book
from app.ledger.records import FoundBy, HeadRecord
from app.ledger.tables import ChainRow, HeadRow, OrderRow

_LOCK_ORDER = select(OrderRow).where(col(OrderRow.id) == bindparam("of_order")).with_for_update(key_share=True)
_LOCK_CHAIN = (
    select(ChainRow.length, ChainRow.head).where(col(ChainRow.store_id) == bindparam("of_store")).with_for_update()
)


class HeldOrder(Protocol):
    """An order nobody else records about until the transaction ends."""

    @property
    def id(self) -> int: ...
    @property
    def store_id(self) -> str: ...
    @property
    def idealo_order_id(self) -> str: ...


class Link:
    """The end of a store's chain, held until the transaction ends; each fact moves it on by one."""

    def __init__(self, order: HeldOrder, length: int, head: bytes) -> None:
        self._order = order
        self._length, self._head = length, head

    def values(self, event: Event, found_by: FoundBy, now: datetime, commitment: bytes | None) -> dict[str, Any]:
        """The row that continues the chain with this event."""
        data = event.model_dump(mode="json", exclude={"type"})
        fact = Fact(
            store_id=self._order.store_id,
            chain_no=self._length + 1,
            idealo_order_id=self._order.idealo_order_id,
            type=event.type,
            key=event.key,
            found_by=found_by,
            recorded_at=now,
            commitment=commitment if event.type == "order.placed" else None,
            data_hash=hash_of_data(data),
            previous_hash=self._head,
        )
        self._length, self._head = fact.chain_no, hash_of_fact(fact)
        said = {name: getattr(fact, name) for name in Fact.model_fields if name != "idealo_order_id"}
        return {
            **said, "order_id": self._order.id, "data": data, "hash": self._head, "state": "pending", "due_at": now,
            "attempts": 0,
        }  # fmt: skip


class ChainBook(Book):
    """Chains on one connection."""

    async def _lock_order(self, order_id: int) -> HeldOrder:
        """Whoever extends a chain holds the order first, as whoever settles it does: so nobody waits in a ring."""
        return reading.order((await self._run(_LOCK_ORDER, {"of_order": order_id})).one())

    async def _lock_chain(self, order: HeldOrder) -> Link:
        """The end of the store's chain, ours until commit: take it last, and commit soon."""
        store = {"of_store": order.store_id}
        end = (await self._run(_LOCK_CHAIN, store)).one_or_none()
        if end is None:
            first = {"store_id": order.store_id, "length": 0, "head": GENESIS}
            await self._run(insert(ChainRow).values(**first).on_conflict_do_nothing())
            end = (await self._run(_LOCK_CHAIN, store)).one()
        return Link(order, *end)

    async def note_heads(self, day: date, now: datetime) -> int:
        """Writes down where every chain ends, once a day; answers how many stores had no head for that day yet."""
        ends = columns(col(ChainRow.store_id), literal(day), col(ChainRow.length), col(ChainRow.head), literal(now))
        names = ["store_id", "day", "length", "hash", "noted_at"]
        made = await self._run(insert(HeadRow).from_select(names, ends).on_conflict_do_nothing())
        return made.rowcount

    async def heads(self, now: datetime, store_id: str | None = None) -> list[HeadRecord]:
        """Where the chains end at this moment, one per store that has facts."""
        query = select(ChainRow).order_by(col(ChainRow.store_id))
        if store_id is not None:
            query = query.where(col(ChainRow.store_id) == store_id)
        rows = await self._run(query)
        return [HeadRecord(store_id=row.store_id, length=row.length, hash=row.head, noted_at=now) for row in rows]

    async def noted_heads(
        self, since: date | None = None, until: date | None = None, store_id: str | None = None
    ) -> list[HeadRecord]:
        """The daily heads from one day to another, both included, oldest first."""
        query = select(HeadRow).order_by(col(HeadRow.day), col(HeadRow.store_id))
        if since is not None:
            query = query.where(col(HeadRow.day) >= since)
        if until is not None:
            query = query.where(col(HeadRow.day) <= until)
        if store_id is not None:
            query = query.where(col(HeadRow.store_id) == store_id)
        return [reading.head(row) for row in await self._run(query)]
