"""What stores and operators call over HTTP: parse, call one use case, answer."""

from app.api import health, metrics, pages
from app.api.admin import ADMIN_ROUTERS

ROUTERS = (health.router, metrics.router, *ADMIN_ROUTERS, pages.router)
"""Everything but the webhook door, in the order the API document shows it."""
