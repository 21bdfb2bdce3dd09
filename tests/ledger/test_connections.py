"""Connections of the ledger's pool that died unnoticed are replaced before anybody works on them."""

import asyncio

import asyncpg
import pytest

from app.config import Settings
from app.ledger import session
from app.ledger.session import open_engine, transaction


async def _terminate_all(settings: Settings) -> None:
    connection = await asyncpg.connect(settings.asyncpg_url)
    try:
        await connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() "
            "AND application_name = 'idealo-bridge' AND pid <> pg_backend_pid()"
        )
    finally:
        await connection.close()


@pytest.mark.parametrize("asked_after_s", [10.0, -1.0], ids=["just used", "idle for long"])
async def test_a_connection_the_server_closed_is_replaced(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, asked_after_s: float
) -> None:
    monkeypatch.setattr(session, "ASKED_AFTER_S", asked_after_s)
    engine = open_engine(settings.sqlalchemy_url)
    try:
        for _ in range(3):
            async with transaction(engine) as ledger:
                assert await ledger.stores() == []
            await _terminate_all(settings)
            await asyncio.sleep(0.2)  # until the end of the connection has arrived
    finally:
        await engine.dispose()
