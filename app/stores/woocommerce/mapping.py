"""Turns a shop's order, with its refunds and fulfillments, into a snapshot in our words; pure."""

from typing import Any

from pydantic import AwareDatetime

from app.domain.orders import Contradiction, Refund, Shipment, StoreLine, StoreOrder
from app.domain.value import Value
from app.stores.woocommerce.reading import (
    document,
    entries,
    meta_text,
    metas,
    moment,
    money,
    text,
    text_or_none,
    whole,
)
from app.stores.woocommerce.settings import Settings
from app.stores.woocommerce.tracking import WHOLE_ORDER, Parcel, parcels_of, returned_items
from app.stores.woocommerce.units import Counted, Leaving, RefundedUnits, count, leaving

ORDER_ID_KEY = "_idealo_order_id"
SKU_KEY = "_idealo_sku"
QUANTITY_KEY = "_idealo_quantity"
TOTAL_KEY = "_idealo_total"
FULFILLMENT_KEY = "_fulfillment_status"

# Everything a snapshot needs and nothing about the buyer; `shipments` is Shiptastic's.
ORDER_FIELDS = (
    "id,number,status,currency,total,created_via,date_created_gmt,date_modified_gmt,date_completed_gmt,"
    "meta_data,line_items,refunds,shipments"
)
# The statuses an order has before anything leaves: back in one of them, an earlier completion no longer counts.
_BEFORE_SHIPPING = {"pending", "processing", "on-hold", "failed", "checkout-draft", "auto-draft", "draft"}


class _Facts(Value):
    """An order's head, read and checked."""

    where: str
    status: str
    completed_at: AwareDatetime | None
    shipped: bool
    partly: bool
    cancelled: bool
    trashed: bool


def order_id_of(order: Any) -> str:
    """The order's own id, checked."""
    return str(whole(document(order, "order").get("id"), "order: id"))


def has_refunds(order: dict[str, Any]) -> bool:
    """Whether the order lists refunds, whose quantities stand on another endpoint."""
    return bool(entries(order.get("refunds"), f"order {order_id_of(order)}: refunds"))


def refund_ids(order: dict[str, Any]) -> set[str]:
    """Ids of the refunds the order lists."""
    where = f"order {order_id_of(order)}: refunds"
    return {str(whole(r.get("id"), f"{where}[{i}].id")) for i, r in enumerate(entries(order.get("refunds"), where))}


def needs_fulfillments(order: dict[str, Any], settings: Settings) -> bool:
    """Whether core fulfillments can say more.

    WooCommerce writes `_fulfillment_status` at every change of a fulfillment (recorded 2026-11-23, 10.9.1), so an
    order without it has none; a shipped order without any code is asked about all the same, once more is at stake.
    """
    facts = _facts(order, settings)
    status = meta_text(order, FULFILLMENT_KEY, facts.where)
    if status:
        return status != "no_fulfillments"
    return facts.shipped and not parcels_of(order, [], settings, facts.where, shipped=True)


def store_order(order: Any, refunds: Any, fulfillments: Any, settings: Settings) -> StoreOrder:
    """The snapshot. `refunds` and `fulfillments` are the answers of their own endpoints, [] where not asked.

    Raises Permanent(state_conflict) naming the field when the shop sent a shape that cannot be trusted.
    """
    order = document(order, "order")
    facts = _facts(order, settings)
    parcels = parcels_of(order, fulfillments, settings, facts.where, shipped=facts.shipped)
    left = leaving(parcels, shipped=facts.shipped, partly=facts.partly, completed_at=facts.completed_at)
    lines = entries(order.get("line_items"), f"{facts.where}: line_items")
    given_back, unclear = _refunded_units(refunds, lines, facts.where)
    gone = facts.cancelled and not left.anything
    counted = _lines(order, facts, left, given_back, settings, gone=gone)
    currency = text(order.get("currency"), f"{facts.where}: currency")
    return StoreOrder(
        store_order_id=order_id_of(order),
        number=text_or_none(order.get("number"), f"{facts.where}: number") or order_id_of(order),
        idealo_order_id=meta_text(order, ORDER_ID_KEY, facts.where),
        currency=currency,
        total=money(order.get("total"), f"{facts.where}: total"),
        cancelled=gone or (facts.status == "refunded" and not left.anything),
        lines=counted,
        shipments=_shipments(parcels, left),
        refunds=_refunds(refunds, currency, facts.where),
        contradictions=(*_contradictions(facts, left, gone=gone), *unclear),
    )


def _facts(order: dict[str, Any], settings: Settings) -> _Facts:
    where = f"order {order_id_of(order)}"
    status = text(order.get("status"), f"{where}: status")
    completed_at = moment(order.get("date_completed_gmt"), f"{where}: date_completed_gmt")
    # `refunded`, `cancelled` and plugins' later statuses keep the date of the completion before them.
    was_completed = completed_at is not None and status not in _BEFORE_SHIPPING
    partly = status in settings.partly_shipped_statuses
    trashed = status == "trash"
    return _Facts(
        where=where,
        status=status,
        completed_at=completed_at if "completed" in settings.shipped_statuses else None,
        shipped=status in settings.shipped_statuses
        or (was_completed and "completed" in settings.shipped_statuses and not partly),
        partly=partly,
        cancelled=status in settings.cancelled_statuses or (trashed and settings.trashed_means == "cancelled"),
        trashed=trashed,
    )


def _lines(
    order: dict[str, Any],
    facts: _Facts,
    left: Leaving,
    refunded: list[RefundedUnits],
    settings: Settings,
    *,
    gone: bool,
) -> tuple[StoreLine, ...]:
    back: dict[str, int] = {}
    for line_id, units in returned_items(order, facts.where):
        back[line_id] = back.get(line_id, 0) + max(units, 0)
    lines = []
    for i, line in enumerate(entries(order.get("line_items"), f"{facts.where}: line_items")):
        at = f"{facts.where}: line_items[{i}]"
        line_id = str(whole(line.get("id"), f"{at}.id"))
        quantity = max(whole(line.get("quantity"), f"{at}.quantity"), 0)
        counted = count(line_id, quantity, left, refunded, back)
        if gone:
            counted = Counted(cancelled=quantity)
        elif facts.status == "refunded":
            counted = _fully_refunded(quantity, counted, settings)
        lines.append(
            StoreLine(
                line_id=line_id,
                # Null for a line without a product, empty once the product is deleted (recorded 2026-11-23).
                sku=text_or_none(line.get("sku"), f"{at}.sku") or "",
                idealo_sku=meta_text(line, SKU_KEY, at) if line.get("meta_data") is not None else None,
                quantity=quantity,
                shipped=counted.shipped,
                cancelled=counted.cancelled,
                returned=counted.returned,
            )
        )
    return tuple(lines)


def _fully_refunded(quantity: int, units: Counted, settings: Settings) -> Counted:
    """Status `refunded`: what has not left never will; whether the goods came back is the merchant's rule."""
    cancelled = quantity - units.shipped
    returned = units.shipped if settings.full_refund_means == "return" else units.returned
    return Counted(shipped=units.shipped, cancelled=cancelled, returned=returned)


def _refunded_units(
    refunds: Any, lines: list[dict[str, Any]], where: str
) -> tuple[list[RefundedUnits], list[Contradiction]]:
    """Units per line that refunds name; joined by `_refunded_item_id`, else by a product that stands on one line."""
    found, unclear = [], []
    for i, refund in enumerate(entries(refunds, f"{where}: refunds")):
        at = f"{where}: refunds[{i}]"
        created = moment(refund.get("date_created_gmt"), f"{at}.date_created_gmt")
        for j, line in enumerate(entries(refund.get("line_items"), f"{at}.line_items")):
            spot = f"{at}.line_items[{j}]"
            units = abs(whole(line.get("quantity"), f"{spot}.quantity"))
            line_id = _refunded_line(line, lines, spot) if units else None
            if line_id:
                found.append(RefundedUnits(line_id=line_id, units=units, at=created))
            elif units:
                refund_id = str(whole(refund.get("id"), f"{at}.id"))
                detail = f"refund {refund_id} takes out {units} units, but names no line of this order"
                unclear.append(Contradiction(rule="refund_names_no_line", about=refund_id, detail=detail))
    return found, unclear


def _refunded_line(refunded: dict[str, Any], lines: list[dict[str, Any]], where: str) -> str | None:
    for key, value in metas(refunded, where):
        if key == "_refunded_item_id":
            return str(whole(value, f"{where}._refunded_item_id"))
    same = [
        line
        for line in lines
        if line.get("product_id") and all(line.get(k) == refunded.get(k) for k in ("product_id", "variation_id"))
    ]
    return str(whole(same[0].get("id"), f"{where}: line id")) if len(same) == 1 else None


def _refunds(refunds: Any, currency: str, where: str) -> tuple[Refund, ...]:
    """Money given back, oldest first; `amount` is gross and decides, whatever the lines add up to."""
    found = []
    for i, refund in enumerate(entries(refunds, f"{where}: refunds")):
        at = f"{where}: refunds[{i}]"
        refund_id = whole(refund.get("id"), f"{at}.id")
        amount = abs(money(refund.get("amount"), f"{at}.amount"))
        if amount:  # a refund over 0.00 only puts goods back
            found.append((refund_id, Refund(refund_id=str(refund_id), amount=amount, currency=currency)))
    return tuple(refund for _, refund in sorted(found, key=lambda pair: pair[0]))


def _shipments(parcels: list[Parcel], left: Leaving) -> tuple[Shipment, ...]:
    """One shipment per parcel; one without a code yields to codes of the same shipment."""
    if not parcels and left.whole:
        return (Shipment(shipment_id=WHOLE_ORDER),)
    coded = {parcel.shipment_id for parcel in parcels if parcel.codes}
    return tuple(parcel.shipment() for parcel in parcels if parcel.codes or parcel.shipment_id not in coded)


def _contradictions(facts: _Facts, left: Leaving, *, gone: bool) -> list[Contradiction]:
    if facts.trashed and left.whole:
        return []  # a finished order put away; nothing is open
    if facts.cancelled and not gone:
        detail = f"the order is {facts.status} in the shop, but goods have already been shipped"
        return [Contradiction(rule="cancelled_after_shipping", about=facts.status, detail=detail)]
    if facts.trashed and not facts.cancelled:
        detail = "the order lies in the shop's trash: restore it, or set it to cancelled there"
        return [Contradiction(rule="order_trashed", about="trash", detail=detail)]
    return []
