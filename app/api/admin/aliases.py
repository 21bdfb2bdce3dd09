"""SKU aliases: what a SKU at idealo is called in the store."""

from typing import Annotated

from fastapi import Depends, Path, Query
from pydantic import ConfigDict, Field
from starlette.responses import Response

from app.api.admin.stores import State, store_of
from app.api.auth import Caller
from app.api.errors import not_found
from app.api.fields import Body, PageQuery, Sku
from app.api.routing import ScopedRouter, caller_of, needs, refusals
from app.domain.value import Value
from app.ledger.views import Page
from app.sync.observe import resume_unknown_skus

router = ScopedRouter("stores")


class Alias(Body):
    """An idealo SKU and the store's SKU it stands for."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"idealo_sku": "4711", "store_sku": "A-1"}]})

    idealo_sku: Sku
    store_sku: Sku


class AddedAlias(Value):
    """An alias that was added."""

    idealo_sku: str
    store_sku: str
    resumed: Annotated[int, Field(description="orders that waited for a SKU and are tried again now")]


@router.get("/stores/{store_id}/sku-aliases", summary="List SKU aliases", responses=refusals(404))
@needs("read")
async def list_aliases(state: State, store_id: str, query: Annotated[PageQuery, Query()]) -> Page[Alias]:
    """By idealo SKU."""
    store = await store_of(state, store_id)
    async with state.deps.statements() as ledger:
        aliases = sorted((await ledger.aliases(store.id)).items())
    start = query.before or 0
    end = start + query.limit
    items = tuple(Alias(idealo_sku=theirs, store_sku=ours) for theirs, ours in aliases[start:end])
    return Page[Alias](items=items, next_cursor=str(end) if len(aliases) > end else None)


@router.post("/stores/{store_id}/sku-aliases", status_code=201, summary="Add a SKU alias", responses=refusals(404, 409))
@needs("operate")
async def add_alias(
    state: State, store_id: str, alias: Alias, caller: Annotated[Caller, Depends(caller_of)]
) -> AddedAlias:
    """Replaces an alias of the same idealo SKU. Orders of this store that wait for a SKU are tried again at once."""
    store = await store_of(state, store_id, live=True)
    async with state.deps.ledger() as ledger:
        await ledger.put_alias(store.id, alias.idealo_sku, alias.store_sku, state.deps.now())
    reason = f"alias {alias.idealo_sku} -> {alias.store_sku} was added"
    resumed = await resume_unknown_skus(state.deps, store.id, caller.subject, reason)
    return AddedAlias(idealo_sku=alias.idealo_sku, store_sku=alias.store_sku, resumed=resumed)


@router.delete(
    "/stores/{store_id}/sku-aliases",
    status_code=204,
    response_class=Response,
    summary="Remove a SKU alias",
    responses=refusals(404),
)
@needs("operate")
async def remove_alias(state: State, store_id: str, idealo_sku: Annotated[Sku, Query()]) -> None:
    """Orders that are in the store already are not touched."""
    await _remove(state, store_id, idealo_sku)


@router.delete(
    "/stores/{store_id}/sku-aliases/{idealo_sku:path}",
    status_code=204,
    response_class=Response,
    summary="Remove a SKU alias named in the path",
    responses=refusals(404),
)
@needs("operate")
async def remove_alias_by_path(state: State, store_id: str, idealo_sku: Annotated[Sku, Path()]) -> None:
    """The same as with the parameter; a SKU may hold slashes."""
    await _remove(state, store_id, idealo_sku)


async def _remove(state: State, store_id: str, idealo_sku: str) -> None:
    store = await store_of(state, store_id)
    async with state.deps.ledger() as ledger:
        if await ledger.drop_alias(store.id, idealo_sku):
            return
    raise not_found("alias for SKU", idealo_sku)
