"""Keeps our webhooks in the shop alive: one per topic, active, to our address, signed with the newest secret."""

import hashlib
import hmac
from typing import Any
from urllib.parse import urlsplit

from app.domain.errors import Permanent, Problem
from app.ports import Finding
from app.stores.woocommerce.client import Rest
from app.stores.woocommerce.reading import whole
from app.wire.http import Refused

TOPICS = (
    "order.updated",
    "order.deleted",
    "order.restored",
    "product.created",
    "product.updated",
    "product.deleted",
)
_PATH = "/wc/v3/webhooks"
_PORTS = {None, 80, 443, 8080}
"""The only ports WordPress posts webhooks to."""


async def ensure(rest: Rest, store_id: str, secret: str, url: str) -> tuple[Finding, ...]:
    """Creates what is missing, replaces what is not as it should be, removes doubles. Safe to repeat.

    A webhook is never re-activated: its failure count would stay, and the next single failure disable it again
    (class-wc-webhook.php). The new one is made before the old one goes, so nothing is missed in between.
    """
    if not secret:
        raise Permanent(Problem.CREDENTIALS, "this store has no webhook secret; add one before creating webhooks")
    listed = [hook async for page in rest.pages(_PATH, status="all") for hook in page]
    return tuple([await _one(rest, topic, _Wanted(store_id, secret, url), listed) for topic in TOPICS])


class _Wanted:
    """What one of our webhooks looks like.

    Its name carries a fingerprint of the secret, as the shop never shows a secret again and a rotation must be seen.
    """

    def __init__(self, store_id: str, secret: str, url: str) -> None:
        self.owner = f"idealo Bridge {store_id}"
        mark = hmac.new(secret.encode(), store_id.encode(), hashlib.sha256).hexdigest()[:8]
        self.name = f"{self.owner} {mark}"
        self.secret = secret
        self.url = url

    def owns(self, hook: dict[str, Any], topic: str) -> bool:
        named_so = str(hook.get("name")).startswith(f"{self.owner} ")
        return hook.get("topic") == topic and (named_so or hook.get("delivery_url") == self.url)

    def fits(self, hook: dict[str, Any]) -> bool:
        return (hook.get("name"), hook.get("delivery_url"), hook.get("status")) == (self.name, self.url, "active")


async def _one(rest: Rest, topic: str, wanted: _Wanted, listed: list[dict[str, Any]]) -> Finding:
    ours = [hook for hook in listed if wanted.owns(hook, topic)]
    good = [hook for hook in ours if wanted.fits(hook)]
    done = []
    if not good:
        body = {"name": wanted.name, "topic": topic, "delivery_url": wanted.url, "secret": wanted.secret}
        try:
            await rest.post(_PATH, {**body, "status": "active"})
        except Refused as e:
            if e.problem is Problem.CREDENTIALS:
                raise
            advice = "Check that the bridge's public address is one the shop accepts, then repair the webhooks again."
            return Finding(name=f"webhook {topic}", ok=False, detail=str(e), advice=advice)
        done.append("created")
    for hook in [*good[1:], *(h for h in ours if h not in good)]:
        why = f"was {hook.get('status')}" if hook.get("status") != "active" else "was a double or outdated"
        await _remove(rest, hook)
        done.append(f"removed number {hook.get('id')}, which {why}")
    return Finding(name=f"webhook {topic}", ok=True, detail=_said(done, wanted.url))


async def _remove(rest: Rest, hook: dict[str, Any]) -> None:
    try:
        await rest.delete(f"{_PATH}/{whole(hook.get('id'), 'webhook: id')}", force="true")
    except Refused as e:
        if e.status != 404:  # gone already: somebody repairs at the same time
            raise


def _said(done: list[str], url: str) -> str:
    text = "; ".join(done) or "in place"
    parts = urlsplit(url)
    if parts.port not in _PORTS:
        text += f" (WordPress posts to ports 80, 443 and 8080 only, not to {parts.port})"
    return text
