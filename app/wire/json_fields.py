"""Reads fields out of JSON somebody else wrote: what is missing or of an unexpected type is named, never quoted."""

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from app.domain.errors import Permanent, Problem
from app.domain.money import to_cents

MAX_TEXT: Final = 4000
MAX_MONEY: Final = Decimal(10) ** 10
"""Ours, nobody else's: the ledger keeps numeric(12,2)."""
MAX_WHOLE: Final = 10**15


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """The fields of one sender. `where` names a field in full ("WooCommerce order 12: total") and begins each error.

    `php`: the sender's habits are PHP's, which writes an empty object as `[]`, a list with gaps as an object keyed "0",
    "2", …, and numbers where text is meant. All methods raise Permanent(state_conflict).
    """

    sender: str
    """As it stands in errors: "the shop"."""
    php: bool = False

    def wrong(self, where: str, wanted: str, value: object) -> Permanent:
        """The error for a value of the wrong shape; names the field and the type, never the value."""
        kind = "missing or null" if value is None else f"a {type(value).__name__}"
        return Permanent(Problem.STATE_CONFLICT, f"{where}: expected {wanted}, {self.sender} sent {kind}")

    def document(self, value: Any, where: str) -> dict[str, Any]:
        """A JSON object."""
        if isinstance(value, dict):
            return value
        if self.php and value == []:
            return {}
        raise self.wrong(where, "an object", value)

    def entries(self, value: Any, where: str) -> list[dict[str, Any]]:
        """A list of objects."""
        if self.php and isinstance(value, dict) and all(str(k).isdigit() for k in value):
            value = list(value.values())
        if not isinstance(value, list):
            raise self.wrong(where, "a list", value)
        return [self.document(entry, f"{where}[{i}]") for i, entry in enumerate(value)]

    def text_or_none(self, value: Any, where: str) -> str | None:
        """Text (PHP: or a number as text), without what `clean` takes out; None for null."""
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, str | int | Decimal if self.php else str):
            raise self.wrong(where, "text", value)
        if len(str(value)) > MAX_TEXT:
            raise self.wrong(where, f"text up to {MAX_TEXT} characters", value)
        return clean(str(value))

    def text(self, value: Any, where: str) -> str:
        """Text that is there and not blank."""
        found = self.text_or_none(value, where)
        if found is None or not found.strip():
            raise self.wrong(where, "text that is not empty", value)
        return found

    def number(self, value: Any, where: str, wanted: str) -> Decimal:
        """A finite number, which may be written as text; binary floats have lost their digits and are none."""
        if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
            raise self.wrong(where, wanted, value)
        try:
            number = Decimal(value)
        except (InvalidOperation, ValueError):
            raise self.wrong(where, wanted, value) from None
        if not number.is_finite():
            raise self.wrong(where, wanted, value)
        return number

    def whole(self, value: Any, where: str) -> int:
        """A whole number; text and "2.0000" are fine, 1.5 (shops that sell by weight) is not."""
        number = self.number(value, where, "a whole number")
        if number.copy_abs() > MAX_WHOLE or number != number.to_integral_value():
            raise self.wrong(where, "a whole number", value)
        return int(number)

    def cents(
        self, value: Any, where: str, *, noise: Decimal = Decimal(0), wanted: str = "an amount with two decimals"
    ) -> Decimal:
        """An amount to the cent: "43.9700" is fine, "43.975" is not. `noise`: up to so much is rounded away."""
        number = self.number(value, where, "an amount of money")
        if number.copy_abs() >= MAX_MONEY:
            raise self.wrong(where, "an amount below ten billion", value)
        amount = to_cents(number)
        if (amount - number).copy_abs() > noise:
            raise self.wrong(where, wanted, value)
        return amount

    def moment(self, value: Any, where: str) -> datetime:
        """An ISO date and time as aware UTC; without a zone it is taken for UTC."""
        try:
            found = datetime.fromisoformat(self.text(value, where))
            return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
        except (ValueError, OverflowError):
            raise self.wrong(where, "a date", value) from None


def clean(raw: str) -> str:
    """The text without NUL and without halves of surrogate pairs, which UTF-8 and Postgres refuse."""
    return raw.replace("\x00", "").encode("utf-8", "ignore").decode()


def flag(value: Any) -> bool:
    """Truth as PHP writes it: true, 1, "1", "yes"."""
    return value is True or str(value).lower() in {"1", "true", "yes"}
