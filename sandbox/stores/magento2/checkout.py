"""How an order is made of a cart (recorded 023, 024)."""

from sandbox.stores.magento2.cart import METHOD_TITLES, SHIPPING_TITLE, Cart
from sandbox.stores.magento2.model import Order, Product, Row
from sandbox.stores.magento2.php import ZERO, cents, decimal, stored_text
from sandbox.stores.magento2.placing import STORE_NAME, money_columns, new_address
from sandbox.stores.magento2.stock import reserve
from sandbox.stores.magento2.taxes import Taxed


def place(cart: Cart, payment: Row, email: str) -> Order:
    """The order of this cart; stock is reserved. The caller has checked addresses, method and stock."""
    shop, quote, stamp = cart.shop, cart.quote, cart.shop.stamp()
    number = shop.new_id("order")
    shipping = new_address(shop, number, quote.shipping or {}, "shipping", email)
    billing = new_address(shop, number, quote.billing or quote.shipping or {}, "billing", email)
    items = [_order_item(cart, number, item, product, taxed) for item, product, taxed in cart.rows]
    title = METHOD_TITLES.get(str(payment.get("method")), str(payment.get("method")))
    order = Order(
        id=number,
        columns=_columns(cart, number, billing, email),
        items=items,
        billing=billing,
        shipping=shipping,
        shipping_method=quote.method,
        payment=_payment(cart, number, payment, title),
        payment_info=[{"key": "method_title", "value": title}],
        applied_taxes=[
            {"code": code, "title": code, "percent": percent, "amount": amount, "base_amount": amount}
            for code, percent, amount in cart.taxes_by_rate()
        ],
        item_applied_taxes=_item_taxes(cart, items),
        from_quote=True,
    )
    order.columns["updated_at"] = stamp
    for item in items:
        reserve(shop, str(item["sku"]), -decimal(item["qty_ordered"]))
    quote.order_id = number
    shop.touch(quote)
    shop.add(order)
    return order


def _payment(cart: Cart, number: int, given: Row, title: str) -> Row:
    return {
        "account_status": None,
        "additional_information": [title],
        "amount_ordered": cart.grand_total,
        "base_amount_ordered": cart.grand_total,
        "base_shipping_amount": cart.shipping.net,
        "cc_last4": None,
        "entity_id": cart.shop.new_id("payment"),
        "parent_id": number,
        "shipping_amount": cart.shipping.net,
        **stored_text(given),
    }


def _money(cart: Cart) -> Row:
    money = {
        "discount_amount": ZERO,
        "grand_total": cart.grand_total,
        "discount_tax_compensation_amount": ZERO,
        "shipping_amount": cart.shipping.net,
        "shipping_discount_amount": ZERO,
        "shipping_incl_tax": cart.shipping.gross,
        "shipping_tax_amount": cart.shipping.tax,
        "subtotal": cart.subtotal,
        "subtotal_incl_tax": cart.subtotal_incl_tax,
        "tax_amount": cart.tax,
        "total_due": cart.grand_total,
    }
    return money_columns(money)


def _columns(cart: Cart, number: int, billing: Row, email: str) -> Row:
    quote, stamp = cart.quote, cart.shop.stamp()
    return {
        **_money(cart),
        "base_shipping_discount_tax_compensation_amnt": 0,
        "shipping_discount_tax_compensation_amount": 0,
        "base_currency_code": "EUR",
        "global_currency_code": "EUR",
        "order_currency_code": "EUR",
        "store_currency_code": "EUR",
        "base_to_global_rate": 1,
        "base_to_order_rate": 1,
        "store_to_base_rate": 0,
        "store_to_order_rate": 0,
        "billing_address_id": billing["entity_id"],
        "created_at": stamp,
        "customer_email": email,
        "customer_firstname": billing.get("firstname"),
        "customer_lastname": billing.get("lastname"),
        "customer_group_id": 0,
        "customer_is_guest": 1,
        "customer_note_notify": 1,
        "email_sent": 1,
        "entity_id": number,
        "increment_id": f"{number:09d}",
        "is_virtual": 0,
        "protect_code": cart.shop.secret(f"order/{number}"),
        "quote_id": quote.id,
        "remote_ip": "127.0.0.1",
        "shipping_description": SHIPPING_TITLE,
        "state": "new",
        "status": "pending",
        "store_id": 1,
        "store_name": STORE_NAME,
        "total_item_count": len(cart.rows),
        "total_qty_ordered": sum((decimal(item["qty"]) for item, _, _ in cart.rows), ZERO),
        "weight": sum((decimal(product.weight) * decimal(item["qty"]) for item, product, _ in cart.rows), ZERO),
    }


def _order_item(cart: Cart, order_id: int, item: Row, product: Product, taxed: Taxed) -> Row:
    quantity, stamp = decimal(item["qty"]), cart.shop.stamp()
    price, gross = cents(taxed.net / quantity), cents(taxed.gross / quantity)
    zero = "amount_refunded discount_amount discount_invoiced row_invoiced tax_invoiced"
    money = dict.fromkeys(zero.split(), ZERO) | {
        "discount_tax_compensation_amount": ZERO,
        "original_price": product.price,
        "price": price,
        "price_incl_tax": gross,
        "row_total": taxed.net,
        "row_total_incl_tax": taxed.gross,
        "tax_amount": taxed.tax,
    }
    counters = ("canceled", "invoiced", "refunded", "shipped")
    return {
        **money_columns(money),
        **{f"qty_{word}": ZERO for word in counters},
        "qty_ordered": quantity,
        "created_at": stamp,
        "updated_at": stamp,
        "discount_percent": 0,
        "free_shipping": 0,
        "is_qty_decimal": 0,
        "is_virtual": 0,
        "item_id": cart.shop.new_id("order_item"),
        "name": product.name,
        "no_discount": 0,
        "order_id": order_id,
        "product_id": product.id,
        "product_type": product.type_id,
        "quote_item_id": item["item_id"],
        "row_weight": decimal(product.weight) * quantity,
        "sku": product.sku,
        "store_id": 1,
        "tax_percent": taxed.percent,
        "weight": decimal(product.weight),
    }


def _item_taxes(cart: Cart, items: list[Row]) -> list[Row]:
    found = [
        {"type": "product", "item_id": item["item_id"], "applied_taxes": [_applied(taxed)]}
        for item, (_, _, taxed) in zip(items, cart.rows, strict=True)
        if taxed.rate is not None
    ]
    if cart.shipping.rate is not None:
        found.append({"type": "shipping", "applied_taxes": [_applied(cart.shipping)]})
    return found


def _applied(taxed: Taxed) -> Row:
    code = "" if taxed.rate is None else taxed.rate.columns["code"]
    return {"code": code, "title": code, "percent": taxed.percent, "amount": taxed.tax, "base_amount": taxed.tax}
