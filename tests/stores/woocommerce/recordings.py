"""Recordings of a real shop (WooCommerce 10.9.1, 2026-11-23) as deliveries and REST answers."""

import base64
import json
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from app.ports import Delivery

FIXTURES = Path(__file__).parent / "fixtures"
SECRET = (FIXTURES / "SECRET.txt").read_text(encoding="utf-8").strip()
INDEX: dict[str, Any] = json.loads((FIXTURES / "INDEX.json").read_text(encoding="utf-8"))
ODD_SECRET: str = INDEX["odd_secret"]
DELIVERIES = sorted(p.name for p in FIXTURES.glob("[0-9]*.json"))
CALLS = sorted(p.name for p in (FIXTURES / "rest").glob("*.json"))
RECEIVED_AT = datetime(2026, 11, 23, 8, 32, tzinfo=UTC)


@cache
def recording(name: str) -> dict[str, Any]:
    """One recorded webhook delivery, by file name or its number."""
    file = next(FIXTURES.glob(f"{name[:3]}-*.json"))
    loaded: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return loaded


def delivery(name: str) -> Delivery:
    """The delivery as the door hands it on: header names in lower case, exact bytes."""
    recorded = recording(name)
    headers = {key.lower(): value for key, value in recorded["headers"]}
    return Delivery(headers=headers, body=base64.b64decode(recorded["raw_body_base64"]), received_at=RECEIVED_AT)


def webhook_order(number: str) -> dict[str, Any]:
    """The order in a recorded delivery; a new object each time."""
    loaded: dict[str, Any] = json.loads(delivery(number).body, parse_float=Decimal)
    return loaded


def answer(number: str) -> Any:
    """The body of a recorded REST answer; a new object each time."""
    file = next((FIXTURES / "rest").glob(f"{number[:3]}-*.json"))
    return json.loads(file.read_text(encoding="utf-8"), parse_float=Decimal)["response"]["body"]


def request(number: str) -> Any:
    """The body of a recorded REST request; a new object each time."""
    file = next((FIXTURES / "rest").glob(f"{number[:3]}-*.json"))
    return json.loads(file.read_text(encoding="utf-8"), parse_float=Decimal)["request"]["body"]
