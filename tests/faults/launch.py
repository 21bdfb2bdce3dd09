"""Starts a process of the bridge with a clock that is moved from outside, and with a planted defect if one is named."""

import os
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from importlib import import_module
from pathlib import Path

from app.bootstrap import Bridge
from app.cli import main

CLOCK = "FAULTS_CLOCK"
"""Names a file that holds by how many seconds this process' clock is ahead of the machine's."""
DEFECT = "FAULTS_DEFECT"
"""Names the defect to plant, from tests.faults.defects."""


def clock_ahead(note: Path) -> Callable[[], datetime]:
    """A clock that reads at every look how far it is off."""

    def now() -> datetime:
        return datetime.now(UTC) + timedelta(seconds=float(note.read_text(encoding="ascii") or 0))

    return now


def move_clock(note: Path, seconds: float) -> None:
    """Sets how far a process' clock is ahead, at once and whole."""
    unfinished = note.with_suffix(".unfinished")
    unfinished.write_text(str(seconds), encoding="ascii")
    unfinished.replace(note)


def run() -> None:
    """`python -m tests.faults.launch api|worker`: as `bridge`, apart from clock and defect."""
    if defect := os.environ.get(DEFECT):
        from tests.faults.defects import plant  # noqa: PLC0415 - a sound process does not even load them

        plant(defect)
    home = import_module({"api": "app.main", "worker": "workers.main"}[sys.argv[1]])
    home.__dict__["Bridge"] = partial(Bridge, now=clock_ahead(Path(os.environ[CLOCK])))
    main()


if __name__ == "__main__":
    run()
