"""The clocks of the bridge's processes: how far all of them have leapt, and when one was off by itself."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from tests.faults import launch
from tests.faults.house import BRIDGE

SLACK = timedelta(seconds=1)
"""So long a process may still use what it has read of its clock."""


class _Off(NamedTuple):
    """A stretch of time as the clock that was off shows it."""

    since: datetime
    until: datetime
    by: timedelta


class Clocks:
    """Moves them and remembers. `file_of` names the file a process reads its clock from."""

    def __init__(self, file_of: Callable[[str], Path]) -> None:
        self._file_of = file_of
        self._leapt = timedelta(0)
        self._wrong: dict[str, tuple[datetime, timedelta]] = {}
        """By process: when its clock went wrong, as that clock shows it, and by how much."""
        self._over: list[_Off] = []

    def leap(self, seconds: float) -> None:
        """All at once; one that was off is right again."""
        self.correct()
        self._leapt += timedelta(seconds=seconds)
        for name in BRIDGE:
            self._move(name, timedelta(0))

    def put_off(self, name: str, seconds: float) -> None:
        """One process' clock runs ahead of the others', or behind them, until `correct`."""
        by = timedelta(seconds=seconds)
        self._wrong[name] = datetime.now(UTC) + self._leapt + by, by
        self._move(name, by)

    def correct(self) -> None:
        """Whoever is off is not any more."""
        for name in list(self._wrong):
            since, by = self._wrong.pop(name)
            self._move(name, timedelta(0))
            self._over.append(_Off(since, datetime.now(UTC) + self._leapt + by, by))

    def doubt(self, *stamps: datetime) -> timedelta:
        """By how much these stamps may lie wrong to each other: those taken while a clock was off, by that much."""
        now = datetime.now(UTC) + self._leapt
        off = [*self._over, *(_Off(since, now + by, by) for since, by in self._wrong.values())]
        met = [abs(o.by) for o in off if any(o.since - SLACK <= stamp <= o.until + SLACK for stamp in stamps)]
        return max(met, default=timedelta(0))

    def _move(self, name: str, by: timedelta) -> None:
        launch.move_clock(self._file_of(name), (self._leapt + by).total_seconds())
