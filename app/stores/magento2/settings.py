"""What an operator enters to connect a Magento 2 shop, and what may be chosen per shop."""

import re
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from app.domain.settings import StoreSettings
from app.stores.magento2.oauth import Token

Code = Annotated[str, Field(pattern="^[a-z0-9_]{1,64}$")]
_TAILS = re.compile(r"/(rest|admin|backend)(/.*)?$")


class Credentials(BaseModel):
    """An activated integration (System > Extensions > Integrations): its four values, or its token alone as bearer."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    base_url: str = Field(
        description="Address of the shop as it calls itself (Base URL), with its folder if it has one.",
        examples=["https://shop.example"],
    )
    consumer_key: str = Field(default="", repr=False, description="Consumer key of the integration.")
    consumer_secret: str = Field(default="", repr=False, description="Consumer secret of the integration.")
    access_token: str = Field(default="", repr=False, description="Access token of the integration.")
    access_token_secret: str = Field(default="", repr=False, description="Access token secret of the integration.")
    bearer_token: str = Field(
        default="",
        repr=False,
        description="Instead of the four: an access token used alone; Magento forbids it by default since 2.4.4.",
    )

    @field_validator("base_url")
    @classmethod
    def _address(cls, value: str) -> str:
        address = _TAILS.sub("", value.strip().rstrip("/"))
        if "://" not in address:
            address = f"https://{address}"
        if not re.fullmatch(r"https?://[^/?#\s@]+(/[^?#\s]*)?", address):
            msg = "must be the shop's web address, such as https://shop.example"
            raise ValueError(msg)
        return address.rstrip("/")

    @field_validator("consumer_key", "consumer_secret", "access_token", "access_token_secret", "bearer_token")
    @classmethod
    def _printable(cls, value: str) -> str:
        value = value.strip()
        if value and not re.fullmatch(r"[\x21-\x7e]+", value):
            msg = "holds characters no Magento token has"
            raise ValueError(msg)
        return value

    @model_validator(mode="after")
    def _complete(self) -> Self:
        four = (self.consumer_key, self.consumer_secret, self.access_token, self.access_token_secret)
        if not all(four) and (any(four) or not self.bearer_token):
            msg = "enter all four values of the integration, or a bearer_token alone"
            raise ValueError(msg)
        return self

    @property
    def token(self) -> Token | None:
        """The OAuth token; None where the bearer token travels instead."""
        if not self.consumer_key:
            return None
        return Token(
            consumer_key=self.consumer_key,
            consumer_secret=self.consumer_secret,
            access_token=self.access_token,
            access_token_secret=self.access_token_secret,
        )


class Settings(StoreSettings):
    """Settings of one Magento 2 shop."""

    import_route: Literal["auto", "module", "direct"] = Field(
        default="auto",
        description=(
            "How orders are created: `module` through our module, which reserves stock; `direct` through PUT "
            "/V1/orders/create, which does not; `auto` the module where it is installed."
        ),
    )
    store_view: str = Field(
        default="", description="Code of the store view orders belong to; empty is the shop's first one."
    )
    payment_method: Code = Field(
        default="purchaseorder", description="Payment method on the order; must be installed in the shop."
    )
    shipping_method: Code = Field(
        default="flatrate_flatrate", description="Shipping method on the order (carrier_method)."
    )
    order_state: Literal["new", "processing"] = Field(
        default="new", description="State of a new order; an invoice moves it to processing."
    )
    order_status: Code = Field(
        default="pending", description="Status of a new order; must be assigned to order_state in the shop."
    )
    invoice: bool = Field(
        default=True,
        description="Invoice a new order offline: idealo's orders are paid, and credit memos need an invoice.",
    )
    return_label_words: tuple[Annotated[str, Field(min_length=3)], ...] = Field(
        default=("retour", "return", "rücksend", "ruecksend"),
        description="A track whose title holds one of these is a return label and not reported.",
    )
