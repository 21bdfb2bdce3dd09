"""Starting, recognising and ending server processes that must not outlive us."""

import contextlib
import ctypes
import os
import random
import signal
import socket
import subprocess
import sys
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

LOG_LIMIT_BYTES = 10 * 1024 * 1024
_PORTS = range(15_000, 30_000)
"""Below what Linux (32768) and macOS (49152) give to outgoing connections."""
_PROBES = 100
_named: set[int] = set()
_PR_SET_PDEATHSIG = 1
_PATHS = (sys.getfilesystemencoding(), sys.getfilesystemencodeerrors())


class EmbeddedError(Exception):
    """An embedded server cannot run here. Its text is one line: what was tried, what came back, what to do."""


@dataclass(frozen=True)
class Identity:
    """The user the servers run as: Postgres refuses uid 0, so root steps down before it starts them.

    `prefix` stands before the command where a plain setuid is impossible (a container with one mapped user).
    """

    uid: int
    gid: int
    steps_down: bool = False
    prefix: tuple[str, ...] = ()

    def popen_arguments(self) -> dict[str, Any]:
        return {"user": self.uid, "group": self.gid, "extra_groups": []} if self.steps_down and not self.prefix else {}

    def owns(self, path: Path) -> None:
        if self.steps_down and not self.prefix:
            os.chown(path, self.uid, self.gid)


def clean_environment() -> dict[str, str]:
    """An environment for the servers that no locale, PG* variable or secret of the caller reaches.

    LC_ALL may name a locale that is not installed; initdb and postgres then fail (seen with de_DE.UTF-8).
    """
    kept = ("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")
    return {name: os.environ[name] for name in kept if name in os.environ} | {"LC_ALL": "C", "TZ": "UTC"}


def _ends_with_parent(stop_signal: signal.Signals) -> Callable[[], None] | None:
    """For `preexec_fn`: the kernel signals the child when the thread that started it ends (Linux only)."""
    if sys.platform != "linux":
        return None
    prctl = ctypes.CDLL(None).prctl  # resolved before the fork: nothing may be loaded between fork and exec
    return lambda: prctl(_PR_SET_PDEATHSIG, int(stop_signal), 0, 0, 0)


def spawn(
    command: Sequence[str | Path],
    *,
    identity: Identity,
    cwd: Path,
    log: IO[bytes],
    stop_signal: signal.Signals,
    environment: Mapping[str, str] | None = None,
) -> subprocess.Popen[bytes]:
    """Starts a server in its own session, so that the terminal's Ctrl-C reaches only us. Call from the main thread."""
    with warnings.catch_warnings():
        # Python 3.12 warns of fork in a process with threads; what runs before exec here is one prepared system call.
        warnings.simplefilter("ignore", DeprecationWarning)
        return subprocess.Popen(
            [*identity.prefix, *command],
            cwd=cwd,
            env=dict(environment or clean_environment()),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            preexec_fn=_ends_with_parent(stop_signal),  # noqa: PLW1509 - see the comment above
            **identity.popen_arguments(),
        )


def end(process: subprocess.Popen[bytes], signals: Sequence[tuple[signal.Signals, float]]) -> None:
    """Ends a child: each signal in turn, waiting its seconds, until the child is gone."""
    for number, patience_s in signals:
        if process.poll() is not None:
            return
        process.send_signal(number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(patience_s)


def command_of(pid: int) -> str:
    """The command line of a process, or "" when there is none (anymore)."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(*_PATHS)
    except OSError:
        if Path("/proc/self").exists():
            return ""
    found = subprocess.run(["ps", "-ww", "-p", str(pid), "-o", "command="], capture_output=True, check=False)  # noqa: S607 - macOS
    return found.stdout.decode(*_PATHS).strip()


def end_orphan(pid: int, marker: str, stop_signal: signal.Signals, patience_s: float = 15) -> None:
    """Ends a server that a killed run left behind, known by a path on its command line.

    Does nothing when the pid now belongs to another program.
    """
    if marker not in command_of(pid):
        return
    for number in (stop_signal, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)
        deadline = time.monotonic() + patience_s
        while time.monotonic() < deadline:
            if marker not in command_of(pid):
                return
            time.sleep(0.02)
    raise EmbeddedError(f"process {pid} of an earlier run does not end (it serves {marker}); end it and start again")


def free_port() -> int:
    """A TCP port of the loopback interface that is free now; whoever binds it must be ready to ask again.

    Not one the kernel gives to outgoing connections: a server that restarts could find its own taken by one of them;
    and none that was named before, which may be promised to somebody who has not bound it yet.
    """
    for port in random.sample([port for port in _PORTS if port not in _named], _PROBES):
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            _named.add(port)
            return port
    raise EmbeddedError(f"none of {_PROBES} ports from {_PORTS.start} to {_PORTS.stop - 1} is free on 127.0.0.1")


def open_log(path: Path) -> IO[bytes]:
    """Opens a log for appending, readable by its owner only; one older generation is kept beside it."""
    if path.exists() and path.stat().st_size > LOG_LIMIT_BYTES:
        path.replace(path.with_suffix(".log.1"))
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "ab", buffering=0)


def tail(path: Path, since: int) -> str:
    """What was written to a log after byte `since`, at most the last 8 KiB of it."""
    with contextlib.suppress(OSError), path.open("rb") as log:
        log.seek(max(since, path.stat().st_size - 8192))
        return log.read().decode(errors="replace")
    return ""
