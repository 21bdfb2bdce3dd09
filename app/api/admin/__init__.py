"""/admin/v1: everything an operator can see and do, one file per thing."""

from app.api.admin import aliases, buyers, counts, events, heads, kinds, orders, reconciliation, store_actions, stores

ADMIN_ROUTERS = (
    stores.router,
    store_actions.router,
    reconciliation.router,
    aliases.router,
    kinds.router,
    orders.router,
    events.router,
    buyers.router,
    counts.router,
    heads.router,
)
