"""Checks a webhook of our own Magento module and reads which order it is about; pure."""

import json
import re
from collections.abc import Iterable
from typing import Any

from app.domain.errors import SignatureInvalid
from app.ports import Delivery, Notice
from app.wire.signatures import check_hmac

PREFIX = "x-idealo-connector-"
MAX_SKEW_S = 300
_SIGNATURE = re.compile(r"v1=([0-9a-f]{64})")
_TIMESTAMP = re.compile(r"[0-9]{1,12}")
_DELIVERY = re.compile(r"[A-Za-z0-9-]{8,64}")
_EVENT = re.compile(r"[a-z]+(\.[a-z_]+){0,3}")
_QUIET = ("ping", "stock.", "product.")
"""Events that are no order's, but expected."""


def verify(delivery: Delivery, secrets: Iterable[str]) -> None:
    """Hex HMAC-SHA256 over `v1:<timestamp>:<delivery>:<raw body>`, sent within five minutes of its arrival.

    Raises SignatureInvalid. The timestamp is the attempt's own, so a retried delivery is fresh again.
    """
    timestamp, name = _header(delivery, "timestamp"), _header(delivery, "delivery")
    given = _SIGNATURE.fullmatch(_header(delivery, "signature"))
    if not (given and _TIMESTAMP.fullmatch(timestamp) and _DELIVERY.fullmatch(name)):
        msg = "the signature, timestamp or delivery header is missing or malformed"
        raise SignatureInvalid(msg)
    if abs(delivery.received_at.timestamp() - int(timestamp)) > MAX_SKEW_S:
        msg = f"the timestamp is more than {MAX_SKEW_S} s away from our clock"
        raise SignatureInvalid(msg)
    signed = f"v1:{timestamp}:{name}:".encode() + delivery.body
    check_hmac(secrets, signed, given[1], encoding="hex")


def read(delivery: Delivery) -> Notice:
    """The notice; the delivery's name stays the same over all its attempts, so it is the key."""
    event = _header(delivery, "event")
    topic = event if _EVENT.fullmatch(event) else "unknown"
    order_id, remark = _order_of(topic, delivery.body)
    name = _header(delivery, "delivery")
    key = "/".join((name if _DELIVERY.fullmatch(name) else "", topic, order_id or ""))
    return Notice(key=key, topic=topic, order_id=order_id, remark=remark)


def _header(delivery: Delivery, name: str) -> str:
    return delivery.headers.get(PREFIX + name, "")


def _order_of(topic: str, body: bytes) -> tuple[str | None, str | None]:
    """The order's entity id, or why there is none."""
    if topic.startswith(_QUIET):
        return None, None
    try:
        content = json.loads(body)
    except (ValueError, RecursionError):
        return None, "the body is not JSON"
    order = content.get("order") if isinstance(content, dict) else None
    order_id = _id(order.get("entity_id")) if isinstance(order, dict) else None
    return order_id, None if order_id else "the body names no order"


def _id(value: Any) -> str | None:
    if isinstance(value, bool) or not isinstance(value, int | str):
        return None
    return str(int(value)) if re.fullmatch(r"[0-9]{1,18}", str(value)) and int(value) > 0 else None
