"""Up, down, up again, and equal to the models."""

import os
import subprocess
import sys
import uuid
from pathlib import Path

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, inspect
from sqlalchemy.ext.asyncio import create_async_engine
from sqlmodel import SQLModel

from tests import servers

ROOT = Path(__file__).parents[2]


def alembic(url: str, *arguments: str) -> None:
    environment = {**os.environ, "BRIDGE_DATABASE_URL": url}
    command = [sys.executable, "-m", "alembic", *arguments]
    subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True)


async def test_up_down_up_and_equal_to_the_models() -> None:
    name = f"m_{uuid.uuid4().hex}"
    url = await servers.current().create_database(name)
    try:
        alembic(url, "downgrade", "base")
        assert await tables(url) == {"alembic_version"}
        alembic(url, "upgrade", "head")
        assert await differences(url) == []
    finally:
        await servers.current().drop_database(name)


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
