"""One at a time: what several ask for in the same moment is done once, and serves them all."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from weakref import WeakValueDictionary

from app.domain.errors import Permanent, Retryable


class _Turn:
    """A name somebody has or waits for, and what trouble the last one met."""

    def __init__(self) -> None:
        self.lock = asyncio.Lock()
        self.trouble: str | None = None


class Turns:
    """A turn per name, within one process; another process may have its own at the same time."""

    def __init__(self) -> None:
        self._taken: WeakValueDictionary[tuple[str, ...], _Turn] = WeakValueDictionary()

    @asynccontextmanager
    async def of(self, *name: str) -> AsyncIterator[None]:
        """Waits for whoever has this turn. Raises Retryable where that one met trouble: it would only be met again."""
        turn = self._taken.setdefault(name, _Turn())
        waited = turn.lock.locked()
        async with turn.lock:
            if waited and turn.trouble:
                raise Retryable(turn.trouble)
            turn.trouble = None
            try:
                yield
            except (Retryable, Permanent) as e:
                turn.trouble = str(e)
                raise
