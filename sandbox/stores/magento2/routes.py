"""The shop's addresses: method, path, the right it takes, and the handler."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from sandbox.stores.magento2.answers import Answer
from sandbox.stores.magento2.cart_api import CartApi
from sandbox.stores.magento2.catalog_api import CatalogApi
from sandbox.stores.magento2.hooks import Outbox
from sandbox.stores.magento2.oauth import Tokens
from sandbox.stores.magento2.order_api import OrderApi
from sandbox.stores.magento2.own_module import OwnModule
from sandbox.stores.magento2.state import Shop
from sandbox.stores.magento2.stock_api import StockApi

Handler = Callable[..., Answer]

OPEN: Final = "anonymous"
MODULE_RIGHT: Final = "Idealo_Connector::connector"


@dataclass(frozen=True, slots=True)
class Route:
    """`path` with `:name` for a segment of the caller's; `needs`: an option that has to be on ("msi", "module")."""

    method: str
    path: str
    right: str
    handler: Handler
    needs: str | None = None

    def match(self, segments: list[str]) -> list[str] | None:
        """The caller's segments, or None where the path is another one."""
        own = self.path.split("/")
        if len(own) != len(segments):
            return None
        found = []
        for pattern, given in zip(own, segments, strict=True):
            if pattern.startswith(":"):
                found.append(given)
            elif pattern != given:
                return None
        return found if all(re.fullmatch(r".+", part) for part in found) else None


def build_routes(shop: Shop, outbox: Outbox) -> list[Route]:
    """All routes; the more literal ones first."""
    catalog = CatalogApi(shop)
    orders = OrderApi(shop)
    return [
        *_order_routes(orders),
        *_document_routes(orders),
        *_catalog_routes(catalog),
        *_stock_routes(StockApi(shop, catalog)),
        *_cart_routes(CartApi(shop)),
        *_module_routes(OwnModule(shop, outbox)),
        Route("POST", "integration/admin/token", OPEN, Tokens(shop).issue),
    ]


def _order_routes(api: OrderApi) -> list[Route]:
    view, edit = "Magento_Sales::actions_view", "Magento_Sales::actions"
    return [
        Route("GET", "orders", view, api.collection),
        Route("POST", "orders", "Magento_Sales::create", api.create),
        Route("PUT", "orders/create", "Magento_Sales::create", api.create),
        Route("GET", "orders/items", view, api.order_items),
        Route("GET", "orders/:id", view, api.get),
        Route("PUT", "orders/:id", edit, api.put_address),
        Route("POST", "orders/:id/cancel", "Magento_Sales::cancel", api.cancel),
        Route("POST", "orders/:id/hold", "Magento_Sales::hold", api.hold),
        Route("POST", "orders/:id/unhold", "Magento_Sales::unhold", api.unhold),
        Route("POST", "orders/:id/comments", "Magento_Sales::comment", api.add_comment),
        Route("GET", "orders/:id/comments", view, api.comments),
        Route("POST", "order/:id/invoice", "Magento_Sales::invoice", api.invoice),
        Route("POST", "order/:id/ship", "Magento_Sales::ship", api.ship),
        Route("POST", "order/:id/refund", "Magento_Sales::creditmemo", api.refund),
    ]


def _document_routes(api: OrderApi) -> list[Route]:
    shipment, memo, invoice = (
        "Magento_Sales::shipment",
        "Magento_Sales::sales_creditmemo",
        "Magento_Sales::sales_invoice",
    )
    return [
        Route("POST", "shipment/track", shipment, api.add_track),
        Route("DELETE", "shipment/track/:id", shipment, api.delete_track),
        Route("GET", "shipments", shipment, api.shipments),
        Route("GET", "shipment/:id", shipment, api.get_shipment),
        Route("GET", "creditmemos", memo, api.creditmemos),
        Route("GET", "creditmemo/:id", memo, api.get_creditmemo),
        Route("GET", "invoices", invoice, api.invoices),
        Route("GET", "invoices/:id", invoice, api.get_invoice),
        Route("POST", "invoice/:id/refund", "Magento_Sales::creditmemo", api.refund_invoice),
        Route("GET", "transactions", "Magento_Sales::transactions_fetch", api.transactions),
    ]


def _catalog_routes(api: CatalogApi) -> list[Route]:
    products, taxes, stores = "Magento_Catalog::products", "Magento_Tax::manage_tax", "Magento_Backend::store"
    return [
        Route("GET", "products", products, api.list_products),
        Route("POST", "products", products, api.save_product),
        Route("GET", "products/:sku", products, api.get_product),
        Route("PUT", "products/:sku", products, api.save_product),
        Route("GET", "configurable-products/:sku/children", products, api.children),
        Route("GET", "taxRates/search", taxes, api.search_rates),
        Route("POST", "taxRates", taxes, api.create_rate),
        Route("GET", "taxRates/:id", taxes, api.get_rate),
        Route("GET", "taxRules/search", taxes, api.search_rules),
        Route("POST", "taxRules", taxes, api.create_rule),
        Route("GET", "taxRules/:id", taxes, api.get_rule),
        Route("GET", "taxClasses/search", taxes, api.search_classes),
        Route("GET", "store/storeConfigs", stores, api.store_configs),
        Route("GET", "store/storeViews", stores, api.store_views),
        Route("GET", "store/websites", stores, api.websites),
        Route("GET", "modules", "Magento_Backend::admin", api.modules),
    ]


def _stock_routes(api: StockApi) -> list[Route]:
    legacy, msi = "Magento_CatalogInventory::cataloginventory", "Magento_InventoryApi::source"
    sales = "Magento_InventorySalesApi::stock"
    return [
        Route("GET", "stockItems/:sku", legacy, api.stock_item),
        Route("PUT", "products/:sku/stockItems/:id", legacy, api.put_stock_item),
        Route("GET", "inventory/source-items", msi, api.source_items, "msi"),
        Route("POST", "inventory/source-items", msi, api.put_source_items, "msi"),
        Route("GET", "inventory/get-product-salable-quantity/:sku/:stock", sales, api.salable, "msi"),
        Route("GET", "inventory/are-products-salable", sales, api.are_salable, "msi"),
        Route(
            "GET", "inventory/is-product-salable-for-requested-qty/:sku/:stock/:qty", sales, api.is_salable_for, "msi"
        ),
        Route("GET", "inventory/stock-resolver/website/:code", sales, api.resolve, "msi"),
        Route("GET", "inventory/export-stock-salable-qty/website/:code", sales, api.export, "msi"),
        Route("GET", "inventory/dump-stock-index-data/website/:code", sales, api.dump, "msi"),
    ]


def _cart_routes(api: CartApi) -> list[Route]:
    manage = "Magento_Cart::manage"
    routes = [Route("POST", "guest-carts", OPEN, api.create_guest), Route("POST", "carts", manage, api.create)]
    for root, right in (("guest-carts", OPEN), ("carts", manage)):
        routes += [
            Route("GET", f"{root}/:id", right, api.get),
            Route("GET", f"{root}/:id/items", right, api.items),
            Route("POST", f"{root}/:id/items", right, api.add_item),
            Route("POST", f"{root}/:id/estimate-shipping-methods", right, api.estimate),
            Route("POST", f"{root}/:id/shipping-information", right, api.shipping_information),
            Route("GET", f"{root}/:id/totals", right, api.totals),
            Route("GET", f"{root}/:id/payment-methods", right, api.payment_methods),
            Route("POST", f"{root}/:id/billing-address", right, api.billing_address),
            Route("PUT", f"{root}/:id/selected-payment-method", right, api.set_payment),
            Route("PUT", f"{root}/:id/order", right, api.place),
            Route("POST", f"{root}/:id/payment-information", right, api.payment_information),
        ]
    return routes


def _module_routes(api: OwnModule) -> list[Route]:
    root = "idealo-connector"
    return [
        Route("GET", f"{root}/info", MODULE_RIGHT, api.info, "module"),
        Route("PUT", f"{root}/config", MODULE_RIGHT, api.configure, "module"),
        Route("POST", f"{root}/ping", MODULE_RIGHT, api.ping, "module"),
        Route("POST", f"{root}/orders", MODULE_RIGHT, api.import_order, "module"),
        Route("GET", f"{root}/orders/:id", MODULE_RIGHT, api.get_order, "module"),
    ]
