"""Events: list, preview, and a person's two decisions about a dead one."""

from typing import Annotated

from fastapi import Depends, Path, Query
from pydantic import Field

from app.api.admin.stores import State
from app.api.auth import Caller
from app.api.errors import ApiError, not_found
from app.api.fields import LARGEST_ID, Body, PageQuery, Reason, RowId, Short
from app.api.routing import ScopedRouter, caller_of, needs, refusals
from app.domain.errors import Problem
from app.domain.events import EventType
from app.ledger.records import EventState
from app.ledger.views import EventFilter, EventView, Page, Views
from app.sync.replay import Preview, dismiss, preview, replay

router = ScopedRouter("events")
EventId = Annotated[int, Path(ge=1, le=LARGEST_ID)]
Who = Annotated[Caller, Depends(caller_of)]


class EventQuery(PageQuery):
    """Which events to list."""

    state: EventState | None = None
    problem: Problem | None = None
    type: EventType | None = None
    store_id: Short | None = None
    order_id: RowId | None = Field(default=None, description="our id of the order")


class Decision(Body):
    """Why a person decided so."""

    reason: Reason


@router.get("/events", summary="List events", responses=refusals())
@needs("read")
async def list_events(state: State, query: Annotated[EventQuery, Query()]) -> Page[EventView]:
    """Newest first; `state=dead` is what needs a person."""
    which = EventFilter(**query.model_dump(exclude={"limit", "cursor"}))
    async with state.deps.statements() as ledger:
        return await Views(ledger).events(which, query.limit, query.before)


@router.get("/events/{event_id}", summary="One event with its attempts", responses=refusals(404))
@needs("read")
async def get_event(state: State, event_id: EventId) -> EventView:
    """With every attempt to settle it, and every decision a person took about it."""
    async with state.deps.statements() as ledger:
        event = await Views(ledger).event_view(event_id)
    if event is None:
        raise not_found("event", event_id)
    return event


@router.post("/events/{event_id}/preview", summary="What would be done about it now", responses=refusals(404, 409))
@needs("read")
async def preview_event(state: State, event_id: EventId) -> Preview:
    """Asks both sides as an attempt would, shows the action and why; sends nothing."""
    await get_event(state, event_id)
    shown = await preview(state.deps, event_id)
    if shown is None:
        raise ApiError(409, f"retention took the content of event {event_id} away; nothing can follow", kind="reduced")
    return shown


@router.post("/events/{event_id}/replay", summary="Try a dead event again", responses=refusals(404, 409))
@needs("operate")
async def replay_event(state: State, event_id: EventId, decision: Decision, caller: Who) -> EventView:
    """dead -> pending; a worker settles it at once. The reason and the token's subject go on record."""
    done = await replay(state.deps, event_id, caller.subject, decision.reason)
    return await _decided(state, event_id, done=done is not None)


@router.post("/events/{event_id}/dismiss", summary="A dead event needs nothing", responses=refusals(404, 409))
@needs("operate")
async def dismiss_event(state: State, event_id: EventId, decision: Decision, caller: Who) -> EventView:
    """dead -> skipped. The reason and the token's subject go on record."""
    done = await dismiss(state.deps, event_id, caller.subject, decision.reason)
    return await _decided(state, event_id, done=done is not None)


async def _decided(state: State, event_id: int, *, done: bool) -> EventView:
    event = await get_event(state, event_id)
    if not done:
        detail = f"event {event_id} is {event.state}, not dead; only dead events can be replayed or dismissed"
        raise ApiError(409, detail, kind="not-dead")
    return event
