"""Products and variations as REST v3 and the webhooks write them (recorded rest/037 to 039, webhooks 007 to 016)."""

from typing import Any

from sandbox.stores.woocommerce.model import Product
from sandbox.stores.woocommerce.order_view import ALL_METHODS, attribute_slugs
from sandbox.stores.woocommerce.php import decimal, gmt, local, money, slug
from sandbox.stores.woocommerce.state import Shop

_NO_SALE = {
    "date_on_sale_from": None,
    "date_on_sale_from_gmt": None,
    "date_on_sale_to": None,
    "date_on_sale_to_gmt": None,
}
_DOWNLOADS = {"downloads": [], "download_limit": -1, "download_expiry": -1}
_DIMENSIONS = {"length": "", "width": "", "height": ""}


class ProductView:
    """Renders for one base address. `edit`: the context of answers to writes, which shows a little more."""

    def __init__(self, shop: Shop, base: str, *, edit: bool = False) -> None:
        self.shop = shop
        self.base = base
        self.api = f"{base}/wp-json/wc/v3"
        self.edit = edit

    def product(self, product: Product) -> dict[str, Any]:
        """A product, or a variation through the products route as webhooks carry it (recorded webhook 010)."""
        return self._offer(product) | self._goods(product) | self._delivery(product) | self._relations(product)

    def _offer(self, product: Product) -> dict[str, Any]:
        return {
            "id": product.id,
            "name": product.name,
            "slug": product.slug,
            "permalink": self._permalink(product),
            **_dates(product),
            "type": product.type,
            "status": product.status,
            "featured": False,
            "catalog_visibility": "visible",
            "description": "",
            "short_description": "",
            "sku": product.sku,
            **self._prices(product),
            "purchasable": self._price(product) != "",
        }

    def _goods(self, product: Product) -> dict[str, Any]:
        parent = self.shop.products.get(product.parent_id)
        return {
            # A variation's own count is text, and stays 0: sales are counted on the parent (recorded webhook 016).
            "total_sales": "0" if product.type == "variation" else product.total_sales,
            "virtual": product.virtual,
            "downloadable": product.downloadable,
            **_DOWNLOADS,
            "external_url": "",
            "button_text": "",
            "tax_status": product.tax_status,
            "tax_class": parent.tax_class if product.tax_class == "parent" and parent else product.tax_class,
            **self._stock(product),
        }

    def _delivery(self, product: Product) -> dict[str, Any]:
        return {
            "sold_individually": False,
            "weight": product.weight,
            "dimensions": dict(_DIMENSIONS),
            "shipping_required": not product.virtual,
            "shipping_taxable": not product.virtual,
            "shipping_class": "",
            "shipping_class_id": 0,
            "reviews_allowed": product.type != "variation",
            "average_rating": "0" if self.edit else "0.00",
            "rating_count": 0,
            "upsell_ids": [],
            "cross_sell_ids": [],
            "parent_id": product.parent_id,
        }

    def _relations(self, product: Product) -> dict[str, Any]:
        variation = product.type == "variation"
        return {
            "purchase_note": "",
            "categories": [] if variation else [{"id": 15, "name": "Uncategorized", "slug": "uncategorized"}],
            "brands": [],
            "tags": [],
            "images": [],
            "attributes": self._attributes(product),
            "default_attributes": [],
            "variations": [child.id for child in self.shop.variations_of(product.id)],
            "grouped_products": [],
            "menu_order": 0,
            "price_html": self._price_html(product),
            "related_ids": [] if variation else self._related(product),
            "meta_data": [row.model_dump() for row in product.meta],
            "stock_status": product.stock_status,
            "has_options": product.type == "variable",
            "post_password": "",
            "global_unique_id": product.global_unique_id,
            **self._edit_extras(product),
            "_links": self._links(f"/products/{product.id}", "/products", product),
        }

    def variation(self, product: Product) -> dict[str, Any]:
        """A variation through its own route (recorded rest/038)."""
        path = f"/products/{product.parent_id}/variations"
        stock = self._stock(product)
        status = {"stock_status": product.stock_status}
        stock = {name: stock[name] for name in ("manage_stock", "stock_quantity")} | status | stock
        return {
            "id": product.id,
            "type": "variation",
            **_dates(product),
            "description": "",
            "permalink": self._permalink(product),
            "sku": product.sku,
            "global_unique_id": product.global_unique_id,
            **self._prices(product),
            "status": product.status,
            "purchasable": self._price(product) != "",
            "virtual": product.virtual,
            "downloadable": product.downloadable,
            **_DOWNLOADS,
            "tax_status": product.tax_status,
            "tax_class": product.tax_class,
            **stock,
            "weight": product.weight,
            "dimensions": dict(_DIMENSIONS),
            "shipping_class": "",
            "shipping_class_id": 0,
            "image": None,
            "gallery_image_ids": [],
            "attributes": self._attributes(product),
            "menu_order": 0,
            "meta_data": [row.model_dump() for row in product.meta],
            "name": ", ".join(value for _, value in product.attributes),
            "parent_id": product.parent_id,
            "_links": self._links(f"{path}/{product.id}", path, product),
        }

    def _price(self, product: Product) -> str:
        if product.type != "variable":
            return product.price
        prices = [decimal(child.price) for child in self.shop.variations_of(product.id) if child.price]
        return money(min(prices)) if prices else ""

    def _prices(self, product: Product) -> dict[str, Any]:
        return {
            "price": self._price(product),
            "regular_price": product.price,
            "sale_price": "",
            **_NO_SALE,
            "on_sale": False,
        }

    def _stock(self, product: Product) -> dict[str, Any]:
        holder = self.shop.products.get(product.parent_id) if product.manage_stock == "parent" else product
        quantity = holder.stock_quantity if holder is not None and product.manage_stock else None
        allowed = product.backorders in {"yes", "notify"}
        return {
            "manage_stock": product.manage_stock,
            "stock_quantity": quantity,
            "backorders": product.backorders,
            "backorders_allowed": allowed,
            "backordered": allowed and quantity is not None and quantity < 0,
            "low_stock_amount": None,
        }

    def _attributes(self, product: Product) -> list[dict[str, Any]]:
        if product.type == "variation":
            return [
                {"id": 0, "name": name, "slug": slugged, "option": value}
                for name, slugged, value in attribute_slugs(product.attributes)
            ]
        names: dict[str, list[str]] = {}
        for child in self.shop.variations_of(product.id):
            for name, value in child.attributes:
                options = names.setdefault(name, [])
                if value not in options:
                    options.append(value)
        return [
            {
                "id": 0, "name": name, "slug": slug(name), "position": position, "visible": True, "variation": True,
                "options": options,
            }
            for position, (name, options) in enumerate(names.items())
        ]  # fmt: skip

    def _related(self, product: Product) -> list[int]:
        others = [other.id for other in self.shop.products.values() if not other.parent_id and other.id != product.id]
        return others[:5]

    def _permalink(self, product: Product) -> str:
        parent = self.shop.products.get(product.parent_id)
        if parent is None:
            return f"{self.base}/product/{product.slug}/"
        query = "&".join(f"attribute_{slugged}={value}" for _, slugged, value in attribute_slugs(product.attributes))
        return f"{self.base}/product/{parent.slug}/?{query}"

    def _price_html(self, product: Product) -> str:
        price = self._price(product)
        if price == "":
            return ""
        return (
            f'<span class="woocommerce-Price-amount amount"><bdi>{price.replace(".", ",")}&nbsp;'
            '<span class="woocommerce-Price-currencySymbol" translate="no">&euro;</span></bdi></span>'
        )

    def _edit_extras(self, product: Product) -> dict[str, str]:
        if not self.edit:
            return {}
        return {"permalink_template": f"{self.base}/product/%pagename%/", "generated_slug": product.slug}

    def _links(self, path: str, collection: str, product: Product) -> dict[str, Any]:
        links: dict[str, Any] = {
            "self": [{"href": f"{self.api}{path}", "targetHints": {"allow": ALL_METHODS}}],
            "collection": [{"href": f"{self.api}{collection}"}],
        }
        if product.parent_id:
            links["up"] = [{"href": f"{self.api}/products/{product.parent_id}"}]
        return links


def _dates(product: Product) -> dict[str, str | None]:
    return {
        "date_created": local(product.created),
        "date_created_gmt": gmt(product.created),
        "date_modified": local(product.modified),
        "date_modified_gmt": gmt(product.modified),
    }
