"""The ends of the chains, for whoever keeps them elsewhere."""

from datetime import date
from typing import Annotated

from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field

from app.api.admin.stores import State
from app.api.fields import Short
from app.api.routing import ScopedRouter, needs, refusals
from app.sync.verify import Heads, as_head

router = ScopedRouter("counts")


class HeadQuery(BaseModel):
    """Which heads."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    store_id: Short | None = None
    day: date | None = Field(default=None, description="the daily head of this day (UTC); without it, the end now")


@router.get("/ledger/heads", summary="Where every chain of facts ends", responses=refusals())
@needs("read")
async def heads(state: State, query: Annotated[HeadQuery, Query()]) -> Heads:
    """Keep the answer where nobody who can write to the database can change it.

    `bridge ledger verify --head` takes it.
    """
    now = state.deps.now()
    async with state.deps.statements() as ledger:
        if query.day is None:
            found = await ledger.heads(now, query.store_id)
        else:
            found = await ledger.noted_heads(query.day, query.day, query.store_id)
    return Heads(heads=tuple(as_head(record) for record in found))
