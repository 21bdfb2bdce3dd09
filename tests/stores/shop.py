"""A sandbox shop of any kind with an adapter connected to it, for the contract every adapter keeps."""

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

from app.bootstrap import build_adapter
from app.domain.buyer import Buyer
from app.domain.orders import Purchase, StoreOrder
from app.domain.tax import Draft, draft
from app.ledger.records import StoreRecord
from app.ports import Delivery, StoreAdapter
from app.sync.keys import IdealoKeys, StoreKeys
from app.wire.http import Http
from sandbox.inprocess import SandboxTransport
from sandbox.stores.port import FakeStore, LineQuantity, Parcel
from sandbox.world import World
from tests.clock import Clock
from tests.factories import PLACED, a_buyer, a_line, a_purchase
from tests.stores.asked import http_to

ROOT = "http://sandbox.test"
SECRET = "aWebhookSecretOfForty8LettersAndDigits0123456789"
MUG, BITS = "100000", "100002"
SINCE = PLACED - timedelta(days=1)


@dataclass
class Shop:
    """One fake store, the adapter under test, and the merchant's hands."""

    kind: str
    clock: Clock
    world: World
    http: Http
    adapter: StoreAdapter

    @classmethod
    def open(cls, kind: str) -> "Shop":
        clock = Clock()
        world = World(clock=clock)
        http = http_to(SandboxTransport(world))
        return cls(kind, clock, world, http, connected(kind, world, http))

    @property
    def store(self) -> FakeStore:
        return self.world.stores[self.kind]

    def connected(self, secrets: tuple[str, ...] = (SECRET,), *, stranger: bool = False) -> StoreAdapter:
        """A further adapter for the same shop; a stranger's has no credential that signs webhooks."""
        return connected(self.kind, self.world, self.http, secrets, stranger=stranger)

    def fault(self, kind: str, **options: Any) -> None:
        self.world.faults.add(kind, side=self.kind, **options)

    async def create(self, idealo_order_id: str = "00K7MPX24R", **more: Any) -> StoreOrder:
        """Three mugs and two bit sets, bought at idealo."""
        order = await self.adapter.create_order(self.draft(idealo_order_id, **more), self.buyer())
        self.clock.pass_time(minutes=1)
        return order

    def purchase(self, idealo_order_id: str = "00K7MPX24R", **more: Any) -> Purchase:
        lines = (a_line(MUG, 3, "24.95"), a_line(BITS, 2, "14.95"))
        return a_purchase(*lines, idealo_order_id=idealo_order_id, placed_at=self.clock(), **more)

    def draft(self, idealo_order_id: str = "00K7MPX24R", **more: Any) -> Draft:
        return draft(self.purchase(idealo_order_id, **more), "DE", (), {})

    def buyer(self) -> Buyer:
        return a_buyer()

    def ship(self, order: StoreOrder, code: str, sku: str | None = None, quantity: int = 1) -> None:
        lines = None if sku is None else [LineQuantity(sku=sku, quantity=quantity)]
        self.store.ship(order.store_order_id, lines, [Parcel(carrier="DHL", tracking_code=code)])
        self.clock.pass_time(minutes=1)

    def cancel(self, order: StoreOrder, sku: str | None = None, quantity: int = 1) -> None:
        lines = None if sku is None else [LineQuantity(sku=sku, quantity=quantity)]
        self.store.cancel(order.store_order_id, lines, restock=True)
        self.clock.pass_time(minutes=1)

    def take_back(self, order: StoreOrder, sku: str, quantity: int = 1) -> None:
        self.store.return_(order.store_order_id, [LineQuantity(sku=sku, quantity=quantity)])
        self.clock.pass_time(minutes=1)

    def refund(self, order: StoreOrder, amount: str) -> None:
        self.store.refund(order.store_order_id, amount=Decimal(amount), lines=None, shipping=None)
        self.clock.pass_time(minutes=1)

    def deliveries(self) -> list[Delivery]:
        """The webhooks that wait to leave the shop, as the bridge would receive them now."""
        found = []
        for hook in self.world.outbox.waiting(self.kind):
            body = hook.body() if callable(hook.body) else hook.body
            headers = hook.headers(body) if callable(hook.headers) else hook.headers
            lower = {name.lower(): value for name, value in headers}
            found.append(Delivery(headers=lower, body=body, received_at=self.clock()))
        return found


def connected(
    kind: str, world: World, http: Http, secrets: tuple[str, ...] = (SECRET,), *, stranger: bool = False
) -> StoreAdapter:
    """An adapter as the bridge would build it from what an operator enters."""
    credentials = {**world.stores[kind].credentials(), "base_url": f"{ROOT}/stores/{kind}"}
    if stranger and "client_secret" in credentials:
        credentials["client_secret"] = "somebody-else's"
    keys = StoreKeys(
        credentials=credentials,
        idealo=IdealoKeys(client_id="c", client_secret="s", base_url=ROOT),
        webhook_secrets=secrets,
    )
    record = StoreRecord(
        id="shop-1", kind=kind, name="Shop", idealo_shop_id="1", sealed=b"", settings={}, version=1,
        webhooks_checked_at=None, webhooks_problem=None, paused_at=None, archived_at=None, created_at=PLACED,
    )  # fmt: skip
    return build_adapter(record, keys, http)
