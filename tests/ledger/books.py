"""Books with something in them: facts of two stores, and a superuser's hand in the tables."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

from sqlalchemy import text

from app.bootstrap import Bridge
from app.domain.events import (
    Event,
    LineCancelled,
    OrderImported,
    OrderPlaced,
    OrderRevoked,
    RefundIssued,
    ShipmentCreated,
)
from app.ledger.records import OrderRecord
from app.ledger.tables import StoreRow
from app.sync.erase import seal_buyer
from tests.clock import Clock
from tests.factories import a_buyer, a_purchase


async def a_store(bridge: Bridge, clock: Clock, store_id: str) -> None:
    async with bridge.deps.ledger() as book:
        await book.add_store(
            StoreRow(
                id=store_id, kind="woocommerce", name=store_id, idealo_shop_id=store_id, sealed=b"x", settings={},
                version=1, created_at=clock(),
            )
        )  # fmt: skip


async def an_order(bridge: Bridge, clock: Clock, idealo_order_id: str, store_id: str = "shop-1") -> OrderRecord:
    """A life of six facts, recorded by two hands, with a buyer."""
    deps, purchase = bridge.deps, a_purchase(idealo_order_id=idealo_order_id)
    async with deps.ledger() as book:
        order = await book.order_for(store_id, idealo_order_id, purchase, clock())
        buyer = seal_buyer(deps.vault, a_buyer())
        assert await book.keep_buyer(order.id, buyer.sealed, buyer.sealed_key)
        placed = OrderPlaced(purchase=purchase)
        await book.record(order.id, [placed], "poll", clock(), commitment=buyer.commitment)
    clock.pass_time(seconds=1.25)
    async with deps.ledger() as book:
        later: list[Event] = [
            OrderImported(store_order_id="18", store_order_number="W-18", total=purchase.total, lines=()),
            ShipmentCreated(shipment_id="ß/1", carrier="DHL", code="0034"),
            LineCancelled(sku="SKU-A", cancelled=1, remaining=0, uncancelled=0),
            RefundIssued(refund_id="r1", amount=purchase.total, currency="EUR"),
            OrderRevoked(),
        ]
        assert len(await book.record(order.id, later, "webhook", clock())) == 5
    return order


async def two_stores(bridge: Bridge, clock: Clock) -> list[OrderRecord]:
    """Facts 1 to 12 of shop-1, facts 1 to 6 of shop-2."""
    await a_store(bridge, clock, "shop-1")
    await a_store(bridge, clock, "shop-2")
    return [await an_order(bridge, clock, *which) for which in (("A1",), ("B1", "shop-2"), ("A2",))]


async def settle_and_close(bridge: Bridge, order: OrderRecord, clock: Clock) -> None:
    """Everything done, nothing follows."""
    async with bridge.engine.begin() as connection:
        await connection.execute(text("UPDATE events SET state = 'done' WHERE order_id = :id"), {"id": order.id})
    async with bridge.deps.ledger() as book:
        await book.close_order(order.id, clock())


@asynccontextmanager
async def superuser(bridge: Bridge) -> AsyncIterator[Any]:
    """A hand in the tables that no trigger and no foreign key stops."""
    async with bridge.engine.begin() as connection:
        await connection.execute(text("SET LOCAL session_replication_role = replica"))
        yield connection


@asynccontextmanager
async def as_before(bridge: Bridge) -> AsyncIterator[None]:
    """What is done to the chain inside is undone at the end."""
    tables = ("events", "chains")
    async with superuser(bridge) as connection:
        for table in tables:
            await connection.execute(text(f"CREATE TABLE {table}_before AS TABLE {table}"))
    yield
    async with superuser(bridge) as connection:
        for table in tables:
            await connection.execute(text(f"DELETE FROM {table}"))  # noqa: S608 - ours
            overriding = "OVERRIDING SYSTEM VALUE" if table == "events" else ""
            await connection.execute(text(f"INSERT INTO {table} {overriding} TABLE {table}_before"))
            await connection.execute(text(f"DROP TABLE {table}_before"))


async def a_year_later(bridge: Bridge, orders: list[OrderRecord], clock: Clock) -> None:
    """The given orders are settled and closed, and a year has passed."""
    for order in orders:
        await settle_and_close(bridge, order, clock)
    clock.pass_time(seconds=timedelta(days=365).total_seconds())
