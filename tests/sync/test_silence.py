"""Webhooks that stopped coming are noticed by what polling finds, told apart from a quiet day, and repaired at once."""

from datetime import timedelta

import pytest

from app.config import Settings
from app.ledger.records import StoreRecord
from app.sync.silence import WebhookHealth, webhook_health
from sandbox.stores.magento2.store import FakeMagento2
from tests.sync.test_reconciliation import imported, parcels, unheard
from tests.town import Town
from workers.rounds import look_after_all_webhooks

WOOCOMMERCE = pytest.mark.parametrize("kind", ["woocommerce"], indirect=True)


async def store_of(town: Town) -> StoreRecord:
    async with town.bridge.deps.ledger() as ledger:
        store = await ledger.store(town.store.id)
    assert store is not None
    return store


async def heard(town: Town) -> WebhookHealth:
    return (await webhook_health(town.bridge.deps, [await store_of(town)]))[town.store.id]


async def ship_unheard(town: Town, orders: list[str]) -> None:
    """Shipped without a webhook, found by the poll, and no webhook after it."""
    await unheard(town)
    for number, order in enumerate(orders):
        await town.merchant("ship", order, parcels=parcels(number))
    town.clock.pass_time(minutes=30)
    await town.import_new()


async def test_webhooks_that_tell_are_ok(town: Town) -> None:
    [order] = await imported(town, 1)
    await town.merchant("ship", order, parcels=parcels(1))
    await town.settle()
    town.clock.pass_time(minutes=20)
    health = await heard(town)
    assert (health.verdict, health.told, health.missed) == ("ok", 1, 0)
    assert health.received > 0


async def test_what_polling_found_instead_of_webhooks_is_silence(town: Town) -> None:
    await ship_unheard(town, await imported(town, 3))
    assert (await heard(town)).missed == 0, "a webhook may still be on its way"
    town.clock.pass_time(minutes=16)
    health = await heard(town)
    assert (health.verdict, health.missed, health.missed_in_a_row) == ("silent", 3, 3)
    assert "polling found 3 changes" in health.advice


@WOOCOMMERCE
async def test_one_lost_webhook_is_no_silence_while_others_come(town: Town) -> None:
    lost, other = await imported(town, 2)
    await ship_unheard(town, [lost])
    await town.control("POST", f"/stores/{town.kind}/webhooks", mode="deliver")
    await town.merchant("ship", other, parcels=parcels(7))
    await town.settle()
    town.clock.pass_time(minutes=16)
    health = await heard(town)
    assert (health.verdict, health.missed, health.told) == ("quiet", 1, 1)


@WOOCOMMERCE
async def test_a_day_without_anything_is_never_silence(town: Town) -> None:
    orders = await imported(town, 6)
    for day in range(5):
        for order in orders:
            await town.merchant("refund", order, amount="1.00")
            town.clock.pass_time(seconds=2)
        await town.settle()
        town.clock.pass_time(hours=24)
        assert (await heard(town)).verdict != "silent", f"day {day}"
    town.clock.pass_time(hours=2)
    health = await heard(town)
    assert health.usual_per_day is not None
    assert health.usual_per_day >= 6
    assert (health.verdict, health.received, health.missed) == ("quiet", 0, 0)


@WOOCOMMERCE
async def test_silence_makes_the_bridge_look_after_the_webhooks_at_once(town: Town, settings: Settings) -> None:
    orders = await imported(town, 3)
    await town.control("POST", f"/stores/{town.kind}/webhooks", mode="disable")
    await ship_unheard(town, orders)
    town.clock.pass_time(minutes=16)
    async with town.bridge.deps.ledger() as ledger:
        await ledger.note_webhooks(town.store.id, town.clock() - timedelta(minutes=3), None)
    await look_after_all_webhooks(town.bridge.deps, settings)
    assert (await store_of(town)).webhooks_checked_at == town.clock()
    await town.control("POST", f"/stores/{town.kind}/webhooks", mode="deliver")
    await town.merchant("refund", orders[0], amount="1.00")
    await town.settle()
    [told] = [r for r in await town.events(orders[0]) if r.event.type == "refund.issued"]
    assert told.found_by == "webhook", "the subscriptions were switched on again"
    town.clock.pass_time(minutes=2)
    await look_after_all_webhooks(town.bridge.deps, settings)
    assert (await store_of(town)).webhooks_checked_at != town.clock(), "once for every new witness"


@pytest.mark.parametrize("kind", ["magento2"], indirect=True)
async def test_a_shop_that_cannot_send_webhooks_is_neither_troubled_nor_silent(town: Town, settings: Settings) -> None:
    shop = town.world.stores["magento2"]
    assert isinstance(shop, FakeMagento2)
    shop.set_options({"module": "off"})
    town.clock.pass_time(minutes=11)
    await look_after_all_webhooks(town.bridge.deps, settings)
    store = await store_of(town)
    assert store.webhooks_problem is None
    assert "module is not installed" in (store.webhooks_note or "")
    await ship_unheard(town, await imported(town, 3))
    town.clock.pass_time(minutes=16)
    health = await heard(town)
    assert (health.verdict, health.missed) == ("unknown", 3)
