"""Postgres itself refuses to change what was written."""

import pytest
from sqlalchemy import TextClause, text
from sqlalchemy.exc import IntegrityError

from app.bootstrap import Bridge
from app.domain.events import OrderRevoked
from app.ledger.records import OrderRecord
from tests.clock import Clock
from tests.ledger.conftest import Open

REFUSED = [
    "UPDATE events SET key = 'other'",
    "UPDATE events SET type = 'order.placed'",
    "UPDATE events SET data = '{\"a\": 1}'",
    "UPDATE events SET found_by = 'operator'",
    "UPDATE events SET recorded_at = now()",
    "UPDATE events SET order_id = order_id + 1",
    "DELETE FROM events",
    "TRUNCATE events CASCADE",
    "UPDATE attempts SET detail = 'nicer'",
    "DELETE FROM attempts",
    "TRUNCATE attempts",
    "UPDATE deliveries SET topic = 'other'",
    "DELETE FROM deliveries",
]


def delivery(*, seen: bool) -> TextClause:
    """Puts one in, looked at or not."""
    return text(
        "INSERT INTO deliveries (store_id, key, topic, headers, body_sha256, body_size, received_at, looked_at) "
        "VALUES ('shop-1', 'k', 't', '{}', 'x', 1, now(), CASE WHEN :seen THEN now() END)"
    ).bindparams(seen=seen)


@pytest.mark.parametrize("statement", REFUSED)
async def test_facts_cannot_be_changed(
    statement: str, bridge: Bridge, ledger: Open, order: OrderRecord, clock: Clock
) -> None:
    async with ledger() as book:
        [event_id] = await book.record(order.id, [OrderRevoked()], "poll", clock())
    async with bridge.engine.begin() as connection:
        await connection.execute(text("UPDATE events SET state = 'dead', problem = 'rejected'"))
        await connection.execute(delivery(seen=False))
    async with ledger() as book:
        await book.replay(event_id, "a person", "because", clock())
    with pytest.raises(IntegrityError, match=r"append-only|cannot be changed|not looked at yet"):
        async with bridge.engine.begin() as connection:
            await connection.execute(text(statement))


async def test_bookkeeping_may_change_and_seen_deliveries_may_expire(
    bridge: Bridge, ledger: Open, order: OrderRecord, clock: Clock
) -> None:
    async with ledger() as book:
        await book.record(order.id, [OrderRevoked()], "poll", clock())
    async with bridge.engine.begin() as connection:
        await connection.execute(text("UPDATE events SET state = 'done', due_at = now(), attempts = 2"))
        await connection.execute(delivery(seen=True))
        await connection.execute(text("DELETE FROM deliveries"))


async def test_a_dead_event_has_a_problem_and_no_other_has(
    bridge: Bridge, ledger: Open, order: OrderRecord, clock: Clock
) -> None:
    async with ledger() as book:
        await book.record(order.id, [OrderRevoked()], "poll", clock())
    for statement in ("UPDATE events SET state = 'dead'", "UPDATE events SET problem = 'bug'"):
        with pytest.raises(IntegrityError, match="dead_events_have_a_problem"):
            async with bridge.engine.begin() as connection:
                await connection.execute(text(statement))
