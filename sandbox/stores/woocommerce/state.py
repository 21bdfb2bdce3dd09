"""The shop itself: its tables, counters and clock, which documents changed, and which webhook events are waiting."""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sandbox.stores.woocommerce.model import Hook, Meta, Order, Product, Refund
from sandbox.stores.woocommerce.options import Options

if TYPE_CHECKING:
    from sandbox.world import World

# Hidden rows WooCommerce writes beside the visible ones; they explain the gaps in the recorded meta ids.
HIDDEN_ROWS = {"line": 9, "shipping": 5, "tax": 6, "fee": 6, "paid": 2, "refund": 4}

Event = tuple[str, int]
"""Webhook topic and object id."""


class Shop:
    """Everything one WooCommerce site stores. Objects are changed in place and then `touch`ed."""

    def __init__(self, world: "World", *, first_id: int = 11) -> None:
        self.world = world
        self._first_id = first_id
        self.on_commit: Callable[[list[Event]], None] = lambda _events: None
        self.clear()

    def clear(self) -> None:
        """A shop as freshly installed; objects count up from `first_id`, below it lie WordPress's own pages."""
        self.options = Options()
        self.orders: dict[int, Order] = {}
        self.refunds: dict[int, Refund] = {}
        self.products: dict[int, Product] = {}
        self.hooks: dict[int, Hook] = {}
        self.counters = {"post": self._first_id - 1}
        self.last_seen_url = "http://localhost/stores/woocommerce"
        self._dirty: set[str] = set()
        self._events: list[Event] = []

    def now(self) -> datetime:
        """The sandbox's time in whole seconds, as the shop's tables keep it."""
        return self.world.now().replace(microsecond=0)

    def new_id(self, counter: str, *, rows: int = 1) -> int:
        """Next number of a table (`post`, `item`, `order_meta`, `item_meta`, `note` ...), `rows` at once."""
        self.counters[counter] = self.counters.get(counter, 0) + rows
        self._dirty.add("counters")
        return self.counters[counter]

    def new_meta(self, counter: str, key: str, value: Any) -> Meta:
        """A new row of custom data."""
        return Meta(id=self.new_id(counter), key=key, value=value)

    def new_item(self, kind: str) -> int:
        """Id of a new order item; its hidden rows use up numbers too."""
        self.new_id("item_meta", rows=HIDDEN_ROWS[kind])
        return self.new_id("item")

    def touch(self, thing: Order | Refund | Product | Hook) -> None:
        """Say that an object changed."""
        self._dirty.add(f"{type(thing).__name__.lower()}/{thing.id}")

    def set_options(self, options: Options) -> None:
        """Take over new switches."""
        self.options = options
        self._dirty.add("options")

    def home_url(self) -> str:
        """Address of the site as webhooks know it."""
        return self.options.home_url or self.last_seen_url

    def fire(self, topic: str, object_id: int) -> None:
        """Note a webhook event; it leaves at the end of the request, once per topic and object."""
        if (topic, object_id) not in self._events:
            self._events.append((topic, object_id))

    def unfire(self, topic: str, object_id: int) -> None:
        """Take a webhook event back that has not left yet."""
        self._events = [event for event in self._events if event != (topic, object_id)]

    def forget_events(self) -> None:
        """Drop what is queued: a shop's first catalogue tells nobody."""
        self._events.clear()

    def save(self, order: Order) -> None:
        """`$order->save()`: touches the modification date and fires `order.updated`."""
        order.modified = self.now()
        self.touch(order)
        self.fire("order.updated", order.id)

    @contextmanager
    def request(self) -> Iterator[None]:
        """One PHP request: queued webhook events are handed over when it ends, also when it fails."""
        try:
            yield
        finally:
            events, self._events = self._events, []
            self.on_commit(events)

    def refunds_of(self, order_id: int) -> list[Refund]:
        """Refunds of an order, latest second first, as the shop lists them (recorded webhooks 035, 038)."""
        found = sorted((refund for refund in self.refunds.values() if refund.order_id == order_id), key=lambda r: r.id)
        return sorted(found, key=lambda refund: refund.created, reverse=True)

    def variations_of(self, product_id: int) -> list[Product]:
        """Variations of a variable product by id."""
        return [product for product in self.products.values() if product.parent_id == product_id]

    def by_sku(self, sku: str) -> Product | None:
        """`wc_get_product_id_by_sku`: the oldest live product with that SKU; MySQL compares without case."""
        wanted = sku.strip().casefold()
        return next(
            (
                product
                for product in self.products.values()
                if product.sku and product.sku.casefold() == wanted and product.status != "trash"
            ),
            None,
        )

    def secret_hash(self, text: str) -> str:
        """`wp_hash`: keyed by the site, so nobody can foretell it."""
        return hashlib.md5(f"{self.world.seed}/salt/{text}".encode()).hexdigest()  # noqa: S324 - as WordPress does

    def changes(self) -> dict[str, Any | None]:
        """Documents changed since the last call, None for deleted ones."""
        changed = {name: self._document(name) for name in sorted(self._dirty)}
        self._dirty.clear()
        return changed

    def _document(self, name: str) -> Any | None:
        if name == "counters":
            return dict(self.counters)
        if name == "options":
            return self.options.model_dump(mode="json")
        table, _, key = name.partition("/")
        tables: dict[str, Mapping[int, Order | Refund | Product | Hook]] = {
            "order": self.orders, "refund": self.refunds, "product": self.products, "hook": self.hooks,
        }  # fmt: skip
        thing = tables[table].get(int(key))
        return None if thing is None else thing.model_dump(mode="json")

    def restore(self, documents: Mapping[str, Any]) -> None:
        """Take over documents kept earlier; nothing of it counts as changed."""
        if not documents:
            return
        self.clear()
        for name in sorted(documents, key=lambda name: (name.partition("/")[0], int(name.partition("/")[2] or 0))):
            table, _, key = name.partition("/")
            document = documents[name]
            match table:
                case "counters":
                    self.counters = dict(document)
                case "options":
                    self.options = Options.model_validate(document)
                case "order":
                    self.orders[int(key)] = Order.model_validate(document)
                case "refund":
                    self.refunds[int(key)] = Refund.model_validate(document)
                case "product":
                    self.products[int(key)] = Product.model_validate(document)
                case "hook":
                    self.hooks[int(key)] = Hook.model_validate(document)
        self._dirty.clear()
        self._events.clear()
