"""What can be done to a connected store: check, repair webhooks, poll, pause, resume, rotate secrets."""

from typing import Annotated

from fastapi import Path
from pydantic import Field
from starlette.responses import Response

from app.api.admin.stores import State, store_of, with_health
from app.api.errors import ApiError, not_found
from app.api.fields import Body, Secret
from app.api.routing import ScopedRouter, needs, refusals
from app.api.store_shapes import Checked, StoreShape, checked_shape
from app.domain.value import Value
from app.ledger.records import StoreRecord
from app.ports import Finding
from app.sync.change import pause, repair_webhooks, resume
from app.sync.connect import add_secret, check_sides, retire_secret
from app.sync.keys import open_keys

router = ScopedRouter("stores")


class Repaired(Value):
    """How the store's webhooks are now."""

    ok: bool
    webhook_url: str
    findings: tuple[Finding, ...]


class Rung(Value):
    """A worker was told; if that was lost, it happens within the polling interval all the same."""

    rung: bool = True


class SecretEntry(Body):
    """A webhook secret."""

    secret: Secret | None = Field(default=None, description="one that already exists; made when not given")


class NewSecret(Value):
    """A webhook secret, shown this once."""

    secret: Annotated[str | None, Field(description="null where you gave your own")]
    valid: Annotated[int, Field(description="how many secrets are valid now, newest first")]


@router.post("/stores/{store_id}/check", summary="Check both sides", responses=refusals(404, 409))
@needs("configure", "operate")
async def check_store(state: State, store_id: str) -> Checked:
    """Credentials, permissions and settings that matter, with real calls that change nothing."""
    sides, _, _ = await check_sides(state.deps, await store_of(state, store_id, live=True))
    return checked_shape(sides)


@router.post("/stores/{store_id}/webhooks", summary="Create or repair webhooks", responses=refusals(404, 409))
@needs("configure", "operate")
async def repair_store_webhooks(state: State, store_id: str) -> Repaired:
    """Creates, re-enables or repairs them in the store; safe to repeat. A worker does the same every ten minutes."""
    store = await store_of(state, store_id, live=True)
    url = state.webhook_url(store)
    findings = await repair_webhooks(state.deps, store, url)
    return Repaired(ok=all(f.ok for f in findings), webhook_url=url, findings=findings)


@router.post("/stores/{store_id}/poll", status_code=202, summary="Poll both sides now", responses=refusals(404, 409))
@needs("operate", "configure")
async def poll_store(state: State, store_id: str) -> Rung:
    """Rings a worker, which reads what changed on both sides."""
    store = await store_of(state, store_id, live=True)
    if store.paused_at is not None:
        raise ApiError(409, f"store {store.name!r} is paused; resume it first", kind="paused")
    await state.deps.queue.poll(store.id)
    return Rung()


@router.post("/stores/{store_id}/pause", summary="Pause a store", responses=refusals(404, 409))
@needs("configure", "operate")
async def pause_store(state: State, store_id: str) -> StoreShape:
    """Its webhooks are still kept and answered 202; nothing is polled or settled until resume."""
    await pause(state.deps, await _live(state, store_id))
    return await with_health(state, store_id)


@router.post("/stores/{store_id}/resume", summary="Resume a store", responses=refusals(404, 409))
@needs("configure", "operate")
async def resume_store(state: State, store_id: str) -> StoreShape:
    """Work goes on with what was kept meanwhile."""
    await resume(state.deps, await _live(state, store_id))
    return await with_health(state, store_id)


@router.post(
    "/stores/{store_id}/secrets", status_code=201, summary="Add a webhook secret", responses=refusals(404, 409)
)
@needs("configure")
async def add_store_secret(state: State, store_id: str, entry: SecretEntry | None = None) -> NewSecret:
    """Stands before the old one; both are valid until you retire one. A third takes the place of the oldest.

    Where webhooks are made through the store's API, repair them next so that the store signs with it.
    """
    given = entry.secret if entry else None
    secret, valid = await add_secret(state.deps, await _live(state, store_id), given)
    return NewSecret(secret=None if given else secret, valid=valid)


@router.delete(
    "/stores/{store_id}/secrets/{number}",
    status_code=204,
    response_class=Response,
    summary="Retire a webhook secret",
    responses=refusals(404, 409),
)
@needs("configure")
async def retire_store_secret(
    state: State, store_id: str, number: Annotated[int, Path(ge=1, le=2, description="1 is the newest")]
) -> None:
    """The last one cannot be retired: add a new one first."""
    store = await _live(state, store_id)
    if await retire_secret(state.deps, store, number):
        return
    if number == 1 and len(open_keys(state.deps.vault, store.sealed).webhook_secrets) == 1:
        raise ApiError(409, "this is the last secret; add a new one first", kind="last-secret")
    raise not_found("secret", number)


async def _live(state: State, store_id: str) -> StoreRecord:
    """The store, which is about to change: the door of this process forgets what it knew of it."""
    store = await store_of(state, store_id, live=True)
    state.stores.forget(store_id)
    return store
