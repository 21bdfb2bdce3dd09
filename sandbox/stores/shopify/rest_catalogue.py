"""Products as webhook bodies show them."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sandbox.stores.shopify.errors import gid
from sandbox.stores.shopify.money import fixed
from sandbox.stores.shopify.state import Shop
from sandbox.stores.shopify.store_model import Product, Variant


def local(shop: Shop, moment: datetime | None) -> str | None:
    """A time with the store's offset, as REST bodies carry it."""
    return None if moment is None else moment.astimezone(ZoneInfo(shop.options.timezone)).isoformat(timespec="seconds")


def product_body(shop: Shop, product: Product) -> dict[str, Any]:
    """A product with its variants; only the first 100 are complete."""
    variants = [one for one in shop.variants.values() if one.product_id == product.id]
    return {
        "admin_graphql_api_id": gid("Product", product.id),
        "body_html": None,
        "created_at": local(shop, product.created),
        "handle": product.handle,
        "id": product.id,
        "product_type": "",
        "published_at": local(shop, product.created),
        "template_suffix": None,
        "title": product.title,
        "updated_at": local(shop, product.updated),
        "vendor": product.vendor,
        "status": product.status.lower(),
        "published_scope": "global",
        "tags": "",
        "variants": [_variant(shop, one, place) for place, one in enumerate(variants[:100], 1)],
        "options": [{"id": product.id + 1, "product_id": product.id, "name": "Title", "position": 1}],
        "images": [],
        "image": None,
        "variant_gids": [
            {"admin_graphql_api_id": gid("ProductVariant", one.id), "updated_at": local(shop, one.updated)}
            for one in reversed(variants)
        ],
    }


def _variant(shop: Shop, variant: Variant, place: int) -> dict[str, Any]:
    return {
        "admin_graphql_api_id": gid("ProductVariant", variant.id),
        "barcode": "",
        "compare_at_price": None,
        "created_at": local(shop, variant.created),
        "id": variant.id,
        "inventory_policy": variant.policy.lower(),
        "position": place,
        "price": fixed(variant.price),
        "product_id": variant.product_id,
        "sku": variant.sku,
        "taxable": True,
        "title": variant.title,
        "updated_at": local(shop, variant.updated),
        "option1": variant.options[0][1] if variant.options else "Default Title",
        "option2": variant.options[1][1] if len(variant.options) > 1 else None,
        "option3": None,
        "inventory_item_id": variant.item_id,
        "inventory_quantity": variant.available,
        "old_inventory_quantity": variant.available,
    }
