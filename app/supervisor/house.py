"""The house: what one `bridge up` opens, starts in order, keeps alive and stops in reverse."""

import asyncio
import contextlib
import os
import signal
import sys
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from app.config import LocalSettings
from app.embedded import EmbeddedError, EmbeddedServers
from app.supervisor.child import Child, end_left_over, short
from app.supervisor.network import StartError, check_port, get, reachable

ROOT = Path(__file__).resolve().parents[2]
READY_PATIENCE_S = 60
LOOK_EVERY_S = 0.1
# In this order; together with the servers below 5 s.
STOP_PATIENCE_S = {"migrate": 1, "worker": 1.5, "api": 1.5, "sandbox": 0.5}


@dataclass(frozen=True)
class Running:
    """What runs, for the hook that is called when everything is ready."""

    api_url: str
    sandbox_url: str | None
    data_dir: Path
    environment: Mapping[str, str]  # the BRIDGE_… settings every process was given, secrets included


OnReady = Callable[[Running], Awaitable[None]]


def run(settings: LocalSettings, on_ready: OnReady | None = None) -> int:
    """Runs until Ctrl-C, SIGTERM or a failed start. Answers the exit status; a failure is told in one line on stderr.

    `on_ready` is awaited once, after all processes are ready and before the READY line; it is cancelled by Ctrl-C.
    """
    try:
        asyncio.run(_run(settings, on_ready))
    except (EmbeddedError, StartError) as error:
        print(f"bridge up: {error}", file=sys.stderr, flush=True)
        return 1
    return 0


async def _run(settings: LocalSettings, on_ready: OnReady | None) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    house = House(settings)
    try:
        house.open()
        serving, stopping = asyncio.create_task(house.serve(on_ready)), asyncio.create_task(stop.wait())
        await asyncio.wait({serving, stopping}, return_when=asyncio.FIRST_COMPLETED)
        serving.cancel(), stopping.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await serving
    finally:
        house.stop()


class House:
    """Everything one `bridge up` starts: `open`, `serve` until cancelled, `stop`."""

    def __init__(self, settings: LocalSettings) -> None:
        self._settings = settings
        self._servers: EmbeddedServers | None = None
        self._environment: dict[str, str] = {}
        self._children: dict[str, Child] = {}
        self._server_again_at = 0.0

    def open(self) -> None:
        """Takes the data directory and the ports, or says who has them. Raises EmbeddedError, StartError."""
        self._servers = EmbeddedServers(self._settings.data_dir)
        for name in STOP_PATIENCE_S:
            # the sandbox takes the place of the command that was started
            end_left_over(self._pid_file(name), "-m sandbox" if name == "sandbox" else f"-m app.cli {name}")
        check_port(self._settings.api_host, self._settings.api_port, "BRIDGE_API_PORT")
        if self._settings.sandbox:
            check_port("127.0.0.1", self._settings.sandbox_port, "BRIDGE_SANDBOX_PORT")

    async def serve(self, on_ready: OnReady | None) -> None:
        """Starts everything in order, announces it, then keeps it alive until cancelled."""
        servers = self._open_servers
        self._start_servers(servers)
        self._environment = _environment(self._settings, servers)
        if self._settings.sandbox:
            self._start_child("sandbox")
        await self._migrate()
        self._start_child("worker")
        self._start_child("api")
        running = Running(self._api_url, self._sandbox_url, servers.place.data_dir, self._environment)
        await self._wait_until_ready(running)
        servers.announce(self._environment)
        healing = asyncio.create_task(self._heal(servers))
        try:
            if on_ready:
                await on_ready(running)
            _say(_ready_line(running))
            await healing
        finally:
            healing.cancel()

    def stop(self) -> None:
        """Worker, API, sandbox, then the servers they need. Each has its time; what overstays is killed."""
        for name, patience_s in STOP_PATIENCE_S.items():
            if child := self._children.get(name):
                child.stop(patience_s)
        if self._servers:
            self._servers.stop()

    @property
    def _open_servers(self) -> EmbeddedServers:
        if self._servers is None:
            raise StartError("the data directory is not open: call open() first")
        return self._servers

    @property
    def _api_url(self) -> str:
        return f"http://{reachable(self._settings.api_host)}:{self._settings.api_port}"

    @property
    def _sandbox_url(self) -> str | None:
        return f"http://127.0.0.1:{self._settings.sandbox_port}" if self._settings.sandbox else None

    def _start_servers(self, servers: EmbeddedServers) -> None:
        """Starts the embedded servers that no given URL replaces. Blocks: the main thread must be their parent."""
        for name, given, start in (
            ("Postgres", self._settings.database_url, servers.start_postgres),
            ("Valkey", self._settings.redis_url, servers.start_valkey),
        ):
            began = time.monotonic()
            if given is None:
                start()
            _say(f"{name:<10} {'given' if given else _took(began)}")

    async def _migrate(self) -> None:
        began = time.monotonic()
        child = self._start_child("migrate", ["alembic", "-c", str(ROOT / "alembic.ini"), "upgrade", "head"])
        await asyncio.to_thread(child.wait)
        if child.status != 0:
            raise StartError(f"the migration failed: {child.last_words()}")
        del self._children["migrate"]
        _say(f"{'migrated':<10} {_took(began)}")

    def _start_child(self, name: str, module: list[str] | None = None) -> Child:
        safe_path = ["-P"] if sys.flags.safe_path else []  # as we were started: no package of the current directory
        command = [sys.executable, *safe_path, "-m", *(module or ["app.cli", name])]
        log = self._open_servers.place.data_dir / "logs" / f"{name}.log"
        self._children[name] = Child(name, command, self._environment, log, self._pid_file(name))
        return self._children[name]

    def _pid_file(self, name: str) -> Path:
        return self._open_servers.place.data_dir / "logs" / f"{name}.pid"

    async def _wait_until_ready(self, running: Running) -> None:
        """The API's /readyz also looks at the database and the worker's heartbeat."""
        began = time.monotonic()
        waiting = {"api": f"{running.api_url}/readyz"}
        if running.sandbox_url:
            waiting["sandbox"] = f"{running.sandbox_url}/_sandbox/"
        said = ""
        while waiting:
            self._refuse_dead()
            for name, url in list(waiting.items()):
                status, said = await asyncio.to_thread(get, url)
                if status == 200 or (name == "sandbox" and 0 < status < 500):
                    del waiting[name]
                    _say(f"{name:<10} {_took(began)}")
            if time.monotonic() - began > READY_PATIENCE_S:
                logs = self._open_servers.place.data_dir / "logs"
                raise StartError(
                    f"{', '.join(waiting)} not ready after {READY_PATIENCE_S} s: {short(said)} (logs: {logs})"
                )
            await asyncio.sleep(0.05)

    def _refuse_dead(self) -> None:
        """A process that ends before everything was ready will not do better the second time."""
        for child in self._children.values():
            if not child.alive:
                raise StartError(f"{child.name} ended ({child.status}): {child.last_words()}")

    async def _heal(self, servers: EmbeddedServers) -> None:
        """Restarts what ended: arq leaves when Redis was away, the kernel kills, disks fill up."""
        while True:
            self._heal_servers(servers)
            for child in self._children.values():
                child.heal(_say)
            await asyncio.sleep(LOOK_EVERY_S)

    def _heal_servers(self, servers: EmbeddedServers) -> None:
        for name, given, server in (
            ("Postgres", self._settings.database_url, servers.postgres),
            ("Valkey", self._settings.redis_url, servers.valkey),
        ):
            if given is None and not server.alive and time.monotonic() >= self._server_again_at:
                _say(f"{name} ended; starting it again")
                try:
                    server.start()
                except EmbeddedError as error:
                    self._server_again_at = time.monotonic() + 5
                    _say(str(error))


def _environment(settings: LocalSettings, servers: EmbeddedServers) -> dict[str, str]:
    """The settings every process gets: what was given, and what this installation made for itself."""
    given = {
        "BRIDGE_DATABASE_URL": settings.database_url,
        "BRIDGE_REDIS_URL": settings.redis_url,
        "BRIDGE_MASTER_KEYS": settings.master_keys or servers.keys.master_key,
        "BRIDGE_JWT_SECRET": settings.jwt_secret,
    }
    if not (settings.jwt_secret or settings.jwks_file or settings.jwks_url):
        given["BRIDGE_JWT_SECRET"] = servers.keys.jwt_secret
    local_url = f"http://{reachable(settings.api_host)}:{settings.api_port}"
    return {
        **{name: secret.get_secret_value() for name, secret in given.items() if secret},
        **({} if settings.database_url else {"BRIDGE_DATABASE_URL": servers.database_url}),
        **({} if settings.redis_url else {"BRIDGE_REDIS_URL": servers.redis_url}),
        "BRIDGE_DATA_DIR": str(servers.place.data_dir),
        "BRIDGE_API_HOST": settings.api_host,
        "BRIDGE_API_PORT": str(settings.api_port),
        "BRIDGE_PUBLIC_URL": settings.public_url or local_url,
        "BRIDGE_SANDBOX": "on" if settings.sandbox else "off",
        "BRIDGE_SANDBOX_PORT": str(settings.sandbox_port),
    }


def _took(began: float) -> str:
    return f"ready {time.monotonic() - began:.1f} s"


def _ready_line(running: Running) -> str:
    bridge = Path(sys.executable).parent / "bridge"
    shown = os.path.relpath(bridge) if bridge.exists() else "bridge"
    sandbox = f" · sandbox {running.sandbox_url}" if running.sandbox_url else ""
    return (
        f"READY console {running.api_url}/console/ · API {running.api_url}/docs{sandbox}"
        f" · token: {shown} token --scope read,operate,configure · Ctrl-C stops everything"
    )


def _say(line: str) -> None:
    print(line, flush=True)
