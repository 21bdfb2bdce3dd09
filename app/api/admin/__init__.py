"""/admin/v1: everything an operator can see and do, one file per thing."""

from app.api.admin import aliases, counts, events, kinds, orders, store_actions, stores

ADMIN_ROUTERS = (
    stores.router,
    store_actions.router,
    aliases.router,
    kinds.router,
    orders.router,
    events.router,
    counts.router,
)
