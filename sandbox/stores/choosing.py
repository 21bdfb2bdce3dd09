"""Which units of an order a merchant means by SKUs and quantities."""

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import TypeVar

from sandbox.stores.port import LineQuantity, SandboxRefusal

Count = TypeVar("Count", int, Decimal)


def choose(
    rows: Sequence[tuple[int, str, Count]],
    lines: Sequence[LineQuantity] | None,
    word: str,
    count: Callable[[int], Count],
) -> dict[int, Count]:
    """Spread units of SKUs over an order's rows, each (id, SKU, limit); without lines all that the limits allow.

    `word` says what the limits count ("open"), `count` makes a limit's number of a whole one. SandboxRefusal ("lines")
    for an SKU that is not there and for more units than there are.
    """
    if lines is None:
        chosen = {key: limit for key, _, limit in rows if limit > 0}
        if not chosen:
            raise SandboxRefusal("lines", f"nothing of this order is {word}")
        return chosen
    chosen = {}
    for wanted in lines:
        of_sku = [(key, limit) for key, sku, limit in rows if sku == wanted.sku]
        if not of_sku:
            raise SandboxRefusal("lines", f"no line with SKU {wanted.sku!r} in this order")
        left = count(wanted.quantity)
        for key, limit in of_sku:
            take = min(left, limit - chosen.get(key, count(0)))
            if take > 0:
                chosen[key] = chosen.get(key, count(0)) + take
                left -= take
        if left or wanted.quantity < 1:
            raise SandboxRefusal("lines", f"fewer than {wanted.quantity} of {wanted.sku!r} are {word}")
    return chosen
