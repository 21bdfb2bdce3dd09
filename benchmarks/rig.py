"""The machine under test: real servers and real processes in a private folder, nothing shared with other runs."""

import asyncio
import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

import asyncpg
import psutil

from app.embedded import EmbeddedServers
from app.embedded.process import Identity, end, free_port, open_log, spawn, tail

ROOT = Path(__file__).resolve().parent.parent
PATIENCE_S = 40
NEVER_S = "86400"
TEMPLATE = "bench_template"


class BenchError(Exception):
    """A benchmark cannot be taken; its text says what failed."""


@dataclass
class Running:
    """One process under test."""

    name: str
    process: "subprocess.Popen[bytes]"
    log: Path
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def resident_mb(self) -> float:
        """Resident memory now, MiB."""
        return float(psutil.Process(self.process.pid).memory_info().rss) / 2**20

    @property
    def cpu_s(self) -> float:
        """Processor seconds used so far."""
        used = psutil.Process(self.process.pid).cpu_times()
        return float(used.user + used.system)

    def stop(self) -> None:
        end(self.process, [(signal.SIGTERM, 5), (signal.SIGKILL, 2)])


@dataclass
class House:
    """One database, one Redis database and the settings of the processes that share them."""

    database_url: str
    environment: dict[str, str]
    port: int
    processes: list[Running] = field(default_factory=list)


class Rig:
    """Embedded Postgres (durable, as `make up` starts it) and Valkey, and the processes a benchmark asks for."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="bridge-bench-"))
        self.folder.chmod(0o711)  # root's servers run as another user
        self._servers = EmbeddedServers(self.folder / "data")
        self._started: list[Running] = []
        self._houses = 0
        self._migrated = False

    def __enter__(self) -> Self:
        self._servers.start_postgres()
        self._servers.start_valkey()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        for running in reversed(self._started):
            running.stop()
        self._servers.stop()
        shutil.rmtree(self._servers.place.servers_dir, ignore_errors=True)
        shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def redis_url(self) -> str:
        return self._servers.redis_url

    def house(self) -> House:
        """A migrated, empty database and a Redis database of its own."""
        self._houses += 1
        name = f"bench_{self._houses}"
        self._migrate()
        self.run_sql(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}")
        database = urlsplit(self._servers.database_url)._replace(path=f"/{name}").geturl()
        redis = urlsplit(self._servers.redis_url)._replace(path=f"/{self._houses}").geturl()
        port = free_port()
        keys = self._servers.keys
        environment = {
            "BRIDGE_DATABASE_URL": database,
            "BRIDGE_REDIS_URL": redis,
            "BRIDGE_MASTER_KEYS": keys.master_key.get_secret_value(),
            "BRIDGE_JWT_SECRET": keys.jwt_secret.get_secret_value(),
            "BRIDGE_DATA_DIR": str(self.folder / name),
            "BRIDGE_API_PORT": str(port),
            "BRIDGE_PUBLIC_URL": f"http://127.0.0.1:{port}",
            "BRIDGE_SANDBOX": "on",
            # One store sends everything here; its share of the door is not what is measured.
            "BRIDGE_WEBHOOK_RATE": "0",
            # The benchmarks say themselves when to poll.
            "BRIDGE_IDEALO_POLL_SECONDS": NEVER_S,
            "BRIDGE_STORE_POLL_SECONDS": NEVER_S,
        }
        return House(database, environment, port)

    def _migrate(self) -> None:
        if self._migrated:
            return
        self.run_sql(f"CREATE DATABASE {TEMPLATE}")
        url = urlsplit(self._servers.database_url)._replace(path=f"/{TEMPLATE}").geturl()
        command = [sys.executable, "-P", "-m", "alembic", "-c", str(ROOT / "alembic.ini"), "upgrade", "head"]
        subprocess.run(command, env=_environment({"BRIDGE_DATABASE_URL": url}), check=True, cwd=ROOT, timeout=60)
        self._migrated = True

    def run_sql(self, statement: str, database_url: str | None = None) -> list[Any]:
        """One statement outside a transaction, on the servers' own database unless another is given."""

        async def run() -> list[Any]:
            connection = await asyncpg.connect(database_url or self._servers.database_url)
            try:
                return list(await connection.fetch(statement))
            finally:
                await connection.close()

        return asyncio.run(run())

    def start(self, name: str, module: list[str], environment: Mapping[str, str], port: int = 0) -> Running:
        """A Python process with our own flags; its log stays until the run ends."""
        log_path = self.folder / f"{name}-{len(self._started)}.log"
        with open_log(log_path) as log:
            process = spawn(
                [sys.executable, "-P", "-m", *module],
                identity=Identity(os.geteuid(), os.getegid()),
                cwd=ROOT,
                log=log,
                stop_signal=signal.SIGTERM,
                environment=_environment(environment),
            )
        running = Running(name, process, log_path, port)
        self._started.append(running)
        return running

    def api(self, house: House) -> Running:
        running = self.start("api", ["app.cli", "api"], house.environment, house.port)
        wait_for(running, "/healthz")
        return running

    def worker(self, house: House) -> Running:
        """Ready when its heartbeat stands in the ledger."""
        self.run_sql("DELETE FROM heartbeats", house.database_url)
        running = self.start("worker", ["app.cli", "worker"], house.environment)
        until(lambda: bool(self.run_sql("SELECT 1 FROM heartbeats", house.database_url)), running)
        return running

    def sandbox(self) -> Running:
        """In memory: a file would measure SQLite."""
        port = free_port()
        running = self.start("sandbox", ["sandbox", "--port", str(port)], {}, port)
        wait_for(running, "/_sandbox/")
        return running

    def plain(self, name: str, environment: Mapping[str, str]) -> Running:
        """A baseline process of benchmarks.plain."""
        port = free_port()
        running = self.start(f"plain-{name}", ["benchmarks.plain", name, str(port)], environment, port)
        if name != "worker":
            wait_for(running, "/")
        return running

    def token(self, house: House) -> str:
        command = [sys.executable, "-P", "-m", "app.cli", "token", "--scope", "read,operate,configure"]
        made = subprocess.run(
            command,
            env=_environment(house.environment),
            check=True,
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=60,
        )
        return made.stdout.strip()


def _environment(more: Mapping[str, str]) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("BRIDGE_")}
    return {**kept, **more, "PYTHONUNBUFFERED": "1", "PYTHONPATH": str(ROOT)}


def call(method: str, url: str, body: object = None, token: str | None = None) -> Any:
    """One JSON call. Raises BenchError with what came back."""
    headers = {"Content-Type": "application/json", **({"Authorization": f"Bearer {token}"} if token else {})}
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data=data, headers=headers, method=method)  # noqa: S310 - our own processes
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
            raw = answer.read()
    except urllib.error.HTTPError as e:
        raise BenchError(f"{method} {url}: {e.code} {e.read()[:500].decode(errors='replace')}") from e
    return json.loads(raw) if raw else None


def wait_for(running: Running, path: str) -> None:
    """Waits until the process answers below 500."""

    def answers() -> bool:
        with contextlib.suppress(OSError):
            request = urllib.request.Request(running.url + path)  # noqa: S310 - our own processes
            try:
                with urllib.request.urlopen(request, timeout=5):  # noqa: S310
                    return True
            except urllib.error.HTTPError as e:
                return e.code < 500
        return False

    until(answers, running)


def until(done: Any, running: Running, patience_s: float = PATIENCE_S, every_s: float = 0.1) -> None:
    """Asks again and again. Raises BenchError when the process ends or the patience does."""
    deadline = time.monotonic() + patience_s
    while not done():
        if running.process.poll() is not None or time.monotonic() > deadline:
            said = re.sub(r"\s+", " ", tail(running.log, 0))[-600:]
            raise BenchError(f"{running.name} did not get there within {patience_s} s: {said}")
        time.sleep(every_s)


@contextlib.contextmanager
def stopped_after(*running: Running) -> Iterator[None]:
    """Ends processes when the block ends, so that they do not disturb the next measurement."""
    try:
        yield
    finally:
        for one in running:
            one.stop()
