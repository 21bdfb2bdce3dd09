"""Fulfillments, refunds, returns, payments and order edits as webhook bodies show them."""

from collections.abc import Mapping
from typing import Any

from sandbox.stores.shopify.errors import gid
from sandbox.stores.shopify.model import Adjustment, Fulfillment, Order, Refund, RefundLine, Return, Transaction
from sandbox.stores.shopify.money import fixed, rest_bag
from sandbox.stores.shopify.rest_catalogue import local
from sandbox.stores.shopify.small_views import LOCATION_ID
from sandbox.stores.shopify.state import Shop


def fulfillment_body(shop: Shop, order: Order, one: Fulfillment, *, inside: bool = False) -> dict[str, Any]:
    """The body of `fulfillments/*`; inside an order it names neither e-mail nor destination."""
    from sandbox.stores.shopify.rest_order import address_body, line_body  # noqa: PLC0415 - an order shows both

    numbers = [parcel.number for parcel in one.parcels if parcel.number]
    urls = [parcel.url for parcel in one.parcels if parcel.url]
    body: dict[str, Any] = {
        "id": one.id,
        "order_id": order.id,
        "status": one.status.lower(),
        "created_at": local(shop, one.created),
        "service": "manual",
        "updated_at": local(shop, one.updated),
        "tracking_company": one.company,
        "shipment_status": None,
        "location_id": LOCATION_ID,
        "origin_address": None,
        "email": order.email,
        "destination": address_body(order.shipping),
        "line_items": [
            {**line_body(order, order.line(entry.line_id)), "quantity": entry.quantity} for entry in one.lines
        ],
        "tracking_number": numbers[0] if numbers else None,
        "tracking_numbers": numbers,
        "tracking_url": urls[0] if urls else None,
        "tracking_urls": urls,
        "receipt": {},
        "name": f"{order.name}.{one.number}",
        "admin_graphql_api_id": gid("Fulfillment", one.id),
    }
    if inside or shop.options.customer_data != "full":
        del body["email"], body["destination"]
    return body


def refund_body(shop: Shop, order: Order, refund: Refund) -> dict[str, Any]:
    """The body of `refunds/create`."""
    payments = [one for one in order.transactions if one.id in refund.transaction_ids]
    back = [one for one in order.returns if one.id == refund.return_id]
    return {
        "id": refund.id,
        "order_id": order.id,
        "created_at": local(shop, refund.created),
        "note": refund.note,
        "user_id": None,
        "processed_at": local(shop, refund.created),
        "duties": [],
        "total_duties_set": rest_bag(order.lines[0].price * 0, order.currency),
        "return": {"id": back[0].id, "admin_graphql_api_id": gid("Return", back[0].id)} if back else None,
        "restock": any(entry.restock != "NO_RESTOCK" for entry in refund.lines),
        "refund_shipping_lines": [
            {
                "id": entry.id,
                "shipping_line": {"id": entry.shipping_line_id},
                "subtotal_amount_set": rest_bag(entry.amount, order.currency),
                "tax_amount_set": rest_bag(entry.tax, order.currency),
            }
            for entry in refund.shipping
        ],
        "admin_graphql_api_id": gid("Refund", refund.id),
        "order_adjustments": [_adjustment(order, refund, entry) for entry in refund.adjustments],
        "refund_line_items": [_refund_line(order, entry) for entry in refund.lines],
        "transactions": [transaction_body(shop, order, one) for one in payments],
    }


def _refund_line(order: Order, entry: RefundLine) -> dict[str, Any]:
    from sandbox.stores.shopify.rest_order import line_body  # noqa: PLC0415 - as above

    return {
        "id": entry.id,
        "line_item_id": entry.line_id,
        "location_id": None if entry.restock == "NO_RESTOCK" else LOCATION_ID,
        "quantity": entry.quantity,
        "restock_type": entry.restock.lower(),
        # Numbers, not texts: the one place where REST money is a JSON number (reference 6.3).
        "subtotal": float(entry.subtotal),
        "total_tax": float(entry.tax),
        "subtotal_set": rest_bag(entry.subtotal, order.currency),
        "total_tax_set": rest_bag(entry.tax, order.currency),
        "line_item": line_body(order, order.line(entry.line_id)),
    }


def _adjustment(order: Order, refund: Refund, entry: Adjustment) -> dict[str, Any]:
    reason = {"shipping_refund": "Shipping refund", "refund_discrepancy": "Refund discrepancy"}
    return {
        "id": entry.id,
        "amount": fixed(entry.amount),
        "amount_set": rest_bag(entry.amount, order.currency),
        "kind": entry.kind,
        "order_id": order.id,
        "reason": reason[entry.kind],
        "refund_id": refund.id,
        "tax_amount": fixed(entry.tax),
        "tax_amount_set": rest_bag(entry.tax, order.currency),
    }


def transaction_body(shop: Shop, order: Order, one: Transaction) -> dict[str, Any]:
    """The body of `order_transactions/create`, and an entry of a refund."""
    place = order.transactions.index(one) + 1
    return {
        "id": one.id,
        "admin_graphql_api_id": gid("OrderTransaction", one.id),
        "amount": fixed(one.amount),
        "authorization": one.authorization,
        "created_at": local(shop, one.created),
        "currency": order.currency,
        "device_id": None,
        "error_code": None,
        "gateway": one.gateway,
        "kind": one.kind.lower(),
        "location_id": None,
        "message": f"Refunded {fixed(one.amount)} from {one.gateway} gateway" if one.kind == "REFUND" else None,
        "order_id": order.id,
        "parent_id": one.parent_id,
        "payment_id": f"{order.name}.{place}",
        "processed_at": local(shop, one.processed),
        "receipt": one.receipt or {},
        "source_name": "580111",
        "status": one.status.lower(),
        "test": one.test,
        "user_id": None,
    }


def return_body(order: Order, back: Return) -> dict[str, Any]:
    """The body of `returns/request` and `returns/approve`."""
    return {
        "id": back.id,
        "admin_graphql_api_id": gid("Return", back.id),
        "status": back.status.lower(),
        "name": f"{order.name}-R{back.number}",
        "order": {"id": order.id, "admin_graphql_api_id": gid("Order", order.id)},
        "total_return_line_items": len(back.lines),
        "return_line_items": [
            {
                "id": entry.id,
                "admin_graphql_api_id": gid("ReturnLineItem", entry.id),
                "quantity": entry.quantity,
                "return_reason": entry.reason.lower(),
                "return_reason_note": entry.note,
                "customer_note": None,
                "restocking_fee": None,
                "fulfillment_line_item": {
                    "id": entry.fulfilled_line_id,
                    "admin_graphql_api_id": gid("FulfillmentLineItem", entry.fulfilled_line_id),
                    "line_item": {
                        "id": entry.line_id, "admin_graphql_api_id": gid("LineItem", entry.line_id),
                    },
                },
            }
            for entry in back.lines
        ],
        "return_shipping_fees": [],
        "exchange_line_items": [],
        "total_exchange_line_items": 0,
    }  # fmt: skip


def return_state_body(order: Order, back: Return) -> dict[str, Any]:
    """The body of `returns/close`, `cancel`, `reopen` (and, as far as is known, `process`): `order_id`, no lines."""
    return {
        "id": back.id,
        "admin_graphql_api_id": gid("Return", back.id),
        "order_id": order.id,
        "status": back.status.lower(),
    }


def edit_body(shop: Shop, order: Order, edit_id: int, removed: Mapping[int, int], note: str | None) -> dict[str, Any]:
    """The body of `orders/edited`: line ids with positive deltas."""
    now = local(shop, shop.now())
    return {
        "order_edit": {
            "id": edit_id,
            "app_id": None,
            "order_id": order.id,
            "created_at": now,
            "committed_at": now,
            "notify_customer": False,
            "staff_note": note or "",
            "user_id": None,
            "line_items": {
                "additions": [{"id": line_id, "delta": -delta} for line_id, delta in removed.items() if delta < 0],
                "removals": [{"id": line_id, "delta": delta} for line_id, delta in removed.items() if delta > 0],
            },
            "discounts": {"line_item": {"additions": [], "removals": []}},
            "shipping_lines": {"additions": [], "removals": []},
        }
    }
