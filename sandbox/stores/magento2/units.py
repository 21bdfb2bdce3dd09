"""Where the units of an order's rows are, in words that fit every store."""

from dataclasses import dataclass
from decimal import Decimal

from sandbox.stores.magento2.model import Order, Row
from sandbox.stores.magento2.php import ZERO, decimal


@dataclass(frozen=True, slots=True)
class Units:
    """Units of one row: ordered = open + shipped + cancelled, shipped >= returned."""

    ordered: Decimal
    shipped: Decimal
    cancelled: Decimal
    returned: Decimal

    @property
    def open(self) -> Decimal:
        """Neither shipped nor cancelled."""
        return self.ordered - self.shipped - self.cancelled


def units_of(order: Order) -> dict[int, Units]:
    """Units by item id. A credit memo does not say whether its units had left: open ones are taken first."""
    return {item["item_id"]: _units(item, order.state) for item in order.sold_items()}


def _units(item: Row, state: str) -> Units:
    ordered, shipped = decimal(item["qty_ordered"]), decimal(item.get("qty_shipped"))
    canceled, refunded = decimal(item.get("qty_canceled")), decimal(item.get("qty_refunded"))
    from_open = min(refunded, max(ordered - shipped - canceled, ZERO))
    cancelled = ordered - shipped if state in {"canceled", "closed"} else canceled + from_open
    return Units(ordered, shipped, cancelled, min(refunded - from_open, shipped))
