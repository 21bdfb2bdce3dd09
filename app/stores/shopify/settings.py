"""What an operator enters to connect a Shopify store, and what may be chosen per store."""

import re
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from app.domain.settings import StoreSettings

DEFAULT_VERSION = "2026-07"
"""The newest version whose whole schema our documents are checked against."""
_DOMAIN = re.compile(r"[a-z0-9][a-z0-9-]*\.myshopify\.com")
_ADMIN = re.compile(r"admin\.shopify\.com/store/([a-z0-9][a-z0-9-]*)")


class Credentials(BaseModel):
    """An app of the merchant: its token, or its client id and secret to ask for tokens with."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    shop_domain: str = Field(
        description="The store's permanent address; never its own domain, which redirects.",
        examples=["shoe-shop.myshopify.com"],
    )
    access_token: Annotated[str, Field(min_length=1)] | None = Field(
        default=None, repr=False, description="Admin API token of an app made in the store's admin (shpat_…)."
    )
    client_id: Annotated[str, Field(min_length=1)] | None = Field(
        default=None, repr=False, description="Of an app made in the Dev Dashboard, same organization as the store."
    )
    client_secret: Annotated[str, Field(min_length=1)] | None = Field(
        default=None,
        repr=False,
        description="The app's client secret (API secret key). It signs the webhooks: enter it beside a token too.",
    )
    base_url: str | None = Field(
        default=None, description="Only where a stand-in answers for the domain.", examples=["http://127.0.0.1:8100"]
    )

    @field_validator("shop_domain")
    @classmethod
    def _domain(cls, value: str) -> str:
        address = re.sub(r"^https?://", "", value.strip().lower())
        if in_admin := _ADMIN.match(address):
            address = f"{in_admin[1]}.myshopify.com"
        address = address.split("/", 1)[0]
        if "." not in address:
            address = f"{address}.myshopify.com"
        if not _DOMAIN.fullmatch(address):
            msg = "must be the store's permanent address, such as shoe-shop.myshopify.com"
            raise ValueError(msg)
        return address

    @field_validator("base_url")
    @classmethod
    def _address(cls, value: str | None) -> str | None:
        if value is None:
            return None
        address = value.strip().rstrip("/")
        if not re.fullmatch(r"https?://[^/?#\s@]+(/[^?#\s]*)?", address):
            msg = "must be a web address, such as http://127.0.0.1:8100/stores/shopify"
            raise ValueError(msg)
        return address

    @model_validator(mode="after")
    def _one_way_in(self) -> Self:
        if not self.access_token and not (self.client_id and self.client_secret):
            msg = "enter access_token, or client_id and client_secret"
            raise ValueError(msg)
        return self

    @property
    def address(self) -> str:
        """Where the store answers."""
        return self.base_url or f"https://{self.shop_domain}"


class Settings(StoreSettings):
    """Settings of one Shopify store."""

    api_version: Annotated[str, Field(pattern=r"^(\d{4}-(01|04|07|10)|unstable)$")] = Field(
        default=DEFAULT_VERSION, description="Version of the Admin API; the check says which one really answers."
    )
    inventory_behaviour: Literal["DECREMENT_IGNORING_POLICY", "DECREMENT_OBEYING_POLICY", "BYPASS"] = Field(
        default="DECREMENT_IGNORING_POLICY",
        description=(
            "The sale is binding, so stock may go below zero. OBEYING refuses a sold-out order; BYPASS leaves stock to "
            "another system."
        ),
    )
    buyer_mail: Literal["none", "relay"] = Field(
        default="none",
        description=(
            "`none` leaves the order's mail address empty, so Shopify mails nothing to the buyer (the relay address "
            "stays in the additional details); `relay` enters idealo's relay address."
        ),
    )
    address_line2: Literal["address2", "company"] = Field(
        default="address2", description="Which field takes the second address line; idealo has no company field."
    )
    no_restock_refund_means: Literal["refund", "return"] = Field(
        default="refund",
        description="A refund of shipped units without restocking and without a return: money only, or they came back.",
    )
    exchange_means: Literal["nothing", "return"] = Field(
        default="nothing",
        description="Units that came back in exchange, without a refund: nothing for idealo, or a return.",
    )
    book_refund_on_cancel: bool = Field(
        default=False,
        description="Cancelling for the buyer also books a refund in Shopify; it is then paid back through idealo too.",
    )
    accept_variant_ids: bool = Field(
        default=False, description="Feeds that offer variants by their Shopify id: an idealo SKU may be that number."
    )
    test_orders: bool = Field(default=False, description="Mark the orders as test orders, for trying things out.")
