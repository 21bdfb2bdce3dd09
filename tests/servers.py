"""One Postgres and one Redis-compatible server for a whole test run, shared by all of its worker processes."""

import asyncio
import json
import os
import re
import shutil
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

import asyncpg
import pytest
from alembic import command
from alembic.config import Config

from app.embedded import EmbeddedServers

ROOT = Path(__file__).resolve().parent.parent
HANDED_ON = "BRIDGE_TEST_SERVERS"  # from the process that starts the run to pytest-xdist's workers

T = TypeVar("T")


@dataclass(frozen=True)
class Servers:
    """Addresses of the run's servers, and databases on demand."""

    database_url: str  # a database nobody tests in, `postgresql://…`
    redis_url: str
    template: str  # name of the migrated database that new ones are copied from

    async def create_database(self, name: str) -> str:
        """A migrated, empty database; about 40 ms. Answers its URL, `postgresql://…`."""
        await self._execute(f'CREATE DATABASE "{_checked(name)}" TEMPLATE "{self.template}"')
        return urlsplit(self.database_url)._replace(path=f"/{name}").geturl()

    async def drop_database(self, name: str) -> None:
        await self._execute(f'DROP DATABASE IF EXISTS "{_checked(name)}" WITH (FORCE)')

    def create_database_now(self, name: str) -> str:
        """`create_database` for callers without a running event loop (session fixtures)."""
        return _apart(lambda: asyncio.run(self.create_database(name)))

    def redis_url_of(self, worker_id: str) -> str:
        """A logical database of its own per xdist worker ("gw0", "master"); number 0 is left alone."""
        number = 1 + int("0" + re.sub(r"\D", "", worker_id)) % 15
        return urlsplit(self.redis_url)._replace(path=f"/{number}").geturl()

    async def _execute(self, statement: str) -> None:
        connection = await asyncpg.connect(self.database_url)
        try:
            await connection.execute(statement)
        finally:
            await connection.close()


@dataclass
class _Run:
    """What this process started and must end."""

    servers: Servers
    embedded: EmbeddedServers | None
    folder: Path


_run: _Run | None = None


def begin(config: pytest.Config) -> None:
    """Call from `pytest_configure`: with workers to come, starts the servers before them and hands them on."""
    if not hasattr(config, "workerinput") and config.getoption("numprocesses", None):
        os.environ[HANDED_ON] = json.dumps(asdict(current()))


def current() -> Servers:
    """The run's servers; started now when nobody has needed them yet. Call from the main thread."""
    global _run  # noqa: PLW0603 - one per process by nature
    if handed_on := os.environ.get(HANDED_ON):
        return Servers(**json.loads(handed_on))
    _run = _run or _start()
    return _run.servers


def end() -> None:
    """Call from `pytest_unconfigure`: ends what this process started."""
    global _run
    if _run is None:
        return
    run, _run = _run, None
    os.environ.pop(HANDED_ON, None)
    _apart(lambda: asyncio.run(run.servers.drop_database(run.servers.template)))
    if run.embedded:
        run.embedded.stop()
        shutil.rmtree(run.embedded.place.servers_dir, ignore_errors=True)
    shutil.rmtree(run.folder)


def _start() -> _Run:
    """Given servers (BRIDGE_DATABASE_URL, BRIDGE_REDIS_URL) or embedded ones, and the migrated template."""
    folder = Path(tempfile.mkdtemp(prefix="bridge-tests-"))
    folder.chmod(0o711)  # root's servers run as another user
    database_url, redis_url = os.environ.get("BRIDGE_DATABASE_URL"), os.environ.get("BRIDGE_REDIS_URL")
    embedded = None if database_url and redis_url else EmbeddedServers(folder / "data", durable=False)
    if embedded:
        database_url = database_url or embedded.start_postgres()
        redis_url = redis_url or embedded.start_valkey()
    plain = (database_url or "").replace("postgresql+asyncpg://", "postgresql://", 1)
    servers = Servers(plain, redis_url or "", f"bridge_template_{os.getpid()}")
    _apart(lambda: asyncio.run(_make_template(servers)))
    return _Run(servers, embedded, folder)


async def _make_template(servers: Servers) -> None:
    await servers.drop_database(servers.template)
    await servers._execute(f'CREATE DATABASE "{servers.template}"')
    url = urlsplit(servers.database_url)._replace(path=f"/{servers.template}").geturl()
    await asyncio.to_thread(migrate, url)


def migrate(database_url: str, revision: str = "head") -> None:
    """Brings a database to a revision. Call where no event loop runs."""
    config = Config(ROOT / "alembic.ini")
    config.attributes["database_url"] = database_url
    command.upgrade(config, revision)


def _apart(work: Callable[[], T]) -> T:
    """Runs work that needs an event loop of its own, whatever the calling thread's loop is doing."""
    with ThreadPoolExecutor(max_workers=1) as thread:
        return thread.submit(work).result()


def _checked(name: str) -> str:
    if not re.fullmatch(r"[a-z0-9_]{1,63}", name):
        raise ValueError(f"{name!r} is not a plain database name")
    return name


async def empty(url: str) -> bool:
    """Takes all rows out of a test's database, guards set aside; False where the role may not do that."""
    connection = await asyncpg.connect(url)
    try:
        await connection.execute("SET session_replication_role = replica")
        rows = await connection.fetch(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'alembic_version'"
        )
        names = ", ".join(f'"{row["tablename"]}"' for row in rows)
        await connection.execute(f"TRUNCATE {names} RESTART IDENTITY")
    except asyncpg.InsufficientPrivilegeError:
        return False
    finally:
        await connection.close()
    return True
