"""Routes of parcels: core fulfillments (recorded rest/047 to 049) and AST's shipment trackings (rest/052 to 056)."""

import re
from typing import Any

from sandbox.stores.woocommerce.answers import Answer, ApiError, Call
from sandbox.stores.woocommerce.lifecycle import change_status
from sandbox.stores.woocommerce.model import Fulfillment, Order
from sandbox.stores.woocommerce.php import gmt, truthy, whole
from sandbox.stores.woocommerce.state import Shop
from sandbox.stores.woocommerce.trackings import items_of, new_item, view, write_items


class FulfillmentApi:
    """Handlers below `/orders/<id>/fulfillments`."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop

    def collection(self, call: Call, order_id: str) -> Answer:
        """A bare list without paging headers; `is_fulfilled` comes from the table as "1" or "0" (recorded)."""
        order = self._order(order_id)
        return Answer([_listed(order, entry) for entry in order.fulfillments if entry.deleted is None])

    def get(self, call: Call, order_id: str, fulfillment_id: str) -> Answer:
        order = self._order(order_id)
        return Answer(_listed(order, self._fulfillment(order, fulfillment_id)))

    def create(self, call: Call, order_id: str) -> Answer:
        order = self._order(order_id)
        return Answer(_written(order, store_fulfillment(self.shop, order, call.body)), 201)

    def update(self, call: Call, order_id: str, fulfillment_id: str) -> Answer:
        order = self._order(order_id)
        entry = self._fulfillment(order, fulfillment_id)
        return Answer(_written(order, store_fulfillment(self.shop, order, call.body, entry)))

    def delete(self, call: Call, order_id: str, fulfillment_id: str) -> Answer:
        """Soft: the row stays with `date_deleted`."""
        order = self._order(order_id)
        entry = self._fulfillment(order, fulfillment_id)
        entry.deleted = self.shop.now()
        note_progress(self.shop, order)
        return Answer({"message": "Fulfillment deleted successfully."})

    def _order(self, order_id: str) -> Order:
        order = self.shop.orders.get(int(order_id))
        if order is None:
            raise ApiError(404, "woocommerce_rest_order_invalid_id", "Invalid order ID.")
        return order

    def _fulfillment(self, order: Order, fulfillment_id: str) -> Fulfillment:
        number = int(fulfillment_id)
        entry = next((entry for entry in order.fulfillments if entry.id == number and entry.deleted is None), None)
        if entry is None:
            raise ApiError(404, "woocommerce_fulfillment_not_found", "Fulfillment not found.")
        return entry


def store_fulfillment(shop: Shop, order: Order, body: dict[str, Any], entry: Fulfillment | None = None) -> Fulfillment:
    """Create or change a fulfillment: one tracking number each, items from what is not yet in another one.

    ApiError 400 when it holds no item or more units than are left. The order's status does not move.
    """
    rows = [row for row in body.get("meta_data") or [] if isinstance(row, dict)]
    items = next((row.get("value") for row in rows if row.get("key") == "_items"), None)
    if items is not None or entry is None:
        _check_items(order, items, entry)
    if entry is None:
        entry = Fulfillment(id=shop.new_id("fulfillment"), is_fulfilled=False, status="unfulfilled", updated=shop.now())
        order.fulfillments.append(entry)
    for row in rows:
        known = next((meta for meta in entry.meta if meta.key == row.get("key")), None)
        if known is not None:
            known.value = row.get("value")
        else:
            entry.meta.append(shop.new_meta("fulfillment_meta", str(row.get("key")), row.get("value")))
    entry.is_fulfilled = truthy(body.get("is_fulfilled", entry.is_fulfilled))
    entry.status = str(body.get("status") or ("fulfilled" if entry.is_fulfilled else "unfulfilled"))
    entry.updated = shop.now()
    if entry.is_fulfilled and entry.value("_date_fulfilled") is None:
        entry.meta.append(shop.new_meta("fulfillment_meta", "_date_fulfilled", f"{gmt(shop.now())}Z"))
    note_progress(shop, order)
    return entry


def _check_items(order: Order, items: Any, entry: Fulfillment | None) -> None:
    if not isinstance(items, list) or not items:
        message = "The fulfillment should contain at least one item."
        raise ApiError(400, "woocommerce_fulfillment_items_required", message)
    left = {line.id: line.quantity for line in order.lines}
    for other in order.fulfillments:
        if other is not entry and other.deleted is None:
            for item in other.value("_items") or []:
                left[int(item["item_id"])] = left.get(int(item["item_id"]), 0) - int(item["qty"])
    for item in items:
        item_id = whole(item.get("item_id")) if isinstance(item, dict) else 0
        if item_id not in left or not 0 < whole(item.get("qty")) <= left[item_id]:
            raise ApiError(400, "woocommerce_fulfillment_invalid_item", "Invalid item or quantity.")


def note_progress(shop: Shop, order: Order) -> None:
    """Keep `_fulfillment_status` in the order's meta; that saves the order, so `order.updated` leaves."""
    live = [entry for entry in order.fulfillments if entry.deleted is None]
    sent: dict[int, int] = {}
    for entry in live:
        for item in (entry.value("_items") or []) if entry.is_fulfilled else []:
            sent[int(item["item_id"])] = sent.get(int(item["item_id"]), 0) + int(item["qty"])
    refunded = [refund.units() for refund in shop.refunds_of(order.id)]
    open_units = sum(
        max(0, line.quantity - sent.get(line.id, 0) - sum(units.get(line.id, 0) for units in refunded))
        for line in order.lines
    )
    word = "unfulfilled" if not sent else "partially_fulfilled" if open_units else "fulfilled"
    row = next((row for row in order.meta if row.key == "_fulfillment_status"), None)
    if not live:
        order.meta = [meta for meta in order.meta if meta is not row]
    elif row is None:
        order.meta.append(shop.new_meta("order_meta", "_fulfillment_status", word))
    else:
        row.value = word
    shop.save(order)


def _written(order: Order, entry: Fulfillment) -> dict[str, Any]:
    return _fields(order, entry, entry.is_fulfilled) | {
        "meta_data": [{"key": row.key, "value": row.value, "id": row.id} for row in entry.meta]
    }


def _listed(order: Order, entry: Fulfillment) -> dict[str, Any]:
    return _fields(order, entry, "1" if entry.is_fulfilled else "0") | {
        "meta_data": [{"id": row.id, "key": row.key, "value": row.value} for row in entry.meta]
    }


def _fields(order: Order, entry: Fulfillment, fulfilled: bool | str) -> dict[str, Any]:  # noqa: FBT001 - a value to be shown
    return {
        "id": entry.id,
        "entity_type": "WC_Order",
        "entity_id": str(order.id),
        "status": entry.status,
        "is_fulfilled": fulfilled,
        "date_updated": f"{gmt(entry.updated)}Z",
        "date_deleted": None,
    }


class TrackingApi:
    """Handlers below `/orders/<id>/shipment-trackings`, the same in every namespace AST registers."""

    def __init__(self, shop: Shop, namespace: str) -> None:
        self.shop = shop
        self.namespace = namespace

    def collection(self, call: Call, order_id: str) -> Answer:
        order = self._order(order_id)
        return Answer([view(item, call.base, self.namespace, order.id) for item in items_of(order)])

    def create(self, call: Call, order_id: str) -> Answer:
        order = self._order(order_id)
        if not call.body.get("tracking_number"):
            raise ApiError.missing_param("tracking_number")
        item = new_item(self.shop, order, call.body)
        kept = [] if truthy(call.body.get("replace_tracking")) else items_of(order)
        write_items(self.shop, order, [*kept, item])
        if whole(call.body.get("status_shipped")) == 1:
            change_status(self.shop, order, "completed")
        elif whole(call.body.get("status_shipped")) == 2:
            change_status(self.shop, order, "partial-shipped")
        # The id in this address is cast to an integer: 40ebcc... gives 40, a7c5... gives 0 (recorded).
        leading = re.match(r"\d*", item["tracking_id"])
        number = int(leading.group() or 0) if leading is not None else 0
        path = f"{call.base}/wp-json/{self.namespace}/orders/{order.id}/shipment-trackings"
        shown = view(item, call.base, self.namespace, order.id)
        return Answer(shown, 201, [("Location", f"{path}/{number}")])

    def get(self, call: Call, order_id: str, tracking_id: str) -> Answer:
        order = self._order(order_id)
        return Answer(view(self._item(order, tracking_id), call.base, self.namespace, order.id))

    def delete(self, call: Call, order_id: str, tracking_id: str) -> Answer:
        order = self._order(order_id)
        item = self._item(order, tracking_id)
        write_items(self.shop, order, [other for other in items_of(order) if other is not item])
        return Answer(view(item, call.base, self.namespace, order.id))

    def _order(self, order_id: str) -> Order:
        order = self.shop.orders.get(int(order_id))
        if order is None:
            raise ApiError(404, "woocommerce_rest_order_invalid_id", "Invalid order ID.")
        return order

    def _item(self, order: Order, tracking_id: str) -> dict[str, Any]:
        item = next((item for item in items_of(order) if item.get("tracking_id") == tracking_id), None)
        if item is None:
            message = "Invalid shipment tracking resource ID."
            raise ApiError(404, "woocommerce_rest_order_shipment_tracking_invalid_id", message)
        return item
