"""One shop of the sandbox in this process, the calls it got, and what an adapter needs to talk to it."""

import ssl
from collections.abc import Callable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Generic, TypeVar

import httpx
from pydantic import BaseModel

from app.domain.orders import PurchaseLine, StoreOrder
from app.domain.settings import StoreSettings
from app.domain.tax import Draft, TaxRate, draft
from app.ports import Connection
from app.wire.http import Http, open_http
from sandbox.inprocess import SandboxTransport
from sandbox.stores.counter import Counter
from sandbox.stores.port import NeutralOrder
from sandbox.world import World
from tests.factories import a_purchase

KANNE, KAFFEE, BUCH, SHIRT = "100000", "100006", "100005", "SHIRT-100-BL-M"
WEBHOOK_SECRET = "vK3pX9sQ2mW7tB4nR8yH1cF6jL5dZ0aG3eU7iO2wP9kT4xVb"
TLS = ssl.create_default_context()
"""Made once: reading the machine's certificates takes longer than most tests."""

Store = TypeVar("Store", bound=Counter[Any])


class AskedShop(Generic[Store]):
    """A fake store of one kind. `sent` has method and outcome of every call; its clock is real unless one is given."""

    def __init__(
        self, kind: str, store: type[Store], options: dict[str, Any], clock: Callable[[], datetime] | None = None
    ) -> None:
        self.world = World(seed=7, clock=clock)
        found: object = self.world.stores[kind]
        assert isinstance(found, store)
        self.store: Store = found
        self.store.set_options(options)
        self.transport = SandboxTransport(self.world)
        self.sent: list[str] = []

    def http(self) -> Http:
        """A client whose calls reach this shop and are noted."""
        return http_to(self.transport, self._observe)

    def _observe(self, side: str, method: str, outcome: str, seconds: float) -> None:
        self.sent.append(f"{method} {outcome}")

    def neutral(self, snapshot: StoreOrder) -> NeutralOrder:
        """The order in the sandbox's neutral words."""
        (order,) = self.store.orders(None, snapshot.store_order_id)
        return order

    def stock(self, sku: str) -> int:
        """Units of an SKU that can be sold."""
        return next(product.stock for product in self.store.products() if product.sku == sku)


def http_to(
    transport: httpx.AsyncBaseTransport, observe: Callable[[str, str, str, float], None] = lambda *_: None
) -> Http:
    """A client of a store that ends in this transport."""
    return open_http("store", observe, allow_private=True, ssl_context=TLS, transport=transport)


def connection(
    credentials: BaseModel,
    settings: StoreSettings,
    secrets: tuple[str, ...] = (WEBHOOK_SECRET,),
    store_id: str = "s-1",
) -> Connection:
    return Connection(store_id=store_id, credentials=credentials, webhook_secrets=secrets, settings=settings)


def an_order(
    *lines: PurchaseLine, rates: Sequence[TaxRate] = (), aliases: dict[str, str] | None = None, **more: Any
) -> Draft:
    """A draft of a purchase with these lines, for a German shop."""
    return draft(a_purchase(*lines, **more), "DE", rates, aliases or {})


def with_difference(placed: Draft, difference: str) -> Draft:
    """A draft whose total differs from the sum of its parts, as idealo's own sums sometimes do."""
    purchase = placed.purchase
    changed = purchase.model_copy(update={"total": purchase.total + Decimal(difference)})
    return placed.model_copy(update={"purchase": changed})
