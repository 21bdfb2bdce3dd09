"""Story 4: what webhooks miss, polling finds; what comes late or twice, nobody notices."""

import pytest

from app.sync.reconcile import sweep
from sandbox.stores.shopify.options import ALL_SCOPES
from tests.town import Town

PARCEL = [{"carrier": "DHL", "tracking_code": "00340434161094042557"}]


async def test_a_dropped_webhook_is_found_by_the_poll(town: Town) -> None:
    [order] = await town.place(scenario="S1")
    await town.import_new()
    await town.control("POST", f"/stores/{town.kind}/webhooks", mode="drop")
    await town.merchant("ship", order, parcels=PARCEL)
    await town.settle()
    assert (await town.at_idealo(order))["status"] == "PROCESSING"
    town.clock.pass_time(minutes=5)
    await town.import_new()
    assert (await town.at_idealo(order))["status"] == "COMPLETED"
    [shipment] = [r for r in await town.events(order) if r.event.type == "shipment.created"]
    assert shipment.found_by == "poll"


@pytest.mark.parametrize("mode", ["repeat", "delay", "reorder"])
async def test_webhooks_that_come_twice_late_or_shuffled_change_nothing(mode: str, town: Town) -> None:
    [order] = await town.place(scenario="S11", count=1)
    await town.import_new()
    await town.control("POST", f"/stores/{town.kind}/webhooks", mode=mode, seed=7)
    await town.merchant("cancel", order, lines=[{"sku": "100000", "quantity": 1}])
    await town.merchant("ship", order, parcels=PARCEL)
    await town.settle()
    town.clock.pass_time(minutes=10)
    await town.import_new()
    idealo = await town.at_idealo(order)
    assert {line["sku"]: line["remainingQuantity"] for line in idealo["lineItems"]} == {"100000": 2, "100002": 2}
    assert [t["code"] for t in idealo["fulfillment"]["tracking"]] == ["00340434161094042557"]
    assert len([w for w in idealo["history"] if w["kind"] == "revocation"]) == 1


async def test_a_lost_ring_costs_a_sweep_and_nothing_else(town: Town) -> None:
    [order] = await town.place(scenario="S1")
    await town.poll()
    assert town.queue.lose() > 0
    assert await town.in_store_all(order) == []
    await sweep(town.bridge.deps)
    await town.settle()
    assert len(await town.in_store_all(order)) == 1
    await town.merchant("ship", order, parcels=PARCEL)
    await town.deliver()
    assert town.queue.lose() > 0
    town.clock.pass_time(seconds=30)
    await sweep(town.bridge.deps)
    await town.settle()
    assert (await town.at_idealo(order))["status"] == "COMPLETED"


async def test_a_paused_store_keeps_its_webhooks_and_catches_up(town: Town) -> None:
    [order] = await town.place(scenario="S1")
    await town.import_new()
    async with town.bridge.deps.ledger() as ledger:
        await ledger.change_store(town.store.id, paused_at=town.clock())
    await town.merchant("ship", order, parcels=PARCEL)
    await town.settle()
    assert (await town.at_idealo(order))["status"] == "PROCESSING"
    async with town.bridge.deps.ledger() as ledger:
        await ledger.change_store(town.store.id, paused_at=None)
    town.clock.pass_time(minutes=1)
    await sweep(town.bridge.deps)
    await town.settle()
    assert (await town.at_idealo(order))["status"] == "COMPLETED"


@pytest.mark.parametrize("kind", ["shopify"], indirect=True)
async def test_an_order_the_store_hides_for_its_age_is_nobodys_problem(town: Town) -> None:
    """Shopify shows an app without read_all_orders no order older than sixty days."""
    [order] = await town.place(scenario="S1")
    await town.import_new()
    await town.merchant("ship", order, parcels=PARCEL)
    await town.settle()
    scopes = [scope for scope in ALL_SCOPES if scope != "read_all_orders"]
    (await town.raw("PUT", "/stores/shopify/_options", {"scopes": scopes})).raise_for_status()
    told = await town.story(order)
    for days in (30, 31, 1):
        town.clock.pass_time(days=days)
        await town.import_new()
    assert await town.story(order) == told
