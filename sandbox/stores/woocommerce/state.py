"""The shop itself: its tables, counters and clock, which documents changed, and which webhook events are waiting."""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from pydantic import BaseModel

from sandbox.stores.kept import Kept
from sandbox.stores.woocommerce.model import Hook, Meta, Order, Product, Refund
from sandbox.stores.woocommerce.options import Options

if TYPE_CHECKING:
    from sandbox.world import World

# Hidden rows WooCommerce writes beside the visible ones; they explain the gaps in the recorded meta ids.
HIDDEN_ROWS = {"line": 9, "shipping": 5, "tax": 6, "fee": 6, "paid": 2, "refund": 4}

_MODELS: Final[dict[str, type[BaseModel]]] = {"order": Order, "refund": Refund, "product": Product, "hook": Hook}

Event = tuple[str, int]
"""Webhook topic and object id."""


class Shop(Kept[Options, Event]):
    """Everything one WooCommerce site stores. Objects are changed in place and then `touch`ed."""

    def __init__(self, world: "World", *, first_id: int = 11) -> None:
        self._first_id = first_id
        self.on_commit: Callable[[list[Event]], None] = lambda _events: None
        super().__init__(world)

    def clear(self) -> None:
        """A shop as freshly installed; objects count up from `first_id`, below it lie WordPress's own pages."""
        self._empty(Options())
        self.counters["post"] = self._first_id - 1
        self.orders: dict[int, Order] = {}
        self.refunds: dict[int, Refund] = {}
        self.products: dict[int, Product] = {}
        self.hooks: dict[int, Hook] = {}
        self.last_seen_url = "http://localhost/stores/woocommerce"

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

    def save(self, order: Order) -> None:
        """`$order->save()`: touches the modification date and fires `order.updated`."""
        order.modified = self.now()
        self.touch(order)
        self.fire("order.updated", order.id)

    @contextmanager
    def act(self) -> Iterator[None]:
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

    def _tables(self) -> dict[str, dict[int, Any]]:
        return {"order": self.orders, "refund": self.refunds, "product": self.products, "hook": self.hooks}

    def _thing(self, table: str, document: Any) -> BaseModel:
        return _MODELS[table].model_validate(document)
