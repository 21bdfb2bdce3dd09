"""Checks a Shopify webhook and reads which order it is about; pure."""

import json
import re
from collections.abc import Iterable
from typing import Any

from app.ports import Delivery, Notice
from app.wire.signatures import check_hmac

SIGNATURE_HEADER = "x-shopify-hmac-sha256"
_SAFE = re.compile(r"[A-Za-z0-9_./:-]{1,100}")
_GID = re.compile(r"gid://shopify/Order/([0-9]{1,20})")
_OF_AN_ORDER = ("fulfillments/", "refunds/", "order_transactions/", "returns/", "reverse_fulfillment_orders/")
_CATALOGUE = "products/"
_QUIET = ("inventory_levels/", "inventory_items/", "fulfillment_orders/", "bulk_operations/", "shop/update")
"""Topics an app may well subscribe to for other reasons."""
_SAID = {
    "app/uninstalled": "the app was uninstalled from the store; its token is dead",
    "app/scopes_update": "the app's scopes changed; check the store",
    "customers/data_request": "a customer asks for data; the bridge keeps buyers of idealo orders only",
    "customers/redact": "a customer's data is to be erased; erase the buyer of the order",
    "shop/redact": "the store's data is to be erased; archive the store",
}


def verify(delivery: Delivery, secrets: Iterable[str]) -> None:
    """Base64 HMAC-SHA256 of the raw body under one of the secrets. Raises SignatureInvalid.

    While an app has two client secrets Shopify signs with the older one (Shopify's documentation of rotation).
    """
    check_hmac(secrets, delivery.body, delivery.headers.get(SIGNATURE_HEADER))


def read(delivery: Delivery) -> Notice:
    """The notice. The webhook id is the same for the retries of one delivery and differs per subscription; the event
    id is shared by all topics one act of the merchant fires, so it cannot be the key.

    Catalogue topics are named as the bridge names them (`product.update`), which resumes orders that wait for a SKU.
    """
    topic = _header(delivery, "topic") or "unknown"
    order_id, remark = _order_of(topic, delivery.body)
    parts = (_header(delivery, "webhook-id") or delivery.body_sha256, topic, order_id or "")
    named = f"product.{topic.removeprefix(_CATALOGUE)}" if topic.startswith(_CATALOGUE) else topic
    return Notice(key="/".join(parts), topic=named, order_id=order_id, remark=remark)


def _header(delivery: Delivery, name: str) -> str:
    value = delivery.headers.get(f"x-shopify-{name}", "")
    return value if _SAFE.fullmatch(value) else ""


def _order_of(topic: str, body: bytes) -> tuple[str | None, str | None]:
    """The order's number, or why there is none."""
    try:
        content = json.loads(body)
    except (ValueError, RecursionError):
        return None, "the body is not JSON"
    if not isinstance(content, dict):
        return None, "the body is not an object"
    if topic in _SAID:
        return None, _SAID[topic]
    if topic.startswith((_CATALOGUE, *_QUIET)):
        return None, None
    if topic == "orders/edited":
        edit = content.get("order_edit")
        order_id = _id(edit.get("order_id")) if isinstance(edit, dict) else None
    elif topic.startswith("orders/"):
        order_id = _id(content.get("id")) or _id(content.get("admin_graphql_api_id"))
    elif topic.startswith(_OF_AN_ORDER):
        order_id = _id(content.get("order_id")) or _id_in(content.get("order"))
    else:
        return None, "the topic is not about orders"
    return order_id, None if order_id else "the body names no order; polling finds what changed"


def _id_in(order: Any) -> str | None:
    if not isinstance(order, dict):
        return None
    return _id(order.get("id")) or _id(order.get("admin_graphql_api_id"))


def _id(value: Any) -> str | None:
    """An order's number, from a number (64 bits), digits or a global id."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        return None
    if isinstance(value, int):
        return str(value) if 0 < value < 10**20 else None
    match = _GID.fullmatch(value) or re.fullmatch(r"([0-9]{1,20})", value)
    return str(int(match[1])) if match and int(match[1]) else None
