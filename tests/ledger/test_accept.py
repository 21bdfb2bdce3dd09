"""Deliveries that come together share a commit: none is lost, doubled or refused for its neighbour's sake."""

import asyncio
import random
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import asyncpg
import pytest

from app.bootstrap import Bridge
from app.config import Settings
from app.ledger.accept import Acceptor, Receipt
from app.ledger.session import LedgerUnavailable
from app.sync.receive import KeptDelivery
from tests.api.client import caller, connected

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)


@pytest.fixture
async def store_id(bridge: Bridge) -> str:
    async with caller(bridge, "configure") as client:
        return str((await connected(client))["id"])


@pytest.fixture
async def acceptor(settings: Settings) -> AsyncIterator[Acceptor]:
    opened = Acceptor(settings.asyncpg_url)
    yield opened
    await opened.aclose()


def row(store_id: str, key: str, topic: str = "order.updated") -> KeptDelivery:
    return KeptDelivery(
        store_id=store_id,
        key=key,
        topic=topic,
        store_order_id=None,
        headers={},
        body_sha256="",
        body_size=0,
        body=None,
        remark=None,
        received_at=NOW,
        looked_at=None,
    )


async def test_nobody_is_forgotten_however_they_come(acceptor: Acceptor, store_id: str, settings: Settings) -> None:
    """Alone, in crowds, and in the very moment a commit ends."""
    chance = random.Random(7)
    kept: list[Receipt] = []

    async def sender(number: int) -> None:
        for turn in range(25):
            kept.append(await acceptor.keep(row(store_id, f"{number}/{turn}")))
            if chance.random() < 0.3:
                await asyncio.sleep(chance.choice((0, 0.0005, 0.002)))

    async with asyncio.timeout(60):
        for crowd in (1, 2, 40, 100):
            await asyncio.gather(*(sender(crowd * 1000 + n) for n in range(crowd)))
    assert all(receipt.new for receipt in kept)
    assert len({receipt.delivery_id for receipt in kept}) == 143 * 25
    rows = await asyncpg.connect(settings.asyncpg_url)
    assert await rows.fetchval("SELECT count(*) FROM deliveries") == 143 * 25
    await rows.close()


async def test_one_key_is_new_once_and_the_others_are_told_its_row(acceptor: Acceptor, store_id: str) -> None:
    receipts = await asyncio.gather(*(acceptor.keep(row(store_id, f"k{n % 3}")) for n in range(60)))
    assert sum(receipt.new for receipt in receipts) == 3
    for n in range(3):
        assert len({receipt.delivery_id for receipt in receipts[n::3]}) == 1
    again = await acceptor.keep(row(store_id, "k0"))
    assert again == Receipt(receipts[0].delivery_id, new=False)


async def test_a_row_postgres_refuses_is_refused_alone(acceptor: Acceptor, store_id: str) -> None:
    wanted = [
        row(store_id, "a"),
        row(store_id, "b", topic="nul \0 byte"),
        row("no such store", "c"),
        row(store_id, "d"),
    ]
    results = await asyncio.gather(*(acceptor.keep(one) for one in wanted), return_exceptions=True)
    assert [isinstance(r, Receipt) and r.new for r in results] == [True, False, False, True]
    assert [type(r) for r in results[1:3]] == [LedgerUnavailable, LedgerUnavailable]


async def test_who_gives_up_takes_nobody_with_him(acceptor: Acceptor, store_id: str) -> None:
    tasks = [asyncio.create_task(acceptor.keep(row(store_id, str(n)))) for n in range(50)]
    await asyncio.sleep(0)
    for task in tasks[::2]:
        task.cancel()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert all(isinstance(r, Receipt) for r in results[1::2])
