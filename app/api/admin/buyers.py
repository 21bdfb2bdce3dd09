"""Buyers: show one to whoever asks for themselves, erase one for good."""

from typing import Annotated

from fastapi import Depends, Query
from pydantic import BaseModel, ConfigDict

from app.api.admin.orders import OrderId
from app.api.admin.stores import State
from app.api.auth import Caller
from app.api.errors import ApiError, not_found
from app.api.fields import Reason
from app.api.routing import ScopedRouter, caller_of, needs, refusals
from app.api.state import ApiState
from app.ledger.records import OrderRecord
from app.sync.erase import Erasure, ShownBuyer, StillNeededError, erase, show_buyer

router = ScopedRouter("buyers")
Who = Annotated[Caller, Depends(caller_of)]


class Because(BaseModel):
    """Why a buyer is erased; no personal data."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    reason: Reason


@router.get("/orders/{order_id}/buyer", summary="Who bought", responses=refusals(404))
@needs("configure")
async def get_buyer(state: State, order_id: OrderId, caller: Who) -> ShownBuyer:
    """For a request of access (GDPR Art. 15): the only personal data the bridge keeps. Who looked stands in the log."""
    return await show_buyer(state.deps, await _order(state, order_id), caller.subject)


@router.delete("/orders/{order_id}/buyer", summary="Erase who bought", responses=refusals(404, 409))
@needs("configure")
async def erase_buyer(state: State, order_id: OrderId, why: Annotated[Because, Query()], caller: Who) -> Erasure:
    """Destroys data, key and salt; the chain of facts verifies as before. Doing it again changes nothing.

    409 while the order waits for its import. The token's subject and the reason go on record.
    """
    try:
        return await erase(state.deps, await _order(state, order_id), caller.subject, why.reason)
    except StillNeededError as e:
        raise ApiError(409, str(e), kind="still-needed") from e


async def _order(state: ApiState, order_id: int) -> OrderRecord:
    async with state.deps.statements() as ledger:
        order = await ledger.order(order_id)
    if order is None:
        raise not_found("order", order_id)
    return order
