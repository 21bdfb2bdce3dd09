"""A Ledger on a transaction, or on single statements; trouble with Postgres becomes one error of ours."""

import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from typing import Any

from sqlalchemy import Dialect, event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DBAPIError, DisconnectionError, IntegrityError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnectionFree
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from app.ledger.ledger import Ledger

ASKED_AFTER_S = 10.0
"""A connection that lay idle longer may have been dropped on the way without a word."""


class LedgerUnavailable(Exception):
    """Postgres cannot commit now: down, restarting, out of connections or out of disk."""


def open_engine(database_url: str, *, pool_size: int = 10) -> AsyncEngine:
    """The engine of one process; `postgresql://` addresses are taken too."""
    url = database_url.replace("postgresql://", "postgresql+asyncpg://", 1)
    engine = create_async_engine(
        url,
        pool_size=pool_size,
        max_overflow=pool_size,
        pool_timeout=10,
        hide_parameters=True,  # an error's text must not quote what was to be written
        connect_args={"timeout": 10, "command_timeout": 60, "server_settings": {"application_name": "idealo-bridge"}},
    )
    event.listen(engine.sync_engine, "checkout", partial(_still_there, engine.dialect))
    event.listen(engine.sync_engine, "checkin", _note_use)
    return engine


def _still_there(dialect: Dialect, connection: DBAPIConnection, record: ConnectionPoolEntry, _: object) -> None:
    """As pool_pre_ping, whose ping is three round trips before every transaction, but only where it may tell something.

    A connection the server closed says so by itself; one that lay idle is asked. Raises DisconnectionError: the pool
    then takes another one.
    """
    raw: Any = record.driver_connection
    if raw.is_closed():
        raise DisconnectionError("the server closed this connection")
    if time.monotonic() - record.info.get("used_at", time.monotonic()) > ASKED_AFTER_S:
        try:
            dialect.do_ping(connection)
        except (DBAPIError, dialect.loaded_dbapi.Error, OSError, TimeoutError) as e:
            raise DisconnectionError("an idle connection does not answer") from e


def _note_use(_: object, record: ConnectionPoolEntry) -> None:
    record.info["used_at"] = time.monotonic()


@asynccontextmanager
async def transaction(engine: AsyncEngine) -> AsyncIterator[Ledger]:
    """Commits at the end, rolls back on any error. Raises LedgerUnavailable when Postgres does not take part."""
    with _trouble_named():
        async with engine.begin() as connection:
            yield Ledger(connection)


def autocommitting(engine: AsyncEngine) -> AsyncEngine:
    """The same connections, without transactions around their statements."""
    return engine.execution_options(isolation_level="AUTOCOMMIT")


@asynccontextmanager
async def statements(engine: AsyncEngine) -> AsyncIterator[Ledger]:
    """On an `autocommitting` engine every statement stands alone, which saves a read two round trips.

    For reads, and for a write that is one statement. Raises LedgerUnavailable.
    """
    with _trouble_named():
        async with engine.connect() as connection:
            yield Ledger(connection)


@contextmanager
def _trouble_named() -> Iterator[None]:
    """Makes Postgres' trouble ours."""
    try:
        yield
    except IntegrityError:
        raise
    except (OperationalError, InterfaceError, NoConnectionFree, ConnectionError, OSError, TimeoutError) as e:
        msg = f"Postgres is not available: {type(e).__name__}"
        raise LedgerUnavailable(msg) from e
    except DBAPIError as e:
        if _passes(e):
            msg = f"Postgres is not available: {type(e.orig).__name__}"
            raise LedgerUnavailable(msg) from e
        raise


def _passes(e: DBAPIError) -> bool:
    """Server gone (57P0x), too many connections (53300), out of disk or memory (53xxx), read-only (25006)."""
    state = str(getattr(e.orig, "sqlstate", "") or "")
    return e.connection_invalidated or state[:3] in {"57P", "533", "531", "532", "530"} or state == "25006"
