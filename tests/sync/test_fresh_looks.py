"""A fact is judged by what was read after it was found, and a write that was cut off is not repeated too soon."""

import asyncio
from typing import Any

import pytest

from app.config import Settings
from app.ports import Announce
from app.sync.advance import advance
from app.sync.observe import look_at_store_order
from app.sync.reconcile import poll_idealo
from tests.clock import Clock
from tests.town import Town


@pytest.mark.parametrize("answer", ["cancel", "ask"])
async def test_a_cancellation_that_comes_in_while_the_order_is_created_is_not_missed(
    settings: Settings, clock: Clock, kind: str, answer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    town = await Town.build(settings, clock, kind=kind, on_buyer_cancellation=answer)
    [order] = await town.place(lines=[{"sku": "100000", "quantity": 1}])
    adapter = town.bridge.sides.adapter(town.store)
    create = adapter.create_order

    async def meanwhile(*arguments: Any) -> Any:
        created = await create(*arguments)
        town.clock.pass_time(seconds=2)
        await town.control("POST", f"/idealo/orders/{order}/buyer-cancels")
        await poll_idealo(town.bridge.deps, town.store.id)
        return created

    monkeypatch.setattr(adapter, "create_order", meanwhile)
    await town.import_new()
    monkeypatch.undo()
    await town.hours(1)
    story = await town.story(order)
    if answer == "ask":
        assert "order.revoked order dead state_conflict" in story
    else:
        assert all(line["cancelled"] == line["quantity"] for line in (await town.in_store(order))["lines"])
    await town.aclose()


async def test_goods_that_leave_while_a_cancellation_is_looked_at_are_not_missed(
    settings: Settings, clock: Clock, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    town = await Town.build(settings, clock, kind=kind, on_buyer_cancellation="ask", tracking_grace_minutes=0)
    [order] = await town.place(lines=[{"sku": "100000", "quantity": 1}])
    await town.import_new()
    adapter = town.bridge.sides.adapter(town.store)
    fetch = adapter.fetch_order
    looked: list[str] = []

    async def meanwhile(store_order_id: str) -> Any:
        before = await fetch(store_order_id)
        looked.append(store_order_id)
        if len(looked) == 1:
            town.clock.pass_time(seconds=1)
            await town.merchant("ship", order)
            await look_at_store_order(town.bridge.deps, town.store, store_order_id, "webhook")
        return before

    await town.control("POST", f"/idealo/orders/{order}/buyer-cancels")
    monkeypatch.setattr(adapter, "fetch_order", meanwhile)
    await town.import_new()
    monkeypatch.undo()
    [shipment] = [line for line in await town.story(order) if line.startswith("shipment.created")]
    assert not shipment.endswith("skipped"), "the parcel stands in the store"
    await town.aclose()


async def test_a_call_that_was_cut_off_is_not_repeated_before_its_effect_can_be_seen(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    [order] = await town.place(lines=[{"sku": "100000", "quantity": 1}])
    await town.import_new()
    town.clock.pass_time(minutes=5)
    idealo = town.bridge.sides.idealo(town.store)
    send = idealo.send_fulfillment
    begun = asyncio.Event()

    async def endless(*arguments: Any) -> None:
        begun.set()
        await asyncio.sleep(3600)
        await send(*arguments)

    monkeypatch.setattr(idealo, "send_fulfillment", endless)
    await town.merchant("ship", order, parcels=[{"carrier": "DHL", "tracking_code": "00340434161097817651"}])
    link = await town.order(order)
    await look_at_store_order(town.bridge.deps, town.store, str(link.store_order_id), "webhook")
    step = asyncio.create_task(advance(town.bridge.deps, link.id))
    await begun.wait()
    step.cancel()
    await asyncio.wait({step})
    monkeypatch.undo()
    assert await advance(town.bridge.deps, link.id) == 0, "the call may still arrive"
    town.clock.pass_time(minutes=3)
    assert await advance(town.bridge.deps, link.id) == 1
    assert [p["kind"] for p in (await town.at_idealo(order))["history"]].count("fulfillment") == 1


async def test_an_order_whose_creation_ended_after_another_worker_took_it_over_is_not_lost(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A machine that sleeps in the middle of a creation wakes up without its lease, and the call still goes on."""
    [order] = await town.place(lines=[{"sku": "100000", "quantity": 1}])
    adapter = town.bridge.sides.adapter(town.store)
    create = adapter.create_order
    taken: list[int] = []

    async def asleep(draft: Any, buyer: Any, announce: Announce) -> Any:
        monkeypatch.undo()
        await announce()
        town.clock.pass_time(minutes=70)
        await town.control("POST", f"/idealo/orders/{order}/buyer-cancels")
        town.clock.pass_time(minutes=10)
        await poll_idealo(town.bridge.deps, town.store.id)
        taken.append(await advance(town.bridge.deps, (await town.order(order)).id))
        return await create(draft, buyer)

    monkeypatch.setattr(adapter, "create_order", asleep)
    await town.import_new()
    assert taken == [2], "the other worker judged the import and the cancellation"
    await town.hours(2)
    assert (await town.order(order)).store_order_id is not None
    assert all(line["cancelled"] == line["quantity"] for line in (await town.in_store(order))["lines"])
    assert all(not line.endswith("pending") for line in await town.story(order))


async def test_a_creation_that_was_about_to_leave_does_not_once_another_worker_has_the_order(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    [order] = await town.place(lines=[{"sku": "100000", "quantity": 1}])
    adapter = town.bridge.sides.adapter(town.store)
    create = adapter.create_order
    taken: list[int] = []

    async def asleep(*arguments: Any) -> Any:
        monkeypatch.undo()
        town.clock.pass_time(minutes=3)
        taken.append(await advance(town.bridge.deps, (await town.order(order)).id))
        return await create(*arguments)

    monkeypatch.setattr(adapter, "create_order", asleep)
    await town.import_new()
    assert taken == [2], "the other worker imported the order and told its number"
    await town.hours(1)
    assert len(await town.in_store_all(order)) == 1
    assert all(line.endswith(("done", "skipped")) for line in await town.story(order))
