"""WooCommerce: orders, refunds and parcels over REST v3, and its webhooks."""

from app.stores.woocommerce.adapter import Adapter

__all__ = ["Adapter"]
