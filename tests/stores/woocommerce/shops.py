"""A fake WooCommerce shop in this process, and adapters connected to it."""

import ssl
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from app.domain.orders import PurchaseLine, StoreOrder
from app.domain.tax import Draft, TaxRate, draft
from app.ports import Connection
from app.stores.woocommerce import Adapter
from app.stores.woocommerce.settings import Credentials, Settings
from app.wire.http import open_http
from sandbox.inprocess import SandboxTransport
from sandbox.stores.woocommerce import FakeWooCommerce
from sandbox.world import World
from tests.factories import a_purchase

BASE = "http://127.0.0.1:8100/stores/woocommerce"
WEBHOOK_SECRET = "vK3pX9sQ2mW7tB4nR8yH1cF6jL5dZ0aG3eU7iO2wP9kT4xVb"
KANNE, KAFFEE, BUCH, SHIRT = "100000", "100006", "100005", "SHIRT-100-BL-M"


class FakeShop:
    """The sandbox's shop with the calls it got."""

    def __init__(self, clock: Callable[[], datetime] | None = None, **options: Any) -> None:
        self.world = World(seed=7, clock=clock)
        store = self.world.stores["woocommerce"]
        assert isinstance(store, FakeWooCommerce)
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
        given = {"base_url": BASE, **self.store.credentials(), **(credentials or {})}
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

    def order(self, snapshot: StoreOrder) -> dict[str, Any]:
        """The order as the shop's own API shows it."""
        from sandbox.stores.woocommerce.order_view import OrderView  # noqa: PLC0415 - only few tests look so closely

        shown: dict[str, Any] = OrderView(self.store.shop, BASE).order(
            self.store.shop.orders[int(snapshot.store_order_id)]
        )
        return shown

    def notes(self, snapshot: StoreOrder) -> list[str]:
        return [note.text for note in self.store.shop.orders[int(snapshot.store_order_id)].notes]


def an_order(
    *lines: PurchaseLine, rates: Sequence[TaxRate] = (), aliases: dict[str, str] | None = None, **more: Any
) -> Draft:
    return draft(a_purchase(*lines, **more), "DE", rates, aliases or {})
