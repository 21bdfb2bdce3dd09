"""The closed list of outbound writes; an action says all that its one call needs."""

from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from app.domain.orders import Money, RevocationReason
from app.domain.tax import Draft
from app.domain.value import Value


class CreateStoreOrder(Value):
    """Place the purchase in the store."""

    name: Literal["create_store_order"] = "create_store_order"
    draft: Draft


class LinkStoreOrder(Value):
    """The store has the order already, from a call whose answer was lost: no call, only the link."""

    name: Literal["link_store_order"] = "link_store_order"
    store_order_id: str


class CancelStoreOrder(Value):
    """Cancel the whole order in the store, goods back into stock."""

    name: Literal["cancel_store_order"] = "cancel_store_order"
    store_order_id: str


class SetMerchantOrderNumber(Value):
    """Acknowledge at idealo with the store's order number."""

    name: Literal["set_merchant_order_number"] = "set_merchant_order_number"
    number: str


class SendFulfillment(Value):
    """Tell idealo that goods left, with the codes of one consignment."""

    name: Literal["send_fulfillment"] = "send_fulfillment"
    carrier: str | None
    codes: tuple[str, ...]


class SendRevocation(Value):
    """Tell idealo how many units of a SKU stay in the order."""

    name: Literal["send_revocation"] = "send_revocation"
    sku: str
    remaining: int
    reason: RevocationReason


class SendRefund(Value):
    """Pay money back through idealo."""

    name: Literal["send_refund"] = "send_refund"
    amount: Money
    currency: str


Action = Annotated[
    CreateStoreOrder
    | LinkStoreOrder
    | CancelStoreOrder
    | SetMerchantOrderNumber
    | SendFulfillment
    | SendRevocation
    | SendRefund,
    Field(discriminator="name"),
]
ACTION: TypeAdapter[Action] = TypeAdapter(Action)
WRITES_TO_STORE = (CreateStoreOrder, CancelStoreOrder)
WRITES_TO_IDEALO = (SetMerchantOrderNumber, SendFulfillment, SendRevocation, SendRefund)
"""Linking writes to neither."""
