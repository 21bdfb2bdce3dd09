"""Signs a delivery as each kind of store does, for tests that make deliveries up."""

import base64
import hashlib
import hmac
import uuid
from collections.abc import Callable
from datetime import datetime

Headers = dict[str, str]


def woocommerce(secret: str, body: bytes, _: datetime) -> Headers:
    return {
        "x-wc-webhook-signature": _base64(secret, body),
        "x-wc-webhook-topic": "order.updated",
        "x-wc-webhook-id": "7",
        "x-wc-webhook-delivery-id": uuid.uuid4().hex,
    }


def shopify(secret: str, body: bytes, _: datetime) -> Headers:
    return {
        "x-shopify-hmac-sha256": _base64(secret, body),
        "x-shopify-topic": "orders/updated",
        "x-shopify-webhook-id": str(uuid.uuid4()),
    }


def magento2(secret: str, body: bytes, now: datetime) -> Headers:
    name, time = str(uuid.uuid4()), str(int(now.timestamp()))
    signed = f"v1:{time}:{name}:".encode() + body
    return {
        "x-idealo-connector-signature": f"v1={hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()}",
        "x-idealo-connector-timestamp": time,
        "x-idealo-connector-delivery": name,
        "x-idealo-connector-event": "order.updated",
    }


def _base64(secret: str, body: bytes) -> str:
    return base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest()).decode()


SIGNED: dict[str, Callable[[str, bytes, datetime], Headers]] = {
    "woocommerce": woocommerce,
    "shopify": shopify,
    "magento2": magento2,
}
"""Right headers by kind: secret, body and time in."""
SIGNED_HEADERS = {
    "magento2": ("x-idealo-connector-signature", "x-idealo-connector-timestamp", "x-idealo-connector-delivery"),
    "woocommerce": ("x-wc-webhook-signature",),
    "shopify": ("x-shopify-hmac-sha256",),
}
"""Those whose change breaks the signature."""
