"""Kills the process in thought: at a chosen call or transaction nothing more happens until the next start."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx

from app.ledger.ledger import Ledger
from app.sync.deps import OpenLedger


class Killed(BaseException):
    """kill -9: no handler of ours may catch it, and cleaning up does not happen either."""


class Grim:
    """Counts down over network calls and transactions, then refuses everything until `revive`."""

    def __init__(self) -> None:
        self._left: int | None = None
        self.dead = False
        self.kills = 0

    def strike_after(self, steps: int) -> None:
        """The process dies at the nth step from now; some steps lie before an effect, some right after it."""
        self._left = steps

    def revive(self) -> None:
        """A new process."""
        self.dead = False
        self._left = None

    def step(self) -> None:
        if self.dead:
            raise Killed
        if self._left is not None:
            self._left -= 1
            if self._left <= 0:
                self.dead = True
                self.kills += 1
                raise Killed

    def ledger(self, opened: OpenLedger) -> OpenLedger:
        """The ledger whose work may not begin, or be committed and never known of; a transaction may also be lost."""

        @asynccontextmanager
        async def opening() -> AsyncIterator[Ledger]:
            self.step()
            async with opened() as ledger:
                yield ledger
                self.step()
            self.step()

        return opening


class GrimTransport(httpx.AsyncBaseTransport):
    """The network of a process that may die before a call leaves or before its answer is read."""

    def __init__(self, inner: httpx.AsyncBaseTransport, grim: Grim) -> None:
        self._inner = inner
        self._grim = grim

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self._grim.step()
        response = await self._inner.handle_async_request(request)
        self._grim.step()
        return response
