"""Reads fields out of a shop's JSON: a missing field or an unexpected type becomes a Permanent that names it."""

from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from app.domain.errors import Permanent, Problem
from app.domain.money import to_cents

_MAX_TEXT = 4000
_MAX_MONEY = Decimal(10) ** 10
_MAX_WHOLE = 10**15
_NOISE = Decimal("0.0051")
"""Magento computes in binary floats and stores four decimals: totals may carry a fraction of a cent."""


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
    """A list of objects; Magento leaves out or nulls empty lists, and keys lists with gaps "0", "2", …."""
    if value is None:
        return []
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
    return str(value).replace("\x00", "").encode("utf-8", "ignore").decode()


def text(value: Any, where: str) -> str:
    """Text that is there and not blank."""
    found = text_or_none(value, where)
    if found is None or not found.strip():
        raise wrong(where, "text that is not empty", value)
    return found


def whole(value: Any, where: str) -> int:
    """A whole number; text and "2.0000" are fine, 1.5 (shops that sell by weight) is not."""
    number = _number(value, where, "a whole number")
    if number.copy_abs() > _MAX_WHOLE or number != number.to_integral_value():
        raise wrong(where, "a whole number", value)
    return int(number)


def identity(value: Any, where: str) -> str:
    """A row's id: a whole number above zero, as text."""
    number = whole(value, where)
    if number <= 0:
        raise wrong(where, "a whole number above zero", value)
    return str(number)


def identity_or_none(value: Any, where: str) -> str | None:
    """An id that may be absent; 0 and empty text mean none."""
    return None if value in (None, "", 0, "0") else identity(value, where)


def count(value: Any, where: str) -> int:
    """A quantity; absent and null are zero: Magento leaves counters out until they are first used."""
    number = 0 if value is None else whole(value, where)
    if number < 0:
        raise wrong(where, "a quantity of zero or more", value)
    return number


def money(value: Any, where: str) -> Decimal:
    """An amount to the cent; noise below a cent is rounded away, as Magento's own screens do."""
    number = _number(value, where, "an amount of money")
    if number.copy_abs() >= _MAX_MONEY:
        raise wrong(where, "an amount below ten billion", value)
    cents = to_cents(number)
    if (cents - number).copy_abs() > _NOISE:
        raise wrong(where, "an amount with two decimals", value)
    return cents


def money_or_zero(value: Any, where: str) -> Decimal:
    """An amount that is left out while it is zero."""
    return Decimal("0.00") if value is None else money(value, where)


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
    """Truth as PHP writes it: true, 1, "1"."""
    return value is True or str(value).lower() in {"1", "true", "yes"}


def moment_or_none(value: Any, where: str) -> datetime | None:
    """A date of Magento's database, UTC without a zone; None for null and the zero date."""
    if value in (None, "") or (isinstance(value, str) and value.startswith("0000-")):
        return None
    try:
        found = datetime.fromisoformat(text(value, where))
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):
        raise wrong(where, "a date", value) from None
