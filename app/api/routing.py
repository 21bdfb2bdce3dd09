"""Routes that cannot exist without a scope; the token is checked before a byte of the body is read."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from fastapi import APIRouter
from fastapi.routing import APIRoute
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from app.api.auth import Caller, Scope, TokenRefused
from app.api.errors import MEDIA_TYPE, PROBLEM, ApiError
from app.api.state import state_of

PREFIX = "/admin/v1"
MAX_BODY_BYTES = 1024 * 1024
BODY_PATIENCE_S = 30
WITH_BODY = frozenset({"POST", "PATCH", "PUT"})
LOWEST_RIGHTS: dict[str, str] = {
    "read": "see stores, orders, events and counts",
    "operate": "replay and dismiss events, poll now, keep SKU aliases",
    "configure": "connect, change and archive stores, and their secrets; show and erase buyers",
}

F = TypeVar("F", bound=Callable[..., Any])


def needs(*scopes: Scope) -> Callable[[F], F]:
    """States which scopes a route takes, any of them; without it the route cannot be registered."""

    def mark(endpoint: F) -> F:
        endpoint.needed_scopes = scopes  # type: ignore[attr-defined]
        return endpoint

    return mark


def refusals(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """OpenAPI answers for the refusals of a route; 401, 403, 422 and 503 belong to every one."""
    meaning = {
        400: "The body is not JSON in UTF-8, or broke off",
        401: "No token, or one that is not valid",
        403: "The token lacks the scope",
        404: "Not there",
        408: "The body did not arrive in time",
        409: "Not possible in the present state",
        413: "The body is larger than 1 MiB",
        415: "The body is not announced as application/json",
        422: "A field is not valid; `errors` says which and what to do",
        502: "The store or idealo failed; try again",
        503: "Postgres is not available; nothing was done",
    }
    return {
        status: {
            "description": meaning[status],
            "content": {MEDIA_TYPE: {"schema": PROBLEM}},
        }
        for status in sorted({401, 403, 422, 503, *statuses})
    }


class ScopedRoute(APIRoute):
    """A route whose endpoint carries `@needs(...)`. Raises TypeError for one that does not."""

    def __init__(self, path: str, endpoint: Callable[..., Any], **more: Any) -> None:
        self.needed_scopes: tuple[Scope, ...] = getattr(endpoint, "needed_scopes", ())
        if not self.needed_scopes:
            raise TypeError(f"{path}: the endpoint {endpoint.__name__} states no scope; add @needs(...)")
        said = (endpoint.__doc__ or "").strip()
        more["description"] = (
            f"{more.get('description') or said}\n\nScope: {' or '.join(f'`{s}`' for s in self.needed_scopes)}."
        )
        security = [{"bearer": [scope]} for scope in self.needed_scopes]
        if WITH_BODY.intersection(more.get("methods") or ()):
            more["responses"] = {**(more.get("responses") or {}), **refusals(400, 408, 413, 415)}
        more["openapi_extra"] = {**(more.get("openapi_extra") or {}), "security": security}
        super().__init__(path, endpoint, **more)

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()
        scopes = self.needed_scopes

        async def guarded(request: Request) -> Response:
            request.state.caller = await authorized(request, scopes)
            return await handle(await _bounded(request) if request.method in WITH_BODY else request)

        return guarded


class ScopedRouter(APIRouter):
    """A router of the admin API."""

    def __init__(self, tag: str) -> None:
        super().__init__(prefix=PREFIX, tags=[tag], route_class=ScopedRoute, redirect_slashes=False)


async def authorized(request: Request, scopes: tuple[Scope, ...]) -> Caller:
    """Who calls, with one of the scopes. Raises ApiError 401 (no or bad token) and 403 (scope missing)."""
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    if kind.lower() != "bearer" or not token.strip():
        detail = "send an Authorization: Bearer header; make a token with: bridge token --scope read,operate,configure"
        raise ApiError(401, detail, headers={"WWW-Authenticate": "Bearer"})
    try:
        caller = await state_of(request).tokens.check(token.strip())
    except TokenRefused as e:
        raise ApiError(401, str(e), headers={"WWW-Authenticate": 'Bearer error="invalid_token"'}) from e
    if not caller.scopes.intersection(scopes):
        given = " ".join(sorted(caller.scopes)) or "none"
        detail = f"this needs scope {' or '.join(scopes)}; the token has: {given[:200]}"
        header = f'Bearer error="insufficient_scope", scope="{" ".join(scopes)}"'
        raise ApiError(403, detail, headers={"WWW-Authenticate": header})
    return caller


def caller_of(request: Request) -> Caller:
    """Who was let in; a dependency of routes that put an actor on record."""
    caller: Caller = request.state.caller
    return caller


async def _bounded(request: Request) -> Request:
    """The same request with its body read, at most MAX_BODY_BYTES of it."""
    body = await read_body(request, MAX_BODY_BYTES)
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if body and media_type != "application/json":
        raise ApiError(415, f"send JSON with Content-Type: application/json, not {media_type[:80] or 'without one'}")

    async def replay() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    return Request(request.scope, replay)


async def read_body(request: Request, limit: int, grown: Callable[[int], None] | None = None) -> bytes:
    """The whole body; reading stops at the limit, or where `grown`, which is told the size so far, raises.

    Raises ApiError 413, 408 for a slow sender, 400 for one that left.
    """
    too_large = ApiError(413, f"the body is larger than {limit} bytes", headers={"Connection": "close"})
    announced = request.headers.get("content-length", "")
    # int() refuses more than 4300 digits, and no limit has more than nine.
    if announced.isdecimal() and (len(announced) > 18 or int(announced) > limit):
        raise too_large
    chunks: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(BODY_PATIENCE_S):
            async for chunk in request.stream():
                size += len(chunk)
                if size > limit:
                    raise too_large
                if grown is not None:
                    grown(size)
                chunks.append(chunk)
    except TimeoutError as e:
        raise ApiError(
            408, f"the body did not arrive within {BODY_PATIENCE_S} s", headers={"Connection": "close"}
        ) from e
    except ClientDisconnect as e:
        raise ApiError(400, "the sender hung up before the body was complete") from e
    return chunks[0] if len(chunks) == 1 else b"".join(chunks)
