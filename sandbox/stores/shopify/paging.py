"""Connections: windows over a sorted list, with cursors made as the store makes them."""

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, TypeVar

from sandbox.stores.shopify.errors import top_level

T = TypeVar("T")
MAX_PAGE = 250

Key = Callable[[T], tuple[Any, int]]


def cursor(key: tuple[Any, int]) -> str:
    """base64 of `{"last_id", "last_value"}` (captures: webhook-subscription-list-connection)."""
    value, number = key
    shown = value.strftime("%Y-%m-%d %H:%M:%S.%f") if isinstance(value, datetime) else value
    text = json.dumps({"last_id": number, "last_value": shown}, separators=(",", ":"))
    return base64.b64encode(text.encode()).decode()


def window(
    items: Sequence[T], key: "Key[T]", show: Callable[[T], Any], arguments: dict[str, Any], *, what: str = ""
) -> dict[str, Any]:
    """One page of `items`, which are sorted here by `key` (value, id).

    The page is cut by the values at the cursor, not by its place: items that moved meanwhile come twice or never.
    """
    first, last = arguments.get("first"), arguments.get("last")
    if first is None and last is None:
        message = "you must provide one of first or last"
        raise top_level(message, "BAD_REQUEST")
    for name, size in (("first", first), ("last", last)):
        if size is not None and not 0 <= size <= MAX_PAGE:
            raise top_level(f"{name} must be between 0 and {MAX_PAGE}{what}", "BAD_USER_INPUT")
    reverse = bool(arguments.get("reverse"))
    ordered = sorted(items, key=key, reverse=reverse)
    keys = [cursor(key(item)) for item in ordered]
    start, end = 0, len(ordered)
    if arguments.get("after"):
        start = _place(ordered, key, arguments["after"], reverse=reverse, inclusive=True)
    if arguments.get("before"):
        end = _place(ordered, key, arguments["before"], reverse=reverse, inclusive=False)
    page = range(start, max(start, end))
    if first is not None:
        page = page[:first]
    if last is not None:
        page = page[len(page) - last :] if last < len(page) else page
    nodes = [show(ordered[place]) for place in page]
    edges = [{"cursor": keys[place], "node": node} for place, node in zip(page, nodes, strict=True)]
    return {
        "nodes": nodes,
        "edges": edges,
        "pageInfo": {
            "hasNextPage": bool(page) and page[-1] < len(ordered) - 1,
            "hasPreviousPage": bool(page) and page[0] > 0,
            "startCursor": keys[page[0]] if page else None,
            "endCursor": keys[page[-1]] if page else None,
        },
    }


def _place(items: Sequence[T], key: "Key[T]", text: str, *, reverse: bool, inclusive: bool) -> int:
    """How many items lie before the cursor, the one at the cursor included or not."""
    wanted = _read(text)
    count = 0
    for item in items:
        value, number = key(item)
        shown = _read(cursor((value, number)))
        earlier = shown > wanted if reverse else shown < wanted
        if earlier or (inclusive and shown == wanted):
            count += 1
    return count


def _read(text: str) -> tuple[Any, int]:
    try:
        document = json.loads(base64.b64decode(text, validate=True))
        value = document["last_value"]
        return (int(value) if str(value).lstrip("-").isdecimal() else 0, str(value)), int(document["last_id"])
    except (binascii.Error, ValueError, KeyError, TypeError) as failure:
        raise top_level(f"Invalid cursor for current pagination sort: {text!r}.", "BAD_REQUEST") from failure
