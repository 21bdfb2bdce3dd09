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
    loose: int = 0
    """NO_RESTOCK: says nothing about shipped or not."""

    def plus(self, kind: str, units: int, *, in_return: bool) -> "Refunded":
        """With more units of a restock type; one we do not know counts like NO_RESTOCK."""
        names = {"CANCEL": "cancelled", "RETURN": "came_back", "LEGACY_RESTOCK": "came_back"}
        name = "in_return" if in_return else names.get(kind, "loose")
        return self.model_copy(update={name: getattr(self, name) + units})

    @property
    def units(self) -> int:
        return self.cancelled + self.came_back + self.in_return + self.loose


class LineFacts(Value):
    """What Shopify counts of one line."""

    quantity: int
    """Ordered; never shrinks, not even when the line is edited away (captured)."""
    current: int | None = None
    """Ordered without refunded and removed units."""
    unfulfilled: int | None = None
    """Still to be fulfilled."""
    fulfilled: int = 0
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
    (captured 2026-06-22: Shopify takes it on an unfulfilled order) cancels them.
    """
    told = line.refunded
    shipped = min(line.fulfilled, line.quantity)
    never_left = line.quantity - shipped
    returned = min(told.came_back + max(told.in_return, line.received), shipped)
    named = told.cancelled + max(told.came_back + told.in_return - shipped, 0) + _edited(line)
    cancelled = never_left if gone else min(max(named, _no_longer_open(line, shipped)), never_left)
    if loose_means_return:
        after_shipping = told.loose - min(told.loose, max(cancelled - named, 0))
        returned = min(returned + after_shipping, shipped)
    return Counted(shipped=shipped, cancelled=cancelled, returned=returned)


def _edited(line: LineFacts) -> int:
    """Units an order edit took out: gone from the current quantity without a refund."""
    if line.current is None:
        return 0
    return max(line.quantity - line.current - line.refunded.units, 0)


def _no_longer_open(line: LineFacts, shipped: int) -> int:
    """Units that are neither shipped nor to be shipped; worked out from the refunds where Shopify does not say."""
    never_left = line.quantity - shipped
    if line.unfulfilled is not None:
        return max(never_left - line.unfulfilled, 0)
    told = line.refunded
    removed = told.units if line.current is None else max(line.quantity - line.current, 0)
    after_shipping = min(removed, shipped, told.came_back + told.in_return + told.loose)
    return min(removed - after_shipping, never_left)
