"""Stores: connect, list, change, archive."""

from typing import Annotated

from fastapi import Depends, Query
from starlette.responses import Response

from app.api.errors import ApiError, FieldError, not_found
from app.api.fields import PageQuery
from app.api.routing import ScopedRouter, needs, refusals
from app.api.state import ApiState, state_of
from app.api.store_entry import (
    StoreEntry,
    StorePatch,
    adapter_of,
    checked_settings,
    merge,
    merged,
    new_store,
    refuse_if,
)
from app.api.store_shapes import CreatedStore, StoreShape, health_of, shape
from app.ledger.records import StoreRecord
from app.ledger.views import Page
from app.sync.change import OtherShopError, archive, change
from app.sync.connect import connect
from app.sync.keys import open_keys

router = ScopedRouter("stores")
State = Annotated[ApiState, Depends(state_of)]


class StoreQuery(PageQuery):
    """Which stores to list."""

    archived: bool = False
    """With archived ones."""


async def store_of(state: ApiState, store_id: str, *, live: bool = False) -> StoreRecord:
    """The store. Raises ApiError 404 when there is none, 409 for an archived one where it has to be live."""
    store = None
    if "\0" not in store_id:
        async with state.deps.statements() as ledger:
            store = await ledger.store(store_id)
    if store is None:
        raise not_found("store", store_id)
    if live and store.archived_at is not None:
        raise ApiError(409, f"store {store.name!r} is archived; connect it anew", kind="archived")
    return store


async def with_health(state: ApiState, store_id: str) -> StoreShape:
    """The store as it is now, with its polls and its last webhook."""
    async with state.deps.statements() as ledger:
        store = await ledger.store(store_id)
    if store is None:
        raise not_found("store", store_id)
    return shape(state, store, await health_of(state, [store]))


@router.post("/stores", status_code=201, summary="Connect a store", responses=refusals(409))
@needs("configure")
async def add_store(state: State, entry: StoreEntry, *, check: bool = True) -> CreatedStore:
    """Both sides are asked with real calls first, unless `check=false`; 422 says which side refused and why.

    A webhook secret is made when none is given, and shown once in this answer.
    """
    store = await connect(state.deps, new_store(entry), check=check)
    made = None if entry.webhook_secrets else open_keys(state.deps.vault, store.sealed).webhook_secrets[0]
    return CreatedStore(**(await with_health(state, store.id)).model_dump(), webhook_secret=made)


@router.get("/stores", summary="List stores", responses=refusals())
@needs("read")
async def list_stores(state: State, query: Annotated[StoreQuery, Query()]) -> Page[StoreShape]:
    """In the order they were connected, with the health of their polls and webhooks."""
    async with state.deps.statements() as ledger:
        stores = await ledger.stores(archived=query.archived)
    start = query.before or 0
    end = start + query.limit
    health = await health_of(state, stores[start:end])
    items = tuple(shape(state, store, health) for store in stores[start:end])
    return Page[StoreShape](items=items, next_cursor=str(end) if len(stores) > end else None)


@router.get("/stores/{store_id}", summary="One store", responses=refusals(404))
@needs("read")
async def get_store(state: State, store_id: str) -> StoreShape:
    """With the health of its polls and webhooks; archived ones as well."""
    await store_of(state, store_id)
    return await with_health(state, store_id)


@router.patch("/stores/{store_id}", summary="Change a store", responses=refusals(404, 409))
@needs("configure")
async def change_store(state: State, store_id: str, patch: StorePatch, *, check: bool = True) -> StoreShape:
    """New credentials are checked with real calls first, unless `check=false`; then nothing is kept that fails."""
    store = await store_of(state, store_id, live=True)
    adapter = adapter_of(store.kind)
    errors: list[FieldError] = []
    settings = None
    if patch.settings is not None:
        settings = checked_settings(adapter, merge(store.settings, patch.settings), errors)
    refuse_if(errors)
    keys = merged(adapter, open_keys(state.deps.vault, store.sealed), patch)
    try:
        await change(state.deps, store, name=patch.name, settings=settings, keys=keys, check=check)
    except OtherShopError as e:
        raise ApiError(409, str(e), kind="other-shop") from e
    state.stores.forget(store_id)
    return await with_health(state, store_id)


@router.delete(
    "/stores/{store_id}", status_code=204, response_class=Response, summary="Archive a store", responses=refusals(404)
)
@needs("configure")
async def archive_store(state: State, store_id: str) -> None:
    """Its webhooks are answered 404 from now on, nothing is polled or settled; the ledger stays."""
    await archive(state.deps, await store_of(state, store_id))
    state.stores.forget(store_id)
