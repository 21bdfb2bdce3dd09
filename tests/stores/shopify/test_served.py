"""Against a store behind a real server and with the machine's clock, where a cancellation is a job that takes time."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from app.domain.errors import Retryable
from app.stores.shopify import Adapter
from app.stores.shopify.settings import Credentials, Settings
from app.wire.http import open_http
from sandbox.stores.shopify import FakeShopify
from sandbox.world import World
from tests.factories import a_buyer, a_line
from tests.sandbox.served import served
from tests.stores.asked import KANNE, TLS, an_order, connection


@asynccontextmanager
async def connected(world: World, context: ssl.SSLContext = TLS) -> AsyncIterator[Adapter]:
    store = world.stores["shopify"]
    with served(world) as url:
        given = {"base_url": f"{url}/stores/shopify", **store.credentials()}
        http = open_http("store", lambda *_: None, allow_private=True, ssl_context=context)
        try:
            yield Adapter(connection(Credentials.model_validate(given), Settings()), http)
        finally:
            await http.aclose()


def a_world(job_seconds: float) -> tuple[World, FakeShopify]:
    world = World(seed=7)
    store = world.stores["shopify"]
    assert isinstance(store, FakeShopify)
    store.set_options({"job_seconds": job_seconds})
    return world, store


async def test_a_cancellation_is_waited_for_while_its_job_is_short() -> None:
    world, store = a_world(0.4)
    async with connected(world) as adapter:
        made = await adapter.create_order(an_order(a_line(KANNE, 2, "24.95")), a_buyer())
        cancelled = await adapter.cancel_order(made.store_order_id)
    assert cancelled.cancelled
    assert [(line.cancelled, line.shipped) for line in cancelled.lines] == [(2, 0)]
    assert [job.done for job in store.shop.jobs.values()] == [True]


async def test_a_cancellation_that_takes_longer_is_asked_for_again_and_done_once() -> None:
    world, store = a_world(3)
    before = next(product.stock for product in store.products() if product.sku == KANNE)
    async with connected(world) as adapter:
        made = await adapter.create_order(an_order(a_line(KANNE, 2, "24.95")), a_buyer())
        with pytest.raises(Retryable, match="has not finished cancelling") as caught:
            await adapter.cancel_order(made.store_order_id)
        assert caught.value.after is not None
        jobs = store.shop.jobs
        while not all(job.done for job in jobs.values()):  # noqa: ASYNC110 - nobody asks the store meanwhile: its own timer
            await asyncio.sleep(0.05)
        again = await adapter.cancel_order(made.store_order_id)
    assert again.cancelled
    assert len(store.shop.jobs) == 1
    assert next(product.stock for product in store.products() if product.sku == KANNE) == before
