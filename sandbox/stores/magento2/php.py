"""How Magento writes things down: numbers, dates, JSON, and text in a database that knows no emoji."""

import json
import re
import unicodedata
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any, Final

CENT: Final = Decimal("0.01")
ZERO: Final = Decimal(0)


def cents(value: Decimal) -> Decimal:
    """Rounded to two decimals, halves up."""
    return value.quantize(CENT, ROUND_HALF_UP)


def plain(value: Any) -> Any:
    """The same document as JSON has it: a Decimal becomes a number without needless decimals (PHP's float)."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, dict):
        return {key: plain(entry) for key, entry in value.items()}
    if isinstance(value, list):
        return [plain(entry) for entry in value]
    return value


def exact(value: Any) -> Any:
    """Reverse of `plain`: JSON's floats become Decimals again."""
    if isinstance(value, float):
        return Decimal(str(value))
    if isinstance(value, dict):
        return {key: exact(entry) for key, entry in value.items()}
    if isinstance(value, list):
        return [exact(entry) for entry in value]
    return value


def encode(value: Any) -> bytes:
    """`json_encode` with PHP's defaults: everything beyond ASCII and every slash escaped."""
    return json.dumps(plain(value), ensure_ascii=True, separators=(",", ":")).replace("/", "\\/").encode()


def decimal(value: Any) -> Decimal:
    """A number from a number or its text; anything else counts as zero, as PHP casts it."""
    if isinstance(value, bool) or value is None:
        return Decimal(int(bool(value)))
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return ZERO
    return number if number.is_finite() else ZERO


def whole(value: Any) -> int:
    """PHP's `(int)`."""
    found = re.match(r"\s*-?\d+", str(value))
    return int(found.group()) if found else 0


def truthy(value: Any) -> bool:
    """PHP's `(bool)` of a parameter."""
    return str(value).strip().lower() not in {"", "0", "false", "none"}


def stored_text(value: Any) -> Any:
    """What MySQL's three-byte utf8 keeps of a text: every character beyond it becomes `????` (recorded 032)."""
    if isinstance(value, str):
        return re.sub(r"[^\u0000-\uffff]", "????", value)
    if isinstance(value, dict):
        return {key: stored_text(entry) for key, entry in value.items()}
    if isinstance(value, list):
        return [stored_text(entry) for entry in value]
    return value


def moment(value: datetime) -> str:
    """A time as the database prints it: UTC without zone."""
    return value.strftime("%Y-%m-%d %H:%M:%S")


def url_key(name: str) -> str:
    """The address part Magento makes of a product name."""
    flat = unicodedata.normalize("NFKD", name.replace("ß", "ss")).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", flat.lower()).strip("-")


def words(text: str) -> tuple[str, ...]:
    """Names out of a text, for the long lists of columns Magento has."""
    return tuple(text.split())


def euros(value: Decimal) -> str:
    """An amount in words of the shop's locale de_DE: `19,99 €` with a no-break space (recorded 043)."""
    text = f"{value:,.2f}".replace(",", "#").replace(".", ",").replace("#", ".")
    return f"{text}\u00a0€"
