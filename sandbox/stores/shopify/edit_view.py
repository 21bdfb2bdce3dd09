"""An order under edit as the Admin API shows it."""

from typing import Any, ClassVar

from sandbox.stores.shopify.errors import gid
from sandbox.stores.shopify.model import Line as OrderLine
from sandbox.stores.shopify.money import bag
from sandbox.stores.shopify.order_view import LineView, OrderView
from sandbox.stores.shopify.paging import window
from sandbox.stores.shopify.state import Shop
from sandbox.stores.shopify.store_model import Edit
from sandbox.stores.shopify.units import totals, units


class CalculatedLineView:
    typename: ClassVar = "CalculatedLineItem"

    def __init__(self, shop: Shop, edit: Edit, line: OrderLine) -> None:
        order = shop.orders[edit.order_id]
        unit = units(order, line)
        shown = LineView(shop, order, line)
        self.id = gid("CalculatedLineItem", line.id)
        self.title, self.sku, self.variant = shown.title, shown.sku, shown.variant
        self.quantity = edit.quantities.get(line.id, unit.current)
        self.editable_quantity_before_changes = unit.open
        self.editable_quantity = max(0, unit.open - (unit.current - self.quantity))
        self.restockable = shown.restockable
        self.restocking = edit.restock.get(line.id, False)
        self.original_unit_price_set = shown.original_unit_price_set


class CalculatedOrderView:
    typename: ClassVar = "CalculatedOrder"

    def __init__(self, shop: Shop, edit: Edit) -> None:
        self._shop, self._is = shop, edit
        self._order = shop.orders[edit.order_id]
        self.id = gid("CalculatedOrder", edit.id)
        self.original_order = OrderView(shop, self._order)
        lines = [CalculatedLineView(shop, edit, line) for line in self._order.lines]
        self.subtotal_line_items_quantity = sum(line.quantity for line in lines)
        gone = sum(
            (line.price * (units(self._order, line).current - shown.quantity)
             for line, shown in zip(self._order.lines, lines, strict=True)),
            start=self._order.lines[0].price * 0,
        )  # fmt: skip
        self.total_price_set = bag(totals(self._order).current_total - gone, self._order.currency)

    def line(self, line_id: int) -> CalculatedLineView:
        """One line by the number of its id."""
        return CalculatedLineView(self._shop, self._is, self._order.line(line_id))

    def line_items(self, query: str | None = None, **page: Any) -> dict[str, Any]:
        # Lines that are gone already are no part of the edit.
        live = [line for line in self._order.lines if units(self._order, line).current]
        return window(live, lambda line: (line.id, line.id), lambda line: self.line(line.id), page)

    def added_line_items(self, **page: Any) -> dict[str, Any]:
        return window(list[OrderLine](), lambda line: (line.id, line.id), lambda line: self.line(line.id), page)


def session(edit: Edit) -> dict[str, Any]:
    """The `OrderEditSession`, which shares the number of the calculated order (captured)."""
    return {"__typename": "OrderEditSession", "id": gid("OrderEditSession", edit.id)}
