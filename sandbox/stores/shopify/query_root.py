"""What can be asked: one method per field of the query root."""

from collections.abc import Sequence
from typing import Any, Final

from sandbox.stores.shopify import changing, fulfilling, returning, search
from sandbox.stores.shopify.after_sale_view import FulfillmentView, RefundView, ReturnView, WorkOrderView
from sandbox.stores.shopify.catalogue_view import ItemView, LevelView, ProductView, VariantView
from sandbox.stores.shopify.errors import invalid_id, numeric
from sandbox.stores.shopify.model import IndexEntry, Order
from sandbox.stores.shopify.options import VERSIONS
from sandbox.stores.shopify.order_view import OrderView
from sandbox.stores.shopify.paging import window
from sandbox.stores.shopify.small_views import (
    LOCATION_ID,
    CustomerView,
    DefinitionView,
    HookView,
    LocationView,
    installation,
    shop_view,
    version,
)
from sandbox.stores.shopify.state import Shop
from sandbox.stores.shopify.store_model import Hook, Product, Variant
from sandbox.stores.shopify.units import totals

SIXTY_DAYS_S: Final = 60 * 86_400
ORDER_FIELDS: Final = (
    "id", "name", "email", "tag", "tag_not", "status", "financial_status", "fulfillment_status", "return_status",
    "source_identifier", "source_name", "sku", "gateway", "payment_id", "po_number", "location_id",
    "fulfillment_location_id", "created_at", "updated_at", "processed_at", "customer_id", "test",
)  # fmt: skip
VARIANT_FIELDS: Final = ("id", "sku", "barcode", "title", "product_id", "product_status", "updated_at", "created_at")
PRODUCT_FIELDS: Final = ("id", "title", "handle", "status", "sku", "vendor", "updated_at", "created_at")
HOOK_FIELDS: Final = ("id", "created_at", "updated_at")


class QueryRoot:
    """Bound to one request; `warnings` gathers what searches ignored, by the field that asked."""

    def __init__(self, shop: Shop, api_key: str) -> None:
        self._shop = shop
        self._api_key = api_key
        self.warnings: list[dict[str, Any]] = []

    @property
    def shop(self) -> dict[str, Any]:
        return shop_view(self._shop)

    @property
    def current_app_installation(self) -> dict[str, Any]:
        return installation(self._shop, self._api_key)

    def app_installation(self, id: str | None = None) -> dict[str, Any] | None:
        return self.current_app_installation

    @property
    def public_api_versions(self) -> list[dict[str, Any]]:
        return [*(version(handle) for handle in reversed(VERSIONS)), version("unstable")]

    def job(self, id: str) -> dict[str, Any] | None:
        job = self._shop.jobs.get(str(id).removeprefix("gid://shopify/Job/"))
        return None if job is None else {"id": id, "done": job.done}

    def node(self, id: str) -> Any:
        kind = str(id).removeprefix("gid://shopify/").partition("/")[0]
        reader = self._readers().get(kind)
        if reader is None:
            raise invalid_id()
        return reader(id)

    def nodes(self, ids: Sequence[str]) -> list[Any]:
        return [self.node(one) for one in ids]

    def _readers(self) -> dict[str, Any]:
        return {
            "Order": self.order, "Fulfillment": self.fulfillment, "FulfillmentOrder": self.fulfillment_order,
            "Refund": self.refund, "Return": self.return_, "Product": self.product,
            "ProductVariant": self.product_variant, "InventoryItem": self.inventory_item,
            "WebhookSubscription": self.webhook_subscription, "Location": self.location, "Customer": self._customer,
            "InventoryLevel": self.inventory_level,
        }  # fmt: skip

    # Orders

    def readable(self, order: Order | None) -> Order | None:
        """None for an order older than 60 days when the app may not read all (reference section 2)."""
        if order is None or "read_all_orders" in self._shop.options.scopes:
            return order
        age = self._shop.world.now() - order.created
        return order if age.total_seconds() < SIXTY_DAYS_S else None

    def order(self, id: str) -> OrderView | None:
        order = self.readable(self._shop.orders.get(numeric(id, "Order")))
        return None if order is None else OrderView(self._shop, order)

    def order_by_identifier(self, identifier: dict[str, Any]) -> OrderView | None:
        if identifier.get("id"):
            return self.order(identifier["id"])
        custom = identifier.get("customId") or {}
        namespace = custom.get("namespace") or "$app"
        order = changing.by_metafield(self._shop, namespace, custom.get("key", ""), custom.get("value", ""))
        found = self.readable(order)
        return None if found is None else OrderView(self._shop, found)

    def orders(self, query: str | None = None, sort_key: str = "PROCESSED_AT", **page: Any) -> dict[str, Any]:
        chosen = self._found_orders(query, "orders")
        return window(chosen, lambda one: _order_key(one, sort_key), lambda one: OrderView(self._shop, one), page)

    def orders_count(self, query: str | None = None, limit: int | None = 10_000) -> dict[str, Any]:
        count = len(self._found_orders(query, "ordersCount"))
        if limit is not None and count > limit:
            return {"count": limit, "precision": "AT_LEAST"}
        return {"count": count, "precision": "EXACT"}

    def _found_orders(self, query: str | None, field: str) -> list[Order]:
        """A list without a query reads the tables; a search reads the index, which lags."""
        visible = [order for order in self._shop.orders.values() if self.readable(order) is not None]
        if not (query or "").strip():
            return visible
        wanted = self._parsed(query, ORDER_FIELDS, field)
        found = []
        for order in visible:
            entry = self._indexed(order)
            if entry is not None and wanted.matches(entry.words):
                found.append(order)
        return found

    def _indexed(self, order: Order) -> IndexEntry | None:
        seen = [entry for entry in order.index if entry.visible <= self._shop.world.now()]
        return seen[-1] if seen else None

    def _parsed(self, query: str | None, fields: Sequence[str], field: str) -> search.Search:
        parsed = search.parse(query, fields, self._shop.world.now())
        if parsed.warnings:
            self.warnings.append({"path": [field], "query": parsed.text, "warnings": parsed.warnings})
        return parsed

    def fulfillment(self, id: str) -> FulfillmentView | None:
        found = fulfilling.find(self._shop, numeric(id, "Fulfillment"))
        return None if found is None else FulfillmentView(self._shop, *found)

    def fulfillment_order(self, id: str) -> WorkOrderView | None:
        number = numeric(id, "FulfillmentOrder")
        found = [(order, one) for order in self._shop.orders.values() for one in order.work_orders if one.id == number]
        return WorkOrderView(self._shop, *found[0]) if found else None

    def refund(self, id: str) -> RefundView | None:
        number = numeric(id, "Refund")
        found = [(order, one) for order in self._shop.orders.values() for one in order.refunds if one.id == number]
        return RefundView(self._shop, *found[0]) if found else None

    def return_(self, id: str) -> ReturnView | None:
        found = returning.find(self._shop, numeric(id, "Return"))
        return None if found is None else ReturnView(self._shop, *found)

    def metafield_definitions(
        self, owner_type: str, namespace: str | None = None, key: str | None = None, **page: Any
    ) -> dict[str, Any]:
        chosen = [
            one
            for one in self._shop.definitions.values()
            if one.owner == owner_type and namespace in {None, one.namespace} and key in {None, one.key}
        ]
        return window(chosen, lambda one: (one.id, one.id), DefinitionView, page)

    def _customer(self, id: str) -> CustomerView | None:
        customer = self._shop.customers.get(numeric(id, "Customer"))
        return None if customer is None else CustomerView(customer)

    # Catalogue

    def location(self, id: str | None = None) -> LocationView | None:
        known = id is None or numeric(id, "Location") == LOCATION_ID
        return LocationView(self._shop) if known else None

    def locations(self, **page: Any) -> dict[str, Any]:
        return window([LOCATION_ID], lambda one: (one, one), lambda _one: LocationView(self._shop), _only_page(page))

    def product(self, id: str) -> ProductView | None:
        product = self._shop.products.get(numeric(id, "Product"))
        return None if product is None else ProductView(self._shop, product)

    def products(self, query: str | None = None, **page: Any) -> dict[str, Any]:
        wanted = self._parsed(query, PRODUCT_FIELDS, "products")
        chosen = [one for one in self._shop.products.values() if wanted.matches(self._product_words(one))]
        return window(chosen, lambda one: (one.id, one.id), lambda one: ProductView(self._shop, one), _only_page(page))

    def product_variant(self, id: str) -> VariantView | None:
        variant = self._shop.variants.get(numeric(id, "ProductVariant"))
        return None if variant is None else VariantView(self._shop, variant)

    def product_variants(self, query: str | None = None, **page: Any) -> dict[str, Any]:
        chosen = self._found_variants(query, "productVariants")
        return window(chosen, lambda one: (one.id, one.id), lambda one: VariantView(self._shop, one), _only_page(page))

    def inventory_item(self, id: str) -> ItemView | None:
        variant = self._by_item(numeric(id, "InventoryItem"))
        return None if variant is None else ItemView(self._shop, variant)

    def inventory_items(self, query: str | None = None, **page: Any) -> dict[str, Any]:
        chosen = self._found_variants(query, "inventoryItems")
        return window(chosen, lambda one: (one.item_id, one.item_id), lambda one: ItemView(self._shop, one), page)

    def inventory_level(self, id: str) -> LevelView | None:
        numeric(id, "InventoryLevel")
        item = str(id).rpartition("inventory_item_id=")[2]
        variant = self._by_item(int(item)) if item.isdecimal() else None
        return None if variant is None else LevelView(self._shop, variant)

    def _by_item(self, item_id: int) -> Variant | None:
        return next((one for one in self._shop.variants.values() if one.item_id == item_id), None)

    def _found_variants(self, query: str | None, field: str) -> list[Variant]:
        wanted = self._parsed(query, VARIANT_FIELDS, field)
        return [one for one in self._shop.variants.values() if wanted.matches(self._variant_words(one))]

    def _variant_words(self, variant: Variant) -> dict[str, list[str]]:
        return {
            "id": [str(variant.id)], "sku": [variant.sku], "title": [variant.title], "barcode": [],
            "product_id": [str(variant.product_id)],
            "product_status": [self._shop.products[variant.product_id].status],
            "updated_at": [variant.updated.isoformat()], "created_at": [variant.created.isoformat()],
        }  # fmt: skip

    def _product_words(self, product: Product) -> dict[str, list[str]]:
        return {
            "id": [str(product.id)], "title": [product.title], "handle": [product.handle], "status": [product.status],
            "vendor": [product.vendor], "updated_at": [product.updated.isoformat()],
            "created_at": [product.created.isoformat()],
            "sku": [one.sku for one in self._shop.variants.values() if one.product_id == product.id],
        }  # fmt: skip

    # Webhooks

    def webhook_subscription(self, id: str) -> HookView | None:
        hook = self._shop.hooks.get(numeric(id, "WebhookSubscription"))
        return None if hook is None else HookView(self._shop, hook)

    def webhook_subscriptions(
        self, topics: list[str] | None = None, uri: str | None = None, format: str | None = None,
        query: str | None = None, sort_key: str = "CREATED_AT", **page: Any,
    ) -> dict[str, Any]:  # fmt: skip
        chosen = [
            hook
            for hook in self._found_hooks(query)
            if (topics is None or hook.topic in topics) and uri in {None, hook.uri} and format in {None, hook.format}
        ]
        by_id = sort_key == "ID"
        return window(
            chosen, lambda hook: (hook.id if by_id else hook.created, hook.id),
            lambda hook: HookView(self._shop, hook), page,
        )  # fmt: skip

    def webhook_subscriptions_count(self, query: str | None = None, limit: int | None = None) -> dict[str, Any]:
        return {"count": len(self._found_hooks(query)), "precision": "EXACT"}

    def _found_hooks(self, query: str | None) -> list[Hook]:
        wanted = self._parsed(query, HOOK_FIELDS, "webhookSubscriptions")
        return [
            hook
            for hook in self._shop.hooks.values()
            if wanted.matches({
                "id": [str(hook.id)], "created_at": [hook.created.isoformat()],
                "updated_at": [hook.updated.isoformat()],
            })
        ]  # fmt: skip


def _only_page(page: dict[str, Any]) -> dict[str, Any]:
    return {name: page.get(name) for name in ("first", "after", "last", "before", "reverse")}


def _order_key(order: Order, sort_key: str) -> tuple[Any, int]:
    match sort_key:
        case "CREATED_AT":
            return order.created, order.id
        case "UPDATED_AT":
            return order.updated, order.id
        case "PROCESSED_AT" | "RELEVANCE":
            return order.processed, order.id
        case "ORDER_NUMBER":
            return order.number, order.id
        case "TOTAL_PRICE" | "CURRENT_TOTAL_PRICE":
            return int(totals(order).total * 100), order.id
        case _:
            return order.id, order.id
