"""A fake Shopify store in this process, and adapters connected to it."""

import ssl
from collections.abc import Mapping, Sequence
from typing import Any

from app.domain.orders import PurchaseLine, StoreOrder
from app.domain.tax import Draft, TaxRate, draft
from app.ports import Connection
from app.stores.shopify import Adapter
from app.stores.shopify.settings import Credentials, Settings
from app.wire.http import open_http
from sandbox.inprocess import SandboxTransport
from sandbox.stores.port import NeutralOrder
from sandbox.stores.shopify import FakeShopify
from sandbox.world import World
from tests.factories import a_purchase

BASE = "http://127.0.0.1:8100/stores/shopify"
STORE_ID = "0f0e3c0a-9d1f-4a39-8f0f-3a5a55a5d7b1"
KANNE, KAFFEE, BUCH = "100000", "100006", "100005"


class FakeShop:
    """The sandbox's store with the calls it got. Its clock is real unless a test moves it."""

    def __init__(self, **options: Any) -> None:
        self.world = World(seed=7)
        store = self.world.stores["shopify"]
        assert isinstance(store, FakeShopify)
        self.store = store
        self.store.set_options({"job_seconds": 0, "index_delay_seconds": 0, **options})
        self.transport = SandboxTransport(self.world)
        self.sent: list[str] = []

    def adapter(self, settings: Settings | None = None, credentials: Mapping[str, str] | None = None) -> Adapter:
        given = {"base_url": BASE, **(credentials or self.store.credentials())}
        context = ssl.create_default_context()
        http = open_http("store", self._observe, allow_private=True, ssl_context=context, transport=self.transport)
        connection = Connection(
            store_id=STORE_ID,
            credentials=Credentials.model_validate(given),
            webhook_secrets=("made by the bridge",),
            settings=settings or Settings(),
        )
        return Adapter(connection, http)

    def _observe(self, side: str, method: str, outcome: str, seconds: float) -> None:
        self.sent.append(f"{method} {outcome}")

    def neutral(self, snapshot: StoreOrder) -> NeutralOrder:
        (order,) = self.store.orders(None, snapshot.store_order_id)
        return order

    def stock(self, sku: str) -> int:
        return next(product.stock for product in self.store.products() if product.sku == sku)


def an_order(
    *lines: PurchaseLine, rates: Sequence[TaxRate] = (), aliases: dict[str, str] | None = None, **more: Any
) -> Draft:
    return draft(a_purchase(*lines, **more), "DE", rates, aliases or {})
