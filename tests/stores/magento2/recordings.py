"""Recordings of a real shop (Magento 2.4.6 open source, 2026-11-23) as REST answers."""

import json
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

FIXTURES = Path(__file__).parent / "fixtures"
CALLS = sorted(p.name for p in FIXTURES.glob("[0-9]*.json"))


@cache
def _text(number: str) -> str:
    return next(FIXTURES.glob(f"{number[:3]}-*.json")).read_text(encoding="utf-8")


def recording(number: str) -> dict[str, Any]:
    """One recorded call with its answer, by file name or number; a new object each time."""
    loaded: dict[str, Any] = json.loads(_text(number), parse_float=Decimal)
    return loaded


def answer(number: str) -> Any:
    """The body of a recorded answer."""
    return recording(number)["response"]["body"]


def request(number: str) -> Any:
    """The body of a recorded request."""
    return recording(number)["request"]["body"]


def rows(number: str) -> list[dict[str, Any]]:
    """The rows of a recorded list."""
    found: list[dict[str, Any]] = answer(number)["items"]
    return found
