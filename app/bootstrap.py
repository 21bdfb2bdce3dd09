"""Puts a process together: settings in, everything the use cases need out."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from app.bell import RedisQueue
from app.config import Settings
from app.domain.settings import StoreSettings
from app.idealo import IdealoClient, IdealoCredentials
from app.ledger.accept import Acceptor
from app.ledger.records import StoreRecord
from app.ledger.session import autocommitting, open_engine, statements, transaction
from app.ports import Connection, Queue, StoreAdapter
from app.registry import ADAPTERS
from app.sync.deps import Deps
from app.sync.keys import StoreKeys, open_keys
from app.wire.counts import CallCounts
from app.wire.http import Http, Transport, open_http
from app.wire.vault import Vault

UNUSED_S = 900.0
"""Clients that were not asked for that long are closed: longer than any poll or step that may still hold them."""


def utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass
class _Opened:
    """Both sides of one store at one version, with the clients to close one day."""

    version: int
    sealed: bytes
    adapter: StoreAdapter
    idealo: IdealoClient
    https: tuple[Http, Http]
    used_at: float


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
        single = autocommitting(self.engine)
        self._redis = None if queue else RedisQueue(settings.redis_url.get_secret_value())
        self.sides = OpenSides(
            vault, self.counts, now, allow_private=settings.private_targets_allowed, transport=transport
        )
        bell = queue or self._redis
        assert bell is not None  # noqa: S101 - one of the two is set above
        self.deps = Deps(
            ledger=lambda: transaction(self.engine),
            statements=lambda: statements(single),
            sides=self.sides,
            queue=bell,
            now=now,
            vault=vault,
        )

    async def aclose(self) -> None:
        await self.sides.aclose()
        await self.acceptor.aclose()
        if self._redis:
            await self._redis.aclose()
        await self.engine.dispose()
