"""A fake Shopify store: Admin GraphQL, OAuth, webhooks, as recorded and documented (README.md names the sources)."""

from sandbox.stores.shopify.store import FakeShopify

__all__ = ["FakeShopify"]
