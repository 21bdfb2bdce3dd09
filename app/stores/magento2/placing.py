"""Builds the document of a new order: idealo's gross amounts, taxed at the draft's rates, to the cent; pure."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from app.domain.errors import Permanent, Problem
from app.domain.money import CENT, net_of, split, tax_in
from app.domain.tax import Draft, DraftLine
from app.domain.value import Value
from app.stores.magento2.addresses import Addresses
from app.stores.magento2.products import Product
from app.stores.magento2.settings import Settings
from app.stores.magento2.wording import order_comment, shipping_description, storable

_ZERO = Decimal("0.00")
_CUSTOMER = 128
"""Width of the customer's columns on an order; the addresses' are wider (sales_order, Magento 2.4)."""
_REFERENCE = 32
"""Width of ext_order_id: MySQL would cut a longer id without a word, and no search would find the order again."""


class Shop(Value):
    """The store view an order belongs to."""

    store_id: int
    website_id: int
    currency: str
    """The base currency; amounts are written once in it and once in the order's, which is the same."""


class _Sums(Value):
    """What the order comes to."""

    goods_gross: Decimal
    goods_tax: Decimal
    shipping_gross: Decimal
    shipping_tax: Decimal
    discount: Decimal
    """Zero or more; taken off the lines where idealo's total is below the sum of its parts."""

    @property
    def total(self) -> Decimal:
        return self.goods_gross + self.shipping_gross - self.discount


def order_entity(
    draft: Draft, addresses: Addresses, products: Mapping[str, Product], shop: Shop, settings: Settings
) -> dict[str, Any]:
    """The order as PUT /V1/orders/create and our module's import take it: kept as it is, prices and all (recorded
    025). Amounts stand twice, in base and order currency. Permanent(unsupported) for an id the shop would cut.
    """
    purchase = draft.purchase
    if len(purchase.idealo_order_id) > _REFERENCE:
        text = f"Magento keeps {_REFERENCE} characters of an idealo order id, this one has more"
        raise Permanent(Problem.UNSUPPORTED, text)
    sums = _sums(draft)
    items = _items(draft, products, shop, sums.discount)
    payment = {"method": settings.payment_method, "last_trans_id": storable(purchase.transaction_id)[:32]}
    if settings.payment_method == "purchaseorder":
        payment["po_number"] = f"idealo-{purchase.idealo_order_id}"
    ordered = {"amount_ordered": sums.total, "shipping_amount": sums.shipping_gross - sums.shipping_tax}
    return {
        **_head(draft, addresses, shop, settings),
        **_amounts(sums),
        "total_qty_ordered": sum(line.line.quantity for line in draft.lines),
        "total_item_count": len(items),
        "items": items,
        "billing_address": addresses.billing,
        "payment": {**payment, **_twice(ordered)},
        "extension_attributes": {
            "shipping_assignments": [
                {"shipping": {"address": addresses.shipping, "method": settings.shipping_method}, "items": items}
            ]
        },
        "status_histories": [
            {
                "comment": order_comment(purchase, addresses.changed),
                "is_customer_notified": 0,
                "is_visible_on_front": 0,
                "status": settings.order_status,
                "entity_name": "order",
            }
        ],
    }


def _head(draft: Draft, addresses: Addresses, shop: Shop, settings: Settings) -> dict[str, Any]:
    currencies = ("base_currency_code", "global_currency_code", "order_currency_code", "store_currency_code")
    rates = ("base_to_global_rate", "base_to_order_rate", "store_to_base_rate", "store_to_order_rate")
    return {
        "ext_order_id": draft.purchase.idealo_order_id,
        "store_id": shop.store_id,
        "state": settings.order_state,
        "status": settings.order_status,
        "is_virtual": 0,
        **dict.fromkeys(currencies, draft.purchase.currency),
        **dict.fromkeys(rates, 1),
        "customer_is_guest": 1,
        "customer_group_id": 0,
        "customer_note_notify": 0,
        **{f"customer_{name}": addresses.billing[name][:_CUSTOMER] for name in ("email", "firstname", "lastname")},
        "shipping_description": shipping_description(draft.purchase),
    }


def _sums(draft: Draft) -> _Sums:
    """Goods and shipping with their tax. What idealo's total has beyond its parts goes into shipping, untaxed; where
    that would be negative, off the lines.
    """
    shipping = sum((part.gross for part in draft.shipping), _ZERO)
    shipping_tax = sum((tax_in(part.gross, part.tax.rate) for part in draft.shipping), _ZERO)
    left = shipping + draft.difference
    if left < shipping:
        shipping_tax = max(min(shipping_tax, left), _ZERO)
    return _Sums(
        goods_gross=sum((line.line.total for line in draft.lines), _ZERO),
        goods_tax=sum((tax_in(line.line.total, line.tax.rate) for line in draft.lines), _ZERO),
        shipping_gross=max(left, _ZERO),
        shipping_tax=shipping_tax,
        discount=max(-left, _ZERO),
    )


def _amounts(sums: _Sums) -> dict[str, Decimal]:
    tax = sums.goods_tax + sums.shipping_tax
    return _twice(
        {
            "grand_total": sums.total,
            "total_due": sums.total,
            "subtotal": sums.goods_gross - sums.goods_tax,
            "subtotal_incl_tax": sums.goods_gross,
            "shipping_amount": sums.shipping_gross - sums.shipping_tax,
            "shipping_tax_amount": sums.shipping_tax,
            "shipping_incl_tax": sums.shipping_gross,
            "shipping_discount_amount": _ZERO,
            "tax_amount": tax,
            "discount_amount": -sums.discount if sums.discount else _ZERO,
        }
    )


def _items(draft: Draft, products: Mapping[str, Product], shop: Shop, discount: Decimal) -> list[dict[str, Any]]:
    shares = _shares(discount, [line.line.total for line in draft.lines])
    return [_item(line, products[line.store_sku], shop, share) for line, share in zip(draft.lines, shares, strict=True)]


def _shares(discount: Decimal, totals: Sequence[Decimal]) -> list[Decimal]:
    return split(discount, totals) if discount >= CENT else [_ZERO] * len(totals)


def _item(line: DraftLine, product: Product, shop: Shop, discount: Decimal) -> dict[str, Any]:
    gross, rate = line.line.total, line.tax.rate
    tax = tax_in(gross, rate)
    unit_net = net_of(line.line.unit_price, rate, 4)
    return {
        "sku": product.sku,
        "product_id": int(product.product_id),
        "product_type": product.kind,
        "name": storable(product.name)[:255],
        "store_id": shop.store_id,
        # idealo's SKU, for orders whose row shows the shop's own spelling or an alias.
        "ext_order_item_id": storable(line.line.sku)[:255],
        "is_virtual": int(product.kind in {"virtual", "downloadable"}),
        "qty_ordered": line.line.quantity,
        "tax_percent": rate,
        **_twice(
            {
                "price": unit_net,
                "original_price": unit_net,
                "price_incl_tax": line.line.unit_price,
                "row_total": gross - tax,
                "row_total_incl_tax": gross,
                "tax_amount": tax,
                "discount_amount": discount,
            }
        ),
    }


def _twice(amounts: Mapping[str, Decimal]) -> dict[str, Decimal]:
    return {**amounts, **{f"base_{name}": value for name, value in amounts.items()}}
