"""What is missing, broken or impossible in idealo's order JSON is refused by name, without personal data."""

import json
from decimal import Decimal
from typing import Any

import pytest

from app.domain.errors import Permanent, Problem
from app.idealo.mapping import Unreadable, read_entry, read_order
from tests.idealo.orders import ADDRESS, a_freight_order, a_line, an_order


def refusal_of(raw: object) -> str:
    with pytest.raises(Permanent) as caught:
        read_order(raw)
    assert caught.value.problem is Problem.STATE_CONFLICT
    return str(caught.value)


REQUIRED = [
    "idealoOrderId", "created", "updated", "status", "currency", "offersPrice", "grossPrice", "shippingCosts",
    "lineItems", "lineItems.0.title", "lineItems.0.price", "lineItems.0.quantity", "lineItems.0.sku", "customer",
    "customer.email", "payment", "payment.paymentMethod", "payment.transactionId", "shippingAddress",
    "shippingAddress.firstName", "shippingAddress.lastName", "shippingAddress.addressLine1",
    "shippingAddress.postalCode", "shippingAddress.city", "shippingAddress.countryCode", "billingAddress.city",
    "fulfillment", "fulfillment.method", "fulfillment.options.0.price", "refunds.0.refundAmount", "refunds.0.refundId",
]  # fmt: skip


@pytest.mark.parametrize("path", REQUIRED)
@pytest.mark.parametrize("value", ["absent", None, True, []])
def test_missing_or_broken_field_is_named(path: str, value: object) -> None:
    order = a_freight_order()
    change(order, path.split("."), value)
    said = refusal_of(order)
    named = path.replace(".0", "[0]")
    assert f"field {named} is " in said
    assert "Großkopf" not in said
    assert path == "idealoOrderId" or said.startswith("idealo order 00T4NQ8ZHC: ")


def change(order: Any, path: list[str], value: object) -> None:
    *parents, last = path
    for step in parents:
        order = order[int(step)] if isinstance(order, list) else order[step]
    if value == "absent":
        del order[last]
    else:
        order[last] = value


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"price": "9.999"}, "lineItems[0].price is finer than a cent"),
        ({"price": Decimal("0.001")}, "lineItems[0].price is finer than a cent"),
        ({"price": "-1.00"}, "lineItems[0].price is negative"),
        ({"price": "99999999999.00"}, "lineItems[0].price is too large"),
        ({"price": "9" * 400}, "lineItems[0].price is text, not an amount"),
        ({"price": Decimal("1e999999")}, "lineItems[0].price is too large"),
        ({"price": Decimal("NaN")}, "lineItems[0].price is a number, not an amount"),
        ({"price": float("nan")}, "lineItems[0].price is a number, not an amount"),
        ({"price": float("inf")}, "lineItems[0].price is a number, not an amount"),
        ({"price": "1.299,00"}, "lineItems[0].price is text, not an amount"),
        ({"quantity": 0}, "lineItems[0].quantity is zero"),
        ({"quantity": -1}, "lineItems[0].quantity is negative"),
        ({"quantity": Decimal("1.5")}, "lineItems[0].quantity is not a whole number"),
        ({"quantity": 10**30}, "lineItems[0].quantity is too large"),
        ({"quantity": 1_000_000, "price": "99999.99"}, "lineItems adds up to more"),
        ({"remainingQuantity": 3}, "lineItems[0].remainingQuantity is more than was ordered"),
        ({"remainingQuantity": -1}, "lineItems[0].remainingQuantity is negative"),
        ({"sku": "a\x00b"}, "lineItems[0].sku is longer than 255 characters or has characters no identifier has"),
        ({"sku": "  "}, "lineItems[0].sku is empty"),
    ],
)
def test_impossible_line_is_refused(changes: dict[str, Any], said: str) -> None:
    assert said in refusal_of(an_order(lineItems=[a_line(**changes)]))


@pytest.mark.parametrize(
    "moment", ["yesterday", "2022-13-01T00:00:00Z", "0001-01-01T00:00:00+23:00", "9999-12-31T23:59:59Z", 1646122447]
)
def test_impossible_time_is_refused(moment: object) -> None:
    assert "field created is " in refusal_of(an_order(created=moment))


@pytest.mark.parametrize("raw", [None, [], "x", 1, {}, {"idealoOrderId": 12345678}])
def test_what_is_no_order_is_refused_without_an_id(raw: object) -> None:
    assert refusal_of(raw).startswith("an idealo order without a readable id: ")


def test_number_as_id_or_postcode_may_have_lost_its_zeros() -> None:
    assert "field idealoOrderId is a number" in refusal_of(an_order(idealoOrderId=317))
    assert "field shippingAddress.postalCode is a number" in refusal_of(
        an_order(shippingAddress=ADDRESS | {"postalCode": 4317})
    )


def test_unreadable_entry_says_why_and_keeps_the_bytes_out_of_its_repr() -> None:
    entry = read_entry(an_order(lineItems=[]))
    assert isinstance(entry, Unreadable)
    assert entry.idealo_order_id == "00K7MPX24R"
    assert entry.reason == "idealo order 00K7MPX24R: field lineItems is missing or empty"
    assert json.loads(entry.raw)["shippingAddress"]["lastName"] == "Großkopf"
    assert "Gro" not in repr(entry)


def test_personal_data_in_the_id_field_is_not_repeated() -> None:
    entry = read_entry(an_order(idealoOrderId="Jördis Großkopf", status=None))
    assert isinstance(entry, Unreadable)
    assert entry.idealo_order_id is None
    assert "Jördis" not in entry.reason
