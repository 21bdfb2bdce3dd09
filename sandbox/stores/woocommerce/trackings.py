"""Shipment Tracking and AST: parcels in the order meta `_wc_shipment_tracking_items`, with AST's own REST routes.

Recorded from AST 3.9 (rest/052 to 056): the provider's display name comes back empty for a name AST does not know, and
the Location header ends in the tracking id cast to an integer.
"""

import json
from datetime import UTC, datetime
from typing import Any

from sandbox.stores.woocommerce.model import Order
from sandbox.stores.woocommerce.options import Options
from sandbox.stores.woocommerce.state import Shop

META_KEY = "_wc_shipment_tracking_items"

_PROVIDERS = {
    "dhl-germany": "DHL Germany",
    "dhl": "DHL",
    "dpd-de": "DPD Germany",
    "dpd": "DPD",
    "gls": "GLS",
    "hermes-germany": "Hermes Germany",
    "ups": "UPS",
    "fedex": "FedEx",
    "deutsche-post": "Deutsche Post",
}


def provider_slug(carrier: str) -> str | None:
    """AST's key of a carrier name it knows, compared without case, or None."""
    wanted = carrier.strip().casefold()
    return next((slug for slug, name in _PROVIDERS.items() if wanted in {slug, name.casefold()}), None)


def provider_name(item: dict[str, Any]) -> str:
    """What a person reads as carrier of a stored parcel."""
    stored = str(item.get("tracking_provider") or item.get("custom_tracking_provider") or "")
    return _PROVIDERS.get(stored, stored)


def items_of(order: Order) -> list[dict[str, Any]]:
    """Parcels in an order's meta; an index-keyed object or JSON text is understood too, anything else is none."""
    value = order.meta_value(META_KEY)
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            return []
    if isinstance(value, dict):
        value = list(value.values())
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def shown_items(options: Options, value: Any) -> Any:
    """How the meta value appears in answers: a PHP array with a gap becomes an object, old plugins store text."""
    if options.tracking_items_as == "object" and isinstance(value, list):
        return {str(position): item for position, item in enumerate(value)}
    if options.tracking_items_as == "json":
        return json.dumps(value, ensure_ascii=False)
    return value


def write_items(shop: Shop, order: Order, items: list[dict[str, Any]]) -> None:
    """Put the parcels back into the meta row, or take the row away when none is left; saves the order."""
    row = next((row for row in order.meta if row.key == META_KEY), None)
    if row is None and items:
        order.meta.append(shop.new_meta("order_meta", META_KEY, items))
    elif row is not None and items:
        row.value = items
    elif row is not None:
        order.meta.remove(row)
    shop.save(order)


def new_item(shop: Shop, order: Order, fields: dict[str, Any]) -> dict[str, Any]:
    """A parcel as AST stores it; `custom_tracking_provider` ends up in `tracking_provider` (recorded)."""
    number = str(fields.get("tracking_number", ""))
    provider = str(fields.get("tracking_provider") or fields.get("custom_tracking_provider") or "")
    day = str(fields.get("date_shipped") or shop.now().date().isoformat())
    shipped = datetime.fromisoformat(day[:10]).replace(tzinfo=UTC)
    return {
        "tracking_provider": provider,
        "custom_tracking_provider": "",
        "custom_tracking_link": str(fields.get("custom_tracking_link") or ""),
        "tracking_number": number,
        "tracking_product_code": "",
        "source": "REST_API",
        "date_shipped": str(int(shipped.timestamp())),
        "status_shipped": str(fields.get("status_shipped", "0")),
        "tracking_id": shop.secret_hash(f"{order.id}/{provider}-{number}/{shop.new_id('tracking')}"),
        "user_id": 1,
    }


def view(item: dict[str, Any], base: str, namespace: str, order_id: int) -> dict[str, Any]:
    """A parcel as AST's REST routes show it."""
    path = f"{base}/wp-json/{namespace}/orders/{order_id}"
    stored = str(item.get("tracking_provider", ""))
    seconds = int(item.get("date_shipped") or 0)
    return {
        "tracking_id": item.get("tracking_id", ""),
        "tracking_provider": _PROVIDERS.get(stored, ""),
        "tracking_link": item.get("custom_tracking_link", ""),
        "tracking_number": item.get("tracking_number", ""),
        "date_shipped": datetime.fromtimestamp(seconds, UTC).date().isoformat(),
        "_links": {
            "self": [
                {
                    "href": f"{path}/shipment-trackings/{item.get('tracking_id', '')}",
                    "targetHints": {"allow": ["GET", "DELETE"]},
                }
            ],
            "collection": [{"href": f"{path}/shipment-trackings"}],
            "up": [{"href": path}],
        },
    }
