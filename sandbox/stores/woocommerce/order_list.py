"""Which orders a list request means: filters, order and search of `GET /orders`; unknown parameters are ignored.

Recorded (rest/010 to 013): `meta_key=` and `transaction_id=` filter nothing, `search=` never looks into custom data.
"""

from datetime import datetime
from typing import Any

from sandbox.stores.woocommerce.answers import ApiError, Call, not_in_list
from sandbox.stores.woocommerce.lifecycle import known_statuses
from sandbox.stores.woocommerce.model import Order
from sandbox.stores.woocommerce.php import query_date, wall_clock
from sandbox.stores.woocommerce.state import Shop

HIDDEN_FROM_ANY = {"trash", "auto-draft", "checkout-draft"}
_DATE_FILTERS = {
    "after": ("created", True),
    "before": ("created", False),
    "modified_after": ("modified", True),
    "modified_before": ("modified", False),
}


def select(shop: Shop, call: Call) -> list[Order]:
    """All orders that match, in the order asked for; ApiError 400 names a bad parameter."""
    statuses = call.values("status") or ["any"]
    allowed = ["any", "trash", *known_statuses(shop)]
    for status in statuses:
        if status not in allowed:
            raise not_in_list("status[0]", allowed)
    found = [order for order in shop.orders.values() if _status_fits(order, statuses)]
    found = _by_ids(call, found)
    found = _by_dates(call, found)
    found = _by_fields(shop, call, found)
    return _sorted(shop, call, found)


def _status_fits(order: Order, statuses: list[str]) -> bool:
    return order.status in statuses or ("any" in statuses and order.status not in HIDDEN_FROM_ANY)


def _by_ids(call: Call, orders: list[Order]) -> list[Order]:
    include = call.numbers("include")
    exclude = call.numbers("exclude")
    parents = call.numbers("parent")
    return [
        order
        for order in orders
        if (not include or order.id in include)
        and order.id not in exclude
        and (not parents or order.parent_id in parents)
    ]


def _by_dates(call: Call, orders: list[Order]) -> list[Order]:
    in_gmt = call.flag("dates_are_gmt")
    for name, (field, later) in _DATE_FILTERS.items():
        text = call.text(name)
        if not text:
            continue
        limit = query_date(text)
        if limit is None:
            raise ApiError.invalid_param(name, "Invalid date.", "rest_invalid_date")

        def fits(order: Order, field: str = field, limit: datetime = limit, *, later: bool = later) -> bool:
            moment = wall_clock(getattr(order, field), in_gmt=in_gmt)
            return moment > limit if later else moment < limit

        orders = [order for order in orders if fits(order)]
    return orders


def _by_fields(shop: Shop, call: Call, orders: list[Order]) -> list[Order]:
    if call.text("customer"):
        orders = [order for order in orders if str(order.customer_id) == call.text("customer")]
    if call.text("product"):
        wanted = call.integer("product", 0, least=0)
        orders = [
            order for order in orders if any(wanted in {line.product_id, line.variation_id} for line in order.lines)
        ]
    made_by = call.values("created_via")
    if made_by and shop.options.created_via_filterable:
        orders = [order for order in orders if order.created_via in made_by]
    if call.text("search"):
        needle = call.text("search").casefold()
        orders = [order for order in orders if _matches(order, needle)]
    return orders


def _matches(order: Order, needle: str) -> bool:
    """HPOS search: id, transaction id, both address indexes with e-mail and phone, item names."""
    haystack = [
        order.transaction_id,
        " ".join(order.billing.values()),
        " ".join(order.shipping.values()),
        *(line.name for line in order.lines),
    ]
    return needle == str(order.id) or any(needle in text.casefold() for text in haystack)


def _sorted(shop: Shop, call: Call, orders: list[Order]) -> list[Order]:
    keys = ["date", "id", "include", "title", "slug", *(["modified"] if shop.options.orderby_modified else [])]
    by = call.choice("orderby", keys, "date")
    descending = call.choice("order", ["asc", "desc"], "desc") == "desc"
    include = call.numbers("include")
    if by == "include" and include:
        return sorted(orders, key=lambda order: include.index(order.id))

    def key(order: Order) -> tuple[Any, int]:
        first = {"date": order.created, "modified": order.modified}.get(by)
        return (first.timestamp() if first is not None else 0, order.id)

    return sorted(orders, key=key, reverse=descending)
