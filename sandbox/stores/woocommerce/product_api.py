"""Routes of products and variations: SKU look-up, stock, batch writes."""

from typing import Any

from sandbox.stores.woocommerce.answers import Answer, ApiError, Call, not_in_list, page_of
from sandbox.stores.woocommerce.lifecycle import save_product, set_stock
from sandbox.stores.woocommerce.model import Product
from sandbox.stores.woocommerce.order_write import merge_meta
from sandbox.stores.woocommerce.php import query_date, slug, truthy, wall_clock, whole
from sandbox.stores.woocommerce.product_view import ProductView
from sandbox.stores.woocommerce.state import Shop

_TEXTS = ("name", "status", "tax_status", "tax_class", "backorders", "global_unique_id", "weight", "stock_status")
_STATUSES = ["any", "draft", "pending", "private", "publish", "future", "trash"]


class ProductApi:
    """Handlers; ids come from the path as text of digits."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop

    def collection(self, call: Call) -> Answer:
        """Without `sku` only parents and simple products; with it variations too (reference section 11)."""
        skus = call.values("sku")
        found = [product for product in self.shop.products.values() if bool(skus) or product.type != "variation"]
        if skus:
            # The whole text is tried as one SKU as well, for SKUs that contain a comma.
            wanted = {text.casefold() for text in [*skus, call.text("sku")]}
            found = [product for product in found if product.sku.casefold() in wanted]
        products, headers = page_of(call, self._filtered(call, found))
        view = ProductView(self.shop, call.base)
        return Answer([view.product(product) for product in products], headers=headers)

    def get(self, call: Call, product_id: str) -> Answer:
        return Answer(ProductView(self.shop, call.base).product(self._product(product_id)))

    def create(self, call: Call) -> Answer:
        now = self.shop.now()
        kind = str(call.body.get("type") or "simple")
        if kind not in {"simple", "grouped", "external", "variable"}:
            raise not_in_list("type", ["simple", "grouped", "external", "variable"])
        self._check_sku(call.body, None)
        product = Product(id=self.shop.new_id("post"), type=kind, name="Product", created=now, modified=now)
        self._store(product, call.body)
        self.shop.fire("product.created", product.id)
        location = f"{call.base}/wp-json/wc/v3/products/{product.id}"
        return Answer(ProductView(self.shop, call.base, edit=True).product(product), 201, [("Location", location)])

    def update(self, call: Call, product_id: str) -> Answer:
        product = self._product(product_id, 400)
        self._check_sku(call.body, product)
        self._store(product, call.body)
        return Answer(ProductView(self.shop, call.base, edit=True).product(product))

    def delete(self, call: Call, product_id: str) -> Answer:
        product = self._product(product_id)
        body = ProductView(self.shop, call.base).product(product)
        if not call.flag("force") and product.status == "trash":
            raise ApiError(410, "woocommerce_rest_already_trashed", "The Product has already been deleted.")
        self.remove(product, force=call.flag("force"))
        return Answer(body)

    def remove(self, product: Product, *, force: bool) -> None:
        """To the trash (`product.deleted` leaves), or away for good with its variations."""
        if force:
            for gone in [product, *self.shop.variations_of(product.id)]:
                del self.shop.products[gone.id]
                self.shop.touch(gone)
        else:
            product.status = "trash"
            self.shop.touch(product)
        self.shop.fire("product.deleted", product.id)

    def variations(self, call: Call, product_id: str) -> Answer:
        parent = self._product(product_id)
        children = self._filtered(call, self.shop.variations_of(parent.id))
        products, headers = page_of(call, children)
        view = ProductView(self.shop, call.base)
        return Answer([view.variation(product) for product in products], headers=headers)

    def all_variations(self, call: Call) -> Answer:
        found = [product for product in self.shop.products.values() if product.type == "variation"]
        skus = {text.casefold() for text in call.values("sku")}
        if skus:
            found = [product for product in found if product.sku.casefold() in skus]
        products, headers = page_of(call, self._filtered(call, found))
        view = ProductView(self.shop, call.base)
        return Answer([view.variation(product) for product in products], headers=headers)

    def get_variation(self, call: Call, product_id: str, variation_id: str) -> Answer:
        return Answer(ProductView(self.shop, call.base).variation(self._variation(product_id, variation_id)))

    def create_variation(self, call: Call, product_id: str) -> Answer:
        parent = self._product(product_id)
        now = self.shop.now()
        self._check_sku(call.body, None)
        product = Product(
            id=self.shop.new_id("post"), type="variation", parent_id=parent.id, tax_class="parent",
            manage_stock="parent" if parent.manage_stock else False, created=now, modified=now,
        )  # fmt: skip
        product.attributes = [
            (str(entry.get("name", "")), str(entry.get("option", "")))
            for entry in call.body.get("attributes") or []
            if isinstance(entry, dict)
        ]
        product.name = f"{parent.name} - {', '.join(value for _, value in product.attributes)}"
        self._store(product, call.body)
        self.shop.fire("product.created", product.id)
        location = f"{call.base}/wp-json/wc/v3/products/{parent.id}/variations/{product.id}"
        view = ProductView(self.shop, call.base, edit=True)
        return Answer(view.variation(product), 201, [("Location", location)])

    def update_variation(self, call: Call, product_id: str, variation_id: str) -> Answer:
        product = self._variation(product_id, variation_id, 400)
        self._check_sku(call.body, product)
        self._store(product, call.body)
        return Answer(ProductView(self.shop, call.base, edit=True).variation(product))

    def delete_variation(self, call: Call, product_id: str, variation_id: str) -> Answer:
        product = self._variation(product_id, variation_id)
        body = ProductView(self.shop, call.base).variation(product)
        self.remove(product, force=True)
        return Answer(body)

    def _product(self, product_id: str, status: int = 404) -> Product:
        product = self.shop.products.get(int(product_id))
        if product is None:
            raise ApiError.not_found("product", status)
        return product

    def _variation(self, product_id: str, variation_id: str, status: int = 404) -> Product:
        product = self.shop.products.get(int(variation_id))
        if product is None or product.parent_id != int(product_id):
            raise ApiError.not_found("product_variation", status)
        return product

    def _check_sku(self, body: dict[str, Any], product: Product | None) -> None:
        sku = body.get("sku")
        taken = self.shop.by_sku(str(sku)) if sku else None
        if taken is not None and taken is not product and not self.shop.options.duplicate_skus:
            data = {"resource_id": taken.id, "unique_sku": f"{sku}-1"}
            raise ApiError(400, "product_invalid_sku", "Invalid or duplicated SKU.", data)

    def _store(self, product: Product, body: dict[str, Any]) -> None:
        for name in _TEXTS:
            if body.get(name) is not None:
                setattr(product, name, str(body[name]))
        if body.get("sku") is not None:
            product.sku = str(body["sku"])
        if body.get("regular_price") is not None:
            product.price = str(body["regular_price"])
        product.slug = product.slug or slug(str(body.get("slug") or product.name))
        for name in ("virtual", "downloadable"):
            if name in body:
                setattr(product, name, truthy(body[name]))
        if "manage_stock" in body:
            wanted = body["manage_stock"]
            product.manage_stock = "parent" if wanted == "parent" else truthy(wanted)
        merge_meta(self.shop, product.meta, body.get("meta_data") or [], "post_meta")
        self.shop.products[product.id] = product
        if "stock_quantity" in body:
            given = body["stock_quantity"]
            set_stock(self.shop, product, None if given is None else whole(given))
        else:
            save_product(self.shop, product)

    def _filtered(self, call: Call, products: list[Product]) -> list[Product]:
        status = call.choice("status", _STATUSES, "any")
        products = [p for p in products if p.status == status or (status == "any" and p.status != "trash")]
        include = call.numbers("include")
        if include:
            products = [product for product in products if product.id in include]
        if call.text("type"):
            products = [product for product in products if product.type == call.text("type")]
        if call.text("search"):
            needle = call.text("search").casefold()
            products = [product for product in products if needle in product.name.casefold()]
        in_gmt = call.flag("dates_are_gmt")
        for name, sign in (("modified_after", 1), ("modified_before", -1)):
            if call.text(name):
                limit = query_date(call.text(name))
                if limit is None:
                    raise ApiError.invalid_param(name, "Invalid date.", "rest_invalid_date")
                products = [
                    product
                    for product in products
                    if (wall_clock(product.modified, in_gmt=in_gmt) - limit).total_seconds() * sign > 0
                ]
        by = call.choice("orderby", ["date", "id", "include", "title", "slug", "modified", "price"], "date")
        reverse = call.choice("order", ["asc", "desc"], "desc") == "desc"
        dated = {"date": lambda p: p.created, "modified": lambda p: p.modified}.get(by)
        return sorted(products, key=lambda p: (dated(p).timestamp() if dated else 0, p.id), reverse=reverse)
