"""The API process: `create_app` for servers and tests."""

import random
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog
from fastapi import FastAPI
from starlette.middleware.errors import ServerErrorMiddleware
from starlette.routing import Match
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.api import ROUTERS, webhooks
from app.api.auth import TokenChecker
from app.api.describe import description, openapi
from app.api.door import StoreCache
from app.api.errors import add_error_handlers, bug
from app.api.state import ApiState
from app.bootstrap import Bridge
from app.config import load_settings
from app.wire.http import open_http

VERSION = "0.1.0"
SAFE_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"cache-control", b"no-store"),
)
"""On every answer that does not bring a header of that name itself."""
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")


class BridgeApi(FastAPI):
    """FastAPI inside a shell that names each request, puts the safe headers on every answer, and opens the door."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await super().__call__(scope, receive, send)
            return
        request_id = scope["request_id"] = _request_id(scope)
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request_id)

        async def send_safely(message: Message) -> None:
            if message["type"] == "http.response.start":
                given = message["headers"] = list(message.get("headers", ()))
                names = {name for name, _ in given}
                given += [(name, value) for name, value in SAFE_HEADERS if name not in names]
                given.append((b"x-request-id", request_id.encode()))
            await send(message)

        match, found = webhooks.ROUTE.matches(scope)
        if match is Match.FULL:
            scope.update(found, app=self)
            await _DOOR(scope, receive, send_safely)
            return
        await super().__call__(scope, receive, send_safely)


_DOOR = ServerErrorMiddleware(webhooks.door, handler=bug)
"""Webhooks pass by the layers that serve the admin API: a fifth of what a delivery costs."""


def _request_id(scope: Scope) -> str:
    """The caller's own, when it is harmless."""
    given = next((value.decode("latin-1") for name, value in scope["headers"] if name == b"x-request-id"), "")
    return given if _REQUEST_ID.fullmatch(given) else f"{random.getrandbits(64):016x}"


def create_app(bridge: Bridge | None = None) -> ASGIApp:
    """The ASGI application. Without a bridge it makes its own from the environment and closes it at the end.

    Raises SettingsError when a setting is missing or malformed.
    """
    own = bridge is None
    serving = bridge or Bridge(load_settings())
    state = state_for(serving)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        await state.tokens.aclose()
        if own:
            await serving.aclose()

    app = BridgeApi(
        title="idealo Bridge",
        version=VERSION,
        description=description(),
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
        redirect_slashes=False,
    )
    app.state.api = state
    app.router.routes.insert(0, webhooks.ROUTE)
    for router in ROUTERS:
        app.include_router(router)
    add_error_handlers(app)
    app.openapi = lambda: openapi(app)  # type: ignore[method-assign]
    return app


def state_for(bridge: Bridge) -> ApiState:
    """What routes and commands work with."""
    # The token issuer is the operator's own choice, so it may live on a private network.
    http = open_http("jwks", bridge.counts.observe, allow_private=True)
    tokens = TokenChecker(bridge.settings, http)
    return ApiState(bridge=bridge, tokens=tokens, stores=StoreCache(bridge.deps))
