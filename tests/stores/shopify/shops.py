"""A fake Shopify store in this process, and adapters connected to it."""

from collections.abc import Mapping
from typing import Any

from app.stores.shopify import Adapter
from app.stores.shopify.settings import Credentials, Settings
from sandbox.stores.shopify import FakeShopify
from tests.stores.asked import AskedShop, connection

BASE = "http://127.0.0.1:8100/stores/shopify"
STORE_ID = "0f0e3c0a-9d1f-4a39-8f0f-3a5a55a5d7b1"


class FakeShop(AskedShop[FakeShopify]):
    """Its cancellations and its search index take no time unless a test wants them to."""

    def __init__(self, **options: Any) -> None:
        super().__init__("shopify", FakeShopify, {"job_seconds": 0, "index_delay_seconds": 0, **options})

    def adapter(self, settings: Settings | None = None, credentials: Mapping[str, str] | None = None) -> Adapter:
        given = Credentials.model_validate({"base_url": BASE, **(credentials or self.store.credentials())})
        return Adapter(connection(given, settings or Settings(), ("made by the bridge",), STORE_ID), self.http())
