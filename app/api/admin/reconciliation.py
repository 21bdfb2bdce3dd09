"""Three-way reconciliation: compare idealo, ledger and store now, and read the reports."""

import asyncio
from typing import Annotated

import structlog
from fastapi import Query
from pydantic import ConfigDict, Field
from starlette.responses import JSONResponse, Response

from app.api.admin.stores import State, store_of
from app.api.errors import ApiError
from app.api.fields import Body, PageQuery
from app.api.report_shapes import ReportShape, report_shape
from app.api.routing import ScopedRouter, needs, refusals
from app.api.state import ApiState
from app.ledger.records import ReconciliationRecord
from app.ledger.session import LedgerUnavailable
from app.ledger.views import Page, Views
from app.sync.audit import DAYS, begin, reconcile

WAIT_S = 25.0
"""So long an answer may take; what takes longer goes on, and the list of reports shows how far it is."""

router = ScopedRouter("stores")
log = structlog.get_logger("bridge")


class ReconcileEntry(Body):
    """How to reconcile."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"days": 30, "repair": True}]})

    days: Annotated[int, Field(ge=1, le=365, description="unclosed orders, and all placed within so many")] = DAYS
    repair: Annotated[bool, Field(description="mend what reading again and settling can mend")] = True


@router.post(
    "/stores/{store_id}/reconcile",
    summary="Compare idealo, ledger and store now",
    response_model=ReportShape,
    responses={**refusals(404, 409), 202: {"description": "It takes longer and goes on; see the list of reports"}},
)
@needs("operate")
async def reconcile_store(state: State, store_id: str, entry: ReconcileEntry | None = None) -> Response:
    """Reads every unclosed and recent order on both sides. Repair is the ordinary path alone: read, record, settle."""
    wanted = entry or ReconcileEntry()
    store = await store_of(state, store_id, live=True)
    report_id = await begin(state.deps, store.id, "operator", days=wanted.days, repair=wanted.repair)
    if report_id is None:
        raise ApiError(409, f"store {store.name!r} is being reconciled; see its reports", kind="reconciling")
    work = asyncio.create_task(reconcile(state.deps, report_id))
    state.background.add(work)
    work.add_done_callback(lambda done: _finished(state, done))
    await asyncio.wait({work}, timeout=WAIT_S)
    if work.done():
        report, status = work.result(), 200
    else:
        async with state.deps.statements() as ledger:
            report, status = await ledger.reconciliation(report_id), 202
    return JSONResponse(report_shape(report, state.deps.now()).model_dump(mode="json"), status)


def _finished(state: ApiState, work: "asyncio.Task[ReconciliationRecord]") -> None:
    state.background.discard(work)
    if not work.cancelled() and isinstance(error := work.exception(), LedgerUnavailable):
        log.warning("reconciliation.broken_off", detail=str(error))


@router.get("/stores/{store_id}/reconciliations", summary="Reconciliation reports", responses=refusals(404))
@needs("read")
async def list_reconciliations(state: State, store_id: str, query: Annotated[PageQuery, Query()]) -> Page[ReportShape]:
    """Newest first; a running one shows how far it is."""
    store = await store_of(state, store_id)
    async with state.deps.statements() as ledger:
        page = await Views(ledger).reconciliations(store.id, query.limit, query.before)
    now = state.deps.now()
    return Page[ReportShape](items=tuple(report_shape(r, now) for r in page.items), next_cursor=page.next_cursor)
