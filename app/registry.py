"""Which adapter serves which kind of store: one line per kind."""

from app.ports import StoreAdapter
from app.stores import magento2, shopify, woocommerce

ADAPTERS: dict[str, type[StoreAdapter]] = {
    "magento2": magento2.Adapter,
    "shopify": shopify.Adapter,
    "woocommerce": woocommerce.Adapter,
}
