"""Checks a WooCommerce webhook and reads which order it is about; pure."""

import html
import json
import re
from collections.abc import Iterable
from typing import Any

from app.ports import Delivery, Notice
from app.wire.signatures import check_hmac

SIGNATURE_HEADER = "x-wc-webhook-signature"
_PING = re.compile(rb"webhook_id=\d{1,20}")
_SAFE = re.compile(r"[A-Za-z0-9_.-]{1,100}")
_QUIET = ("product.",)
"""Resources that are no order's, but expected: they ring the catalogue, not an order."""


def is_ping(delivery: Delivery) -> bool:
    """The form `webhook_id=7` the shop sends when a webhook is saved: unsigned, without X-WC headers (recorded
    2026-11-23). After a failed one it comes again with every delivery, until it is answered with exactly 200.
    """
    media_type = delivery.headers.get("content-type", "").split(";")[0].strip().lower()
    return (
        media_type == "application/x-www-form-urlencoded"
        and SIGNATURE_HEADER not in delivery.headers
        and _PING.fullmatch(delivery.body.strip()) is not None
    )


def verify(delivery: Delivery, secrets: Iterable[str]) -> None:
    """Base64 HMAC-SHA256 of the raw body. Raises SignatureInvalid.

    WooCommerce decodes HTML entities in the secret first, so one entered as `a&amp;b` signs as `a&b`.
    """
    candidates = [form for secret in secrets for form in dict.fromkeys((secret, html.unescape(secret)))]
    check_hmac(candidates, delivery.body, delivery.headers.get(SIGNATURE_HEADER))


def read(delivery: Delivery) -> Notice:
    """The notice. WooCommerce reuses a delivery id for all orders of one second (recorded 2026-11-23: orders 18 and
    20 under one id), and builds the body when it sends, so the key also holds topic, order and the body's hash.
    """
    topic = _header(delivery, "topic") or "unknown"
    order_id, remark = _order_of(topic, delivery.body)
    parts = (_header(delivery, "id"), _header(delivery, "delivery-id"), topic, order_id or "")
    return Notice(key="/".join((*parts, delivery.body_sha256)), topic=topic, order_id=order_id, remark=remark)


def _header(delivery: Delivery, name: str) -> str:
    value = delivery.headers.get(f"x-wc-webhook-{name}", "")
    return value if _SAFE.fullmatch(value) else ""


def _order_of(topic: str, body: bytes) -> tuple[str | None, str | None]:
    """The order's id, or why there is none."""
    try:
        content = json.loads(body)
    except (ValueError, RecursionError):
        return None, "the body is not JSON"
    if not isinstance(content, dict):
        return None, "the body is not an object"
    if topic.startswith("order."):
        order_id = _id(content.get("id"))
        return order_id, None if order_id else _why(content)
    if topic.startswith(_QUIET):
        return None, _why(content) if _is_error(content) else None
    return None, "the topic is not about orders"


def _id(value: Any) -> str | None:
    if isinstance(value, bool) or not isinstance(value, int | str):
        return None
    return str(int(value)) if re.fullmatch(r"[0-9]{1,18}", str(value)) and int(value) > 0 else None


def _is_error(content: dict[str, Any]) -> bool:
    return "id" not in content and "code" in content and isinstance(content.get("data"), dict)


def _why(content: dict[str, Any]) -> str:
    """A signed body may be a REST error, when the object is gone or the webhook's owner lost his rights."""
    if not _is_error(content):
        return "the body names no order"
    code, status = str(content["code"]), str(content["data"].get("status"))
    said = f"{code if _SAFE.fullmatch(code) else 'an error'} ({status if _SAFE.fullmatch(status) else 'no status'})"
    if status in {"401", "403"}:
        return f"the shop sent an error instead of an order: {said}; the webhook's owner has lost his permission"
    return f"the shop sent an error instead of an order: {said}"
