"""Reads fields out of a store's JSON: a missing field or an unexpected type becomes a Permanent that names it."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from app.domain.errors import Permanent, Problem
from app.domain.money import CENT

_MAX_TEXT = 4000
MAX_MONEY = Decimal(10) ** 10
_MAX_WHOLE = 10**9
_GID = re.compile(r"gid://shopify/([A-Za-z]+)/([0-9]{1,20})(?:\?.*)?")


def wrong(where: str, wanted: str, value: object) -> Permanent:
    """The error for a value of the wrong shape; names the field and the type, never the value."""
    kind = "missing or null" if value is None else f"a {type(value).__name__}"
    return Permanent(Problem.STATE_CONFLICT, f"{where}: expected {wanted}, Shopify sent {kind}")


def document(value: Any, where: str) -> dict[str, Any]:
    """A JSON object."""
    if not isinstance(value, dict):
        raise wrong(where, "an object", value)
    return value


def entries(value: Any, where: str) -> list[dict[str, Any]]:
    """A list of objects."""
    if not isinstance(value, list):
        raise wrong(where, "a list", value)
    return [document(entry, f"{where}[{i}]") for i, entry in enumerate(value)]


def nodes(value: Any, where: str) -> list[dict[str, Any]]:
    """The nodes of a connection."""
    return entries(document(value, where).get("nodes"), f"{where}.nodes")


def next_cursor(value: Any, where: str) -> str | None:
    """Where a connection goes on; None at its end."""
    info = document(document(value, where).get("pageInfo"), f"{where}.pageInfo")
    if info.get("hasNextPage") is not True:
        return None
    return text(info.get("endCursor"), f"{where}.pageInfo.endCursor")


def text_or_none(value: Any, where: str) -> str | None:
    """Text or None for null. What no database text may hold (NUL, half surrogates) is taken out."""
    if value is None:
        return None
    if not isinstance(value, str):
        raise wrong(where, "text", value)
    if len(value) > _MAX_TEXT:
        raise wrong(where, f"text up to {_MAX_TEXT} characters", value)
    return clean(value)


def text(value: Any, where: str) -> str:
    """Text that is there and not blank."""
    found = text_or_none(value, where)
    if found is None or not found.strip():
        raise wrong(where, "text that is not empty", value)
    return found


def clean(raw: str) -> str:
    """The text without NUL and without halves of surrogate pairs, which UTF-8 and Postgres refuse."""
    return raw.replace("\x00", "").encode("utf-8", "ignore").decode()


def whole(value: Any, where: str) -> int:
    """A whole number that is not negative."""
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= _MAX_WHOLE:
        raise wrong(where, "a count", value)
    return value


def whole_or_none(value: Any, where: str) -> int | None:
    return None if value is None else whole(value, where)


def money(value: Any, where: str) -> tuple[Decimal, str]:
    """Amount and currency of a money bag, in the currency the order is kept in; amounts come as "42.5" (captured)."""
    kept = document(document(value, where).get("shopMoney"), f"{where}.shopMoney")
    currency = text(kept.get("currencyCode"), f"{where}.shopMoney.currencyCode")
    at = f"{where}.shopMoney.amount"
    raw = kept.get("amount")
    if isinstance(raw, bool) or not isinstance(raw, str | int | Decimal):
        raise wrong(at, "an amount of money", raw)
    try:
        amount = Decimal(raw)
    except (InvalidOperation, ValueError):
        raise wrong(at, "an amount of money", raw) from None
    if not amount.is_finite() or amount.copy_abs() >= MAX_MONEY or amount != amount.quantize(CENT):
        raise wrong(at, "an amount with at most two decimals", raw)
    return amount.quantize(CENT), currency


def number_of(gid: Any, kind: str, where: str) -> str:
    """The numeric tail of a global id of that kind: `gid://shopify/Order/7001` is 7001."""
    match = _GID.fullmatch(gid) if isinstance(gid, str) else None
    if match is None or match[1] != kind:
        raise wrong(where, f"the id of a {kind}", gid)
    return match[2]


def moment(value: Any, where: str) -> datetime | None:
    """A timestamp, or None for null."""
    if value is None:
        return None
    try:
        found = datetime.fromisoformat(text(value, where))
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):
        raise wrong(where, "a timestamp", value) from None


def attribute(holder: Mapping[str, Any], key: str, where: str) -> str | None:
    """The first value of a key in `customAttributes`; None where there is none, or it is empty."""
    given = holder.get("customAttributes")
    for entry in entries(given, f"{where}.customAttributes") if given is not None else []:
        if entry.get("key") == key and entry.get("value"):
            return text_or_none(entry.get("value"), f"{where}.customAttributes.{key}")
    return None
