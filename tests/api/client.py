"""A caller of the real application in this process, and a store that is connected without asking anybody."""

import base64
import json
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx

from app.api.auth import Scope, issue_token
from app.bootstrap import Bridge
from app.config import Settings
from app.main import create_app

ALL: tuple[Scope, ...] = ("read", "operate", "configure")
FIXTURES = Path(__file__).parents[1] / "stores" / "woocommerce" / "fixtures"
RECORDED_SECRET = (FIXTURES / "SECRET.txt").read_text(encoding="utf-8").strip()

ENTRY: dict[str, Any] = {
    "kind": "woocommerce",
    "name": "Shoe shop",
    "credentials": {
        "base_url": "https://shop.example",
        "consumer_key": "ck_hidden_key",
        "consumer_secret": "cs_hidden_s",
    },
    "idealo": {"client_id": "shoes", "client_secret": "hidden-idealo-secret", "environment": "production"},
}


def bearer(settings: Settings, *scopes: Scope, subject: str = "erika") -> dict[str, str]:
    return {"Authorization": f"Bearer {issue_token(settings, scopes, timedelta(hours=1), subject)}"}


def caller(bridge: Bridge, *scopes: Scope, subject: str = "erika") -> httpx.AsyncClient:
    """A client with a token of these scopes; without any, no token is sent."""
    headers = bearer(bridge.settings, *scopes, subject=subject) if scopes else {}
    transport = httpx.ASGITransport(create_app(bridge), raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="http://bridge.test", headers=headers)


async def connected(client: httpx.AsyncClient, **changes: Any) -> dict[str, Any]:
    """Connects a store without checking it; answers what the API answered."""
    answer = await client.post("/admin/v1/stores", params={"check": "false"}, json={**ENTRY, **changes})
    assert answer.status_code == 201, answer.text
    store: dict[str, Any] = answer.json()
    return store


def recorded(name: str) -> tuple[Mapping[str, str], bytes]:
    """Headers and exact body of a recorded WooCommerce delivery."""
    recording = json.loads(next(FIXTURES.glob(f"{name}*.json")).read_text(encoding="utf-8"))
    skipped = {"host", "connection", "content-length", "accept-encoding"}
    headers = {key: value for key, value in recording["headers"] if key.lower() not in skipped}
    return headers, base64.b64decode(recording["raw_body_base64"])
