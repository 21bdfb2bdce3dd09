"""The shop itself: its tables, counters and clock, which documents changed, and the events its module listens to."""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sandbox.stores.kept import Kept
from sandbox.stores.magento2.model import (
    CreditMemo,
    Delivery,
    Invoice,
    Order,
    Product,
    Quote,
    Shipment,
    Stock,
    TaxRate,
    TaxRule,
    Thing,
    document,
)
from sandbox.stores.magento2.options import Options
from sandbox.stores.magento2.php import ZERO, exact, moment

if TYPE_CHECKING:
    from sandbox.world import World

_KINDS: Final[dict[str, type[Thing]]] = {
    kind.__name__.lower(): kind
    for kind in (Product, Stock, Order, Shipment, Invoice, CreditMemo, Quote, TaxRate, TaxRule, Delivery)
}


@dataclass(frozen=True, slots=True)
class Event:
    """What an observer of the bridge's module sees: `entity` names the saved object."""

    name: str
    order_id: int
    entity_type: str
    entity_id: int
    parent_id: int | None = None


class Shop(Kept[Options, Event]):
    """Everything one Magento installation stores. Objects are changed in place and then `touch`ed."""

    def __init__(self, world: "World") -> None:
        self.on_commit: Callable[[list[Event]], None] = lambda _events: None
        self.on_restore: Callable[[], None] = lambda: None
        self.on_options: Callable[[], None] = lambda: None
        super().__init__(world)

    def clear(self) -> None:
        """A shop as freshly installed, with Magento's two American tax rates."""
        self._empty(Options())
        self.products: dict[int, Product] = {}
        self.stocks: dict[int, Stock] = {}
        self.orders: dict[int, Order] = {}
        self.shipments: dict[int, Shipment] = {}
        self.invoices: dict[int, Invoice] = {}
        self.creditmemos: dict[int, CreditMemo] = {}
        self.quotes: dict[int, Quote] = {}
        self.taxrates: dict[int, TaxRate] = {}
        self.taxrules: dict[int, TaxRule] = {}
        self.deliverys: dict[int, Delivery] = {}
        self.nonces: dict[str, int] = {}
        self.last_seen_url = "http://localhost/stores/magento2/"
        self._from_connector = False
        for code, rate in (("US-CA-*-Rate 1", "8.25"), ("US-NY-*-Rate 1", "8.375")):
            number = self.new_id("taxrate")
            region = 12 if "CA" in code else 43
            columns = {
                "tax_country_id": "US", "tax_region_id": region, "tax_postcode": "*", "rate": exact(float(rate)),
                "code": code,
            }  # fmt: skip
            self.add(TaxRate(id=number, columns=columns))

    def stamp(self) -> str:
        """Now, as the database prints it."""
        return moment(self.now())

    def new_id(self, counter: str) -> int:
        """Next number of a table (`order`, `order_item`, `address`, `history`, `track` ...)."""
        self.counters[counter] = self.counters.get(counter, 0) + 1
        self._dirty.add("counters")
        return self.counters[counter]

    def add(self, thing: Thing) -> None:
        """Store a new object."""
        self._table(type(thing).__name__.lower())[thing.id] = thing
        self.touch(thing)

    def remove(self, thing: Thing) -> None:
        """Delete an object."""
        self._table(type(thing).__name__.lower()).pop(thing.id, None)
        self.touch(thing)

    def _table(self, name: str) -> dict[int, Any]:
        table: dict[int, Any] = getattr(self, f"{name}s")
        return table

    def set_options(self, options: Options) -> None:
        """Take over new switches; the module looks at its own."""
        super().set_options(options)
        self.on_options()

    def fire(self, event: Event) -> None:
        """Note an event; observers run at the end of the request, once per event and object."""
        if event not in self._events:
            self._events.append(event)

    @property
    def from_connector(self) -> bool:
        """Whether the bridge's own endpoints are at work: what they cause is marked so (reference 8.6)."""
        return self._from_connector

    @contextmanager
    def act(self, *, connector: bool = False) -> Iterator[None]:
        """One PHP request; a failed one tells nobody, its outbox rows go down with the transaction."""
        self._from_connector = connector
        try:
            yield
            self.on_commit(self._events)
        finally:
            self._events = []
            self._from_connector = False

    def product(self, sku: str) -> Product | None:
        """The product with that SKU; MySQL compares without case."""
        wanted = sku.strip().casefold()
        return next((product for product in self.products.values() if product.sku.casefold() == wanted), None)

    def stock(self, sku: str) -> Stock | None:
        """The source item with that SKU."""
        wanted = sku.strip().casefold()
        return next((stock for stock in self.stocks.values() if stock.sku.casefold() == wanted), None)

    def stock_of(self, sku: str) -> Stock:
        """The source item with that SKU, made empty where there is none."""
        found = self.stock(sku)
        if found is None:
            found = Stock(id=self.new_id("stock"), sku=sku, quantity=ZERO, status=0)
            self.add(found)
        return found

    def shipments_of(self, order_id: int) -> list[Shipment]:
        """Shipments of an order, oldest first."""
        return [shipment for shipment in self.shipments.values() if shipment.columns["order_id"] == order_id]

    def creditmemos_of(self, order_id: int) -> list[CreditMemo]:
        """Credit memos of an order, oldest first."""
        return [memo for memo in self.creditmemos.values() if memo.columns["order_id"] == order_id]

    def secret(self, text: str) -> str:
        """32 hexadecimal digits nobody can foretell without the shop's key."""
        return hashlib.md5(f"{self.world.seed}/crypt/{text}".encode()).hexdigest()  # noqa: S324 - as Magento does

    def restore(self, documents: Mapping[str, Any]) -> None:
        """As of every store; the module takes up what it had not sent."""
        super().restore(documents)
        if documents:
            self.on_restore()

    def _tables(self) -> dict[str, dict[int, Any]]:
        return {kind: self._table(kind) for kind in _KINDS}

    def _thing(self, table: str, document: Any) -> Thing:
        return _KINDS[table](**_decimals(table, document))

    def _document_of(self, thing: Thing) -> Any:
        return document(thing)


_DECIMAL_FIELDS: Final = {
    "product": ("price", "weight", "stock_qty"),
    "stock": ("quantity", "reserved"),
}


def _decimals(kind: str, stored: Any) -> dict[str, Any]:
    """A kept document as constructor arguments; whole numbers of money fields come back as Decimal too."""
    fields: dict[str, Any] = exact(stored)
    for name in _DECIMAL_FIELDS.get(kind, ()):
        if isinstance(fields[name], int):
            fields[name] = exact(float(fields[name]))
    return fields
