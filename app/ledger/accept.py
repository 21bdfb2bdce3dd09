"""Keeps a webhook delivery: the one hot path, so one prepared statement on a raw connection."""

import asyncio
import json
from datetime import datetime
from typing import Protocol

import asyncpg
from asyncpg import Pool, Record

from app.ledger.session import LedgerUnavailable

_KEEP = """
INSERT INTO deliveries (store_id, key, topic, store_order_id, headers, body_sha256, body_size, body, remark,
                        received_at, looked_at)
VALUES ($1, $2, $3, $4, $5::jsonb, $6, $7, $8, $9, $10, $11)
ON CONFLICT (store_id, key) DO NOTHING
RETURNING id
"""


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


class Acceptor:
    """A small pool of raw connections; opened at first use, so that the door starts before Postgres does."""

    def __init__(self, database_url: str, *, size: int = 8) -> None:
        self._dsn = database_url.replace("postgresql+asyncpg://", "postgresql://", 1)
        self._size = size
        self._pool: Pool[Record] | None = None
        self._opening = asyncio.Lock()

    async def keep(self, delivery: Kept) -> int | None:
        """The new row's id, committed; None when it is a repetition. Raises LedgerUnavailable."""
        try:
            pool = self._pool or await self._open()
            async with pool.acquire(timeout=5) as connection:
                kept: int | None = await connection.fetchval(
                    _KEEP,
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
                    timeout=10,
                )
                return kept
        except (OSError, TimeoutError, asyncpg.InterfaceError, asyncpg.PostgresError) as e:
            msg = f"the delivery could not be kept: {type(e).__name__}"
            raise LedgerUnavailable(msg) from e

    async def _open(self) -> "Pool[Record]":
        async with self._opening:
            if self._pool is None:
                self._pool = await asyncpg.create_pool(
                    self._dsn,
                    min_size=1,
                    max_size=self._size,
                    timeout=5,
                    # asyncpg's reset query costs a round trip per delivery; this statement leaves nothing behind.
                    reset=_nothing_to_reset,
                    server_settings={"application_name": "idealo-bridge-door"},
                )
        return self._pool

    async def aclose(self) -> None:
        if self._pool is not None:
            await self._pool.close()


async def _nothing_to_reset(_: object) -> None:
    return None
