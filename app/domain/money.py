"""Cents: gross to net, and splitting an amount so that its parts add up to it exactly."""

from collections.abc import Sequence
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal

CENT = Decimal("0.01")


def to_cents(amount: Decimal) -> Decimal:
    """Rounds half up to two decimals, as German tax practice does."""
    return amount.quantize(CENT, ROUND_HALF_UP)


def net_of(gross: Decimal, rate: Decimal, places: int = 6) -> Decimal:
    """The net part of a gross amount at `rate` percent.

    Six places by default: a shop that adds the tax itself then arrives at the gross cent again.
    """
    return (gross * 100 / (100 + rate)).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)


def tax_in(gross: Decimal, rate: Decimal) -> Decimal:
    """The tax contained in a gross amount at `rate` percent, to the cent."""
    return to_cents(gross - net_of(gross, rate))


def split(amount: Decimal, weights: Sequence[Decimal]) -> list[Decimal]:
    """Splits `amount` by `weights` to the cent with the largest-remainder method; the parts add up exactly.

    All weights zero means equal weights. Raises ValueError for no weights, a negative weight, or an amount that is
    negative or finer than a cent.
    """
    if not weights or any(w < 0 for w in weights):
        msg = "split() needs at least one weight, none negative"
        raise ValueError(msg)
    if amount < 0 or amount != amount.quantize(CENT):
        msg = "split() needs a non-negative amount in whole cents"
        raise ValueError(msg)
    total = sum(weights, Decimal(0))
    shares = [amount * w / total for w in weights] if total else [amount / len(weights)] * len(weights)
    parts = [share.quantize(CENT, ROUND_DOWN) for share in shares]
    missing = int((amount - sum(parts, Decimal(0))) / CENT)
    by_remainder = sorted(range(len(parts)), key=lambda i: (parts[i] - shares[i], i))
    for i in by_remainder[:missing]:
        parts[i] += CENT
    return parts
