"""The `bridge` command in this process, with a test's servers as its environment."""

import sys

import pytest

from app.cli import main
from app.config import Settings


def surround(monkeypatch: pytest.MonkeyPatch, settings: Settings, **more: str) -> None:
    """Sets BRIDGE_DATABASE_URL and all else a process needs; `more` are settings in capitals, without the prefix."""
    given = {
        "DATABASE_URL": settings.database_url.get_secret_value(),
        "REDIS_URL": settings.redis_url.get_secret_value(),
        "MASTER_KEYS": settings.master_keys.get_secret_value(),
        "JWT_SECRET": settings.jwt_secret.get_secret_value() if settings.jwt_secret else "",
    }
    for name, value in {**given, **more}.items():
        monkeypatch.setenv(f"BRIDGE_{name}", value)


def status_of(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    """How `bridge` ends with these arguments. Not for a running event loop: it starts one of its own."""
    monkeypatch.setattr(sys, "argv", ["bridge", *arguments])
    try:
        main()
    except SystemExit as end:
        return int(end.code or 0)
    return 0
