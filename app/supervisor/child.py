"""One process of `bridge up`: started in its own session, logged to its own file, restarted with growing pauses."""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from app.embedded.process import Identity, end, end_orphan, open_log, spawn, tail

BACK_OFF_S = (0.2, 1, 2, 5, 10, 30)
STEADY_AFTER_S = 60  # a process that lived this long starts its next back-off from the beginning


class Child:
    """Started by the constructor. `log` is appended to; passwords reach it through the environment only."""

    def __init__(
        self, name: str, command: list[str], environment: Mapping[str, str], log: Path, pid_file: Path
    ) -> None:
        self.name = name
        self._pid_file = pid_file
        self._command = command
        self._environment = os.environ | dict(environment) | {"PYTHONUNBUFFERED": "1"}
        self._log = log
        self._failures = 0
        self._again_at: float | None = None
        self._start()

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def status(self) -> int | None:
        """The exit status; negative for the signal that ended it."""
        return self._process.returncode

    def wait(self) -> None:
        self._process.wait()

    def stop(self, patience_s: float) -> None:
        end(self._process, [(signal.SIGTERM, patience_s), (signal.SIGKILL, 2)])
        self._pid_file.unlink(missing_ok=True)

    def heal(self, say: Callable[[str], None]) -> None:
        """Call often: announces an ended process once, starts it again when its pause is over."""
        if self.alive:
            return
        now = time.monotonic()
        if self._again_at is None:
            failures = 0 if now - self._started > STEADY_AFTER_S else self._failures
            pause_s = BACK_OFF_S[min(failures, len(BACK_OFF_S) - 1)]
            self._failures, self._again_at = failures + 1, now + pause_s
            say(f"{self.name} ended ({self.status}), starting it again in {pause_s:g} s: {self.last_words()}")
        elif now >= self._again_at:
            self._again_at = None
            self._start()

    def last_words(self) -> str:
        """The last line the current process logged, and where the rest is."""
        lines = [line for line in tail(self._log, self._log_start).splitlines() if line.strip()]
        return f"{short(lines[-1]) if lines else 'it said nothing'} (log: {self._log})"

    def _start(self) -> None:
        with open_log(self._log) as log:
            self._log_start = self._log.stat().st_size
            self._process: subprocess.Popen[bytes] = spawn(
                self._command,
                identity=Identity(os.geteuid(), os.getegid()),
                cwd=Path.cwd(),
                log=log,
                stop_signal=signal.SIGTERM,
                environment=self._environment,
            )
        self._started = time.monotonic()
        self._pid_file.write_text(str(self.pid), encoding="ascii")


def end_left_over(pid_file: Path, marker: str) -> None:
    """Ends what a killed `bridge up` left where the kernel does not end it (macOS), if it still is that process."""
    with contextlib.suppress(FileNotFoundError, ValueError):
        end_orphan(int(pid_file.read_text(encoding="ascii")), marker, signal.SIGTERM, patience_s=3)
        pid_file.unlink()


def short(said: str) -> str:
    """Several lines as one, at most 300 characters."""
    return " ".join(said.split())[:300]
