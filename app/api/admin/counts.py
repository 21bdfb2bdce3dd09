"""Counts and the ledger as a stream."""

from collections import Counter
from datetime import UTC, date, datetime
from typing import Annotated, Any, Literal

from fastapi import Query
from pydantic import AwareDatetime, BeforeValidator, ConfigDict, Field
from pydantic import BaseModel as Model
from starlette.responses import StreamingResponse

from app.api.admin.stores import State
from app.api.errors import invalid
from app.api.export import csv_lines, json_lines, pages
from app.api.fields import Short
from app.api.routing import ScopedRouter, needs, refusals
from app.api.store_shapes import StoreShape, health_of, shape
from app.domain.value import Value
from app.ledger.views import Backlog, HourCount, Views

router = ScopedRouter("counts")


class Stats(Value):
    """How the bridge is doing."""

    events: Annotated[dict[str, int], Field(description="by state")]
    events_by_type: Annotated[dict[str, dict[str, int]], Field(description="type -> state -> how many")]
    problems: Annotated[dict[str, int], Field(description="dead events by problem")]
    orders: Annotated[dict[str, int], Field(description="by state")]
    backlog: Backlog
    stores: Annotated[tuple[StoreShape, ...], Field(description="with last webhook and last polls")]
    throughput: Annotated[tuple[HourCount, ...], Field(description="the last 24 hours, oldest first")]


def _moment(value: Any) -> Any:
    """A bare date is its first moment, UTC."""
    if isinstance(value, str) and len(value) == len("2026-11-23"):
        try:
            day = date.fromisoformat(value)
        except ValueError:
            return value
        return datetime(day.year, day.month, day.day, tzinfo=UTC)
    return value


Moment = Annotated[AwareDatetime, BeforeValidator(_moment)]


class ExportQuery(Model):
    """Which part of the ledger."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    since: Moment | None = Field(default=None, alias="from", description="recorded from this moment or date (UTC) on")
    until: Moment | None = Field(default=None, alias="to", description="recorded before this moment or date (UTC)")
    store_id: Short | None = None
    format: Literal["ndjson", "csv"] = "ndjson"


@router.get("/stats", summary="Counts, backlog, throughput", responses=refusals())
@needs("read")
async def stats(state: State) -> Stats:
    """Reads the whole ledger's counts: for people and dashboards; Prometheus asks /metrics."""
    now = state.deps.now()
    async with state.deps.statements() as ledger:
        views = Views(ledger)
        totals, backlog = await views.totals(), await views.backlog(now)
        throughput, stores = await views.throughput(now), await ledger.stores()
    health = await health_of(state, stores)
    by_state: Counter[str] = Counter()
    by_type: dict[str, dict[str, int]] = {}
    for one in totals.events:
        by_state[one.state] += one.count
        by_type.setdefault(one.type, {})[one.state] = one.count
    return Stats(
        events={name: by_state[name] for name in ("pending", "done", "skipped", "dead")},
        events_by_type=by_type,
        problems=totals.dead_by_problem,
        orders=totals.orders_by_state,
        backlog=backlog,
        stores=tuple(shape(state, store, health) for store in stores),
        throughput=tuple(throughput),
    )


@router.get(
    "/ledger/export",
    summary="The ledger as a stream",
    response_class=StreamingResponse,
    responses={
        **refusals(),
        200: {
            "description": "One event per line, store by store, oldest first; NDJSON holds unbroken stretches of the "
            "chains for `bridge ledger verify`, CSV exactly what was recorded between the two moments; cells that a "
            "spreadsheet would run are prefixed with '",
            "content": {"application/x-ndjson": {}, "text/csv": {}},
        },
    },
)
@needs("read")
async def export(state: State, query: Annotated[ExportQuery, Query()]) -> StreamingResponse:
    """Events with their orders and attempts; never personal data."""
    if query.since and query.until and query.since >= query.until:
        raise invalid("to", "is not after from", "exchange them")
    source = pages(state.deps, query.store_id, query.since, query.until, exact=query.format == "csv")
    first = await anext(source)
    if query.format == "csv":
        lines, media_type = csv_lines(first, source), "text/csv; charset=utf-8; header=present"
    else:
        lines, media_type = json_lines(first, source), "application/x-ndjson"
    name = f"idealo-bridge-ledger-{state.deps.now():%Y-%m-%d}.{query.format}"
    return StreamingResponse(
        lines, media_type=media_type, headers={"Content-Disposition": f'attachment; filename="{name}"'}
    )
