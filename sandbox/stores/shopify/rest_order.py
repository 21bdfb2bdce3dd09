"""Orders as webhook bodies show them: REST shape, snake case, numbers as ids, money as text."""

from typing import Any

from sandbox.stores.shopify import discounting
from sandbox.stores.shopify import units as counting
from sandbox.stores.shopify.errors import gid
from sandbox.stores.shopify.model import Address, Line, Order, ShippingLine, Tax
from sandbox.stores.shopify.money import fixed, rest_bag
from sandbox.stores.shopify.rest_after_sale import fulfillment_body, refund_body
from sandbox.stores.shopify.rest_catalogue import local
from sandbox.stores.shopify.small_views import COUNTRIES
from sandbox.stores.shopify.state import SHOP_DOMAIN, Shop

_CUSTOMER_KEYS = (
    "email", "contact_email", "phone", "customer", "billing_address", "shipping_address", "browser_ip",
)  # fmt: skip


def order_body(shop: Shop, order: Order) -> dict[str, Any]:
    """The body of `orders/*`; without protected customer data its keys are missing."""
    customer = shop.customers.get(order.customer_id or 0)
    body = {
        **_head(shop, order),
        **_money(order),
        "billing_address": address_body(order.billing),
        "customer": None
        if customer is None
        else {
            "id": customer.id,
            "email": customer.email,
            "created_at": local(shop, customer.created),
            "updated_at": local(shop, customer.updated),
            "first_name": customer.first_name,
            "last_name": customer.last_name,
            "state": "disabled",
            "note": None,
            "verified_email": True,
            "phone": customer.phone,
            "currency": order.currency,
            "admin_graphql_api_id": gid("Customer", customer.id),
        },
        "discount_applications": discounting.applications(order),
        "fulfillments": [fulfillment_body(shop, order, one, inside=True) for one in order.fulfillments],
        "line_items": [line_body(order, line) for line in order.lines],
        "payment_terms": None,
        "refunds": [refund_body(shop, order, one) for one in order.refunds],
        "shipping_address": address_body(order.shipping),
        "shipping_lines": [_shipping_line(order, line) for line in order.shipping_lines],
        "returns": [{"id": one.id, "admin_graphql_api_id": gid("Return", one.id)} for one in order.returns],
    }
    if shop.options.customer_data != "full":
        body = {key: value for key, value in body.items() if key not in _CUSTOMER_KEYS}
    return body


def _head(shop: Shop, order: Order) -> dict[str, Any]:
    shown = counting.fulfillment_status(order)
    financial = counting.financial_status(order)
    return {
        "id": order.id,
        "admin_graphql_api_id": gid("Order", order.id),
        "app_id": 580_111,
        "browser_ip": None,
        "buyer_accepts_marketing": False,
        "cancel_reason": None if order.cancel_reason is None else order.cancel_reason.lower(),
        "cancelled_at": local(shop, order.cancelled),
        "cart_token": None,
        "checkout_id": None,
        "checkout_token": None,
        "client_details": None,
        "closed_at": local(shop, order.closed),
        "confirmation_number": None,
        "confirmed": True,
        "contact_email": order.email,
        "created_at": local(shop, order.created),
        "currency": order.currency,
        "customer_locale": None,
        "discount_codes": discounting.codes(order),
        "email": order.email or "",
        "estimated_taxes": False,
        "financial_status": None if financial is None else financial.lower(),
        "fulfillment_status": {"FULFILLED": "fulfilled", "PARTIALLY_FULFILLED": "partial"}.get(shown),
        "location_id": None,
        "name": order.name,
        "note": order.note,
        "note_attributes": [{"name": name, "value": value} for name, value in order.attributes],
        "number": order.number - 1000,
        "order_number": order.number,
        "order_status_url": f"https://{SHOP_DOMAIN}/74392404278/orders/{order.id:x}/authenticate",
        "payment_gateway_names": list(dict.fromkeys(one.gateway for one in order.transactions if one.gateway)),
        "phone": order.phone,
        "po_number": order.po_number,
        "presentment_currency": order.currency,
        "processed_at": local(shop, order.processed),
        "reference": order.source_identifier,
        "source_identifier": order.source_identifier,
        "source_name": "580111",
        "source_url": None,
        "tags": ", ".join(sorted(order.tags)),
        "tax_exempt": False,
        "taxes_included": order.taxes_included,
        "test": order.test,
        "updated_at": local(shop, order.updated),
        "user_id": None,
    }


def _money(order: Order) -> dict[str, Any]:
    money, currency = counting.totals(order), order.currency
    sums = {
        "current_subtotal_price": money.current_subtotal,
        "current_total_discounts": money.current_discount,
        "current_total_price": money.current_total,
        "current_total_tax": money.current_tax,
        "subtotal_price": money.subtotal,
        "total_discounts": money.discount,
        "total_line_items_price": money.subtotal + money.discount,
        "total_price": money.total,
        "total_tax": money.tax,
    }
    shown: dict[str, Any] = {}
    for name, amount in sums.items():
        shown[name] = fixed(amount)
        shown[f"{name}_set"] = rest_bag(amount, currency)
    shown["total_shipping_price_set"] = rest_bag(money.shipping, currency)
    shown["total_outstanding"] = fixed(money.outstanding)
    shown["total_tip_received"] = "0.00"
    shown["total_weight"] = 0
    shown["tax_lines"] = tax_bodies(
        [*order.taxes, *(tax for line in order.lines for tax in line.taxes),
         *(tax for line in order.shipping_lines for tax in line.taxes)], currency,
    )  # fmt: skip
    return shown


def line_body(order: Order, line: Line) -> dict[str, Any]:
    """An entry of `line_items`."""
    unit, zero = counting.units(order, line), line.price - line.price
    status = "partial" if unit.shipped else None
    if unit.shipped and not unit.open:
        status = "fulfilled"
    return {
        "id": line.id,
        "admin_graphql_api_id": gid("LineItem", line.id),
        "attributed_staffs": [],
        "current_quantity": unit.current,
        "fulfillable_quantity": unit.open,
        "fulfillment_service": "manual",
        "fulfillment_status": status,
        "gift_card": line.gift_card,
        "grams": 0,
        "name": f"{line.title} - {line.variant_title}" if line.variant_title else line.title,
        "price": fixed(line.price),
        "price_set": rest_bag(line.price, order.currency),
        "product_exists": line.product_id is not None,
        "product_id": line.product_id,
        "properties": [{"name": name, "value": value} for name, value in line.properties],
        "quantity": line.quantity,
        "requires_shipping": line.requires_shipping,
        "sku": line.sku,
        "taxable": line.taxable,
        "title": line.title,
        "total_discount": "0.00",
        "total_discount_set": rest_bag(zero, order.currency),
        "variant_id": line.variant_id,
        "variant_inventory_management": None if line.variant_id is None else "shopify",
        "variant_title": line.variant_title,
        "vendor": line.vendor,
        "tax_lines": tax_bodies(line.taxes, order.currency),
        "duties": [],
        "discount_allocations": discounting.allocations(order, line),
    }


def _shipping_line(order: Order, line: ShippingLine) -> dict[str, Any]:
    return {
        "id": line.id,
        "carrier_identifier": None,
        "code": line.code,
        "discounted_price": fixed(line.price),
        "discounted_price_set": rest_bag(line.price, order.currency),
        "is_removed": False,
        "phone": None,
        "price": fixed(line.price),
        "price_set": rest_bag(line.price, order.currency),
        "requested_fulfillment_service_id": None,
        "source": line.source,
        "title": line.title,
        "tax_lines": tax_bodies(line.taxes, order.currency),
        "discount_allocations": [],
    }


def tax_bodies(taxes: list[Tax], currency: str) -> list[dict[str, Any]]:
    """`tax_lines`."""
    return [
        {
            "price": fixed(tax.amount),
            "rate": float(tax.rate),
            "title": tax.title,
            "price_set": rest_bag(tax.amount, currency),
            "channel_liable": None,
        }
        for tax in taxes
    ]


def address_body(address: Address | None) -> dict[str, Any] | None:
    """A billing or shipping address."""
    if address is None:
        return None
    name = " ".join(part for part in (address.first_name, address.last_name) if part)
    return {
        "first_name": address.first_name,
        "address1": address.address1,
        "phone": address.phone,
        "city": address.city,
        "zip": address.zip,
        "province": address.province_code,
        "country": COUNTRIES.get(address.country_code or "", address.country_code),
        "last_name": address.last_name,
        "address2": address.address2,
        "company": address.company,
        "latitude": None,
        "longitude": None,
        "name": name,
        "country_code": address.country_code,
        "province_code": address.province_code,
    }
