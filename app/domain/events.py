"""The canonical facts about one order, and which of them a snapshot implies.

A snapshot is turned into all events it implies, each with a stable key; the ledger's unique index keeps the new ones.
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from app.domain.orders import (
    Contradiction,
    Count,
    IdealoOrder,
    Money,
    Purchase,
    StoreOrder,
)
from app.domain.units import ImportedLine, Units, units_in_store
from app.domain.value import Value

Side = Literal["idealo", "store"]


class OrderPlaced(Value):
    """idealo has an order for this shop."""

    type: Literal["order.placed"] = "order.placed"
    purchase: Purchase

    @property
    def key(self) -> str:
        return "order"


class OrderImported(Value):
    """The store order stands, made by us or found; its lines are frozen here."""

    type: Literal["order.imported"] = "order.imported"
    store_order_id: str
    store_order_number: str
    total: Money
    lines: tuple[ImportedLine, ...]
    notes: tuple[str, ...] = ()
    """What a person should know: a cent corrected, an item short in stock."""

    @property
    def key(self) -> str:
        return "order"


class OrderRevoked(Value):
    """The buyer cancelled the whole order at idealo, or asks for it."""

    type: Literal["order.revoked"] = "order.revoked"

    @property
    def key(self) -> str:
        return "order"


class ShipmentCreated(Value):
    """A parcel left; one event per tracking code, or one without a code."""

    type: Literal["shipment.created"] = "shipment.created"
    shipment_id: str
    carrier: str | None = None
    code: str | None = None

    @property
    def key(self) -> str:
        return f"{self.shipment_id}/{self.code or ''}"


class LineCancelled(Value):
    """Units of a SKU will not be shipped. The key counts cancellations alone, so a later return repeats nothing."""

    type: Literal["line.cancelled"] = "line.cancelled"
    sku: str
    cancelled: Count
    remaining: Count
    """Units still in the order when this was seen, returns taken off as well."""
    uncancelled: Count

    @property
    def key(self) -> str:
        return f"{self.sku}/{self.uncancelled}"


class LineReturned(Value):
    """Units of a SKU came back. The key counts returns alone."""

    type: Literal["line.returned"] = "line.returned"
    sku: str
    returned: Count
    remaining: Count
    unreturned: Count

    @property
    def key(self) -> str:
        return f"{self.sku}/{self.unreturned}"


class RefundIssued(Value):
    """The merchant gave money back."""

    type: Literal["refund.issued"] = "refund.issued"
    refund_id: str
    amount: Money
    currency: str

    @property
    def key(self) -> str:
        return self.refund_id


class OrderConflict(Value):
    """One side shows what no rule can bring in line; it goes to a person, and dissolves once the sides agree."""

    type: Literal["order.conflict"] = "order.conflict"
    side: Side
    rule: str
    about: str = ""
    detail: str

    @property
    def key(self) -> str:
        return f"{self.side}/{self.rule}/{self.about}"


Event = Annotated[
    OrderPlaced
    | OrderImported
    | OrderRevoked
    | ShipmentCreated
    | LineCancelled
    | LineReturned
    | RefundIssued
    | OrderConflict,
    Field(discriminator="type"),
]
EventType = Literal[
    "order.placed",
    "order.imported",
    "order.revoked",
    "shipment.created",
    "line.cancelled",
    "line.returned",
    "refund.issued",
    "order.conflict",
]
EVENT: TypeAdapter[Event] = TypeAdapter(Event)


def events_in_idealo(order: IdealoOrder) -> list[Event]:
    """All events an idealo snapshot implies."""
    events: list[Event] = [OrderPlaced(purchase=order.purchase)]
    if order.revocation_wanted or order.revoked:
        events.append(OrderRevoked())
    events += [_conflict("idealo", c) for c in order.contradictions]
    for refund in order.refunds:
        if refund.failed:
            detail = f"idealo could not pay back {refund.amount}: {refund.reason or 'no reason given'}"
            about = refund.refund_id
            events.append(OrderConflict(side="idealo", rule="refund_failed", about=about, detail=detail))
    return events


def events_in_store(order: StoreOrder, imported: Sequence[ImportedLine], *, when_complete: bool = False) -> list[Event]:
    """All events a store snapshot implies, in the order idealo must hear them: shipments, lines, refunds.

    With `when_complete`, shipments count only once nothing is open any more. Units that do not add up imply
    a conflict instead of line events for that SKU.
    """
    units = units_in_store(order, imported)
    everything_left = all(u.open <= 0 for u in units)
    events: list[Event] = []
    if everything_left or not when_complete:
        for shipment in order.shipments:
            events += _shipment(shipment.shipment_id, shipment.carrier, shipment.codes)
    for u in units:
        events += _lines(u) if u.conserved else [_conflict("store", _unbalanced(u))]
    for refund in order.refunds:
        events.append(RefundIssued(refund_id=refund.refund_id, amount=refund.amount, currency=refund.currency))
    events += [_conflict("store", c) for c in order.contradictions]
    return events


def contradictions_in_store(
    order: StoreOrder, imported: Sequence[ImportedLine], recorded: Sequence[Event]
) -> list[Event]:
    """What the store has taken back although idealo was, or will be, told: neither can be undone there."""
    events: list[Event] = []
    refunds = {r.refund_id for r in order.refunds}
    units = {u.sku: u for u in units_in_store(order, imported)}
    for event in recorded:
        if isinstance(event, RefundIssued) and event.refund_id not in {*refunds, "cancellation"}:
            detail = f"refund {event.refund_id} over {event.amount} has vanished from the store"
            found = Contradiction(rule="refund_vanished", about=event.refund_id, detail=detail)
            events.append(_conflict("store", found))
        elif isinstance(event, LineCancelled | LineReturned) and event.sku in units:
            seen = units[event.sku]
            count, now = (
                (event.cancelled, seen.cancelled)
                if isinstance(event, LineCancelled)
                else (event.returned, seen.returned)
            )
            if now + (seen.returned if isinstance(event, LineCancelled) else 0) < count:
                detail = f"{event.sku}: {count} units were taken out of the order, the store now says {now}"
                found = Contradiction(rule="units_came_back", about=f"{event.sku}/{now}", detail=detail)
                events.append(_conflict("store", found))
    return events


def refund_for_cancellation(order: StoreOrder, recorded: Sequence[Event]) -> list[Event]:
    """The refund a plain cancellation stands for: what was paid and not given back; at most one per order."""
    paid = next((event.purchase for event in recorded if isinstance(event, OrderPlaced)), None)
    if paid is None:
        return []
    open_amount = paid.total - sum((r.amount for r in order.refunds), Decimal(0))
    if open_amount <= 0:
        return []
    return [RefundIssued(refund_id="cancellation", amount=open_amount, currency=paid.currency)]


def _shipment(shipment_id: str, carrier: str | None, codes: Sequence[str]) -> list[Event]:
    if not codes:
        return [ShipmentCreated(shipment_id=shipment_id, carrier=carrier)]
    return [ShipmentCreated(shipment_id=shipment_id, carrier=carrier, code=code) for code in codes]


def _lines(units: Units) -> list[Event]:
    events: list[Event] = []
    if units.cancelled:
        events.append(
            LineCancelled(
                sku=units.sku,
                cancelled=units.cancelled,
                remaining=units.remaining,
                uncancelled=units.ordered - units.cancelled,
            )
        )
    if units.returned:
        events.append(
            LineReturned(
                sku=units.sku,
                returned=units.returned,
                remaining=units.remaining,
                unreturned=units.ordered - units.returned,
            )
        )
    return events


def _unbalanced(units: Units) -> Contradiction:
    detail = (
        f"{units.sku}: ordered {units.ordered}, but shipped {units.shipped}, cancelled {units.cancelled}, "
        f"returned {units.returned} do not add up"
    )
    return Contradiction(rule="units_do_not_add_up", about=units.sku, detail=detail)


def _conflict(side: Side, found: Contradiction) -> OrderConflict:
    return OrderConflict(side=side, rule=found.rule, about=found.about, detail=found.detail)
