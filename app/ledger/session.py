"""One transaction, one Ledger; trouble with Postgres becomes one error of ours."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy.exc import DBAPIError, IntegrityError, InterfaceError, OperationalError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlmodel.ext.asyncio.session import AsyncSession

from app.ledger.ledger import Ledger


class LedgerUnavailable(Exception):
    """Postgres cannot commit now: down, restarting, out of connections or out of disk."""


def open_engine(database_url: str, *, pool_size: int = 10) -> AsyncEngine:
    """The engine of one process; `postgresql://` addresses are taken too."""
    url = database_url.replace("postgresql://", "postgresql+asyncpg://", 1)
    return create_async_engine(
        url,
        pool_size=pool_size,
        max_overflow=pool_size,
        pool_timeout=10,
        pool_pre_ping=True,
        connect_args={"timeout": 10, "command_timeout": 60, "server_settings": {"application_name": "idealo-bridge"}},
    )


@asynccontextmanager
async def transaction(engine: AsyncEngine) -> AsyncIterator[Ledger]:
    """Commits at the end, rolls back on any error. Raises LedgerUnavailable when Postgres does not take part."""
    try:
        async with AsyncSession(engine, expire_on_commit=False) as session, session.begin():
            yield Ledger(session)
    except IntegrityError:
        raise
    except (OperationalError, InterfaceError, ConnectionError, OSError, TimeoutError) as e:
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
