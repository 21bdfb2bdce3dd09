"""What the shop stores: rows as Magento's tables keep them, money as Decimal, ids as numbers."""

from dataclasses import asdict, dataclass, field
from decimal import Decimal
from typing import Any

from sandbox.stores.magento2.php import ZERO, decimal, plain
from sandbox.stores.port import Product as NeutralProduct

Row = dict[str, Any]
"""Columns by name; a null column may be absent."""


@dataclass(slots=True)
class Product:
    """A catalogue product. `price` includes tax or not as the shop's settings say. A variant names its `parent_id`."""

    id: int
    sku: str
    name: str
    price: Decimal
    created: str
    updated: str
    type_id: str = "simple"
    attribute_set_id: int = 4
    status: int = 1
    visibility: int = 4
    weight: Decimal | None = Decimal("0.5")
    tax_class: str = "2"
    parent_id: int | None = None
    options: dict[str, str] = field(default_factory=dict)
    """Attribute label -> value label, what sets a variant apart."""
    custom: dict[str, Any] = field(default_factory=dict)
    stock_qty: Decimal = ZERO
    """The legacy stock item, which knows nothing of reservations."""
    in_stock: bool = True
    manage_stock: bool = True
    backorders: int = 0
    neutral: Row | None = None

    def as_put(self) -> NeutralProduct | None:
        """The product as the sandbox's controls put it in, if they did."""
        return None if self.neutral is None else NeutralProduct.from_json(plain(self.neutral))


@dataclass(slots=True)
class Stock:
    """One SKU in the source `default` (Magento has no other here), and the sum of its reservations (negative: sold)."""

    id: int
    sku: str
    quantity: Decimal
    status: int = 1
    reserved: Decimal = ZERO

    @property
    def salable(self) -> Decimal:
        """What may still be sold."""
        return self.quantity + self.reserved if self.status else ZERO


@dataclass(slots=True)
class Order:
    """An order with everything that is stored beside it; `histories` oldest first."""

    id: int
    columns: Row
    items: list[Row]
    billing: Row
    payment: Row
    shipping: Row | None = None
    shipping_method: str | None = None
    histories: list[Row] = field(default_factory=list)
    applied_taxes: list[Row] = field(default_factory=list)
    item_applied_taxes: list[Row] = field(default_factory=list)
    payment_info: list[Row] = field(default_factory=list)
    from_quote: bool = False
    idealo_order_id: str | None = None
    """Set where the bridge's module placed it."""

    def amount(self, name: str) -> Decimal:
        """A money column, zero when null."""
        return decimal(self.columns.get(name))

    @property
    def state(self) -> str:
        return str(self.columns.get("state") or "")

    def item(self, item_id: int) -> Row | None:
        """An item by its id."""
        return next((item for item in self.items if item["item_id"] == item_id), None)

    def sold_items(self) -> list[Row]:
        """Rows without parent: what was bought."""
        return [item for item in self.items if not item.get("parent_item_id")]


@dataclass(slots=True)
class Shipment:
    """A shipment; `tracks` and `items` as rows."""

    id: int
    columns: Row
    items: list[Row]
    tracks: list[Row] = field(default_factory=list)
    comments: list[Row] = field(default_factory=list)


@dataclass(slots=True)
class Invoice:
    """An invoice."""

    id: int
    columns: Row
    items: list[Row]


@dataclass(slots=True)
class CreditMemo:
    """A credit memo; always offline here, so it is refunded at once (state 2)."""

    id: int
    columns: Row
    items: list[Row]
    comments: list[Row] = field(default_factory=list)


@dataclass(slots=True)
class Quote:
    """A cart. `masked`: the id a guest knows it by."""

    id: int
    masked: str
    items: list[Row] = field(default_factory=list)
    shipping: Row | None = None
    billing: Row | None = None
    method: str | None = None
    order_id: int | None = None


@dataclass(slots=True)
class TaxRate:
    """A tax rate; `rate` in percent."""

    id: int
    columns: Row


@dataclass(slots=True)
class TaxRule:
    """Binds customer and product tax classes to rates."""

    id: int
    columns: Row


@dataclass(slots=True)
class Delivery:
    """A row of the module's outbox. `status`: pending, sent or dead."""

    id: int
    uuid: str
    event: str
    body: str
    order_id: int
    status: str = "pending"
    attempts: int = 0
    due: str = ""


Thing = Product | Stock | Order | Shipment | Invoice | CreditMemo | Quote | TaxRate | TaxRule | Delivery


def document(thing: Thing) -> Any:
    """JSON-safe form of a stored object."""
    return plain(asdict(thing))


def qty_to_invoice(item: Row) -> Decimal:
    """Units not invoiced and not cancelled."""
    left = decimal(item["qty_ordered"]) - decimal(item.get("qty_invoiced")) - decimal(item.get("qty_canceled"))
    return max(left, ZERO)


def qty_to_ship(item: Row) -> Decimal:
    """Units that may still leave; since 2.4 shipped and refunded units overlap (Order.Item::getSimpleQtyToShip)."""
    gone = max(decimal(item.get("qty_shipped")), decimal(item.get("qty_refunded")))
    return max(decimal(item["qty_ordered"]) - gone - decimal(item.get("qty_canceled")), ZERO)


def qty_to_cancel(item: Row) -> Decimal:
    """Units a cancellation takes away."""
    return min(qty_to_invoice(item), qty_to_ship(item))


def qty_to_refund(item: Row) -> Decimal:
    """Units invoiced and not refunded."""
    return max(decimal(item.get("qty_invoiced")) - decimal(item.get("qty_refunded")), ZERO)
