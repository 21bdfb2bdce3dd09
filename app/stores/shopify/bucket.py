"""Knows what Shopify says of the cost bucket our calls are paid from, and how long a call has to wait for it; pure."""

import time
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from app.domain.value import Value

LONGEST_S = 5.0
"""Nobody waits longer inside a call; a bucket that is still empty then answers THROTTLED, and the bridge waits."""


class Cost(Value):
    """What one answer says: points the document was reserved, points left, points the bucket holds, points a second."""

    requested: Decimal
    available: Decimal
    maximum: Decimal | None
    rate: Decimal

    @property
    def refilled_in_s(self) -> Decimal:
        """Seconds until the same document can be paid again."""
        return max(self.requested - self.available, Decimal(0)) / self.rate


def cost_of(body: Mapping[str, Any]) -> Cost | None:
    """The cost in an answer; None where it states none, or none that makes sense."""
    extensions = body.get("extensions")
    cost = extensions.get("cost") if isinstance(extensions, dict) else None
    if not isinstance(cost, dict):
        return None
    status = cost.get("throttleStatus")
    bucket = status if isinstance(status, dict) else {}
    requested, available = _figure(cost.get("requestedQueryCost")), _figure(bucket.get("currentlyAvailable"))
    rate = _figure(bucket.get("restoreRate"))
    if requested is None or available is None or not rate:
        return None
    return Cost(requested=requested, available=available, maximum=_figure(bucket.get("maximumAvailable")), rate=rate)


class Bucket:
    """One store's bucket as the last answer showed it. Every app has its own in every store."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._last: tuple[Cost, float] | None = None
        self._asks: dict[str, Decimal] = {}
        self._promised = Decimal(0)
        """What calls cost that left after the last answer; Shopify reserves it before it begins."""

    def note(self, name: str, body: Mapping[str, Any]) -> None:
        """Remembers what an answer to the document of this name says."""
        cost = cost_of(body)
        if cost is not None:
            self._last = (cost, self._now())
            self._promised = Decimal(0)
            self._asks[name] = cost.requested

    def spend(self, name: str) -> None:
        """A document of this name leaves now: those that go beside it must not count on the same points."""
        self._promised += self._asks.get(name, Decimal(0))

    def wait_s(self, name: str) -> float:
        """Seconds until the bucket can pay the document; 0 where it can, never could, or was never asked."""
        asks = self._asks.get(name)
        if asks is None or self._last is None:
            return 0.0
        cost, seen = self._last
        if cost.maximum is not None and asks > cost.maximum:
            return 0.0
        filled = float(cost.available) + (self._now() - seen) * float(cost.rate)
        level = filled if cost.maximum is None else min(filled, float(cost.maximum))
        missing = float(asks + self._promised) - level
        return min(max(missing / float(cost.rate), 0.0), LONGEST_S)


def _figure(value: Any) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return None
    figure = Decimal(value)
    return figure if figure.is_finite() and 0 <= figure < 10**12 else None
