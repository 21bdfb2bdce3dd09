"""Valkey, the Redis-compatible server, as a child process that keeps its data in an append-only file."""

import contextlib
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

from pydantic import SecretStr

from app.embedded.keys import write_private
from app.embedded.place import Place, advice, advised, valkey_binary
from app.embedded.process import EmbeddedError, end, end_orphan, free_port, open_log, spawn, tail

START_PATIENCE_S = 30
BROKEN_FILE = "Bad file format reading the append only file"
PORT_IS_TAKEN = "Address already in use"


class Valkey:
    """One server under `servers_dir/valkey`, on a free port of the loopback interface, with a password."""

    def __init__(self, place: Place, password: SecretStr) -> None:
        self._place = place
        self._password = password
        self._folder = place.servers_dir / "valkey"
        self._conf = self._folder / "valkey.conf"
        self._log_path = place.data_dir / "logs" / "valkey.log"
        self._program: Path | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._port: int | None = None

    @property
    def url(self) -> str:
        """`redis://:password@127.0.0.1:port/0`; stays the same across a restart."""
        return f"redis://:{self._password.get_secret_value()}@127.0.0.1:{self._port}/0"

    @property
    def alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    def start(self) -> None:
        """Returns when the server answers. Also restarts a server that died, on the same port.

        Raises:
            EmbeddedError: it did not start; the text carries the server's own reason.
        """
        self._program = self._program or valkey_binary(self._place)
        with advised("starting Valkey", self._place.servers_dir):
            if not self._folder.exists():
                self._folder.mkdir(mode=0o700)
                self._place.identity.owns(self._folder)
            self._end_orphan()
            self._launch_until_ready(self._program)

    def stop(self) -> None:
        if self._process is not None:
            end(self._process, [(signal.SIGTERM, 5), (signal.SIGKILL, 5)])

    def _end_orphan(self) -> None:
        with contextlib.suppress(FileNotFoundError, ValueError):
            end_orphan(int((self._folder / "valkey.pid").read_text(encoding="ascii")), str(self._conf), signal.SIGTERM)

    def _launch_until_ready(self, program: Path) -> None:
        fixed, deadline = self._port is not None, time.monotonic() + 10
        while True:
            self._port = self._port if fixed and self._port else free_port()
            said = self._launch(program, self._port)
            if said is None:
                return
            if BROKEN_FILE in said:
                # Postgres remembers, Redis only rings: a damaged file costs one sweep, so it is kept aside, not mended.
                self._set_aside()
            elif PORT_IS_TAKEN not in said or time.monotonic() > deadline:
                reason = next((line for line in reversed(said.splitlines()) if line.strip()), "it said nothing")
                hint = advice(said, self._place.servers_dir)
                raise EmbeddedError(f"Valkey: start failed: {reason.strip()}{hint} (log: {self._log_path})")
            time.sleep(0.05)

    def _set_aside(self) -> None:
        broken = self._folder / "appendonlydir.broken"
        shutil.rmtree(broken, ignore_errors=True)
        (self._folder / "appendonlydir").rename(broken)

    def _launch(self, program: Path, port: int) -> str | None:
        """Starts the server once. Returns None when it answers, else what it said before it ended."""
        write_private(self._conf, _configuration(port, self._password))
        self._place.identity.owns(self._conf)
        log_start = self._log_path.stat().st_size if self._log_path.exists() else 0
        with open_log(self._log_path) as log:
            self._process = spawn(
                [program, self._conf],
                identity=self._place.identity,
                cwd=self._folder,
                log=log,
                stop_signal=signal.SIGTERM,
            )
        deadline = time.monotonic() + START_PATIENCE_S
        while self._process.poll() is None:
            if _answers(port, self._password):
                return None
            if time.monotonic() > deadline:
                self.stop()
                return f"{tail(self._log_path, log_start)}\nno answer after {START_PATIENCE_S} s"
            time.sleep(0.005)
        return tail(self._log_path, log_start)


def _configuration(port: int, password: SecretStr) -> str:
    """The password stands in this file of mode 600, never on a command line. Paths are relative to the folder."""
    return f"""\
bind 127.0.0.1
port {port}
requirepass {password.get_secret_value()}
dir ./
pidfile ./valkey.pid
set-proc-title no
appendonly yes
appendfsync everysec
save ""
maxmemory-policy noeviction
"""


def _answers(port: int, password: SecretStr) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
        connection.sendall(f"AUTH {password.get_secret_value()}\r\nPING\r\n".encode())
        said = b""
        while said.count(b"\r\n") < 2:
            if not (part := connection.recv(256)):
                return False
            said += part
        return said == b"+OK\r\n+PONG\r\n"
    return False
