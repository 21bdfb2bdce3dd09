"""Each action meets each fault: one effect at the other side, and a timeline that tells it as it was."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import pytest

from app.domain.errors import Retryable
from app.ports import Announce
from app.registry import ADAPTERS
from app.sync.advance import WAITS, advance
from app.sync.reconcile import poll_idealo
from tests.sync.agreement import disagreements
from tests.town import Town

FAULTS: dict[str, dict[str, Any]] = {
    "timeout before": {"kind": "timeout"},
    "timeout after success": {"kind": "after_success"},
    "429 with Retry-After": {"kind": "rate_limit", "seconds": 7},
    "500": {"kind": "status", "status": 500},
    "502 with HTML": {"kind": "html_502"},
    "connection reset": {"kind": "reset"},
    "truncated JSON": {"kind": "truncate"},
}
PARCEL = {"carrier": "DHL", "tracking_code": "00340434161094042557"}


@dataclass(frozen=True)
class Trial:
    """An action: the call that carries it, and what brings it about once the order is imported (None: the import)."""

    action: str
    side: str
    method: str
    path: str
    begin: Callable[[Town, str], Awaitable[object]] | None = None


async def _buyer_cancels(town: Town, order: str) -> None:
    await town.control("POST", f"/idealo/orders/{order}/buyer-cancels")
    await town.poll()


TRIALS = (
    Trial("create_store_order", "woocommerce", "POST", "*/orders"),
    Trial("link_store_order", "woocommerce", "GET", "*/orders"),
    Trial("set_merchant_order_number", "idealo", "POST", "*/merchant-order-number"),
    Trial("cancel_store_order", "woocommerce", "PUT", "*/orders/*", _buyer_cancels),
    Trial("send_fulfillment", "idealo", "POST", "*/fulfillment", lambda t, o: t.merchant("ship", o, parcels=[PARCEL])),
    Trial(
        "send_revocation",
        "idealo",
        "POST",
        "*/revocations",
        lambda t, o: t.merchant("cancel", o, lines=[{"sku": "100000", "quantity": 1}]),
    ),
    Trial("send_refund", "idealo", "POST", "*/refunds", lambda t, o: t.merchant("refund", o, amount="5.00")),
)


EACH_KIND = [
    pytest.param(trial, kind, id=f"{trial.action}-{kind}")
    for trial in TRIALS
    for kind in sorted(ADAPTERS)
    if trial.side in {"idealo", kind}
]
"""Writes to idealo, for a store of each kind; of the stores only WooCommerce has one address per write."""


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize(("trial", "kind"), EACH_KIND, indirect=["kind"])
async def test_one_effect_whatever_happens_to_the_answer(trial: Trial, fault: str, town: Town) -> None:
    [order] = await town.place(lines=[{"sku": "100000", "quantity": 3}])
    if trial.action == "link_store_order":
        # The creation's own answer is lost first, so that the retry finds the order and links it.
        await town.fault("woocommerce", "after_success", method="POST", path="*/orders", times=1)
        await town.import_new()
    elif trial.begin:
        await town.import_new()
    await town.fault(trial.side, method=trial.method, path=trial.path, times=1, **FAULTS[fault])
    if trial.begin:
        await trial.begin(town, order)
    await town.import_new()
    await town.hours(2)
    assert await disagreements(town) == []
    attempts = await town.attempts(order)
    mine = [a for a in attempts if (a.action or {}).get("name") == trial.action]
    assert mine[-1].outcome in {"done", "retry", "deferred"}, [a.detail for a in attempts]
    hit = (await town.control("GET", "/faults"))["faults"]
    assert any(f["hits"] for f in hit if f["path"] == trial.path), "the fault must have struck"
    # idealo's writes answer without a body: there is nothing to cut off, and the first try succeeds.
    harmless = fault == "truncated JSON" and trial.side == "idealo"
    assert any(a.outcome in {"retry", "deferred"} for a in attempts) != harmless, "the timeline tells of the failed try"


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("kind", sorted(set(ADAPTERS) - {"woocommerce"}), indirect=True)
async def test_one_effect_whichever_call_to_the_store_is_hit(fault: str, town: Town) -> None:
    """Stores whose actions take several calls, or one address for all: each call in turn meets the fault."""
    for number in range(5):
        await town.fault(town.kind, times=1, after=number, **FAULTS[fault])
        [order] = await town.place(lines=[{"sku": "100000", "quantity": 3}])
        await town.import_new()
        await town.hours(2, step_minutes=60)
        await town.control("DELETE", "/faults")
        await town.fault(town.kind, times=1, after=number, **FAULTS[fault])
        await town.control("POST", f"/idealo/orders/{order}/buyer-cancels")
        await town.import_new()
        await town.hours(2, step_minutes=60)
        await town.control("DELETE", "/faults")
        assert await disagreements(town) == []
        mine = await town.in_store(order)
        assert [line["cancelled"] for line in mine["lines"]] == [3]


async def test_trouble_before_a_creation_left_costs_no_wait_for_what_it_may_have_done(town: Town) -> None:
    """The first call of an import reads the shop's products; nothing can become visible after it."""
    [order] = await town.place(lines=[{"sku": "100000", "quantity": 1}])
    await poll_idealo(town.bridge.deps, town.store.id)
    await town.fault(town.kind, "status", status=503, times=1)
    assert await advance(town.bridge.deps, (await town.order(order)).id) == 1
    [placed] = await town.events(order)
    assert (placed.state, placed.due_at - town.clock()) == ("pending", WAITS[0])
    town.clock.pass_time(seconds=WAITS[0].total_seconds())
    await town.settle()
    assert (await town.story(order))[0] == "order.placed order done"
    assert await disagreements(town) == []


async def test_trouble_before_a_second_creation_does_not_forget_the_first(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A sick shop: the first request hangs in it, reading fails meanwhile, and then the first order appears."""
    [order] = await town.place(lines=[{"sku": "100000", "quantity": 1}])
    adapter = town.bridge.sides.adapter(town.store)
    create = adapter.create_order
    sent: list[tuple[Any, ...]] = []

    async def hangs(draft: Any, buyer: Any, announce: Announce) -> Any:
        await announce()
        sent.append((draft, buyer))
        raise Retryable("no answer in time")

    async def cannot_read(*_: Any) -> Any:
        raise Retryable("503")

    monkeypatch.setattr(adapter, "create_order", hangs)
    await town.import_new()
    monkeypatch.setattr(adapter, "create_order", cannot_read)
    await town.hours(0.1, step_minutes=3)
    assert len(await town.attempts(order)) > 1
    monkeypatch.undo()
    await create(*sent[0])
    await town.hours(2)
    assert len(await town.in_store_all(order)) == 1
    assert await disagreements(town) == []


async def test_a_store_archived_during_a_creation_and_connected_anew_gets_one_order(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    [order] = await town.place(lines=[{"sku": "100000", "quantity": 1}])
    adapter = town.bridge.sides.adapter(town.store)
    create = adapter.create_order
    sent: list[tuple[Any, ...]] = []

    async def hangs(draft: Any, buyer: Any, announce: Announce) -> Any:
        await announce()
        sent.append((draft, buyer))
        raise Retryable("no answer in time")

    monkeypatch.setattr(adapter, "create_order", hangs)
    await town.import_new()
    monkeypatch.undo()
    anew = await town.connected_anew()
    await anew.import_new()
    assert await anew.in_store_all(order) == []
    await create(*sent[0])
    await anew.hours(0.2, step_minutes=1)
    assert len(await anew.in_store_all(order)) == 1
    assert (await anew.order(order)).store_order_id is not None


async def test_nothing_is_created_for_a_store_that_was_archived_meanwhile(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    [order] = await town.place(lines=[{"sku": "100000", "quantity": 1}])
    adapter = town.bridge.sides.adapter(town.store)
    create = adapter.create_order

    async def slow(*arguments: Any) -> Any:
        async with town.bridge.deps.ledger() as ledger:
            await ledger.change_store(town.store.id, archived_at=town.clock())
        return await create(*arguments)

    monkeypatch.setattr(adapter, "create_order", slow)
    await town.import_new()
    assert await town.in_store_all(order) == []


async def test_retry_after_is_kept_to_the_second(town: Town) -> None:
    [order] = await town.place(lines=[{"sku": "100000", "quantity": 1}])
    await town.fault("idealo", "rate_limit", method="POST", path="*/merchant-order-number", seconds=7, times=1)
    await town.import_new()
    [_, acknowledged] = await town.events(order)
    assert (acknowledged.due_at - town.clock()).total_seconds() == 7


@pytest.mark.parametrize("kind", ["woocommerce"], indirect=True)
async def test_what_never_succeeds_ends_with_a_person_and_a_replay_begins_anew(town: Town) -> None:
    [order] = await town.place(lines=[{"sku": "100000", "quantity": 1}])
    await town.fault("idealo", "status", method="POST", path="*/merchant-order-number", times=100)
    await town.import_new()
    await town.hours(30)
    assert await town.story(order) == ["order.placed order done", "order.imported order dead exhausted"]
    assert len([a for a in await town.attempts(order) if a.outcome == "retry"]) == len(WAITS)


async def test_what_waits_is_tried_as_soon_as_the_side_answers_again(town: Town) -> None:
    """An outage of hours must not be followed by a wait of hours."""
    [order] = await town.place(lines=[{"sku": "100000", "quantity": 1}])
    await town.import_new()
    await town.merchant("ship", order, parcels=[PARCEL])
    await town.fault("idealo", "status", status=503, times=10_000)
    await town.settle()
    await town.hours(6)
    [waiting] = [r for r in await town.events(order) if r.state == "pending"]
    assert (waiting.due_at - town.clock()).total_seconds() > 3600
    tried = len(await town.attempts(order))
    await town.control("DELETE", "/faults")
    town.clock.pass_time(minutes=1)
    await town.import_new()
    assert await disagreements(town) == []
    assert len(await town.attempts(order)) == tried + 1


@pytest.mark.parametrize("kind", ["woocommerce"], indirect=True)
async def test_a_shop_that_puts_us_off_for_hours_loses_no_order(town: Town) -> None:
    """`Retry-After: 1` from a firewall in front of the shop, at every sweep: no reason to call a person."""
    [order] = await town.place(lines=[{"sku": "100000", "quantity": 1}])
    await town.fault("woocommerce", "rate_limit", method="POST", path="*/orders", seconds=1, times=10_000)
    await town.hours(1.25, step_minutes=1 / 3)
    tried = await town.attempts(order)
    assert {a.outcome for a in tried} == {"deferred"}
    assert 60 < len(tried) < 120
    await town.control("DELETE", "/faults")
    await town.hours(0.2, step_minutes=1)
    assert await disagreements(town) == []


@pytest.mark.parametrize("kind", ["woocommerce"], indirect=True)
async def test_a_side_that_puts_us_off_for_ever_ends_with_a_person(town: Town) -> None:
    [order] = await town.place(lines=[{"sku": "100000", "quantity": 1}])
    await town.import_new()
    await town.merchant("ship", order, parcels=[PARCEL])
    await town.fault("idealo", "rate_limit", method="POST", path="*/fulfillment", seconds=1, times=10_000)
    await town.hours(22, step_minutes=6.5)
    assert "shipment.created" in (await town.story(order))[-1]
    assert (await town.story(order))[-1].endswith("pending")
    await town.hours(3, step_minutes=6.5)
    assert (await town.story(order))[-1].endswith("dead exhausted")


@pytest.mark.parametrize("kind", ["woocommerce"], indirect=True)
async def test_a_side_that_comes_and_goes_uses_up_no_patience(town: Town) -> None:
    """Reading works now and then, writing never: the tries that are brought forward do not end the event early."""
    [order] = await town.place(lines=[{"sku": "100000", "quantity": 1}])
    for _ in range(len(WAITS) + 5):
        await town.fault("idealo", "status", method="GET", times=1, status=503)
        await town.fault("idealo", "status", method="POST", path="*/merchant-order-number", times=10, status=503)
        await town.hours(0.1, step_minutes=2)
        await town.control("DELETE", "/faults")
        await town.fault("idealo", "status", method="POST", path="*/merchant-order-number", times=10, status=503)
        await town.hours(0.1, step_minutes=2)
    tries = [a for a in await town.attempts(order) if a.outcome == "retry"]
    assert len(tries) > len(WAITS)
    assert "order.imported order pending" in await town.story(order)
    await town.control("DELETE", "/faults")
    await town.hours(13, step_minutes=60)
    assert await disagreements(town) == []
