"""Decides where the units of each line are: shipped, cancelled or returned, from parcels, refunds and status."""

from collections.abc import Mapping, Sequence

from pydantic import AwareDatetime, Field

from app.domain.value import Value
from app.stores.woocommerce.tracking import Parcel


class RefundedUnits(Value):
    """Units of one line that a refund took out."""

    line_id: str
    units: int
    at: AwareDatetime | None


class Leaving(Value):
    """What is known about goods leaving the shop."""

    whole: bool = False
    """Everything open left: the status says so, or a parcel that names no items."""
    at: AwareDatetime | None = None
    """The earliest moment `whole` is known for; None when nobody wrote it down."""
    items: dict[str, int] = Field(default_factory=dict)
    """Units per line id in parcels that name their items."""

    @property
    def anything(self) -> bool:
        return self.whole or any(self.items.values())


class Counted(Value):
    """Units of one line; conserves: quantity >= shipped + cancelled, shipped >= returned."""

    shipped: int = 0
    cancelled: int = 0
    returned: int = 0


def leaving(parcels: Sequence[Parcel], *, shipped: bool, partly: bool, completed_at: AwareDatetime | None) -> Leaving:
    """Sums the evidence. A parcel without items means the whole order, unless another names items or the order's
    status says that only a part has left.
    """
    items: dict[str, int] = {}
    for parcel in parcels:
        for line_id, units in parcel.items or ():
            items[line_id] = items.get(line_id, 0) + max(units, 0)
    bare = [] if partly or any(p.items for p in parcels) else list(parcels)
    if not shipped and not bare:
        return Leaving(items=items)
    times = [_time(p, completed_at) for p in bare] + ([completed_at] if shipped else [])
    known = [t for t in times if t is not None]
    return Leaving(whole=True, at=min(known, default=None), items=items)


def _time(parcel: Parcel, completed_at: AwareDatetime | None) -> AwareDatetime | None:
    """A day's midnight says less than the moment the order was completed on that day."""
    at = parcel.shipped_at
    if parcel.by_day and at and completed_at and completed_at.date() == at.date():
        return completed_at
    return at


def count(
    line_id: str, quantity: int, left: Leaving, refunds: Sequence[RefundedUnits], came_back: Mapping[str, int]
) -> Counted:
    """Where a line's units are.

    A refund that is older than the shipping cancels; one that is younger, or as old, returns. Where parcels name
    their items, refunds take what never left first. Goods a return shipment brought back are returned in any case.
    """
    own = [r for r in refunds if r.line_id == line_id]
    refunded = min(sum(r.units for r in own), quantity)
    named = min(left.items.get(line_id, 0), quantity)
    back = min(came_back.get(line_id, 0), quantity if left.whole else named)
    loose = max(refunded - back, 0)
    if left.whole:
        early = sum(r.units for r in own if left.at and r.at and r.at < left.at)
        never_left = quantity - named if named else 0
        cancelled = min(loose, max(early, never_left), quantity - max(named, back))
        shipped = quantity - cancelled
    else:
        cancelled = min(loose, quantity - named)
        shipped = named
    return Counted(shipped=shipped, cancelled=cancelled, returned=min(max(refunded - cancelled, back), shipped))
