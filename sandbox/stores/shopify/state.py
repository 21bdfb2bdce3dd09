"""The store itself: its tables, counters and clock, which documents changed, and which webhook events are waiting."""

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from pydantic import BaseModel

from sandbox.stores.kept import Kept
from sandbox.stores.shopify.model import Order
from sandbox.stores.shopify.options import Options
from sandbox.stores.shopify.store_model import Customer, Definition, Edit, Hook, Job, Product, Variant
from sandbox.stores.shopify.units import index_words

if TYPE_CHECKING:
    from sandbox.world import World

SHOP_DOMAIN: Final = "idealo-sandbox.myshopify.com"
STEP: Final = 32_768
"""Real ids of one table lie this far apart (captures)."""
_FIRST_IDS: Final = {
    "Order": 9_007_199_254_772_642, "LineItem": 19_494_084_804_914, "ProductVariant": 48_540_157_378_793,
    "Product": 9_801_098_789_170, "InventoryItem": 53_469_430_055_218, "Fulfillment": 8_086_547_988_786,
    "FulfillmentOrder": 9_878_523_576_626, "FulfillmentOrderLineItem": 20_096_549_323_058,
    "FulfillmentLineItem": 17_688_128_913_714, "Refund": 1_028_613_341_490, "RefundLineItem": 654_574_944_562,
    "OrderTransaction": 10_572_748_128_562, "Return": 15_077_900_594, "ReturnLineItem": 22_936_551_730,
    "WebhookSubscription": 1_929_113_141_554, "Customer": 9_096_793_751_785, "CalculatedOrder": 112_432_611_634,
}  # fmt: skip
_MODELS: Final[dict[str, type[BaseModel]]] = {
    "order": Order, "product": Product, "variant": Variant, "customer": Customer, "hook": Hook, "job": Job,
    "edit": Edit, "definition": Definition,
}  # fmt: skip

Event = tuple[str, dict[str, Any]]
"""Webhook topic (`orders/updated`) and body, as they were when it happened."""


class Shop(Kept[Options, Event]):
    """Everything one store keeps. Objects are changed in place and then `touch`ed."""

    counted = ("counters", "tokens")
    text_ids = frozenset({"job"})

    def __init__(self, world: "World") -> None:
        self.on_commit: Callable[[list[Event]], None] = lambda _events: None
        self.run_job: Callable[[Job], None] = lambda _job: None
        super().__init__(world)

    def clear(self) -> None:
        """A store as freshly opened."""
        self._empty(Options())
        self.orders: dict[int, Order] = {}
        self.products: dict[int, Product] = {}
        self.variants: dict[int, Variant] = {}
        self.customers: dict[int, Customer] = {}
        self.hooks: dict[int, Hook] = {}
        self.jobs: dict[str, Job] = {}
        self.edits: dict[int, Edit] = {}
        self.definitions: dict[int, Definition] = {}
        self.tokens: dict[str, str] = {}
        """Access tokens and when they end, ISO."""
        self.create_times: list[datetime] = []

    def new_id(self, kind: str) -> int:
        """Next id of a kind of object."""
        self.counters[kind] = self.counters.get(kind, 0) + 1
        self._dirty.add("counters")
        return _FIRST_IDS.get(kind, 35_289_666_519_273) + (self.counters[kind] - 1) * STEP

    def next_number(self, counter: str, first: int) -> int:
        """Next of a count such as order numbers."""
        self.counters[counter] = self.counters.get(counter, first - 1) + 1
        self._dirty.add("counters")
        return self.counters[counter]

    def new_uuid(self, stream: str) -> str:
        """A random id that the seed repeats."""
        return str(uuid.UUID(int=self.world.random(f"shopify/{stream}").getrandbits(128), version=4))

    def touch_tokens(self) -> None:
        """Say that the access tokens changed."""
        self._dirty.add("tokens")

    def save(self, order: Order) -> None:
        """An order changed: new `updatedAt`, and the index will notice in its own time."""
        order.updated = self.now()
        self.reindex(order)

    def reindex(self, order: Order) -> None:
        """Let the search index see the order as it is, `index_delay_seconds` from now."""
        visible = self.world.now() + timedelta(seconds=self.options.index_delay_seconds)
        seen = [entry for entry in order.index if entry.visible <= self.world.now()][-1:]
        waiting = [entry for entry in order.index if self.world.now() < entry.visible < visible]
        order.index = [*seen, *waiting, index_words(order, visible)]
        self.touch(order)

    def fire(self, topic: str, body: dict[str, Any]) -> None:
        """Note a webhook event; it leaves when the action is over."""
        self._events.append((topic, body))

    @contextmanager
    def act(self) -> Iterator[None]:
        """One action of a merchant or a mutation; its events share an event id and leave when it ends."""
        self.settle()
        try:
            yield
        finally:
            self._flush()

    def settle(self) -> None:
        """Finish the cancellations that are due; each is an action of its own."""
        for job in self.waiting_jobs():
            if job.due <= self.world.now():
                job.done = True
                self.touch(job)
                self.run_job(job)
                self._flush()

    def waiting_jobs(self) -> list[Job]:
        """Cancellations that are not done yet."""
        return [job for job in self.jobs.values() if not job.done]

    def _flush(self) -> None:
        events, self._events = self._events, []
        if events:
            self.on_commit(events)

    def by_sku(self, sku: str) -> Variant | None:
        """The oldest variant with exactly this SKU."""
        return next((variant for variant in self.variants.values() if variant.sku == sku), None)

    def _tables(self) -> dict[str, dict[Any, Any]]:
        return {
            "order": self.orders, "product": self.products, "variant": self.variants, "customer": self.customers,
            "hook": self.hooks, "job": self.jobs, "edit": self.edits, "definition": self.definitions,
        }  # fmt: skip

    def _thing(self, table: str, document: Any) -> BaseModel:
        return _MODELS[table].model_validate(document)
