"""What tests of every kind of shop ask of a snapshot: whether it conserves, what is kept of it, what it tells."""

from collections.abc import Sequence

from app.domain.errors import Permanent, Problem
from app.domain.events import Event
from app.domain.orders import StoreOrder
from app.domain.units import ImportedLine


def conserves(order: StoreOrder) -> bool:
    """Whether no unit is counted twice and no more came back than had left."""
    return all(x.quantity >= x.shipped + x.cancelled and x.shipped >= x.returned for x in order.lines)


def understood_or_refused(order: StoreOrder | None, refusal: Permanent | None) -> bool:
    """Whether an odd answer was read as an order that conserves, or refused in a way that names the field."""
    if order is not None:
        return conserves(order)
    return refusal is not None and refusal.problem is Problem.STATE_CONFLICT and "expected" in str(refusal)


def frozen(order: StoreOrder) -> list[ImportedLine]:
    """The lines as they are kept at import."""
    return [
        ImportedLine(line_id=x.line_id, sku=x.sku, store_sku=x.sku, quantity=x.quantity)
        for x in order.lines
        if x.quantity and x.sku
    ]


def told(events: Sequence[Event]) -> list[tuple[str, str]]:
    """Type and key of each event."""
    return [(event.type, event.key) for event in events]
