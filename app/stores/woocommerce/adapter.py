"""The WooCommerce store adapter: reads orders, places and cancels ours, looks after its webhooks."""

from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, ClassVar

from pydantic import BaseModel

from app.domain.buyer import Buyer
from app.domain.errors import Permanent, Problem, Retryable, SyncError
from app.domain.orders import Contradiction, StoreOrder, units_per_sku
from app.domain.settings import StoreSettings
from app.domain.staff_notes import order_note
from app.domain.tax import Draft
from app.ports import Announce, Capabilities, Checkup, Connection, Delivery, Finding, Notice, nobody
from app.stores.woocommerce import checkup, listing, placed, subscriptions, webhook
from app.stores.woocommerce.addresses import addresses, valid_mail
from app.stores.woocommerce.client import Rest, code_of, error_of
from app.stores.woocommerce.mapping import (
    ORDER_FIELDS,
    has_refunds,
    needs_fulfillments,
    order_id_of,
    refund_ids,
    store_order,
)
from app.stores.woocommerce.placing import Placement, correction, order_body
from app.stores.woocommerce.products import shortages
from app.stores.woocommerce.reading import document, whole
from app.stores.woocommerce.settings import Credentials as WooCredentials
from app.stores.woocommerce.settings import Settings as WooSettings
from app.stores.woocommerce.shop import Shop
from app.stores.woocommerce.wording import hold_note
from app.wire.http import Http, Refused
from app.wire.json_fields import clean

ORDERS = listing.ORDERS
_CORRECTIONS = 2
"""WooCommerce spreads tax over a negative fee whatever its tax status says (WC_Order_Item_Fee::calculate_taxes), so one
correction may miss by a cent."""
_TAX_ON_NEGATIVE_FEE = Decimal("0.3")
"""No VAT rate is higher; so much of a negative difference may come back as tax and is corrected like rounding."""


class Adapter:
    """One connected WooCommerce shop; tested against recordings of 10.9.1 (2026-11-23)."""

    Credentials: ClassVar[type[BaseModel]] = WooCredentials
    Settings: ClassVar[type[StoreSettings]] = WooSettings
    capabilities: ClassVar[Capabilities] = Capabilities(
        pushes="full",
        # A POST without an answer may still be running in PHP; its order shows once that is through.
        visible_after=timedelta(minutes=2),
        limits=(
            "Webhooks are sent once and may come hours late where WP-Cron stands still; polling is the base line.",
            "Deleting a refund sends no webhook; it is seen when the order is looked at for another reason.",
            "An order deleted for good sends nothing and cannot be read any more: a person decides.",
            "Without Shiptastic a return shows only as a refund with quantities after shipping.",
        ),
    )
    content_types: ClassVar[frozenset[str]] = frozenset({"application/json", "application/x-www-form-urlencoded"})
    webhook_headers: ClassVar[Mapping[str, str]] = {
        "X-WC-Webhook-Signature": "Base64 of the HMAC-SHA256 of the raw body under the webhook's secret",
        "X-WC-Webhook-Topic": "What happened, such as order.updated",
        "X-WC-Webhook-ID": "Number of the webhook in the shop",
        "X-WC-Webhook-Delivery-ID": "Hash of webhook and second; two orders of one second share it",
        "X-WC-Webhook-Source": "The shop's address",
    }

    def __init__(self, connection: Connection, http: Http) -> None:
        self._connection = connection
        self._http = http
        self._settings = WooSettings.model_validate(connection.settings.model_dump())
        self._rest = Rest(http, WooCredentials.model_validate(connection.credentials.model_dump()))
        self._shop = Shop(self._rest)
        self._survey = listing.Survey()
        self._has_fulfillments = True

    def is_ping(self, delivery: Delivery) -> bool:
        return webhook.is_ping(delivery)

    def verify(self, delivery: Delivery) -> None:
        webhook.verify(delivery, self._connection.webhook_secrets)

    def read(self, delivery: Delivery) -> Notice:
        return webhook.read(delivery)

    async def check(self) -> Checkup:
        return await checkup.check(self._http, self._rest.credentials, self._settings)

    async def fetch_order(self, order_id: str) -> StoreOrder:
        """One call; a second for refunds when the order has any, another for core fulfillments when they can add."""
        return await self._understood(await self._order(order_id))

    async def find_order(self, idealo_order_id: str, since: datetime, *, fresh: bool = True) -> StoreOrder | None:
        """Compares our own meta of every order since an hour before `since`, in the trash as well."""
        if not fresh and not await self._survey.carries(self._rest, idealo_order_id, since, datetime.now(UTC)):
            return None
        order_id = await listing.find(self._rest, idealo_order_id, since, datetime.now(UTC))
        if order_id is None:
            return None
        return await self.fetch_order(order_id)

    def changed_orders(self, since: datetime) -> AsyncIterator[str]:
        return listing.changed(self._rest, since)

    async def create_order(self, draft: Draft, buyer: Buyer, announce: Announce = nobody) -> StoreOrder:
        """Looks the SKUs up, creates, and compares: cents are corrected, anything more goes on hold with a
        contradiction. Never raises for an order that stands, unless the shop stops answering.
        """
        products = await self._shop.products([line.store_sku for line in draft.lines])
        taxes = await self._shop.taxes()
        both = addresses(buyer, self._settings)
        placement = order_body(draft, both, valid_mail(buyer), products, taxes, self._settings)
        await announce()
        order = await self._created(placement)
        order, corrected = await self._corrected(order, draft)
        wrong = placed.contradictions(order, placement.body, draft.purchase.total)
        if wrong:
            order = await self._changed(order, placed.hold(wrong))
        ordered = units_per_sku((line.store_sku, line.line.quantity) for line in draft.lines)
        notes = [*placement.notes, *corrected, *shortages(products, ordered), *await self._noted(order, draft, wrong)]
        snapshot = store_order(order, [], [], self._settings)
        return snapshot.model_copy(update={"contradictions": (*snapshot.contradictions, *wrong), "notes": tuple(notes)})

    async def cancel_order(self, order_id: str) -> StoreOrder:
        """Sets the status; WooCommerce puts the stock back itself (recorded 2026-11-23), also for an order in the
        trash. Permanent(state_conflict) when something has been shipped.
        """
        order = await self._order(order_id)
        refunds = await self._refunds(order)
        fulfillments = await self._fulfillments(order)
        now = store_order(order, refunds, fulfillments, self._settings)
        if now.shipments or any(line.shipped for line in now.lines):
            text = f"order {order_id} in the shop has already been shipped, in whole or in part; it was not cancelled"
            raise Permanent(Problem.STATE_CONFLICT, text)
        if now.cancelled and order.get("status") != "trash":
            return now
        answer = await self._rest.put(f"{ORDERS}/{_number(order_id)}", {"status": "cancelled"}, _fields=ORDER_FIELDS)
        return store_order(answer, refunds, fulfillments, self._settings)

    async def ensure_webhooks(self, url: str) -> tuple[Finding, ...]:
        secret = next(iter(self._connection.webhook_secrets), "")
        return await subscriptions.ensure(self._rest, self._connection.store_id, secret, url)

    async def _order(self, order_id: str) -> dict[str, Any]:
        try:
            answer = await self._rest.get(f"{ORDERS}/{_number(order_id)}", _fields=ORDER_FIELDS)
        except Refused as e:
            if e.status in {404, 410} and code_of(e).endswith("invalid_id"):
                text = f"order {order_id} is no longer in the shop; it was deleted for good"
                raise Permanent(Problem.STATE_CONFLICT, text) from e
            raise
        return document(answer, f"order {order_id}")

    async def _understood(self, order: dict[str, Any]) -> StoreOrder:
        snapshot = store_order(order, await self._refunds(order), await self._fulfillments(order), self._settings)
        wrong = placed.still_wrong(order)
        return snapshot.model_copy(update={"contradictions": (*snapshot.contradictions, *wrong)})

    async def _refunds(self, order: dict[str, Any]) -> list[dict[str, Any]]:
        """Quantities stand only here; the order lists ids and amounts (recorded 2026-11-23)."""
        if not has_refunds(order):
            return []
        path = f"{ORDERS}/{order_id_of(order)}/refunds"
        found = [refund async for page in self._rest.pages(path) for refund in page]
        read = {str(whole(r.get("id"), f"order {order_id_of(order)}: refunds.id")) for r in found}
        if refund_ids(order) - read:
            raise Retryable(f"GET {path}: the shop lists fewer refunds than the order names; they may still be coming")
        return found

    async def _fulfillments(self, order: dict[str, Any]) -> Any:
        """Parcels of WooCommerce's own fulfillments, which the order does not carry; the feature may be off."""
        if not self._has_fulfillments or not needs_fulfillments(order, self._settings):
            return []
        try:
            return await self._rest.get(f"{ORDERS}/{order_id_of(order)}/fulfillments")
        except Refused as e:
            if e.status == 404 and code_of(e) == "rest_no_route":
                self._has_fulfillments = False
                return []
            raise

    async def _created(self, placement: Placement) -> dict[str, Any]:
        try:
            answer = await self._rest.post(ORDERS, placement.body, _fields=f"{ORDER_FIELDS},billing,shipping")
        except Refused as e:
            await self._drop_draft(e)
            raise
        return document(answer, "new order")

    async def _drop_draft(self, refused: Refused) -> None:
        """Newer versions leave a draft behind when a creation breaks off, and name it in the error."""
        data = error_of(refused).get("data")
        draft = data.get("new_draft_order_id") if isinstance(data, dict) else None
        if not draft:
            return
        try:
            await self._rest.delete(f"{ORDERS}/{whole(draft, 'new_draft_order_id')}", force="true")
        except SyncError as e:
            text = f"{refused}; and its draft {draft} could not be deleted: {e}"
            raise Permanent(refused.problem, text) from refused

    async def _corrected(self, order: dict[str, Any], draft: Draft) -> tuple[dict[str, Any], list[str]]:
        allowed = placed.CENTS_WE_CORRECT + max(-draft.difference, Decimal(0)) * _TAX_ON_NEGATIVE_FEE
        notes = []
        for _ in range(_CORRECTIONS):
            missing = draft.purchase.total - placed.total_of(order)
            if not missing or abs(missing) > allowed:
                break
            order = await self._changed(order, {"fee_lines": [correction("Rundung idealo", missing)]})
            notes.append(f"corrected by {missing} on a line of its own to reach idealo's total")
        return order, notes

    async def _changed(self, order: dict[str, Any], body: dict[str, Any]) -> dict[str, Any]:
        path = f"{ORDERS}/{order_id_of(order)}"
        answer = await self._rest.put(path, body, _fields=f"{ORDER_FIELDS},billing,shipping")
        return document(answer, "new order")

    async def _noted(self, order: dict[str, Any], draft: Draft, wrong: list[Contradiction]) -> list[str]:
        """Writes the private note. The order stands and is complete: a note that fails is told, not raised."""
        notes = [clean(order_note(draft.purchase))] if self._settings.order_note else []
        if wrong:
            notes.append(hold_note([w.rule for w in wrong], draft.purchase.total, placed.total_of(order)))
        try:
            for note in notes:
                path = f"{ORDERS}/{order_id_of(order)}/notes"
                await self._rest.post(path, {"note": note, "customer_note": False}, _fields="id")
        except SyncError as e:
            return [f"the note on the order could not be written: {e}"]
        return []


def _number(order_id: str) -> str:
    """An order id as it stands in a path; ids are digits."""
    if not (order_id.isascii() and order_id.isdigit()):
        raise Permanent(Problem.STATE_CONFLICT, f"{order_id[:40]!r} is no WooCommerce order number")
    return order_id
