"""Stock of a variant at the store's one location: set aside, sent, put back."""

from sandbox.stores.shopify.errors import gid
from sandbox.stores.shopify.model import Line
from sandbox.stores.shopify.rest_catalogue import product_body
from sandbox.stores.shopify.small_views import LOCATION_ID
from sandbox.stores.shopify.state import Shop
from sandbox.stores.shopify.store_model import Variant


def claim(shop: Shop, line: Line) -> None:
    """Set units aside for an order; on hand they stay (capture: orderCreate decrements `available` only)."""
    variant = _held(shop, line)
    if variant is not None:
        line.claimed = True
        _move(shop, variant, available=-line.quantity, committed=line.quantity)


def send(shop: Shop, line: Line, quantity: int) -> None:
    """Units left the house; a negative quantity takes a fulfillment back."""
    variant = _held(shop, line)
    if variant is not None and line.claimed:
        _move(shop, variant, committed=-quantity)


def release(shop: Shop, line: Line, quantity: int, *, restock: bool) -> None:
    """Units set aside are not needed any more: for sale again, or gone."""
    variant = _held(shop, line)
    if variant is not None and line.claimed:
        _move(shop, variant, available=quantity if restock else 0, committed=-quantity)


def take_back(shop: Shop, line: Line, quantity: int) -> None:
    """Units that had left came back and are for sale again."""
    variant = _held(shop, line)
    if variant is not None:
        _move(shop, variant, available=quantity)


def announce(shop: Shop, variant: Variant) -> None:
    """Tell the subscribers of stock and products."""
    shop.fire(
        "inventory_levels/update",
        {
            "inventory_item_id": variant.item_id,
            "location_id": LOCATION_ID,
            "available": variant.available if variant.tracked else None,
            "updated_at": shop.now().isoformat(),
            "admin_graphql_api_id": gid("InventoryLevel", f"{LOCATION_ID % 10**9}?inventory_item_id={variant.item_id}"),
        },
    )
    shop.fire("products/update", product_body(shop, shop.products[variant.product_id]))


def _held(shop: Shop, line: Line) -> Variant | None:
    variant = shop.variants.get(line.variant_id or 0)
    return variant if variant is not None and variant.tracked else None


def _move(shop: Shop, variant: Variant, *, available: int = 0, committed: int = 0) -> None:
    variant.available += available
    variant.committed += committed
    variant.updated = shop.now()
    shop.touch(variant)
    announce(shop, variant)
