"""idealo's order JSON -> IdealoOrder: tolerant towards what is new, exact about what is needed; pure."""

import json
import re
from decimal import Decimal
from typing import Any
from urllib.parse import unquote_to_bytes

from pydantic import Field, ValidationError

from app.domain.buyer import Address, Buyer
from app.domain.errors import Permanent, Problem
from app.domain.orders import (
    DeliveryOption,
    IdealoOrder,
    IdealoRefund,
    Parcel,
    Purchase,
    PurchaseLine,
    units_per_sku,
)
from app.domain.value import Value
from app.idealo.fields import MAX_AMOUNT, Fields

STATUSES = frozenset({"PROCESSING", "COMPLETED", "REVOKING", "REVOKED", "PARTIALLY_REVOKED"})
REFUNDABLE_PAYMENT = "IDEALO_CHECKOUT_PAYMENTS"
"""idealo pays back only what it collected itself; PayPal and the like are refunded at the payment provider."""
_SAYABLE_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_CURRENCY = re.compile(r"[A-Z]{3}")
_ESCAPES = re.compile(r"(?:[^%]|%[0-9A-Fa-f]{2})*")


class Unreadable(Value):
    """An entry of a list that is no order we can use; the others of the list are unharmed."""

    idealo_order_id: str | None
    """None where not even the id is readable."""
    reason: str
    """Names the field; free of personal data."""
    raw: bytes = Field(repr=False)
    """The entry as JSON, personal data included."""


def read_entry(raw: object) -> IdealoOrder | Unreadable:
    """One entry of a list: an order, or what is wrong with it. Never raises."""
    try:
        return read_order(raw)
    except Permanent as e:
        return Unreadable(idealo_order_id=_sayable_id(raw), reason=str(e), raw=_dump(raw))


def read_order(raw: object) -> IdealoOrder:
    """An order object of endpoints 2, 3 and 4, parsed with `parse_float=Decimal`.

    Unknown keys are ignored and unknown enum values kept as text. Raises Permanent(state_conflict) naming the field
    for anything missing or broken that an order cannot do without.
    """
    about = order_label(_sayable_id(raw))
    fields = Fields(raw, about)
    try:
        return _order(fields)
    except ValidationError as e:
        place = ".".join(str(part) for part in e.errors(include_input=False)[0]["loc"])
        raise Permanent(Problem.STATE_CONFLICT, f"{about}: {place} cannot be used") from None


def read_refunds(raw: object, idealo_order_id: str) -> tuple[IdealoRefund, ...]:
    """The answer of endpoint 9: a bare list. Raises Permanent(state_conflict) naming the field."""
    entries = raw if isinstance(raw, list) or raw is None else entries_of(raw)
    about = order_label(idealo_order_id)
    if entries is None and raw is not None:
        raise Permanent(Problem.STATE_CONFLICT, f"{about}: idealo's refunds are not a list")
    return _refunds(Fields({"refunds": entries}, about))


def entries_of(raw: object) -> list[Any] | None:
    """The entries of a list answer: bare, inside `content`, or a single order without brackets; None for none."""
    if isinstance(raw, list):
        return raw
    if isinstance(raw, dict):
        if isinstance(raw.get("content"), list):
            return list(raw["content"])
        if "idealoOrderId" in raw:
            return [raw]
    return None


def order_label(idealo_order_id: str | None) -> str:
    """How error texts name an order."""
    return f"idealo order {idealo_order_id}" if idealo_order_id else "an idealo order without a readable id"


def delivery_promise(raw: str) -> str:
    """A delivery text without the URL-encoding debris seen in captured orders.

    >>> delivery_promise("1-2+Werktage"), delivery_promise("24h + Aufbau"), delivery_promise("10% g%C3%BCnstiger")
    ('1-2 Werktage', '24h + Aufbau', '10% g%C3%BCnstiger')
    """
    text = raw
    if not any(c.isspace() for c in text):
        text = text.replace("+", " ")
    if "%" in text and _ESCAPES.fullmatch(text):
        try:
            decoded = unquote_to_bytes(text).decode()
        except UnicodeDecodeError:
            return text.strip()
        text = decoded if decoded.isprintable() else text
    return text.strip()


def _order(fields: Fields) -> IdealoOrder:
    status = fields.text("status")
    lines = [(line, _line(line)) for line in fields.each("lineItems")]
    fulfillment = fields.inner("fulfillment")
    tracking = list(fulfillment.each("tracking"))
    return IdealoOrder(
        purchase=_purchase(fields, [line for _, line in lines], fulfillment),
        buyer=_buyer(fields),
        status=status,
        status_known=status in STATUSES,
        revocation_wanted=status == "REVOKING",
        revoked=status == "REVOKED",
        shipped=status == "COMPLETED" or bool(tracking),
        merchant_order_number=fields.optional_name("merchantOrderNumber"),
        remaining=units_per_sku((line.sku, _remaining(raw, line, status)) for raw, line in lines),
        parcels=tuple(
            Parcel(carrier=t.optional_text("carrier"), code=code) for t in tracking if (code := t.optional_name("code"))
        ),
        refunds=_refunds(fields),
        updated_at=fields.moment("updated"),
    )


def _purchase(fields: Fields, lines: list[PurchaseLine], fulfillment: Fields) -> Purchase:
    if not lines:
        raise fields.complaint("lineItems", "is missing or empty")
    if sum(line.total for line in lines) >= MAX_AMOUNT:
        raise fields.complaint("lineItems", "adds up to more than an order can cost")
    payment = fields.inner("payment")
    method = payment.text("paymentMethod")
    currency = fields.text("currency")
    if not _CURRENCY.fullmatch(currency):
        raise fields.complaint("currency", "is not a currency code such as EUR")
    return Purchase(
        idealo_order_id=fields.name("idealoOrderId", whole_number_allowed=False),
        placed_at=fields.moment("created"),
        currency=currency,
        lines=tuple(lines),
        goods=fields.money("offersPrice"),
        shipping=fields.money("shippingCosts"),
        total=fields.money("grossPrice"),
        payment_method=method,
        transaction_id=payment.name("transactionId"),
        refundable=method == REFUNDABLE_PAYMENT,
        delivery=fulfillment.text("method"),
        delivery_options=tuple(
            DeliveryOption(kind=option.text("forwardOption"), price=option.money("price"))
            for option in fulfillment.each("options")
        ),
        voucher=fields.inner("voucher").optional_text("code") if fields.has("voucher") else None,
    )


def _line(line: Fields) -> PurchaseLine:
    quantity = line.units("quantity")
    if quantity == 0:
        raise line.complaint("quantity", "is zero")
    return PurchaseLine(
        sku=line.name("sku"),
        title=line.text("title"),
        quantity=quantity,
        # In v2 this is the price of one unit; v1's field of the same name was the line's total.
        unit_price=line.money("price"),
        price_adjustment=line.optional_money("priceRangeAmount", negative_allowed=True),
        delivery_promise=delivery_promise(line.optional_text("merchantDeliveryText") or ""),
        seller_id=line.optional_name("merchantId"),
        seller_name=line.optional_text("merchantName"),
    )


def _remaining(raw: Fields, line: PurchaseLine, status: str) -> int:
    """Units not revoked. The field came in 2022; without it everything is left unless the order is revoked."""
    if not raw.has("remainingQuantity"):
        return 0 if status == "REVOKED" else line.quantity
    remaining = raw.units("remainingQuantity")
    if remaining > line.quantity:
        raise raw.complaint("remainingQuantity", "is more than was ordered")
    return remaining


def _buyer(fields: Fields) -> Buyer:
    customer = fields.inner("customer")
    shipping = _address(fields.inner("shippingAddress"))
    return Buyer(
        email=customer.text("email"),
        phone=customer.optional_text("phone"),
        # v1 sent null where the buyer gave one address only.
        billing=_address(fields.inner("billingAddress")) if fields.has("billingAddress") else shipping,
        shipping=shipping,
    )


def _address(fields: Fields) -> Address:
    salutation = fields.optional_text("salutation")
    return Address(
        salutation=None if salutation == "NONE" else salutation,
        first_name=fields.text("firstName", empty_allowed=True),
        last_name=fields.text("lastName", empty_allowed=True),
        line1=fields.text("addressLine1"),
        line2=fields.optional_text("addressLine2"),
        # As a number it may have lost its leading zero, and 4317 is not a place.
        postal_code=fields.text("postalCode"),
        city=fields.text("city"),
        country_code=fields.text("countryCode"),
    )


def _refunds(fields: Fields) -> tuple[IdealoRefund, ...]:
    return tuple(_refund(refund) for refund in fields.each("refunds"))


def _refund(refund: Fields) -> IdealoRefund:
    reason = refund.optional_text("failureReason")
    return IdealoRefund(
        refund_id=refund.name("refundId"),
        amount=refund.money("refundAmount"),
        # The name of the success status is not documented: whatever is neither FAILED nor has a reason went through.
        failed=refund.optional_text("status") == "FAILED" or reason is not None,
        reason=reason,
    )


def _sayable_id(raw: object) -> str | None:
    """The id where it can be shown; never something else that happens to stand in its field."""
    given = raw.get("idealoOrderId") if isinstance(raw, dict) else None
    return given if isinstance(given, str) and _SAYABLE_ID.fullmatch(given) else None


def _dump(raw: object) -> bytes:
    return json.dumps(raw, default=_number_or_text).encode()


def _number_or_text(value: object) -> object:
    return str(value) if isinstance(value, Decimal) else repr(type(value))
