"""What the store keeps beside orders: customers, goods, jobs, edits, subscriptions; values only, kept as JSON."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from pydantic import BaseModel, Field


class Customer(BaseModel):
    id: int
    email: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    phone: str | None = None
    created: datetime
    updated: datetime


class Job(BaseModel):
    """A cancellation that is done at `due`, or was."""

    id: str
    order_id: int
    due: datetime
    done: bool = False
    arguments: dict[str, Any] = Field(default_factory=dict)


class Edit(BaseModel):
    """An order edit that was begun; `quantities` per line id are what it will leave."""

    id: int
    order_id: int
    quantities: dict[int, int] = Field(default_factory=dict)
    restock: dict[int, bool] = Field(default_factory=dict)
    committed: bool = False


class Variant(BaseModel):
    """`available` + `committed` = on hand; `container` is the SKU of the parent it is a variation of."""

    id: int
    product_id: int
    item_id: int
    title: str
    sku: str
    price: Decimal
    available: int
    committed: int = 0
    tracked: bool = True
    policy: str = "DENY"
    options: list[tuple[str, str]] = Field(default_factory=list)
    tax_rate: Decimal = Decimal(19)
    neutral_title: str
    created: datetime
    updated: datetime


class Product(BaseModel):
    """`container`: the neutral product this one came from when it only holds variants."""

    id: int
    title: str
    handle: str
    status: str = "ACTIVE"
    vendor: str = "Elbe Haushalt"
    container: dict[str, Any] | None = None
    created: datetime
    updated: datetime


class Definition(BaseModel):
    """A metafield definition."""

    id: int
    owner: str
    namespace: str
    key: str
    name: str
    type: str
    description: str | None = None
    unique: bool = False


class Hook(BaseModel):
    """A webhook subscription made through the Admin API."""

    id: int
    topic: str
    uri: str
    format: str = "JSON"
    filter: str | None = None
    include_fields: list[str] = Field(default_factory=list)
    metafield_namespaces: list[str] = Field(default_factory=list)
    name: str | None = None
    created: datetime
    updated: datetime
    last_success: datetime | None = None
