"""An order and all that happens to it; values only, kept as JSON. Ids are the numbers at the end of a gid."""

from datetime import datetime
from decimal import Decimal
from typing import Any, Literal

from pydantic import BaseModel, Field

RestockType = Literal["CANCEL", "RETURN", "NO_RESTOCK", "LEGACY_RESTOCK"]


class Tax(BaseModel):
    """A tax line as it was sent; `amount` is for the whole quantity, inside the price or on top of it."""

    title: str
    rate: Decimal
    amount: Decimal


class Metafield(BaseModel):
    id: int
    namespace: str
    key: str
    type: str
    value: str
    created: datetime
    updated: datetime


class Line(BaseModel):
    """A line of an order. `quantity` never shrinks; `removed` were taken out by order edits or a cancellation."""

    id: int
    variant_id: int | None = None
    product_id: int | None = None
    title: str
    variant_title: str | None = None
    sku: str | None = None
    vendor: str | None = None
    quantity: int
    price: Decimal = Decimal(0)
    taxes: list[Tax] = Field(default_factory=list)
    taxable: bool = True
    requires_shipping: bool = False
    gift_card: bool = False
    properties: list[tuple[str, str]] = Field(default_factory=list)
    discount: Decimal = Decimal(0)
    """What the order's discount code takes off the whole line."""
    removed: int = 0
    claimed: bool = False
    """Whether stock was set aside for it when the order was made."""


class ShippingLine(BaseModel):
    id: int
    title: str
    code: str | None = None
    source: str | None = None
    price: Decimal
    taxes: list[Tax] = Field(default_factory=list)


class Transaction(BaseModel):
    id: int
    kind: str
    status: str
    gateway: str | None = None
    amount: Decimal
    authorization: str | None = None
    parent_id: int | None = None
    test: bool = False
    receipt: Any = None
    created: datetime
    processed: datetime


class Parcel(BaseModel):
    number: str | None = None
    url: str | None = None


class FulfilledLine(BaseModel):
    id: int
    line_id: int
    quantity: int


class Fulfillment(BaseModel):
    id: int
    number: int
    status: str = "SUCCESS"
    company: str | None = None
    parcels: list[Parcel] = Field(default_factory=list)
    lines: list[FulfilledLine]
    fulfillment_order_ids: list[int] = Field(default_factory=list)
    created: datetime
    updated: datetime


class WorkLine(BaseModel):
    """A line of a fulfillment order."""

    id: int
    line_id: int
    total: int
    remaining: int


class WorkOrder(BaseModel):
    """A fulfillment order: what one location has to send."""

    id: int
    status: str = "OPEN"
    lines: list[WorkLine]
    created: datetime
    updated: datetime


class RefundLine(BaseModel):
    """`from_open`: how many of the units had not been fulfilled when they were refunded."""

    id: int
    line_id: int
    quantity: int
    restock: RestockType
    from_open: int
    subtotal: Decimal
    tax: Decimal


class Adjustment(BaseModel):
    """Money of a refund that belongs to no line: `shipping_refund` or `refund_discrepancy`; negative to the buyer."""

    id: int
    kind: str
    amount: Decimal
    tax: Decimal = Decimal(0)


class RefundedShipping(BaseModel):
    id: int
    shipping_line_id: int
    amount: Decimal
    tax: Decimal


class Refund(BaseModel):
    id: int
    note: str | None = None
    lines: list[RefundLine] = Field(default_factory=list)
    shipping: list[RefundedShipping] = Field(default_factory=list)
    adjustments: list[Adjustment] = Field(default_factory=list)
    transaction_ids: list[int] = Field(default_factory=list)
    return_id: int | None = None
    created: datetime


class ReturnLine(BaseModel):
    id: int
    fulfilled_line_id: int
    line_id: int
    quantity: int
    processed: int = 0
    reason: str = "UNKNOWN"
    note: str = ""
    reverse_id: int


class Return(BaseModel):
    id: int
    number: int
    status: str = "OPEN"
    lines: list[ReturnLine]
    reverse_order_id: int
    created: datetime
    closed: datetime | None = None


class Address(BaseModel):
    id: int
    first_name: str | None = None
    last_name: str | None = None
    company: str | None = None
    address1: str | None = None
    address2: str | None = None
    zip: str | None = None
    city: str | None = None
    province_code: str | None = None
    country_code: str | None = None
    phone: str | None = None


class IndexEntry(BaseModel):
    """An order as the search index sees it from `visible` on."""

    visible: datetime
    words: dict[str, list[str]]


class Order(BaseModel):
    id: int
    number: int
    name: str
    source_identifier: str | None = None
    tags: list[str] = Field(default_factory=list)
    note: str | None = None
    po_number: str | None = None
    test: bool = False
    currency: str
    taxes_included: bool = False
    email: str | None = None
    phone: str | None = None
    customer_id: int | None = None
    billing: Address | None = None
    shipping: Address | None = None
    attributes: list[tuple[str, str]] = Field(default_factory=list)
    metafields: list[Metafield] = Field(default_factory=list)
    lines: list[Line]
    shipping_lines: list[ShippingLine] = Field(default_factory=list)
    taxes: list[Tax] = Field(default_factory=list)
    discount_code: str | None = None
    transactions: list[Transaction] = Field(default_factory=list)
    financial_status: str | None = None
    fulfillments: list[Fulfillment] = Field(default_factory=list)
    work_orders: list[WorkOrder] = Field(default_factory=list)
    refunds: list[Refund] = Field(default_factory=list)
    returns: list[Return] = Field(default_factory=list)
    created: datetime
    updated: datetime
    processed: datetime
    cancelled: datetime | None = None
    cancel_reason: str | None = None
    staff_note: str | None = None
    closed: datetime | None = None
    edited: bool = False
    index: list[IndexEntry] = Field(default_factory=list)

    def line(self, line_id: int) -> Line:
        """The line with that id; KeyError when there is none."""
        for line in self.lines:
            if line.id == line_id:
                return line
        raise KeyError(line_id)
