"""The shop's tax and total engine: what `calculate_totals()` of WooCommerce makes of an order.

Follows WC_Abstract_Order::calculate_totals/calculate_taxes/update_taxes; the recordings of 10.9.1 fix the results.
"""

from collections.abc import Callable
from decimal import Decimal

from sandbox.stores.woocommerce.model import Item, Order, Product, Refund, TaxLine
from sandbox.stores.woocommerce.options import Options, TaxRate
from sandbox.stores.woocommerce.php import ascii_upper, cents, decimal, stored

CLASSES = ("", "reduced-rate", "zero-rate")
"""Tax classes in the shop's order; `inherit` takes the first of these found in the basket."""

_HUNDRED = Decimal(100)


def rates_for(options: Options, country: str, tax_class: str) -> dict[int, TaxRate]:
    """Rates by id (position in the table, from 1) that hold for a destination and class."""
    return {
        number: rate
        for number, rate in enumerate(options.tax_rates, start=1)
        if rate.tax_class == tax_class and rate.country in {"", country}
    }


def rate_by_id(options: Options, rate_id: int) -> TaxRate | None:
    """The rate with that id, if the table still has it."""
    return options.tax_rates[rate_id - 1] if 0 < rate_id <= len(options.tax_rates) else None


def rate_code(rate: TaxRate) -> str:
    """Code of a rate as tax lines show it: `DE-MWST.-1`."""
    return "-".join(part for part in (rate.country, ascii_upper(rate.name), "1") if part)


def net_price(options: Options, product: Product, tax_class: str, quantity: int) -> Decimal:
    """`wc_get_price_excluding_tax`: the shop's own price of so many units without tax."""
    gross = decimal(product.price) * quantity
    if not options.prices_include_tax or not options.calc_taxes or product.tax_status != "taxable":
        return stored(gross)
    rate = sum(
        (Decimal(rate.rate) for rate in rates_for(options, options.base_country, tax_class).values()), Decimal(0)
    )
    return stored(gross / (1 + rate / _HUNDRED))


def recalculate(options: Options, order: Order, new_item_id: Callable[[], int]) -> None:
    """Bring taxes, tax lines and totals of an order up to date; tax rounding per line or at the subtotal."""
    half_down = options.prices_include_tax
    per_line = not options.round_at_subtotal
    places = options.number_of_decimals

    def tax_round(value: Decimal) -> Decimal:
        return cents(value, half_down=half_down, places=places)

    def at_line(value: Decimal) -> Decimal:
        return tax_round(value) if per_line else value

    _tax_items(options, order, at_line)
    cart: dict[int, Decimal] = {}
    shipping: dict[int, Decimal] = {}
    items: list[Item] = [*order.lines, *order.fee_lines]
    for item in items:
        for rate_id, tax in item.taxes.items():
            cart[rate_id] = cart.get(rate_id, Decimal(0)) + at_line(tax)
    for parcel in order.shipping_lines:
        for rate_id, tax in parcel.taxes.items():
            shipping[rate_id] = shipping.get(rate_id, Decimal(0)) + at_line(tax)
    order.tax_lines = _tax_lines(order.tax_lines, cart, shipping, new_item_id)
    order.cart_tax = tax_round(sum(cart.values(), Decimal(0)))
    order.shipping_tax = tax_round(sum(shipping.values(), Decimal(0)))
    order.shipping_total = sum((cents(line.total, places=places) for line in order.shipping_lines), Decimal(0))
    goods = sum((cents(line.total, places=places) if per_line else line.total for line in order.lines), Decimal(0))
    listed = sum(
        (cents(line.subtotal, places=places) if per_line else line.subtotal for line in order.lines), Decimal(0)
    )
    fees = sum((fee.total for fee in order.fee_lines), Decimal(0))
    order.discount_total = cents(listed - goods, places=places)
    order.discount_tax = tax_round(
        sum(
            (sum(line.subtotal_taxes.values(), Decimal(0)) - sum(line.taxes.values(), Decimal(0)))
            for line in order.lines
        )
        or Decimal(0)
    )
    order.total = cents(goods + fees + order.shipping_total + order.cart_tax + order.shipping_tax, places=places)


def _tax_items(options: Options, order: Order, at_line: Callable[[Decimal], Decimal]) -> None:
    country = _tax_country(options, order)
    for line in order.lines:
        line.taxes = _taxes(options, country, line, line.total, line.tax_class)
        line.subtotal_taxes = _taxes(options, country, line, line.subtotal, line.tax_class)
        line.total_tax = sum(map(at_line, line.taxes.values()), Decimal(0))
        line.subtotal_tax = sum(map(at_line, line.subtotal_taxes.values()), Decimal(0))
    for fee in order.fee_lines:
        fee.taxes = _taxes(options, country, fee, fee.total, fee.tax_class)
        fee.total_tax = sum(map(at_line, fee.taxes.values()), Decimal(0))
    tax_class = _shipping_class(options, order)
    for parcel in order.shipping_lines:
        parcel.taxes = (
            {} if tax_class is None else _taxes(options, country, parcel, parcel.total, tax_class, only_shipping=True)
        )
        parcel.total_tax = sum(map(at_line, parcel.taxes.values()), Decimal(0))


def _taxes(
    options: Options, country: str, item: Item, net: Decimal, tax_class: str, *, only_shipping: bool = False
) -> dict[int, Decimal]:
    if not options.calc_taxes or item.tax_status not in {"taxable", *(("shipping",) if only_shipping else ())}:
        return {}
    return {
        rate_id: stored(net * Decimal(rate.rate) / _HUNDRED)
        for rate_id, rate in rates_for(options, country, tax_class).items()
        if rate.shipping or not only_shipping
    }


def _tax_country(options: Options, order: Order) -> str:
    address = {"shipping": order.shipping, "billing": order.billing, "base": {}}[options.tax_based_on]
    return address.get("country") or order.billing.get("country") or options.base_country


def _shipping_class(options: Options, order: Order) -> str | None:
    """`inherit`: the first class of the shop's list found in the basket, standard before reduced (recorded rest/017);
    no lines: no tax on shipping (recorded rest/045).
    """
    if options.shipping_tax_class != "inherit":
        return options.shipping_tax_class
    found = {line.tax_class for line in order.lines if line.tax_status in {"taxable", "shipping"}}
    return next((tax_class for tax_class in CLASSES if tax_class in found), None)


def _tax_lines(
    existing: list[TaxLine], cart: dict[int, Decimal], shipping: dict[int, Decimal], new_item_id: Callable[[], int]
) -> list[TaxLine]:
    """Tax lines keep their ids while their rate is in use; new rates get a new line each."""
    wanted = [*cart, *(rate_id for rate_id in shipping if rate_id not in cart)]
    kept = {line.rate_id: line for line in existing if line.rate_id in wanted}
    order_of_lines = [*kept, *(rate_id for rate_id in wanted if rate_id not in kept)]
    return [
        TaxLine(
            id=kept[rate_id].id if rate_id in kept else new_item_id(),
            rate_id=rate_id,
            tax_total=cart.get(rate_id, Decimal(0)),
            shipping_tax_total=shipping.get(rate_id, Decimal(0)),
        )
        for rate_id in order_of_lines
    ]


def sum_refund(refund: Refund, new_item_id: Callable[[], int]) -> None:
    """Tax lines of a refund from the taxes its items carry (a refund's taxes are given, not computed)."""
    cart: dict[int, Decimal] = {}
    shipping: dict[int, Decimal] = {}
    items: list[Item] = [*refund.lines, *refund.fee_lines]
    for item in items:
        for rate_id, tax in item.taxes.items():
            cart[rate_id] = cart.get(rate_id, Decimal(0)) + tax
    for parcel in refund.shipping_lines:
        for rate_id, tax in parcel.taxes.items():
            shipping[rate_id] = shipping.get(rate_id, Decimal(0)) + tax
    refund.tax_lines = _tax_lines([], cart, shipping, new_item_id)
