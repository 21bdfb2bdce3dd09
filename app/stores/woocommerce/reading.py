"""Reads fields out of a shop's JSON the way WooCommerce and its plugins write them."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

from app.wire.json_fields import Reader

_READER: Final = Reader(sender="the shop", php=True)

wrong = _READER.wrong
document = _READER.document
entries = _READER.entries
text_or_none = _READER.text_or_none
text = _READER.text
whole = _READER.whole


def money(value: Any, where: str) -> Decimal:
    """An amount in cents' precision; "43.9700" is fine, "43.975" is not."""
    wanted = "an amount with two decimals (is the shop set to other than 2 decimals?)"
    return _READER.cents(value, where, wanted=wanted)


def moment(value: Any, where: str) -> datetime | None:
    """A `*_gmt` date (UTC without an offset), unix seconds as number or text, or None for null, false and empty."""
    if value is None or value is False:
        return None
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise wrong(where, "a date", value)
    if value in ("", 0, "0") or str(value).startswith("0000-"):
        return None
    if not str(value).isdecimal():
        return _READER.moment(value, where)
    try:
        return datetime.fromtimestamp(int(value), UTC)
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
