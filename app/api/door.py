"""What the webhook door remembers: stores for two seconds, and how many deliveries ended how."""

import time
from collections import Counter
from collections.abc import Callable

from app.ledger.records import StoreRecord
from app.sync.deps import Deps

TIME_TO_LIVE_S = 2.0
"""How long a pause, an archived store or a new secret may take to reach the door of another process."""
MOST_KEPT = 10_000


class StoreCache:
    """Stores by id, so that an accepted delivery costs one statement."""

    def __init__(self, deps: Deps, clock: Callable[[], float] = time.monotonic) -> None:
        self._deps = deps
        self._clock = clock
        self._kept: dict[str, tuple[float, StoreRecord]] = {}

    async def get(self, store_id: str) -> StoreRecord | None:
        """The store, at most two seconds old; unknown ones are asked for anew. Raises LedgerUnavailable."""
        known = self._kept.get(store_id)
        if known and known[0] > self._clock():
            return known[1]
        async with self._deps.ledger() as ledger:
            store = await ledger.store(store_id)
        if store is None:
            self._kept.pop(store_id, None)
            return None
        if len(self._kept) >= MOST_KEPT:
            self._kept.clear()
        self._kept[store_id] = (self._clock() + TIME_TO_LIVE_S, store)
        return store

    def forget(self, store_id: str) -> None:
        """The store was changed by this process."""
        self._kept.pop(store_id, None)


class DoorCounts:
    """Deliveries by kind and outcome since the process started."""

    def __init__(self) -> None:
        self._counts: Counter[tuple[str, str]] = Counter()

    def count(self, kind: str, outcome: str) -> None:
        self._counts[kind, outcome] += 1

    def items(self) -> list[tuple[str, str, int]]:
        """(kind, outcome, how many)."""
        return [(kind, outcome, count) for (kind, outcome), count in sorted(self._counts.items())]
