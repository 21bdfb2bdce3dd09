"""No route of the whole application is open by accident: each admin route has a scope, each other one is named here."""

from datetime import timedelta

import httpx
import pytest
from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute
from starlette.routing import BaseRoute, Route

from app.api.auth import SCOPES, Scope, issue_token
from app.api.routing import PREFIX, ScopedRoute
from app.bootstrap import Bridge
from app.main import create_app

OPEN = {
    "/", "/console", "/console/", "/console/{name}", "/docs", "/openapi.json",  # files without data
    "/healthz", "/readyz", "/metrics",  # for the operator's own network, no secret, no personal data
    "/webhooks/{kind}/{store_id}",  # signed
}  # fmt: skip
"""Everything that answers without a token, and why it may."""


def routes(app: FastAPI) -> list[BaseRoute]:
    """Every route, those of routers included inside others as well."""
    found: list[BaseRoute] = []
    stack: list[object] = [app.router]
    while stack:
        holder = stack.pop()
        inner = getattr(holder, "routes", None) or []
        for route in inner:
            found.append(route)
            stack += [route, getattr(route, "app", None), getattr(route, "original_router", None)]
    return found


def application(bridge: Bridge) -> FastAPI:
    app = create_app(bridge)
    assert isinstance(app, FastAPI)
    return app


def paths(app: FastAPI) -> list[tuple[BaseRoute, str]]:
    return [(route, str(getattr(route, "path", ""))) for route in routes(app) if getattr(route, "path", None)]


def test_every_route_is_scoped_or_named_as_open(bridge: Bridge) -> None:
    scoped = 0
    for route, path in paths(application(bridge)):
        if isinstance(route, ScopedRoute):
            scoped += 1
            assert path.startswith(PREFIX), path
            assert set(route.needed_scopes) <= set(SCOPES)
            assert route.needed_scopes
        else:
            assert path in OPEN, f"{path} answers without a token; if that is meant, name it here with its reason"
            assert not path.startswith(PREFIX)
    assert scoped >= 25, "the walk finds the routes"


def test_the_document_and_the_routes_name_the_same_scopes(bridge: Bridge) -> None:
    app = application(bridge)
    document = app.openapi()
    for route, path in paths(app):
        if isinstance(route, ScopedRoute):
            for method in route.methods or ():
                said = document["paths"][route.path_format][method.lower()]["security"]
                assert said == [{"bearer": [scope]} for scope in route.needed_scopes], path


async def test_every_admin_route_is_401_without_403_with_any_lesser_scope_and_neither_with_its_own(
    bridge: Bridge,
) -> None:
    app = application(bridge)
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://x") as client:
        for route, _ in paths(app):
            if not isinstance(route, ScopedRoute):
                continue
            names = dict.fromkeys(route.param_convertors, "1")
            path = route.path_format.format(**names)
            for method in route.methods or ():
                assert (await client.request(method, path)).status_code == 401, path
                for scope in SCOPES:
                    answer = await client.request(method, path, headers=token(bridge, scope))
                    allowed = scope in route.needed_scopes
                    assert (answer.status_code not in {401, 403}) if allowed else answer.status_code == 403, (
                        path,
                        scope,
                    )


def token(bridge: Bridge, *scopes: Scope) -> dict[str, str]:
    return {"Authorization": f"Bearer {issue_token(bridge.settings, scopes, timedelta(minutes=1), 'erika')}"}


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Basic YTpi", "bearer\tx", "Token x", "Bearer x y"])
async def test_other_authorization_headers_are_401(bridge: Bridge, header: str) -> None:
    transport = httpx.ASGITransport(create_app(bridge))
    async with httpx.AsyncClient(transport=transport, base_url="http://x") as client:
        answer = await client.get("/admin/v1/stores", headers={"Authorization": header})
        assert answer.status_code == 401
        by_query = await client.get("/admin/v1/stores", params={"access_token": token(bridge, "read")["Authorization"]})
        assert by_query.status_code == 401, "a token in an address ends up in somebody's log"


def test_a_forgotten_scope_is_found(bridge: Bridge) -> None:
    """The walk would see a plain route that a careless change adds, also one inside a router."""
    app = application(bridge)
    careless = APIRouter()
    careless.add_api_route(f"{PREFIX}/careless", lambda: None)
    app.include_router(careless)
    app.router.routes.append(Route("/also-careless", lambda _: None))
    found = {path for route, path in paths(app) if not isinstance(route, ScopedRoute)} - OPEN
    assert found == {f"{PREFIX}/careless", "/also-careless"}
    assert all(isinstance(route, APIRoute | Route) for route, path in paths(app) if path)
