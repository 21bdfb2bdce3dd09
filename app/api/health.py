"""/healthz: the process answers. /readyz: everything orders need on our side; never idealo or a store."""

from datetime import timedelta

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import JSONResponse

from app.api.state import state_of
from app.domain.value import Value
from app.ledger.session import LedgerUnavailable
from app.ledger.tables import REVISION
from app.ledger.views import Views

PULSE_WITHIN = timedelta(seconds=60)

router = APIRouter(tags=["health"])


class Part(Value):
    """One thing readiness depends on."""

    ok: bool
    detail: str


class Readiness(Value):
    """`ready` when every part is ok."""

    status: str
    database: Part
    migration: Part
    worker: Part


@router.get("/healthz", summary="The process answers", response_model=dict[str, str])
async def healthz() -> JSONResponse:
    """Looks at nothing else, so that a database that is away does not make an orchestrator kill the API."""
    return JSONResponse({"status": "ok"})


@router.get(
    "/readyz",
    summary="Ready for orders",
    response_model=Readiness,
    responses={503: {"model": Readiness, "description": "One part is not ready; each is named"}},
)
async def readyz(request: Request) -> JSONResponse:
    """Database reachable, migrated to what this code needs, a worker's heartbeat younger than a minute."""
    readiness = await look(request)
    return JSONResponse(readiness.model_dump(mode="json"), status_code=200 if readiness.status == "ready" else 503)


async def look(request: Request) -> Readiness:
    """All parts. Raises nothing: trouble is a part that is not ok."""
    state = state_of(request)
    unknown = Part(ok=False, detail="unknown while the database is away")
    try:
        async with state.deps.statements() as ledger:
            views = Views(ledger)
            revision = await views.revision()
            pulse = await views.last_pulse("worker") if revision else None
    except LedgerUnavailable as e:
        return Readiness(status="not ready", database=Part(ok=False, detail=str(e)), migration=unknown, worker=unknown)
    wanted = REVISION
    migration = Part(ok=revision == wanted, detail=f"at {revision or 'nothing'}, this code needs {wanted}")
    if not migration.ok:
        migration = Part(ok=False, detail=f"{migration.detail}; run: bridge migrate")
    age = state.deps.now() - pulse if pulse else None
    worker = Part(ok=age is not None and age < PULSE_WITHIN, detail=_pulse(age))
    ready = migration.ok and worker.ok
    database = Part(ok=True, detail="reachable")
    return Readiness(status="ready" if ready else "not ready", database=database, migration=migration, worker=worker)


def _pulse(age: timedelta | None) -> str:
    if age is None:
        return "no worker has ever reported; start one with: bridge worker"
    seconds = round(age.total_seconds())
    return f"last seen {seconds} s ago" + ("" if age < PULSE_WITHIN else "; start one with: bridge worker")
