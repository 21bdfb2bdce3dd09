"""The fixed discount code of a new order: spread over its lines, and how REST bodies tell of it."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from sandbox.stores.shopify.errors import UserError
from sandbox.stores.shopify.model import Line, Order
from sandbox.stores.shopify.money import cents, fixed, given, rest_bag


def apply(order: Order, discount: Mapping[str, Any] | None) -> None:
    """Take `discountCode {itemFixedDiscountCode}` off the goods, never more than they cost; shipping stays whole."""
    if discount is None:
        return
    code = discount.get("itemFixedDiscountCode")
    if code is None:
        raise UserError(["order", "discountCode"], "Discount code must have exactly one kind", "INVALID")
    order.discount_code = code["code"]
    goods = sum((line.price * line.quantity for line in order.lines), Decimal(0))
    left, of = min(given(code.get("amountSet")), goods), goods
    for line in order.lines:
        gross = line.price * line.quantity
        line.discount = cents(left * gross / of) if of else Decimal(0)
        left, of = left - line.discount, of - gross


def total(order: Order) -> Decimal:
    """What the code took off the whole order."""
    return sum((line.discount for line in order.lines), Decimal(0))


def codes(order: Order) -> list[dict[str, Any]]:
    """`discount_codes`."""
    if order.discount_code is None:
        return []
    return [{"code": order.discount_code, "amount": fixed(total(order)), "type": "fixed_amount"}]


def applications(order: Order) -> list[dict[str, Any]]:
    """`discount_applications`."""
    if order.discount_code is None:
        return []
    return [{
        "target_type": "line_item", "type": "discount_code", "value": fixed(total(order)), "value_type": "fixed_amount",
        "allocation_method": "across", "target_selection": "all", "code": order.discount_code,
    }]  # fmt: skip


def allocations(order: Order, line: Line) -> list[dict[str, Any]]:
    """`discount_allocations` of a line."""
    if not line.discount:
        return []
    bag = rest_bag(line.discount, order.currency)
    return [{"amount": fixed(line.discount), "amount_set": bag, "discount_application_index": 0}]
