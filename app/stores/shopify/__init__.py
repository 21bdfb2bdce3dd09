"""Shopify: orders, fulfillments, refunds and returns over the Admin GraphQL API, and its webhooks."""

from app.stores.shopify.adapter import Adapter

__all__ = ["Adapter"]
