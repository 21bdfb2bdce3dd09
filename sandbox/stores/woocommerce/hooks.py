"""Webhook subscriptions and their deliveries: signed, coalesced, built at delivery time, never repeated.

Source: class-wc-webhook.php and its data store; recordings 001 to 101 of 10.9.1 (2026-11-23).
"""

import asyncio
import base64
import hashlib
import hmac
import html
import re
from datetime import timedelta
from typing import Any, Final

from sandbox.outbox import Webhook
from sandbox.stores.woocommerce.model import Hook
from sandbox.stores.woocommerce.order_view import OrderView
from sandbox.stores.woocommerce.php import encode
from sandbox.stores.woocommerce.product_view import ProductView
from sandbox.stores.woocommerce.state import Event, Shop

KIND: Final = "woocommerce"
PING_PATIENCE_S: Final = 5.0
MAX_FAILURES: Final = 5
_NOWHERE: Final = "http://deleted:webhook/"
"""No valid address: the outbox notes it and sends nothing."""
_ENTITY: Final = re.compile(r"&(?:lt|gt|amp|quot|apos|#0*3[49]|#0*60|#0*62|#0*38|#x(?:22|26|27|3[CcEe]));")

TOPIC_HOOKS: Final[dict[str, list[str]]] = {
    "order.created": ["woocommerce_new_order"],
    "order.updated": ["woocommerce_update_order", "woocommerce_order_refunded"],
    "order.deleted": ["wp_trash_post", "woocommerce_trash_order"],
    "order.restored": ["untrashed_post", "woocommerce_untrash_order"],
    "product.created": [
        "woocommerce_process_product_meta", "woocommerce_new_product", "woocommerce_new_product_variation",
    ],
    "product.updated": [
        "woocommerce_process_product_meta", "woocommerce_update_product", "woocommerce_update_product_variation",
    ],
    "product.deleted": ["wp_trash_post"],
    "product.restored": ["untrashed_post"],
    "customer.created": ["user_register", "woocommerce_created_customer", "woocommerce_new_customer"],
    "customer.updated": ["profile_update", "woocommerce_update_customer"],
    "customer.deleted": ["delete_user"],
    "coupon.created": ["woocommerce_process_shop_coupon_meta", "woocommerce_new_coupon"],
    "coupon.updated": ["woocommerce_process_shop_coupon_meta", "woocommerce_update_coupon"],
    "coupon.deleted": ["wp_trash_post"],
    "coupon.restored": ["untrashed_post"],
}  # fmt: skip


def topic_hooks(topic: str) -> list[str] | None:
    """WordPress actions behind a topic, None for a topic WooCommerce refuses."""
    resource, _, event = topic.partition(".")
    if resource == "action" and event.startswith(("woocommerce_", "wc_")):
        return [event]
    return TOPIC_HOOKS.get(topic)


class HookDesk:
    """Turns events into deliveries and keeps each subscription's count of failures."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop
        shop.on_commit = self.send_events

    def send_events(self, events: list[Event]) -> None:
        """One job per active webhook and object; a job still waiting swallows a second one."""
        for topic, object_id in events:
            for hook in self.shop.hooks.values():
                if hook.status == "active" and hook.topic == topic:
                    self._enqueue(hook, object_id)

    def _enqueue(self, hook: Hook, object_id: int) -> None:
        delay = self.shop.options.cron_delay_seconds
        self.shop.world.outbox.put(
            Webhook(
                kind=KIND,
                url=hook.delivery_url,
                headers=lambda body: self._headers(hook, body),
                body=lambda: encode(self._body(hook, object_id)),
                coalesce_key=f"{hook.id}:{object_id}",
                due_at=self.shop.world.now() + timedelta(seconds=delay) if delay else None,
                on_result=lambda status: self._delivered(hook, status),
            )
        )

    def _body(self, hook: Hook, object_id: int) -> dict[str, Any]:
        """The object as it is now; an object that is gone gives a signed REST error (reference 4.6)."""
        resource, _, event = hook.topic.partition(".")
        if event == "deleted":
            return {"id": object_id}
        if self.shop.options.webhook_owner_lost:
            message = "Sorry, you cannot view this resource."
            return {"code": "woocommerce_rest_cannot_view", "message": message, "data": {"status": 401}}
        base = self.shop.home_url()
        if resource == "order" and object_id in self.shop.orders:
            return OrderView(self.shop, base).order(self.shop.orders[object_id])
        if resource == "product" and object_id in self.shop.products:
            return ProductView(self.shop, base).product(self.shop.products[object_id])
        code = "shop_order" if resource == "order" else resource
        return {"code": f"woocommerce_rest_{code}_invalid_id", "message": "Invalid ID.", "data": {"status": 404}}

    def _headers(self, hook: Hook, body: bytes) -> list[tuple[str, str]]:
        resource, _, event = hook.topic.partition(".")
        options = self.shop.options
        second = int(self.shop.world.now().timestamp())
        return [
            *_transport(options.version, options.wordpress_version),
            ("Content-Type", "application/json"),
            ("X-WC-Webhook-Source", f"{self.shop.home_url()}/"),
            ("X-WC-Webhook-Topic", hook.topic),
            ("X-WC-Webhook-Resource", resource),
            ("X-WC-Webhook-Event", event),
            ("X-WC-Webhook-Signature", signature(hook.secret, body)),
            ("X-WC-Webhook-ID", str(hook.id)),
            # Not unique: webhook id and second only (recordings 099 and 100 share it).
            ("X-WC-Webhook-Delivery-ID", self.shop.secret_hash(f"{hook.id}{second}")),
            ("Connection", "close"),
        ]

    def _delivered(self, hook: Hook, status: int | None) -> None:
        """200 to 302 is success; the failure after the sixth in a row disables; re-activation keeps the count."""
        if self.shop.hooks.get(hook.id) is not hook:
            return
        if status is not None and 200 <= status <= 302:
            hook.failure_count = 0
        elif hook.failure_count > MAX_FAILURES:
            hook.status = "disabled"
        else:
            hook.failure_count += 1
        self.saved(hook)

    def saved(self, hook: Hook) -> None:
        """A saved webhook whose ping was never answered with 200 pings again (recordings 085 to 097)."""
        hook.modified = self.shop.now()
        self.shop.touch(hook)
        if hook.status == "active" and hook.pending_delivery:
            self._put_ping(hook)

    def _put_ping(self, hook: Hook, answered: asyncio.Event | None = None) -> None:
        def result(status: int | None) -> None:
            if status == 200:
                hook.pending_delivery = False
                self.shop.touch(hook)
            if answered is not None:
                answered.set()

        options = self.shop.options
        self.shop.world.outbox.put(
            Webhook(
                kind=KIND,
                url=hook.delivery_url,
                headers=[
                    *_transport(options.version, options.wordpress_version),
                    ("Connection", "close"),
                    ("Content-Type", "application/x-www-form-urlencoded"),
                ],
                body=f"webhook_id={hook.id}".encode(),
                on_result=result,
            )
        )

    async def ping(self, hook: Hook, *, wait: bool) -> None:
        """Ping a new webhook: form body, unsigned. `wait`: hold the caller until it is answered, as PHP does; without
        a pump that sends the outbox on its own (tests) the ping leaves with the next delivery run.
        """
        answered = asyncio.Event() if wait else None
        self._put_ping(hook, answered)
        if answered is not None:
            try:
                await asyncio.wait_for(answered.wait(), PING_PATIENCE_S)
            except TimeoutError:
                return

    def forget(self, hook: Hook) -> None:
        """Delete a subscription; jobs of it that still wait fail inside the shop and reach nobody."""
        del self.shop.hooks[hook.id]
        self.shop.touch(hook)
        for waiting in self.shop.world.outbox.waiting(KIND):
            if (waiting.coalesce_key or "").startswith(f"{hook.id}:"):
                waiting.url = _NOWHERE


def signature(secret: str, body: bytes) -> str:
    """base64 of HMAC-SHA256; the secret is HTML-decoded first (`wp_specialchars_decode`, quotes included)."""
    key = _ENTITY.sub(lambda found: html.unescape(found.group()), secret)
    return base64.b64encode(hmac.new(key.encode(), body, hashlib.sha256).digest()).decode()


def _transport(version: str, wordpress: str) -> list[tuple[str, str]]:
    return [
        ("User-Agent", f"WooCommerce/{version} Hookshot (WordPress/{wordpress})"),
        ("Accept", "*/*"),
        ("Accept-Encoding", "deflate, gzip, br, zstd"),
    ]
