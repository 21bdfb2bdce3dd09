"""German prices in Magento: net and tax of a cart whose prices include tax, and which rate holds for a product.

Calculation "based on total": every row's tax is rounded and the rounding's remainder carried to the next row, shipping
last. That is why the same 3,35 € of shipping is 2,82 net in one order and 2,81 in another (recorded 024, 064).
"""

from dataclasses import dataclass
from decimal import Decimal

from sandbox.stores.magento2.model import Product, TaxRate
from sandbox.stores.magento2.php import ZERO, cents, decimal
from sandbox.stores.magento2.state import Shop

SHIPPING_CLASS = "2"
_HUNDRED = Decimal(100)
_GUEST_CLASS = 3


@dataclass(frozen=True, slots=True)
class Taxed:
    """A row's money: gross, net and tax, with the rate that made them (None: no rate holds)."""

    gross: Decimal
    net: Decimal
    tax: Decimal
    rate: TaxRate | None

    @property
    def percent(self) -> Decimal:
        return ZERO if self.rate is None else decimal(self.rate.columns["rate"])


def rate_for(shop: Shop, country: str, tax_class: str) -> TaxRate | None:
    """The rate the shop's rules give a guest for goods of a class sent to a country."""
    for rule in shop.taxrules.values():
        classes = [str(number) for number in rule.columns.get("product_tax_class_ids", [])]
        if tax_class not in classes or _GUEST_CLASS not in rule.columns.get("customer_tax_class_ids", []):
            continue
        for number in rule.columns.get("tax_rate_ids", []):
            rate = shop.taxrates.get(number)
            if rate is not None and rate.columns.get("tax_country_id") == country:
                return rate
    return None


def unit_net(shop: Shop, product: Product, country: str = "DE") -> Decimal:
    """A product's net price as a cart shows it."""
    rate = rate_for(shop, country, product.tax_class)
    if rate is None or not shop.options.prices_include_tax:
        return product.price
    percent = decimal(rate.columns["rate"])
    return product.price - cents(product.price * percent / (_HUNDRED + percent))


class Calculator:
    """Rows of one cart in their order; the remainder of each rounding goes into the next row of the same rate."""

    def __init__(self, shop: Shop, country: str) -> None:
        self.shop = shop
        self.country = country
        self._carried: dict[int, Decimal] = {}

    def row(self, price: Decimal, tax_class: str) -> Taxed:
        """A row of that price, which includes tax or not as the shop is set up."""
        rate = rate_for(self.shop, self.country, tax_class)
        if rate is None:
            return Taxed(price, price, ZERO, None)
        percent = decimal(rate.columns["rate"])
        included = self.shop.options.prices_include_tax
        exactly = price * percent / (_HUNDRED + percent if included else _HUNDRED)
        exactly += self._carried.get(rate.id, ZERO)
        tax = cents(exactly)
        self._carried[rate.id] = exactly - tax
        return Taxed(price, price - tax, tax, rate) if included else Taxed(price + tax, price, tax, rate)
