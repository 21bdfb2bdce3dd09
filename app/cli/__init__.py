"""The `bridge` command: starts processes, and does for operators in a terminal what the admin API does over HTTP."""

from app.cli.entry import main

__all__ = ["main"]
