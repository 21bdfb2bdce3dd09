"""Keeps the sandbox's state as JSON documents in an SQLite file, written before the answer goes out."""

import json
import sqlite3
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

_SCHEMA = """
CREATE TABLE IF NOT EXISTS documents (
    part TEXT NOT NULL, name TEXT NOT NULL, body TEXT NOT NULL, PRIMARY KEY (part, name)
) WITHOUT ROWID
"""


class DocumentFile:
    """One SQLite file of documents, each named by the part of the sandbox it belongs to and its own name.

    Write-ahead logging with `synchronous=NORMAL`: a commit survives a kill -9 of the process.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        # Made by the thread that builds the world, used by the one that serves it, never by both at once.
        self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=NORMAL")
        self._db.execute("PRAGMA busy_timeout=5000")
        self._db.execute(_SCHEMA)

    def load(self, part: str) -> dict[str, Any]:
        """All documents of a part by name."""
        rows = self._db.execute("SELECT name, body FROM documents WHERE part = ? ORDER BY name", (part,))
        return {name: json.loads(body) for name, body in rows}

    def keep(self, parts: Iterable[tuple[str, Mapping[str, Any | None]]]) -> None:
        """Write changed documents (None: delete) of several parts in one commit; nothing changed costs nothing."""
        changed: list[tuple[str, str, str]] = []
        gone: list[tuple[str, str]] = []
        for part, documents in parts:
            for name, document in documents.items():
                if document is None:
                    gone.append((part, name))
                    continue
                body = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
                changed.append((part, name, body))
        if not changed and not gone:
            return
        self._db.execute("BEGIN IMMEDIATE")
        try:
            self._db.executemany("INSERT OR REPLACE INTO documents (part, name, body) VALUES (?, ?, ?)", changed)
            self._db.executemany("DELETE FROM documents WHERE part = ? AND name = ?", gone)
        except sqlite3.Error:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    def clear(self) -> None:
        """Delete every document."""
        self._db.execute("DELETE FROM documents")

    def close(self) -> None:
        """Close the file."""
        self._db.close()
