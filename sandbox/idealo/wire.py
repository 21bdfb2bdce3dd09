"""Orders and refunds as idealo writes them: exact money, absent keys, uneven fractions of seconds."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from sandbox.idealo.knobs import Knobs
from sandbox.idealo.values import Address, Line, Order, Refund


def dumps(value: object) -> bytes:
    """JSON in UTF-8; a Decimal becomes a number with exactly its own digits (20.00, never 20.0)."""
    return _text(value).encode()


def _text(value: object) -> str:
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, Mapping):
        return (
            "{"
            + ",".join(f"{json.dumps(str(key), ensure_ascii=False)}:{_text(item)}" for key, item in value.items())
            + "}"
        )
    if isinstance(value, Sequence) and not isinstance(value, str):
        return "[" + ",".join(_text(item) for item in value) + "]"
    return json.dumps(value, ensure_ascii=False)


def to_the_second(moment: datetime) -> str:
    """`2022-03-01T08:14:07Z`: `created` of an order."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def to_the_millisecond(moment: datetime) -> str:
    """`2022-03-01T08:14:07.512Z`: `updated` of an order, times of many refunds."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"


def to_the_microsecond(moment: datetime) -> str:
    """`2022-02-15T09:03:50.902114Z`: times of other refunds."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


class Writer:
    """Writes orders and refunds as the knobs have it."""

    def __init__(self, knobs: Knobs) -> None:
        self._knobs = knobs
        self._null = knobs.text("missing_values") == "null"
        self._flipped = knobs.text("money_format") == "flipped"

    def order(self, order: Order) -> dict[str, Any]:
        """An order object (reference section 7)."""
        body: dict[str, Any] = {"idealoOrderId": order.id}
        self._put(body, "merchantOrderNumber", order.merchant_order_number)
        body |= {
            "created": to_the_second(order.created),
            "updated": to_the_millisecond(order.updated),
            "status": order.status,
            "currency": order.currency,
            "offersPrice": self._price(order.offers_price),
            "grossPrice": self._price(order.gross_price),
            "shippingCosts": self._price(order.shipping_costs),
            "lineItems": [self._line(line, order) for line in order.lines],
            "customer": self._customer(order),
            "payment": {"paymentMethod": order.payment_method, "transactionId": order.transaction_id},
            "billingAddress": self._address(order.billing),
            "shippingAddress": self._address(order.shipping),
            "fulfillment": {
                "method": order.method,
                "tracking": [self._parcel(parcel) for parcel in order.tracking],
                "options": [{"forwardOption": name, "price": self._price(price)} for name, price in order.options],
            },
            "refunds": [self.refund(refund) for refund in order.refunds],
        }
        self._put(body, "voucher", {"code": order.voucher} if order.voucher is not None else None)
        return body | order.extra

    def refund(self, refund: Refund) -> dict[str, Any]:
        """A refund object (reference section 6.8); the amount is a number here, unlike everywhere in orders."""
        moment = to_the_microsecond if refund.microseconds else to_the_millisecond
        amount = refund.amount.quantize(Decimal("0.01"))
        body: dict[str, Any] = {
            "refundId": refund.id,
            "refundTransactionId": refund.transaction_id,
            "status": refund.status,
            "currency": refund.currency,
            "refundAmount": f"{amount:f}" if self._flipped else amount,
        }
        self._put(body, "failureReason", refund.failure_reason)
        return body | {"created": moment(refund.created), "updated": moment(refund.updated)}

    def _line(self, line: Line, order: Order) -> dict[str, Any]:
        body: dict[str, Any] = {"title": line.title, "price": self._price(line.price)}
        if order.voucher is not None and self._knobs.text("former_price") == "present":
            body["formerPrice"] = self._price(line.price * Decimal("1.10"))
        range_amount = line.price_range_amount
        self._put(body, "priceRangeAmount", self._price(range_amount) if range_amount is not None else None)
        body["quantity"] = line.quantity
        self._put(body, "remainingQuantity", line.remaining if self._shown("remaining_quantity") else None)
        body["sku"] = line.sku
        self._put(body, "merchantId", line.merchant_id)
        self._put(body, "merchantName", line.merchant_name)
        self._put(body, "merchantDeliveryText", line.delivery_text if self._shown("delivery_text") else None)
        return body | line.extra

    def _customer(self, order: Order) -> dict[str, Any]:
        body: dict[str, Any] = {"email": order.email}
        self._put(body, "phone", order.phone)
        return body

    def _address(self, address: Address) -> dict[str, Any]:
        body: dict[str, Any] = {}
        salutation = {"absent": None, "none": "NONE"}.get(self._knobs.text("salutation"), address.salutation)
        self._put(body, "salutation", salutation)
        body |= {"firstName": address.first_name, "lastName": address.last_name, "addressLine1": address.line1}
        self._put(body, "addressLine2", address.line2)
        return body | {"postalCode": address.postal_code, "city": address.city, "countryCode": address.country_code}

    def _parcel(self, parcel: Mapping[str, str | None]) -> dict[str, Any]:
        body: dict[str, Any] = {"code": parcel["code"]}
        self._put(body, "carrier", parcel["carrier"])
        return body

    def _price(self, money: Decimal) -> str | Decimal:
        cents = money.quantize(Decimal("0.01"))
        return cents if self._flipped else f"{cents:f}"

    def _shown(self, knob: str) -> bool:
        return self._knobs.text(knob) == "present"

    def _put(self, body: dict[str, Any], key: str, value: object) -> None:
        if value is not None:
            body[key] = value
        elif self._null:
            body[key] = None
