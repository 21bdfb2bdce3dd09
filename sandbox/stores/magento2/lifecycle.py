"""What happens to an order: invoice, shipment, and the state that follows.

Rules: Sales.Model.Order, its Item and ResourceModel.Order.Handler.State of 2.4.6; figures fixed by the recordings.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sandbox.stores.magento2.answers import ApiError
from sandbox.stores.magento2.model import (
    Invoice,
    Order,
    Row,
    Shipment,
    qty_to_invoice,
    qty_to_ship,
)
from sandbox.stores.magento2.php import ZERO, cents, decimal, stored_text
from sandbox.stores.magento2.state import Event, Shop
from sandbox.stores.magento2.stock import ship

Quantities = Mapping[int, Decimal]
"""Units by order item id."""

CLOSED_STATES = frozenset({"payment_review", "holded", "canceled", "closed"})


def requested(order: Order, items: Any, kind: str) -> dict[int, Decimal] | None:
    """The units a caller lists; None when it lists none, which means all. Names items the order does not have."""
    if not items:
        return None
    wanted: dict[int, Decimal] = {}
    for entry in items:
        number = int(decimal(entry.get("order_item_id")))
        if order.item(number) is None:
            raise ApiError.invalid(
                kind.capitalize(), [f"The {kind} contains product item that is not part of the original order."]
            )
        wanted[number] = wanted.get(number, ZERO) + decimal(entry.get("qty"))
    return wanted


def share(whole_amount: Decimal, ordered: Decimal, before: Decimal, more: Decimal) -> Decimal:
    """The part of a row's amount that falls to some units, after so many before; parts add up to the whole."""
    if not ordered:
        return ZERO
    return cents(whole_amount * (before + more) / ordered) - cents(whole_amount * before / ordered)


def add_to(row: Row, name: str, amount: Decimal, *, base: bool = True) -> None:
    """Add to a column and its base twin; a null column starts at zero."""
    for column in (name, f"base_{name}") if base else (name,):
        row[column] = decimal(row.get(column)) + amount


def can_invoice(order: Order) -> bool:
    """Order::canInvoice."""
    return order.state not in CLOSED_STATES | {"complete"} and any(qty_to_invoice(item) for item in order.sold_items())


def can_ship(order: Order) -> bool:
    """Order::canShip."""
    return order.state not in CLOSED_STATES and any(qty_to_ship(item) for item in order.sold_items())


def can_refund(order: Order) -> bool:
    """Order::canCreditmemo: money is left of what was paid."""
    left = order.amount("total_paid") - order.amount("total_refunded")
    return order.state not in CLOSED_STATES and left >= Decimal("0.0001")


def settle_state(shop: Shop, order: Order, *, in_process: bool = False) -> None:
    """Bring the state up to date and save; tells the module's observer when it changed."""
    before = order.state
    if before == "new" and in_process:
        set_state(order, "processing")
    if order.state not in {"canceled", "holded"} and not can_invoice(order):
        if order.state in {"processing", "complete"} and not can_refund(order) and not can_ship(order):
            set_state(order, "closed")
        elif order.state == "processing" and (not can_ship(order) or _rest_is_refunded(order)):
            set_state(order, "complete")
    order.columns["updated_at"] = shop.stamp()
    shop.touch(order)
    if order.state != before:
        shop.fire(Event("order.state_changed", order.id, "order", order.id))


def set_state(order: Order, state: str) -> None:
    """State and the status that goes with it."""
    order.columns["state"] = state
    order.columns["status"] = state


def _rest_is_refunded(order: Order) -> bool:
    shipped = sum((decimal(item.get("qty_shipped")) for item in order.items), ZERO)
    refunded = sum((decimal(item.get("qty_refunded")) for item in order.items), ZERO)
    return shipped > 0 and order.amount("total_qty_ordered") <= shipped + refunded


@dataclass(slots=True)
class _Sums:
    subtotal: Decimal = ZERO
    tax: Decimal = ZERO
    discount: Decimal = ZERO
    shipping: Decimal = ZERO

    @property
    def total(self) -> Decimal:
        return self.subtotal + self.tax + self.shipping - self.discount


def invoice(shop: Shop, order: Order, wanted: Quantities | None) -> Invoice:
    """Invoice these units, or all that is open; offline methods count as paid at once."""
    if not can_invoice(order):
        status = order.columns.get("status")
        word = f"An invoice cannot be created when an order has a status of {status}"
        if order.state not in CLOSED_STATES | {"complete"}:
            word = "The order does not allow an invoice to be created."
        raise ApiError.invalid("Invoice", [word])
    units = _units(order, wanted, qty_to_invoice, "Invoice", "invoice", "uninvoiced")
    number, stamp, sums = shop.new_id("invoice"), shop.stamp(), _Sums()
    rows = [_invoice_row(shop, order.item(key) or {}, count, number, sums) for key, count in units.items()]
    if not any(qty_to_invoice(item) for item in order.sold_items()):
        # The last invoice takes what is left, so that rounding never leaves a cent behind.
        sums.tax = order.amount("tax_amount") - order.amount("tax_invoiced") - order.amount("tax_canceled")
    elif order.columns.get("shipping_invoiced") is None:
        sums.tax += order.amount("shipping_tax_amount")
    if order.columns.get("shipping_invoiced") is None:
        sums.shipping = order.amount("shipping_amount")
    _book_invoice(order, sums)
    columns = {
        "entity_id": number, "increment_id": f"{number:09d}", "order_id": order.id, "state": 2, "store_id": 1,
        "created_at": stamp, "updated_at": stamp, "grand_total": sums.total, "base_grand_total": sums.total,
        "subtotal": sums.subtotal, "tax_amount": sums.tax, "shipping_amount": sums.shipping,
        "order_currency_code": order.columns.get("order_currency_code"),
        "total_qty": sum(units.values(), ZERO),
    }  # fmt: skip
    made = Invoice(id=number, columns=columns, items=rows)
    shop.add(made)
    settle_state(shop, order, in_process=True)
    return made


def _invoice_row(shop: Shop, item: Row, quantity: Decimal, invoice_id: int, sums: _Sums) -> Row:
    """Books the units on the order's row and adds their worth to the sums."""
    ordered, invoiced = decimal(item["qty_ordered"]), decimal(item.get("qty_invoiced"))
    before = invoiced + decimal(item.get("qty_canceled"))
    net = share(decimal(item.get("row_total")), ordered, before, quantity)
    tax = share(decimal(item.get("tax_amount")), ordered, before, quantity)
    less = share(decimal(item.get("discount_amount")), ordered, before, quantity)
    sums.subtotal, sums.tax, sums.discount = sums.subtotal + net, sums.tax + tax, sums.discount + less
    add_to(item, "row_invoiced", net)
    add_to(item, "tax_invoiced", tax)
    add_to(item, "discount_invoiced", less)
    add_to(item, "discount_tax_compensation_invoiced", ZERO)
    item |= {"qty_invoiced": invoiced + quantity, "weee_tax_applied": "[]", "updated_at": shop.stamp()}
    return {
        "entity_id": shop.new_id("invoice_item"), "parent_id": invoice_id, "order_item_id": item["item_id"],
        "sku": item["sku"], "name": item.get("name"), "qty": quantity, "price": item.get("price"),
        "row_total": net, "tax_amount": tax,
    }  # fmt: skip


def _book_invoice(order: Order, sums: _Sums) -> None:
    columns = order.columns
    amounts = {
        "discount_invoiced": sums.discount, "discount_tax_compensation_invoiced": ZERO,
        "shipping_invoiced": sums.shipping, "subtotal_invoiced": sums.subtotal, "tax_invoiced": sums.tax,
        "total_invoiced": sums.total, "total_paid": sums.total,
    }  # fmt: skip
    for name, amount in amounts.items():
        add_to(columns, name, amount)
    columns["base_total_invoiced_cost"] = ZERO
    due = order.amount("grand_total") - order.amount("total_paid")
    columns |= {"total_due": due, "base_total_due": due}
    add_to(order.payment, "amount_paid", sums.total)
    add_to(order.payment, "shipping_captured", sums.shipping)


def make_shipment(shop: Shop, order: Order, wanted: Quantities | None, tracks: list[Row]) -> Shipment:
    """Ship these units, or all that is open, with these tracks."""
    findings = []
    if not can_ship(order):
        findings.append("The order does not allow a shipment to be created.")
        wanted = wanted or {}
    if any(not str(track.get("track_number") or "").strip() for track in tracks):
        findings.append("Please enter a tracking number.")
    units = _units(order, wanted, qty_to_ship, "Shipment", "ship", "unshipped", findings)
    number, stamp = shop.new_id("shipment"), shop.stamp()
    rows = []
    for item_id, quantity in units.items():
        item = order.item(item_id) or {}
        item["qty_shipped"] = decimal(item.get("qty_shipped")) + quantity
        item["updated_at"] = stamp
        ship(shop, str(item["sku"]), quantity)
        rows.append({"entity_id": shop.new_id("shipment_item"), "name": item.get("name"), "parent_id": number,
                     "price": item.get("price"), "product_id": item.get("product_id"), "sku": item["sku"],
                     "weight": item.get("weight"), "order_item_id": item_id, "qty": quantity})  # fmt: skip
    columns = {
        "billing_address_id": order.billing["entity_id"], "created_at": stamp, "entity_id": number,
        "increment_id": f"{number:09d}", "order_id": order.id, "packages": [],
        "shipping_address_id": None if order.shipping is None else order.shipping["entity_id"],
        "store_id": 1, "total_qty": sum(units.values(), ZERO), "updated_at": stamp,
    }  # fmt: skip
    made = Shipment(id=number, columns=columns, items=rows)
    shop.add(made)
    shop.fire(Event("shipment.saved", order.id, "shipment", number))
    for track in tracks:
        add_track(shop, made, track)
    settle_state(shop, order, in_process=True)
    return made


def add_track(shop: Shop, shipment: Shipment, given: Row) -> Row:
    """A track of a shipment, whose own date of change stays as it is (reference 13)."""
    stamp = shop.stamp()
    track = {
        "order_id": shipment.columns["order_id"], "created_at": stamp, "entity_id": shop.new_id("track"),
        "parent_id": shipment.id, "updated_at": stamp, "weight": given.get("weight"), "qty": given.get("qty"),
        "description": given.get("description"), "track_number": stored_text(given.get("track_number")),
        "title": stored_text(given.get("title")), "carrier_code": given.get("carrier_code"),
    }  # fmt: skip
    shipment.tracks.append(track)
    shop.touch(shipment)
    order_id = shipment.columns["order_id"]
    shop.fire(Event("shipment.track.saved", order_id, "track", track["entity_id"], shipment.id))
    return track


def _units(
    order: Order,
    wanted: Quantities | None,
    limit: Any,
    kind: str,
    verb: str,
    word: str,
    findings: list[str] | None = None,
) -> dict[int, Decimal]:
    """The units to act on; 400 with everything that is wrong with them."""
    found = list(findings or [])
    if wanted is None:
        units = {item["item_id"]: limit(item) for item in order.sold_items() if limit(item)}
    else:
        units = {}
        for item_id, quantity in wanted.items():
            item = order.item(item_id) or {}
            if quantity > limit(item):
                text = f"The quantity to {verb} must not be greater than the {word} quantity for product SKU"
                found.append(f'{text} "{item["sku"]}".')
            elif quantity > 0:
                units[item_id] = quantity
    if not units:
        empty = {"Invoice": "The invoice can't be created without products. Add products and try again."}
        found.append(empty.get(kind, f"You can't create a {kind.lower()} without products."))
    if found:
        raise ApiError.invalid(kind, found)
    return units
