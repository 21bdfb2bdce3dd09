"""A fake Magento 2 shop in this process, and adapters connected to it."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from app.domain.orders import StoreOrder
from app.stores.magento2 import Adapter
from app.stores.magento2.settings import Credentials, Settings
from sandbox.stores.magento2 import FakeMagento2
from tests.stores.asked import WEBHOOK_SECRET, AskedShop, connection

BASE = "http://127.0.0.1:8100/stores/magento2"
HOOK_URL = "https://bridge.example/webhooks/magento2/s-1"


class FakeShop(AskedShop[FakeMagento2]):
    def __init__(self, clock: Callable[[], datetime] | None = None, **options: Any) -> None:
        super().__init__("magento2", FakeMagento2, options, clock)

    def adapter(
        self,
        settings: Settings | None = None,
        credentials: Mapping[str, str] | None = None,
        *,
        secrets: tuple[str, ...] = (WEBHOOK_SECRET,),
    ) -> Adapter:
        given = {"base_url": BASE, **(self.store.credentials() if credentials is None else credentials)}
        return Adapter(connection(Credentials.model_validate(given), settings or Settings(), secrets), self.http())

    def state(self, snapshot: StoreOrder) -> str:
        return self.neutral(snapshot).state
