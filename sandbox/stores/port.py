"""What every fake store offers the sandbox: its own API, the merchant's hands on it, and its state as documents."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Protocol

from starlette.types import ASGIApp


class SandboxRefusal(Exception):
    """Something that cannot be done in this sandbox; `field` names the input at fault (empty: none in particular)."""

    def __init__(self, field: str, message: str, *, status: int = 409) -> None:
        super().__init__(message)
        self.field = field
        self.message = message
        self.status = status


@dataclass(frozen=True, slots=True, kw_only=True)
class LineQuantity:
    """Some units of one SKU of an order."""

    sku: str
    quantity: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """One parcel as the merchant reports it."""

    carrier: str
    tracking_code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """A product of a store's catalogue.

    `price` is gross, in EUR, per unit. `tax_rate` is a percentage (19 or 7). A variant names its `parent`'s SKU and the
    `attributes` that set it apart; a product that is somebody's parent is a container and is not sold itself.
    """

    sku: str
    title: str
    price: Decimal
    stock: int
    tax_rate: Decimal = Decimal(19)
    parent: str | None = None
    attributes: tuple[tuple[str, str], ...] = ()

    def to_json(self) -> dict[str, Any]:
        """JSON-safe form; money as text with two decimals."""
        return {
            "sku": self.sku,
            "title": self.title,
            "price": f"{self.price:.2f}",
            "stock": self.stock,
            "tax_rate": str(self.tax_rate),
            "parent": self.parent,
            "attributes": [list(pair) for pair in self.attributes],
        }

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> "Product":
        """Reverse of `to_json`."""
        return cls(
            sku=document["sku"],
            title=document["title"],
            price=Decimal(document["price"]),
            stock=document["stock"],
            tax_rate=Decimal(document["tax_rate"]),
            parent=document["parent"],
            attributes=tuple((name, value) for name, value in document["attributes"]),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class NeutralLine:
    """Units of one SKU in a store order: ordered = open + shipped + cancelled, shipped >= returned."""

    sku: str
    quantity: int
    shipped: int = 0
    cancelled: int = 0
    returned: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class NeutralRefund:
    """Money a store paid back, positive, in the order's currency."""

    id: str
    amount: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class NeutralOrder:
    """A store order in words that fit every kind of store; `state` is the store's own word for it."""

    store_order_id: str
    number: str
    idealo_order_id: str | None
    state: str
    total: Decimal
    currency: str
    transaction_id: str | None
    lines: Sequence[NeutralLine]
    parcels: Sequence[Parcel] = ()
    refunds: Sequence[NeutralRefund] = ()

    def to_json(self) -> dict[str, Any]:
        """What `GET /_sandbox/stores/{kind}/orders` answers; money as text with two decimals."""
        return {
            "store_order_id": self.store_order_id,
            "number": self.number,
            "idealo_order_id": self.idealo_order_id,
            "state": self.state,
            "total": f"{self.total:.2f}",
            "currency": self.currency,
            "transaction_id": self.transaction_id,
            "lines": [
                {
                    "sku": line.sku,
                    "quantity": line.quantity,
                    "shipped": line.shipped,
                    "cancelled": line.cancelled,
                    "returned": line.returned,
                }
                for line in self.lines
            ],
            "parcels": [{"carrier": parcel.carrier, "tracking_code": parcel.tracking_code} for parcel in self.parcels],
            "refunds": [{"id": refund.id, "amount": f"{refund.amount:.2f}"} for refund in self.refunds],
        }


class Documents(Protocol):
    """State that can be kept as JSON documents, each under a name of its own (such as `order/17` or `counters`)."""

    def changes(self) -> dict[str, Any | None]:
        """Documents that changed since the last call (None: deleted); called after every request, so keep it cheap."""
        ...

    def restore(self, documents: Mapping[str, Any]) -> None:
        """Take over documents kept earlier; what is restored does not count as changed. Called once, before use."""
        ...

    def reset(self) -> None:
        """Back to the state of a fresh sandbox; what was kept is deleted by the caller."""
        ...


class FakeStore(Documents, Protocol):
    """One fake store. Merchant actions take effect as this kind of store records them and send its webhooks.

    Impossible actions (shipping more than is open, an unknown order or SKU) raise `SandboxRefusal` with the input field
    at fault ("store_order_id", "lines", "amount" ...); status 404 for an unknown order, else 409.
    """

    @property
    def kind(self) -> str:
        """`woocommerce`, `shopify` ..."""
        ...

    def app(self) -> ASGIApp:
        """The store's own API, mounted at /stores/{kind}; called once per served application."""
        ...

    def orders(self, idealo_order_id: str | None, store_order_id: str | None) -> list[NeutralOrder]:
        """Orders, oldest first, that match the given ids exactly (None: any)."""
        ...

    def ship(self, store_order_id: str, lines: Sequence[LineQuantity] | None, parcels: Sequence[Parcel]) -> None:
        """Ship these lines, or all that is open; no parcels means shipped without tracking."""
        ...

    def track(self, store_order_id: str, parcel: Parcel) -> None:
        """Add a parcel to what was shipped before."""
        ...

    def cancel(self, store_order_id: str, lines: Sequence[LineQuantity] | None, *, restock: bool) -> None:
        """Cancel these units, or the whole order."""
        ...

    def return_(self, store_order_id: str, lines: Sequence[LineQuantity] | None) -> None:
        """Take back these shipped units, or all that was shipped."""
        ...

    def refund(
        self,
        store_order_id: str,
        *,
        amount: Decimal | None,
        lines: Sequence[LineQuantity] | None,
        shipping: Decimal | None,
    ) -> None:
        """Pay back an amount, or the worth of these lines (plus this much of shipping); all None: what is left."""
        ...

    def products(self) -> list[Product]:
        """The catalogue with its stock."""
        ...

    def put_product(self, product: Product) -> None:
        """Create or replace a product by its SKU."""
        ...

    def credentials(self) -> dict[str, str]:
        """What an operator enters to connect, without `base_url`, which depends on where the sandbox is served."""
        ...

    def disable_webhooks(self) -> None:
        """Switch every webhook subscription off, as this kind of store shows it in its API after too many failures."""
        ...
