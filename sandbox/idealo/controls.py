"""The controls of the simulated idealo: shops, orders, buyers, tokens (below /_sandbox/idealo)."""

import json
from collections.abc import Callable, Iterable
from typing import Any

from sandbox.fields import Fields
from sandbox.idealo.knobs import Knobs
from sandbox.idealo.placing import place_orders
from sandbox.idealo.state import IdealoState
from sandbox.idealo.values import Order
from sandbox.idealo.wire import Writer, dumps
from sandbox.stores.port import Product, SandboxRefusal


def put_shop(state: IdealoState, fields: Fields) -> dict[str, Any]:
    """`{"shop_id", "client_id", "client_secret"}`: register a shop, or give it other credentials."""
    fields.only("shop_id", "client_id", "client_secret")
    shop = state.register_shop(fields.whole("shop_id", low=1), fields.text("client_id"), fields.text("client_secret"))
    return {"shop_id": shop.id, "client_id": shop.client_id}


def list_shops(state: IdealoState) -> dict[str, Any]:
    """The shops without their secrets."""
    return {"shops": [{"shop_id": shop.id, "client_id": shop.client_id} for shop in state.shops.values()]}


def post_orders(state: IdealoState, fields: Fields, known: Callable[[], Iterable[Product]]) -> dict[str, Any]:
    """Place orders; answers their ids."""
    return {"ids": place_orders(state, fields, known)}


def list_orders(state: IdealoState, shop_id: int | None) -> dict[str, Any]:
    """All orders with their states, oldest first, and the carriers reported that are not on idealo's list."""
    return {
        "unknown_carriers": state.unknown_carriers,
        "orders": [
            {
                "id": order.id,
                "shop_id": order.shop_id,
                "scenario": order.scenario,
                "status": order.status,
                "merchant_order_number": order.merchant_order_number,
                "acknowledged": state.acknowledged(order),
            }
            for order in state.orders.values()
            if shop_id in {None, order.shop_id}
        ],
    }


def show_order(state: IdealoState, idealo_order_id: str) -> dict[str, Any]:
    """The order in idealo's own words (knobs apart), with `history` (accepted writes) and `transitions`."""
    order = _find(state, idealo_order_id)
    body: dict[str, Any] = json.loads(dumps(Writer(Knobs()).order(order)))
    return body | {
        "shop_id": order.shop_id,
        "scenario": order.scenario,
        "acknowledged": state.acknowledged(order),
        "history": order.history,
        "transitions": order.transitions,
    }


def buyer_cancels(state: IdealoState, idealo_order_id: str, fields: Fields) -> dict[str, Any]:
    """`{"sku"?, "quantity"?}`: the buyer asks idealo to cancel."""
    fields.only("sku", "quantity")
    order = _find(state, idealo_order_id)
    state.buyer_cancels(order, fields.maybe_text("sku"), fields.maybe_whole("quantity", low=1))
    return {"id": order.id, "status": order.status}


def expire_tokens(state: IdealoState, fields: Fields) -> dict[str, Any]:
    """`{"shop_id"?}`: every token (of that shop) is invalid from now on."""
    fields.only("shop_id")
    return {"expired": state.tokens.expire(fields.maybe_whole("shop_id"))}


def _find(state: IdealoState, idealo_order_id: str) -> Order:
    order = state.orders.get(idealo_order_id)
    if order is None:
        raise SandboxRefusal("id", f"no order {idealo_order_id!r}", status=404)
    return order
