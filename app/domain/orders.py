"""What was bought, and an order as one side holds it now."""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated

from pydantic import AwareDatetime, Field

from app.domain.buyer import Buyer
from app.domain.value import Value

Money = Annotated[Decimal, Field(max_digits=12, decimal_places=2)]
Count = Annotated[int, Field(ge=0)]


class RevocationReason(StrEnum):
    """Why units leave an order: the buyer withdrew, the merchant cannot deliver, or the goods came back."""

    BUYER_CANCELLED = "buyer_cancelled"
    MERCHANT_CANCELLED = "merchant_cancelled"
    RETURNED = "returned"


class PurchaseLine(Value):
    """One line of the basket at the moment of purchase; prices are gross, per unit."""

    sku: str
    title: str
    quantity: Annotated[int, Field(gt=0)]
    unit_price: Money
    price_adjustment: Money | None = None
    """What idealo's price range changed on the unit price; already contained in it."""
    delivery_promise: str = ""
    seller_id: str | None = None
    seller_name: str | None = None

    @property
    def total(self) -> Decimal:
        return self.unit_price * self.quantity


class DeliveryOption(Value):
    """An extra the buyer chose, gross; normally contained in the shipping price."""

    kind: str
    price: Money


class Purchase(Value):
    """Everything idealo sent about what was bought, without personal data; totals are idealo's own, verbatim."""

    idealo_order_id: str
    placed_at: AwareDatetime
    currency: str
    lines: Annotated[tuple[PurchaseLine, ...], Field(min_length=1)]
    goods: Money
    shipping: Money
    total: Money
    payment_method: str
    transaction_id: str
    refundable: bool
    """Whether money can be sent back through idealo: only for its own payment method."""
    delivery: str
    delivery_options: tuple[DeliveryOption, ...] = ()
    voucher: str | None = None

    @property
    def difference(self) -> Decimal:
        """What idealo's total has beyond lines and shipping; zero unless idealo's own sums disagree."""
        return self.total - self.shipping - sum((line.total for line in self.lines), Decimal(0))

    def ordered(self) -> dict[str, int]:
        """Units per SKU; one SKU may stand on several lines."""
        return units_per_sku((line.sku, line.quantity) for line in self.lines)


def units_per_sku(pairs: Iterable[tuple[str, int]]) -> dict[str, int]:
    """Adds units up per SKU, in order of first appearance."""
    units: dict[str, int] = {}
    for sku, quantity in pairs:
        units[sku] = units.get(sku, 0) + quantity
    return units


class StoreLine(Value):
    """One product line of a store order as the store counts it now."""

    line_id: str
    sku: str
    idealo_sku: str | None = None
    """The SKU idealo sold, where the store kept it on the line."""
    quantity: Count
    shipped: Count = 0
    cancelled: Count = 0
    returned: Count = 0


class Shipment(Value):
    """One parcel or consignment the store says has left; `codes` may come later."""

    shipment_id: str
    carrier: str | None = None
    codes: tuple[str, ...] = ()


class Refund(Value):
    """Money the merchant has given back, gross."""

    refund_id: str
    amount: Money
    currency: str


class Contradiction(Value):
    """Something a snapshot shows that no rule can bring in line; a person decides. Free of personal data."""

    rule: str
    """Stable name, e.g. `cancelled_after_shipping`; part of the event key."""
    about: str = ""
    """What it is about within the order: a SKU, a refund id, a status."""
    detail: str


class StoreOrder(Value):
    """A store order as the store holds it now."""

    store_order_id: str
    number: str
    idealo_order_id: str | None
    currency: str
    total: Money
    cancelled: bool = False
    lines: tuple[StoreLine, ...]
    shipments: tuple[Shipment, ...] = ()
    refunds: tuple[Refund, ...] = ()
    contradictions: tuple[Contradiction, ...] = ()
    notes: tuple[str, ...] = ()
    """What a person should know about how it was placed: an item short in stock, a tax rate the shop overrode."""


class Parcel(Value):
    """A tracking code idealo already knows."""

    carrier: str | None
    code: str


class IdealoRefund(Value):
    """A refund as idealo lists it; `failed` ones moved no money."""

    refund_id: str
    amount: Money
    failed: bool
    reason: str | None = None


class IdealoOrder(Value):
    """An order as idealo holds it now."""

    purchase: Purchase
    buyer: Buyer
    status: str
    """idealo's own word, for people to read; rules use the properties below."""
    status_known: bool
    revocation_wanted: bool
    """The buyer asked to cancel and idealo has not finished with it."""
    revoked: bool
    shipped: bool
    """idealo was told of a shipment, whatever else happened since."""
    merchant_order_number: str | None
    remaining: dict[str, int]
    """Units per SKU that are not revoked."""
    parcels: tuple[Parcel, ...] = ()
    refunds: tuple[IdealoRefund, ...] = ()
    updated_at: datetime
    contradictions: tuple[Contradiction, ...] = ()

    @property
    def idealo_order_id(self) -> str:
        return self.purchase.idealo_order_id
