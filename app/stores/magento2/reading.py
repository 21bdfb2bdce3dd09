"""Reads fields out of a shop's JSON the way Magento writes them."""

from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from app.wire.json_fields import Reader

_READER: Final = Reader(sender="the shop", php=True)
_NOISE: Final = Decimal("0.0051")
"""Magento computes in binary floats and stores four decimals: totals may carry a fraction of a cent."""

wrong = _READER.wrong
document = _READER.document
text_or_none = _READER.text_or_none
text = _READER.text
whole = _READER.whole


def entries(value: Any, where: str) -> list[dict[str, Any]]:
    """A list of objects; Magento leaves out or nulls empty lists."""
    return [] if value is None else _READER.entries(value, where)


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
    return _READER.cents(value, where, noise=_NOISE)


def money_or_zero(value: Any, where: str) -> Decimal:
    """An amount that is left out while it is zero."""
    return Decimal("0.00") if value is None else money(value, where)


def moment_or_none(value: Any, where: str) -> datetime | None:
    """A date of Magento's database, UTC without a zone; None for null and the zero date."""
    if value in (None, "") or (isinstance(value, str) and value.startswith("0000-")):
        return None
    return _READER.moment(value, where)
