"""Up, down, up again, also with facts in the books, and equal to the models."""

import asyncio
import json
import os
import subprocess
import sys
import uuid
from pathlib import Path

import asyncpg
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect
from sqlalchemy.ext.asyncio import create_async_engine
from sqlmodel import SQLModel

from app.bootstrap import Bridge
from app.config import Settings
from app.domain.events import OrderRevoked
from app.ledger.tables import REVISION
from app.sync.verify import verify_ledger
from tests import servers
from tests.clock import Clock
from tests.fakes.queue import MemoryQueue

ROOT = Path(__file__).parents[2]
OLD_FACTS = """
INSERT INTO stores (id, kind, name, idealo_shop_id, sealed, settings, created_at)
    SELECT 's' || n, 'woocommerce', 'Shop', 's' || n, 'x', '{}', now() FROM generate_series(1, 2) AS n;
INSERT INTO orders (store_id, idealo_order_id, created_at)
    SELECT 's' || 1 + n % 2, 'Ü' || n, now() FROM generate_series(1, 50) AS n;
INSERT INTO events (order_id, type, key, data, found_by, recorded_at, state, due_at, attempts)
    SELECT 1 + n % 50, 'refund.issued', 'r' || n,
        jsonb_build_object('refund_id', 'r' || n, 'amount', '1.50', 'currency', E'\\u20ac "quoted"'), 'poll',
        now() - n * interval '1.000001 second', 'done', now(), 1 FROM generate_series(1, 4300) AS n;
INSERT INTO buyers (order_id, sealed) VALUES (1, 'sealed by the version before');
"""


def alembic(url: str, *arguments: str) -> None:
    environment = {**os.environ, "BRIDGE_DATABASE_URL": url}
    command = [sys.executable, "-m", "alembic", *arguments]
    subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True)


async def test_up_down_up_with_facts_and_equal_to_the_models(
    settings: Settings, clock: Clock, queue: MemoryQueue
) -> None:
    """More facts of before the chain than one batch holds, two stores' between each other; what was sealed stays."""
    name = f"m_{uuid.uuid4().hex}"
    url = await servers.current().create_database(name)
    try:
        alembic(url, "downgrade", "base")
        assert await tables(url) == {"alembic_version"}
        alembic(url, "upgrade", "0001")
        await execute(url, OLD_FACTS)
        alembic(url, "upgrade", "head")
        first = await chain_of(url)
        alembic(url, "downgrade", "0001")
        replicas = [asyncio.to_thread(alembic, url, "upgrade", "head") for _ in range(2)]
        await asyncio.gather(*replicas)  # they wait for each other's turn, not for each other's statements
        assert await chain_of(url) == first, "the same facts make the same chain"
        assert await differences(url) == []
        assert len(first) == 4300
        database = Settings.model_validate({**settings.model_dump(), "database_url": url})
        bridge = Bridge(database, queue=queue, now=clock)
        try:
            async with bridge.deps.ledger() as book:
                assert await book.record(1, [OrderRevoked()], "poll", clock())
                kept = await book.buyer(1)
            verdict = await verify_ledger(bridge.deps)
        finally:
            await bridge.aclose()
    finally:
        await servers.current().drop_database(name)
    assert kept is not None
    assert (kept.sealed, kept.sealed_key) == (b"sealed by the version before", None)
    assert verdict.holds, verdict.wrong
    assert sum(stretch.facts for stretch in verdict.stretches) == 4301


def test_the_code_asks_for_the_newest_migration() -> None:
    config = Config()
    config.set_main_option("script_location", str(ROOT / "alembic"))
    assert ScriptDirectory.from_config(config).get_heads() == [REVISION]


async def execute(url: str, statements: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(statements)
    finally:
        await connection.close()


async def chain_of(url: str) -> list[str]:
    connection = await asyncpg.connect(url)
    try:
        rows = await connection.fetch("SELECT id, chain_no, encode(hash, 'hex') AS hash FROM events ORDER BY id")
        return [json.dumps(dict(row)) for row in rows]
    finally:
        await connection.close()


async def tables(url: str) -> set[str]:
    def names(connection: Connection) -> set[str]:
        return set(inspect(connection).get_table_names())

    engine = create_async_engine(url.replace("postgresql://", "postgresql+asyncpg://"))
    async with engine.connect() as connection:
        found = await connection.run_sync(names)
    await engine.dispose()
    return found


async def differences(url: str) -> list[object]:
    def compare(connection: Connection) -> list[object]:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        return list(compare_metadata(context, SQLModel.metadata))

    engine = create_async_engine(url.replace("postgresql://", "postgresql+asyncpg://"))
    async with engine.connect() as connection:
        found = await connection.run_sync(compare)
    await engine.dispose()
    return found
