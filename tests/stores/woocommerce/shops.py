"""A fake WooCommerce shop in this process, and adapters connected to it."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from app.domain.orders import StoreOrder
from app.stores.woocommerce import Adapter
from app.stores.woocommerce.settings import Credentials, Settings
from sandbox.stores.woocommerce import FakeWooCommerce
from sandbox.stores.woocommerce.order_view import OrderView
from tests.stores.asked import WEBHOOK_SECRET, AskedShop, connection

BASE = "http://127.0.0.1:8100/stores/woocommerce"


class FakeShop(AskedShop[FakeWooCommerce]):
    def __init__(self, clock: Callable[[], datetime] | None = None, **options: Any) -> None:
        super().__init__("woocommerce", FakeWooCommerce, options, clock)

    def adapter(
        self,
        settings: Settings | None = None,
        credentials: Mapping[str, str] | None = None,
        *,
        secrets: tuple[str, ...] = (WEBHOOK_SECRET,),
    ) -> Adapter:
        given = {"base_url": BASE, **self.store.credentials(), **(credentials or {})}
        return Adapter(connection(Credentials.model_validate(given), settings or Settings(), secrets), self.http())

    def order(self, snapshot: StoreOrder) -> dict[str, Any]:
        """The order as the shop's own API shows it."""
        view = OrderView(self.store.shop, BASE)
        shown: dict[str, Any] = view.order(self.store.shop.orders[int(snapshot.store_order_id)])
        return shown

    def notes(self, snapshot: StoreOrder) -> list[str]:
        return [note.text for note in self.store.shop.orders[int(snapshot.store_order_id)].notes]
