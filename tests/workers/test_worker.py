"""The worker with a real Valkey, with an emptied one, and with none."""

import asyncio
import dataclasses
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress

import pytest
from redis.asyncio import Redis

from app.bell import RedisQueue
from app.bootstrap import Bridge
from app.config import Settings
from sandbox.inprocess import SandboxTransport
from tests.town import Town
from workers.alone import work_without_redis
from workers.main import finish, make_worker

pytestmark = pytest.mark.parametrize("kind", ["woocommerce"], indirect=True)
NOBODY = "redis://127.0.0.1:1/0"


async def bridge_of(town: Town, settings: Settings, queue: RedisQueue) -> Bridge:
    """A process of its own with the same ledger and the same world, and a real bell."""
    bridge = Bridge(settings, now=town.clock, transport=SandboxTransport(town.world))
    bridge.deps = dataclasses.replace(bridge.deps, queue=queue)
    return bridge


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
    queue = RedisQueue(settings.redis_url.get_secret_value())
    bridge = await bridge_of(town, settings, queue)
    worker = make_worker(bridge, cron_jobs=[])
    running = asyncio.create_task(worker.async_run())
    await asyncio.sleep(0.3)
    [order] = await town.place(lines=[{"sku": "100000", "quantity": 1}])
    await town.poll()
    town.queue.lose()
    link = await town.order(order)
    await queue.advance(link.id)

    async def imported() -> bool:
        return bool(await town.in_store_all(order))

    assert await until(imported, 5) < 2
    await finish(worker)
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running
    await worker.close()
    await queue.aclose()
    await bridge.aclose()


async def test_an_emptied_redis_costs_a_sweep_and_no_order(town: Town, settings: Settings) -> None:
    queue = RedisQueue(settings.redis_url.get_secret_value())
    bridge = await bridge_of(town, settings, queue)
    [order] = await town.place(lines=[{"sku": "100000", "quantity": 1}])
    await town.poll()
    link = await town.order(order)
    await queue.advance(link.id)
    redis = Redis.from_url(settings.redis_url.get_secret_value())
    await redis.flushdb()
    await redis.aclose()
    worker = make_worker(bridge, burst=False)
    running = asyncio.create_task(worker.async_run())

    async def imported() -> bool:
        return bool(await town.in_store_all(order))

    await until(imported, 30)
    await finish(worker)
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running
    await worker.close()
    await queue.aclose()
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
