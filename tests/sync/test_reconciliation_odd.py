"""The reconciliation where the ledger itself is at odds, where people decide, and where a side does not answer."""

import asyncio
import random
from datetime import timedelta

import pytest

from app.config import Settings
from app.ledger.views import Views
from app.sync.audit import begin, reconcile
from app.sync.replay import dismiss
from tests.sync.reconciled import left_over, reconciled
from tests.sync.test_reconciliation import at_idealo, imported, named, parcels, shipped, sql, unheard
from tests.town import Town
from workers.rounds import due_reconciliations


@pytest.fixture
def kind() -> str:
    """Nothing here depends on the kind; the plain differences are planted in every one."""
    return "woocommerce"


async def test_a_ring_that_was_lost_is_overdue_and_settled(town: Town) -> None:
    [order] = await town.place(scenario="S1")
    await town.poll()
    town.queue.lose()
    town.clock.pass_time(minutes=20)
    assert ("event_overdue", order, "open") in named(await reconciled(town, repair=False))
    report = await reconciled(town)
    assert named(report, "open") == set()
    assert ("event_overdue", order, "mended") in named(report)
    assert len(await town.in_store_all(order)) == 1


async def test_what_a_person_has_before_him_is_waiting_and_what_he_dismissed_is_known(town: Town) -> None:
    [unknown] = await town.place(lines=[{"sku": "NOT-IN-SHOP", "quantity": 1}], seed=3)
    await town.import_new()
    assert named(await reconciled(town)) == {("not_imported", unknown, "waiting")}
    [dead] = [r for r in await town.events(unknown) if r.state == "dead"]
    await dismiss(town.bridge.deps, dead.id, "erika", "sold by phone instead")
    assert named(await reconciled(town)) == {("not_imported", unknown, "known")}


async def test_a_shipment_that_waits_for_its_tracking_code_is_under_way(town: Town) -> None:
    [order] = await imported(town, 1)
    await town.merchant("ship", order, parcels=[])
    await town.settle()
    assert named(await reconciled(town)) == {("shipment_not_at_idealo", order, "under_way")}
    await town.hours(2)
    assert await left_over(town) == []


async def test_links_that_lead_astray_are_named(town: Town) -> None:
    first, second, third = await shipped(town, 3)
    theirs = (await town.in_store(first))["store_order_id"]
    await sql(town, "UPDATE orders SET store_order_id = NULL WHERE idealo_order_id = $1", first)
    await sql(town, "UPDATE orders SET store_order_id = $1 WHERE idealo_order_id = $2", theirs, second)
    await sql(
        town,
        "DELETE FROM events WHERE type = 'order.imported' AND order_id IN"
        " (SELECT id FROM orders WHERE idealo_order_id = $1)",
        third,
    )
    rules = {(rule, order) for rule, order, _ in named(await reconciled(town, repair=False), "open")}
    assert {("not_imported", first), ("linked_to_another", second), ("import_not_in_ledger", third)} <= rules
    assert ("two_store_orders", second) in rules


async def test_an_order_deleted_in_the_store_goes_to_a_person(town: Town) -> None:
    [order] = await imported(town, 1)
    await sql(town, "UPDATE orders SET store_order_id = '999999'")
    report = await reconciled(town)
    assert ("unreadable_in_store", order, "waiting") in named(report)
    assert [r.event.type for r in await town.events(order) if r.state == "dead"] == ["order.conflict"]


async def test_what_the_shop_took_back_after_idealo_was_told_is_known(town: Town) -> None:
    [order] = await shipped(town, 1)
    old = at_idealo(town, order).tracking[0]["code"]
    await sql(
        town,
        "UPDATE events SET key = key || 'X', data = jsonb_set(data, '{code}', to_jsonb(data->>'code' || 'X'))"
        " WHERE type = 'shipment.created'",
    )
    at_idealo(town, order).tracking[0]["code"] = f"{old}X"
    report = await reconciled(town)
    assert ("parcel_not_in_store", order, "known") in named(report)
    assert named(report, "open") == set()


@pytest.mark.parametrize("side", ["idealo", "woocommerce"])
async def test_a_side_that_does_not_answer_is_one_finding_and_no_crash(side: str, town: Town) -> None:
    await imported(town, 8)
    await town.fault(side, "status", status=503, method="GET", path="*/orders*", times=100)
    report = await reconciled(town)
    assert [d.rule for d in report.differences if d.rule == "side_unreachable"] == ["side_unreachable"]
    assert report.open > 0
    assert report.ended_at is not None
    assert any("broke off" in note for note in report.notes)
    await town.control("DELETE", "/faults")
    assert await left_over(town) == []


async def test_one_order_that_cannot_be_read_does_not_stop_the_others(town: Town) -> None:
    orders = await imported(town, 3)
    await unheard(town)
    await town.merchant("ship", orders[2], parcels=parcels(1))
    bad = (await town.in_store(orders[0]))["store_order_id"]
    await town.fault("woocommerce", "status", status=500, method="GET", path=f"*/orders/{bad}", times=1)
    report = await reconciled(town)
    assert named(report) == {("unread", orders[0], "open"), ("event_not_in_ledger", orders[2], "mended")}


@pytest.mark.parametrize("spread", [1, 1.25, 1.36, 1.5])
@pytest.mark.parametrize("pauses", [4, 40])
async def test_a_side_that_asks_for_pauses_gets_them_for_a_minute(
    pauses: int, spread: float, town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    [order] = await imported(town, 1)
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        if seconds < 10:
            slept.append(seconds)
        await really(0 if seconds < 10 else seconds)

    really = asyncio.sleep
    monkeypatch.setattr(asyncio, "sleep", sleep)
    monkeypatch.setattr(random, "uniform", lambda *_: spread)
    bad = (await town.in_store(order))["store_order_id"]
    await town.fault("woocommerce", "rate_limit", method="GET", path=f"*/orders/{bad}", seconds=5, times=pauses)
    report = await reconciled(town)
    assert all(5 <= pause <= 7.5 for pause in slept)
    if pauses == 4:
        assert (named(report), len(slept)) == (set(), pauses)
    else:
        assert named(report) == {("unread", order, "open")}
        assert 50 < sum(slept) <= 60


async def test_a_paused_store_is_compared_and_left_alone(town: Town) -> None:
    [order] = await imported(town, 1)
    await unheard(town)
    await town.merchant("ship", order, parcels=parcels(1))
    async with town.bridge.deps.ledger() as ledger:
        await ledger.change_store(town.store.id, paused_at=town.clock())
    report = await reconciled(town)
    assert named(report) == {("event_not_in_ledger", order, "open")}
    assert any("paused" in note for note in report.notes)


async def test_orders_from_before_the_connection_are_nobodys_difference(town: Town) -> None:
    [order] = await town.place(scenario="S1")
    at_idealo(town, order).created = town.store.created_at - timedelta(days=10)
    assert await reconciled(town, repair=True) is not None
    assert await town.in_store_all(order) == []


async def test_the_daily_turn_comes_once_whoever_asks(town: Town, settings: Settings) -> None:
    await imported(town, 1)
    await due_reconciliations(town.bridge.deps, settings)
    assert await count(town) == 0, "a store connected today waits until tomorrow"
    town.clock.pass_time(hours=20)
    for _ in range(3):
        await due_reconciliations(town.bridge.deps, settings)
    assert await count(town) == 1
    town.clock.pass_time(hours=24)
    await due_reconciliations(town.bridge.deps, settings)
    assert await count(town) == 2


async def count(town: Town) -> int:
    async with town.bridge.deps.ledger() as ledger:
        return len((await Views(ledger).reconciliations(town.store.id, 50)).items)


async def test_only_one_runs_at_a_time_and_one_that_died_makes_room(town: Town) -> None:
    deps, store_id = town.bridge.deps, town.store.id
    first = await begin(deps, store_id, "operator")
    assert first is not None
    assert await begin(deps, store_id, "cron") is None
    town.clock.pass_time(minutes=11)
    second = await begin(deps, store_id, "cron")
    assert second is not None
    assert (await reconcile(deps, second)).open == 0
