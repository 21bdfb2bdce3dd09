"""Orders saved as they are sent: PUT /V1/orders/create and POST /V1/orders, and what the database makes of them."""

from decimal import Decimal
from typing import Any, Final

from sandbox.stores.magento2.answers import ApiError
from sandbox.stores.magento2.columns import ADDRESS, ITEM, ORDER, PAYMENT, SAVED_ITEM
from sandbox.stores.magento2.model import Order, Row
from sandbox.stores.magento2.php import decimal, stored_text, whole
from sandbox.stores.magento2.state import Event, Shop

STORE_NAME: Final = "Main Website\nMain Website Store\nDefault Store View"


def money_columns(amounts: dict[str, Decimal]) -> Row:
    """Amounts in the order's currency and the same in the shop's base currency, which is the same here."""
    return {**amounts, **{f"base_{name}": value for name, value in amounts.items()}}


def new_address(shop: Shop, order_id: int, given: Row, kind: str, email: str | None) -> Row:
    """A row of the order's addresses."""
    kept = {name: given[name] for name in ADDRESS if given.get(name) is not None}
    street = given.get("street")
    if isinstance(street, str):
        kept["street"] = [street]
    return stored_row(kept) | {
        "address_type": kind,
        "email": stored_text(given.get("email") or email),
        "entity_id": shop.new_id("address"),
        "parent_id": order_id,
    }


def stored_row(given: Row) -> Row:
    """Scalars and texts as the database keeps them."""
    kept: Row = stored_text(given)
    return kept


def save_order(shop: Shop, given: Row) -> tuple[Order, Row]:
    """A new order from what was sent; also the answer, which shows it before the database has touched it.

    Nothing is checked against catalogue, stock or totals, and nothing is reserved (recorded 025, 027).
    """
    _check(given)
    number, stamp, email = shop.new_id("order"), shop.stamp(), given.get("customer_email")
    billing = new_address(shop, number, given["billing_address"], "billing", email)
    assignment = _assignment(given)
    sent = assignment.get("address")
    order = Order(
        id=number,
        columns=_columns(shop, number, given, stamp) | {"billing_address_id": billing["entity_id"]},
        items=[],
        billing=billing,
        payment={},
        shipping=new_address(shop, number, sent, "shipping", email) if isinstance(sent, dict) else None,
        shipping_method=assignment.get("method"),
        histories=[new_history(shop, number, entry) for entry in given.get("status_histories") or []],
    )
    order.items = [_new_item(shop, number, item, stamp) for item in given.get("items") or []]
    order.payment = _payment(shop, number, given["payment"])
    answer = _answer(order, given)
    order.columns = stored_row(order.columns)
    order.payment = stored_row(order.payment)
    order.items = [stored_row({**SAVED_ITEM, **item}) for item in order.items]
    for history in order.histories:
        history |= {"comment": stored_text(history.get("comment")), "created_at": stamp}
    shop.add(order)
    return order, answer


def _columns(shop: Shop, number: int, given: Row, stamp: str) -> Row:
    """What was sent, and what Magento fills in. A number that is taken gives way to the next one."""
    columns = {name: given[name] for name in ORDER if given.get(name) is not None}
    for prefix in ("", "base_"):
        if f"{prefix}grand_total" in columns:
            paid = decimal(columns.get(f"{prefix}total_paid"))
            columns[f"{prefix}total_due"] = decimal(columns[f"{prefix}grand_total"]) - paid
    wanted = columns.get("increment_id")
    taken = any(order.columns.get("increment_id") == wanted for order in shop.orders.values())
    return columns | {
        "created_at": stamp,
        "entity_id": number,
        "increment_id": f"{number:09d}" if taken or not wanted else wanted,
        "protect_code": shop.secret(f"order/{number}"),
        "store_id": whole(columns.get("store_id", 1)) or 1,
        "store_name": STORE_NAME,
        "updated_at": stamp,
        # An empty state is filled, a given one is taken, whatever sense it makes.
        "state": columns.get("state") or "new",
        "status": columns.get("status") or "pending",
    }


def _payment(shop: Shop, number: int, given: Row) -> Row:
    return {name: given[name] for name in PAYMENT if given.get(name) is not None} | {
        "account_status": None,
        "additional_information": _values(given.get("additional_information")),
        "cc_last4": None,
        "entity_id": shop.new_id("payment"),
        "parent_id": number,
    }


def update_order(shop: Shop, given: Row) -> Order:
    """POST /V1/orders with an entity_id: overwrites the columns it names and nothing else.

    A status set this way moves neither items nor stock (reference 5.4).
    """
    order = shop.orders.get(whole(given.get("entity_id")))
    if order is None:
        raise ApiError.no_entity()
    before = order.state
    for name in ORDER:
        if name in given and name not in {"entity_id", "created_at", "updated_at"}:
            order.columns[name] = stored_text(given[name])
    for entry in given.get("status_histories") or []:
        if not entry.get("entity_id"):
            order.histories.append(new_history(shop, order.id, entry) | {"created_at": shop.stamp()})
    order.columns["updated_at"] = shop.stamp()
    shop.touch(order)
    if order.state != before:
        shop.fire(Event("order.state_changed", order.id, "order", order.id))
    return order


def new_history(shop: Shop, order_id: int, given: Row) -> Row:
    """A comment in the order's history."""
    return {
        "comment": given.get("comment"),
        "entity_id": shop.new_id("history"),
        "entity_name": given.get("entity_name"),
        "is_customer_notified": whole(given.get("is_customer_notified") or 0),
        "is_visible_on_front": whole(given.get("is_visible_on_front") or 0),
        "parent_id": order_id,
        "status": given.get("status"),
    }


def _new_item(shop: Shop, order_id: int, given: Row, stamp: str) -> Row:
    if not given.get("sku"):
        raise ApiError.required("sku")
    kept = {name: given[name] for name in ITEM if given.get(name) is not None and not isinstance(given[name], dict)}
    return kept | {
        "created_at": stamp,
        "item_id": shop.new_id("order_item"),
        "order_id": order_id,
        "qty_ordered": decimal(given.get("qty_ordered", 0)),
        "updated_at": stamp,
    }


def _assignment(given: Row) -> Row:
    assignments = (given.get("extension_attributes") or {}).get("shipping_assignments") or []
    first = assignments[0] if assignments and isinstance(assignments[0], dict) else {}
    shipping: Row = first.get("shipping") or {}
    return shipping


def _check(given: Row) -> None:
    """What the save validators demand."""
    for name in ("billing_address", "payment"):
        if not isinstance(given.get(name), dict):
            raise ApiError(400, f"Please provide {name.replace('_', ' ')} for the order.")
    if not given["payment"].get("method"):
        raise ApiError(400, "The payment method code is not specified.")
    missing = [
        name for name in ("firstname", "lastname", "city", "country_id") if not given["billing_address"].get(name)
    ]
    if missing:
        findings = "\n".join(f'"{name}" is required. Enter and try again.' for name in missing)
        raise ApiError(400, f"Please check the billing address information. {findings}")


def _values(given: Any) -> list[Any]:
    """`additional_information` keeps its values; keys are lost on reading (reference 4.1)."""
    if isinstance(given, dict):
        return list(given.values())
    return list(given) if isinstance(given, list) else []


def _answer(order: Order, given: Row) -> Row:
    """The saved entity as it still lies in memory: emoji intact, no database defaults (recorded 025)."""
    histories = [{**history, "created_at": None} for history in order.histories]
    shipping: Row | None = None
    if order.shipping is not None:
        sent = _assignment(given)
        assigned = ((given.get("extension_attributes") or {}).get("shipping_assignments") or [{}])[0].get("items") or []
        shipping = {"address": order.shipping, "method": sent.get("method"), "items": assigned}
    return {
        "columns": dict(order.columns),
        "items": [dict(item) for item in order.items],
        "payment": dict(order.payment),
        "histories": histories,
        "shipping": shipping,
    }
