"""Which adapter serves which kind of store: one line per kind."""

from app.ports import StoreAdapter
from app.stores import woocommerce

ADAPTERS: dict[str, type[StoreAdapter]] = {
    "woocommerce": woocommerce.Adapter,
}
