"""Routes of orders, their notes and their refunds."""

from typing import Any

from sandbox.stores.woocommerce.answers import Answer, ApiError, Call, page_of
from sandbox.stores.woocommerce.lifecycle import add_note, count_sales
from sandbox.stores.woocommerce.model import Note, Order, Refund
from sandbox.stores.woocommerce.order_list import select
from sandbox.stores.woocommerce.order_view import OrderView
from sandbox.stores.woocommerce.order_write import create, update
from sandbox.stores.woocommerce.php import gmt, local, truthy, whole
from sandbox.stores.woocommerce.refunds import delete_refund, refund_from
from sandbox.stores.woocommerce.state import Shop


class OrderApi:
    """Handlers; ids come from the path as text of digits."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop

    def collection(self, call: Call) -> Answer:
        orders, headers = page_of(call, select(self.shop, call))
        view = self._view(call)
        return Answer([view.order(order) for order in orders], headers=headers)

    def create(self, call: Call) -> Answer:
        if whole(call.body.get("id")):
            raise ApiError(400, "woocommerce_rest_shop_order_exists", "Cannot create existing shop_order.")
        order = create(self.shop, call.body)
        location = f"{call.base}/wp-json/wc/v3/orders/{order.id}"
        return Answer(self._view(call).order(order), 201, [("Location", location)])

    def get(self, call: Call, order_id: str) -> Answer:
        return Answer(self._view(call).order(self._order(order_id)))

    def update(self, call: Call, order_id: str) -> Answer:
        order = self.shop.orders.get(int(order_id))
        if order is None:
            raise ApiError.not_found("shop_order", 400)
        return Answer(self._view(call).order(update(self.shop, order, call.body)))

    def delete(self, call: Call, order_id: str) -> Answer:
        """To the trash, or away with `force`; the answer shows the order as it was (recorded rest/034, 036)."""
        order = self._order(order_id)
        body = self._view(call).order(order)
        if call.flag("force"):
            self.purge(order)
        elif order.status == "trash":
            raise ApiError(410, "woocommerce_rest_already_trashed", "The Order has already been deleted.")
        else:
            self.trash(order)
        return Answer(body)

    def trash(self, order: Order) -> None:
        """Into the trash: no stock comes back, `order.deleted` leaves. A second time adds rows beside the old ones, so
        that taking it out brings back the first status (recorded webhooks 051 to 053).
        """
        was = {"_wp_trash_meta_status": f"wc-{order.status}", "_wp_trash_meta_time": str(int(self._seconds()))}
        order.meta += [self.shop.new_meta("order_meta", key, value) for key, value in was.items()]
        order.status = "trash"
        count_sales(self.shop, order, sold=False)
        self.shop.touch(order)
        self.shop.fire("order.deleted", order.id)

    def untrash(self, order: Order) -> None:
        """Out of the trash as wp-admin does it: `order.restored` leaves (recorded webhook 053)."""
        order.status = str(order.meta_value("_wp_trash_meta_status") or "wc-pending").removeprefix("wc-")
        order.meta = [row for row in order.meta if not row.key.startswith("_wp_trash_meta_")]
        order.modified = self.shop.now()
        self.shop.touch(order)
        self.shop.fire("order.restored", order.id)

    def purge(self, order: Order) -> None:
        """Deleted for good: nothing is sent (recorded finding force_delete_sends)."""
        count_sales(self.shop, order, sold=False)
        for refund in self.shop.refunds_of(order.id):
            del self.shop.refunds[refund.id]
            self.shop.touch(refund)
        del self.shop.orders[order.id]
        self.shop.touch(order)

    def notes(self, call: Call, order_id: str) -> Answer:
        order = self._order_of(order_id, "woocommerce_rest_order_invalid_id")
        kind = call.choice("type", ["any", "customer", "internal"], "any")
        chosen = [note for note in order.notes if kind == "any" or note.customer_note == (kind == "customer")]
        return Answer([self._note(call, order, note) for note in sorted(chosen, key=lambda n: n.id, reverse=True)])

    def create_note(self, call: Call, order_id: str) -> Answer:
        order = self._order_of(order_id, "woocommerce_rest_order_invalid_id")
        if not call.body.get("note"):
            raise ApiError.missing_param("note")
        text = str(call.body["note"])
        note = add_note(self.shop, order, text, customer_note=truthy(call.body.get("customer_note")))
        location = f"{call.base}/wp-json/wc/v3/orders/{order.id}/notes/{note.id}"
        return Answer(self._note(call, order, note), 201, [("Location", location)])

    def get_note(self, call: Call, order_id: str, note_id: str) -> Answer:
        order = self._order_of(order_id, "woocommerce_rest_order_invalid_id")
        return Answer(self._note(call, order, self._note_of(order, note_id)))

    def delete_note(self, call: Call, order_id: str, note_id: str) -> Answer:
        order = self._order_of(order_id, "woocommerce_rest_order_invalid_id")
        note = self._note_of(order, note_id)
        if not call.flag("force"):
            raise ApiError(501, "woocommerce_rest_trash_not_supported", "Webhooks do not support trashing.")
        order.notes.remove(note)
        self.shop.touch(order)
        return Answer(self._note(call, order, note))

    def refunds(self, call: Call, order_id: str) -> Answer:
        order = self._order_of(order_id, "woocommerce_rest_invalid_order_id")
        refunds, headers = page_of(call, self.shop.refunds_of(order.id))
        return Answer([self._view(call).refund(refund) for refund in refunds], headers=headers)

    def all_refunds(self, call: Call) -> Answer:
        ordered = sorted(self.shop.refunds.values(), key=lambda refund: (refund.created, refund.id), reverse=True)
        refunds, headers = page_of(call, ordered)
        return Answer([self._view(call).refund(refund, with_parent=True) for refund in refunds], headers=headers)

    def create_refund(self, call: Call, order_id: str) -> Answer:
        order = self._order_of(order_id, "woocommerce_rest_invalid_order_id")
        refund = refund_from(self.shop, order, call.body)
        # The route's own pattern is left in the address (recorded rest/021).
        location = f"{call.base}/wp-json/wc/v3/orders/(?P<order_id>[\\d]+)/refunds/{refund.id}"
        return Answer(self._view(call).refund(refund), 201, [("Location", location)])

    def get_refund(self, call: Call, order_id: str, refund_id: str) -> Answer:
        return Answer(self._view(call).refund(self._refund(order_id, refund_id)))

    def delete_refund(self, call: Call, order_id: str, refund_id: str) -> Answer:
        refund = self._refund(order_id, refund_id)
        if not call.flag("force"):
            raise ApiError(
                501, "woocommerce_rest_trash_not_supported", "The shop_order_refund does not support trashing."
            )
        body = self._view(call).refund(refund)
        delete_refund(self.shop, self._order(order_id), refund)
        return Answer(body)

    def _seconds(self) -> float:
        return self.shop.now().timestamp()

    def _view(self, call: Call) -> OrderView:
        return OrderView(self.shop, call.base, call.places)

    def _order(self, order_id: str) -> Order:
        order = self.shop.orders.get(int(order_id))
        if order is None:
            raise ApiError.not_found("shop_order")
        return order

    def _order_of(self, order_id: str, code: str) -> Order:
        order = self.shop.orders.get(int(order_id))
        if order is None:
            raise ApiError(404, code, "Invalid order ID.")
        return order

    def _refund(self, order_id: str, refund_id: str) -> Refund:
        order = self._order_of(order_id, "woocommerce_rest_invalid_order_id")
        refund = self.shop.refunds.get(int(refund_id))
        if refund is None:
            raise ApiError.not_found("shop_order_refund")
        if refund.order_id != order.id:
            raise ApiError(404, "woocommerce_rest_invalid_order_refund_id", "Invalid order refund ID.")
        return refund

    def _note_of(self, order: Order, note_id: str) -> Note:
        note = next((note for note in order.notes if note.id == int(note_id)), None)
        if note is None:
            raise ApiError(404, "woocommerce_rest_invalid_id", "Invalid resource ID.")
        return note

    def _note(self, call: Call, order: Order, note: Note) -> dict[str, Any]:
        path = f"{call.base}/wp-json/wc/v3/orders/{order.id}"
        return {
            "id": note.id,
            "author": "WooCommerce",
            "date_created": local(note.created),
            "date_created_gmt": gmt(note.created),
            "note": note.text,
            "customer_note": note.customer_note,
            "_links": {
                "self": [{"href": f"{path}/notes/{note.id}", "targetHints": {"allow": ["GET", "DELETE"]}}],
                "collection": [{"href": f"{path}/notes"}],
                "up": [{"href": path}],
            },
        }
