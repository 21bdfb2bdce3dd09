"""Shiptastic (Germanized) shipments: extra fields in every order and the `/shipments` routes (reference 7.2)."""

from typing import Any

from sandbox.stores.woocommerce.answers import Answer, ApiError, Call, page_of
from sandbox.stores.woocommerce.model import Order, Shipment
from sandbox.stores.woocommerce.php import gmt, local, whole
from sandbox.stores.woocommerce.shipped import OUT
from sandbox.stores.woocommerce.state import Shop

STATUSES = {"draft", "processing", "ready-for-shipping", "shipped", "delivered", "requested", "rejected"}


def order_fields(shop: Shop, order: Order) -> dict[str, Any]:
    """What the plugin adds to an order's body."""
    returns = [shipment for shipment in order.shipments if shipment.type == "return"]
    back = {shipment.status for shipment in returns}
    return {
        "shipments": [view(shop, order, shipment) for shipment in order.shipments],
        "shipping_status": shipping_status(order),
        "return_status": "returned" if "delivered" in back else "partially-returned" if back else "open",
        "shipping_provider": next((shipment.provider for shipment in order.shipments), ""),
        "pickup_location_code": "",
        "pickup_location_customer_number": "",
    }


def shipping_status(order: Order) -> str:
    """`not-shipped`, `partially-shipped`, `shipped` ... by what is in shipments that left."""
    out = [shipment for shipment in order.shipments if shipment.type == "simple" and shipment.status in OUT]
    units = sum(sum(shipment.items.values()) for shipment in out)
    ready = any(shipment.status == "ready-for-shipping" for shipment in order.shipments)
    if not order.lines:
        return "no-shipping-needed"
    if not units:
        return "ready-for-shipping" if ready else "not-shipped"
    if units < sum(line.quantity for line in order.lines):
        return "partially-shipped"
    return "delivered" if all(shipment.status == "delivered" for shipment in out) else "shipped"


def view(shop: Shop, order: Order, shipment: Shipment) -> dict[str, Any]:
    """One shipment."""
    return {
        "id": shipment.id,
        "shipment_number": str(shipment.id),
        "order_id": order.id,
        "order_number": str(order.id),
        "status": shipment.status,
        "type": shipment.type,
        "tracking_id": shipment.tracking_id,
        "tracking_url": "",
        "tracking_instruction": "",
        "shipping_provider": shipment.provider,
        "shipping_provider_title": shipment.provider_title,
        "shipping_method": "",
        "date_created": local(shipment.created),
        "date_created_gmt": gmt(shipment.created),
        "date_sent": local(shipment.sent),
        "date_sent_gmt": gmt(shipment.sent),
        "est_delivery_date": None,
        "est_delivery_date_gmt": None,
        "is_customer_requested": False,
        "weight": "",
        "dimensions": {"length": "", "width": "", "height": ""},
        "address": dict(order.shipping),
        "items": _items(shop, order, shipment),
        "meta_data": [],
    }


def _items(shop: Shop, order: Order, shipment: Shipment) -> list[dict[str, Any]]:
    lines = {line.id: line for line in order.lines}
    return [
        {
            "id": position,
            "name": lines[item_id].name,
            "order_item_id": item_id,
            "product_id": lines[item_id].sold_id,
            "quantity": units,
            "sku": product.sku if (product := shop.products.get(lines[item_id].sold_id)) is not None else "",
            "parent_id": 0,
        }
        for position, (item_id, units) in enumerate(shipment.items.items(), start=1)
        if item_id in lines
    ]


def store_shipment(shop: Shop, order: Order, body: dict[str, Any], shipment: Shipment | None = None) -> Shipment:
    """Create or change a shipment and save the order."""
    status = str(body.get("status") or (shipment.status if shipment is not None else "draft"))
    if status not in STATUSES:
        raise ApiError.invalid_param("status", "status is invalid.", "rest_not_in_enum")
    if shipment is None:
        shipment = Shipment(id=shop.new_id("shipment"), type=str(body.get("type") or "simple"), created=shop.now())
        order.shipments.append(shipment)
    if "items" in body:
        shipment.items = {
            whole(item.get("order_item_id")): whole(item.get("quantity", 1))
            for item in body["items"] or []
            if isinstance(item, dict)
        }
    shipment.tracking_id = str(body.get("tracking_id", shipment.tracking_id) or "")
    if "shipping_provider" in body:
        shipment.provider = str(body["shipping_provider"] or "")
        shipment.provider_title = str(body.get("shipping_provider_title") or shipment.provider)
    shipment.status = status
    if status in OUT and shipment.sent is None:
        shipment.sent = shop.now()
    shop.save(order)
    return shipment


class ShipmentApi:
    """Handlers of `/wc/v3/shipments`."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop

    def collection(self, call: Call) -> Answer:
        wanted = call.numbers("order_id")
        kinds = call.values("type")
        found = [
            (order, shipment)
            for order in self.shop.orders.values()
            for shipment in order.shipments
            if (not wanted or order.id in wanted) and (not kinds or shipment.type in kinds)
        ]
        page, headers = page_of(call, sorted(found, key=lambda pair: pair[1].id, reverse=True))
        return Answer([view(self.shop, order, shipment) for order, shipment in page], headers=headers)

    def create(self, call: Call) -> Answer:
        order = self.shop.orders.get(whole(call.body.get("order_id")))
        if order is None:
            raise ApiError(400, "woocommerce_rest_shipment_invalid_order", "Invalid order.")
        return Answer(view(self.shop, order, store_shipment(self.shop, order, call.body)), 201)

    def get(self, call: Call, shipment_id: str) -> Answer:
        return Answer(view(self.shop, *self._find(shipment_id)))

    def update(self, call: Call, shipment_id: str) -> Answer:
        order, shipment = self._find(shipment_id)
        return Answer(view(self.shop, order, store_shipment(self.shop, order, call.body, shipment)))

    def delete(self, call: Call, shipment_id: str) -> Answer:
        order, shipment = self._find(shipment_id)
        order.shipments.remove(shipment)
        self.shop.save(order)
        return Answer(view(self.shop, order, shipment))

    def _find(self, shipment_id: str) -> tuple[Order, Shipment]:
        for order in self.shop.orders.values():
            for shipment in order.shipments:
                if shipment.id == int(shipment_id):
                    return order, shipment
        raise ApiError.not_found("shipment")
