"""What a merchant may choose per store, with the defaults the house decided."""

from typing import Annotated, Literal

from pydantic import AwareDatetime, Field

from app.domain.tax import TaxRate
from app.domain.value import Value


class StoreSettings(Value):
    """Settings every kind of store has; a kind adds its own by subclassing."""

    on_buyer_cancellation: Literal["cancel", "ask"] = Field(
        default="cancel",
        description="A buyer cancels before shipping: cancel in the store and accept it, or leave it to a person.",
    )
    report_shipment: Literal["first_parcel", "when_complete"] = Field(
        default="first_parcel",
        description="idealo knows no partial shipment: report the first parcel, or wait until nothing is open.",
    )
    tracking_grace_minutes: Annotated[int, Field(ge=0, le=7 * 24 * 60)] = Field(
        default=60, description="How long a shipment without a tracking code waits for one before it is reported."
    )
    refund_on_cancel: bool = Field(
        default=False, description="Also pay back through idealo when the store cancels units without a refund."
    )
    default_carrier: Annotated[str, Field(min_length=1, max_length=31)] | None = Field(
        default=None, description="Carrier reported for tracking codes the store names no carrier for."
    )
    tax_rates: tuple[TaxRate, ...] = Field(
        default=(), description="Tax rates by country and SKU pattern with validity dates; 19 % where none applies."
    )
    import_since: AwareDatetime | None = Field(
        default=None, description="Orders placed at idealo before this moment are not imported."
    )
    unknown_status: Literal["wait", "import"] = Field(
        default="wait", description="An order in a status idealo's documents do not name: wait for a person, or import."
    )
