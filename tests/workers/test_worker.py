"""The worker with a real Valkey, with an emptied one, and with none."""

import asyncio
import dataclasses
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from arq import func
from redis.asyncio import Redis

from app.bell import RedisQueue
from app.bootstrap import Bridge
from app.config import Settings
from sandbox.inprocess import SandboxTransport
from tests.town import Town
from workers.alone import work_without_redis
from workers.main import end, make_worker

pytestmark = pytest.mark.parametrize("kind", ["woocommerce"], indirect=True)
NOBODY = "redis://127.0.0.1:1/0"


@asynccontextmanager
async def belled(town: Town, settings: Settings) -> AsyncIterator[Bridge]:
    """A process of its own with the same ledger and the same world, and a real bell."""
    queue = RedisQueue(settings.redis_url.get_secret_value())
    bridge = Bridge(settings, now=town.clock, transport=SandboxTransport(town.world))
    bridge.deps = dataclasses.replace(bridge.deps, queue=queue)
    yield bridge
    await queue.aclose()
    await bridge.aclose()


@asynccontextmanager
async def working(bridge: Bridge, **options: Any) -> AsyncIterator[None]:
    """A worker at work for this bridge, ended as its process ends it."""
    worker = make_worker(bridge, **options)
    running = asyncio.create_task(worker.async_run())
    yield
    await end(worker, running)


async def imported(town: Town, order: str) -> bool:
    return bool(await town.in_store_all(order))


async def until(done: Callable[[], Awaitable[bool]], seconds: float) -> float:
    """Waits for an async question to become true; answers how long it took."""
    began = time.monotonic()
    while time.monotonic() - began < seconds:
        if await done():
            return time.monotonic() - began
        await asyncio.sleep(0.01)
    msg = f"not within {seconds} s"
    raise AssertionError(msg)


async def test_a_ring_reaches_the_worker_at_once(town: Town, settings: Settings) -> None:
    """arq's polling delay must not be what an order waits for."""
    async with belled(town, settings) as bridge, working(bridge, cron_jobs=[]):
        await asyncio.sleep(0.3)
        [order] = await town.place(lines=[{"sku": "100000", "quantity": 1}])
        await town.poll()
        town.queue.lose()
        link = await town.order(order)
        await bridge.deps.queue.advance(link.id)
        assert await until(lambda: imported(town, order), 5) < 2


async def test_an_emptied_redis_costs_a_sweep_and_no_order(town: Town, settings: Settings) -> None:
    async with belled(town, settings) as bridge:
        [order] = await town.place(lines=[{"sku": "100000", "quantity": 1}])
        await town.poll()
        link = await town.order(order)
        await bridge.deps.queue.advance(link.id)
        redis = Redis.from_url(settings.redis_url.get_secret_value())
        await redis.flushdb()
        await redis.aclose()
        async with working(bridge, burst=False):
            await until(lambda: imported(town, order), 30)


async def test_a_worker_that_is_told_to_stop_cuts_off_what_takes_long(settings: Settings, kind: str) -> None:
    """Its end is no error, and nobody waits for a shop that does not answer."""
    begun, ended = asyncio.Event(), asyncio.Event()

    async def slow(ctx: dict[Any, Any], *_: Any, **__: Any) -> None:
        begun.set()
        try:
            await asyncio.sleep(60)
        finally:
            ended.set()

    bridge = Bridge(settings)
    try:
        async with working(bridge, cron_jobs=[], functions=[func(slow, name="look")]):
            await bridge.deps.queue.look(1)
            await asyncio.wait_for(begun.wait(), 10)
            began = time.monotonic()
        assert time.monotonic() - began < 5
        assert ended.is_set()
    finally:
        await bridge.aclose()


async def test_without_redis_the_worker_works_on(town: Town, settings: Settings) -> None:
    [order] = await town.place(lines=[{"sku": "100000", "quantity": 1}])
    town.clock.pass_time(minutes=10)
    stop = asyncio.Event()
    working = asyncio.create_task(work_without_redis(town.bridge.deps, settings, stop))

    async def acknowledged() -> bool:
        return bool((await town.at_idealo(order)).get("merchantOrderNumber"))

    await until(acknowledged, 10)
    stop.set()
    await working


async def test_a_broken_bell_costs_a_webhook_no_time(settings: Settings, kind: str) -> None:
    queue = RedisQueue(NOBODY)
    began = time.monotonic()
    for number in range(50):
        await queue.look(number)
    assert time.monotonic() - began < 3
    await queue.aclose()
