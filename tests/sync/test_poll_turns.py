"""Whose turn a poll is: one worker's at a time, kept while it runs, free again soon after its worker was killed."""

import asyncio
from datetime import datetime, timedelta

import asyncpg
import pytest

from app.ledger.records import CursorRecord, StoreRecord
from app.sync import reconcile
from app.sync.deps import Deps
from app.sync.reconcile import CLAIM, poll_store
from tests.town import Town


async def test_a_killed_workers_turn_is_taken_over_within_a_minute(town: Town) -> None:
    now = town.clock()
    async with town.bridge.deps.ledger() as ledger:
        assert await ledger.claim_poll(town.store.id, "store", now, now + CLAIM, now)
    assert await poll_store(town.bridge.deps, town.store.id) is None
    town.clock.pass_time(seconds=61)
    assert await poll_store(town.bridge.deps, town.store.id) is not None


async def test_a_clock_that_was_ahead_and_went_back_holds_up_no_poll(town: Town) -> None:
    ahead = town.clock() + timedelta(days=2)
    async with town.bridge.deps.ledger() as ledger:
        await ledger.move_cursor(town.store.id, "store", town.clock(), ahead)
    assert await poll_store(town.bridge.deps, town.store.id, every=timedelta(minutes=5)) is not None


async def test_a_long_poll_keeps_its_turn(town: Town, database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    reading, go_on = asyncio.Event(), asyncio.Event()

    async def read_long(_: Deps, __: StoreRecord, ___: CursorRecord) -> int:
        reading.set()
        await go_on.wait()
        return 0

    monkeypatch.setattr(reconcile, "CLAIM", timedelta(seconds=0.3))
    monkeypatch.setattr(reconcile, "_read_store", read_long)
    poll = asyncio.create_task(poll_store(town.bridge.deps, town.store.id))
    await reading.wait()
    town.clock.pass_time(seconds=10)
    async with asyncio.timeout(10):
        while (held := await _claimed_until(database_url)) is None or held < town.clock():  # noqa: ASYNC110 - a row
            await asyncio.sleep(0.02)
    assert await poll_store(town.bridge.deps, town.store.id) is None
    go_on.set()
    assert await poll == 0
    assert await _claimed_until(database_url) is None


async def _claimed_until(database_url: str) -> datetime | None:
    connection = await asyncpg.connect(database_url)
    try:
        until: datetime | None = await connection.fetchval("SELECT claimed_until FROM cursors WHERE stream = 'store'")
    finally:
        await connection.close()
    return until
