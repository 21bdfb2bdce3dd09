"""How many units of an order are shipped, cancelled and returned, as far as the shop's own objects can tell."""

from dataclasses import dataclass

from sandbox.stores.woocommerce.model import Order
from sandbox.stores.woocommerce.state import Shop
from sandbox.stores.woocommerce.trackings import items_of

SHIPPED_STATUSES = {"completed", "delivered"}
OUT = {"shipped", "delivered"}


@dataclass(frozen=True, slots=True)
class Units:
    """Units of one order line: quantity = open + shipped + cancelled, shipped >= returned."""

    quantity: int
    shipped: int
    cancelled: int
    returned: int

    @property
    def open(self) -> int:
        """Units neither shipped nor cancelled."""
        return self.quantity - self.shipped - self.cancelled


def units_by_parcel(order: Order) -> dict[int, int] | None:
    """Shipped units per item id where parcels name their items (best source first), else None."""
    sources: list[list[dict[int, int]]] = [
        [
            {int(item["item_id"]): int(item["qty"]) for item in fulfillment.value("_items") or []}
            for fulfillment in order.fulfillments
            if fulfillment.is_fulfilled and fulfillment.deleted is None
        ],
        [shipment.items for shipment in order.shipments if shipment.type == "simple" and shipment.status in OUT],
    ]
    trackings = items_of(order)
    named = all(item.get("products_list") for item in trackings)
    if trackings and named and order.status not in SHIPPED_STATUSES:
        sources.append([
            {int(product["item_id"]): int(product["qty"]) for product in item["products_list"]} for item in trackings
        ])  # fmt: skip
    for parcels in sources:
        if parcels:
            total: dict[int, int] = {}
            for parcel in parcels:
                for item_id, units in parcel.items():
                    total[item_id] = total.get(item_id, 0) + units
            return total
    return None


def counts_as_shipped(order: Order) -> bool:
    """Whether an order whose parcels name no items counts as shipped: by its status or by any parcel."""
    if units_by_parcel(order) is not None:
        return False
    return order.status in SHIPPED_STATUSES or bool(items_of(order))


def units_of(shop: Shop, order: Order) -> dict[int, Units]:
    """Units per line id.

    A refund does not say whether its units were shipped. They are taken from units still open first; only what exceeds
    those came back from the buyer. Where parcels name no items, everything not refunded before counts as shipped.
    """
    by_parcel = units_by_parcel(order)
    whole_order = counts_as_shipped(order)
    refunds = shop.refunds_of(order.id)
    result: dict[int, Units] = {}
    for line in order.lines:
        refunded = sum(refund.units().get(line.id, 0) for refund in refunds)
        early = sum(refund.units().get(line.id, 0) for refund in refunds if not refund.after_shipping)
        if by_parcel is not None:
            shipped = min(line.quantity, by_parcel.get(line.id, 0))
        else:
            shipped = max(0, line.quantity - early) if whole_order else 0
        cancelled = min(refunded, line.quantity - shipped)
        if order.status in {"cancelled", "refunded"}:
            cancelled = line.quantity - shipped
        handed_back = sum(
            shipment.items.get(line.id, 0)
            for shipment in order.shipments
            if shipment.type == "return" and shipment.status == "delivered"
        )
        late = refunded - min(refunded, line.quantity - shipped)
        result[line.id] = Units(line.quantity, shipped, cancelled, min(shipped, max(late, handed_back)))
    return result
