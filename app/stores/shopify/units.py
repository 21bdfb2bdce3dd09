"""Decides where the units of each line are: shipped, cancelled or returned; pure."""

from app.domain.value import Value


class Refunded(Value):
    """Units of one line that refunds name, by what the refund says of them."""

    cancelled: int = 0
    """restockType CANCEL: never left, back in stock."""
    came_back: int = 0
    """RETURN and LEGACY_RESTOCK, outside of a return."""
    in_return: int = 0
    """Any type, where the refund belongs to a return."""
    exchanged: int = 0
    """In a return that sends something else instead, and no money went back: they stay sold."""
    loose: int = 0
    """NO_RESTOCK: says nothing about shipped or not."""

    def plus(self, kind: str, units: int) -> "Refunded":
        """With more units of a restock type, IN_RETURN or EXCHANGED; one we do not know counts like NO_RESTOCK."""
        name = _NAMES.get(kind, "loose")
        return self.model_copy(update={name: getattr(self, name) + units})

    @property
    def units(self) -> int:
        return self.cancelled + self.came_back + self.in_return + self.exchanged + self.loose


IN_RETURN, EXCHANGED = "in a return", "in exchange"
_NAMES = {
    "CANCEL": "cancelled",
    "RETURN": "came_back",
    "LEGACY_RESTOCK": "came_back",
    IN_RETURN: "in_return",
    EXCHANGED: "exchanged",
}


class LineFacts(Value):
    """What Shopify counts of one line."""

    quantity: int
    """Ordered; never shrinks, not even when the line is edited away (captured)."""
    current: int | None = None
    """Ordered without refunded and removed units."""
    unfulfilled: int | None = None
    """Still to be fulfilled."""
    fulfilled: int = 0
    waiting: int = 0
    """Units in fulfillments that were made but have not left: on a pick-up shelf, or still pending."""
    refunded: Refunded = Refunded()
    received: int = 0
    """Units that returns have brought back."""


class Counted(Value):
    """Units of one line; conserves: quantity >= shipped + cancelled, shipped >= returned."""

    shipped: int = 0
    cancelled: int = 0
    returned: int = 0


def count(line: LineFacts, *, gone: bool, loose_means_return: bool) -> Counted:
    """Where a line's units are.

    `gone`: the order is cancelled, so nothing more will leave. A refund of type RETURN on units that never left
    (captured 2026-06-22: Shopify takes it on an unfulfilled order) cancels them, also once the others were shipped.
    """
    told = line.refunded
    shipped = min(line.fulfilled, line.quantity)
    never_left = line.quantity - shipped
    named = told.cancelled + max(told.came_back + told.in_return - shipped, 0) + _edited(line, never_left)
    cancelled = never_left if gone else min(max(named, _no_longer_open(line, shipped)), never_left)
    unnamed = max(cancelled - named, 0)
    loose = told.loose - min(told.loose, unnamed)
    early = 0 if gone else min(told.came_back, unnamed - (told.loose - loose))
    returned = min(told.came_back - early + max(told.in_return, line.received), shipped)
    if loose_means_return:
        returned = min(returned + loose, shipped)
    return Counted(shipped=shipped, cancelled=cancelled, returned=returned)


def _edited(line: LineFacts, never_left: int) -> int:
    """Units an order edit took out: gone from the current quantity without a refund or a return."""
    if line.current is None:
        return 0
    told = line.refunded
    back = max(told.in_return, line.received)
    gone = max(line.quantity - line.current - (told.units - told.in_return) - back, 0)
    return gone if line.unfulfilled is None else min(gone, _fallen(line, never_left, line.unfulfilled))


def _fallen(line: LineFacts, never_left: int, unfulfilled: int) -> int:
    """Units that neither left nor wait in a fulfillment nor are to be fulfilled."""
    return max(never_left - unfulfilled - line.waiting, 0)


def _no_longer_open(line: LineFacts, shipped: int) -> int:
    """Units that are neither shipped nor to be shipped; worked out from the refunds where Shopify does not say.

    Never more than were taken out of the current quantity: a unit in a fulfillment that failed or is on its way to its
    shelf is not unfulfilled either, and still sold.
    """
    never_left = line.quantity - shipped
    removed = None if line.current is None else max(line.quantity - line.current, 0)
    if line.unfulfilled is not None:
        fallen = _fallen(line, never_left, line.unfulfilled)
        return fallen if removed is None else min(fallen, removed)
    told = line.refunded
    removed = told.units if removed is None else removed
    after_shipping = min(removed, shipped, told.units - told.cancelled)
    return min(removed - after_shipping, never_left)
