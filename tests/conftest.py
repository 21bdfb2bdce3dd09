"""Real Postgres and Valkey for the run, a fresh migrated database per test, a clock that stands still."""

import shutil
import tempfile
import uuid
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from app.bootstrap import Bridge
from app.config import Settings
from app.registry import ADAPTERS
from tests import servers
from tests.clock import Clock
from tests.fakes.queue import MemoryQueue
from tests.town import Town

KEY = "a2V5IG9mIHRoaXJ0eS10d28gYnl0ZXMgZm9yIHRlc3Q="
JWT_SECRET = "a secret of the tests, long enough for HS256"


_empty: list[str] = []


def pytest_configure(config: pytest.Config) -> None:
    servers.begin(config)


def pytest_unconfigure() -> None:
    servers.end()


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that every user may pass through; pytest's own are for one user only, and root steps down."""
    made = Path(tempfile.mkdtemp(prefix="bridge-"))
    made.chmod(0o711)
    yield made
    shutil.rmtree(made)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def queue() -> MemoryQueue:
    return MemoryQueue()


@pytest.fixture
async def database_url() -> AsyncIterator[str]:
    """A migrated, empty database of this test's own; the next test of this process gets it emptied."""
    url = _empty.pop() if _empty else await servers.current().create_database(f"t_{uuid.uuid4().hex}")
    yield url
    if await servers.empty(url):
        _empty.append(url)


@pytest.fixture
def settings(database_url: str, worker_id: str) -> Settings:
    """Everything a process needs, as `bridge up` would set it."""
    return Settings.model_validate(
        {
            "database_url": database_url,
            "redis_url": servers.current().redis_url_of(worker_id),
            "master_keys": KEY,
            "jwt_secret": JWT_SECRET,
            "public_url": "http://bridge.test",
            "sandbox": "on",
        }
    )


@pytest.fixture
async def bridge(settings: Settings, clock: Clock, queue: MemoryQueue) -> AsyncIterator[Bridge]:
    """One process's worth of bridge, rung by hand, talking to nobody."""
    bridge = Bridge(settings, queue=queue, now=clock)
    yield bridge
    await bridge.aclose()


@pytest.fixture(params=sorted(ADAPTERS))
def kind(request: pytest.FixtureRequest) -> str:
    """Every kind of store there is."""
    chosen: str = request.param
    return chosen


@pytest.fixture
async def town(settings: Settings, clock: Clock, kind: str) -> AsyncIterator[Town]:
    """A sandbox with idealo and a shop, and a bridge connected to both."""
    town = await Town.build(settings, clock, kind=kind)
    yield town
    await town.aclose()
