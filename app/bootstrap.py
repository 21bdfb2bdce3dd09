"""Puts a process together: settings in, everything the use cases need out."""

import asyncio
import json
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import structlog
from arq.connections import ArqRedis, RedisSettings, create_pool
from arq.constants import job_key_prefix
from arq.jobs import serialize_job
from redis.exceptions import RedisError

from app.config import Settings
from app.domain.settings import StoreSettings
from app.idealo import IdealoClient, IdealoCredentials
from app.ledger.accept import Acceptor
from app.ledger.records import StoreRecord
from app.ledger.session import open_engine, transaction
from app.ports import Connection, Queue, StoreAdapter
from app.registry import ADAPTERS
from app.sync.deps import Deps
from app.sync.keys import StoreKeys, open_keys
from app.wire.counts import CallCounts
from app.wire.http import Http, Transport, open_http
from app.wire.vault import Vault

QUEUE_NAME = "idealo-bridge"
CHANNEL = "idealo-bridge:bell"
KEPT_MS = 86_400_000
"""arq forgets a ring that nobody answered within a day; the sweep has rung again long before."""
SILENCE_S = 2.0
"""After a failed ring Redis is left alone that long, so that a webhook never waits for a broken bell."""
UNUSED_S = 900.0
"""Clients that were not asked for that long are closed: longer than any poll or step that may still hold them."""

log = structlog.get_logger("bridge")


def utc_now() -> datetime:
    return datetime.now(UTC)


def to_json(job: dict[str, Any]) -> bytes:
    """arq's jobs as JSON: its own pickle would run code for whoever writes to Redis."""
    return json.dumps(job).encode()


def from_json(raw: bytes) -> dict[str, Any]:
    job: dict[str, Any] = json.loads(raw)
    return job


class RedisQueue:
    """Rings through arq. A ring that fails is logged and forgotten: the sweep rings again within a minute."""

    def __init__(self, redis_url: str, now: Callable[[], datetime] = utc_now) -> None:
        self.settings = RedisSettings.from_dsn(redis_url)
        self.settings.conn_retries = 0
        self._pool: ArqRedis | None = None
        self._silent_until: datetime | None = None
        self._now = now

    async def look(self, delivery_id: int) -> None:
        await self._ring("look", delivery_id)

    async def advance(self, order_id: int) -> None:
        await self._ring("advance", order_id)

    async def poll(self, store_id: str) -> None:
        await self._ring("poll", store_id)

    async def _ring(self, job: str, argument: int | str) -> None:
        if self._silent_until and self._now() < self._silent_until:
            return
        try:
            if self._pool is None:
                self._pool = await create_pool(
                    self.settings, job_serializer=to_json, job_deserializer=from_json, default_queue_name=QUEUE_NAME
                )
            await _enqueue(self._pool, job, argument)
        except (RedisError, OSError, TimeoutError) as e:
            self._silent_until = datetime.fromtimestamp(self._now().timestamp() + SILENCE_S, UTC)
            log.warning("ring.lost", job=job, detail=type(e).__name__, advice="is Redis up? the sweep rings again")

    async def aclose(self) -> None:
        if self._pool is not None:
            await self._pool.aclose()


@dataclass
class _Opened:
    """Both sides of one store at one version, with the clients to close one day."""

    version: int
    sealed: bytes
    adapter: StoreAdapter
    idealo: IdealoClient
    https: tuple[Http, Http]
    used_at: float


async def _enqueue(pool: ArqRedis, job: str, argument: int | str) -> None:
    """As arq's enqueue_job, in one round trip instead of three: our ids are random, so nothing needs to be watched.

    The message on the channel wakes the workers at once; whoever misses it looks within workers.main.POLL_DELAY_S.
    """
    job_id, now_ms = uuid.uuid4().hex, time.time_ns() // 1_000_000
    content = serialize_job(job, (argument,), {}, None, now_ms, serializer=to_json)
    async with pool.pipeline(transaction=False) as pipe:
        pipe.psetex(job_key_prefix + job_id, KEPT_MS, content)
        pipe.zadd(QUEUE_NAME, {job_id: now_ms})
        pipe.publish(CHANNEL, b"")
        await pipe.execute()


class OpenSides:
    """Adapters and idealo clients, built once per store and version; implements app.sync.deps.Sides."""

    def __init__(
        self,
        vault: Vault,
        counts: CallCounts,
        now: Callable[[], datetime],
        *,
        allow_private: bool,
        transport: Transport | None = None,
    ) -> None:
        self._vault = vault
        self._counts = counts
        self._now = now
        self._allow_private = allow_private
        self._transport = transport
        self._open: dict[str, _Opened] = {}
        self._worn: list[_Opened] = []
        self._closing: set[asyncio.Task[None]] = set()

    def adapter(self, store: StoreRecord) -> StoreAdapter:
        """Raises SealBrokenError when no master key opens the store's credentials."""
        return self._sides(store).adapter

    def idealo(self, store: StoreRecord) -> IdealoClient:
        """Raises SealBrokenError when no master key opens the store's credentials."""
        return self._sides(store).idealo

    def _sides(self, store: StoreRecord) -> _Opened:
        known = self._open.get(store.id)
        if known is None or (known.version, known.sealed) != (store.version, store.sealed):
            opened = self._build(store)
            if known:
                self._worn.append(known)
            self._tidy()
            self._open[store.id] = known = opened
        known.used_at = time.monotonic()
        return known

    def _build(self, store: StoreRecord) -> _Opened:
        keys = open_keys(self._vault, store.sealed)
        https = (self._http(store.kind), self._http("idealo"))
        adapter = build_adapter(store, keys, https[0])
        idealo = IdealoClient(
            IdealoCredentials.model_validate(keys.idealo.model_dump()), https[1], self._now, shop_system=store.kind
        )
        return _Opened(store.version, store.sealed, adapter, idealo, https, time.monotonic())

    def _http(self, side: str) -> Http:
        return open_http(
            side,
            self._counts.observe,
            allow_private=self._allow_private,
            transport=self._transport,
        )

    def _tidy(self) -> None:
        """Closes what nobody uses any more: replaced versions, archived stores, stores that failed their check."""
        unused = time.monotonic() - UNUSED_S
        for store_id in [i for i, entry in self._open.items() if entry.used_at < unused]:
            self._worn.append(self._open.pop(store_id))
        for entry in [e for e in self._worn if e.used_at < unused]:
            self._worn.remove(entry)
            task = asyncio.get_running_loop().create_task(_close(entry))
            self._closing.add(task)
            task.add_done_callback(self._closing.discard)

    async def aclose(self) -> None:
        await asyncio.gather(*self._closing)
        for entry in [*self._worn, *self._open.values()]:
            await _close(entry)


async def _close(entry: _Opened) -> None:
    for http in entry.https:
        await http.aclose()


def build_adapter(store: StoreRecord, keys: StoreKeys, http: Http) -> StoreAdapter:
    """The adapter of a store's kind. Raises KeyError for a kind that is not in the registry."""
    kind: Any = ADAPTERS[store.kind]
    settings: StoreSettings = kind.Settings.model_validate(store.settings)
    connection = Connection(
        store_id=store.id,
        credentials=kind.Credentials.model_validate(keys.credentials),
        webhook_secrets=keys.webhook_secrets,
        settings=settings,
    )
    adapter: StoreAdapter = kind(connection, http)
    return adapter


class Bridge:
    """Everything one process holds open."""

    def __init__(
        self,
        settings: Settings,
        *,
        queue: Queue | None = None,
        now: Callable[[], datetime] = utc_now,
        transport: Transport | None = None,
    ) -> None:
        self.settings = settings
        self.counts = CallCounts()
        self.engine = open_engine(settings.sqlalchemy_url)
        self.acceptor = Acceptor(settings.asyncpg_url)
        vault = Vault(settings.master_key_bytes)
        self._redis = None if queue else RedisQueue(settings.redis_url.get_secret_value())
        self.sides = OpenSides(
            vault, self.counts, now, allow_private=settings.private_targets_allowed, transport=transport
        )
        bell = queue or self._redis
        assert bell is not None  # noqa: S101 - one of the two is set above
        self.deps = Deps(ledger=lambda: transaction(self.engine), sides=self.sides, queue=bell, now=now, vault=vault)

    async def aclose(self) -> None:
        await self.sides.aclose()
        await self.acceptor.aclose()
        if self._redis:
            await self._redis.aclose()
        await self.engine.dispose()
