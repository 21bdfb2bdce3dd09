"""One example per answer of the admin API, for the API document."""

from typing import Any

_AT = "2026-11-23T09:00:00Z"
_STORE_ID = "7d2a4c1e-0f57-4f0b-9a57-0c3f6a1d2b11"
_STORE: dict[str, Any] = {
    "id": _STORE_ID,
    "kind": "woocommerce",
    "name": "Shoe shop",
    "status": "working",
    "webhook_url": f"https://bridge.example/webhooks/woocommerce/{_STORE_ID}",
    "idealo_shop_id": "318204",
    "settings": {"on_buyer_cancellation": "cancel", "report_shipment": "first_parcel", "tracking_grace_minutes": 60},
    "webhooks_checked_at": _AT,
    "webhooks_problem": None,
    "webhooks_note": None,
    "last_webhook_at": _AT,
    "webhooks": {
        "store_id": _STORE_ID,
        "last_webhook_at": _AT,
        "received": 212,
        "usual_per_day": 230.0,
        "told": 41,
        "missed": 0,
        "missed_in_a_row": 0,
        "last_missed_at": None,
        "verdict": "ok",
        "advice": "",
    },
    "reconciliation": {"id": 7, "ended_at": _AT, "orders": 1204, "open": 0, "mended": 1},
    "polls": {
        "idealo": {"polled_at": _AT, "failures": 0, "trouble": None},
        "store": {"polled_at": _AT, "failures": 0, "trouble": None},
    },
    "paused_at": None,
    "archived_at": None,
    "created_at": _AT,
}
_FINDING = {"name": "credentials", "ok": True, "detail": "idealo knows them as shop 318204", "advice": "",
            "level": "check"}  # fmt: skip
_ORDER: dict[str, Any] = {
    "id": 42,
    "store_id": _STORE_ID,
    "idealo_order_id": "A1B2C3D4",
    "store_order_id": "727",
    "store_order_number": "727",
    "state": "shipped",
    "problems": [],
    "pending": 0,
    "placed_at": _AT,
    "gross": "68.87",
    "currency": "EUR",
    "created_at": _AT,
    "last_event_at": _AT,
    "idealo_seen_at": _AT,
    "store_seen_at": _AT,
    "closed_at": None,
}
_ATTEMPT = {
    "number": 1,
    "actor": "bridge",
    "action": {"name": "send_fulfillment", "carrier": "DHL", "codes": ["00340434161094042557"]},
    "outcome": "done",
    "detail": "idealo knows of the shipment",
    "started_at": _AT,
    "ended_at": _AT,
    "duration_ms": 31,
}
_EVENT: dict[str, Any] = {
    "id": 911,
    "order_id": 42,
    "store_id": _STORE_ID,
    "idealo_order_id": "A1B2C3D4",
    "store_order_number": "727",
    "type": "shipment.created",
    "key": "f1/00340434161094042557",
    "data": {"shipment_id": "f1", "carrier": "DHL", "code": "00340434161094042557"},
    "state": "done",
    "problem": None,
    "found_by": "webhook",
    "recorded_at": _AT,
    "due_at": _AT,
    "chain_no": 870,
    "reduced_at": None,
    "attempts": [_ATTEMPT],
}
_LINE = {
    "sku": "4711", "store_sku": "4711", "title": "Kaffeebecher", "ordered": 2, "shipped": 2, "cancelled": 0,
    "returned": 0, "remaining": 2,
}  # fmt: skip
_DETAIL = {
    **_ORDER,
    "lines": [_LINE],
    "paid": "68.87",
    "refunded": "0.00",
    "payment_method": "IDEALO_CHECKOUT_PAYMENTS",
    "timeline": [_EVENT],
}
_BACKLOG = {
    "due_events": 0, "oldest_due_seconds": 0.0, "pending_events": 1, "unseen_deliveries": 0,
    "oldest_unseen_seconds": 0.0,
}  # fmt: skip
_PREVIEW = {
    "event_id": 911,
    "decision": "act",
    "action": _ATTEMPT["action"],
    "reason": "the other side does not have it yet",
}
_SNAPSHOT = {
    "store_order_id": "727",
    "number": "727",
    "idealo_order_id": "A1B2C3D4",
    "currency": "EUR",
    "total": "68.87",
    "cancelled": False,
    "lines": [{"line_id": "1", "sku": "4711", "idealo_sku": "4711", "quantity": 2, "shipped": 2, "cancelled": 0,
               "returned": 0}],
    "shipments": [{"shipment_id": "f1", "carrier": "DHL", "codes": ["00340434161094042557"]}],
    "refunds": [],
    "contradictions": [],
    "notes": [],
}  # fmt: skip
_SHIPMENT = {"type": "shipment.created", **_EVENT["data"]}
_KIND = {
    "kind": "woocommerce",
    "credentials": {"type": "object", "required": ["base_url", "consumer_key", "consumer_secret"]},
    "settings": {"type": "object"},
    "capabilities": {"pushes": "full", "creates_orders": True, "cancels_orders": True, "reports_returns": True,
                     "visible_after": "PT2M", "readable_for": None, "limits": []},
    "webhook_headers": {"X-WC-Webhook-Signature": "Base64 of the HMAC-SHA256 of the raw body"},
    "content_types": ["application/json"],
}  # fmt: skip
_STATS = {
    "events": {"pending": 1, "done": 3120, "skipped": 44, "dead": 2},
    "events_by_type": {"order.placed": {"done": 804}},
    "problems": {"unknown_sku": 2},
    "orders": {"open": 17, "shipped": 780, "attention": 2},
    "backlog": _BACKLOG,
    "stores": [_STORE],
    "throughput": [{"hour": _AT, "recorded": 31, "done": 29, "skipped": 2, "retried": 1, "dead": 0}],
}
_HASH = "9f64a747e1b97f131fabb6b447296c9b6f0201e79fb3c5356e6c77e89b6a806a"
_ADDRESS = {
    "salutation": None, "first_name": "Erika", "last_name": "Musterfrau", "line1": "Heidestraße 17", "line2": None,
    "postal_code": "51147", "city": "Köln", "country_code": "DE",
}  # fmt: skip
_BUYER = {
    "order_id": 42,
    "idealo_order_id": "A1B2C3D4",
    "buyer": {"email": "m-1@checkout.idealo.de", "phone": None, "billing": _ADDRESS, "shipping": _ADDRESS},
    "salt": _HASH,
    "commitment": _HASH,
    "matches": True,
    "erased_at": None,
    "erased_by": None,
    "erase_reason": None,
}


def _page(item: dict[str, Any]) -> dict[str, Any]:
    return {"items": [item], "next_cursor": None}


_MENDED = {
    "rule": "event_not_in_ledger",
    "sides": ["store", "ledger"],
    "order_id": 42,
    "idealo_order_id": "A1B2C3D4",
    "store_order_id": "727",
    "about": "shipment.created f1/00340434161094042557",
    "expected": "recorded: store shows it",
    "found": "none",
    "verdict": "mended",
    "mendable": True,
    "advice": "reading both sides again and settling what is new brings it in line",
}
_REPORT: dict[str, Any] = {
    "id": 7,
    "store_id": _STORE_ID,
    "found_by": "operator",
    "status": "ended",
    "empty": True,
    "days": 30,
    "repair": True,
    "started_at": _AT,
    "ended_at": _AT,
    "orders": 1204,
    "orders_in_all": 1204,
    "open": 0,
    "differences": [],
    "mended": [_MENDED],
    "waiting": [],
    "under_way": [],
    "known": [],
    "notes": [],
}
_DEAD = {**_EVENT, "state": "pending", "problem": None}
_PART = {"ok": True, "detail": "reachable"}
EXAMPLES: dict[tuple[str, str], Any] = {
    ("get", "/healthz"): {"status": "ok"},
    ("get", "/readyz"): {"status": "ready", "database": _PART, "migration": _PART, "worker": _PART},
    ("post", "/admin/v1/stores"): {**_STORE, "webhook_secret": "shown-this-once"},
    ("get", "/admin/v1/stores"): _page(_STORE),
    ("get", "/admin/v1/stores/{store_id}"): _STORE,
    ("patch", "/admin/v1/stores/{store_id}"): _STORE,
    ("post", "/admin/v1/stores/{store_id}/check"): {
        "ok": True,
        "sides": [{"side": "idealo", "ok": True, "findings": [_FINDING]}],
    },
    ("post", "/admin/v1/stores/{store_id}/webhooks"): {
        "ok": True,
        "webhook_url": _STORE["webhook_url"],
        "findings": [{**_FINDING, "name": "order.updated", "detail": "was paused by the shop; set active again"}],
    },
    ("post", "/admin/v1/stores/{store_id}/poll"): {"rung": True},
    ("post", "/admin/v1/stores/{store_id}/pause"): {**_STORE, "status": "paused", "paused_at": _AT},
    ("post", "/admin/v1/stores/{store_id}/resume"): _STORE,
    ("post", "/admin/v1/stores/{store_id}/secrets"): {"secret": "shown-this-once", "valid": 2},
    ("post", "/admin/v1/stores/{store_id}/reconcile"): _REPORT,
    ("get", "/admin/v1/stores/{store_id}/reconciliations"): _page(_REPORT),
    ("get", "/admin/v1/stores/{store_id}/sku-aliases"): _page({"idealo_sku": "4711", "store_sku": "A-1"}),
    ("post", "/admin/v1/stores/{store_id}/sku-aliases"): {"idealo_sku": "4711", "store_sku": "A-1", "resumed": 1},
    ("get", "/admin/v1/store-kinds"): _page(_KIND),
    ("get", "/admin/v1/orders"): {"items": [_ORDER], "next_cursor": "42"},
    ("get", "/admin/v1/orders/{order_id}"): _DETAIL,
    ("post", "/admin/v1/orders/{order_id}/look"): {"new_events": 1, "order": _DETAIL},
    ("post", "/admin/v1/explain"): {
        "snapshot": _SNAPSHOT,
        "linked": True,
        "events": [{"event": _SHIPMENT, "new": True, "preview": {**_PREVIEW, "event_id": None}}],
    },
    ("get", "/admin/v1/events"): _page(_EVENT),
    ("get", "/admin/v1/events/{event_id}"): _EVENT,
    ("post", "/admin/v1/events/{event_id}/preview"): _PREVIEW,
    ("post", "/admin/v1/events/{event_id}/replay"): _DEAD,
    ("post", "/admin/v1/events/{event_id}/dismiss"): {**_EVENT, "state": "skipped"},
    ("get", "/admin/v1/orders/{order_id}/buyer"): _BUYER,
    ("delete", "/admin/v1/orders/{order_id}/buyer"): {
        "order_id": 42,
        "idealo_order_id": "A1B2C3D4",
        "done": True,
        "erased_at": _AT,
        "erased_by": "erika",
        "reason": "asked for by letter of 2026-11-20",
    },
    ("get", "/admin/v1/ledger/heads"): {
        "heads": [
            {
                "format": "idealo-bridge head 1",
                "store_id": _STORE_ID,
                "length": 870,
                "hash": _HASH,
                "noted_at": _AT,
                "signature": None,
            }
        ],
    },
    ("get", "/admin/v1/stats"): _STATS,
}
