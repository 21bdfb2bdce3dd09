"""Reads fulfillments: what has left, with which carrier and codes, and what was withdrawn; pure."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from app.domain.carriers import carrier_name, tracking_codes
from app.domain.orders import Contradiction, Shipment, StoreLine
from app.domain.value import Value
from app.stores.shopify.reading import document, entries, nodes, number_of, text, text_or_none, whole

_PENDING = ("PENDING", "OPEN")
"""Legacy, but still served for old orders and some fulfillment services (Shopify's schema of 2026-07)."""


class Parcel(Value):
    """A fulfillment, read and checked."""

    fulfillment_id: str
    left: bool
    """It counts as shipped: status SUCCESS, and not waiting on a pick-up shelf."""
    waits: bool
    """Made, but not gone yet: its units are neither shipped nor to be fulfilled any more."""
    withdrawn: bool
    reported: bool
    """Goods that travel: something to report to idealo."""
    tracking: tuple[tuple[str | None, tuple[str, ...]], ...]
    """Carrier and codes, in Shopify's order."""
    units: tuple[tuple[str, int], ...]


def parcels_of(order: dict[str, Any], where: str) -> list[Parcel]:
    """All fulfillments of an order, also those that do not count."""
    given = order.get("fulfillments")
    at = f"{where}: fulfillments"
    return [_parcel(f, f"{at}[{i}]") for i, f in enumerate(entries(given, at) if given is not None else [])]


def fulfilled_units(parcels: Iterable[Parcel]) -> dict[str, int]:
    """Units per line id that have left."""
    return _per_line(pair for parcel in parcels if parcel.left for pair in parcel.units)


def waiting_units(parcels: Iterable[Parcel]) -> dict[str, int]:
    """Units per line id that stand in a fulfillment and have not left."""
    return _per_line(pair for parcel in parcels if parcel.waits for pair in parcel.units)


def line_of(holder: dict[str, Any], at: str) -> str:
    """The line a fulfillment's, refund's or return's line is about."""
    return number_of(document(holder.get("lineItem"), f"{at}.lineItem").get("id"), "LineItem", f"{at}.lineItem.id")


def shipments_of(parcels: Iterable[Parcel]) -> tuple[Shipment, ...]:
    """One per fulfillment and carrier; the same code in two fulfillments is one parcel."""
    found: list[Shipment] = []
    known: set[str] = set()
    for parcel in parcels:
        if not (parcel.left and parcel.reported):
            continue
        by_carrier: dict[str | None, list[str]] = {}
        for carrier, codes in parcel.tracking:
            by_carrier.setdefault(carrier, []).extend(c for c in codes if c not in known)
            known.update(codes)
        coded = [
            Shipment(shipment_id=parcel.fulfillment_id, carrier=carrier, codes=tuple(dict.fromkeys(codes)))
            for carrier, codes in by_carrier.items()
            if codes
        ]
        bare = not any(codes for _, codes in parcel.tracking)
        carrier = next((c for c in by_carrier if c), None)
        found += coded or ([Shipment(shipment_id=parcel.fulfillment_id, carrier=carrier)] if bare else [])
    return tuple(found)


def withdrawn(parcels: Iterable[Parcel], lines: Sequence[StoreLine], *, gone: bool) -> Iterator[Contradiction]:
    """A fulfillment cancelled after its code was known, and nothing in its place: idealo takes no shipment back."""
    still_open = {line.line_id for line in lines if line.quantity > line.shipped + line.cancelled}
    for parcel in parcels:
        coded = any(codes for _, codes in parcel.tracking)
        if parcel.withdrawn and coded and not gone and any(line_id in still_open for line_id, _ in parcel.units):
            detail = f"fulfillment {parcel.fulfillment_id} was cancelled; its tracking code may be known to idealo"
            yield Contradiction(rule="fulfillment_cancelled", about=parcel.fulfillment_id, detail=detail)


def _per_line(pairs: Iterable[tuple[str, int]]) -> dict[str, int]:
    found: dict[str, int] = {}
    for line_id, units in pairs:
        found[line_id] = found.get(line_id, 0) + units
    return found


def _parcel(fulfillment: dict[str, Any], at: str) -> Parcel:
    status = text(fulfillment.get("status"), f"{at}.status")
    tracking = []
    for i, entry in enumerate(entries(fulfillment.get("trackingInfo") or [], f"{at}.trackingInfo")):
        spot = f"{at}.trackingInfo[{i}]"
        number = text_or_none(entry.get("number"), f"{spot}.number")
        link = text_or_none(entry.get("url"), f"{spot}.url")
        carrier = carrier_name(text_or_none(entry.get("company"), f"{spot}.company"))
        # "Other" is Shopify's word for a carrier off its list, no carrier's name.
        known = None if carrier is not None and carrier.lower() == "other" else carrier
        tracking.append((known, _codes(number, link)))
    given = fulfillment.get("fulfillmentLineItems")
    where = f"{at}.fulfillmentLineItems"
    on_shelf = fulfillment.get("displayStatus") == "READY_FOR_PICKUP"
    return Parcel(
        fulfillment_id=number_of(fulfillment.get("id"), "Fulfillment", f"{at}.id"),
        left=status == "SUCCESS" and not on_shelf,
        waits=status in _PENDING or (status == "SUCCESS" and on_shelf),
        withdrawn=status == "CANCELLED",
        reported=fulfillment.get("requiresShipping") is not False,
        tracking=tuple(tracking),
        units=tuple(
            (line_of(line, f"{where}[{i}]"), whole(line.get("quantity"), f"{where}[{i}].quantity"))
            for i, line in enumerate(nodes(given, where) if given is not None else [])
        ),
    )


def _codes(number: str | None, link: str | None) -> tuple[str, ...]:
    """The number field may hold a whole tracking link, or nothing beside a link."""
    return tracking_codes(number) or tracking_codes(link)
