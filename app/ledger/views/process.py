"""What the running processes say of themselves: heartbeats, migration level, kept deliveries."""

from datetime import datetime
from typing import Any

from pydantic import AwareDatetime

from app.domain.value import Value
from app.ledger.views.page import View


class Heartbeat(Value):
    """A process that reported within the last day."""

    name: str
    role: str
    seen_at: AwareDatetime
    report: dict[str, Any]


class ProcessViews(View):
    """Reads about the bridge itself."""

    async def heartbeats(self) -> list[Heartbeat]:
        rows = await self._rows("SELECT name, role, seen_at, report FROM heartbeats ORDER BY name", {})
        return [Heartbeat(name=r.name, role=r.role, seen_at=r.seen_at, report=r.report) for r in rows]

    async def last_pulse(self, role: str) -> datetime | None:
        """When a process of this role last reported."""
        rows = await self._rows("SELECT max(seen_at) AS seen_at FROM heartbeats WHERE role = :role", {"role": role})
        seen_at: datetime | None = rows[0].seen_at
        return seen_at

    async def revision(self) -> str | None:
        """The migration the database is at; None before the first one."""
        found = await self._rows("SELECT to_regclass('alembic_version') IS NOT NULL AS there", {})
        if not found[0].there:
            return None
        rows = await self._rows("SELECT version_num FROM alembic_version", {})
        return str(rows[0].version_num) if rows else None
