"""The processes of a campaign: embedded servers, sandbox, API and two workers; each can be killed and started."""

import base64
import contextlib
import os
import secrets
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Container, Mapping
from pathlib import Path

import httpx
import psutil

from app.embedded import EmbeddedError, EmbeddedServers
from app.embedded.postgres import Postgres
from app.embedded.process import Identity, end, free_port, open_log, spawn
from app.embedded.valkey import Valkey
from tests.faults import launch

ROOT = Path(__file__).resolve().parents[2]
SERVERS = ("postgres", "valkey")
WORKERS = ("worker-1", "worker-2")
BRIDGE = ("api", *WORKERS)
CHILDREN = ("sandbox", *BRIDGE)
READY_PATIENCE_S = 60


class NotReadyError(Exception):
    """A process did not come up; its text names it and its log."""


class House:
    """Everything that runs. Call from the main thread: the kernel ends servers with the thread that started them."""

    def __init__(self, folder: Path, data_dir: Path, seed: int) -> None:
        self.folder, self.seed = folder, seed
        self.logs = folder / "logs"
        self.logs.mkdir()
        self.servers = EmbeddedServers(data_dir)
        self.sandbox_port, self.api_port = free_port(), free_port()
        self.settings: dict[str, str] = {}
        """What API and workers are started with; a change is seen at their next start."""
        self.defect: str | None = None
        self.kills: Counter[str] = Counter()
        self.fell: Counter[str] = Counter()
        """Processes that ended although nobody ended them."""
        self._children: dict[str, subprocess.Popen[bytes]] = {}
        self._fate: set[str] = set()
        for name in BRIDGE:
            launch.move_clock(self.clock_of(name), 0)

    @property
    def sandbox_url(self) -> str:
        return f"http://127.0.0.1:{self.sandbox_port}"

    @property
    def api_url(self) -> str:
        return f"http://127.0.0.1:{self.api_port}"

    @property
    def database_url(self) -> str:
        return self.servers.database_url

    def clock_of(self, name: str) -> Path:
        return self.folder / f"{name}.clock"

    def start_world(self) -> None:
        """Servers, migrations and the sandbox: all that must stand before stores are named."""
        self.start("sandbox")
        self.servers.start_postgres()
        self.servers.start_valkey()
        self.settings |= {
            "BRIDGE_DATABASE_URL": self.servers.database_url,
            "BRIDGE_REDIS_URL": self.servers.redis_url,
            "BRIDGE_MASTER_KEYS": new_master_key(),
            "BRIDGE_JWT_SECRET": secrets.token_urlsafe(48),
            "BRIDGE_DATA_DIR": str(self.servers.place.data_dir),
            "BRIDGE_API_PORT": str(self.api_port),
            "BRIDGE_ALLOW_PRIVATE_TARGETS": "on",
        }
        self.migrate()

    def migrate(self) -> None:
        """As an operator does it. Raises CalledProcessError."""
        with open_log(self.logs / "migrate.log") as log:
            subprocess.run(
                [sys.executable, "-P", "-m", "app.cli", "migrate"],
                cwd=self.folder,
                env=self._environment("migrate"),
                stdout=log,
                stderr=log,
                check=True,
                timeout=120,
            )

    def start(self, *names: str) -> None:
        """Starts children; answers at once."""
        for name in names:
            with open_log(self.logs / f"{name}.log") as log:
                self._children[name] = spawn(
                    self._command(name),
                    identity=Identity(os.geteuid(), os.getegid()),
                    cwd=self.folder,
                    log=log,
                    stop_signal=signal.SIGKILL,
                    environment=self._environment(name),
                )
            self._fate.discard(name)

    def kill(self, name: str) -> None:
        """kill -9, for children and for `postgres`, `valkey` and `backend` (one process of Postgres)."""
        self._fate.add(name)
        if name in self._children:
            self.kills[name] += self._children[name].poll() is None
            self._children[name].kill()
            self._children[name].wait()
            return
        server = self._server(name)
        if server.alive and server.pid is not None:
            self.kills[name] += 1
            os.kill(server.pid, signal.SIGKILL)

    def kill_backend(self, choice: int) -> None:
        """kill -9 for one process of Postgres: it then ends all connections and recovers by itself."""
        self.kills["backend"] += 1
        with contextlib.suppress(psutil.NoSuchProcess, ProcessLookupError):
            family = psutil.Process(self.servers.postgres.pid).children(recursive=True)
            if family:
                os.kill(family[choice % len(family)].pid, signal.SIGKILL)

    def stop(self, *names: str) -> None:
        """SIGTERM, as an update does it; all at once."""
        self._fate |= set(names)
        for name in names:
            self._children[name].terminate()
        for name in names:
            end(self._children[name], [(signal.SIGTERM, 15), (signal.SIGKILL, 5)])

    def rest(self, name: str) -> None:
        """Stops `postgres` or `valkey` in good order."""
        self._fate.add(name)
        self._server(name).stop()

    def heal(self, resting: Container[str] = ()) -> None:
        """Starts what does not run, as a supervisor would; what rests is left alone."""
        for name in SERVERS:
            server = self._server(name)
            if not server.alive and name not in resting:
                self._count_fall(name)
                with contextlib.suppress(EmbeddedError):  # a full disk: the next round tries again
                    server.start()
                    self._fate.discard(name)
        for name, child in self._children.items():
            if child.poll() is not None and name not in resting:
                self._count_fall(name)
                self.start(name)

    def _count_fall(self, name: str) -> None:
        if name not in self._fate:
            self.fell[name] += 1
            self._fate.add(name)

    def wait_until_ready(self) -> None:
        """Sandbox and API answer, a worker's heart beats. Raises NotReadyError."""
        deadline = time.monotonic() + READY_PATIENCE_S
        for name, url in (("sandbox", f"{self.sandbox_url}/_sandbox/"), ("api", f"{self.api_url}/readyz")):
            while not _answers(url):
                if time.monotonic() > deadline:
                    raise NotReadyError(f"{name} is not ready after {READY_PATIENCE_S} s; logs: {self.logs}")
                self.heal()
                time.sleep(0.1)

    def server_pids(self) -> list[int]:
        return [pid for pid in (self.servers.postgres.pid, self.servers.valkey.pid) if pid is not None]

    def close(self) -> None:
        for child in self._children.values():
            end(child, [(signal.SIGTERM, 2), (signal.SIGKILL, 5)])
        self.servers.stop()

    def _server(self, name: str) -> Postgres | Valkey:
        return self.servers.postgres if name == "postgres" else self.servers.valkey

    def _command(self, name: str) -> list[str]:
        python = [sys.executable, "-P", "-m"]
        if name == "sandbox":
            file = self.folder / "sandbox.sqlite"
            return [*python, "sandbox", "--port", str(self.sandbox_port), "--data", str(file), "--seed", str(self.seed)]
        return [*python, "tests.faults.launch", name.partition("-")[0]]

    def _environment(self, name: str) -> Mapping[str, str]:
        kept = {key: value for key, value in os.environ.items() if not key.startswith("BRIDGE_")}
        own = {"PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1", launch.CLOCK: str(self.clock_of(name))}
        if self.defect and name in BRIDGE:
            own[launch.DEFECT] = self.defect
        return {**kept, **self.settings, **own}


def new_master_key() -> str:
    """32 random bytes as the settings want them."""
    return base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=5, trust_env=False).status_code == httpx.codes.OK
    except httpx.HTTPError:
        return False
