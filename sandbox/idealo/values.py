"""What the simulated idealo holds: orders, lines, refunds, shops, and how they become documents."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any


def _when(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _text(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def _money(text: str | None) -> Decimal | None:
    return Decimal(text) if text is not None else None


def _amount(money: Decimal | None) -> str | None:
    return str(money) if money is not None else None


@dataclass(slots=True, kw_only=True)
class Line:
    """One order line; `price` is per unit and gross, `remaining` the units not revoked."""

    sku: str
    title: str
    price: Decimal
    quantity: int
    remaining: int
    price_range_amount: Decimal | None = None
    merchant_id: str | None = None
    merchant_name: str | None = None
    delivery_text: str = "Lieferzeit 1-2 Werktage"
    extra: dict[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Document form."""
        names = ("sku", "title", "quantity", "remaining", "merchant_id", "merchant_name", "delivery_text", "extra")
        document: dict[str, Any] = {name: getattr(self, name) for name in names}
        return {**document, "price": str(self.price), "price_range_amount": _amount(self.price_range_amount)}

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> "Line":
        """Reverse of `to_json`."""
        return cls(
            **{
                **document,
                "price": Decimal(document["price"]),
                "price_range_amount": _money(document["price_range_amount"]),
            }
        )


@dataclass(slots=True, kw_only=True)
class Address:
    """A billing or shipping address; None: the buyer did not give it."""

    first_name: str
    last_name: str
    line1: str
    postal_code: str
    city: str
    line2: str | None = None
    salutation: str | None = "NONE"
    country_code: str = "DE"

    def to_json(self) -> dict[str, Any]:
        """Document form."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(slots=True, kw_only=True)
class Refund:
    """Money paid back; `final_at` is the moment at which an OPEN one turns into `final_status`."""

    id: str
    transaction_id: str
    status: str
    amount: Decimal
    currency: str
    created: datetime
    updated: datetime
    failure_reason: str | None = None
    final_at: datetime | None = None
    final_status: str | None = None
    final_failure: str | None = None
    microseconds: bool = False

    def to_json(self) -> dict[str, Any]:
        """Document form."""
        document: dict[str, Any] = {name: getattr(self, name) for name in self.__slots__}
        document["amount"] = str(self.amount)
        for name in ("created", "updated", "final_at"):
            document[name] = _text(document[name])
        return document

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> "Refund":
        """Reverse of `to_json`."""
        moments = {name: _when(document[name]) for name in ("created", "updated", "final_at")}
        return cls(**{**document, **moments, "amount": Decimal(document["amount"])})


@dataclass(slots=True, kw_only=True)
class Cancellation:
    """A buyer's wish to cancel: units per SKU that shall remain. The merchant can still ship first."""

    remaining: dict[str, int]


@dataclass(slots=True, kw_only=True)
class Order:
    """One order as idealo holds it.

    `revoked_at` is the moment at which a REVOKING order turns into what is left of it. `refund_failure`: refunds of
    this order are accepted and fail later with this reason. `scheduled_cancellation`: when the buyer will ask to
    cancel. `revokes_once_seen`: REVOKING stands still until somebody has read the order (scenario S9).
    `extra` are top-level keys that no manual knows (scenario S18).
    """

    id: str
    shop_id: int
    sequence: int
    created: datetime
    updated: datetime
    status: str
    lines: list[Line]
    shipping_costs: Decimal
    payment_method: str
    transaction_id: str
    email: str
    billing: Address
    shipping: Address
    method: str
    currency: str = "EUR"
    merchant_order_number: str | None = None
    phone: str | None = None
    tracking: list[dict[str, str | None]] = field(default_factory=list)
    options: list[tuple[str, Decimal]] = field(default_factory=list)
    refunds: list[Refund] = field(default_factory=list)
    voucher: str | None = None
    scenario: str | None = None
    handed_out: bool = False
    completed_at: datetime | None = None
    revoked_at: datetime | None = None
    scheduled_cancellation: datetime | None = None
    revokes_once_seen: bool = False
    cancellation: Cancellation | None = None
    refund_failure: str | None = None
    history: list[dict[str, Any]] = field(default_factory=list)
    transitions: list[dict[str, Any]] = field(default_factory=list)
    extra: dict[str, Any] = field(default_factory=dict)

    @property
    def offers_price(self) -> Decimal:
        """Sum over the lines of unit price times ordered units."""
        return sum((line.price * line.quantity for line in self.lines), Decimal(0))

    @property
    def gross_price(self) -> Decimal:
        """What the buyer paid."""
        return self.offers_price + self.shipping_costs

    @property
    def units_left(self) -> int:
        """Units that are not revoked, over all lines."""
        return sum(line.remaining for line in self.lines)

    def lines_of(self, sku: str) -> list[Line]:
        """Lines of that SKU; the same SKU may stand on several (reference U11)."""
        return [line for line in self.lines if line.sku == sku]

    def remaining_of(self, sku: str) -> int:
        """Units of that SKU that are not revoked."""
        return sum(line.remaining for line in self.lines_of(sku))

    def to_json(self) -> dict[str, Any]:
        """Document form."""
        document: dict[str, Any] = {name: getattr(self, name) for name in self.__slots__}
        for name in ("created", "updated", "completed_at", "revoked_at", "scheduled_cancellation"):
            document[name] = _text(document[name])
        document["lines"] = [line.to_json() for line in self.lines]
        document["refunds"] = [refund.to_json() for refund in self.refunds]
        document["shipping_costs"] = str(self.shipping_costs)
        document["options"] = [[name, str(price)] for name, price in self.options]
        document["billing"] = self.billing.to_json()
        document["shipping"] = self.shipping.to_json()
        document["cancellation"] = self.cancellation and {"remaining": self.cancellation.remaining}
        return document

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> "Order":
        """Reverse of `to_json`."""
        values = dict(document)
        for name in ("created", "updated", "completed_at", "revoked_at", "scheduled_cancellation"):
            values[name] = _when(values[name])
        values["lines"] = [Line.from_json(line) for line in values["lines"]]
        values["refunds"] = [Refund.from_json(refund) for refund in values["refunds"]]
        values["shipping_costs"] = Decimal(values["shipping_costs"])
        values["options"] = [(name, Decimal(price)) for name, price in values["options"]]
        values["billing"] = Address(**values["billing"])
        values["shipping"] = Address(**values["shipping"])
        if values["cancellation"]:
            values["cancellation"] = Cancellation(**values["cancellation"])
        return cls(**values)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shop:
    """A merchant's account: one pair of credentials belongs to exactly one shop."""

    id: int
    client_id: str
    client_secret: str
