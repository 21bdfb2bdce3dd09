"""Webhook subscriptions through the Admin API, with the recorded refusals."""

import ipaddress
import re
from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from sandbox.stores.shopify.errors import UserError, gid, numeric
from sandbox.stores.shopify.small_views import HookView
from sandbox.stores.shopify.state import Shop
from sandbox.stores.shopify.store_model import Hook

_ADDRESS: Final = ["webhookSubscription", "callbackUrl"]
_NAME: Final = re.compile(r"[A-Za-z0-9_-]{1,50}")
_OWN: Final = (".myshopify.com", ".shopify.com", ".shopifycloud.com", ".shopify.io")
_HOME: Final = (".test", ".localhost", ".local", ".invalid", ".internal")
_BAD_FILTER: Final = "The specified filter is invalid, please ensure you specify the field(s) you wish to filter on."


class HookApi:
    """The three mutations on subscriptions, and how a refusal becomes a payload."""

    def __init__(self, shop: Shop) -> None:
        self._shop = shop

    def webhook_subscription_create(self, topic: str, webhook_subscription: Mapping[str, Any]) -> dict[str, Any]:
        def act() -> dict[str, Any]:
            now = self._shop.now()
            uri = self._uri(webhook_subscription) or ""
            hook = Hook(id=0, topic=topic, uri=self._checked(uri), created=now, updated=now)
            self._take_over(hook, webhook_subscription)
            hook.id = self._shop.new_id("WebhookSubscription")
            self._shop.hooks[hook.id] = hook
            self._shop.touch(hook)
            return {"webhookSubscription": HookView(self._shop, hook)}

        return self._try(act, "webhookSubscription")

    def webhook_subscription_update(self, id: str, webhook_subscription: Mapping[str, Any]) -> dict[str, Any]:
        def act() -> dict[str, Any]:
            known = self._known(id)
            hook = known.model_copy()
            uri = self._uri(webhook_subscription)
            if uri is not None:
                hook.uri = self._checked(uri)
            self._take_over(hook, webhook_subscription)
            hook.updated = self._shop.now()
            self._shop.hooks[hook.id] = hook
            self._shop.touch(hook)
            return {"webhookSubscription": HookView(self._shop, hook)}

        return self._try(act, "webhookSubscription")

    def webhook_subscription_delete(self, id: str) -> dict[str, Any]:
        def act() -> dict[str, Any]:
            hook = self._known(id)
            del self._shop.hooks[hook.id]
            self._shop.touch(hook)
            return {"deletedWebhookSubscriptionId": gid("WebhookSubscription", hook.id)}

        return self._try(act, "deletedWebhookSubscriptionId")

    def _try(self, act: Callable[[], dict[str, Any]], *emptied: str) -> dict[str, Any]:
        """The payload, or null fields and what was refused."""
        try:
            return {**act(), "userErrors": []}
        except UserError as refused:
            return {**dict.fromkeys(emptied), "userErrors": [refused.shown()]}

    def _known(self, id: str) -> Hook:
        hook = self._shop.hooks.get(numeric(id, "WebhookSubscription"))
        if hook is None:
            raise UserError(["id"], "Webhook subscription does not exist")
        return hook

    def _uri(self, values: Mapping[str, Any]) -> str | None:
        given = values.get("uri") if values.get("uri") is not None else values.get("callbackUrl")
        return None if given is None else str(given)

    def _checked(self, given: str) -> str:
        """The address without blanks around it; UserError in the recorded words."""
        uri = given.strip()
        if not uri:
            raise UserError(_ADDRESS, "Address can't be blank")
        parts = urlsplit(uri)
        host = (parts.hostname or "").lower()
        home = _is_home(host) and not self._shop.options.strict_addresses
        if parts.scheme not in {"https", "http"} or (parts.scheme == "http" and not home):
            raise UserError(_ADDRESS, f"Address protocol {parts.scheme or uri}:// is not supported")
        if not host:
            raise UserError(_ADDRESS, "Address is invalid")
        if host.endswith(_OWN) or (_is_home(host) and not home):
            raise UserError(_ADDRESS, "Address cannot be a Shopify or an internal domain")
        return uri

    def _take_over(self, hook: Hook, values: Mapping[str, Any]) -> None:
        hook.format = values.get("format") or hook.format
        hook.include_fields = list(values.get("includeFields") or []) if "includeFields" in values else (
            hook.include_fields
        )  # fmt: skip
        if "metafieldNamespaces" in values:
            hook.metafield_namespaces = list(values["metafieldNamespaces"] or [])
        if "filter" in values:
            hook.filter = values["filter"]
        if "name" in values:
            hook.name = values["name"]
        if hook.filter and not all(":" in word for word in hook.filter.split() if word not in {"AND", "OR", "NOT"}):
            raise UserError(["webhookSubscription"], _BAD_FILTER)
        if hook.name is not None and not _NAME.fullmatch(hook.name):
            raise UserError(["webhookSubscription", "name"], "Name is invalid")
        for other in self._shop.hooks.values():
            if other.id == hook.id:
                continue
            if hook.name is not None and other.name == hook.name:
                raise UserError(["webhookSubscription", "name"], "Name already exists, no duplicate allowed")
            same = (other.topic, other.uri, other.filter or "") == (hook.topic, hook.uri, hook.filter or "")
            if same and other.format == hook.format:
                raise UserError(_ADDRESS, "Address for this topic has already been taken")


def _is_home(host: str) -> bool:
    """Loopback, private networks, and names that no DNS of the world knows."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return bool(host) and ("." not in host or host.endswith(_HOME))
    return address.is_private or address.is_loopback or address.is_link_local
