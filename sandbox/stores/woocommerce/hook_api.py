"""Routes of webhook subscriptions."""

import re
from typing import Any

from sandbox.stores.woocommerce.answers import Answer, ApiError, Call, not_in_list, page_of
from sandbox.stores.woocommerce.hooks import HookDesk, topic_hooks
from sandbox.stores.woocommerce.model import Hook
from sandbox.stores.woocommerce.order_view import ALL_METHODS
from sandbox.stores.woocommerce.php import gmt, local
from sandbox.stores.woocommerce.state import Shop

STATUSES = ["active", "paused", "disabled"]


class HookApi:
    """Handlers; the secret is taken but never shown."""

    def __init__(self, shop: Shop, desk: HookDesk) -> None:
        self.shop = shop
        self.desk = desk

    def collection(self, call: Call) -> Answer:
        status = call.choice("status", ["all", *STATUSES], "all")
        found = [hook for hook in self.shop.hooks.values() if status in {"all", hook.status}]
        descending = call.choice("order", ["asc", "desc"], "desc") == "desc"
        hooks, headers = page_of(call, sorted(found, key=lambda hook: hook.id, reverse=descending))
        return Answer([self._view(call, hook) for hook in hooks], headers=headers)

    def get(self, call: Call, hook_id: str) -> Answer:
        return Answer(self._view(call, self._hook(hook_id)))

    async def create(self, call: Call) -> Answer:
        """The ping goes out before the answer (recorded webhooks 001 to 006); whether it fails does not matter."""
        topic = str(call.body.get("topic") or "")
        if topic_hooks(topic) is None:
            raise _bad_topic()
        url = _valid_url(call.body.get("delivery_url"))
        status = self._status(call, "active")
        number = self.shop.new_id("hook")
        letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!@#$%^&*()"
        own = "".join(self.shop.world.random("woocommerce/hook-secret").choices(letters, k=50))
        hook = Hook(
            id=number,
            name=str(call.body.get("name") or f"Webhook created on {local(self.shop.now())}"),
            topic=topic,
            delivery_url=url,
            secret=str(call.body.get("secret") or own),
            status=status,
            created=self.shop.now(),
        )
        self.shop.hooks[number] = hook
        self.shop.touch(hook)
        view = self._view(call, hook)
        await self.desk.ping(hook, wait=call.awaits_pings)
        return Answer(view, 201, [("Location", f"{call.base}/wp-json/wc/v3/webhooks/{number}")])

    def update(self, call: Call, hook_id: str) -> Answer:
        """Switching on again keeps the failure count (reference 4.1); a new address is pinged."""
        hook = self._hook(hook_id)
        body = call.body
        if "topic" in body:
            if topic_hooks(str(body["topic"])) is None:
                raise _bad_topic()
            hook.topic = str(body["topic"])
        if "delivery_url" in body:
            url = _valid_url(body["delivery_url"])
            hook.pending_delivery = hook.pending_delivery or url != hook.delivery_url
            hook.delivery_url = url
        if body.get("name"):
            hook.name = str(body["name"])
        if body.get("secret"):
            hook.secret = str(body["secret"])
        hook.status = self._status(call, hook.status)
        self.desk.saved(hook)
        return Answer(self._view(call, hook))

    def delete(self, call: Call, hook_id: str) -> Answer:
        hook = self._hook(hook_id)
        if not call.flag("force"):
            raise ApiError(501, "woocommerce_rest_trash_not_supported", "Webhooks do not support trashing.")
        self.desk.forget(hook)
        return Answer(self._view(call, hook))

    def _status(self, call: Call, usual: str) -> str:
        status = str(call.body.get("status") or usual)
        if status not in STATUSES:
            raise not_in_list("status", STATUSES)
        return status

    def _hook(self, hook_id: str) -> Hook:
        hook = self.shop.hooks.get(int(hook_id))
        if hook is None:
            raise ApiError.not_found("shop_webhook")
        return hook

    def _view(self, call: Call, hook: Hook) -> dict[str, Any]:
        resource, _, event = hook.topic.partition(".")
        collection = f"{call.base}/wp-json/wc/v3/webhooks"
        return {
            "id": hook.id,
            "name": hook.name,
            "status": hook.status,
            "topic": hook.topic,
            "resource": resource,
            "event": event,
            "hooks": topic_hooks(hook.topic) or [],
            "delivery_url": hook.delivery_url,
            "date_created": local(hook.created),
            "date_created_gmt": gmt(hook.created),
            "date_modified": local(hook.modified),
            "date_modified_gmt": gmt(hook.modified),
            "_links": {
                "self": [{"href": f"{collection}/{hook.id}", "targetHints": {"allow": ALL_METHODS}}],
                "collection": [{"href": collection}],
            },
        }


def _bad_topic() -> ApiError:
    return ApiError(400, "woocommerce_rest_shop_webhook_invalid_topic", "Webhook topic is required and must be valid.")


def _valid_url(value: Any) -> str:
    if not isinstance(value, str) or not re.match(r"https?://[^/\s]+", value):
        raise ApiError(
            400,
            "woocommerce_rest_shop_webhook_invalid_delivery_url",
            "Webhook delivery URL must be a valid URL starting with http:// or https://.",
        )
    return value
