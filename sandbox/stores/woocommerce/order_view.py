"""Orders and refunds as REST v3 and the webhooks write them; key order, types and empty values as recorded."""

from decimal import Decimal
from typing import Any

from sandbox.stores.woocommerce.model import Fee, Item, Line, Meta, Order, Refund, Shipping, TaxLine
from sandbox.stores.woocommerce.php import gmt, local, money, number, slug
from sandbox.stores.woocommerce.state import Shop
from sandbox.stores.woocommerce.taxes import rate_by_id, rate_code
from sandbox.stores.woocommerce.trackings import META_KEY, shown_items

EDITABLE = {"pending", "on-hold", "auto-draft", "checkout-draft"}
ALL_METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]
_SYMBOLS = {"EUR": "€", "GBP": "£", "USD": "$", "CHF": "CHF", "PLN": "zł"}


class OrderView:
    """Renders for one base address; `places` is the `dp` parameter."""

    def __init__(self, shop: Shop, base: str, places: int | None = None) -> None:
        self.shop = shop
        self.base = base
        self.api = f"{base}/wp-json/wc/v3"
        self.places = shop.options.number_of_decimals if places is None else places

    def order(self, order: Order) -> dict[str, Any]:
        """One order."""
        body = self._head(order) | self._buyer(order) | self._rows(order)
        if self.shop.options.shiptastic:
            body |= self._shiptastic(order)
        body["_links"] = self._links(f"/orders/{order.id}", "/orders", ALL_METHODS) | {
            "email_templates": [{"embeddable": True, "href": f"{self.api}/orders/{order.id}/actions/email_templates"}]
        }
        return body

    def _head(self, order: Order) -> dict[str, Any]:
        return {
            "id": order.id,
            "parent_id": order.parent_id,
            "status": order.status,
            "currency": order.currency,
            "version": self.shop.options.version,
            "prices_include_tax": order.prices_include_tax,
            "date_created": local(order.created),
            "date_modified": local(order.modified),
            "discount_total": self._money(order.discount_total),
            "discount_tax": self._money(order.discount_tax),
            "shipping_total": self._money(order.shipping_total),
            "shipping_tax": self._money(order.shipping_tax),
            "cart_tax": self._money(order.cart_tax),
            "total": self._money(order.total),
            "total_tax": self._money(order.cart_tax + order.shipping_tax),
            "customer_id": order.customer_id,
            "order_key": order.order_key,
        }

    def _buyer(self, order: Order) -> dict[str, Any]:
        return {
            "billing": dict(order.billing),
            "shipping": dict(order.shipping),
            "payment_method": order.payment_method,
            "payment_method_title": order.payment_method_title,
            "transaction_id": order.transaction_id,
            "customer_ip_address": "",
            "customer_user_agent": "",
            "created_via": order.created_via,
            "customer_note": order.customer_note,
            "date_completed": local(order.completed),
            "date_paid": local(order.paid),
            "cart_hash": "",
            "number": str(order.id),
        }

    def _rows(self, order: Order) -> dict[str, Any]:
        dates = {
            "created": order.created, "modified": order.modified, "completed": order.completed, "paid": order.paid,
        }  # fmt: skip
        return {
            # Read through the key index of the meta table, hence by key (most recordings; the first two by id).
            "meta_data": [self._meta(row) for row in sorted(order.meta, key=lambda row: (row.key, row.id))],
            "line_items": [self._line(line) for line in order.lines],
            "tax_lines": [self._tax_line(line) for line in order.tax_lines],
            "shipping_lines": [self._shipping(line) for line in order.shipping_lines],
            "fee_lines": [self._fee(line) for line in order.fee_lines],
            "coupon_lines": [],
            "refunds": [self._refund_summary(refund) for refund in self.shop.refunds_of(order.id)],
            "payment_url": f"{self.base}/checkout/order-pay/{order.id}/?pay_for_order=true&key={order.order_key}",
            "is_editable": order.status in EDITABLE,
            "needs_payment": order.status in {"pending", "failed"} and order.total > 0,
            "needs_processing": needs_processing(self.shop, order),
            **{f"date_{name}_gmt": gmt(moment) for name, moment in dates.items()},
            "currency_symbol": _SYMBOLS.get(order.currency, order.currency),
        }

    def refund(self, refund: Refund, *, with_parent: bool = False) -> dict[str, Any]:
        """One refund; only the list over all orders names the parent (recorded rest/024)."""
        path = f"/orders/{refund.order_id}"
        return {
            "id": refund.id,
            **({"parent_id": refund.order_id} if with_parent else {}),
            "date_created": local(refund.created),
            "date_created_gmt": gmt(refund.created),
            "amount": self._money(refund.amount),
            "reason": refund.reason,
            "refunded_by": 1,
            "refunded_payment": False,
            "meta_data": [self._meta(row) for row in refund.meta],
            "line_items": [self._line(line) for line in refund.lines],
            "shipping_lines": [self._shipping(line) for line in refund.shipping_lines],
            "tax_lines": [self._tax_line(line) for line in refund.tax_lines],
            "fee_lines": [self._fee(line) for line in refund.fee_lines],
            "_links": self._links(f"{path}/refunds/{refund.id}", f"{path}/refunds", ["GET", "DELETE"])
            | {"up": [{"href": f"{self.api}{path}"}]},
        }

    def _money(self, value: Decimal) -> str:
        return money(value, self.places)

    def _links(self, path: str, collection: str, methods: list[str]) -> dict[str, Any]:
        return {
            "self": [{"href": f"{self.api}{path}", "targetHints": {"allow": methods}}],
            "collection": [{"href": f"{self.api}{collection}"}],
        }

    def _meta(self, row: Meta) -> dict[str, Any]:
        value = shown_items(self.shop.options, row.value) if row.key == META_KEY else row.value
        return {"id": row.id, "key": row.key, "value": value}

    def _item_meta(self, item: Item) -> list[dict[str, Any]]:
        labels: dict[str, str] = {}
        if isinstance(item, Line) and (product := self.shop.products.get(item.sold_id)) is not None:
            labels = {slugged: name for name, slugged, _ in attribute_slugs(product.attributes)}
        return [
            {
                "id": row.id,
                "key": row.key,
                "value": row.value,
                "display_key": labels.get(row.key, row.key),
                "display_value": row.value,
            }
            for row in item.meta
        ]

    def _taxes(self, item: Item, subtotals: dict[int, Decimal] | None) -> list[dict[str, Any]]:
        return [
            {
                "id": rate_id,
                "total": self._money(tax),
                "subtotal": "" if subtotals is None else self._money(subtotals.get(rate_id, Decimal(0))),
            }
            for rate_id, tax in item.taxes.items()
        ]

    def _line(self, line: Line) -> dict[str, Any]:
        product = self.shop.products.get(line.sold_id)
        parent = self.shop.products.get(product.parent_id) if product is not None else None
        return {
            "id": line.id,
            "name": line.name,
            "product_id": line.product_id,
            "variation_id": line.variation_id,
            "quantity": line.quantity,
            "tax_class": line.tax_class,
            "subtotal": self._money(line.subtotal),
            "subtotal_tax": self._money(line.subtotal_tax),
            "total": self._money(line.total),
            "total_tax": self._money(line.total_tax),
            "taxes": self._taxes(line, line.subtotal_taxes),
            "meta_data": self._item_meta(line),
            # Read live from the product: null once it is gone (recorded rest/041).
            "sku": None if product is None else product.sku,
            "global_unique_id": None if product is None else product.global_unique_id,
            "price": number(float(line.total) / line.quantity) if line.quantity else 0,
            "image": {"id": "" if product is not None and product.type == "simple" else 0, "src": ""},
            "parent_name": None if parent is None else parent.name,
        }

    def _tax_line(self, line: TaxLine) -> dict[str, Any]:
        rate = rate_by_id(self.shop.options, line.rate_id)
        return {
            "id": line.id,
            "rate_code": "" if rate is None else rate_code(rate),
            "rate_id": line.rate_id,
            "label": "" if rate is None else rate.name,
            "compound": False,
            "tax_total": self._money(line.tax_total),
            "shipping_tax_total": self._money(line.shipping_tax_total),
            "rate_percent": 0 if rate is None else number(Decimal(rate.rate)),
            "meta_data": [],
        }

    def _shipping(self, line: Shipping) -> dict[str, Any]:
        return {
            "id": line.id,
            "method_title": line.name,
            "method_id": line.method_id,
            "instance_id": line.instance_id,
            "total": self._money(line.total),
            "total_tax": self._money(line.total_tax),
            "taxes": self._taxes(line, None),
            "tax_status": line.tax_status,
            "meta_data": self._item_meta(line),
        }

    def _fee(self, line: Fee) -> dict[str, Any]:
        return {
            "id": line.id,
            "name": line.name,
            "tax_class": line.tax_class,
            "tax_status": line.tax_status,
            "amount": line.amount,
            "total": self._money(line.total),
            "total_tax": self._money(line.total_tax),
            "taxes": self._taxes(line, None),
            "meta_data": self._item_meta(line),
        }

    def _refund_summary(self, refund: Refund) -> dict[str, Any]:
        tax = sum((line.tax_total + line.shipping_tax_total for line in refund.tax_lines), Decimal(0))
        return {
            "id": refund.id,
            "reason": refund.reason,
            "total": self._money(-refund.amount),
            "total_tax": self._money(tax),
        }

    def _shiptastic(self, order: Order) -> dict[str, Any]:
        from sandbox.stores.woocommerce.shiptastic import order_fields  # noqa: PLC0415 - it renders with this module

        return order_fields(self.shop, order)


def needs_processing(shop: Shop, order: Order) -> bool:
    """Whether a line has a product that is not both virtual and downloadable; product-less lines do not count."""
    products = [shop.products.get(line.sold_id) for line in order.lines]
    return any(product is not None and not (product.virtual and product.downloadable) for product in products)


def attribute_slugs(attributes: list[tuple[str, str]]) -> list[tuple[str, str, str]]:
    """Attributes as (name, slug, value): (Größe, grose, M)."""
    return [(name, slug(name), value) for name, value in attributes]
