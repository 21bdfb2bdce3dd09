"""orderCreate: an order exactly as it was sent; the store checks little and computes no tax."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from sandbox.stores.shopify import discounting, stock
from sandbox.stores.shopify.changing import address_from, put_metafield
from sandbox.stores.shopify.errors import Position, UserError, numeric
from sandbox.stores.shopify.fulfilling import add_work_order, fulfil
from sandbox.stores.shopify.model import Line, Order, ShippingLine, Tax, Transaction
from sandbox.stores.shopify.money import given
from sandbox.stores.shopify.rest_after_sale import transaction_body
from sandbox.stores.shopify.rest_order import order_body
from sandbox.stores.shopify.state import Shop
from sandbox.stores.shopify.store_model import Customer, Variant

Path = list[str]


def place(shop: Shop, values: Mapping[str, Any], options: Mapping[str, Any]) -> Order:
    """Make an order; UserError with code and field as recorded (captures order-create-validation-matrix)."""
    _slow_down(shop)
    _check(values)
    now = shop.now()
    processed = min(_moment(values.get("processedAt")) or now, now)
    order = Order(
        id=0,
        number=0,
        name="",
        source_identifier=values.get("sourceIdentifier"),
        tags=_tags(values.get("tags") or []),
        note=values.get("note"),
        po_number=values.get("poNumber"),
        test=values.get("test", False),
        currency=values.get("currency") or shop.options.currency,
        taxes_included=values.get("taxesIncluded", False),
        email=values.get("email"),
        phone=values.get("phone"),
        attributes=[(entry["key"], entry["value"]) for entry in values.get("customAttributes") or []],
        lines=[_line(shop, entry, at) for at, entry in enumerate(values["lineItems"])],
        taxes=_taxes(values.get("taxLines"), ["order"]),
        financial_status=values.get("financialStatus"),
        created=now,
        updated=now,
        processed=processed,
        closed=_moment(values.get("closedAt")),
    )
    order.shipping_lines = [_shipping(shop, entry, at) for at, entry in enumerate(values.get("shippingLines") or [])]
    claims = options.get("inventoryBehaviour", "BYPASS")
    if claims == "DECREMENT_OBEYING_POLICY":
        _must_be_in_stock(shop, order)
    order.customer_id = _customer(shop, values)
    order.billing = address_from(shop, values.get("billingAddress"))
    order.shipping = address_from(shop, values.get("shippingAddress"))
    for at, field in enumerate(values.get("metafields") or []):
        _metafield(shop, order, field, at)
    discounting.apply(order, values.get("discountCode"))
    order.id, order.number = shop.new_id("Order"), shop.next_number("number", 1001)
    order.name = values.get("name") or f"#{order.number}"
    order.transactions = [_transaction(shop, entry, now) for entry in values.get("transactions") or []]
    _add(shop, order, claims, values.get("fulfillmentStatus"))
    return order


def _add(shop: Shop, order: Order, claims: str, fulfillment_status: str | None) -> None:
    shop.orders[order.id] = order
    for line in order.lines if claims != "BYPASS" else []:
        stock.claim(shop, line)
    add_work_order(shop, order, {line.id: line.quantity for line in order.lines})
    shop.save(order)
    shop.fire("orders/create", order_body(shop, order))
    for transaction in order.transactions:
        shop.fire("order_transactions/create", transaction_body(shop, order, transaction))
    if any(one.kind in {"SALE", "CAPTURE"} and one.status == "SUCCESS" for one in order.transactions):
        shop.fire("orders/paid", order_body(shop, order))
    shop.fire("orders/updated", order_body(shop, order))
    if fulfillment_status == "FULFILLED":
        picked = [(work, entry, entry.remaining) for work in order.work_orders for entry in work.lines]
        fulfil(shop, order, picked, None, [])


def _slow_down(shop: Shop) -> None:
    """Trial and development stores take so many orders a minute; the refusal is a userError without code."""
    limit = shop.options.creates_per_minute
    if limit is None:
        return
    now = shop.world.now()
    shop.create_times = [moment for moment in shop.create_times if now - moment < timedelta(minutes=1)]
    if len(shop.create_times) >= limit:
        raise UserError(None, "Too many attempts. Please try again later.")
    shop.create_times.append(now)


def _check(values: Mapping[str, Any]) -> None:
    if not values.get("lineItems"):
        raise UserError(["order", "lineItems"], "Line items must have at least one line item", "INVALID")
    if values.get("customer") and values.get("customerId"):
        message = "Only one of customerId or customer may be given"
        raise UserError(["order"], message, "REDUNDANT_CUSTOMER_FIELDS")
    for at, line in enumerate(values["lineItems"]):
        if line["quantity"] < 1:
            path = ["order", "lineItems", Position(at), "quantity"]
            raise UserError(path, "Quantity must be greater than 0", "INVALID")
        if line.get("variantId") is None and not line.get("title"):
            raise UserError(["order", "lineItems", Position(at), "title"], "Title can't be blank", "INVALID")


def _line(shop: Shop, entry: Mapping[str, Any], at: int) -> Line:
    variant = _variant(shop, entry, at)
    product = None if variant is None else shop.products[variant.product_id]
    own_title = None if product is None else product.title
    price = variant.price if variant is not None else Decimal(0)
    return Line(
        id=shop.new_id("LineItem"),
        variant_id=None if variant is None else variant.id,
        product_id=None if product is None else product.id,
        title=entry.get("title") or own_title or "",
        variant_title=entry.get("variantTitle") or (variant.title if variant is not None and variant.options else None),
        sku=entry.get("sku") or (None if variant is None else variant.sku or None),
        vendor=entry.get("vendor") or (None if product is None else product.vendor),
        quantity=entry["quantity"],
        price=given(entry["priceSet"]) if entry.get("priceSet") else price,
        taxes=_taxes(entry.get("taxLines"), ["order", "lineItems", Position(at)]),
        taxable=entry.get("taxable", True),
        requires_shipping=entry.get("requiresShipping", False),
        gift_card=entry.get("giftCard", False),
        properties=[(one["name"], one["value"]) for one in entry.get("properties") or []],
    )


def _variant(shop: Shop, entry: Mapping[str, Any], at: int) -> Variant | None:
    """The variant named; an unknown one refuses the whole order (reference section 8)."""
    if entry.get("variantId") is None:
        return None
    variant = shop.variants.get(numeric(entry["variantId"], "ProductVariant"))
    if variant is None:
        path = ["order", "lineItems", Position(at), "variantId"]
        raise UserError(path, "Line items variant does not exist", "INVALID")
    return variant


def _shipping(shop: Shop, entry: Mapping[str, Any], at: int) -> ShippingLine:
    return ShippingLine(
        id=shop.new_id("ShippingLine"),
        title=entry["title"],
        code=entry.get("code"),
        source=entry.get("source"),
        price=given(entry["priceSet"]),
        taxes=_taxes(entry.get("taxLines"), ["order", "shippingLines", Position(at)]),
    )


def _taxes(entries: Sequence[Mapping[str, Any]] | None, path: Path) -> list[Tax]:
    taxes = []
    for at, entry in enumerate(entries or []):
        try:
            rate = Decimal(str(entry["rate"]))
        except InvalidOperation as failure:
            where = [*path, "taxLines", Position(at), "rate"]
            raise UserError(where, "Tax line rate is missing", "TAX_LINE_RATE_MISSING") from failure
        taxes.append(Tax(title=entry["title"], rate=rate, amount=given(entry.get("priceSet"))))
    return taxes


def _transaction(shop: Shop, entry: Mapping[str, Any], now: datetime) -> Transaction:
    return Transaction(
        id=shop.new_id("OrderTransaction"),
        kind=entry.get("kind", "SALE"),
        status=entry.get("status", "SUCCESS"),
        gateway=entry.get("gateway") or "manual",
        amount=given(entry["amountSet"]),
        authorization=entry.get("authorizationCode"),
        test=entry.get("test", False),
        receipt=entry.get("receiptJson"),
        created=now,
        processed=_moment(entry.get("processedAt")) or now,
    )


def _metafield(shop: Shop, order: Order, field: Mapping[str, Any], at: int) -> None:
    """As `metafieldsSet`, with the one code that orderCreate has for it."""
    try:
        put_metafield(shop, order, field)
    except UserError as refused:
        raise UserError(["order", "metafields", Position(at), "value"], refused.message, "INVALID") from refused


def _must_be_in_stock(shop: Shop, order: Order) -> None:
    wanted: dict[int, int] = {}
    for line in order.lines:
        if line.variant_id is not None:
            wanted[line.variant_id] = wanted.get(line.variant_id, 0) + line.quantity
    for variant_id, count in wanted.items():
        variant = shop.variants[variant_id]
        if variant.tracked and variant.policy == "DENY" and variant.available < count:
            raise UserError(["order", "lineItems"], "Unable to claim inventory", "INVENTORY_CLAIM_FAILED")


def _customer(shop: Shop, values: Mapping[str, Any]) -> int | None:
    """Upsert by e-mail or phone; a phone that belongs to another e-mail is refused."""
    if values.get("customerId"):
        return _known_customer(shop, numeric(values["customerId"], "Customer"))
    wanted = values.get("customer") or {}
    if wanted.get("toAssociate"):
        named = wanted["toAssociate"]
        if named.get("id"):
            return _known_customer(shop, numeric(named["id"], "Customer"))
        found = [one for one in shop.customers.values() if one.email == named.get("email")]
        if not found:
            raise UserError(["order", "customer", "toAssociate"], "Customer does not exist", "INVALID")
        return found[0].id
    person = wanted.get("toUpsert") or ({"email": values["email"]} if values.get("email") else None)
    return None if person is None else _upsert(shop, person)


def _upsert(shop: Shop, person: Mapping[str, Any]) -> int:
    email, phone, now = person.get("email"), person.get("phone"), shop.now()
    known = [one for one in shop.customers.values() if email and one.email == email]
    holder = [one for one in shop.customers.values() if phone and one.phone == phone]
    if holder and known != holder:
        path = ["order", "customer", "toUpsert", "phone"]
        raise UserError(path, "Phone has already been taken", "INVALID")
    customer = known[0] if known else Customer(id=shop.new_id("Customer"), email=email, created=now, updated=now)
    customer.first_name = person.get("firstName", customer.first_name)
    customer.last_name = person.get("lastName", customer.last_name)
    customer.phone = phone or customer.phone
    customer.updated = now
    shop.customers[customer.id] = customer
    shop.touch(customer)
    return customer.id


def _known_customer(shop: Shop, customer_id: int) -> int:
    if customer_id not in shop.customers:
        raise UserError(["order", "customerId"], "Customer does not exist", "INVALID")
    return customer_id


def _tags(tags: Sequence[str]) -> list[str]:
    """Kept once each, case apart, and sorted (captures)."""
    return sorted({tag.strip().casefold(): tag.strip() for tag in tags if tag.strip()}.values())


def _moment(value: Any) -> datetime | None:
    return value if isinstance(value, datetime) else None
