"""What an operator enters to connect a WooCommerce shop, and what may be chosen per shop."""

import re
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from app.domain.settings import StoreSettings
from app.domain.value import Value

# Statuses that are no state a paid, imported order may start in; WooCommerce cancels `pending` ones by itself after
# `woocommerce_hold_stock_minutes`.
_NO_START = {"pending", "cancelled", "failed", "refunded", "trash", "draft", "auto-draft", "checkout-draft"}

Slug = Annotated[str, Field(pattern="^[a-z0-9_-]{1,40}$")]


class Credentials(BaseModel):
    """A REST API key of the shop (WooCommerce > Settings > Advanced > REST API), permission read/write."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    base_url: str = Field(
        description="Address of the shop, with its folder if it has one.", examples=["https://shop.example"]
    )
    consumer_key: Annotated[str, Field(min_length=1)] = Field(repr=False, description="Starts with ck_.")
    consumer_secret: Annotated[str, Field(min_length=1)] = Field(repr=False, description="Starts with cs_.")
    auth: Literal["basic", "query"] = Field(
        default="basic", description="How the key travels; the check finds out. `query` where the host strips headers."
    )
    permalinks: Literal["pretty", "plain"] = Field(
        default="pretty", description="`plain` where the shop answers under ?rest_route= only; the check finds out."
    )

    @field_validator("base_url")
    @classmethod
    def _address(cls, value: str) -> str:
        address = re.sub(r"/(wp-json|wp-admin)(/.*)?$", "", value.strip().rstrip("/"))
        if "://" not in address:
            address = f"https://{address}"
        if not re.fullmatch(r"https?://[^/?#\s@]+(/[^?#\s]*)?", address):
            msg = "must be the shop's web address, such as https://shop.example"
            raise ValueError(msg)
        return address.rstrip("/")


class TrackingRule(Value):
    """Where another plugin keeps tracking codes: an order's meta key."""

    meta_key: Annotated[str, Field(min_length=1)]
    path: str = Field(default="", description="Dots into a structured value; `*` is every entry: `*.tracking`.")
    pattern: str = Field(default="", description="Regular expression; its first group is the code.")
    carrier: str | None = Field(default=None, description="The carrier of all codes found here.")
    carrier_meta_key: str | None = Field(default=None, description="Meta key that names the carrier.")
    counts: Literal["when_shipped", "when_present"] = Field(
        default="when_shipped",
        description="Label plugins store a code when the label is printed: wait for a shipped status, or do not.",
    )

    @model_validator(mode="after")
    def _compiles(self) -> Self:
        try:
            re.compile(self.pattern)
        except re.error as e:
            msg = f"pattern is not a regular expression: {e}"
            raise ValueError(msg) from e
        return self


# Keys seen in the wild; they count only once the order is in a shipped status, so a printed label reports nothing.
KNOWN_RULES = (
    TrackingRule(meta_key="_tracking_number", carrier_meta_key="_tracking_provider"),
    TrackingRule(meta_key="_aftership_tracking_number", carrier_meta_key="_aftership_tracking_provider_name"),
    TrackingRule(meta_key="_dhl_tracking_number", carrier="DHL"),
    TrackingRule(meta_key="_pr_shipment_dhl_label_tracking", path="tracking_number", carrier="DHL"),
    TrackingRule(meta_key="ywot_tracking_code", carrier_meta_key="ywot_carrier_id"),
    TrackingRule(meta_key="_wcshipping_labels", path="*.tracking"),
    TrackingRule(meta_key="wc_connect_labels", path="*.tracking"),
)


class Settings(StoreSettings):
    """Settings of one WooCommerce shop."""

    shipped_statuses: tuple[Slug, ...] = Field(
        default=("completed",), description="Order statuses that mean everything open has left (slugs without wc-)."
    )
    partly_shipped_statuses: tuple[Slug, ...] = Field(
        default=("partial-shipped",), description="Statuses that mean some of it has left; parcels tell what."
    )
    cancelled_statuses: tuple[Slug, ...] = Field(
        default=("cancelled",), description="Statuses that mean cancelled; add `failed` if the shop's staff use it so."
    )
    trashed_means: Literal["ask", "cancelled"] = Field(
        default="ask", description="An order in the trash: a person decides, or it counts as cancelled."
    )
    full_refund_means: Literal["refund", "return"] = Field(
        default="refund",
        description="Status `refunded` without item quantities on a shipped order: money only, or the goods came back.",
    )
    tracking_meta: tuple[TrackingRule, ...] = Field(
        default=KNOWN_RULES, description="Where plugins without a known format keep tracking codes."
    )
    buyer_mail: Literal["none", "relay"] = Field(
        default="none",
        description=(
            "`none` leaves the order's mail address empty, so the shop mails nothing to the buyer (the relay address "
            "stays in the order's meta `_idealo_buyer_email`); `relay` enters idealo's relay address."
        ),
    )
    set_paid: bool = Field(
        default=True, description="Let the shop complete the payment: paid date, stock, status by its own rules."
    )
    order_status: Slug = Field(
        default="processing", description="Status of a new order; other than `processing` means set_paid is not used."
    )
    shipping_method_id: Slug = Field(
        default="flat_rate", description="Shipping method id on the order; label plugins look at it."
    )
    address_line2: Literal["address_2", "company"] = Field(
        default="address_2", description="Which field takes the second address line; idealo has no company field."
    )
    order_note: bool = Field(default=True, description="Add a private note with idealo's facts to each new order.")

    @field_validator("order_status")
    @classmethod
    def _may_start(cls, value: str) -> str:
        if value in _NO_START:
            msg = f"an imported order cannot start as {value}: it is paid, and the shop would cancel or hide it"
            raise ValueError(msg)
        return value
