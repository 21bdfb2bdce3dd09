"""Deliveries of webhooks: signed, snapshots of the moment, tried nine times, never in a promised order."""

import base64
import hashlib
import hmac
import json
from datetime import datetime, timedelta
from typing import Any, Final

from sandbox.outbox import Webhook
from sandbox.stores.shopify.state import SHOP_DOMAIN, Event, Shop
from sandbox.stores.shopify.store_model import Hook

Headers = list[tuple[str, str]]

KIND: Final = "shopify"
CLIENT_ID: Final = "9b1f6f0c2d3e4a5b6c7d8e9f0a1b2c3d"
CLIENT_SECRET: Final = "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"
RETRY_MINUTES: Final = (1, 2, 4, 8, 15, 30, 60, 120)
"""Eight retries over four hours (documented); their spacing is ours."""


class HookDesk:
    """Turns events into deliveries and deletes subscriptions that nobody answers."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop
        shop.on_commit = self.send_events

    def send_events(self, events: list[Event]) -> None:
        """One delivery per event and subscription; all of one action share their event id."""
        event_id = self.shop.new_uuid("event")
        for topic, body in events:
            enum = topic.replace("/", "_").upper()
            for hook in list(self.shop.hooks.values()):
                if hook.topic == enum and _passes(hook, body):
                    self._put(hook, topic, body, event_id)

    def _put(self, hook: Hook, topic: str, body: dict[str, Any], event_id: str) -> None:
        shown = _only(body, hook.include_fields)
        raw = json.dumps(shown, separators=(",", ":"), ensure_ascii=False).encode()
        now = self.shop.world.now()
        # Nanoseconds, as the store writes them; the last three digits are noise here.
        noise = self.shop.world.random("shopify/nanoseconds").randrange(1000)
        headers = [
            ("User-Agent", "Shopify-Captain-Hook"),
            ("Accept", "*/*"),
            ("Accept-Encoding", "gzip;q=1.0,deflate;q=0.6,identity;q=0.3"),
            ("Content-Type", "application/json"),
            ("X-Shopify-API-Version", self.shop.options.webhook_version),
            ("X-Shopify-Event-Id", event_id),
            ("X-Shopify-Hmac-Sha256", signature(signing_secret(self.shop), raw)),
            ("X-Shopify-Shop-Domain", SHOP_DOMAIN),
            ("X-Shopify-Topic", topic),
            ("X-Shopify-Triggered-At", f"{now:%Y-%m-%dT%H:%M:%S}.{now.microsecond:06d}{noise:03d}Z"),
            ("X-Shopify-Webhook-Id", self.shop.new_uuid("webhook")),
        ]
        if hook.name is not None:
            headers.append(("X-Shopify-Name", hook.name))
        self._send(hook.id, hook.uri, headers, raw, now)

    def _send(self, hook_id: int, uri: str, headers: Headers, raw: bytes, since: datetime, tries: int = 0) -> None:
        """Retries keep body, headers and the old address, whatever changed meanwhile. `since`: the first attempt."""

        def result(status: int | None) -> None:
            hook = self.shop.hooks.get(hook_id)
            if hook is None:
                return
            if status is not None and 200 <= status < 300:
                hook.last_success = self.shop.world.now()
                self.shop.touch(hook)
            elif tries < len(RETRY_MINUTES):
                self._send(hook_id, uri, headers, raw, since, tries + 1)
            elif hook.last_success is None or hook.last_success <= since:
                self.delete(hook)

        due = self.shop.world.now() + timedelta(minutes=RETRY_MINUTES[tries - 1]) if tries else None
        webhook = Webhook(kind=KIND, url=uri, headers=headers, body=raw, due_at=due, on_result=result)
        self.shop.world.outbox.put(webhook)

    def delete(self, hook: Hook) -> None:
        """A subscription made by API is deleted after eight failures in a row; nothing says so but its absence."""
        self.shop.hooks.pop(hook.id, None)
        self.shop.touch(hook)


def signing_secret(shop: Shop) -> str:
    """The oldest secret that is not revoked."""
    return shop.options.client_secrets[0] if shop.options.client_secrets else CLIENT_SECRET


def signature(secret: str, body: bytes) -> str:
    """base64 of HMAC-SHA256 over the raw bytes."""
    return base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest()).decode()


def _only(body: dict[str, Any], names: list[str]) -> dict[str, Any]:
    """`includeFields`: top-level or dotted names; everything else is left out."""
    if not names:
        return body
    kept: dict[str, Any] = {}
    for name in names:
        head, _, rest = name.partition(".")
        if head not in body:
            continue
        value = body[head]
        if rest and isinstance(value, dict):
            kept[head] = {**kept.get(head, {}), **_only(value, [rest])}
        elif rest and isinstance(value, list):
            before = kept.get(head) or [{} for _ in value]
            kept[head] = [{**old, **_only(one, [rest])} for old, one in zip(before, value, strict=True)]
        else:
            kept[head] = value
    return kept


def _passes(hook: Hook, body: dict[str, Any]) -> bool:
    """A filter of plain `field:value` terms, all of which must hold; dotted names go into objects."""
    for word in (hook.filter or "").split():
        name, colon, wanted = word.partition(":")
        if not colon:
            continue
        value: Any = body
        for part in name.split("."):
            value = value.get(part) if isinstance(value, dict) else None
        if str(value).casefold() != wanted.strip("'\"").casefold():
            return False
    return True
