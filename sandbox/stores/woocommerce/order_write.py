"""Creating and changing orders the way the REST controller does: which product a line means, which fields count."""

import re
from decimal import Decimal
from typing import Any, TypeVar

from sandbox.stores.woocommerce.answers import ApiError, not_in_list
from sandbox.stores.woocommerce.lifecycle import adjust_stock, change_status, known_statuses, pay
from sandbox.stores.woocommerce.model import (
    ADDRESS_KEYS,
    SHIPPING_KEYS,
    Fee,
    Item,
    Line,
    Meta,
    Order,
    Product,
    Shipping,
)
from sandbox.stores.woocommerce.order_view import attribute_slugs
from sandbox.stores.woocommerce.php import decimal, truthy, whole
from sandbox.stores.woocommerce.state import Shop
from sandbox.stores.woocommerce.taxes import net_price, recalculate

CURRENCIES = ["CHF", "CZK", "DKK", "EUR", "GBP", "NOK", "PLN", "SEK", "USD"]
PHONE_COLUMN = 100
_TEXTS = ("payment_method", "payment_method_title", "transaction_id", "customer_note")
_NULL_KEYS = ("product_id", "method_id", "method_title", "name", "code")
AnyItem = TypeVar("AnyItem", bound=Item)
_RECALCULATING = ("billing", "shipping", "line_items", "shipping_lines", "fee_lines", "coupon_lines")


def check(shop: Shop, body: dict[str, Any]) -> None:
    """The schema part of the request: ApiError 400 `rest_invalid_param` for the first field that does not fit."""
    status = body.get("status")
    if status is not None and status not in known_statuses(shop):
        raise not_in_list("status", known_statuses(shop))
    if body.get("currency") is not None and body["currency"] not in CURRENCIES:
        raise not_in_list("currency", CURRENCIES)
    for name in ("billing", "shipping"):
        if name in body and not isinstance(body[name], dict):
            raise ApiError.invalid_param(name, f"{name} is not of type object.", "rest_invalid_type")
    email = (body.get("billing") or {}).get("email")
    if email and not re.fullmatch(r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)+", str(email)):
        raise ApiError.invalid_param("billing", "Invalid email address.", "rest_invalid_email")
    for name in ("line_items", "shipping_lines", "fee_lines", "meta_data"):
        if name in body and not isinstance(body[name], list):
            raise ApiError.invalid_param(name, f"{name} is not of type array.", "rest_invalid_type")


def create(shop: Shop, body: dict[str, Any]) -> Order:
    """`POST /orders`. On a data exception newer versions leave a `checkout-draft` behind and name it in the error."""
    check(shop, body)
    now = shop.now()
    try:
        _refuse_at_will(shop, body)
        order = _new_order(shop, body)
    except ApiError as failure:
        if shop.options.draft_on_failure:
            draft = Order(id=shop.new_id("post"), status="checkout-draft", created=now, modified=now)
            draft.order_key = _order_key(shop)
            draft.meta = _draft_meta(shop, body)
            shop.orders[draft.id] = draft
            shop.touch(draft)
            failure.data["new_draft_order_id"] = draft.id
        raise
    shop.orders[order.id] = order
    shop.touch(order)
    shop.fire("order.created", order.id)
    shop.fire("order.updated", order.id)
    if body.get("status") and body["status"] != order.status:
        change_status(shop, order, str(body["status"]))
    if truthy(body.get("set_paid")):
        pay(shop, order, str(body.get("transaction_id") or ""))
    return order


def update(shop: Shop, order: Order, body: dict[str, Any]) -> Order:
    """`PUT /orders/<id>`: given fields only. An order taken out of the trash by its status sends nothing
    (recorded finding untrash_by_status_sends).
    """
    check(shop, body)
    silent = order.status == "trash"
    before = {line.id: line.quantity for line in order.lines}
    _fill(shop, order, body)
    for line in order.lines:
        if before.get(line.id, line.quantity) != line.quantity:
            adjust_stock(shop, order, line)
    if any(name in body for name in _RECALCULATING):
        recalculate(shop.options, order, lambda: shop.new_item("tax"))
    shop.fire("order.updated", order.id)
    if body.get("status"):
        change_status(shop, order, str(body["status"]))
    if truthy(body.get("set_paid")) and order.status in {"pending", "failed"} and order.total > 0:
        pay(shop, order, str(body.get("transaction_id") or ""))
    order.modified = shop.now()
    shop.touch(order)
    if silent:
        shop.unfire("order.updated", order.id)
    return order


def _refuse_at_will(shop: Shop, body: dict[str, Any]) -> None:
    if shop.options.fail_creates:
        shop.set_options(shop.options.changed({"fail_creates": shop.options.fail_creates - 1}))
        raise ApiError(400, "woocommerce_rest_shop_order_data_exception", "The order could not be saved.")
    if whole(body.get("customer_id")):
        raise ApiError(400, "woocommerce_rest_invalid_customer_id", "Customer ID is invalid.")


def _new_order(shop: Shop, body: dict[str, Any]) -> Order:
    now = shop.now()
    for posted in body.get("line_items") or []:
        _check_reference(posted)
    order = Order(id=shop.new_id("post"), created=now, modified=now, prices_include_tax=shop.options.prices_include_tax)
    order.order_key = _order_key(shop)
    if shop.options.created_via_writable and body.get("created_via"):
        order.created_via = str(body["created_via"])
    _fill(shop, order, body)
    recalculate(shop.options, order, lambda: shop.new_item("tax"))
    return order


def _draft_meta(shop: Shop, body: dict[str, Any]) -> list[Meta]:
    rows: list[Meta] = []
    merge_meta(shop, rows, body.get("meta_data") or [], "order_meta")
    return rows


def _order_key(shop: Shop) -> str:
    letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
    return "wc_order_" + "".join(shop.world.random("woocommerce/order-key").choices(letters, k=13))


def _fill(shop: Shop, order: Order, body: dict[str, Any]) -> None:
    for name in _TEXTS:
        if body.get(name) is not None:
            setattr(order, name, str(body[name]))
    if body.get("currency"):
        order.currency = str(body["currency"])
    _addresses(order, body)
    merge_meta(shop, order.meta, body.get("meta_data") or [], "order_meta")
    for posted in body.get("line_items") or []:
        _line(shop, order, posted)
    for posted in body.get("shipping_lines") or []:
        _shipping(shop, order, posted)
    for posted in body.get("fee_lines") or []:
        _fee(shop, order, posted)


def _addresses(order: Order, body: dict[str, Any]) -> None:
    """A phone longer than its column makes the insert of the addresses fail, and nobody says so (recorded finding)."""
    for name, keys, target in (("billing", ADDRESS_KEYS, order.billing), ("shipping", SHIPPING_KEYS, order.shipping)):
        given = body.get(name) or {}
        target.update({key: str(given[key] or "") for key in keys if key in given})
    if max(len(order.billing["phone"]), len(order.shipping["phone"])) > PHONE_COLUMN:
        order.billing = dict.fromkeys(ADDRESS_KEYS, "")
        order.shipping = dict.fromkeys(SHIPPING_KEYS, "")


def merge_meta(shop: Shop, rows: list[Meta], posted: list[Any], counter: str) -> None:
    """Meta with an id changes that row (null deletes it); without one it replaces the first row of its key."""
    for entry in posted:
        if not isinstance(entry, dict):
            continue
        key = str(entry.get("key") or "")
        wanted = whole(entry.get("id"))
        row = next((row for row in rows if (row.id == wanted if wanted else row.key == key)), None)
        if row is None:
            if key and entry.get("value") is not None:
                rows.append(shop.new_meta(counter, key, entry["value"]))
        elif entry.get("value") is None:
            rows.remove(row)
        else:
            row.key = key or row.key
            row.value = entry["value"]
            if not wanted:
                rows[:] = [other for other in rows if other is row or other.key != key]


def _check_reference(posted: dict[str, Any]) -> None:
    if not any(posted.get(name) for name in ("sku", "product_id", "variation_id")):
        raise ApiError(400, "woocommerce_rest_required_product_reference", "Product ID or SKU is required.")


def _find(shop: Shop, posted: dict[str, Any]) -> Product | None:
    """SKU wins over ids, a variation over its product; what is not found is no error (recorded rest/041, 042)."""
    if posted.get("sku"):
        return shop.by_sku(str(posted["sku"]))
    wanted = whole(posted.get("variation_id")) or whole(posted.get("product_id"))
    return shop.products.get(wanted)


def _existing(rows: list[AnyItem], posted: dict[str, Any]) -> tuple[AnyItem | None, bool]:
    """The row an entry with an id means, and whether the entry wants it removed."""
    wanted = whole(posted.get("id"))
    if not wanted:
        return None, False
    row = next((row for row in rows if row.id == wanted), None)
    if row is None:
        raise ApiError(400, "woocommerce_rest_invalid_item_id", "Order item ID provided is not associated with order.")
    gone = any(key in posted and posted[key] is None for key in _NULL_KEYS)
    return row, gone or ("quantity" in posted and whole(posted["quantity"]) == 0)


def _line(shop: Shop, order: Order, posted: dict[str, Any]) -> None:
    line, remove = _existing(order.lines, posted)
    if line is not None and remove:
        line.quantity = 0
        adjust_stock(shop, order, line)
        order.lines.remove(line)
        return
    if line is None:
        _check_reference(posted)
        line = Line(id=shop.new_item("line"), quantity=whole(posted.get("quantity", 1)))
        product = _find(shop, posted)
        if product is not None:
            _set_product(shop, line, product)
        order.lines.append(line)
    if posted.get("name") is not None:
        line.name = str(posted["name"])
    if "quantity" in posted:
        line.quantity = whole(posted["quantity"])
    if posted.get("total") is not None:
        line.total = decimal(posted["total"])
        line.subtotal = max(line.subtotal, line.total)
    if posted.get("subtotal") is not None:
        line.subtotal = decimal(posted["subtotal"])
    if posted.get("tax_class") is not None:
        line.tax_class = str(posted["tax_class"])
    merge_meta(shop, line.meta, posted.get("meta_data") or [], "item_meta")


def _set_product(shop: Shop, line: Line, product: Product) -> None:
    parent = shop.products.get(product.parent_id)
    line.product_id = parent.id if parent is not None else product.id
    line.variation_id = product.id if parent is not None else 0
    line.name = product.name
    line.tax_class = parent.tax_class if product.tax_class == "parent" and parent is not None else product.tax_class
    line.tax_status = product.tax_status
    line.total = net_price(shop.options, product, line.tax_class, line.quantity)
    line.subtotal = line.total
    for _, slugged, value in attribute_slugs(product.attributes if parent is not None else []):
        line.meta.append(shop.new_meta("item_meta", slugged, value))


def _shipping(shop: Shop, order: Order, posted: dict[str, Any]) -> None:
    line, remove = _existing(order.shipping_lines, posted)
    if line is not None and remove:
        order.shipping_lines.remove(line)
        return
    if line is None:
        if not posted.get("method_id"):
            raise ApiError(400, "woocommerce_rest_invalid_shipping_item", "Shipping method ID is required.")
        line = Shipping(id=shop.new_item("shipping"))
        order.shipping_lines.append(line)
    line.method_id = str(posted.get("method_id") or line.method_id)
    line.name = str(posted.get("method_title") or line.name)
    line.instance_id = str(posted.get("instance_id") or line.instance_id)
    if posted.get("total") is not None:
        line.total = decimal(posted["total"])
    merge_meta(shop, line.meta, posted.get("meta_data") or [], "item_meta")


def _fee(shop: Shop, order: Order, posted: dict[str, Any]) -> None:
    line, remove = _existing(order.fee_lines, posted)
    if line is not None and remove:
        order.fee_lines.remove(line)
        return
    if line is None:
        if not posted.get("name"):
            raise ApiError(400, "woocommerce_rest_invalid_fee_item", "Fee name is required.")
        line = Fee(id=shop.new_item("fee"))
        order.fee_lines.append(line)
    line.name = str(posted.get("name") or line.name)
    line.tax_class = str(posted.get("tax_class", line.tax_class))
    line.tax_status = str(posted.get("tax_status", line.tax_status))
    if posted.get("total") is not None:
        line.total = decimal(posted["total"])
        line.amount = str(Decimal(line.total))
    merge_meta(shop, line.meta, posted.get("meta_data") or [], "item_meta")
