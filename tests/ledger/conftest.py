"""A ledger with one store and one order in it."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

import pytest

from app.bootstrap import Bridge
from app.ledger.ledger import Ledger
from app.ledger.records import OrderRecord
from app.ledger.tables import StoreRow
from tests.clock import Clock
from tests.factories import a_purchase

Open = Callable[[], AbstractAsyncContextManager[Ledger]]


@pytest.fixture
def ledger(bridge: Bridge) -> Open:
    return bridge.deps.ledger


@pytest.fixture
async def order(ledger: Open, clock: Clock) -> OrderRecord:
    """An order of a store, without events."""
    async with ledger() as book:
        await book.add_store(
            StoreRow(
                id="shop-1", kind="woocommerce", name="Shop", idealo_shop_id="318204", sealed=b"x", settings={},
                version=1, created_at=clock(),
            )
        )  # fmt: skip
        return await book.order_for("shop-1", "00K7MPX24R", a_purchase(), clock())
