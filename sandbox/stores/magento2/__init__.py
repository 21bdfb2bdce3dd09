"""A faithful fake of Magento 2.4.6 open source: REST, OAuth, orders and stock, and the bridge's own module in it."""

from sandbox.stores.magento2.store import FakeMagento2

__all__ = ["FakeMagento2"]
