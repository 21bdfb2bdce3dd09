"""Reads fields out of a store's JSON the way Shopify's GraphQL writes them."""

import re
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from app.wire.json_fields import Reader

_READER: Final = Reader(sender="Shopify")
_MAX_COUNT: Final = 10**9
_GID: Final = re.compile(r"gid://shopify/([A-Za-z]+)/([0-9]{1,20})(?:\?.*)?")

wrong = _READER.wrong
document = _READER.document
entries = _READER.entries
text_or_none = _READER.text_or_none
text = _READER.text


def nodes(value: Any, where: str) -> list[dict[str, Any]]:
    """The nodes of a connection."""
    return entries(document(value, where).get("nodes"), f"{where}.nodes")


def next_cursor(value: Any, where: str) -> str | None:
    """Where a connection goes on; None at its end."""
    info = document(document(value, where).get("pageInfo"), f"{where}.pageInfo")
    if info.get("hasNextPage") is not True:
        return None
    return text(info.get("endCursor"), f"{where}.pageInfo.endCursor")


def whole(value: Any, where: str) -> int:
    """A whole number that is not negative."""
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= _MAX_COUNT:
        raise wrong(where, "a count", value)
    return value


def whole_or_none(value: Any, where: str) -> int | None:
    return None if value is None else whole(value, where)


def money(value: Any, where: str) -> tuple[Decimal, str]:
    """Amount and currency of a money bag, in the currency the order is kept in; amounts come as "42.5" (captured)."""
    kept = document(document(value, where).get("shopMoney"), f"{where}.shopMoney")
    currency = text(kept.get("currencyCode"), f"{where}.shopMoney.currencyCode")
    wanted = "an amount with at most two decimals"
    return _READER.cents(kept.get("amount"), f"{where}.shopMoney.amount", wanted=wanted), currency


def number_of(gid: Any, kind: str, where: str) -> str:
    """The numeric tail of a global id of that kind: `gid://shopify/Order/7001` is 7001."""
    match = _GID.fullmatch(gid) if isinstance(gid, str) else None
    if match is None or match[1] != kind:
        raise wrong(where, f"the id of a {kind}", gid)
    return match[2]


def moment(value: Any, where: str) -> datetime | None:
    """A timestamp, or None for null."""
    return None if value is None else _READER.moment(value, where)


def attribute(holder: Mapping[str, Any], key: str, where: str) -> str | None:
    """The first value of a key in `customAttributes`; None where there is none, or it is empty."""
    given = holder.get("customAttributes")
    for entry in entries(given, f"{where}.customAttributes") if given is not None else []:
        if entry.get("key") == key and entry.get("value"):
            return text_or_none(entry.get("value"), f"{where}.customAttributes.{key}")
    return None
