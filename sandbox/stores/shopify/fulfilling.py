"""Fulfillments: made from fulfillment orders, tracked, called off."""

from collections.abc import Mapping, Sequence
from typing import Any

from sandbox.stores.shopify import stock
from sandbox.stores.shopify.errors import UserError, invalid_id, numeric
from sandbox.stores.shopify.model import FulfilledLine, Fulfillment, Order, Parcel, WorkLine, WorkOrder
from sandbox.stores.shopify.rest_after_sale import fulfillment_body
from sandbox.stores.shopify.rest_order import order_body
from sandbox.stores.shopify.state import Shop
from sandbox.stores.shopify.units import financial_status, fulfillment_status, units

Picked = list[tuple[WorkOrder, WorkLine, int]]


def add_work_order(shop: Shop, order: Order, quantities: Mapping[int, int]) -> None:
    """A fulfillment order for these units per line id. Lines that need no shipping get one too (captured)."""
    lines = [
        WorkLine(id=shop.new_id("FulfillmentOrderLineItem"), line_id=line_id, total=count, remaining=count)
        for line_id, count in quantities.items()
        if count > 0
    ]
    if lines:
        now = shop.now()
        order.work_orders.append(WorkOrder(id=shop.new_id("FulfillmentOrder"), lines=lines, created=now, updated=now))


def shrink_work(shop: Shop, order: Order, line_id: int, count: int) -> None:
    """Take units nobody has to send any more out of the fulfillment orders; an emptied one is closed."""
    for work in order.work_orders:
        for entry in work.lines:
            if entry.line_id == line_id and work.status != "CLOSED":
                taken = min(count, entry.remaining)
                entry.remaining -= taken
                entry.total -= taken
                count -= taken
        _settle(shop, work)


def create(shop: Shop, values: Mapping[str, Any]) -> Fulfillment:
    """`fulfillmentCreate`; UserError with the recorded messages (capture fulfillment-create-preconditions)."""
    order, picked = _pick(shop, values["lineItemsByFulfillmentOrder"])
    return fulfil(shop, order, picked, *_tracking(values.get("trackingInfo") or {}))


def fulfil(shop: Shop, order: Order, picked: Picked, company: str | None, parcels: list[Parcel]) -> Fulfillment:
    """Send these units in one fulfillment."""
    now = shop.now()
    sent: dict[int, int] = {}
    for work, entry, count in picked:
        entry.remaining -= count
        sent[entry.line_id] = sent.get(entry.line_id, 0) + count
        work.updated = now
        _settle(shop, work)
    lines = [
        FulfilledLine(id=shop.new_id("FulfillmentLineItem"), line_id=line_id, quantity=count)
        for line_id, count in sent.items()
    ]
    fulfillment = Fulfillment(
        id=shop.new_id("Fulfillment"), number=len(order.fulfillments) + 1, company=company, parcels=parcels,
        lines=lines, fulfillment_order_ids=list(dict.fromkeys(work.id for work, _, _ in picked)),
        created=now, updated=now,
    )  # fmt: skip
    order.fulfillments.append(fulfillment)
    for line_id, count in sent.items():
        stock.send(shop, order.line(line_id), count)
    whole = fulfillment_status(order) == "FULFILLED"
    if whole and financial_status(order) == "PAID":
        # The store archives what is paid and sent (capture fulfillment-cancel-parity).
        order.closed = order.closed or now
    shop.save(order)
    shop.fire("fulfillments/create", fulfillment_body(shop, order, fulfillment))
    shop.fire("orders/fulfilled" if whole else "orders/partially_fulfilled", order_body(shop, order))
    shop.fire("orders/updated", order_body(shop, order))
    return fulfillment


def track(shop: Shop, order: Order, fulfillment: Fulfillment, company: str | None, parcels: list[Parcel]) -> None:
    """Replace a fulfillment's tracking; a cancelled one takes it too (capture fulfillment-state-preconditions)."""
    fulfillment.company, fulfillment.parcels, fulfillment.updated = company, parcels, shop.now()
    _changed(shop, order, fulfillment)


def update_tracking(shop: Shop, order: Order, fulfillment: Fulfillment, values: Mapping[str, Any]) -> None:
    """`fulfillmentTrackingInfoUpdate`: what is given replaces what was there."""
    track(shop, order, fulfillment, *_tracking(values))


def cancel(shop: Shop, order: Order, fulfillment: Fulfillment) -> None:
    """`fulfillmentCancel`: the units are to be sent again by a new fulfillment order; a second time changes nothing."""
    if fulfillment.status == "CANCELLED":
        return
    fulfillment.status, fulfillment.updated = "CANCELLED", shop.now()
    for work in order.work_orders:
        if work.id in fulfillment.fulfillment_order_ids:
            # The old one stays closed with its units unsent (capture fulfillment-cancel-parity).
            work.status = "CLOSED"
            for entry in work.lines:
                entry.remaining += sum(one.quantity for one in fulfillment.lines if one.line_id == entry.line_id)
    order.closed = order.cancelled
    add_work_order(shop, order, _open_units(order))
    for sent in fulfillment.lines:
        stock.send(shop, order.line(sent.line_id), -sent.quantity)
    _changed(shop, order, fulfillment)


def find(shop: Shop, fulfillment_id: int) -> tuple[Order, Fulfillment] | None:
    """A fulfillment and its order."""
    for order in shop.orders.values():
        for fulfillment in order.fulfillments:
            if fulfillment.id == fulfillment_id:
                return order, fulfillment
    return None


def _open_units(order: Order) -> dict[int, int]:
    """Units to send that no live fulfillment order covers."""
    covered: dict[int, int] = {}
    for work in order.work_orders:
        for entry in work.lines if work.status != "CLOSED" else []:
            covered[entry.line_id] = covered.get(entry.line_id, 0) + entry.remaining
    return {line.id: units(order, line).open - covered.get(line.id, 0) for line in order.lines}


def _changed(shop: Shop, order: Order, fulfillment: Fulfillment) -> None:
    shop.save(order)
    shop.fire("fulfillments/update", fulfillment_body(shop, order, fulfillment))
    shop.fire("orders/updated", order_body(shop, order))


def _settle(shop: Shop, work: WorkOrder) -> None:
    """Its status follows from what remains (captures: IN_PROGRESS while part is sent, CLOSED when nothing is left)."""
    if work.status in {"OPEN", "IN_PROGRESS"}:
        left = sum(entry.remaining for entry in work.lines)
        sent = sum(entry.total for entry in work.lines) - left
        work.status = "CLOSED" if left == 0 else ("IN_PROGRESS" if sent else "OPEN")
        work.updated = shop.now()


def _pick(shop: Shop, groups: Sequence[Mapping[str, Any]]) -> tuple[Order, Picked]:
    picked: Picked = []
    found: Order | None = None
    for place, group in enumerate(groups):
        work_id = numeric(group["fulfillmentOrderId"], "FulfillmentOrder")
        order, work = _work(shop, work_id)
        if found is not None and found.id != order.id:
            raise UserError(["fulfillment"], "All fulfillment orders must belong to the same order.")
        found = order
        if work.status not in {"OPEN", "IN_PROGRESS"}:
            message = f"Fulfillment order {work.id} has an unfulfillable status= {work.status.lower()}."
            raise UserError(["fulfillment"], message)
        chosen = group.get("fulfillmentOrderLineItems")
        if chosen is None:
            picked += [(work, entry, entry.remaining) for entry in work.lines if entry.remaining]
        else:
            picked += [_entry(work, one, place, number) for number, one in enumerate(chosen)]
    if found is None:
        raise invalid_id()
    return found, picked


def _entry(work: WorkOrder, chosen: Mapping[str, Any], place: int, number: int) -> tuple[WorkOrder, WorkLine, int]:
    entry_id = numeric(chosen["id"], "FulfillmentOrderLineItem")
    if chosen["quantity"] <= 0:
        path = ["fulfillment", "lineItemsByFulfillmentOrder", str(place), "fulfillmentOrderLineItems", str(number)]
        raise UserError([*path, "quantity"], "Quantity must be greater than 0")
    entries = [entry for entry in work.lines if entry.id == entry_id]
    if not entries:
        raise UserError(["fulfillment"], "Fulfillment order line item does not exist.")
    if chosen["quantity"] > entries[0].remaining:
        raise UserError(["fulfillment"], "Invalid fulfillment order line item quantity requested.")
    return work, entries[0], chosen["quantity"]


def _work(shop: Shop, work_id: int) -> tuple[Order, WorkOrder]:
    for order in shop.orders.values():
        for work in order.work_orders:
            if work.id == work_id:
                return order, work
    raise UserError(["fulfillment"], "Fulfillment order does not exist.")


def _tracking(values: Mapping[str, Any]) -> tuple[str | None, list[Parcel]]:
    numbers = values.get("numbers") or ([values["number"]] if values.get("number") else [])
    urls = values.get("urls") or ([values["url"]] if values.get("url") else [])
    length = max(len(numbers), len(urls))
    parcels = [
        Parcel(number=numbers[at] if at < len(numbers) else None, url=urls[at] if at < len(urls) else None)
        for at in range(length)
    ]
    return values.get("company"), parcels
