"""Orders, lines and payments as the Admin API shows them; fields are the schema's, in snake case."""

from decimal import Decimal
from typing import Any, ClassVar

from sandbox.stores.shopify import units as counting
from sandbox.stores.shopify.after_sale_view import FulfillmentView, RefundView, ReturnView, WorkOrderView
from sandbox.stores.shopify.errors import gid, protected
from sandbox.stores.shopify.model import Address, Line, Order, ShippingLine, Transaction
from sandbox.stores.shopify.money import bag, fixed
from sandbox.stores.shopify.paging import window
from sandbox.stores.shopify.small_views import (
    AddressView,
    CustomerView,
    MetafieldView,
    attributes,
    tax_lines,
)
from sandbox.stores.shopify.state import Shop


class TransactionView:
    typename: ClassVar = "OrderTransaction"

    def __init__(self, shop: Shop, order: Order, transaction: Transaction) -> None:
        self._shop, self._order, self._is = shop, order, transaction
        self.id = gid("OrderTransaction", transaction.id)
        self.kind, self.status, self.gateway = transaction.kind, transaction.status, transaction.gateway
        self.formatted_gateway = transaction.gateway
        self.amount = fixed(transaction.amount)
        self.amount_set = bag(transaction.amount, order.currency)
        self.authorization_code = transaction.authorization
        place = order.transactions.index(transaction) + 1
        self.payment_id = f"{order.name}.{place}"
        self.manual_payment_gateway = True
        self.test = transaction.test
        self.receipt_json = transaction.receipt
        self.created_at, self.processed_at = transaction.created, transaction.processed

    @property
    def parent_transaction(self) -> "TransactionView | None":
        found = [one for one in self._order.transactions if one.id == self._is.parent_id]
        return TransactionView(self._shop, self._order, found[0]) if found else None

    @property
    def order(self) -> "OrderView":
        return OrderView(self._shop, self._order)


class LineView:
    typename: ClassVar = "LineItem"

    def __init__(self, shop: Shop, order: Order, line: Line) -> None:
        self._shop, self._order, self._is = shop, order, line
        unit = counting.units(order, line)
        self.id = gid("LineItem", line.id)
        self.title, self.sku, self.vendor, self.variant_title = line.title, line.sku, line.vendor, line.variant_title
        self.name = f"{line.title} - {line.variant_title}" if line.variant_title else line.title
        self.quantity = line.quantity
        self.current_quantity = unit.current
        self.unfulfilled_quantity = self.fulfillable_quantity = unit.open
        self.non_fulfillable_quantity = line.quantity - unit.open
        self.refundable_quantity = unit.current
        self.fulfillment_status = "fulfilled" if not unit.open and unit.shipped else "unfulfilled"
        if unit.shipped and unit.open:
            self.fulfillment_status = "partial"
        self.requires_shipping, self.taxable, self.is_gift_card = line.requires_shipping, line.taxable, line.gift_card
        self.restockable = line.variant_id is not None
        self.custom_attributes = attributes(line.properties)
        price, total = bag(line.price, order.currency), bag(line.price * line.quantity, order.currency)
        self.original_unit_price_set = self.discounted_unit_price_set = price
        self.original_total_set = total
        self.total_discount_set = bag(Decimal(0), order.currency)

    def discounted_total_set(self, *, with_code_discounts: bool = False, **_arguments: Any) -> dict[str, Any]:
        gross = self._is.price * self._is.quantity
        return bag(gross - self._is.discount if with_code_discounts else gross, self._order.currency)

    def tax_lines(self, first: int | None = None) -> list[dict[str, Any]]:
        return tax_lines(self._is.taxes, self._order.currency)[:first]

    @property
    def variant(self) -> Any:
        from sandbox.stores.shopify.catalogue_view import VariantView  # noqa: PLC0415 - the two views show each other

        variant = self._shop.variants.get(self._is.variant_id or 0)
        return None if variant is None else VariantView(self._shop, variant)

    @property
    def product(self) -> Any:
        from sandbox.stores.shopify.catalogue_view import ProductView  # noqa: PLC0415 - as above

        product = self._shop.products.get(self._is.product_id or 0)
        return None if product is None else ProductView(self._shop, product)


class ShippingLineView:
    typename: ClassVar = "ShippingLine"

    def __init__(self, order: Order, line: ShippingLine) -> None:
        self.id = gid("ShippingLine", line.id)
        self.title, self.code, self.source = line.title, line.code, line.source
        self.custom = line.source is None
        self.is_removed = False
        self.original_price_set = self.discounted_price_set = bag(line.price, order.currency)
        self.current_discounted_price_set = self.original_price_set
        self.tax_lines = tax_lines(line.taxes, order.currency)


class OrderView:
    typename: ClassVar = "Order"

    def __init__(self, shop: Shop, order: Order) -> None:
        self._shop, self._is = shop, order
        self.id = gid("Order", order.id)
        self.legacy_resource_id = str(order.id)
        self.name, self.number = order.name, order.number
        self.source_identifier, self.source_name = order.source_identifier, "580111"
        self.app = {"id": gid("App", 580_111), "name": "idealo Bridge"}
        self.tags = sorted(order.tags)
        self.note, self.po_number, self.test, self.edited = order.note, order.po_number, order.test, order.edited
        self.confirmed = True
        self.created_at, self.updated_at, self.processed_at = order.created, order.updated, order.processed
        self.cancelled_at, self.cancel_reason = order.cancelled, order.cancel_reason
        self.cancellation = {"staffNote": order.staff_note} if order.cancelled else None
        self.closed, self.closed_at = order.closed is not None, order.closed
        self.merchant_editable = order.cancelled is None
        self.merchant_editable_errors = [] if order.cancelled is None else ["The order cannot be edited."]
        self.custom_attributes = attributes(order.attributes)
        self.display_financial_status = counting.financial_status(order)
        self.display_fulfillment_status = counting.fulfillment_status(order)
        self.return_status = counting.return_status(order)
        self.fully_paid = self.display_financial_status in {"PAID", "PARTIALLY_REFUNDED", "REFUNDED"}
        self.unpaid = not self.fully_paid
        self.payment_gateway_names = list(dict.fromkeys(one.gateway for one in order.transactions if one.gateway))
        self.discount_codes = [] if order.discount_code is None else [order.discount_code]
        self.taxes_included = order.taxes_included
        self.currency_code = self.presentment_currency_code = order.currency
        self.requires_shipping = any(line.requires_shipping for line in order.lines)
        self.subtotal_line_items_quantity = sum(line.quantity for line in order.lines)
        every = [counting.units(order, line) for line in order.lines]
        self.current_subtotal_line_items_quantity = sum(unit.current for unit in every)
        self.fulfillable = any(unit.open for unit in every) and order.cancelled is None
        self._put_money(counting.totals(order))

    def _put_money(self, money: counting.Totals) -> None:
        currency = self._is.currency
        self.subtotal_price_set = bag(money.subtotal, currency)
        self.current_subtotal_price_set = bag(money.current_subtotal, currency)
        self.total_price_set = bag(money.total, currency)
        self.current_total_price_set = bag(money.current_total, currency)
        self.total_tax_set = bag(money.tax, currency)
        self.current_total_tax_set = bag(money.current_tax, currency)
        self.total_discounts_set = bag(money.discount, currency)
        self.current_total_discounts_set = bag(money.current_discount, currency)
        self.total_shipping_price_set = bag(money.shipping, currency)
        self.current_shipping_price_set = bag(money.current_shipping, currency)
        self.total_received_set = bag(money.received, currency)
        self.total_refunded_set = bag(money.refunded, currency)
        self.total_refunded_shipping_set = bag(money.refunded_shipping, currency)
        self.total_outstanding_set = bag(money.outstanding, currency)
        self.total_capturable = fixed(money.authorized)
        self.total_capturable_set = bag(money.authorized, currency)
        self.capturable = money.authorized > 0
        self.net_payment_set = bag(money.net_payment, currency)
        self.refundable = money.net_payment > 0
        self.tax_lines = tax_lines(
            [*self._is.taxes, *(tax for line in self._is.lines for tax in line.taxes),
             *(tax for line in self._is.shipping_lines for tax in line.taxes)], currency,
        )  # fmt: skip

    def _protected(self, value: Any, what: str) -> Any:
        """Customer data as far as the app may see it."""
        match self._shop.options.customer_data:
            case "full":
                return value
            case "null":
                return None
            case "denied":
                raise protected(what)

    @property
    def email(self) -> Any:
        return self._protected(self._is.email, "email field")

    @property
    def phone(self) -> Any:
        return self._protected(self._is.phone, "phone field")

    @property
    def customer(self) -> Any:
        customer = self._shop.customers.get(self._is.customer_id or 0)
        return self._protected(None if customer is None else CustomerView(customer), "Customer object")

    @property
    def billing_address(self) -> Any:
        return self._address(self._is.billing)

    @property
    def shipping_address(self) -> Any:
        return self._address(self._is.shipping)

    def _address(self, address: Address | None) -> Any:
        return self._protected(None if address is None else AddressView(address), "MailingAddress object")

    def metafield(self, key: str, namespace: str | None = None) -> Any:
        wanted = (namespace or "$app", key) if namespace or "." not in key else tuple(key.split(".", 1))
        found = [field for field in self._is.metafields if (field.namespace, field.key) == wanted]
        return MetafieldView(found[0]) if found else None

    def metafields(self, namespace: str | None = None, keys: list[str] | None = None, **page: Any) -> dict[str, Any]:
        chosen = [
            field
            for field in self._is.metafields
            if namespace in {None, field.namespace} and (keys is None or f"{field.namespace}.{field.key}" in keys)
        ]
        return window(chosen, lambda field: (field.id, field.id), MetafieldView, page)

    @property
    def shipping_line(self) -> Any:
        lines = self._is.shipping_lines
        return ShippingLineView(self._is, lines[0]) if lines else None

    def shipping_lines(self, **page: Any) -> dict[str, Any]:
        lines = self._is.shipping_lines
        return window(lines, lambda line: (line.id, line.id), lambda line: ShippingLineView(self._is, line), page)

    def line_items(self, **page: Any) -> dict[str, Any]:
        return window(
            self._is.lines, lambda line: (line.id, line.id), lambda line: LineView(self._shop, self._is, line), page
        )

    def transactions(self, first: int | None = None, **_filters: Any) -> list[TransactionView]:
        return [TransactionView(self._shop, self._is, one) for one in self._is.transactions[:first]]

    @property
    def transactions_count(self) -> dict[str, Any]:
        return {"count": len(self._is.transactions), "precision": "EXACT"}

    def fulfillments(self, first: int | None = None, query: str | None = None) -> list[FulfillmentView]:
        """Newest first (capture fulfillment-cancel-parity), silently cut at `first`."""
        newest = sorted(self._is.fulfillments, key=lambda one: one.id, reverse=True)
        return [FulfillmentView(self._shop, self._is, one) for one in newest[:first]]

    @property
    def fulfillments_count(self) -> dict[str, Any]:
        return {"count": len(self._is.fulfillments), "precision": "EXACT"}

    def fulfillment_orders(self, **page: Any) -> dict[str, Any]:
        return window(
            self._is.work_orders, lambda one: (one.id, one.id),
            lambda one: WorkOrderView(self._shop, self._is, one), page,
        )  # fmt: skip

    def refunds(self, first: int | None = None) -> list[RefundView]:
        return [RefundView(self._shop, self._is, one) for one in self._is.refunds[:first]]

    def returns(self, **page: Any) -> dict[str, Any]:
        return window(
            self._is.returns, lambda one: (one.id, one.id), lambda one: ReturnView(self._shop, self._is, one), page
        )
