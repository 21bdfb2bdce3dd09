"""Keeps our webhook subscriptions in the store alive: one per topic, to our address, with no more body than needed."""

from typing import Any
from urllib.parse import urlsplit

from app.domain.errors import Permanent, SyncError
from app.domain.value import Value
from app.ports import Finding
from app.stores.shopify import answers
from app.stores.shopify import documents as d
from app.stores.shopify.client import Graph
from app.stores.shopify.listing import pages
from app.stores.shopify.reading import document, entries, text

_ORDER = ("id", "admin_graphql_api_id", "updated_at")
_PART = ("id", "order_id", "admin_graphql_api_id")
_ALL: tuple[str, ...] = ()
TOPICS: dict[str, tuple[str, ...]] = {
    "ORDERS_UPDATED": _ORDER,
    "ORDERS_CANCELLED": _ORDER,
    "ORDERS_EDITED": _ALL,
    "ORDERS_DELETE": _ALL,
    "FULFILLMENTS_CREATE": _PART,
    "FULFILLMENTS_UPDATE": _PART,
    "REFUNDS_CREATE": _PART,
    "ORDER_TRANSACTIONS_CREATE": _PART,
    "RETURNS_APPROVE": _ALL,
    "RETURNS_PROCESS": _ALL,
    "RETURNS_CLOSE": _ALL,
    "RETURNS_CANCEL": _ALL,
    "RETURNS_REOPEN": _ALL,
    "RETURNS_UPDATE": _ALL,
    "PRODUCTS_CREATE": ("id",),
    "PRODUCTS_UPDATE": ("id",),
    "APP_UNINSTALLED": ("id",),
}
"""Topic and the fields its body is cut down to (none: as it comes). Buyers' data has no business in a hint."""


class _Wanted(Value):
    """One subscription as it ought to be."""

    topic: str
    uri: str
    fields: tuple[str, ...]

    def input(self) -> dict[str, Any]:
        return {"uri": self.uri, "format": "JSON", "includeFields": list(self.fields), "filter": ""}

    def fits(self, hook: dict[str, Any]) -> bool:
        kept = hook.get("includeFields")
        same_fields = isinstance(kept, list) and sorted(map(str, kept)) == sorted(self.fields)
        plain = hook.get("format") == "JSON" and not hook.get("filter")
        return hook.get("uri") == self.uri and plain and same_fields


async def ensure(graph: Graph, store_id: str, url: str) -> tuple[Finding, ...]:
    """Creates what is missing, corrects what is not as it should be, removes doubles. Safe to repeat.

    Shopify deletes a subscription after 8 failures in a row; it is made anew here. The list shows this app's own
    subscriptions in this store only; ours among them end in the store's id, also under an earlier public address.
    """
    listed = [hook async for page in pages(graph, d.SUBSCRIPTIONS, "webhookSubscriptions") for hook in page]
    ours = [hook for hook in listed if urlsplit(str(hook.get("uri"))).path.endswith(f"/{store_id}")]
    found = []
    for topic, fields in TOPICS.items():
        wanted = _Wanted(topic=topic, uri=url, fields=fields)
        found.append(await _one(graph, wanted, [h for h in ours if h.get("topic") == topic]))
    return tuple(found)


async def _one(graph: Graph, wanted: _Wanted, ours: list[dict[str, Any]]) -> Finding:
    name = f"webhook {wanted.topic.lower().replace('_', '/', 1)}"
    try:
        return Finding(name=name, ok=True, detail=await _brought_in_line(graph, wanted, ours))
    except Permanent as e:
        advice = (
            "Give the app the scope this topic needs (see the README), and let the bridge's public address be one on "
            "https that Shopify can reach; then repair the webhooks again."
        )
        return Finding(name=name, ok=False, detail=str(e), advice=advice)


async def _brought_in_line(graph: Graph, wanted: _Wanted, ours: list[dict[str, Any]]) -> str:
    done = []
    good = next((hook for hook in ours if wanted.fits(hook)), None)
    # Moving another one to our address is refused as taken while one that is only shaped wrong stands there.
    kept = good or next((hook for hook in ours if hook.get("uri") == wanted.uri), next(iter(ours), None))
    if kept is None:
        await _create(graph, wanted)
        done.append("created")
    elif good is None:
        own_id = text(kept.get("id"), "webhookSubscriptions: id")
        data = await graph.ask(d.RESUBSCRIBE, id=own_id, subscription=wanted.input())
        _raise_unless_taken(data.get("webhookSubscriptionUpdate"), f"webhook {wanted.topic}")
        done.append("corrected")
    for hook in ours:
        if hook is not kept:
            await graph.ask(d.UNSUBSCRIBE, id=text(hook.get("id"), "webhookSubscriptions: id"))
            done.append("removed a double")
    return "; ".join(done) or "in place"


async def _create(graph: Graph, wanted: _Wanted) -> None:
    data = await graph.ask(d.SUBSCRIBE, topic=wanted.topic, subscription=wanted.input())
    _raise_unless_taken(data.get("webhookSubscriptionCreate"), f"webhook {wanted.topic}")


def _raise_unless_taken(payload: Any, what: str) -> None:
    """`Address for this topic has already been taken` (captured): somebody repairs at the same time, or did before."""
    errors = document(payload, what).get("userErrors")
    said = [str(e.get("message")) for e in entries(errors, what)] if errors else []
    if said and all("already been taken" in message for message in said):
        return
    error: SyncError | None = answers.refusal(errors, what)
    if error:
        raise error
