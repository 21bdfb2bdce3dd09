"""How orders, shipments and credit memos look in answers."""

from typing import Any

from sandbox.stores.magento2.columns import ADDRESS, HISTORY, ITEM, ORDER, PAYMENT, SHIPPING_TOTAL, shown
from sandbox.stores.magento2.model import CreditMemo, Invoice, Order, Row, Shipment


def order_view(order: Order) -> dict[str, Any]:
    """An order as the repository reads it; the shipping address lives in the extension attributes only."""
    items = [shown(item, ITEM) for item in order.items]
    by_id = {item["item_id"]: item for item in items}
    for item in items:
        parent = by_id.get(item.get("parent_item_id", 0))
        if parent is not None:
            item["parent_item"] = {name: value for name, value in parent.items() if name != "parent_item"}
    extension: dict[str, Any] = {}
    if order.shipping is not None:
        shipping: dict[str, Any] = {"address": shown(order.shipping, ADDRESS)}
        if order.shipping_method:
            shipping["method"] = order.shipping_method
        shipping["total"] = shown(order.columns, SHIPPING_TOTAL)
        extension["shipping_assignments"] = [{"shipping": shipping, "items": items}]
    extension["payment_additional_info"] = order.payment_info
    extension["applied_taxes"] = order.applied_taxes
    extension["item_applied_taxes"] = order.item_applied_taxes
    if order.from_quote:
        extension["converting_from_quote"] = True
    return {
        **shown(order.columns, ORDER),
        "items": items,
        "billing_address": shown(order.billing, ADDRESS),
        "payment": shown(order.payment, PAYMENT),
        "status_histories": [shown(entry, HISTORY) for entry in reversed(order.histories)],
        "extension_attributes": extension,
    }


def saved_view(order: Order, saved: Row) -> dict[str, Any]:
    """The answer to the call that saved an order (recorded 025): what was sent, with the new ids."""
    view = {
        **shown(saved["columns"], ORDER),
        "items": [shown(item, ITEM) for item in saved["items"]],
        "billing_address": shown(order.billing, ADDRESS),
        "payment": shown(saved["payment"], PAYMENT),
        "status_histories": [shown(entry, HISTORY) for entry in saved["histories"]],
    }
    shipping = saved["shipping"]
    if shipping is not None:
        inner: dict[str, Any] = {"address": shown(shipping["address"], ADDRESS)}
        if shipping["method"]:
            inner["method"] = shipping["method"]
        assignment = {"shipping": inner, "items": [shown(item, ITEM) for item in shipping["items"]]}
        view["extension_attributes"] = {"shipping_assignments": [assignment]}
    return view


def history_view(entry: Row) -> dict[str, Any]:
    """One comment."""
    return shown(entry, HISTORY)


def shipment_view(shipment: Shipment) -> dict[str, Any]:
    """A shipment with its tracks (recorded 035)."""
    return {
        **{name: value for name, value in shipment.columns.items() if value is not None},
        "items": [{name: value for name, value in item.items() if value is not None} for item in shipment.items],
        "tracks": [{**track, "description": track["description"] or None} for track in shipment.tracks],
        "comments": shipment.comments,
        "extension_attributes": {"source_code": "default"},
    }


def creditmemo_view(memo: CreditMemo) -> dict[str, Any]:
    """A credit memo (recorded 044)."""
    return {
        **{name: value for name, value in memo.columns.items() if value is not None},
        "items": memo.items,
        "comments": memo.comments,
    }


def invoice_view(invoice: Invoice) -> dict[str, Any]:
    """An invoice."""
    return {**invoice.columns, "items": invoice.items, "comments": []}
