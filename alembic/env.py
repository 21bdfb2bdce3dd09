"""Runs the migrations: one process at a time over the whole fleet, each migration in its own transaction."""

import asyncio
import time

from alembic import context
from sqlalchemy import Connection, make_url, pool, text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlmodel import SQLModel

import app.ledger.tables  # noqa: F401 - fills the metadata
from app.config import load_database_url

# Two replicas that start together must not both migrate; the number is arbitrary and only ours.
LOCK_KEY = 4_337_620_001
ASK_AGAIN_S = 0.1


def _database_url() -> str:
    """The caller's (tests and `bridge up` hand theirs in as an attribute), else BRIDGE_DATABASE_URL."""
    given = context.config.attributes.get("database_url") or load_database_url()
    return make_url(given).set(drivername="postgresql+asyncpg").render_as_string(hide_password=False)


def _migrate(connection: Connection) -> None:
    # Asking again and again, because a session that waits inside a statement would hold up CREATE INDEX CONCURRENTLY,
    # which waits for every other statement: the two would wait for each other.
    while not connection.scalar(text("SELECT pg_try_advisory_lock(:key)"), {"key": LOCK_KEY}):
        connection.commit()
        time.sleep(ASK_AGAIN_S)
    connection.commit()  # the lock is held until we disconnect
    context.configure(
        connection=connection,
        target_metadata=SQLModel.metadata,
        compare_type=True,
        compare_server_default=True,
        transaction_per_migration=True,
    )
    with context.begin_transaction():
        context.run_migrations()


async def _connect_and_migrate() -> None:
    engine = create_async_engine(_database_url(), poolclass=pool.NullPool)
    async with engine.connect() as connection:
        await connection.run_sync(_migrate)
    await engine.dispose()


def _print_sql() -> None:
    """`alembic upgrade head --sql`: for operators whose database takes only reviewed scripts."""
    context.configure(
        dialect_name="postgresql",
        target_metadata=SQLModel.metadata,
        literal_binds=True,
        transaction_per_migration=True,
    )
    with context.begin_transaction():
        context.run_migrations()


if context.is_offline_mode():
    _print_sql()
else:
    asyncio.run(_connect_and_migrate())
