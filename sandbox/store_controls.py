"""The controls of the fake stores: what a merchant does in the shop, and how its webhooks travel."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

from sandbox.fields import Fields, line_quantity, parcel
from sandbox.outbox import DEFAULT_DELAY_S, MODES
from sandbox.stores.port import FakeStore, Product, SandboxRefusal
from sandbox.world import World


def act(store: FakeStore, store_order_id: str, action: str, fields: Fields) -> dict[str, Any]:
    """Carry out a merchant's action and answer the order as it stands afterwards."""
    match action:
        case "ship":
            fields.only("lines", "parcels")
            lines = fields.items("lines", line_quantity)
            store.ship(store_order_id, lines, fields.items("parcels", parcel, empty=True) or [])
        case "track":
            store.track(store_order_id, parcel(fields))
        case "cancel":
            fields.only("lines", "restock")
            lines = fields.items("lines", line_quantity)
            store.cancel(store_order_id, lines, restock=fields.flag("restock", usual=True))
        case "return":
            fields.only("lines")
            store.return_(store_order_id, fields.items("lines", line_quantity))
        case "refund":
            _refund(store, store_order_id, fields)
        case _:
            raise SandboxRefusal("action", "must be one of ship, track, cancel, return, refund", status=404)
    return show_orders(store, None, store_order_id)


def _refund(store: FakeStore, store_order_id: str, fields: Fields) -> None:
    fields.only("amount", "lines", "shipping")
    if fields.has("amount") and fields.has("lines"):
        raise fields.bad("amount", "give either an amount or lines")
    store.refund(
        store_order_id,
        amount=fields.maybe_money("amount"),
        lines=fields.items("lines", line_quantity),
        shipping=fields.maybe_money("shipping"),
    )


def show_orders(store: FakeStore, idealo_order_id: str | None, store_order_id: str | None) -> dict[str, Any]:
    """`{"orders": [...]}` in neutral words."""
    return {"orders": [order.to_json() for order in store.orders(idealo_order_id, store_order_id)]}


def show_products(store: FakeStore) -> dict[str, Any]:
    """`{"products": [...]}`."""
    return {"products": [product.to_json() for product in store.products()]}


def post_product(store: FakeStore, fields: Fields) -> dict[str, Any]:
    """Create or replace a product."""
    fields.only("sku", "title", "price", "stock", "parent", "tax_rate", "attributes")
    product = Product(
        sku=fields.text("sku"),
        title=fields.maybe_text("title") or fields.text("sku"),
        price=fields.money("price"),
        stock=fields.whole("stock", 0),
        tax_rate=_tax_rate(fields, Decimal(19)),
        parent=fields.maybe_text("parent"),
        attributes=_attributes(fields, ()),
    )
    store.put_product(product)
    return product.to_json()


def put_product(store: FakeStore, sku: str, fields: Fields) -> dict[str, Any]:
    """Change some of a product's values, or create it when there is none of that SKU."""
    fields.only("sku", "title", "price", "stock", "parent", "tax_rate", "attributes")
    known = next((product for product in store.products() if product.sku == sku), None)
    if known is None:
        return post_product(store, Fields({**fields.values(), "sku": sku}))
    product = replace(
        known,
        title=fields.maybe_text("title") or known.title,
        price=fields.money("price") if fields.has("price") else known.price,
        stock=fields.whole("stock", known.stock),
        tax_rate=_tax_rate(fields, known.tax_rate),
        parent=fields.maybe_text("parent") or known.parent,
        attributes=_attributes(fields, known.attributes),
    )
    store.put_product(product)
    return product.to_json()


def set_webhooks(world: World, store: FakeStore, fields: Fields) -> dict[str, Any]:
    """Choose how this store's webhooks go out; `disable` switches the subscriptions off in the store itself."""
    fields.only("mode", "share", "seed", "seconds")
    mode = fields.word("mode", MODES)
    share = fields.number("share", 1.0, high=1)
    seconds = fields.number("seconds", DEFAULT_DELAY_S, high=86_400)
    if mode == "disable":
        # The subscriptions can be switched on again through the store's own API, as after the real thing.
        world.outbox.set_mode(store.kind, "deliver")
        store.disable_webhooks()
    else:
        world.outbox.set_mode(store.kind, mode, share=share, seed=fields.whole("seed", 1), seconds=seconds)
    return world.outbox.mode(store.kind).to_json() | ({"mode": "disable"} if mode == "disable" else {})


def show_webhooks(world: World, store: FakeStore) -> dict[str, Any]:
    """The mode, how many wait, and what was sent and answered."""
    sent = [delivery for delivery in world.outbox.delivered if delivery["kind"] == store.kind]
    return world.outbox.mode(store.kind).to_json() | {
        "waiting": len(world.outbox.waiting(store.kind)),
        "delivered": sent,
    }


def _tax_rate(fields: Fields, usual: Decimal) -> Decimal:
    return fields.money("tax_rate").normalize() if fields.has("tax_rate") else usual


def _attributes(fields: Fields, usual: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
    if not fields.has("attributes"):
        return usual
    given = fields.value("attributes")
    if not isinstance(given, dict) or not all(isinstance(value, str) for value in given.values()):
        raise fields.bad("attributes", "must be an object of texts")
    return tuple(given.items())
