"""Eight workers get every ring, five hundred orders are imported once each."""

import asyncio

import pytest
from sqlalchemy import text

from app.bootstrap import Bridge
from app.config import Settings
from sandbox.inprocess import SandboxTransport
from tests.clock import Clock
from tests.fakes.queue import MemoryQueue
from tests.sync.agreement import disagreements
from tests.town import Town
from workers.alone import answer

WORKERS = 8
ORDERS = 500


@pytest.mark.parametrize("kind", ["woocommerce"], indirect=True)
async def test_no_doubled_effect_and_no_stuck_lease(settings: Settings, clock: Clock, town: Town) -> None:
    await town.place(lines=[{"sku": "100000", "quantity": 1}], count=ORDERS)
    await town.poll()
    rings = list(town.queue.rings)
    town.queue.lose()
    bridges = [
        Bridge(settings, queue=MemoryQueue(), now=clock, transport=SandboxTransport(town.world)) for _ in range(WORKERS)
    ]

    async def work(number: int, bridge: Bridge) -> None:
        for job, argument in rings[number * 7 :] + rings[: number * 7]:
            await answer(bridge.deps, job, argument)

    await asyncio.gather(*(work(n, bridge) for n, bridge in enumerate(bridges)))
    for bridge in bridges:
        await bridge.aclose()
    assert await disagreements(town) == []
    assert len(town.world.stores[town.kind].orders(None, None)) == ORDERS
    async with town.bridge.deps.ledger() as ledger:
        assert await ledger.due_orders(clock(), ORDERS) == []
    async with town.bridge.engine.connect() as connection:
        stuck = await connection.scalar(text("SELECT count(*) FROM orders WHERE lease IS NOT NULL"))
    assert stuck == 0
