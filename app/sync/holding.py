"""Writes a sign of life into the ledger again and again while something long runs."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta

import structlog

from app.ledger.ledger import Ledger
from app.ledger.session import LedgerUnavailable
from app.sync.deps import Deps

log = structlog.get_logger("bridge")


@asynccontextmanager
async def holding(
    deps: Deps, sign: Callable[[Ledger], Awaitable[None]], every: timedelta, missed: str, **about: object
) -> AsyncIterator[None]:
    """Gives the sign `every` so often until the body ends, however long that takes.

    While the ledger is away the sign is logged as `missed`, with what it is `about`, and given at the next turn.
    """

    async def hold() -> None:
        while True:
            await asyncio.sleep(every.total_seconds())
            try:
                async with deps.ledger() as ledger:
                    await sign(ledger)
            except LedgerUnavailable as error:
                log.warning(missed, **about, detail=str(error))

    held = asyncio.create_task(hold())
    try:
        yield
    finally:
        held.cancel()
        await asyncio.wait({held})
