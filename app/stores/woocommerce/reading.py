"""Reads fields out of a shop's JSON: a missing field or an unexpected type becomes a Permanent that names it."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from app.domain.errors import Permanent, Problem
from app.domain.money import CENT

_MAX_TEXT = 4000
_MAX_MONEY = Decimal(10) ** 10
_MAX_WHOLE = 10**15


def wrong(where: str, wanted: str, value: object) -> Permanent:
    """The error for a value of the wrong shape; names the field and the type, never the value."""
    kind = "missing or null" if value is None else f"a {type(value).__name__}"
    return Permanent(Problem.STATE_CONFLICT, f"{where}: expected {wanted}, the shop sent {kind}")


def document(value: Any, where: str) -> dict[str, Any]:
    """A JSON object. PHP writes an empty object as `[]`."""
    if isinstance(value, dict):
        return value
    if value == []:
        return {}
    raise wrong(where, "an object", value)


def entries(value: Any, where: str) -> list[dict[str, Any]]:
    """A list of objects; PHP turns a list with gaps into an object keyed "0", "2", …."""
    if isinstance(value, dict) and all(str(k).isdigit() for k in value):
        value = list(value.values())
    if not isinstance(value, list):
        raise wrong(where, "a list", value)
    return [document(entry, f"{where}[{i}]") for i, entry in enumerate(value)]


def text_or_none(value: Any, where: str) -> str | None:
    """Text or a number as text; None for null. What no database text may hold (NUL, half surrogates) is taken out."""
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        raise wrong(where, "text", value)
    if len(str(value)) > _MAX_TEXT:
        raise wrong(where, f"text up to {_MAX_TEXT} characters", value)
    return clean(str(value))


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
    """A whole number; text and "2.0" are fine, 1.5 (shops that sell by weight) is not."""
    number = _number(value, where, "a whole number")
    if number.copy_abs() > _MAX_WHOLE or number != number.to_integral_value():
        raise wrong(where, "a whole number", value)
    return int(number)


def money(value: Any, where: str) -> Decimal:
    """An amount in cents' precision; "43.9700" is fine, "43.975" is not."""
    number = _number(value, where, "an amount of money")
    if number.copy_abs() >= _MAX_MONEY:
        raise wrong(where, "an amount below ten billion", value)
    cents = number.quantize(CENT)
    if cents != number:
        raise wrong(where, "an amount with two decimals (is the shop set to other than 2 decimals?)", value)
    return cents


def _number(value: Any, where: str, wanted: str) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        raise wrong(where, wanted, value)
    try:
        number = Decimal(value.strip() if isinstance(value, str) else value)
    except (InvalidOperation, ValueError):
        raise wrong(where, wanted, value) from None
    if not number.is_finite():
        raise wrong(where, wanted, value)
    return number


def flag(value: Any) -> bool:
    """Truth as PHP writes it: true, 1, "1", "yes"."""
    return value is True or str(value).lower() in {"1", "true", "yes"}


def moment(value: Any, where: str) -> datetime | None:
    """A `*_gmt` date (UTC without an offset), unix seconds as number or text, or None for null and empty."""
    if value is None or value in ("", 0, "0") or (isinstance(value, str) and value.startswith("0000-")):
        return None
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise wrong(where, "a date", value)
    try:
        if str(value).isdecimal():
            return datetime.fromtimestamp(int(value), UTC)
        found = datetime.fromisoformat(str(value))
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError, OSError):
        raise wrong(where, "a date", value) from None


def metas(holder: dict[str, Any], where: str) -> Iterator[tuple[str, Any]]:
    """Key and value of every entry of `meta_data`; a key may stand there twice."""
    for i, entry in enumerate(entries(holder.get("meta_data"), f"{where}.meta_data")):
        yield text(entry.get("key"), f"{where}.meta_data[{i}].key"), entry.get("value")


def meta_text(holder: dict[str, Any], key: str, where: str) -> str | None:
    """The first value of a meta key as text; None when the key is absent or empty."""
    for found, value in metas(holder, where):
        if found == key and value not in (None, ""):
            return text_or_none(value, f"{where}.{key}")
    return None


def unwrapped(value: Any) -> Any:
    """A meta value that some plugins store as JSON text, parsed; other text (serialized PHP) stays text."""
    if isinstance(value, str) and value[:1] in {"[", "{"}:
        try:
            return json.loads(value, parse_float=Decimal)
        except (ValueError, RecursionError):
            return value
    return value
