"""Magento 2: orders, shipments and credit memos over REST, and the webhooks of our own module."""

from app.stores.magento2.adapter import Adapter

__all__ = ["Adapter"]
