"""Products, variants and stock as the Admin API shows them."""

from typing import Any, ClassVar

from sandbox.stores.shopify.errors import gid, numeric
from sandbox.stores.shopify.money import fixed
from sandbox.stores.shopify.paging import window
from sandbox.stores.shopify.small_views import LOCATION_ID, LocationView
from sandbox.stores.shopify.state import Shop
from sandbox.stores.shopify.store_model import Product, Variant


class ProductView:
    typename: ClassVar = "Product"

    def __init__(self, shop: Shop, product: Product) -> None:
        self._shop, self._is = shop, product
        self.id = gid("Product", product.id)
        self.legacy_resource_id = str(product.id)
        self.title, self.handle = product.title, product.handle
        self.vendor, self.status = product.vendor, product.status
        self.product_type, self.tags = "", list[str]()
        self.total_inventory = sum(one.available for one in self._variants())
        self.created_at, self.updated_at = product.created, product.updated

    def _variants(self) -> list[Variant]:
        return [one for one in self._shop.variants.values() if one.product_id == self._is.id]

    def variants(self, **page: Any) -> dict[str, Any]:
        page.pop("sort_key", None)
        return window(self._variants(), lambda one: (one.id, one.id), lambda one: VariantView(self._shop, one), page)


class VariantView:
    typename: ClassVar = "ProductVariant"

    def __init__(self, shop: Shop, variant: Variant) -> None:
        self._shop, self._is = shop, variant
        self.id = gid("ProductVariant", variant.id)
        self.legacy_resource_id = str(variant.id)
        self.title, self.sku, self.barcode = variant.title, variant.sku, None
        self.display_name = f"{shop.products[variant.product_id].title} - {variant.title}"
        self.price, self.compare_at_price = fixed(variant.price), None
        self.taxable = True
        self.inventory_policy = variant.policy
        self.inventory_quantity = variant.available if variant.tracked else 0
        self.available_for_sale = variant.available > 0 or variant.policy == "CONTINUE" or not variant.tracked
        chosen = variant.options or [("Title", "Default Title")]
        self.selected_options = [{"name": name, "value": value} for name, value in chosen]
        self.created_at, self.updated_at = variant.created, variant.updated

    @property
    def product(self) -> ProductView:
        return ProductView(self._shop, self._shop.products[self._is.product_id])

    @property
    def inventory_item(self) -> "ItemView":
        return ItemView(self._shop, self._is)


class ItemView:
    typename: ClassVar = "InventoryItem"

    def __init__(self, shop: Shop, variant: Variant) -> None:
        self._shop, self._is = shop, variant
        self.id = gid("InventoryItem", variant.item_id)
        self.legacy_resource_id = str(variant.item_id)
        self.sku, self.tracked, self.requires_shipping = variant.sku, variant.tracked, True
        self.duplicate_sku_count = sum(1 for one in shop.variants.values() if one.sku == variant.sku) - 1
        self.created_at, self.updated_at = variant.created, variant.updated

    @property
    def variant(self) -> VariantView:
        return VariantView(self._shop, self._is)

    def variants(self, **page: Any) -> dict[str, Any]:
        return window([self._is], lambda one: (one.id, one.id), lambda one: VariantView(self._shop, one), page)

    def inventory_level(self, location_id: str, **_options: Any) -> "LevelView | None":
        known = numeric(location_id, "Location") == LOCATION_ID
        return LevelView(self._shop, self._is) if known else None

    def inventory_levels(self, **page: Any) -> dict[str, Any]:
        return window([self._is], lambda one: (one.id, one.id), lambda one: LevelView(self._shop, one), page)


class LevelView:
    typename: ClassVar = "InventoryLevel"

    def __init__(self, shop: Shop, variant: Variant) -> None:
        self._shop, self._is = shop, variant
        self._number = LOCATION_ID % 10**9
        self.id = gid("InventoryLevel", f"{self._number}?inventory_item_id={variant.item_id}")
        self.is_active = True
        self.item, self.location = ItemView(shop, variant), LocationView(shop)
        self.created_at, self.updated_at = variant.created, variant.updated

    def quantities(self, names: list[str]) -> list[dict[str, Any]]:
        known = {
            "available": self._is.available,
            "committed": self._is.committed,
            "on_hand": self._is.available + self._is.committed,
        }
        return [
            {
                "__typename": "InventoryQuantity",
                "id": gid("InventoryQuantity", f"{self._number}?inventory_item_id={self._is.item_id}&name={name}"),
                "name": name,
                "quantity": known.get(name, 0),
                "updatedAt": self._is.updated,
            }
            for name in names
        ]
