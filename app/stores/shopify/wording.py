"""What shop staff read on an order, within Shopify's limits; pure."""

from app.domain.orders import Purchase
from app.domain.staff_notes import order_note
from app.wire.json_fields import clean

CANCEL_NOTE = "idealo: vom Käufer storniert"
"""Shopify takes up to 255 characters here (captured 2026-06-29)."""


def note(purchase: Purchase) -> str:
    """The order's note."""
    return clean(order_note(purchase))[:5000]
