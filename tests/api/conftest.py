"""Clients of the admin API."""

from collections.abc import AsyncIterator

import httpx
import pytest

from app.bootstrap import Bridge
from tests.api.client import ALL, caller
from tests.town import Town


@pytest.fixture
async def client(bridge: Bridge) -> AsyncIterator[httpx.AsyncClient]:
    """With every scope, against a bridge that talks to nobody."""
    async with caller(bridge, *ALL) as client:
        yield client


@pytest.fixture
async def operator(town: Town) -> AsyncIterator[httpx.AsyncClient]:
    """With every scope, against a bridge between the sandbox's idealo and shop."""
    async with caller(town.bridge, *ALL) as client:
        yield client


@pytest.fixture
def kind() -> str:
    """The API is the same for every kind; the stories run with all of them."""
    return "woocommerce"
