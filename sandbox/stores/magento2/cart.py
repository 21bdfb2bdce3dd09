"""Carts: what they hold and what they cost."""

from decimal import Decimal
from typing import Any

from sandbox.stores.magento2.model import Product, Quote, Row
from sandbox.stores.magento2.php import ZERO, cents, decimal
from sandbox.stores.magento2.state import Shop
from sandbox.stores.magento2.taxes import SHIPPING_CLASS, Calculator, Taxed

METHOD_TITLES = {
    "checkmo": "Check / Money order",
    "purchaseorder": "Purchase Order",
    "banktransfer": "Bank Transfer Payment",
    "idealo_marketplace": "idealo",
}
SHIPPING_TITLE = "Flat Rate - Fixed"


class Cart:
    """A quote with its totals. `shipping_price`: the shop's flat rate or what the importer says, as prices are."""

    def __init__(self, shop: Shop, quote: Quote, *, shipping_price: Decimal | None = None) -> None:
        self.shop = shop
        self.quote = quote
        address = quote.shipping or quote.billing or {}
        calculator = Calculator(shop, str(address.get("country_id") or "DE"))
        self.rows: list[tuple[Row, Product, Taxed]] = []
        for item in quote.items:
            product = shop.products[item["product_id"]]
            price = decimal(item["custom_price"]) if item.get("custom_price") is not None else product.price
            self.rows.append((item, product, calculator.row(price * decimal(item["qty"]), product.tax_class)))
        flat = decimal(shop.options.shipping_price) if shipping_price is None else shipping_price
        self.shipping = calculator.row(flat, SHIPPING_CLASS) if quote.items else Taxed(ZERO, ZERO, ZERO, None)

    @property
    def subtotal(self) -> Decimal:
        return sum((taxed.net for _, _, taxed in self.rows), ZERO)

    @property
    def subtotal_incl_tax(self) -> Decimal:
        return sum((taxed.gross for _, _, taxed in self.rows), ZERO)

    @property
    def tax(self) -> Decimal:
        return sum((taxed.tax for _, _, taxed in self.rows), self.shipping.tax)

    @property
    def grand_total(self) -> Decimal:
        return self.subtotal_incl_tax + self.shipping.gross

    def totals(self) -> dict[str, Any]:
        """`totals` of shipping-information (recorded 022)."""
        shown: dict[str, Any] = {}
        for name, value in (
            ("grand_total", self.grand_total),
            ("subtotal", self.subtotal),
            ("discount_amount", 0),
            ("subtotal_with_discount", self.subtotal),
            ("shipping_amount", self.shipping.net),
            ("shipping_discount_amount", 0),
            ("tax_amount", self.tax),
        ):
            shown |= {name: value, f"base_{name}": value}
        return {
            **shown,
            "weee_tax_applied_amount": None,
            "shipping_tax_amount": self.shipping.tax,
            "base_shipping_tax_amount": self.shipping.tax,
            "subtotal_incl_tax": self.subtotal_incl_tax,
            "shipping_incl_tax": self.shipping.gross,
            "base_shipping_incl_tax": self.shipping.gross,
            "base_currency_code": "EUR",
            "quote_currency_code": "EUR",
            "items_qty": sum((decimal(item["qty"]) for item, _, _ in self.rows), ZERO),
            "items": [self._total_item(item, product, taxed) for item, product, taxed in self.rows],
            "total_segments": self._segments(),
        }

    def _total_item(self, item: Row, product: Product, taxed: Taxed) -> Row:
        quantity = decimal(item["qty"])
        price, gross = cents(taxed.net / quantity), cents(taxed.gross / quantity)
        return {
            "item_id": item["item_id"],
            "price": price,
            "base_price": price,
            "qty": quantity,
            "row_total": taxed.net,
            "base_row_total": taxed.net,
            "row_total_with_discount": 0,
            "tax_amount": taxed.tax,
            "base_tax_amount": taxed.tax,
            "tax_percent": taxed.percent,
            "discount_amount": 0,
            "base_discount_amount": 0,
            "discount_percent": 0,
            "price_incl_tax": gross,
            "base_price_incl_tax": gross,
            "row_total_incl_tax": taxed.gross,
            "base_row_total_incl_tax": taxed.gross,
            "options": "[]",
            "weee_tax_applied_amount": None,
            "weee_tax_applied": None,
            "name": product.name,
        }

    def _segments(self) -> list[Row]:
        details = [
            {
                "amount": amount,
                "rates": [{"percent": f"{percent.normalize():f}", "title": code}],
                "group_id": number,
            }
            for number, (code, percent, amount) in enumerate(self.taxes_by_rate(), 1)
        ]
        return [
            {"code": "subtotal", "title": "Subtotal", "value": self.subtotal},
            {
                "code": "shipping",
                "title": f"Shipping & Handling ({SHIPPING_TITLE})",
                "value": self.shipping.net,
            },
            {
                "code": "tax",
                "title": "Tax",
                "value": self.tax,
                "extension_attributes": {"tax_grandtotal_details": details},
            },
            {"code": "grand_total", "title": "Grand Total", "value": self.grand_total, "area": "footer"},
        ]

    def taxes_by_rate(self) -> list[tuple[str, Decimal, Decimal]]:
        """Code, percentage and amount of every rate in use, shipping included."""
        sums: dict[str, tuple[Decimal, Decimal]] = {}
        for taxed in [*(taxed for _, _, taxed in self.rows), self.shipping]:
            if taxed.rate is not None:
                code = str(taxed.rate.columns["code"])
                sums[code] = (taxed.percent, sums.get(code, (ZERO, ZERO))[1] + taxed.tax)
        return [(code, percent, amount) for code, (percent, amount) in sums.items()]
