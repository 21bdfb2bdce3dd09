"""How a product and its stock item look in answers."""

from typing import Any

from sandbox.stores.magento2.model import Product
from sandbox.stores.magento2.php import url_key, words
from sandbox.stores.magento2.state import Shop

FIELDS = frozenset(
    words("""
    entity_id id sku name attribute_set_id price status visibility type_id created_at updated_at weight tax_class_id
    url_key required_options has_options
    """)
)


class ProductView:
    """Shows products of one shop."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop

    def row(self, product: Product) -> dict[str, Any]:
        """What a search filters and sorts by."""
        return {
            "entity_id": product.id,
            "id": product.id,
            "sku": product.sku,
            "name": product.name,
            "attribute_set_id": product.attribute_set_id,
            "price": None if product.type_id == "configurable" else product.price,
            "status": product.status,
            "visibility": product.visibility,
            "type_id": product.type_id,
            "created_at": product.created,
            "updated_at": product.updated,
            "weight": product.weight,
            "tax_class_id": product.tax_class,
            "url_key": product.custom.get("url_key") or url_key(product.name),
            "required_options": "0",
            "has_options": "0",
        }

    def listed(self, product: Product) -> dict[str, Any]:
        """A product in a search's answer: without stock item (2.4: only the single product carries it)."""
        shown = self.product(product)
        shown["extension_attributes"].pop("stock_item")
        return shown

    def product(self, product: Product, *, saved: bool = False) -> dict[str, Any]:
        """A product; `saved`: in the answer to the call that saved it, which lacks links and tier prices (009, 016)."""
        links: dict[str, Any] = {} if saved else {"product_links": []}
        tiers: dict[str, Any] = {} if saved else {"tier_prices": []}
        extension: dict[str, Any] = {"website_ids": [1], "stock_item": self.stock_item(product)}
        if product.type_id == "configurable":
            children = [child for child in self.shop.products.values() if child.parent_id == product.id]
            extension["configurable_product_options"] = _options(product, children)
            extension["configurable_product_links"] = [child.id for child in children]
        shown: dict[str, Any] = {
            "id": product.id,
            "sku": product.sku,
            "name": product.name,
            "attribute_set_id": product.attribute_set_id,
            "price": 0 if product.type_id == "configurable" else product.price,
            "status": product.status,
            "visibility": product.visibility,
            "type_id": product.type_id,
            "created_at": product.created,
            "updated_at": product.updated,
        }
        if product.weight is not None:
            shown["weight"] = product.weight
        return {
            **shown,
            "extension_attributes": extension,
            **links,
            "options": [],
            "media_gallery_entries": [],
            **tiers,
            "custom_attributes": self._attributes(product),
        }

    def _attributes(self, product: Product) -> list[dict[str, Any]]:
        values = {
            "options_container": "container2",
            "url_key": url_key(product.name),
            "msrp_display_actual_price_type": "0",
            "required_options": "0",
            "has_options": "1" if product.type_id == "configurable" else "0",
            "tax_class_id": product.tax_class,
            "category_ids": [],
            **product.custom,
            **{_code(label): str(_option_id(label, value)) for label, value in product.options.items()},
        }
        return [{"attribute_code": code, "value": value} for code, value in values.items()]

    def stock_item(self, product: Product) -> dict[str, Any]:
        """The legacy stock item (recorded 014)."""
        return {
            "item_id": product.id,
            "product_id": product.id,
            "stock_id": 1,
            "qty": product.stock_qty,
            "is_in_stock": product.in_stock,
            "is_qty_decimal": False,
            "show_default_notification_message": False,
            "use_config_min_qty": True,
            "min_qty": 0,
            "use_config_min_sale_qty": 1,
            "min_sale_qty": 1,
            "use_config_max_sale_qty": True,
            "max_sale_qty": 10000,
            "use_config_backorders": not product.backorders,
            "backorders": product.backorders,
            "use_config_notify_stock_qty": True,
            "notify_stock_qty": 1,
            "use_config_qty_increments": True,
            "qty_increments": 0,
            "use_config_enable_qty_inc": True,
            "enable_qty_increments": False,
            "use_config_manage_stock": product.manage_stock,
            "manage_stock": product.manage_stock,
            "low_stock_date": None,
            "is_decimal_divided": False,
            "stock_status_changed_auto": 0,
        }


def _code(label: str) -> str:
    return url_key(label).replace("-", "_")


def _attribute_id(label: str) -> int:
    return 140 + sum(label.encode()) % 100


def _option_id(label: str, value: str) -> int:
    """A stable number for an attribute's value; the shop's own would depend on the order of their creation."""
    return _attribute_id(label) * 100 + sum(place * byte for place, byte in enumerate(value.encode(), 1)) % 100


def _options(product: Product, children: list[Product]) -> list[dict[str, Any]]:
    labels = list(dict.fromkeys(label for child in children for label in child.options))
    return [
        {
            "id": product.id * 10 + position,
            "attribute_id": str(_attribute_id(label)),
            "label": label,
            "position": position,
            "values": [
                {"value_index": number}
                for number in dict.fromkeys(
                    _option_id(label, child.options[label]) for child in children if label in child.options
                )
            ],
            "product_id": product.id,
        }
        for position, label in enumerate(labels)
    ]
