"""Both embedded servers under one data directory: one owner at a time, started in order, stopped in reverse."""

import fcntl
import json
import os
import time
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from app.embedded.keys import Keys, load_keys, write_private
from app.embedded.place import Place, advised, find_place
from app.embedded.postgres import Postgres
from app.embedded.process import EmbeddedError
from app.embedded.valkey import Valkey

LOCK = "lock"
ENVIRONMENT = "environment.json"


class EmbeddedServers:
    """Starts Postgres and Valkey on demand and stops what it started.

    Use it from the main thread, as a context manager or with `stop()`:

        with EmbeddedServers(Path(".data")) as servers:
            servers.start_postgres()
            servers.start_valkey()
            servers.database_url, servers.redis_url

    Raises:
        EmbeddedError: the data directory is in use, unusable or full; one line that says what to do.
    """

    def __init__(self, data_dir: Path, *, durable: bool = True) -> None:
        self.place: Place = find_place(data_dir)
        self._lock = _lock(self.place.data_dir)
        try:
            self.keys: Keys = load_keys(self.place)
        except EmbeddedError:
            self._lock.close()
            raise
        self.postgres = Postgres(self.place, self.keys.postgres_password, durable=durable)
        self.valkey = Valkey(self.place, self.keys.redis_password)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def database_url(self) -> str:
        return self.postgres.url

    @property
    def redis_url(self) -> str:
        return self.valkey.url

    def start_postgres(self) -> str:
        """Starts Postgres if it does not run; answers its URL."""
        if not self.postgres.alive:
            self.postgres.start()
        return self.postgres.url

    def start_valkey(self) -> str:
        """Starts Valkey if it does not run; answers its URL."""
        if not self.valkey.alive:
            self.valkey.start()
        return self.valkey.url

    def announce(self, environment: dict[str, str]) -> None:
        """Leaves the settings of the running processes for `bridge` commands in another terminal."""
        with advised("writing the running settings", self.place.data_dir):
            write_private(self.place.data_dir / ENVIRONMENT, json.dumps(environment, indent=2) + "\n")

    def stop(self) -> None:
        """Stops Valkey, then Postgres, and lets the next owner in. Repeating it is harmless."""
        (self.place.data_dir / ENVIRONMENT).unlink(missing_ok=True)
        self.valkey.stop()
        self.postgres.stop()
        self._lock.close()


def _lock(data_dir: Path) -> IO[str]:
    """Held while this process lives; the kernel frees it after a kill -9. Children do not inherit it."""
    with advised("locking the data directory", data_dir):
        lock = os.fdopen(os.open(data_dir / LOCK, os.O_RDWR | os.O_CREAT, 0o600), "r+", encoding="ascii")
        deadline = time.monotonic() + 0.5  # `environment_of_running` may hold it for a moment
        while not _locked(lock):
            if time.monotonic() > deadline:
                holder = lock.read().strip()
                lock.close()
                who = f" (process {holder})" if holder else ""
                raise EmbeddedError(f"{data_dir} is in use by another bridge{who}: stop it, or set BRIDGE_DATA_DIR")
            time.sleep(0.05)
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        return lock


def _locked(lock: IO[str], *, shared: bool = False) -> bool:
    try:
        fcntl.flock(lock, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def environment_of_running(data_dir: Path) -> dict[str, str] | None:
    """The settings (BRIDGE_… variables) of the `bridge up` that runs with this data directory, or None.

    Raises:
        EmbeddedError: it runs, but this user may not read its settings.
    """
    path = data_dir / ENVIRONMENT
    if not path.exists():
        return None
    with advised("reading the running settings", path), (data_dir / LOCK).open(encoding="ascii") as lock:
        if _locked(lock, shared=True):
            return None  # left behind by a run that was killed
        return dict(json.loads(path.read_text(encoding="utf-8")))
