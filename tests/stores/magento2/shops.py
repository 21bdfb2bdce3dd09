"""A fake Magento 2 shop in this process, and adapters connected to it."""

import ssl
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from app.domain.orders import PurchaseLine, StoreOrder
from app.domain.tax import Draft, TaxRate, draft
from app.ports import Connection
from app.stores.magento2 import Adapter
from app.stores.magento2.settings import Credentials, Settings
from app.wire.http import open_http
from sandbox.inprocess import SandboxTransport
from sandbox.stores.magento2 import FakeMagento2
from sandbox.world import World
from tests.factories import a_purchase

BASE = "http://127.0.0.1:8100/stores/magento2"
WEBHOOK_SECRET = "vK3pX9sQ2mW7tB4nR8yH1cF6jL5dZ0aG3eU7iO2wP9kT4xVb"
HOOK_URL = "https://bridge.example/webhooks/magento2/s-1"
KANNE, KAFFEE, BUCH, SHIRT = "100000", "100006", "100005", "SHIRT-100-BL-M"


class FakeShop:
    """The sandbox's shop with the calls it got."""

    def __init__(self, clock: Callable[[], datetime] | None = None, **options: Any) -> None:
        self.world = World(seed=7, clock=clock)
        store = self.world.stores["magento2"]
        assert isinstance(store, FakeMagento2)
        self.store = store
        if options:
            self.store.set_options(options)
        self.transport = SandboxTransport(self.world)
        self.sent: list[str] = []

    def adapter(
        self,
        settings: Settings | None = None,
        credentials: Mapping[str, str] | None = None,
        *,
        secrets: tuple[str, ...] = (WEBHOOK_SECRET,),
    ) -> Adapter:
        given = {"base_url": BASE, **(self.store.credentials() if credentials is None else {}), **(credentials or {})}
        context = ssl.create_default_context()
        http = open_http("store", self._observe, allow_private=True, ssl_context=context, transport=self.transport)
        connection = Connection(
            store_id="s-1",
            credentials=Credentials.model_validate(given),
            webhook_secrets=secrets,
            settings=settings or Settings(),
        )
        return Adapter(connection, http)

    def _observe(self, side: str, method: str, outcome: str, seconds: float) -> None:
        self.sent.append(f"{method} {outcome}")

    def stock(self, sku: str) -> int:
        return next(p.stock for p in self.store.products() if p.sku == sku)

    def state(self, snapshot: StoreOrder) -> str:
        return self.store.orders(None, snapshot.store_order_id)[0].state


def an_order(
    *lines: PurchaseLine, rates: Sequence[TaxRate] = (), aliases: dict[str, str] | None = None, **more: Any
) -> Draft:
    return draft(a_purchase(*lines, **more), "DE", rates, aliases or {})


def with_difference(placed: Draft, difference: str) -> Draft:
    """A draft whose total differs from the sum of its parts, as idealo's own sums sometimes do."""
    purchase = placed.purchase
    changed = purchase.model_copy(update={"total": purchase.total + Decimal(difference)})
    return placed.model_copy(update={"purchase": changed})
