"""Reads the bodies of the sandbox's controls; every complaint names the field."""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, TypeVar

from sandbox.stores.port import LineQuantity, Parcel, SandboxRefusal

T = TypeVar("T")


def bad(field: str, message: str) -> SandboxRefusal:
    """422 for one field."""
    return SandboxRefusal(field, message, status=422)


class Fields:
    """A JSON object whose fields are taken out one by one; `at` is put before their names in complaints."""

    def __init__(self, document: object, at: str = "") -> None:
        if not isinstance(document, Mapping):
            raise bad(at or "body", "must be a JSON object")
        self._document = dict(document)
        self._at = f"{at}." if at else ""

    @classmethod
    def read(cls, body: bytes) -> "Fields":
        """From a request body; no body counts as `{}`."""
        if not body.strip():
            return cls({})
        try:
            return cls(json.loads(body.decode(), parse_float=Decimal))
        except (ValueError, RecursionError) as error:
            raise bad("body", "is not JSON") from error

    def only(self, *names: str) -> "Fields":
        """Complain about fields that are not among these."""
        for name in self._document:
            if name not in names:
                raise self.bad(name, f"unknown field; known are {', '.join(names)}")
        return self

    def bad(self, name: str, message: str) -> SandboxRefusal:
        """422 for one of these fields."""
        return bad(f"{self._at}{name}", message)

    def plain(self) -> dict[str, Any]:
        """The object itself, with numbers that have a point as float."""
        return {name: float(value) if isinstance(value, Decimal) else value for name, value in self._document.items()}

    def values(self) -> dict[str, Any]:
        """The object itself, with numbers that have a point as Decimal."""
        return dict(self._document)

    def has(self, name: str) -> bool:
        """Whether it is there and not null."""
        return self._document.get(name) is not None

    def value(self, name: str) -> Any:
        """As it stands."""
        return self._document.get(name)

    def text(self, name: str) -> str:
        """Text that is not blank."""
        value = self._document.get(name)
        if not isinstance(value, str) or not value.strip():
            raise self.bad(name, "must be a text that is not blank")
        return value

    def maybe_text(self, name: str) -> str | None:
        """Text, or None when it is missing."""
        return self.text(name) if self.has(name) else None

    def whole(self, name: str, usual: int | None = None, *, low: int = 0, high: int = 2**53) -> int:
        """A whole number; `usual` when it is missing."""
        value = self._document.get(name, usual)
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise self.bad(name, f"must be a whole number from {low} to {high}")
        return value

    def maybe_whole(self, name: str, *, low: int = 0, high: int = 2**53) -> int | None:
        """A whole number, or None when it is missing."""
        return self.whole(name, low=low, high=high) if self.has(name) else None

    def number(self, name: str, usual: float | None = None, *, low: float = 0, high: float = 1e12) -> float:
        """A number; `usual` when it is missing."""
        value = self._document.get(name, usual)
        if isinstance(value, bool) or not isinstance(value, int | float | Decimal) or not low <= value <= high:
            raise self.bad(name, f"must be a number from {low:g} to {high:g}")
        return float(value)

    def money(self, name: str) -> Decimal:
        """An amount of at least 0, as a number or text, to the cent."""
        value = self._document.get(name)
        if isinstance(value, bool) or not isinstance(value, int | Decimal | str):
            raise self.bad(name, "must be an amount such as 12.50")
        try:
            amount = Decimal(value)
        except InvalidOperation as error:
            raise self.bad(name, "must be an amount such as 12.50") from error
        if not amount.is_finite() or not 0 <= amount < 10**9 or amount != amount.quantize(Decimal("0.01")):
            raise self.bad(name, "must be an amount of at least 0 with at most two decimals")
        return amount.quantize(Decimal("0.01"))

    def maybe_money(self, name: str) -> Decimal | None:
        """An amount, or None when it is missing."""
        return self.money(name) if self.has(name) else None

    def flag(self, name: str, *, usual: bool) -> bool:
        """Either true or false."""
        value = self._document.get(name, usual)
        if not isinstance(value, bool):
            raise self.bad(name, "must be true or false")
        return value

    def word(self, name: str, allowed: Sequence[str]) -> str:
        """One of these words."""
        value = self._document.get(name)
        if value not in allowed:
            raise self.bad(name, f"must be one of {', '.join(allowed)}")
        return str(value)

    def moment(self, name: str) -> datetime | None:
        """An ISO-8601 timestamp with a zone, or None when it is missing."""
        return read_moment(f"{self._at}{name}", self.text(name)) if self.has(name) else None

    def items(self, name: str, read: Callable[["Fields"], T], *, empty: bool = False) -> list[T] | None:
        """A list of objects, each read by `read`; None when it is missing."""
        value = self._document.get(name)
        if value is None:
            return None
        if not isinstance(value, list) or (not value and not empty):
            raise self.bad(name, "must be a list of objects" if empty else "must be a list of at least one object")
        return [read(Fields(item, f"{self._at}{name}[{place}]")) for place, item in enumerate(value)]


def read_moment(name: str, text: str) -> datetime:
    """An ISO-8601 timestamp with a zone."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise bad(name, "must be an ISO-8601 timestamp") from error
    if moment.tzinfo is None:
        raise bad(name, "must have a time zone")
    return moment.astimezone(UTC)


def line_quantity(fields: Fields) -> LineQuantity:
    """`{"sku", "quantity"}`."""
    fields.only("sku", "quantity")
    return LineQuantity(sku=fields.text("sku"), quantity=fields.whole("quantity", low=1))


def parcel(fields: Fields) -> Parcel:
    """`{"carrier", "tracking_code"}`."""
    fields.only("carrier", "tracking_code")
    return Parcel(carrier=fields.text("carrier"), tracking_code=fields.text("tracking_code"))
