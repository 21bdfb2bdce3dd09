"""Everything the sandbox knows, in one place: clock, dice, idealo, stores, switches and the log of calls."""

import random
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sandbox.calls import CallLog
from sandbox.faults import Faults
from sandbox.idealo.state import IdealoState
from sandbox.outbox import Outbox
from sandbox.persistence import DocumentFile
from sandbox.stores.port import Documents, FakeStore

StoreMaker = Callable[["World"], dict[str, FakeStore]]


def _real_time() -> datetime:
    return datetime.now(UTC)


def _all_stores(world: "World") -> dict[str, FakeStore]:
    # Late on purpose: the fake stores import the sandbox's types, and most tests of idealo need no store.
    from sandbox.stores import make_stores  # noqa: PLC0415

    return make_stores(world)


class World:
    """One sandbox. Not safe for several threads: it belongs to the event loop that serves it.

    `seed` makes everything random in it repeatable. `clock` is asked for the time (default: the machine's);
    `manual_time` stops it, so that only `advance` moves it and with it every timer. `store_path`: an SQLite file in
    which the state outlives the process.
    """

    def __init__(
        self,
        seed: int = 1,
        clock: Callable[[], datetime] | None = None,
        store_path: Path | None = None,
        *,
        manual_time: bool = False,
        stores: StoreMaker | None = None,
    ) -> None:
        self.seed = seed
        self._clock = clock or _real_time
        self._offset = timedelta(0)
        self._stopped_at = self._clock() if manual_time else None
        self._started_stopped = manual_time
        self._streams: dict[str, random.Random] = {}
        self._make_stores = stores or _all_stores
        self._stores: dict[str, FakeStore] | None = None
        self._file = DocumentFile(store_path) if store_path is not None else None
        self._run = 0
        self._kept_meta: dict[str, float] | None = None
        self.calls = CallLog()
        self.faults = Faults()
        self.outbox = Outbox(self.now)
        self.idealo = IdealoState(now=self.now, random=self.random)
        if self._file is not None:
            self._restore(self._file)

    @property
    def stores(self) -> dict[str, FakeStore]:
        """The fake stores by kind; made, and filled with what was kept, at first use."""
        if self._stores is None:
            self._stores = self._make_stores(self)
            if self._file is not None:
                for kind, store in self._stores.items():
                    store.restore(self._file.load(kind))
        return self._stores

    def now(self) -> datetime:
        """The sandbox's time, aware UTC."""
        base = self._clock() if self._stopped_at is None else self._stopped_at
        return base.astimezone(UTC) + self._offset

    def unmoved(self) -> datetime:
        """The time callers' clocks show, aware UTC: not moved by `advance` and not stopped by `stop_time`.

        A world made with `manual_time` has callers that go by its own clock.
        """
        ours = self._started_stopped and self.time_stopped
        return self.now() if ours else self._clock().astimezone(UTC)

    def advance(self, seconds: float) -> None:
        """Move the clock (never back) and let every timer that falls due on the way go off."""
        if seconds < 0:
            raise ValueError(f"the clock cannot go back: {seconds}")
        self._offset += timedelta(seconds=seconds)
        self.idealo.settle()

    @property
    def time_stopped(self) -> bool:
        """Whether only `advance` moves the clock."""
        return self._stopped_at is not None

    def stop_time(self) -> None:
        """From now on only `advance` moves the clock."""
        if self._stopped_at is None:
            self._stopped_at = self._clock()

    def resume_time(self) -> None:
        """Let the clock run again from where it stands."""
        if self._stopped_at is not None:
            self._offset -= self._clock() - self._stopped_at
            self._stopped_at = None

    def random(self, stream: str) -> random.Random:
        """The dice of that name: the same seed and name give the same throws, whatever other dice are used for.

        After a restart with a file they go on with other throws, so that no id comes twice.
        """
        if stream not in self._streams:
            self._streams[stream] = random.Random(f"{self.seed}/{self._run}/{stream}")
        return self._streams[stream]

    def reset(self) -> None:
        """Empty the sandbox: orders, shops, stores, switches, clock and what was kept in the file."""
        self._offset = timedelta(0)
        self._stopped_at = self._clock() if self._started_stopped else None
        self._streams.clear()
        self._run = 0
        self.calls.clear()
        self.faults.clear()
        self.outbox.clear()
        self.idealo.reset()
        for store in (self._stores or {}).values():
            store.reset()
        if self._file is not None:
            self._file.clear()
            self._kept_meta = None

    def keep(self) -> None:
        """Commit what changed to the file, if there is one; on return it survives a kill."""
        if self._file is not None:
            meta = {"offset_s": self._offset.total_seconds(), "run": self._run}
            own = {"clock": meta} if meta != self._kept_meta else {}
            self._file.keep([("world", own), *((name, part.changes()) for name, part in self._parts())])
            self._kept_meta = meta

    def close(self) -> None:
        """Commit and let go of the file."""
        if self._file is not None:
            self.keep()
            self._file.close()
            self._file = None

    def _parts(self) -> Iterator[tuple[str, Documents]]:
        yield "idealo", self.idealo
        yield from (self._stores or {}).items()

    def _restore(self, file: DocumentFile) -> None:
        kept = file.load("world").get("clock")
        if kept is not None:
            self._offset = timedelta(seconds=kept["offset_s"])
            self._run = kept["run"] + 1
        self.idealo.restore(file.load("idealo"))
        self.idealo.settle()
        self.keep()
