"""Amounts as Shopify keeps and writes them."""

from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final

_CENT: Final = Decimal("0.01")


def cents(amount: Decimal) -> Decimal:
    """Rounded to cents, halves away from zero."""
    return amount.quantize(_CENT, rounding=ROUND_HALF_UP)


def short(amount: Decimal) -> str:
    """As `MoneyV2.amount` writes it: `42.5`, `5.0`, `2629.95` (captures: no trailing zeros, at least one decimal)."""
    text = f"{amount.normalize():f}"
    return text if "." in text else f"{text}.0"


def fixed(amount: Decimal) -> str:
    """As REST bodies and the scalar `Money` write it: two decimals."""
    return f"{cents(amount):.2f}"


def bag(amount: Decimal, currency: str) -> dict[str, Any]:
    """A `MoneyBag`; shop and presentment currency are one here."""
    money = {"amount": short(amount), "currencyCode": currency}
    return {"shopMoney": money, "presentmentMoney": money}


def rest_bag(amount: Decimal, currency: str) -> dict[str, Any]:
    """The same in a REST body."""
    money = {"amount": fixed(amount), "currency_code": currency}
    return {"shop_money": money, "presentment_money": money}


def given(money: dict[str, Any] | None) -> Decimal:
    """The shop's money of a `MoneyBagInput`, to the cent; 0 when there is none."""
    return Decimal(0) if money is None else cents(Decimal(str(money["shopMoney"]["amount"])))
