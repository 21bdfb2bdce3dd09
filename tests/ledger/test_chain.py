"""Facts form a chain: recorded so by many at once, and a superuser's change is found at the first row it touches."""

import asyncio
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from app.api.export import json_lines, pages
from app.bootstrap import Bridge
from app.domain.chain import GENESIS, NotCanonical, canonical, hash_of_data
from app.domain.events import LineCancelled, OrderRevoked
from app.ledger.views import Views
from app.sync.verify import verify_export, verify_ledger
from tests.clock import Clock
from tests.ledger.books import as_before, superuser, two_stores
from tests.ledger.conftest import Open


async def exported(bridge: Bridge, folder: Path, since: datetime | None = None, until: datetime | None = None) -> Path:
    source = pages(bridge.deps, None, since, until)
    file = folder / "ledger.ndjson"
    file.write_text("".join([lines async for lines in json_lines(await anext(source), source)]), encoding="utf-8")
    return file


async def test_the_books_hold_live_and_as_an_export(bridge: Bridge, clock: Clock, tmp_path: Path) -> None:
    await two_stores(bridge, clock)
    for verdict in (await verify_ledger(bridge.deps), verify_export(await exported(bridge, tmp_path))):
        assert verdict.holds, verdict.wrong
        assert [(s.store_id, s.first, s.last, s.committed) for s in verdict.stretches] == [
            ("shop-1", 1, 12, 2),
            ("shop-2", 1, 6, 1),
        ]


_ASIDE = "UPDATE events SET chain_no = {} WHERE chain_no > 4"
_BACK = "UPDATE events SET chain_no = -chain_no WHERE chain_no < 0"
_INSERT = """
INSERT INTO events (order_id, type, key, data, found_by, recorded_at, state, due_at, attempts, store_id, chain_no,
                    data_hash, previous_hash, hash)
SELECT order_id, type, 'r2', data, found_by, recorded_at, state, due_at, attempts, store_id, 5, data_hash,
       previous_hash, hash FROM events WHERE TRUE"""
# What is done to fact 5 of shop-1 (event 5 in order of recording), and what is said about it.
CHANGES = {
    "data": ("UPDATE events SET data = jsonb_set(data, '{amount}', '\"1.95\"') WHERE chain_no = 5", "its data is not"),
    "number": ("UPDATE events SET data = jsonb_set(data, '{amount}', '14.95') WHERE chain_no = 5", "its data is not"),
    "data and its hash": (
        "UPDATE events SET data = '{}', data_hash = sha256('{}') WHERE chain_no = 5",
        "does not match its hash",
    ),
    "key": ("UPDATE events SET key = 'r2' WHERE chain_no = 5", "does not match its hash"),
    "type": ("UPDATE events SET type = 'order.conflict' WHERE chain_no = 5", "does not match its hash"),
    "finder": ("UPDATE events SET found_by = 'operator' WHERE chain_no = 5", "does not match its hash"),
    "time": (
        "UPDATE events SET recorded_at = recorded_at + interval '1 microsecond' WHERE chain_no = 5",
        "does not match its hash",
    ),
    "commitment": ("UPDATE events SET commitment = sha256('x') WHERE chain_no = 5", "does not match its hash"),
    "order": ("UPDATE events SET order_id = 3, key = 'r2' WHERE chain_no = 5", "does not match its hash"),
    "hash": ("UPDATE events SET hash = sha256('x') WHERE chain_no = 5", "does not match its hash"),
    "predecessor": ("UPDATE events SET previous_hash = sha256('x') WHERE chain_no = 5", "does not match its hash"),
    "reduced": ("UPDATE events SET reduced_at = now() WHERE chain_no = 5", "still shows data"),
    "deleted": ("DELETE FROM events WHERE chain_no = 5", "this fact is missing"),
    "two deleted": ("DELETE FROM events WHERE chain_no IN (5, 6)", "facts 5 to 6 are missing"),
    "swapped": (f"{_ASIDE.replace('> 4', 'IN (5, 6)').format('-11 + chain_no')}; {_BACK}", "does not match its hash"),
    "inserted": (f"{_ASIDE.format('-1 - chain_no')}; {_BACK}; {_INSERT} AND chain_no = 6", "does not match its hash"),
}


async def test_a_superusers_change_is_found_at_the_first_bad_row(bridge: Bridge, clock: Clock, tmp_path: Path) -> None:
    await two_stores(bridge, clock)
    for change, (statements, said) in CHANGES.items():
        async with as_before(bridge):
            async with superuser(bridge) as connection:
                for statement in statements.split("; "):
                    await connection.execute(text(statement.replace("WHERE ", "WHERE store_id = 'shop-1' AND ")))
            file = await exported(bridge, tmp_path)
            for verdict in (await verify_ledger(bridge.deps), verify_export(file)):
                assert not verdict.holds, change
                assert verdict.broken is not None, change
                assert (verdict.broken.store_id, verdict.broken.chain_no) == ("shop-1", 5), change
                assert said in verdict.broken.what, change
                assert verdict.wrong == str(verdict.broken)
    assert (await verify_ledger(bridge.deps)).holds


CUTS = {
    "DELETE FROM events WHERE store_id = 'shop-1' AND chain_no > 10": "counts 12 facts, these end at 10",
    "DELETE FROM events WHERE store_id = 'shop-2'": "counts 6 facts, and there is none of this store",
    "DELETE FROM events WHERE store_id = 'shop-1' AND chain_no < 3": "facts 1 to 2 are missing",
    "UPDATE chains SET length = 11 WHERE store_id = 'shop-1'": "fact 11 (event 17)",
}


async def test_a_cut_off_end_or_beginning_shows_in_the_database(bridge: Bridge, clock: Clock) -> None:
    await two_stores(bridge, clock)
    for statement, said in CUTS.items():
        async with as_before(bridge):
            async with superuser(bridge) as connection:
                await connection.execute(text(statement))
            verdict = await verify_ledger(bridge.deps)
            assert not verdict.holds, statement
            assert said in str(verdict.wrong)


async def test_a_chain_written_anew_meets_the_daily_head_that_was_noted(bridge: Bridge, clock: Clock) -> None:
    await two_stores(bridge, clock)
    async with bridge.deps.ledger() as book:
        assert await book.note_heads(clock().date(), clock()) == 2
        assert await book.note_heads(clock().date(), clock()) == 0, "once a day"
    async with superuser(bridge) as connection:
        await connection.execute(text("DELETE FROM events WHERE store_id = 'shop-1' AND chain_no > 6"))
        await connection.execute(
            text(
                "UPDATE chains c SET length = 6, head = e.hash FROM events e "
                "WHERE e.store_id = c.store_id AND c.store_id = 'shop-1' AND e.chain_no = 6"
            )
        )
    async with bridge.deps.ledger() as book:
        order = await book.order_for("shop-1", "A2", None, clock())
        await book.record(order.id, [OrderRevoked()], "poll", clock())
    verdict = await verify_ledger(bridge.deps)
    assert "counts 12 facts, these end at 7" in str(verdict.wrong)


async def test_part_of_the_books_verifies_as_a_stretch(bridge: Bridge, clock: Clock, tmp_path: Path) -> None:
    began = clock()
    await two_stores(bridge, clock)
    verdict = verify_export(await exported(bridge, tmp_path, since=began.replace(microsecond=1)))
    assert verdict.holds, verdict.wrong
    assert [(s.store_id, s.first, s.last) for s in verdict.stretches] == [("shop-1", 2, 12), ("shop-2", 1, 6)]
    async with bridge.deps.ledger() as book:
        views = Views(book)
        [part] = await views.parts("shop-1", None, None)
        exact = await views.exported(part, until=began.replace(microsecond=1))
    assert [event.chain_no for event in exact] == [1]


async def test_eight_writers_make_one_chain_per_store(bridge: Bridge, clock: Clock) -> None:
    orders = await two_stores(bridge, clock)

    async def write(number: int) -> None:
        for turn in range(6):
            sku = f"{number % 4}-{turn}"  # every other writer brings the same news
            news = LineCancelled(sku=sku, cancelled=1, remaining=0, uncancelled=0)
            order = orders[(number + turn) % 3]
            async with bridge.deps.ledger() as book:
                await book.record(order.id, [news], "webhook", clock())
                await book.saw_store(order.id, None, clock())
            async with bridge.deps.ledger() as book:
                await book.saw_store(order.id, None, clock())
                await book.record(order.id, [news, OrderRevoked()], "poll", clock())

    async with asyncio.timeout(30):
        await asyncio.gather(*(write(number) for number in range(8)))
    verdict = await verify_ledger(bridge.deps)
    assert verdict.holds, verdict.wrong
    async with bridge.deps.ledger() as book:
        assert sum(head.length for head in await book.heads(clock())) == sum(s.facts for s in verdict.stretches)
        ids = [[r.id for r in await book.history(order.id)] for order in orders]
    assert all(mine == sorted(mine) for mine in ids)


async def test_what_does_not_continue_the_chain_is_refused_by_postgres(bridge: Bridge, clock: Clock) -> None:
    await two_stores(bridge, clock)
    forged = text(
        "INSERT INTO events (order_id, type, key, data, found_by, recorded_at, state, due_at, attempts, store_id, "
        "chain_no, data_hash, previous_hash, hash) SELECT order_id, type, 'r2', data, found_by, recorded_at, state, "
        "due_at, attempts, store_id, 13, data_hash, previous_hash, hash FROM events "
        "WHERE store_id = 'shop-1' AND chain_no = 5"
    )
    with pytest.raises(IntegrityError, match="does not continue its chain"):
        async with bridge.engine.begin() as connection:
            await connection.execute(forged)


async def test_the_first_fact_follows_nothing(ledger: Open, bridge: Bridge, clock: Clock) -> None:
    await two_stores(bridge, clock)
    async with ledger() as book:
        views = Views(book)
        [part] = await views.parts("shop-2", None, None)
        first = (await views.exported(part))[0]
    assert (first.chain_no, first.previous_hash) == (1, GENESIS)


TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**15), 10**15) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)


@given(st.lists(st.dictionaries(TEXT, JSON, max_size=4), min_size=1, max_size=20))
@hypothesis_settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], print_blob=True
)
def test_postgres_gives_back_what_hashes_the_same(database_url: str, contents: list[dict[str, Any]]) -> None:
    import asyncpg  # noqa: PLC0415 - the only raw connection here

    async def through_postgres() -> list[Any]:
        connection = await asyncpg.connect(database_url)
        try:
            sent = [json.dumps(content) for content in contents]
            rows = await connection.fetch("SELECT u::jsonb AS back FROM unnest($1::text[]) AS u", sent)
            return [json.loads(row["back"]) for row in rows]
        finally:
            await connection.close()

    for sent, back in zip(contents, asyncio.run(through_postgres()), strict=True):
        assert hash_of_data(sent) == hash_of_data(back)


def test_numbers_with_a_fraction_have_no_place_in_a_fact() -> None:
    with pytest.raises(NotCanonical):
        canonical({"amount": [1.5]})
    assert canonical({"b": [1, None, True], "a": "ü"}) == '{"a":"ü","b":[1,null,true]}'.encode()


def test_moments_are_hashed_in_utc(clock: Clock) -> None:
    from app.domain.chain import spelt  # noqa: PLC0415 - only here

    assert spelt(datetime(2026, 11, 23, 9, 0, tzinfo=UTC)) == "2026-11-23T09:00:00.000000Z"
