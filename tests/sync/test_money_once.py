"""Refunds and parcels that idealo takes and does not show yet, or that two workers have in hand, are told once."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from app.sync.advance import advance
from sandbox.idealo.values import Order
from tests.sync.agreement import disagreements
from tests.town import Town

PARCEL = {"carrier": "DHL", "tracking_code": "00340434161094042557"}


def at_idealo(town: Town, order: str) -> Order:
    return town.world.idealo.orders[order]


async def told(town: Town, order: str, write: str) -> int:
    return [h["kind"] for h in (await town.at_idealo(order))["history"]].count(write)


async def imported(town: Town) -> str:
    [order] = await town.place(lines=[{"sku": "100000", "quantity": 3}])
    await town.import_new()
    return order


def shown_late(town: Town, monkeypatch: pytest.MonkeyPatch, name: str, late: Callable[[Any], Any]) -> None:
    """idealo answers what `late` makes of its answer for the next 100 seconds."""
    idealo = town.bridge.sides.idealo(town.store)
    read, until = getattr(idealo, name), town.clock() + timedelta(seconds=100)

    async def lagging(order_id: str) -> Any:
        answer = await read(order_id)
        return late(answer) if town.clock() < until else answer

    monkeypatch.setattr(idealo, name, lagging)


async def test_a_refund_idealo_does_not_list_yet_is_not_paid_twice(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    order = await imported(town)
    await town.fault("idealo", "after_success", method="POST", path="*/refunds", times=1)
    shown_late(town, monkeypatch, "refunds", lambda _: ())
    await town.merchant("refund", order, amount="5.00")
    await town.settle()
    await town.hours(0.2, step_minutes=0.25)
    assert await told(town, order, "refund") == 1
    assert await disagreements(town) == []


async def test_a_parcel_idealo_does_not_show_yet_is_not_told_twice(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    order = await imported(town)
    await town.fault("idealo", "after_success", method="POST", path="*/fulfillment", times=1)
    shown_late(town, monkeypatch, "order", lambda answer: answer.model_copy(update={"parcels": (), "shipped": False}))
    await town.merchant("ship", order, parcels=[PARCEL])
    await town.settle()
    await town.hours(0.2, step_minutes=0.25)
    assert await told(town, order, "fulfillment") == 1
    assert await disagreements(town) == []


async def test_a_refund_that_was_refused_for_a_moment_is_told_all_the_same(town: Town) -> None:
    order = await imported(town)
    await town.fault("idealo", "status", status=503, method="POST", path="*/refunds", times=2)
    await town.merchant("refund", order, amount="5.00")
    await town.settle()
    await town.hours(0.2, step_minutes=0.25)
    assert await told(town, order, "refund") == 1
    assert await disagreements(town) == []


async def test_whoever_lost_the_order_meanwhile_pays_nothing(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine sleeps between asking what idealo lists and telling it; another worker has told it by then."""
    order = await imported(town)
    idealo = town.bridge.sides.idealo(town.store)
    read = idealo.refunds
    others: list[int] = []

    async def asleep(order_id: str) -> Any:
        monkeypatch.undo()
        listed = await read(order_id)
        town.clock.pass_time(minutes=3)
        others.append(await advance(town.bridge.deps, (await town.order(order)).id))
        return listed

    monkeypatch.setattr(idealo, "refunds", asleep)
    await town.merchant("refund", order, amount="5.00")
    await town.settle()
    assert others == [1]
    await town.hours(1)
    assert await told(town, order, "refund") == 1
    assert await disagreements(town) == []


async def test_a_refund_of_the_amount_of_one_that_failed_is_paid_once(town: Town) -> None:
    order = await imported(town)
    await town.merchant("refund", order, amount="5.00")
    await town.settle()
    await town.hours(1)
    at_idealo(town, order).refunds[0].status = "FAILED"
    await town.hours(1)
    await town.fault("idealo", "after_success", method="POST", path="*/refunds", times=1)
    await town.merchant("refund", order, amount="5.00")
    await town.settle()
    await town.hours(2)
    assert [r.status for r in at_idealo(town, order).refunds].count("FAILED") == 1
    assert len(at_idealo(town, order).refunds) == 2
