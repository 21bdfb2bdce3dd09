"""Puts a process together: settings in, everything the use cases need out."""

import json
import ssl
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import structlog
from arq.connections import ArqRedis, RedisSettings, create_pool
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
SILENCE_S = 2.0
"""After a failed ring Redis is left alone that long, so that a webhook never waits for a broken bell."""

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
            await self._pool.enqueue_job(job, argument)
        except (RedisError, OSError, TimeoutError) as e:
            self._silent_until = datetime.fromtimestamp(self._now().timestamp() + SILENCE_S, UTC)
            log.warning("ring.lost", job=job, detail=type(e).__name__, advice="is Redis up? the sweep rings again")

    async def aclose(self) -> None:
        if self._pool is not None:
            await self._pool.aclose()


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
        self._ssl = ssl.create_default_context()
        self._open: dict[str, tuple[int, bytes, StoreAdapter, IdealoClient, tuple[Http, Http]]] = {}
        self._worn: list[Http] = []

    def adapter(self, store: StoreRecord) -> StoreAdapter:
        """Raises SealBrokenError when no master key opens the store's credentials."""
        return self._sides(store)[0]

    def idealo(self, store: StoreRecord) -> IdealoClient:
        """Raises SealBrokenError when no master key opens the store's credentials."""
        return self._sides(store)[1]

    def _sides(self, store: StoreRecord) -> tuple[StoreAdapter, IdealoClient]:
        known = self._open.get(store.id)
        if known and known[0] == store.version and known[1] == store.sealed:
            return known[2], known[3]
        if known:
            self._worn += known[4]
        keys = open_keys(self._vault, store.sealed)
        https = (self._http(store.kind), self._http("idealo"))
        adapter = build_adapter(store, keys, https[0])
        idealo = IdealoClient(
            IdealoCredentials.model_validate(keys.idealo.model_dump()), https[1], self._now, shop_system=store.kind
        )
        self._open[store.id] = (store.version, store.sealed, adapter, idealo, https)
        return adapter, idealo

    def _http(self, side: str) -> Http:
        return open_http(
            side,
            self._counts.observe,
            allow_private=self._allow_private,
            ssl_context=self._ssl,
            transport=self._transport,
        )

    async def aclose(self) -> None:
        for http in [*self._worn, *(h for entry in self._open.values() for h in entry[4])]:
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
