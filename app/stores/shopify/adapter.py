"""The Shopify store adapter: reads orders, places and cancels ours, looks after its webhooks."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from datetime import datetime, timedelta
from typing import Any, ClassVar

from pydantic import BaseModel

from app.domain.buyer import Buyer
from app.domain.errors import Permanent, Problem, Retryable
from app.domain.orders import StoreOrder, units_per_sku
from app.domain.settings import StoreSettings
from app.domain.tax import Draft
from app.ports import Announce, Capabilities, Checkup, Connection, Delivery, Finding, Notice, nobody
from app.stores.shopify import answers, checkup, listing, subscriptions, webhook
from app.stores.shopify import documents as d
from app.stores.shopify.client import Graph
from app.stores.shopify.definition import Definition
from app.stores.shopify.mapping import store_order
from app.stores.shopify.orders import completed, gid, read_order
from app.stores.shopify.payments import charged
from app.stores.shopify.placing import Placement, expected_tax, placement
from app.stores.shopify.products import shortages, variants
from app.stores.shopify.reading import document, entries, text
from app.stores.shopify.settings import Credentials as ShopifyCredentials
from app.stores.shopify.settings import Settings as ShopifySettings
from app.stores.shopify.wording import CANCEL_NOTE
from app.wire.http import Http

_JOB_LOOKS = 5
_JOB_PAUSE_S = 0.3
_JOB_WAIT = timedelta(seconds=15)


class Adapter:
    """One connected Shopify store; its documents are checked against the schema of 2026-07."""

    Credentials: ClassVar[type[BaseModel]] = ShopifyCredentials
    Settings: ClassVar[type[StoreSettings]] = ShopifySettings
    capabilities: ClassVar[Capabilities] = Capabilities(
        pushes="full",
        # The metafield is read consistently; the search that stands in for it lags by seconds to minutes (captured).
        visible_after=timedelta(minutes=2),
        readable_for=timedelta(days=59),  # 60 without read_all_orders, and ours is a moment younger than idealo's
        limits=(
            "Without the scope read_all_orders an order older than 60 days cannot be read: a late return goes unseen.",
            "A fulfillment that is cancelled after it was reported cannot be taken back at idealo: a person decides.",
            "A refund as store credit is not paid back through idealo: a person decides.",
            "An order whose goods have left in part is not cancelled; take the open units out by editing it.",
        ),
    )
    content_types: ClassVar[frozenset[str]] = frozenset({"application/json"})
    webhook_headers: ClassVar[Mapping[str, str]] = {
        "X-Shopify-Hmac-Sha256": "Base64 of the HMAC-SHA256 of the raw body under the app's client secret",
        "X-Shopify-Topic": "What happened, such as fulfillments/create",
        "X-Shopify-Webhook-Id": "Number of the delivery; the same for all its retries",
        "X-Shopify-Event-Id": "The merchant's act; the same for all topics it fires",
        "X-Shopify-Shop-Domain": "The store's myshopify.com address",
        "X-Shopify-API-Version": "Version the body is written in",
        "X-Shopify-Triggered-At": "When it happened, with nanoseconds",
    }

    def __init__(self, connection: Connection, http: Http) -> None:
        self._connection = connection
        self._settings = ShopifySettings.model_validate(connection.settings.model_dump())
        credentials = ShopifyCredentials.model_validate(connection.credentials.model_dump())
        own = (credentials.client_secret,) if credentials.client_secret else ()
        self._secrets = (*connection.webhook_secrets, *own)
        self._graph = Graph(http, credentials, self._settings)
        self._definition = Definition(self._graph)

    def is_ping(self, delivery: Delivery) -> bool:  # noqa: ARG002 - Shopify sends none
        return False

    def verify(self, delivery: Delivery) -> None:
        webhook.verify(delivery, self._secrets)

    def read(self, delivery: Delivery) -> Notice:
        return webhook.read(delivery)

    async def check(self) -> Checkup:
        return await checkup.check(self._graph, self._connection.webhook_secrets)

    async def fetch_order(self, order_id: str) -> StoreOrder:
        """One call; more only for fulfillments, refunds and returns the order has, and for long lists."""
        return store_order(await read_order(self._graph, order_id), self._settings)

    async def find_order(  # the search is exact and cheap here, so it is always fresh
        self,
        idealo_order_id: str,
        since: datetime,
        *,
        fresh: bool = True,  # noqa: ARG002
    ) -> StoreOrder | None:
        order_id = await listing.find(self._graph, idealo_order_id, since)
        return await self.fetch_order(order_id) if order_id else None

    def changed_orders(self, since: datetime) -> AsyncIterator[str]:
        return listing.changed(self._graph, since)

    async def create_order(self, draft: Draft, buyer: Buyer, announce: Announce = nobody) -> StoreOrder:
        """Looks the SKUs up, creates, and compares the total: what differs becomes a contradiction of the snapshot."""
        known = await variants(self._graph, [line.store_sku for line in draft.lines])
        kind = await self._definition.type()
        placed = placement(draft, buyer, known, kind, self._settings)
        await announce()
        head = await self._created(placed)
        snapshot = store_order(await completed(self._graph, head), self._settings)
        ordered = units_per_sku((line.store_sku, line.line.quantity) for line in draft.lines)
        notes = [*shortages(known, ordered), *_tax_note(head, placed)]
        if kind is None:
            notes.append(f"without the metafield that makes it unique in the store: {self._definition.trouble}")
        return snapshot.model_copy(update={"notes": tuple(notes)})

    async def cancel_order(self, order_id: str) -> StoreOrder:
        """Cancels and restocks without a mail. Shopify does it in a job: Retryable until the order shows it.

        Permanent(state_conflict) when something has been shipped, or Shopify will not cancel it as it is.
        """
        now = await self.fetch_order(order_id)
        if now.shipments or any(line.shipped for line in now.lines):
            text_ = f"order {order_id} in the store has already been shipped, in whole or in part; it was not cancelled"
            raise Permanent(Problem.STATE_CONFLICT, text_)
        if now.cancelled:
            return now
        refund = {"originalPaymentMethodsRefund": True} if self._settings.book_refund_on_cancel else None
        # An order made with BYPASS took nothing off the stock, so nothing may be put back.
        restock = self._settings.inventory_behaviour != "BYPASS"
        whole = {"id": gid("Order", order_id), "restock": restock, "refund": refund, "note": CANCEL_NOTE}
        data = await self._graph.ask(d.CANCEL_ORDER, **whole)
        payload = document(data.get("orderCancel"), "orderCancel")
        _raise_unless_cancelled(payload.get("orderCancelUserErrors"), order_id)
        ended = await self._finished(payload.get("job"))
        now = await self.fetch_order(order_id)
        if not now.cancelled:
            how = "ended its job without cancelling it" if ended else "has not finished cancelling it"
            raise Retryable(f"order {order_id}: Shopify {how}", after=_JOB_WAIT)
        return now

    async def ensure_webhooks(self, url: str) -> tuple[Finding, ...]:
        return await subscriptions.ensure(self._graph, self._connection.store_id, url)

    async def _created(self, placed: Placement) -> dict[str, Any]:
        data = await self._graph.ask(d.CREATE_ORDER, order=placed.order, options=placed.options)
        payload = document(data.get("orderCreate"), "orderCreate")
        errors = payload.get("userErrors")
        if _is_second(errors):
            msg = "orderCreate: the store has an order with this idealo id already; it will be found and linked"
            raise Retryable(msg)
        error = answers.refusal(errors, "orderCreate")
        if error and placed.order.get("metafields") and "metafields" in str(error):
            self._definition.forget()
            raise Retryable(f"{error}; the metafield's definition will be looked at again")
        if error:
            raise error
        return document(payload.get("order"), "orderCreate: order")

    async def _finished(self, job: Any) -> bool:
        """Looks at the job for a second or two and answers whether it ended; the order itself decides afterwards."""
        if job is None:
            return False
        job_id = text(document(job, "orderCancel: job").get("id"), "orderCancel: job.id")
        done = job.get("done") is True
        for _ in range(_JOB_LOOKS):
            if done:
                return True
            await asyncio.sleep(_JOB_PAUSE_S)
            found = (await self._graph.ask(d.JOB, id=job_id)).get("job")
            done = found is None or document(found, "job").get("done") is True
        return done


def _tax_note(head: dict[str, Any], placed: Placement) -> list[str]:
    """Totals are gross and exact; a tax that differs is for the bookkeeper to know. The order stands whatever it is."""
    try:
        tax, _ = charged(head.get("totalTaxSet"), "new order: totalTaxSet")
    except Permanent:
        return ["Shopify does not say how much tax it counts in it"]
    expected = expected_tax(placed)
    return [f"Shopify counts {tax} tax in it, {expected} were sent"] if tax != expected else []


def _is_second(errors: Any) -> bool:
    """The unique metafield refuses a twin of an order whose creation got no answer."""
    given = [e for e in errors if isinstance(e, dict)] if isinstance(errors, list) else []
    said = [f"{answers.field_of(e)} {e.get('message')}".lower() for e in given]
    return any("metafield" in text_ and any(word in text_ for word in ("taken", "unique", "already")) for text_ in said)


def _raise_unless_cancelled(errors: Any, order_id: str) -> None:
    """`Cannot cancel an order that has already been canceled` (captured 2026-06-29) is what we want."""
    given = entries(errors, "orderCancelUserErrors") if errors else []
    if given and all("already been cancel" in str(e.get("message")).lower() for e in given):
        return
    error = answers.refusal(given, f"cancelling order {order_id}")
    about_order = any(answers.field_of(e) in {"orderId", ""} or e.get("code") == "NOT_FOUND" for e in given)
    if isinstance(error, Permanent) and error.problem is Problem.REJECTED and about_order:
        raise Permanent(Problem.STATE_CONFLICT, str(error))
    if error:
        raise error
