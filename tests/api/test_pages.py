"""Health, metrics, pages, the API document, and what every answer carries."""

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute
from pydantic import TypeAdapter

from app.api.admin import ADMIN_ROUTERS
from app.api.examples import EXAMPLES
from app.api.export import harmless
from app.api.pages import FOLDER
from app.bootstrap import Bridge
from app.config import Settings
from app.main import create_app
from app.registry import ADAPTERS
from tests.api.client import connected
from tests.clock import Clock
from tests.command import surround
from tests.fakes.queue import MemoryQueue


async def beat(bridge: Bridge, report: dict[str, Any] | None = None) -> None:
    async with bridge.deps.ledger() as ledger:
        await ledger.beat("worker/host/1", "worker", report or {}, bridge.deps.now())


async def test_ready_needs_a_worker_that_was_seen_within_a_minute(
    bridge: Bridge, client: httpx.AsyncClient, clock: Clock
) -> None:
    answer = await client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["worker"]["ok"] is False
    await beat(bridge)
    answer = await client.get("/readyz")
    assert (answer.status_code, answer.json()["status"]) == (200, "ready")
    clock.pass_time(seconds=61)
    assert (await client.get("/readyz")).json()["worker"]["ok"] is False


async def away(settings: Settings) -> Bridge:
    """A bridge whose Postgres is not there."""
    nowhere = "postgresql://nobody:nothing@127.0.0.1:1/nowhere"
    given = Settings.model_validate({**settings.model_dump(), "database_url": nowhere})
    return Bridge(given, queue=MemoryQueue())


async def test_without_postgres_alive_but_not_ready(settings: Settings, client: httpx.AsyncClient) -> None:
    bridge = await away(settings)
    transport = httpx.ASGITransport(create_app(bridge), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://x", headers=client.headers) as other:
        assert (await other.get("/healthz")).status_code == 200
        ready = await other.get("/readyz")
        assert (ready.status_code, ready.json()["database"]["ok"]) == (503, False)
        assert "bridge_up 0.0" in (await other.get("/metrics")).text
        answer = await other.get("/admin/v1/stores")
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
        store = "00000000-0000-4000-8000-000000000000"
        assert (await other.post(f"/webhooks/woocommerce/{store}", content=b"{}")).status_code == 503
    await bridge.aclose()


async def test_metrics_add_up_workers_calls_and_stores(bridge: Bridge, client: httpx.AsyncClient) -> None:
    store = await connected(client)
    bridge.counts.observe("idealo", "GET", "200", 0.2)
    await beat(bridge, bridge.counts.report())
    text = (await client.get("/metrics")).text
    for sample in (
        "bridge_up 1.0",
        "bridge_due_events 0.0",
        "bridge_unseen_deliveries 0.0",
        f'bridge_poll_failures{{store_id="{store["id"]}",stream="idealo"}} 0.0',
        'bridge_heartbeat_age_seconds{name="worker/host/1",role="worker"} 0.0',
        'bridge_calls_seconds_bucket{le="0.1",method="GET",outcome="200",process="worker/host/1",side="idealo"} 0.0',
        'bridge_calls_seconds_bucket{le="0.25",method="GET",outcome="200",process="worker/host/1",side="idealo"} 1.0',
        'bridge_calls_seconds_count{method="GET",outcome="200",process="api",side="idealo"} 1.0',
    ):
        assert sample in text, sample


@pytest.mark.parametrize(
    "path", ["/healthz", "/metrics", "/docs", "/console/", "/admin/v1/stores", "/nosuch", "/webhooks/x/y"]
)
async def test_every_answer_carries_the_safe_headers(client: httpx.AsyncClient, path: str) -> None:
    headers = (await client.get(path)).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert re.fullmatch(r"[0-9a-f]{16}", headers["x-request-id"])
    assert "server" not in headers
    if path.startswith("/admin"):
        assert headers["cache-control"] == "no-store"


async def test_callers_request_id_is_kept_when_it_is_harmless(client: httpx.AsyncClient) -> None:
    answer = await client.get("/nosuch", headers={"X-Request-Id": "abc-1"})
    assert answer.headers["x-request-id"] == answer.json()["request_id"] == "abc-1"
    odd = await client.get("/nosuch", headers={"X-Request-Id": "a b<script>"})
    assert odd.headers["x-request-id"] != "a b<script>"


async def test_wrong_path_and_method_are_problems(client: httpx.AsyncClient) -> None:
    for method, path, status in (
        ("GET", "/nosuch", 404),
        ("PUT", "/admin/v1/stores", 405),
        ("GET", "/admin/v1/stores/", 404),
    ):
        answer = await client.request(method, path)
        assert answer.status_code == status, path
        assert answer.headers["content-type"] == "application/problem+json"


async def test_bug_is_a_500_that_tells_nothing(bridge: Bridge) -> None:
    app = create_app(bridge)
    assert isinstance(app, FastAPI)

    @app.get("/broken")
    async def broken() -> None:
        raise RuntimeError("secret text of a bug")

    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://x") as client:
        answer = await client.get("/broken")
    assert answer.status_code == 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert "secret text" not in answer.text
    assert answer.json()["request_id"] == answer.headers["x-request-id"]
    assert answer.headers["x-content-type-options"] == "nosniff"


async def test_document_is_complete(client: httpx.AsyncClient) -> None:
    document = (await client.get("/openapi.json")).json()
    assert document["components"]["securitySchemes"]["bearer"]["scheme"] == "bearer"
    for kind, adapter in ADAPTERS.items():
        door = document["paths"][f"/webhooks/{kind}/{{store_id}}"]["post"]
        named = {parameter["name"] for parameter in door["parameters"]}
        assert {"store_id", *adapter.webhook_headers} <= named
        assert {"200", "202", "401", "404", "413", "415", "503"} <= set(door["responses"])
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            where = f"{method} {path}"
            assert operation["summary"], where
            assert operation["description"], where
            assert operation["tags"], where
            if path.startswith("/admin"):
                assert operation["security"][0]["bearer"], where
                assert {"401", "403", "422", "503"} <= set(operation["responses"]), where
                good = next(answer for status, answer in operation["responses"].items() if status.startswith("2"))
                for media_type, part in good.get("content", {}).items():
                    assert media_type != "application/json" or "example" in part, where
                refused = operation["responses"]["401"]["content"]["application/problem+json"]["schema"]
                assert refused == {"$ref": "#/components/schemas/ProblemBody"}, where
    assert unresolved(document) == []


def test_examples_are_what_the_routes_really_answer(bridge: Bridge) -> None:
    app = create_app(bridge)
    assert isinstance(app, FastAPI)
    routes = {
        (method.lower(), route.path): route.response_model
        for router in ADMIN_ROUTERS
        for route in router.routes
        if isinstance(route, APIRoute)
        for method in route.methods or ()
    }
    for (method, path), example in EXAMPLES.items():
        if path.startswith("/admin"):
            TypeAdapter(routes[method, path]).validate_python(example)


def unresolved(document: dict[str, Any]) -> list[str]:
    """References that lead nowhere."""
    schemas = document["components"]["schemas"]
    found = re.findall(r"'\$ref': '([^']+)'", str(document))
    return [ref for ref in found if ref.removeprefix("#/components/schemas/") not in schemas]


async def test_pages_load_nothing_from_elsewhere(client: httpx.AsyncClient) -> None:
    for path in ("/console/", "/docs", "/console/console.js", "/console/console.css", "/console/docs.js"):
        answer = await client.get(path)
        assert answer.status_code == 200, path
        assert "script-src 'self'" in answer.headers["content-security-policy"]
        assert not re.findall(r"""(?:src|href|url)\s*[=(]\s*["']?(?:https?:)?//""", answer.text), path
    assert (await client.get("/console/..%2f..%2fmain.py")).status_code == 404
    assert (await client.get("/console")).status_code == 307


def test_pages_take_every_text_as_text() -> None:
    for script in Path(FOLDER).glob("*.js"):
        text = script.read_text(encoding="utf-8")
        assert not re.findall(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(", text), script.name
    for page in Path(FOLDER).glob("*.html"):
        assert not re.findall(r"<script(?![^>]*src=)|\son\w+=|style=", page.read_text(encoding="utf-8")), page.name


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@x", "\tx", "\rx"])
def test_cells_a_spreadsheet_would_run_are_made_harmless(cell: str) -> None:
    assert harmless(cell) == f"'{cell}"
    assert harmless("plain") == "plain"


async def test_own_process_may_serve_without_a_bridge_given(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    surround(monkeypatch, settings)
    app = create_app()
    assert isinstance(app, FastAPI)
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(
            transport=transport, base_url="http://x", timeout=timedelta(seconds=5).seconds
        ) as c:
            assert (await c.get("/readyz")).json()["database"]["ok"] is True
