"""A faithful fake of WooCommerce 10.9.1: REST v3, webhooks, tracking plugins, and the bad habits of its hosts."""

from sandbox.stores.woocommerce.store import FakeWooCommerce

__all__ = ["FakeWooCommerce"]
