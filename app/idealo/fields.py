"""Reads one JSON object of idealo's field by field; every complaint names the field and never quotes its content."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from app.domain.errors import Permanent, Problem
from app.domain.money import CENT

MAX_UNITS = 1_000_000
MAX_AMOUNT = Decimal(10) ** 10
"""Ours, not idealo's: the ledger keeps numeric(12,2)."""
_AMOUNT = re.compile(r"-?[0-9]{1,12}(\.[0-9]{1,12})?")
_UNITS = re.compile(r"[0-9]{1,12}")
_MOMENT = re.compile(
    r"(?P<day>[0-9]{4}-[0-9]{2}-[0-9]{2})[Tt ](?P<minute>[0-9]{2}:[0-9]{2})(?P<second>:[0-9]{2})?"
    r"(?:[.,](?P<fraction>[0-9]+))?(?P<zone>[Zz]|[+-][0-9]{2}:?[0-9]{2})?"
)
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


class Fields:
    """One JSON object. idealo leaves absent what has no value; null is taken for absent as well.

    All methods raise Permanent(state_conflict) for what is missing or not of the kind asked for.
    """

    def __init__(self, raw: object, about: str, path: str = "") -> None:
        """`about` names the whole ("idealo order 00K7MPX24R"), `path` where in it this object stands."""
        self._about = about
        self._path = path
        if not isinstance(raw, dict):
            raise self.complaint("", f"is {kind_of(raw)}, not an object")
        self._raw: dict[str, Any] = raw

    def complaint(self, name: str, what: str) -> Permanent:
        """The error for one field, to be raised."""
        field = f"field {self._at(name)} " if self._at(name) else ""
        return Permanent(Problem.STATE_CONFLICT, f"{self._about}: {field}{what}")

    def has(self, name: str) -> bool:
        return self._raw.get(name) is not None

    def text(self, name: str, *, empty_allowed: bool = False) -> str:
        """Text for people to read, without the control characters that databases and shops refuse."""
        value = self._required(name)
        if not isinstance(value, str):
            raise self.complaint(name, f"is {kind_of(value)}, not text")
        clean = _CONTROL.sub("", value.encode("utf-8", "replace").decode()).strip()
        if not clean and not empty_allowed:
            raise self.complaint(name, "is empty")
        return clean

    def optional_text(self, name: str) -> str | None:
        """None where the field is absent, null or blank."""
        return self.text(name, empty_allowed=True) or None if self.has(name) else None

    def name(self, name: str, *, whole_number_allowed: bool = True) -> str:
        """An identifier, verbatim: it is compared, so nothing is trimmed. A JSON number is taken for its digits."""
        value = self._required(name)
        if isinstance(value, int) and not isinstance(value, bool) and whole_number_allowed and abs(value) < 10**30:
            return str(value)
        if not isinstance(value, str):
            raise self.complaint(name, f"is {kind_of(value)}, not text")
        if not value.strip():
            raise self.complaint(name, "is empty")
        if len(value) > 255 or _CONTROL.search(value) or value != value.encode("utf-8", "replace").decode():
            raise self.complaint(name, "is longer than 255 characters or has characters no identifier has")
        return value

    def optional_name(self, name: str) -> str | None:
        """None where the field is absent, null or blank."""
        given = self._raw.get(name)
        return None if given is None or (isinstance(given, str) and not given.strip()) else self.name(name)

    def money(self, name: str, *, negative_allowed: bool = False) -> Decimal:
        """A gross amount in whole cents; text or number, since idealo uses both."""
        value = self._required(name)
        if isinstance(value, str) and _AMOUNT.fullmatch(value.strip()):
            value = Decimal(value.strip())
        if not _is_number(value):
            raise self.complaint(name, f"is {kind_of(value)}, not an amount such as 134.75")
        amount = Decimal(value)
        if amount.copy_abs() >= MAX_AMOUNT:  # abs() rounds, which overflows for 1e9999999
            raise self.complaint(name, "is too large for an amount")
        if amount < 0 and not negative_allowed:
            raise self.complaint(name, "is negative")
        if amount != amount.quantize(CENT):
            raise self.complaint(name, "is finer than a cent")
        return abs(amount.quantize(CENT)) if not amount else amount.quantize(CENT)

    def optional_money(self, name: str, *, negative_allowed: bool = False) -> Decimal | None:
        return self.money(name, negative_allowed=negative_allowed) if self.has(name) else None

    def units(self, name: str) -> int:
        """A count of pieces, zero or more."""
        value = self._required(name)
        if isinstance(value, str) and _UNITS.fullmatch(value.strip()):
            value = int(value.strip())
        if not _is_number(value):
            raise self.complaint(name, f"is {kind_of(value)}, not a number of units")
        if value < 0:
            raise self.complaint(name, "is negative")
        if value > MAX_UNITS:
            raise self.complaint(name, "is too large for a number of units")
        if value != int(value):
            raise self.complaint(name, "is not a whole number of units")
        return int(value)

    def moment(self, name: str) -> datetime:
        """A timestamp as aware UTC; without a zone it is taken for UTC, fractions of any length are cut to micros."""
        value = self._required(name)
        match = _MOMENT.fullmatch(value.strip()) if isinstance(value, str) else None
        if match is None:
            raise self.complaint(name, f"is {kind_of(value)}, not a time such as 2022-03-01T08:14:07Z")
        fraction = (match["fraction"] or "")[:6].ljust(6, "0")
        zone = (match["zone"] or "Z").upper().replace("Z", "+00:00")
        text = f"{match['day']}T{match['minute']}{match['second'] or ':00'}.{fraction}{zone}"
        try:
            moment = datetime.fromisoformat(text).astimezone(UTC)
        except (ValueError, OverflowError) as e:
            raise self.complaint(name, "is not a date and time of the calendar") from e
        if not 2000 <= moment.year <= 2999:
            raise self.complaint(name, "is not a time an order can have")
        return moment

    def inner(self, name: str) -> "Fields":
        """The object in this field."""
        return Fields(self._required(name), self._about, self._at(name))

    def each(self, name: str) -> Iterator["Fields"]:
        """The objects of a list; nothing where the list is absent."""
        value = self._raw.get(name)
        if value is None:
            return
        if not isinstance(value, list):
            raise self.complaint(name, f"is {kind_of(value)}, not a list")
        for i, item in enumerate(value):
            yield Fields(item, self._about, f"{self._at(name)}[{i}]")

    def _required(self, name: str) -> Any:
        value = self._raw.get(name)
        if value is None:
            raise self.complaint(name, "is missing")
        return value

    def _at(self, name: str) -> str:
        return f"{self._path}.{name}" if self._path and name else self._path or name


def kind_of(value: object) -> str:
    """What kind of JSON a value is, for complaints that must not quote it."""
    if value is None or isinstance(value, bool):
        return "null" if value is None else "true or false"
    if isinstance(value, int | float | Decimal):
        return "a number"
    if isinstance(value, str):
        return "text"
    return "a list" if isinstance(value, list) else "an object"


def _is_number(value: object) -> bool:
    """Whole numbers and finite decimals; true and NaN are none, and binary floats have lost their cents already."""
    return (isinstance(value, int) and not isinstance(value, bool)) or (
        isinstance(value, Decimal) and value.is_finite()
    )
