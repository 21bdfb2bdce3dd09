"""The ledger's facts, noted while the campaign runs: what was once committed must stand there unchanged in the end."""

from dataclasses import dataclass, field

import asyncpg

from tests.sync.rules import Wrong

FACTS = {
    "events": "id, order_id, type, key, data, found_by, recorded_at",
    "attempts": "id, event_id, number, actor, action, outcome, detail, started_at, ended_at",
    "deliveries": "id, store_id, key, topic, store_order_id, headers, body_sha256, body_size, remark, received_at",
}
"""Columns that are written once and never again."""


@dataclass
class Facts:
    """`note` as often as you like; `broken` says what changed or vanished since it was first noted."""

    known: dict[tuple[str, int], str] = field(default_factory=dict)
    changed: dict[tuple[str, int], str] = field(default_factory=dict)

    async def note(self, connection: asyncpg.Connection) -> None:
        """Compares every fact with what was noted before, and notes the new ones."""
        for table, columns in FACTS.items():
            rows = await connection.fetch(f"SELECT id, md5(ROW({columns})::text) AS digest FROM {table}")  # noqa: S608
            now = {row["id"]: row["digest"] for row in rows}
            for (of, number), digest in self.known.items():
                if of == table and now.get(number) != digest:
                    self.changed[of, number] = "changed" if number in now else "vanished"
            for number, digest in now.items():
                self.known.setdefault((table, number), digest)

    def begin_anew(self) -> None:
        """What has happened so far is no longer judged."""
        self.known.clear()
        self.changed.clear()

    def broken(self) -> list[Wrong]:
        return [Wrong("facts", f"row {number} of {table} has {how}") for (table, number), how in self.changed.items()]
