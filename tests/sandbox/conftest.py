"""A world whose clock stands still, an HTTP client into it, and a merchant with a shop."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import httpx
import pytest

from sandbox.inprocess import SandboxTransport
from sandbox.world import World
from tests.sandbox.merchant import Merchant

START = datetime(2026, 11, 23, 8, 0, 0, 250_000, tzinfo=UTC)


@pytest.fixture
def world() -> World:
    return World(seed=7, clock=lambda: START, manual_time=True, stores=lambda _: {})


@pytest.fixture
async def http(world: World) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(transport=SandboxTransport(world), base_url="http://sandbox") as client:
        yield client


@pytest.fixture
async def merchant(http: httpx.AsyncClient) -> Merchant:
    merchant = Merchant(http)
    await merchant.register()
    return merchant
