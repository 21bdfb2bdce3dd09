"""Keeps webhook deliveries: the one hot path, so one prepared statement on raw connections, committed in groups."""

import asyncio
import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple, Protocol

import asyncpg
from asyncpg import Pool, Record

from app.ledger.session import LedgerUnavailable

_KEEP = """
INSERT INTO deliveries (store_id, key, topic, store_order_id, headers, body_sha256, body_size, body, remark,
                        received_at, looked_at)
SELECT store_id, key, topic, store_order_id, headers::jsonb, body_sha256, body_size, body, remark, received_at,
       looked_at
FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::bigint[], $8::bytea[],
            $9::text[], $10::timestamptz[], $11::timestamptz[])
    AS d (store_id, key, topic, store_order_id, headers, body_sha256, body_size, body, remark, received_at, looked_at)
ON CONFLICT (store_id, key) DO NOTHING
RETURNING id, store_id, key
"""
_FIRST = """
SELECT d.id, d.store_id, d.key FROM deliveries d
JOIN unnest($1::text[], $2::text[]) AS k (store_id, key) ON (d.store_id, d.key) = (k.store_id, k.key)
"""
MOST_TOGETHER = 64
GROUPS_AT_ONCE = 2
MANY = 32
"""A second commit sets out beside the first when so many wait; until then they share the next one."""


class Receipt(NamedTuple):
    """A delivery is in the ledger: its row, and whether it is this delivery's own or that of an earlier one."""

    delivery_id: int | None
    """None when the earlier row was let go by retention in the same moment."""
    new: bool


class Kept(Protocol):
    """What is kept of a delivery."""

    @property
    def store_id(self) -> str: ...
    @property
    def key(self) -> str: ...
    @property
    def topic(self) -> str: ...
    @property
    def store_order_id(self) -> str | None: ...
    @property
    def headers(self) -> dict[str, str]: ...
    @property
    def body_sha256(self) -> str: ...
    @property
    def body_size(self) -> int: ...
    @property
    def body(self) -> bytes | None: ...
    @property
    def remark(self) -> str | None: ...
    @property
    def received_at(self) -> datetime: ...
    @property
    def looked_at(self) -> datetime | None: ...


_Waiting = tuple[Kept, "asyncio.Future[Receipt]"]


class Acceptor:
    """A raw connection per group; opened at first use, so that the door starts before Postgres does.

    A delivery that finds a commit on the way shares the next one with all others that came in meanwhile. Nothing waits
    for company: alone it leaves at once. Nobody is answered before the commit.
    """

    def __init__(self, database_url: str) -> None:
        self._dsn = database_url.replace("postgresql+asyncpg://", "postgresql://", 1)
        self._pool: Pool[Record] | None = None
        self._opening = asyncio.Lock()
        self._waiting: list[_Waiting] = []
        self._groups: set[asyncio.Task[None]] = set()
        self._working = 0

    async def keep(self, delivery: Kept) -> Receipt:
        """Committed, or a repetition of what is. Raises LedgerUnavailable."""
        mine: asyncio.Future[Receipt] = asyncio.get_running_loop().create_future()
        self._waiting.append((delivery, mine))
        if self._working < (GROUPS_AT_ONCE if len(self._waiting) >= MANY else 1):
            self._working += 1
            group = asyncio.create_task(self._work())
            self._groups.add(group)
            group.add_done_callback(self._groups.discard)
        return await mine

    async def _work(self) -> None:
        """Commits group after group until nobody waits."""
        group: list[_Waiting] = []
        try:
            while self._waiting:
                group, self._waiting = self._waiting[:MOST_TOGETHER], self._waiting[MOST_TOGETHER:]
                await self._settle(group)
        finally:
            self._working -= 1  # in the very step that saw nobody waiting: whoever comes next starts a group anew
            # Only a shutdown or a bug leaves somebody without an answer.
            left, self._waiting = [*group, *self._waiting], []
            self._refuse(left, "the door broke off")

    async def _settle(self, group: Sequence[_Waiting]) -> None:
        """One refused row must not refuse its neighbours: they are kept one by one then."""
        try:
            receipts = await self._commit([delivery for delivery, _ in group])
        except (OSError, TimeoutError, asyncpg.InterfaceError, asyncpg.PostgresError, ValueError) as e:
            about_content = isinstance(e, asyncpg.DataError | asyncpg.IntegrityConstraintViolationError | ValueError)
            if about_content and len(group) > 1:
                for one in group:
                    await self._settle([one])
                return
            self._refuse(group, type(e).__name__, e)
        else:
            for (_, future), receipt in zip(group, receipts, strict=True):
                if not future.done():
                    future.set_result(receipt)

    @staticmethod
    def _refuse(group: Sequence[_Waiting], why: str, cause: Exception | None = None) -> None:
        """Those who have their answer already keep it."""
        for _, future in group:
            if not future.done():
                error = LedgerUnavailable(f"the delivery could not be kept: {why}")
                error.__cause__ = cause
                future.set_exception(error)

    async def _commit(self, deliveries: Sequence[Kept]) -> list[Receipt]:
        """One statement, one commit; the first of several with one key is the new one, the others are told its id."""
        columns = zip(*map(_values, deliveries), strict=True)
        pool = self._pool or await self._open()
        async with pool.acquire(timeout=5) as connection:
            new = {(row[1], row[2]): row[0] for row in await connection.fetch(_KEEP, *columns, timeout=10)}
            known = dict(new)
            repeated = [place for d in deliveries if (place := (d.store_id, d.key)) not in new]
            if repeated:
                rows = await connection.fetch(_FIRST, *zip(*repeated, strict=True), timeout=10)
                known.update({(row[1], row[2]): row[0] for row in rows})
        places = [(d.store_id, d.key) for d in deliveries]
        return [Receipt(known.get(place), new.pop(place, None) is not None) for place in places]

    async def _open(self) -> "Pool[Record]":
        async with self._opening:
            if self._pool is None:
                self._pool = await asyncpg.create_pool(
                    self._dsn,
                    min_size=1,
                    max_size=GROUPS_AT_ONCE,
                    timeout=5,
                    # asyncpg's reset query costs a round trip per delivery; this statement leaves nothing behind.
                    reset=_nothing_to_reset,
                    server_settings={"application_name": "idealo-bridge-door"},
                )
        return self._pool

    async def aclose(self) -> None:
        await asyncio.gather(*self._groups)
        if self._pool is not None:
            await self._pool.close()


def _values(delivery: Kept) -> tuple[Any, ...]:
    return (
        delivery.store_id,
        delivery.key,
        delivery.topic,
        delivery.store_order_id,
        json.dumps(delivery.headers),
        delivery.body_sha256,
        delivery.body_size,
        delivery.body,
        delivery.remark,
        delivery.received_at,
        delivery.looked_at,
    )


async def _nothing_to_reset(_: object) -> None:
    return None
