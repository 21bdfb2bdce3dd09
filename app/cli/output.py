"""Tables for people, JSON for programs, and logs out of the way."""

import json
import sys
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from pydantic import BaseModel

from app.config import Settings
from app.log import configure_logging

LONGEST_CELL = 60


def log_quietly(settings: Settings) -> None:
    """A command's own output is what counts; warnings still reach stderr."""
    configure_logging("console" if sys.stderr.isatty() else settings.log_format, level="ERROR")


def print_json(value: object) -> None:
    """Anything of ours as indented JSON."""
    sys.stdout.write(json.dumps(_plain(value), ensure_ascii=False, indent=2, default=str) + "\n")


def _plain(value: object) -> Any:
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if isinstance(value, dict):
        return {name: _plain(one) for name, one in value.items()}
    return value


def print_table(heads: Sequence[str], rows: Iterable[Sequence[object]], none: str) -> None:
    """Left-aligned columns as wide as their content; `none` when there is no row."""
    texts = [[cell(value) for value in row] for row in rows]
    if not texts:
        sys.stdout.write(f"{none}\n")
        return
    widths = [max(len(line[column]) for line in [list(heads), *texts]) for column in range(len(heads))]
    for line in [list(heads), *texts]:
        sys.stdout.write("  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip() + "\n")


def cell(value: object) -> str:
    """One line, without control characters a terminal would obey."""
    if value is None:
        return "-"
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M:%S}"
    if isinstance(value, list | tuple):
        value = ", ".join(map(str, value))
    text = "".join(c if c.isprintable() else " " for c in str(value))
    return text if len(text) <= LONGEST_CELL else f"{text[: LONGEST_CELL - 1]}…"


def say(line: str) -> None:
    """One line on stdout, at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
