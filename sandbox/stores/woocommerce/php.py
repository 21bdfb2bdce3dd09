"""How PHP and WordPress write JSON, numbers, dates and slugs, where that differs from Python's way."""

import json
import re
import unicodedata
from datetime import UTC, datetime
from decimal import ROUND_HALF_DOWN, ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any, Final
from zoneinfo import ZoneInfo

SITE_ZONE: Final = ZoneInfo("Europe/Berlin")
"""Time zone of the recorded shop: local times without offset stand beside `_gmt` twins (recordings 2026-11-23)."""

_STORED: Final = Decimal("0.000001")


def encode(value: Any) -> bytes:
    r"""Bytes of `wp_json_encode`: `/` as `\/`, all but ASCII as `\uXXXX`, no spaces (every recorded delivery)."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=True).replace("/", "\\/").encode("ascii")


def number(value: float | Decimal) -> int | float:
    """PHP prints 7.0 as 7 and other floats in their shortest form."""
    as_float = float(value)
    return int(as_float) if as_float.is_integer() else as_float


def decimal(value: Any) -> Decimal:
    """`wc_format_decimal`: what is no number counts as 0."""
    try:
        result = Decimal(str(value).strip() or "0")
    except InvalidOperation:
        return Decimal(0)
    return result if result.is_finite() else Decimal(0)


def stored(value: Decimal) -> Decimal:
    """WooCommerce computes with six decimals (`WC_ROUNDING_PRECISION`)."""
    return value.quantize(_STORED, ROUND_HALF_UP)


def cents(value: Decimal, *, half_down: bool = False, places: int = 2) -> Decimal:
    """Round to money; taxes of shops with gross prices round halves down (`WC_TAX_ROUNDING_MODE`)."""
    return value.quantize(Decimal(1).scaleb(-places), ROUND_HALF_DOWN if half_down else ROUND_HALF_UP)


def money(value: Decimal, places: int = 2) -> str:
    """Money as REST writes it: text with a point; never a negative zero."""
    rounded = cents(value, places=places)
    return f"{abs(rounded) if rounded == 0 else rounded:.{places}f}"


def local(moment: datetime | None) -> str | None:
    """Site time without offset (`date_created`)."""
    return None if moment is None else moment.astimezone(SITE_ZONE).strftime("%Y-%m-%dT%H:%M:%S")


def gmt(moment: datetime | None) -> str | None:
    """UTC without `Z` (`date_created_gmt`)."""
    return None if moment is None else moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")


def query_date(text: str) -> datetime | None:
    """A date of a list filter as naive wall clock of the site, None when it is none.

    With an explicit offset (`Z`, `+01:00`) WP_Date_Query moves the value to site time, even where `dates_are_gmt` then
    compares it with the GMT column; so only times without offset mean what they say.
    """
    try:
        parsed = datetime.fromisoformat(text.replace(" ", "+") if "T" in text else text)
    except ValueError:
        return None
    return parsed if parsed.tzinfo is None else parsed.astimezone(SITE_ZONE).replace(tzinfo=None)


def wall_clock(moment: datetime, *, in_gmt: bool) -> datetime:
    """A stored time as the naive value of the column a filter compares with, whole seconds."""
    return moment.astimezone(UTC if in_gmt else SITE_ZONE).replace(tzinfo=None, microsecond=0)


def slug(text: str) -> str:
    """`sanitize_title` of a non-German site: ö becomes o and ß one s (recorded: Größe -> grose)."""
    plain = unicodedata.normalize("NFD", text.replace("ß", "s").lower())
    ascii_only = plain.encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9_]+", "-", re.sub(r"<[^>]*>|&[a-z]+;", "", ascii_only)).strip("-")


def truthy(value: Any) -> bool:
    """`rest_sanitize_boolean`: "false", "0" and "" are false."""
    if isinstance(value, str):
        return value.lower() not in {"", "0", "false"}
    return bool(value)


def whole(value: Any) -> int:
    """`absint`-like cast of ids and quantities: text that is no number is 0."""
    return int(decimal(value)) if not isinstance(value, (list, dict)) and value is not None else 0


def ascii_upper(text: str) -> str:
    """`strtoupper` since PHP 8: only ASCII letters change (recorded: `DE-MWST. ERMäßIGT-1`)."""
    return "".join(letter.upper() if letter.isascii() else letter for letter in text)
