"""What the fake shop keeps: orders, refunds, products, webhooks; values only, written as JSON documents."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from pydantic import BaseModel, Field

from sandbox.stores.port import Product as NeutralProduct

ADDRESS_KEYS = (
    "first_name", "last_name", "company", "address_1", "address_2", "city", "state", "postcode", "country",
    "email", "phone",
)  # fmt: skip
SHIPPING_KEYS = tuple(key for key in ADDRESS_KEYS if key != "email")


class Meta(BaseModel):
    """One row of custom data; the same key may occur several times."""

    id: int
    key: str
    value: Any = ""


class Item(BaseModel):
    """A row of an order or refund that carries money: net `total`, taxes per rate id, all unrounded."""

    id: int
    name: str = ""
    tax_class: str = ""
    tax_status: str = "taxable"
    total: Decimal = Decimal(0)
    taxes: dict[int, Decimal] = Field(default_factory=dict)
    total_tax: Decimal = Decimal(0)
    meta: list[Meta] = Field(default_factory=list)

    def meta_value(self, key: str) -> Any:
        """Value of the first row with this key, or None."""
        return next((row.value for row in self.meta if row.key == key), None)


class Line(Item):
    """A product line; `product_id` 0 is the product-less line of an unknown SKU (recorded rest/041)."""

    product_id: int = 0
    variation_id: int = 0
    quantity: int = 1
    subtotal: Decimal = Decimal(0)
    subtotal_taxes: dict[int, Decimal] = Field(default_factory=dict)
    subtotal_tax: Decimal = Decimal(0)

    @property
    def sold_id(self) -> int:
        """Id of what is sold: the variation if there is one."""
        return self.variation_id or self.product_id


class Shipping(Item):
    """A shipping line; `name` is the method's title."""

    method_id: str = ""
    instance_id: str = ""


class Fee(Item):
    """A fee line; negative totals are discounts."""

    amount: str = ""


class TaxLine(BaseModel):
    """Taxes of one rate over the whole order."""

    id: int
    rate_id: int
    tax_total: Decimal = Decimal(0)
    shipping_tax_total: Decimal = Decimal(0)


class Note(BaseModel):
    id: int
    text: str
    customer_note: bool = False
    created: datetime


class Fulfillment(BaseModel):
    """A core fulfillment: items and tracking live in its meta rows."""

    id: int
    status: str = "fulfilled"
    is_fulfilled: bool = True
    updated: datetime
    deleted: datetime | None = None
    meta: list[Meta] = Field(default_factory=list)

    def value(self, key: str) -> Any:
        """Value of the first meta row with this key, or None."""
        return next((row.value for row in self.meta if row.key == key), None)


class Shipment(BaseModel):
    """A Shiptastic shipment or return; `items` maps order item id to units."""

    id: int
    type: str = "simple"
    status: str = "shipped"
    tracking_id: str = ""
    provider: str = ""
    provider_title: str = ""
    created: datetime
    sent: datetime | None = None
    items: dict[int, int] = Field(default_factory=dict)


class Order(BaseModel):
    id: int
    status: str = "pending"
    currency: str = "EUR"
    prices_include_tax: bool = True
    created: datetime
    modified: datetime
    paid: datetime | None = None
    completed: datetime | None = None
    customer_id: int = 0
    order_key: str = ""
    billing: dict[str, str] = Field(default_factory=lambda: dict.fromkeys(ADDRESS_KEYS, ""))
    shipping: dict[str, str] = Field(default_factory=lambda: dict.fromkeys(SHIPPING_KEYS, ""))
    payment_method: str = ""
    payment_method_title: str = ""
    transaction_id: str = ""
    created_via: str = "rest-api"
    customer_note: str = ""
    parent_id: int = 0
    meta: list[Meta] = Field(default_factory=list)
    lines: list[Line] = Field(default_factory=list)
    shipping_lines: list[Shipping] = Field(default_factory=list)
    fee_lines: list[Fee] = Field(default_factory=list)
    tax_lines: list[TaxLine] = Field(default_factory=list)
    discount_total: Decimal = Decimal(0)
    discount_tax: Decimal = Decimal(0)
    shipping_total: Decimal = Decimal(0)
    shipping_tax: Decimal = Decimal(0)
    cart_tax: Decimal = Decimal(0)
    total: Decimal = Decimal(0)
    stock_reduced: bool = False
    sales_recorded: bool = False
    notes: list[Note] = Field(default_factory=list)
    fulfillments: list[Fulfillment] = Field(default_factory=list)
    shipments: list[Shipment] = Field(default_factory=list)
    paid_seen: bool = False

    def meta_value(self, key: str) -> Any:
        """Value of the first meta row with this key, or None."""
        return next((row.value for row in self.meta if row.key == key), None)


class Refund(BaseModel):
    """Money paid back for an order; `amount` positive, items negative. `after_shipping`: the shop counted the order as
    shipped when it was made, which is all it knows where parcels name no items.
    """

    id: int
    order_id: int
    created: datetime
    amount: Decimal
    reason: str = ""
    after_shipping: bool = False
    meta: list[Meta] = Field(default_factory=list)
    lines: list[Line] = Field(default_factory=list)
    shipping_lines: list[Shipping] = Field(default_factory=list)
    fee_lines: list[Fee] = Field(default_factory=list)
    tax_lines: list[TaxLine] = Field(default_factory=list)

    def units(self) -> dict[int, int]:
        """Units taken back per item id of the order, positive."""
        taken: dict[int, int] = {}
        for line in self.lines:
            origin = int(line.meta_value("_refunded_item_id") or 0)
            taken[origin] = taken.get(origin, 0) - line.quantity
        return taken


class Product(BaseModel):
    """A simple, variable or variation product; `price` as entered in the shop (gross or net by setting)."""

    id: int
    type: str = "simple"
    parent_id: int = 0
    name: str = ""
    slug: str = ""
    sku: str = ""
    status: str = "publish"
    created: datetime
    modified: datetime
    price: str = ""
    tax_status: str = "taxable"
    tax_class: str = ""
    manage_stock: bool | str = False
    stock_quantity: int | None = None
    stock_status: str = "instock"
    backorders: str = "no"
    global_unique_id: str = ""
    weight: str = ""
    virtual: bool = False
    downloadable: bool = False
    total_sales: int = 0
    attributes: list[tuple[str, str]] = Field(default_factory=list)
    meta: list[Meta] = Field(default_factory=list)
    neutral: dict[str, Any] | None = None

    def as_put(self) -> NeutralProduct | None:
        """The neutral product it was put in as, or None for one made through the API."""
        return None if self.neutral is None else NeutralProduct.from_json(self.neutral)


class Hook(BaseModel):
    """A webhook subscription."""

    id: int
    name: str
    topic: str
    delivery_url: str
    secret: str
    status: str = "active"
    created: datetime
    modified: datetime | None = None
    failure_count: int = 0
    pending_delivery: bool = True
