"""POST /webhooks/{kind}/{store_id}: a store tells that something happened; kept in Postgres before it is answered."""

import json
import re

import structlog
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from app.api.door import Busy, Place
from app.api.errors import ApiError, problem
from app.api.routing import read_body
from app.api.state import ApiState, state_of
from app.domain.errors import SignatureInvalid
from app.ledger.accept import Receipt
from app.ledger.records import StoreRecord
from app.ledger.session import LedgerUnavailable
from app.ports import Delivery, StoreAdapter
from app.registry import ADAPTERS
from app.sync.receive import Accepted, KeptDelivery, receive
from app.wire.vault import SealBrokenError

OUTCOMES = {
    400: "broken_off",
    408: "broken_off",
    401: "refused_signature",
    404: "refused_unknown",
    413: "refused_size",
    415: "refused_type",
    503: "refused_busy",
}
COME_AGAIN_S = "5"
_STORE_ID = re.compile(r"[0-9a-f-]{36}")

log = structlog.get_logger("bridge")


async def door(scope: Scope, receive: Receive, send: Send) -> None:
    """No framework between the socket and the signature: a store waits for this answer."""
    response = await webhook(Request(scope, receive, send))
    await response(scope, receive, send)


async def webhook(request: Request) -> Response:
    """Answers one delivery; every refusal is an answer, too."""
    state = state_of(request)
    kind, store_id = request.path_params["kind"], request.path_params["store_id"]
    label = kind if kind in ADAPTERS else "unknown"
    try:
        accepted = await _take(request, state, kind, store_id)
    except Busy as e:
        state.counts.count(label, OUTCOMES[503])
        return problem(request, 503, str(e), headers={"Retry-After": COME_AGAIN_S}, kind="busy")
    except ApiError as e:
        state.counts.count(label, OUTCOMES[e.status])
        return problem(request, e.status, str(e), headers=e.headers)
    except (LedgerUnavailable, SealBrokenError) as e:
        state.counts.count(label, "unavailable")
        log.error("webhook.not_kept", kind=label, store=store_id[:80], detail=str(e))  # noqa: TRY400 - no bug of ours
        return problem(request, 503, "the delivery could not be kept; send it again", headers={"Retry-After": "10"})
    state.counts.count(label, accepted.status)
    if accepted.status == "ping":
        return Response(b'{"status":"ping"}', media_type="application/json")
    content = json.dumps({"status": accepted.status, "delivery_id": accepted.delivery_id}).encode()
    return Response(content, status_code=202, media_type="application/json")


async def _take(request: Request, state: ApiState, kind: str, store_id: str) -> Accepted:
    store = await _store(state, kind, store_id)
    place = state.room.of(store.id)
    try:
        body = await read_body(request, state.bridge.settings.max_body_bytes, place.grow)
        return await _taken(request, state, store, body, place)
    finally:
        place.leave()


async def _taken(request: Request, state: ApiState, store: StoreRecord, body: bytes, place: Place) -> Accepted:
    headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in request.scope["headers"]}
    adapter = state.adapter(store)
    delivery = Delivery(headers=headers, body=body, received_at=state.deps.now())
    media_type = headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type not in adapter.content_types and not adapter.is_ping(delivery):
        wanted = ", ".join(sorted(adapter.content_types))
        raise ApiError(
            415, f"{store.kind} webhooks come as {wanted}, this one came as {media_type[:80] or 'nothing named'}"
        )
    try:
        return await _receive(state, store, adapter, delivery, place)
    except SignatureInvalid as e:
        raise ApiError(401, str(e)) from e


async def _receive(
    state: ApiState, store: StoreRecord, adapter: StoreAdapter, delivery: Delivery, place: Place
) -> Accepted:
    async def keep(row: KeptDelivery) -> Receipt:
        place.leave()  # vouched for: from here on its turn bounds what it holds
        # Asked for after the signature was checked: a forger takes nobody's turn.
        line = await state.turns.take(store.id, store.kind, row.body_size)
        try:
            return await state.bridge.acceptor.keep(row)
        finally:
            state.turns.give(line)

    return await receive(store, adapter, delivery, keep, state.deps.queue, state.deps.vault)


async def _store(state: ApiState, kind: str, store_id: str) -> StoreRecord:
    if kind in ADAPTERS and _STORE_ID.fullmatch(store_id):
        store = await state.stores.get(store_id)
        if store is not None and store.archived_at is None and store.kind == kind:
            return store
    raise ApiError(404, f"no {kind[:40]} store has this address")


ROUTE = Route("/webhooks/{kind}/{store_id}", webhook, methods=["POST"], name="webhook", include_in_schema=False)
"""What the door serves (app.main); other methods are refused as everywhere. app.api.describe documents it per kind."""
