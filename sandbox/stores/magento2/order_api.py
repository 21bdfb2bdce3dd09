"""Routes of orders and of what hangs on them: comments, invoices, shipments, tracks, credit memos."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, TypeVar

from sandbox.stores.magento2.answers import Answer, ApiError, Call, number_in
from sandbox.stores.magento2.cancelling import cancel, hold, unhold
from sandbox.stores.magento2.catalog_api import internal_error
from sandbox.stores.magento2.columns import ORDER
from sandbox.stores.magento2.creditmemos import Wish, refund
from sandbox.stores.magento2.lifecycle import add_track, invoice, make_shipment, requested
from sandbox.stores.magento2.model import Order, Row
from sandbox.stores.magento2.order_view import (
    creditmemo_view,
    history_view,
    invoice_view,
    order_view,
    saved_view,
    shipment_view,
)
from sandbox.stores.magento2.php import decimal, stored_text, words
from sandbox.stores.magento2.placing import new_address, new_history, save_order, update_order
from sandbox.stores.magento2.search import criteria_of, search
from sandbox.stores.magento2.state import Shop

_ORDER_FIELDS = frozenset({*ORDER, "customer_id", "coupon_rule_name", "gift_message_id", "send_email"})
_DOCUMENT_FIELDS = frozenset(
    words("""
    entity_id increment_id order_id store_id created_at updated_at total_qty shipping_address_id billing_address_id
    state grand_total base_grand_total invoice_id transaction_id order_currency_code shipment_status
    """)
)

Found = TypeVar("Found")


class OrderApi:
    """Handlers of orders."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop

    def order(self, order_id: str) -> Order:
        """404 for an unknown order, and for one whose transaction is not through yet."""
        found = _known(self.shop.orders, order_id)
        if self._hidden(found):
            raise ApiError.no_entity()
        return found

    def _hidden(self, order: Order) -> bool:
        lag = self.shop.options.commit_lag_seconds
        if not lag:
            return False
        return (self.shop.now() - _time(str(order.columns["created_at"]))).total_seconds() < lag

    def get(self, call: Call, order_id: str) -> Answer:
        return Answer(order_view(self.order(order_id)))

    def collection(self, call: Call) -> Answer:
        criteria = criteria_of(call)
        rows = [order.columns for order in self.shop.orders.values() if not self._hidden(order)]
        found, total = search(criteria, rows, _ORDER_FIELDS, wrong_field=internal_error(self.shop))
        items = [order_view(self.shop.orders[row["entity_id"]]) for row in found]
        return Answer({"items": items, "search_criteria": criteria.echo(), "total_count": total})

    def order_items(self, call: Call) -> Answer:
        criteria = criteria_of(call)
        rows = [item for order in self.shop.orders.values() for item in order_view(order)["items"]]
        fields = frozenset({"item_id", "order_id", "parent_item_id", "sku", "product_id", "created_at", "updated_at"})
        found, total = search(criteria, rows, fields, wrong_field=internal_error(self.shop))
        return Answer({"items": found, "search_criteria": criteria.echo(), "total_count": total})

    def create(self, call: Call) -> Answer:
        """PUT orders/create; an entity with an id is saved over, as by POST orders."""
        given = call.part("entity")
        if given.get("entity_id"):
            return Answer(order_view(update_order(self.shop, given)))
        order, saved = save_order(self.shop, given)
        if self.shop.options.fail_after_save:
            self.shop.set_options(self.shop.options.changed({"fail_after_save": self.shop.options.fail_after_save - 1}))
            return Answer(internal_error(self.shop).body(), 500)
        return Answer(saved_view(order, saved))

    def put_address(self, call: Call, order_id: str) -> Answer:
        """PUT orders/{id}: replaces one address."""
        order, given = self.order(order_id), call.part("entity")
        kind = given.get("address_type", "shipping")
        row = new_address(self.shop, order.id, given, kind, order.columns.get("customer_email"))
        old = order.billing if kind == "billing" else order.shipping or {}
        row["entity_id"] = old.get("entity_id", row["entity_id"])
        if kind == "billing":
            order.billing = row
        else:
            order.shipping = row
        self.shop.touch(order)
        return Answer(row)

    def cancel(self, call: Call, order_id: str) -> Answer:
        return Answer(cancel(self.shop, self.order(order_id)))

    def hold(self, call: Call, order_id: str) -> Answer:
        return Answer(hold(self.shop, self.order(order_id)))

    def unhold(self, call: Call, order_id: str) -> Answer:
        return Answer(unhold(self.shop, self.order(order_id)))

    def add_comment(self, call: Call, order_id: str) -> Answer:
        """Recorded 031; a status given with it becomes the order's, the state does not follow."""
        order, given = self.order(order_id), call.part("statusHistory")
        entry = new_history(self.shop, order.id, given)
        entry |= {"comment": stored_text(entry["comment"]), "created_at": self.shop.stamp()}
        order.histories.append(entry)
        if given.get("status"):
            order.columns["status"] = given["status"]
        order.columns["updated_at"] = self.shop.stamp()
        self.shop.touch(order)
        return Answer(body=True)

    def comments(self, call: Call, order_id: str) -> Answer:
        """Recorded 032: the answer names a criterion nobody sent."""
        number = number_in(order_id)
        order = self.shop.orders.get(number)
        items = [history_view(entry) for entry in reversed(order.histories)] if order is not None else []
        criterion = {"field": "parent_id", "value": order_id, "condition_type": "eq"}
        criteria = {"filter_groups": [{"filters": [criterion]}]}
        return Answer({"items": items, "search_criteria": criteria, "total_count": len(items)})

    def invoice(self, call: Call, order_id: str) -> Answer:
        """The invoice's id as text (recorded 033)."""
        order = self.order(order_id)
        made = invoice(self.shop, order, requested(order, call.maybe("items"), "invoice"))
        self._append(order, call)
        return Answer(str(made.id))

    def ship(self, call: Call, order_id: str) -> Answer:
        """The shipment's id as text (recorded 034)."""
        order = self.order(order_id)
        tracks = call.maybe("tracks")
        rows = tracks if isinstance(tracks, list) else [{}] if tracks else []
        made = make_shipment(self.shop, order, requested(order, call.maybe("items"), "shipment"), rows)
        self._append(order, call)
        return Answer(str(made.id))

    def refund(self, call: Call, order_id: str) -> Answer:
        """The credit memo's id as text (recorded 042, 045)."""
        order = self.order(order_id)
        arguments = call.maybe("arguments") or {}
        comment = call.maybe("comment") or {}
        shipping = arguments.get("shipping_amount")
        wish = Wish(
            units=requested(order, call.maybe("items"), "creditmemo"),
            shipping=None if shipping is None else decimal(shipping),
            adjustment_positive=decimal(arguments.get("adjustment_positive")),
            adjustment_negative=decimal(arguments.get("adjustment_negative")),
            back_to_stock=[
                int(decimal(number))
                for number in (arguments.get("extension_attributes") or {}).get("return_to_stock_items") or []
            ],
            comment=comment.get("comment") if call.maybe("appendComment") else None,
        )
        return Answer(str(refund(self.shop, order, wish).id))

    def refund_invoice(self, call: Call, invoice_id: str) -> Answer:
        """The same through an invoice."""
        return self.refund(call, str(_known(self.shop.invoices, invoice_id).columns["order_id"]))

    def _append(self, order: Order, call: Call) -> None:
        comment = call.maybe("comment")
        if call.maybe("appendComment") and isinstance(comment, dict):
            entry = new_history(self.shop, order.id, {**comment, "status": order.columns.get("status")})
            order.histories.append(entry | {"created_at": self.shop.stamp()})

    def add_track(self, call: Call) -> Answer:
        """Recorded 038: any carrier code is taken."""
        given = call.part("entity")
        shipment = _known(self.shop.shipments, str(given.get("parent_id")))
        if not str(given.get("track_number") or "").strip() or not given.get("carrier_code"):
            raise ApiError(400, "Could not save the shipment tracking.")
        return Answer(add_track(self.shop, shipment, given))

    def delete_track(self, call: Call, track_id: str) -> Answer:
        for shipment in self.shop.shipments.values():
            for track in shipment.tracks:
                if track["entity_id"] == number_in(track_id):
                    shipment.tracks.remove(track)
                    self.shop.touch(shipment)
                    return Answer(body=True)
        raise ApiError.no_entity()

    def shipments(self, call: Call) -> Answer:
        rows = [shipment.columns for shipment in self.shop.shipments.values()]
        return self._documents(call, rows, lambda number: shipment_view(self.shop.shipments[number]))

    def get_shipment(self, call: Call, number: str) -> Answer:
        return Answer(shipment_view(_known(self.shop.shipments, number)))

    def creditmemos(self, call: Call) -> Answer:
        rows = [memo.columns for memo in self.shop.creditmemos.values()]
        return self._documents(call, rows, lambda number: creditmemo_view(self.shop.creditmemos[number]))

    def get_creditmemo(self, call: Call, number: str) -> Answer:
        return Answer(creditmemo_view(_known(self.shop.creditmemos, number)))

    def invoices(self, call: Call) -> Answer:
        rows = [made.columns for made in self.shop.invoices.values()]
        return self._documents(call, rows, lambda number: invoice_view(self.shop.invoices[number]))

    def get_invoice(self, call: Call, number: str) -> Answer:
        return Answer(invoice_view(_known(self.shop.invoices, number)))

    def transactions(self, call: Call) -> Answer:
        """Offline methods leave none."""
        criteria = criteria_of(call)
        return Answer({"items": [], "search_criteria": criteria.echo(), "total_count": 0})

    def _documents(self, call: Call, rows: list[Row], view: Any) -> Answer:
        criteria = criteria_of(call)
        found, total = search(criteria, rows, _DOCUMENT_FIELDS, wrong_field=internal_error(self.shop))
        items = [view(row["entity_id"]) for row in found]
        return Answer({"items": items, "search_criteria": criteria.echo(), "total_count": total})


def _known(rows: Mapping[int, Found], number: str) -> Found:
    """404 for a number that nothing has."""
    found = rows.get(number_in(number))
    if found is None:
        raise ApiError.no_entity()
    return found


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)
