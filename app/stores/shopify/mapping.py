"""Turns an order, read whole, into a snapshot in our words; pure."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from app.domain.orders import Contradiction, StoreLine, StoreOrder
from app.stores.shopify.parcels import (
    Parcel,
    fulfilled_units,
    line_of,
    parcels_of,
    shipments_of,
    waiting_units,
    withdrawn,
)
from app.stores.shopify.payments import Paid, charged, credits_given, paid_back, refunds_of, sums_differ
from app.stores.shopify.reading import (
    attribute,
    document,
    entries,
    moment,
    nodes,
    number_of,
    text,
    text_or_none,
    whole,
    whole_or_none,
)
from app.stores.shopify.settings import Settings
from app.stores.shopify.units import EXCHANGED, IN_RETURN, Counted, LineFacts, Refunded, count

SKU_KEY = "_idealo_sku"
TOTAL_KEY = "idealo_total"


def store_order(order: Any, settings: Settings) -> StoreOrder:
    """The snapshot of an order as `orders.read_order` puts it together.

    Raises Permanent(state_conflict) naming the field when Shopify sent a shape that cannot be trusted.
    """
    order = document(order, "order")
    order_id = number_of(order.get("id"), "Order", "order: id")
    where = f"order {order_id}"
    total, currency = charged(order.get("totalPriceSet"), f"{where}: totalPriceSet")
    parcels = parcels_of(order, where)
    gone = moment(order.get("cancelledAt"), f"{where}: cancelledAt") is not None
    paid = paid_back(order, where)
    facts = _facts(order, parcels, paid, settings, where)
    lines = tuple(
        _line(line, count(facts[i], gone=gone, loose_means_return=settings.no_restock_refund_means == "return"), at)
        for i, (line, at) in enumerate(_lines(order, where))
    )
    shipped = any(line.shipped for line in lines)
    nothing_left = bool(lines) and all(line.cancelled == line.quantity > 0 for line in lines)
    return StoreOrder(
        store_order_id=order_id,
        number=text_or_none(order.get("name"), f"{where}: name") or order_id,
        idealo_order_id=idealo_id(order, where),
        currency=currency,
        total=total,
        cancelled=(gone and not shipped) or nothing_left,
        lines=lines,
        shipments=shipments_of(parcels),
        refunds=refunds_of(paid),
        contradictions=(
            *withdrawn(parcels, lines, gone=gone),
            *credits_given(paid),
            *sums_differ(order, paid, where),
            *_total(order, total, where),
        ),
    )


def idealo_id(order: dict[str, Any], where: str) -> str | None:
    """idealo's id, from our metafield or the source identifier; staff who duplicate an order copy neither.

    Tags and additional details are copied with a duplicate, so they prove nothing.
    """
    field = order.get("metafield")
    kept = document(field, f"{where}: metafield").get("value") if field is not None else None
    found = text_or_none(kept, f"{where}: metafield.value")
    return found or text_or_none(order.get("sourceIdentifier"), f"{where}: sourceIdentifier") or None


def _listed(order: dict[str, Any], name: str, where: str) -> list[dict[str, Any]]:
    found = order.get(name)
    return entries(found, f"{where}: {name}") if found is not None else []


def _lines(order: dict[str, Any], where: str) -> list[tuple[dict[str, Any], str]]:
    found = nodes(order.get("lineItems"), f"{where}: lineItems")
    return [(line, f"{where}: lineItems[{i}]") for i, line in enumerate(found)]


def _facts(
    order: dict[str, Any], parcels: list[Parcel], paid: list[Paid], settings: Settings, where: str
) -> list[LineFacts]:
    fulfilled, waiting = fulfilled_units(parcels), waiting_units(parcels)
    refunded = _refunded(order, paid, settings, where)
    came_back = _came_back(order, settings, where)
    facts = []
    for line, at in _lines(order, where):
        line_id = number_of(line.get("id"), "LineItem", f"{at}.id")
        facts.append(
            LineFacts(
                quantity=whole(line.get("quantity"), f"{at}.quantity"),
                current=whole_or_none(line.get("currentQuantity"), f"{at}.currentQuantity"),
                unfulfilled=whole_or_none(line.get("unfulfilledQuantity"), f"{at}.unfulfilledQuantity"),
                fulfilled=fulfilled.get(line_id, 0),
                waiting=waiting.get(line_id, 0),
                refunded=refunded.get(line_id, Refunded()),
                received=came_back.get(line_id, 0),
            )
        )
    return facts


def _line(line: dict[str, Any], units: Counted, at: str) -> StoreLine:
    return StoreLine(
        line_id=number_of(line.get("id"), "LineItem", f"{at}.id"),
        # Null or empty for a custom line, and once the variant is gone.
        sku=text_or_none(line.get("sku"), f"{at}.sku") or "",
        idealo_sku=attribute(line, SKU_KEY, at),
        quantity=whole(line.get("quantity"), f"{at}.quantity"),
        shipped=units.shipped,
        cancelled=units.cancelled,
        returned=units.returned,
    )


def _refunded(order: dict[str, Any], paid: list[Paid], settings: Settings, where: str) -> dict[str, Refunded]:
    found: dict[str, Refunded] = {}
    exchanges = _exchanges(order, where) if settings.exchange_means == "nothing" else []
    for i, (refund, money) in enumerate(zip(_listed(order, "refunds", where), paid, strict=True)):
        at = f"{where}: refunds[{i}]"
        belongs = refund.get("return")
        swapped = belongs is not None and not money.moved and document(belongs, f"{at}.return").get("id") in exchanges
        given = refund.get("refundLineItems")
        for j, line in enumerate(nodes(given, f"{at}.refundLineItems") if given is not None else []):
            spot = f"{at}.refundLineItems[{j}]"
            kind = text(line.get("restockType"), f"{spot}.restockType")
            units = whole(line.get("quantity"), f"{spot}.quantity")
            if belongs is not None:
                kind = EXCHANGED if swapped else IN_RETURN
            line_id = line_of(line, spot)
            found[line_id] = found.get(line_id, Refunded()).plus(kind, units)
    return found


def _exchanges(order: dict[str, Any], where: str) -> list[str]:
    """Ids of the returns that send something else instead."""
    return [text(entry.get("id"), f"{at}.id") for entry, at in _returns(order, where) if _in_exchange(entry, at)]


def _returns(order: dict[str, Any], where: str) -> list[tuple[dict[str, Any], str]]:
    returns = order.get("returns")
    found = nodes(returns, f"{where}: returns") if returns is not None else []
    return [(entry, f"{where}: returns[{i}]") for i, entry in enumerate(found)]


def _came_back(order: dict[str, Any], settings: Settings, where: str) -> dict[str, int]:
    """Units per line that returns have brought back.

    Processing leaves a return OPEN (captured 2026-07-20); closing one without processing says that all of it is back
    (Shopify's schema of 2026-07, `returnClose`). A return that sends something else in exchange counts only by the
    merchant's rule, or by its refund.
    """
    found: dict[str, int] = {}
    for entry, at in _returns(order, where):
        given = entry.get("returnLineItems")
        counts = entry.get("status") in ("OPEN", "CLOSED") and given is not None
        if not counts or (_in_exchange(entry, at) and settings.exchange_means == "nothing"):
            continue
        for line_id, units in _return_units(entry, f"{at}.returnLineItems"):
            found[line_id] = found.get(line_id, 0) + units
    return found


def _in_exchange(entry: dict[str, Any], at: str) -> bool:
    exchange = entry.get("exchangeLineItems")
    return exchange is not None and bool(nodes(exchange, f"{at}.exchangeLineItems"))


def _return_units(entry: dict[str, Any], at: str) -> list[tuple[str, int]]:
    lines = nodes(entry["returnLineItems"], at)
    processed = [whole_or_none(x.get("processedQuantity"), f"{at}[{i}].processedQuantity") for i, x in enumerate(lines)]
    if entry.get("status") == "CLOSED" and not any(processed):
        processed = [whole_or_none(x.get("quantity"), f"{at}[{i}].quantity") for i, x in enumerate(lines)]
    return [
        (line_of(document(line.get("fulfillmentLineItem"), f"{at}[{i}]"), f"{at}[{i}].fulfillmentLineItem"), units)
        for i, (line, units) in enumerate(zip(lines, processed, strict=True))
        if units
    ]


def _total(order: dict[str, Any], total: Decimal, where: str) -> Iterator[Contradiction]:
    """An order we placed with another total than idealo's, until somebody edits it."""
    expected = attribute(order, TOTAL_KEY, where)
    if expected is not None and order.get("edited") is not True and expected != f"{total:.2f}":
        detail = f"idealo's total is {expected}, Shopify made {total} of it; correct the order by editing it"
        yield Contradiction(rule="total_differs", about=f"{total}", detail=detail)
