"""Working without Redis: the same rounds and the same use cases, rung by a queue in this process."""

import asyncio
import dataclasses
import time

import structlog

from app.config import Settings
from app.domain.errors import Permanent, Retryable
from app.ledger.session import LedgerUnavailable
from app.sync.advance import advance
from app.sync.deps import Deps
from app.sync.observe import look_at_delivery
from app.sync.reconcile import PollFailed, poll_idealo, poll_store, sweep
from workers.rounds import due_polls

ALONE_S = 15
"""After that arq tries Redis again."""
PAUSE_S = 2

log = structlog.get_logger("bridge")


class OwnBell:
    """Rings are kept in a list and worked off by whoever owns it; implements app.ports.Queue."""

    def __init__(self) -> None:
        self._rings: list[tuple[str, int | str]] = []

    async def look(self, delivery_id: int) -> None:
        self._rings.append(("look", delivery_id))

    async def advance(self, order_id: int) -> None:
        self._rings.append(("advance", order_id))

    async def poll(self, store_id: str) -> None:
        self._rings.append(("poll", store_id))

    def take(self) -> list[tuple[str, int | str]]:
        """All rings so far, each once."""
        rings, self._rings = list(dict.fromkeys(self._rings)), []
        return rings


async def work_without_redis(deps: Deps, settings: Settings, stop: asyncio.Event) -> None:
    """Polls, sweeps and settles for a while, then comes back so that Redis can be tried again."""
    bell = OwnBell()
    own = dataclasses.replace(deps, queue=bell)
    until = time.monotonic() + ALONE_S
    while time.monotonic() < until and not stop.is_set():
        try:
            await due_polls(own, settings)
            await sweep(own)
            while rings := bell.take():
                for job, argument in rings:
                    await answer(own, job, argument)
        except LedgerUnavailable as e:
            log.warning("alone.broken_off", detail=str(e))
        await _pause(stop)


async def _pause(stop: asyncio.Event) -> None:
    try:
        async with asyncio.timeout(PAUSE_S):
            await stop.wait()
    except TimeoutError:
        return


async def answer(deps: Deps, job: str, argument: int | str) -> None:
    """Does what a ring asks for. Raises LedgerUnavailable; other trouble is written down and comes round again."""
    try:
        if job == "look":
            await look_at_delivery(deps, int(argument))
        elif job == "advance":
            await advance(deps, int(argument))
        else:
            await poll_idealo(deps, str(argument))
            await poll_store(deps, str(argument))
    except (Retryable, Permanent, PollFailed) as e:
        log.warning("ring.failed", job=job, about=argument, detail=str(e))
