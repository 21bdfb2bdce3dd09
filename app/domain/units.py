"""Where the units of an order are, measured against what was imported."""

from collections.abc import Sequence
from typing import Annotated

from pydantic import Field

from app.domain.orders import Count, StoreLine, StoreOrder
from app.domain.value import Value


class ImportedLine(Value):
    """A store line frozen at import: stores read a line's SKU live from the product, so we remember ours."""

    line_id: str
    sku: str
    """idealo's SKU."""
    store_sku: str
    quantity: Annotated[int, Field(gt=0)]


class Units(Value):
    """Where the units of one SKU are: ordered = open + shipped + cancelled, and shipped >= returned."""

    sku: str
    ordered: Count
    shipped: Count = 0
    cancelled: Count = 0
    returned: Count = 0

    @property
    def open(self) -> int:
        return self.ordered - self.shipped - self.cancelled

    @property
    def remaining(self) -> int:
        """Units that stay sold: neither cancelled nor returned."""
        return self.ordered - self.cancelled - self.returned

    @property
    def conserved(self) -> bool:
        return self.open >= 0 and self.returned <= self.shipped


def units_in_store(order: StoreOrder, imported: Sequence[ImportedLine]) -> list[Units]:
    """Adds a snapshot's lines up per idealo SKU, measured against what was imported.

    A line the merchant removed or reduced by editing counts as cancelled; lines we did not import do not count.
    """
    now = {line.line_id: line for line in order.lines}
    units: dict[str, Units] = {}
    for line in imported:
        seen = _of_line(line, now.get(line.line_id))
        old = units.get(line.sku, Units(sku=line.sku, ordered=0))
        units[line.sku] = Units(
            sku=line.sku,
            ordered=old.ordered + seen.ordered,
            shipped=old.shipped + seen.shipped,
            cancelled=old.cancelled + seen.cancelled,
            returned=old.returned + seen.returned,
        )
    return list(units.values())


def _of_line(imported: ImportedLine, now: StoreLine | None) -> Units:
    if now is None:
        return Units(sku=imported.sku, ordered=imported.quantity, cancelled=imported.quantity)
    edited_away = max(imported.quantity - now.quantity, 0)
    return Units(
        sku=imported.sku,
        ordered=imported.quantity,
        shipped=now.shipped,
        cancelled=now.cancelled + edited_away,
        returned=now.returned,
    )
