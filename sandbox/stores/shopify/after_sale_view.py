"""Fulfillments, fulfillment orders, refunds and returns as the Admin API shows them."""

from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar

from sandbox.stores.shopify.errors import gid
from sandbox.stores.shopify.model import (
    Adjustment,
    FulfilledLine,
    Fulfillment,
    Order,
    Refund,
    RefundedShipping,
    RefundLine,
    Return,
    ReturnLine,
    WorkLine,
    WorkOrder,
)
from sandbox.stores.shopify.money import bag
from sandbox.stores.shopify.paging import window
from sandbox.stores.shopify.small_views import LocationView, assigned_location
from sandbox.stores.shopify.state import Shop

if TYPE_CHECKING:
    from sandbox.stores.shopify.order_view import LineView, OrderView


class _OfOrder:
    """Anything that belongs to an order and leads back to it."""

    def __init__(self, shop: Shop, order: Order) -> None:
        self._shop, self._order = shop, order

    @property
    def order(self) -> "OrderView":
        from sandbox.stores.shopify.order_view import OrderView  # noqa: PLC0415 - the two modules show each other

        return OrderView(self._shop, self._order)

    def _line(self, line_id: int) -> "LineView":
        from sandbox.stores.shopify.order_view import LineView  # noqa: PLC0415 - as above

        return LineView(self._shop, self._order, self._order.line(line_id))

    def _page(self, items: Any, show: Any, page: dict[str, Any]) -> dict[str, Any]:
        return window(items, lambda one: (one.id, one.id), lambda one: show(self._shop, self._order, one), page)


class FulfilledLineView(_OfOrder):
    typename: ClassVar = "FulfillmentLineItem"

    def __init__(self, shop: Shop, order: Order, entry: FulfilledLine) -> None:
        super().__init__(shop, order)
        self.id = gid("FulfillmentLineItem", entry.id)
        self.quantity = entry.quantity
        self.line_item = self._line(entry.line_id)
        total = order.line(entry.line_id).price * entry.quantity
        self.original_total_set = self.discounted_total_set = bag(total, order.currency)


class FulfillmentView(_OfOrder):
    typename: ClassVar = "Fulfillment"

    def __init__(self, shop: Shop, order: Order, fulfillment: Fulfillment) -> None:
        super().__init__(shop, order)
        self._is = fulfillment
        self.id = gid("Fulfillment", fulfillment.id)
        self.legacy_resource_id = str(fulfillment.id)
        self.name = f"{order.name}-F{fulfillment.number}"
        self.location = LocationView(shop)
        self.status = fulfillment.status
        self.display_status = {"SUCCESS": "FULFILLED", "CANCELLED": "CANCELED"}.get(fulfillment.status, "FAILURE")
        self.requires_shipping = any(order.line(entry.line_id).requires_shipping for entry in fulfillment.lines)
        self.total_quantity = sum(entry.quantity for entry in fulfillment.lines)
        self.created_at, self.updated_at = fulfillment.created, fulfillment.updated
        self.delivered_at = self.in_transit_at = self.estimated_delivery_at = None

    def tracking_info(self, first: int | None = None) -> list[dict[str, Any]]:
        company = self._is.company
        shown = [{"number": one.number, "url": one.url, "company": company} for one in self._is.parcels]
        return (shown or ([{"number": None, "url": None, "company": company}] if company else []))[:first]

    def fulfillment_line_items(self, **page: Any) -> dict[str, Any]:
        return self._page(self._is.lines, FulfilledLineView, page)

    def fulfillment_orders(self, **page: Any) -> dict[str, Any]:
        chosen = [one for one in self._order.work_orders if one.id in self._is.fulfillment_order_ids]
        return self._page(chosen, WorkOrderView, page)


class WorkLineView(_OfOrder):
    typename: ClassVar = "FulfillmentOrderLineItem"

    def __init__(self, shop: Shop, order: Order, entry: WorkLine) -> None:
        super().__init__(shop, order)
        self.id = gid("FulfillmentOrderLineItem", entry.id)
        self.line_item = self._line(entry.line_id)
        self.sku, self.product_title = self.line_item.sku, self.line_item.title
        self.requires_shipping = self.line_item.requires_shipping
        self.total_quantity, self.remaining_quantity = entry.total, entry.remaining

    @property
    def variant(self) -> Any:
        return self.line_item.variant


class WorkOrderView(_OfOrder):
    typename: ClassVar = "FulfillmentOrder"

    def __init__(self, shop: Shop, order: Order, work: WorkOrder) -> None:
        super().__init__(shop, order)
        self._is = work
        self.id = gid("FulfillmentOrder", work.id)
        self.order_id, self.order_name = gid("Order", order.id), order.name
        self.status, self.request_status = work.status, "UNSUBMITTED"
        self.assigned_location = assigned_location(shop)
        self.created_at, self.updated_at = work.created, work.updated
        self.fulfill_at = work.created.replace(minute=0, second=0)
        self.fulfill_by = None

    def line_items(self, **page: Any) -> dict[str, Any]:
        return self._page(self._is.lines, WorkLineView, page)


class RefundLineView(_OfOrder):
    typename: ClassVar = "RefundLineItem"

    def __init__(self, shop: Shop, order: Order, entry: RefundLine) -> None:
        super().__init__(shop, order)
        self.id = gid("RefundLineItem", entry.id)
        self.line_item = self._line(entry.line_id)
        self.location = LocationView(shop) if entry.restock != "NO_RESTOCK" else None
        self.quantity, self.restock_type = entry.quantity, entry.restock
        self.restocked = entry.restock != "NO_RESTOCK"
        self.price_set = bag(order.line(entry.line_id).price, order.currency)
        self.subtotal_set = bag(entry.subtotal, order.currency)
        self.total_tax_set = bag(entry.tax, order.currency)


class RefundedShippingView(_OfOrder):
    typename: ClassVar = "RefundShippingLine"

    def __init__(self, shop: Shop, order: Order, entry: RefundedShipping) -> None:
        from sandbox.stores.shopify.order_view import ShippingLineView  # noqa: PLC0415 - as above

        super().__init__(shop, order)
        self.id = gid("RefundShippingLine", entry.id)
        line = next(one for one in order.shipping_lines if one.id == entry.shipping_line_id)
        self.shipping_line = ShippingLineView(order, line)
        self.subtotal_amount_set = bag(entry.amount, order.currency)
        self.tax_amount_set = bag(entry.tax, order.currency)


class AdjustmentView(_OfOrder):
    typename: ClassVar = "OrderAdjustment"

    def __init__(self, shop: Shop, order: Order, entry: Adjustment) -> None:
        super().__init__(shop, order)
        self.id = gid("OrderAdjustment", entry.id)
        self.reason = "REFUND_DISCREPANCY" if entry.kind == "refund_discrepancy" else None
        self.amount_set = bag(entry.amount, order.currency)
        self.tax_amount_set = bag(entry.tax, order.currency)


class RefundView(_OfOrder):
    typename: ClassVar = "Refund"

    def __init__(self, shop: Shop, order: Order, refund: Refund) -> None:
        super().__init__(shop, order)
        self._is = refund
        self.id = gid("Refund", refund.id)
        self.legacy_resource_id = str(refund.id)
        self.note = refund.note
        self.created_at = self.updated_at = self.processed_at = refund.created
        paid = [one for one in self._payments() if one.status == "SUCCESS"]
        self.total_refunded_set = bag(sum((one.amount for one in paid), Decimal(0)), order.currency)

    def _payments(self) -> list[Any]:
        return [one for one in self._order.transactions if one.id in self._is.transaction_ids]

    @property
    def return_(self) -> "ReturnView | None":
        found = [one for one in self._order.returns if one.id == self._is.return_id]
        return ReturnView(self._shop, self._order, found[0]) if found else None

    def refund_line_items(self, **page: Any) -> dict[str, Any]:
        return self._page(self._is.lines, RefundLineView, page)

    def refund_shipping_lines(self, **page: Any) -> dict[str, Any]:
        return self._page(self._is.shipping, RefundedShippingView, page)

    def order_adjustments(self, **page: Any) -> dict[str, Any]:
        return self._page(self._is.adjustments, AdjustmentView, page)

    def transactions(self, **page: Any) -> dict[str, Any]:
        from sandbox.stores.shopify.order_view import TransactionView  # noqa: PLC0415 - as above

        return self._page(self._payments(), TransactionView, page)


class ReturnLineView(_OfOrder):
    typename: ClassVar = "ReturnLineItem"

    def __init__(self, shop: Shop, order: Order, entry: ReturnLine) -> None:
        super().__init__(shop, order)
        self._is = entry
        self.id = gid("ReturnLineItem", entry.id)
        self.quantity, self.processed_quantity = entry.quantity, entry.processed
        self.unprocessed_quantity = self.processable_quantity = entry.quantity - entry.processed
        back = [one for one in order.returns if entry in one.lines]
        refunds = [refund for refund in order.refunds if back and refund.return_id == back[0].id]
        refunded = sum(one.quantity for refund in refunds for one in refund.lines if one.line_id == entry.line_id)
        self.refunded_quantity = min(entry.quantity, refunded)
        self.refundable_quantity = entry.quantity - self.refunded_quantity
        self.return_reason, self.return_reason_note, self.customer_note = entry.reason, entry.note, None

    @property
    def fulfillment_line_item(self) -> FulfilledLineView:
        return fulfilled_line(self._shop, self._order, self._is.fulfilled_line_id)


class ReverseLineView(_OfOrder):
    typename: ClassVar = "ReverseFulfillmentOrderLineItem"

    def __init__(self, shop: Shop, order: Order, entry: ReturnLine) -> None:
        super().__init__(shop, order)
        self.id = gid("ReverseFulfillmentOrderLineItem", entry.reverse_id)
        self.total_quantity = entry.quantity
        self.fulfillment_line_item = fulfilled_line(shop, order, entry.fulfilled_line_id)


class ReverseOrderView(_OfOrder):
    typename: ClassVar = "ReverseFulfillmentOrder"

    def __init__(self, shop: Shop, order: Order, back: Return) -> None:
        super().__init__(shop, order)
        self._is = back
        self.id = gid("ReverseFulfillmentOrder", back.reverse_order_id)
        self.status = {"CLOSED": "CLOSED", "CANCELED": "CANCELED"}.get(back.status, "OPEN")

    def line_items(self, **page: Any) -> dict[str, Any]:
        return self._page(self._is.lines, ReverseLineView, page)


class ReturnView(_OfOrder):
    typename: ClassVar = "Return"

    def __init__(self, shop: Shop, order: Order, back: Return) -> None:
        super().__init__(shop, order)
        self._is = back
        self.id = gid("Return", back.id)
        self.name = f"{order.name}-R{back.number}"
        self.status = back.status
        self.created_at, self.closed_at = back.created, back.closed
        self.total_quantity = sum(entry.quantity for entry in back.lines)

    def return_line_items(self, **page: Any) -> dict[str, Any]:
        return self._page(self._is.lines, ReturnLineView, page)

    def exchange_line_items(self, **page: Any) -> dict[str, Any]:
        # Nobody exchanges anything in this store.
        return self._page([], ReturnLineView, page)

    def reverse_fulfillment_orders(self, **page: Any) -> dict[str, Any]:
        # A return that is only requested has none yet (capture return-reverse-logistics).
        return self._page([] if self._is.status == "REQUESTED" else [self._is], ReverseOrderView, page)

    def refunds(self, **page: Any) -> dict[str, Any]:
        return self._page([one for one in self._order.refunds if one.return_id == self._is.id], RefundView, page)


def fulfilled_line(shop: Shop, order: Order, entry_id: int) -> FulfilledLineView:
    """The line of a fulfillment with that id."""
    entries = [entry for one in order.fulfillments for entry in one.lines if entry.id == entry_id]
    return FulfilledLineView(shop, order, entries[0])
