"""What every book of the ledger stands on: statements on one connection."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import CursorResult, Executable
from sqlalchemy.ext.asyncio import AsyncConnection

Rows = CursorResult[*tuple[Any, ...]]


class Book:
    """Rows come back as the tables' columns; no identity map, so nothing read earlier hides what stands there now."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def _run(self, statement: Executable, values: Mapping[str, Any] | None = None) -> Rows:
        """One round trip. Statements of the hot paths are made once per process and take their values here."""
        return await self._connection.execute(statement, values)
