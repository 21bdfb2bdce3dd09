"""Orders: both copies, their state, their timeline; look again, explain."""

from typing import Annotated

from fastapi import Path, Query
from pydantic import ConfigDict, Field

from app.api.admin.stores import State, store_of
from app.api.errors import ApiError, not_found
from app.api.fields import LARGEST_ID, Body, PageQuery, Short
from app.api.routing import ScopedRouter, needs, refusals
from app.domain.errors import Problem
from app.domain.value import Value
from app.ledger.views import OrderDetail, OrderFilter, OrderState, OrderView, Page, Views
from app.sync.change import look_now
from app.sync.replay import Explained, explain

router = ScopedRouter("orders")
OrderId = Annotated[int, Path(ge=1, le=LARGEST_ID, description="our id, as the list shows it")]


class OrderQuery(PageQuery):
    """Which orders to list."""

    store_id: Short | None = None
    idealo_order_id: Short | None = None
    store_order_number: Short | None = None
    state: OrderState | None = None
    problem: Problem | None = Field(default=None, description="with a dead event of this problem")


class Looked(Value):
    """What a look brought."""

    new_events: int
    order: OrderDetail


class ExplainEntry(Body):
    """Which order to explain."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"store_id": "7d2a4c1e-0f57-4f0b-9a57-0c3f6a1d2b11", "order_id": "727"}]}
    )

    store_id: Short
    order_id: Short = Field(description="the store's own order id")


@router.get("/orders", summary="List orders", responses=refusals())
@needs("read")
async def list_orders(state: State, query: Annotated[OrderQuery, Query()]) -> Page[OrderView]:
    """Newest first; the state is computed from the order's events.

    `attention` a dead event needs a person · `importing` not in the store yet · `open` in the store, nothing left ·
    `shipped` idealo knows that goods left · `cancelled` all units, or revoked before the import · `closed` nothing
    can follow any more.
    """
    which = OrderFilter(**query.model_dump(exclude={"limit", "cursor"}))
    async with state.deps.statements() as ledger:
        return await Views(ledger).orders(which, query.limit, query.before)


@router.get("/orders/{order_id}", summary="One order with its timeline", responses=refusals(404))
@needs("read")
async def get_order(state: State, order_id: OrderId) -> OrderDetail:
    """Lines per SKU, what was paid and refunded, and every event with every attempt, oldest first."""
    async with state.deps.statements() as ledger:
        order = await Views(ledger).timeline(order_id)
    if order is None:
        raise not_found("order", order_id)
    return order


@router.post("/orders/{order_id}/look", summary="Read both sides again now", responses=refusals(404, 409, 502))
@needs("operate")
async def look(state: State, order_id: OrderId) -> Looked:
    """Records what is new and rings a worker for it."""
    async with state.deps.statements() as ledger:
        order = await ledger.order(order_id)
    if order is None:
        raise not_found("order", order_id)
    store = await store_of(state, order.store_id, live=True)
    if not store.working:
        raise ApiError(409, f"store {store.name!r} is paused; resume it first", kind="paused")
    new = await look_now(state.deps, store, order)
    return Looked(new_events=new, order=await get_order(state, order_id))


@router.post("/explain", summary="Explain a store order", responses=refusals(404, 502))
@needs("read")
async def explain_order(state: State, entry: ExplainEntry) -> Explained:
    """For integrators: the snapshot as understood, the events it implies, which are new, and where each would lead.

    Reads the store and idealo; sends and records nothing.
    """
    store = await store_of(state, entry.store_id, live=True)
    return await explain(state.deps, store, entry.order_id)
