"""The fake stores, one per kind."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sandbox.stores.port import FakeStore
    from sandbox.world import World


def make_stores(world: "World") -> "dict[str, FakeStore]":
    """A fresh store of every kind, by kind."""
    # Late: the sandbox's core imports sandbox.stores.port, and the stores import the core.
    from sandbox.stores.magento2 import FakeMagento2  # noqa: PLC0415
    from sandbox.stores.shopify import FakeShopify  # noqa: PLC0415
    from sandbox.stores.woocommerce import FakeWooCommerce  # noqa: PLC0415

    return {
        "woocommerce": FakeWooCommerce(world),
        "magento2": FakeMagento2(world),
        "shopify": FakeShopify(world),
    }
