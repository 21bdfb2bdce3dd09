"""The Magento 2 store adapter: reads orders, places and cancels ours, looks after our module's webhooks."""

from collections.abc import AsyncIterator, Mapping
from datetime import datetime, timedelta
from typing import Any, ClassVar

from pydantic import BaseModel

from app.domain.buyer import Buyer
from app.domain.errors import Permanent, Problem, SyncError
from app.domain.orders import Contradiction, StoreOrder, units_per_sku
from app.domain.settings import StoreSettings
from app.domain.tax import Draft
from app.ports import Announce, Capabilities, Checkup, Connection, Delivery, Finding, Notice, nobody
from app.stores.magento2 import cancelling, checkup, listing, module, placed, webhook
from app.stores.magento2.addresses import addresses
from app.stores.magento2.chain import ORDER_FIELDS, read_chain, read_order
from app.stores.magento2.client import Rest
from app.stores.magento2.criteria import any_of
from app.stores.magento2.mapping import (
    MEMO_FIELDS,
    SHIPMENT_FIELDS,
    is_untouched,
    needs_memos,
    needs_shipments,
    store_order,
)
from app.stores.magento2.placing import order_entity
from app.stores.magento2.products import shortages
from app.stores.magento2.reading import document, identity
from app.stores.magento2.settings import Credentials as MagentoCredentials
from app.stores.magento2.settings import Settings as MagentoSettings
from app.stores.magento2.shop import ShopFacts
from app.stores.magento2.wording import hold_comment
from app.wire.http import Http


class Adapter:
    """One connected Magento 2 shop; tested against recordings of 2.4.6 (2026-11-23)."""

    Credentials: ClassVar[type[BaseModel]] = MagentoCredentials
    Settings: ClassVar[type[StoreSettings]] = MagentoSettings
    capabilities: ClassVar[Capabilities] = Capabilities(
        pushes="thin",
        # A PUT without an answer may still be running in PHP; its order shows once that is through.
        visible_after=timedelta(minutes=2),
        limits=(
            "Without our module Magento pushes nothing: changes are found by polling.",
            (
                "Direct import (PUT /V1/orders/create) reserves no stock; shipping and cancelling give back what was "
                "never reserved, so the salable quantity ends up too high by those units. Use it where an ERP sets it."
            ),
            "Import through our module reserves stock, with too little of it as well, and keeps idealo's prices.",
            (
                "The cart API is not used: it reserves stock, but takes the catalogue's prices and refuses what is "
                "short, while an idealo sale is binding at idealo's price."
            ),
            "A direct import whose answer was lost is found and linked, but not invoiced.",
            "A canceled order that was edited or reordered in the admin is judged by the order it goes on in.",
            "An invoiced order cannot be edited in Magento's admin; it is refunded with credit memos instead.",
            "A shipment, track or credit memo deleted by an extension is not taken back at idealo.",
        ),
    )
    content_types: ClassVar[frozenset[str]] = frozenset({"application/json"})
    webhook_headers: ClassVar[Mapping[str, str]] = {
        "X-Idealo-Connector-Signature": "v1= and the hex HMAC-SHA256 of `v1:<timestamp>:<delivery>:<raw body>`",
        "X-Idealo-Connector-Timestamp": "Unix seconds of this attempt; at most 300 s from our clock",
        "X-Idealo-Connector-Delivery": "UUID of the event, the same for every attempt",
        "X-Idealo-Connector-Event": "What happened, such as shipment.track.saved",
        "X-Idealo-Connector-Key-Id": "Mark of the secret that signed",
        "X-Idealo-Connector-Module": "Version of the module and of Magento",
    }

    def __init__(self, connection: Connection, http: Http) -> None:
        self._connection = connection
        self._http = http
        self._settings = MagentoSettings.model_validate(connection.settings.model_dump())
        self._rest = Rest(http, MagentoCredentials.model_validate(connection.credentials.model_dump()))
        self._shop = ShopFacts(self._rest, self._settings)

    def is_ping(self, delivery: Delivery) -> bool:  # noqa: ARG002 - the port's signature
        """Our module's own ping is signed, so nothing goes without a signature."""
        return False

    def verify(self, delivery: Delivery) -> None:
        webhook.verify(delivery, self._connection.webhook_secrets)

    def read(self, delivery: Delivery) -> Notice:
        return webhook.read(delivery)

    async def check(self) -> Checkup:
        return await checkup.check(self._http, self._rest.credentials, self._settings)

    async def fetch_order(self, order_id: str) -> StoreOrder:
        """One call, one more per edit, and one each for shipments and, once invoiced, credit memos."""
        return await self._understood(await read_chain(self._rest, order_id))

    async def find_order(  # the search is exact and cheap here, so it is always fresh
        self,
        idealo_order_id: str,
        since: datetime,
        *,
        fresh: bool = True,  # noqa: ARG002
    ) -> StoreOrder | None:
        """Asks for our ext_order_id and compares it exactly."""
        order_id = await listing.find(self._rest, idealo_order_id, since)
        if order_id is None:
            return None
        chain = await read_chain(self._rest, order_id)
        found = await self._understood(chain)
        if self._settings.invoice and not chain[-1].get("total_invoiced") and not found.cancelled:
            note = "found without an invoice: make one in the shop before a credit memo is needed"
            found = found.model_copy(update={"notes": (*found.notes, note)})
        return found

    def changed_orders(self, since: datetime) -> AsyncIterator[str]:
        return listing.changed(self._rest, since)

    async def create_order(self, draft: Draft, buyer: Buyer, announce: Announce = nobody) -> StoreOrder:
        """Looks the SKUs up, creates, invoices, and compares what the shop kept: what differs goes on hold with a
        contradiction. Never raises for an order that stands, unless the shop stops answering.
        """
        ordered = units_per_sku((line.store_sku, line.line.quantity) for line in draft.lines)
        products = await self._shop.products([line.store_sku for line in draft.lines])
        shop = await self._shop.view()
        short = shortages(products, ordered, await self._shop.salable(products))
        has_module = await self._shop.module() is not None
        if shop.currency != draft.purchase.currency:
            text = f"the shop's base currency is {shop.currency}, the order's {draft.purchase.currency}"
            raise Permanent(Problem.REJECTED, text)
        kept = addresses(buyer)
        entity = order_entity(draft, kept, products, shop, self._settings)
        await announce()
        order_id, notes = await self._created(entity, through_module=has_module)
        order = await read_order(self._rest, order_id, f"{ORDER_FIELDS},{placed.READ_BACK}")
        wrong = placed.contradictions(order, entity)
        if wrong:
            notes += await self._held(order_id, wrong)
        new = is_untouched(order)
        snapshot = store_order([order], [], [], self._settings) if new else await self._understood([order])
        rules = {(c.rule, c.about) for c in wrong}
        others = [c for c in snapshot.contradictions if (c.rule, c.about) not in rules]
        if kept.changed:
            notes.append("the address was adapted to what the shop takes; its original text is in the order's comment")
        told = {"contradictions": (*others, *wrong), "notes": (*dict.fromkeys([*notes, *short]),)}
        return snapshot.model_copy(update=told)

    async def cancel_order(self, order_id: str) -> StoreOrder:
        """Cancels, or refunds offline what is invoiced, and puts the goods back into stock; Permanent(state_conflict)
        when something has been shipped or units are left.
        """
        chain = await read_chain(self._rest, order_id)
        now = await self._understood(chain)
        cancelling.refuse_shipped(order_id, now)
        if cancelling.is_cancelled(now):
            return now
        await cancelling.cancel(self._rest, cancelling.newest(chain), now.idealo_order_id)
        return cancelling.checked(order_id, await self.fetch_order(order_id))

    async def ensure_webhooks(self, url: str) -> tuple[Finding, ...]:
        return await module.ensure(self._rest, next(iter(self._connection.webhook_secrets), ""), url)

    async def _understood(self, chain: list[dict[str, Any]]) -> StoreOrder:
        ids = [identity(order.get("entity_id"), "order: entity_id") for order in chain]
        of_chain = [[any_of("order_id", ids)]]
        shipments = (
            [row async for row in listing.rows(self._rest, listing.SHIPMENTS, of_chain, SHIPMENT_FIELDS)]
            if any(needs_shipments(order) for order in chain)
            else []
        )
        memos = (
            [row async for row in listing.rows(self._rest, listing.MEMOS, of_chain, MEMO_FIELDS)]
            if any(needs_memos(order) for order in chain)
            else []
        )
        return store_order(chain, shipments, memos, self._settings)

    async def _created(self, entity: dict[str, Any], *, through_module: bool) -> tuple[str, list[str]]:
        """The new order's id and notes: through our module where there is one, else directly and then invoiced."""
        if through_module:
            made = await module.create(self._rest, entity, invoice=self._settings.invoice)
            return made.order_id, list(made.warnings)
        answer = document(await self._rest.put("/V1/orders/create", {"entity": entity}), "new order")
        order_id = identity(answer.get("entity_id"), "new order: entity_id")
        notes = ["imported directly: the shop has reserved no stock for it"]
        return order_id, notes + await self._invoiced(order_id)

    async def _invoiced(self, order_id: str) -> list[str]:
        """An offline invoice over everything. The order stands: an invoice that fails is told, not raised."""
        if not self._settings.invoice:
            return []
        try:
            await self._rest.post(f"/V1/order/{order_id}/invoice", {"capture": True, "notify": False})
        except SyncError as e:
            return [f"the invoice could not be made, so make it in the shop before a credit memo is needed: {e}"]
        return []

    async def _held(self, order_id: str, wrong: list[Contradiction]) -> list[str]:
        comment = {"comment": hold_comment([c.detail for c in wrong]), "parent_id": int(order_id)}
        quiet = {"is_customer_notified": 0, "is_visible_on_front": 0}
        try:
            await self._rest.post(f"/V1/orders/{order_id}/hold")
            await self._rest.post(f"/V1/orders/{order_id}/comments", {"statusHistory": {**comment, **quiet}})
        except SyncError as e:
            return [f"the order could not be put on hold: {e}"]
        return []
