"""The unique index is the diff, the lease is the right to write, and settling is one transaction."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import insert

from app.domain.errors import Problem
from app.domain.events import Event, LineCancelled, OrderImported, OrderPlaced, OrderRevoked, ShipmentCreated
from app.ledger.ledger import LEASE, Leased, LeaseLost, Ledger
from app.ledger.records import AttemptRecord, EventRecord, OrderRecord, Outcome, Settlement, next_of
from app.ledger.tables import AttemptRow
from tests.clock import Clock
from tests.factories import a_purchase
from tests.ledger.conftest import Open

CANCELLED = LineCancelled(sku="SKU-A", cancelled=1, remaining=0, uncancelled=0)


def attempt(event: EventRecord, clock: Clock, outcome: Outcome = "done") -> AttemptRecord:
    return AttemptRecord(
        event_id=event.id, number=event.attempts + 1, actor="bridge", action=None, outcome=outcome, detail="so it went",
        started_at=clock(), ended_at=clock(),
    )  # fmt: skip


async def take(book: Ledger, order: OrderRecord, clock: Clock) -> str:
    """The lease's token."""
    leased = await book.lease(order.id, clock())
    assert leased is not None
    return leased.token


async def first(ledger: Open, order: OrderRecord, clock: Clock) -> EventRecord:
    async with ledger() as book:
        event = next_of(await book.history(order.id), clock())
    assert event is not None
    return event


async def test_the_same_events_twice_are_recorded_once(ledger: Open, order: OrderRecord, clock: Clock) -> None:
    events: list[Event] = [OrderPlaced(purchase=a_purchase()), OrderRevoked()]
    async with ledger() as book:
        assert len(await book.record(order.id, events, "poll", clock())) == 2
    async with ledger() as book:
        assert await book.record(order.id, events, "webhook", clock()) == []
        assert [(r.event.type, r.found_by) for r in await book.history(order.id)] == [
            ("order.placed", "poll"),
            ("order.revoked", "poll"),
        ]


async def test_eight_at_once_record_an_event_once(ledger: Open, order: OrderRecord, clock: Clock) -> None:
    async def once() -> int:
        async with ledger() as book:
            return len(await book.record(order.id, [OrderRevoked()], "poll", clock()))

    assert sum(await asyncio.gather(*(once() for _ in range(8)))) == 1


async def test_eight_at_once_make_one_order(ledger: Open, order: OrderRecord, clock: Clock) -> None:
    async def once() -> int:
        async with ledger() as book:
            return (await book.order_for("shop-1", "NEW", a_purchase(), clock())).id

    assert len(set(await asyncio.gather(*(once() for _ in range(8))))) == 1


async def test_one_of_eight_gets_the_lease_until_it_runs_out(ledger: Open, order: OrderRecord, clock: Clock) -> None:
    async def once() -> Leased | None:
        async with ledger() as book:
            return await book.lease(order.id, clock())

    assert await once() is None, "nothing is due"
    async with ledger() as book:
        await book.record(order.id, [OrderRevoked()], "poll", clock())
    assert len([t for t in await asyncio.gather(*(once() for _ in range(8))) if t]) == 1
    clock.pass_time(seconds=LEASE.total_seconds() + 1)
    assert await once() is not None


async def test_a_worker_that_overslept_cannot_settle(ledger: Open, order: OrderRecord, clock: Clock) -> None:
    async with ledger() as book:
        await book.record(order.id, [OrderRevoked()], "poll", clock())
        token = await take(book, order, clock)
    clock.pass_time(seconds=LEASE.total_seconds() + 1)
    async with ledger() as book:
        assert await book.lease(order.id, clock())
    event = await first(ledger, order, clock)
    how = Settlement(attempt=attempt(event, clock), state="done", due_at=clock())
    with pytest.raises(LeaseLost):
        async with ledger() as book:
            await book.settle(order.id, token, how, clock())
    async with ledger() as book:
        assert await book.attempts(order.id) == []
        assert [r.state for r in await book.history(order.id)] == ["pending"]


async def test_settling_writes_attempt_link_and_what_follows_together(
    ledger: Open, order: OrderRecord, clock: Clock
) -> None:
    imported = OrderImported(store_order_id="18", store_order_number="W-18", total=a_purchase().total, lines=())
    async with ledger() as book:
        await book.record(order.id, [OrderPlaced(purchase=a_purchase())], "poll", clock())
        token = await take(book, order, clock)
    event = await first(ledger, order, clock)
    how = Settlement(
        attempt=attempt(event, clock), state="done", due_at=clock(), follow=(imported,), store_order_id="18",
        store_order_number="W-18",
    )  # fmt: skip
    async with ledger() as book:
        await book.settle(order.id, token, how, clock())
    async with ledger() as book:
        linked = await book.linked("shop-1", "18")
        assert linked is not None
        assert linked.store_order_number == "W-18"
        assert [(r.event.type, r.state, r.attempts) for r in await book.history(order.id)] == [
            ("order.placed", "done", 1),
            ("order.imported", "pending", 0),
        ]


async def test_a_waiting_event_holds_back_younger_ones_and_a_dead_one_does_not(
    ledger: Open, order: OrderRecord, clock: Clock
) -> None:
    async with ledger() as book:
        await book.record(order.id, [OrderRevoked(), CANCELLED], "poll", clock())
        token = await take(book, order, clock)
    event = await first(ledger, order, clock)
    later = clock() + timedelta(minutes=5)
    async with ledger() as book:
        how = Settlement(attempt=attempt(event, clock, "retry"), state="pending", due_at=later)
        await book.settle(order.id, token, how, clock())
        assert next_of(await book.history(order.id), clock()) is None
        due = next_of(await book.history(order.id), later)
    assert due is not None
    assert due.event == OrderRevoked()
    async with ledger() as book:
        how = Settlement(attempt=attempt(due, clock, "dead"), state="dead", due_at=clock(), problem=Problem.REJECTED)
        await book.settle(order.id, token, how, clock())
        after = next_of(await book.history(order.id), clock())
    assert after is not None
    assert after.event == CANCELLED


async def kill(ledger: Open, order: OrderRecord, clock: Clock, problem: Problem) -> int:
    """A dead event; answers its id."""
    async with ledger() as book:
        await book.record(order.id, [OrderRevoked()], "poll", clock())
        token = await take(book, order, clock)
    event = await first(ledger, order, clock)
    async with ledger() as book:
        how = Settlement(attempt=attempt(event, clock, "dead"), state="dead", due_at=clock(), problem=problem)
        await book.settle(order.id, token, how, clock())
        await book.release(order.id, token)
    return event.id


async def test_replay_and_dismiss_leave_the_actor_and_the_reason(
    ledger: Open, order: OrderRecord, clock: Clock
) -> None:
    event_id = await kill(ledger, order, clock, Problem.REJECTED)
    async with ledger() as book:
        replayed = await book.replay(event_id, "anna", "the shop is back", clock())
        assert replayed is not None
        assert (replayed.state, replayed.problem, replayed.attempts) == ("pending", None, 2)
        assert await book.replay(event_id, "anna", "twice", clock()) is None
        assert await book.dismiss(event_id, "anna", "not dead", clock()) is None
        assert [(a.actor, a.outcome, a.detail) for a in await book.attempts(order.id)][1:] == [
            ("anna", "replayed", "the shop is back")
        ]


@pytest.mark.parametrize(
    ("problem", "state"),
    [(Problem.STATE_CONFLICT, "pending"), (Problem.UNKNOWN_SKU, "pending"), (Problem.REJECTED, "dead")],
)
async def test_something_new_asks_a_conflict_again(
    problem: Problem, state: str, ledger: Open, order: OrderRecord, clock: Clock
) -> None:
    event_id = await kill(ledger, order, clock, problem)
    async with ledger() as book:
        await book.record(order.id, [CANCELLED], "webhook", clock())
        event = await book.event(event_id)
    assert event is not None
    assert event.state == state


async def test_a_waiting_shipment_is_looked_at_again_when_something_new_comes(
    ledger: Open, order: OrderRecord, clock: Clock
) -> None:
    """The code may have appeared: it replaces the shipment without one."""
    async with ledger() as book:
        [bare] = await book.record(order.id, [ShipmentCreated(shipment_id="s1")], "webhook", clock())
        token = await take(book, order, clock)
        await book.postpone(order.id, token, bare, clock() + timedelta(hours=1), clock())
        assert next_of(await book.history(order.id), clock()) is None
        await book.record(order.id, [ShipmentCreated(shipment_id="s1", code="C1", carrier="DHL")], "webhook", clock())
        due = next_of(await book.history(order.id), clock())
    assert due is not None
    assert due.id == bare


async def test_an_attempt_number_is_used_once(ledger: Open, order: OrderRecord, clock: Clock) -> None:
    await kill(ledger, order, clock, Problem.REJECTED)
    async with ledger() as book:
        [only] = await book.attempts(order.id)
    from sqlalchemy.exc import IntegrityError  # noqa: PLC0415 - only here

    with pytest.raises(IntegrityError, match="one_row_per_attempt"):
        async with ledger() as book:
            await book._run(insert(AttemptRow).values(**only.model_dump()))


async def test_the_sweep_sees_due_orders_nobody_works_on(ledger: Open, order: OrderRecord, clock: Clock) -> None:
    async with ledger() as book:
        await book.record(order.id, [OrderRevoked()], "poll", clock())
        assert await book.due_orders(clock(), 10) == [order.id]
        token = await take(book, order, clock)
        assert await book.due_orders(clock(), 10) == []
        await book.release(order.id, token)
        await book.change_store("shop-1", paused_at=clock())
        assert await book.due_orders(clock(), 10) == []


async def test_a_poll_is_one_workers_turn_and_comes_round_by_time(
    ledger: Open, order: OrderRecord, clock: Clock
) -> None:
    async def claim() -> bool:
        async with ledger() as book:
            now = clock()
            turn = await book.claim_poll(
                "shop-1", "idealo", now - timedelta(minutes=5), now + timedelta(minutes=10), now
            )
        return turn is not None

    assert sum(await asyncio.gather(*(claim() for _ in range(6)))) == 1
    async with ledger() as book:
        await book.move_cursor("shop-1", "idealo", clock(), clock())
    assert not await claim()
    clock.pass_time(minutes=5)
    assert await claim()
    clock.pass_time(minutes=11)
    assert await claim(), "a poller that died must not keep the turn"


async def test_a_failed_poll_is_tried_again_soon_and_keeps_its_cursor(
    ledger: Open, order: OrderRecord, clock: Clock
) -> None:
    async with ledger() as book:
        await book.poll_failed("shop-1", "store", "no answer in time", clock())
        clock.pass_time(minutes=1)
        now = clock()
        turn = await book.claim_poll("shop-1", "store", now - timedelta(hours=1), now + timedelta(minutes=10), now)
    assert turn is not None
    assert (turn.failures, turn.trouble, turn.position) == (1, "no answer in time", order.created_at)
