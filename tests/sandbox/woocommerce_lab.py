"""The recorded shop rebuilt: its catalogue, its clock, its recordings, and a client that talks to the fake."""

import base64
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import httpx

from sandbox.stores.port import Product
from sandbox.stores.woocommerce import FakeWooCommerce
from sandbox.world import World
from tests.sandbox.receiver import Receiver

FIXTURES = Path(__file__).parents[1] / "stores" / "woocommerce" / "fixtures"
SITE = "https://127.0.0.1:8081"
START = datetime(2026, 11, 23, 8, 30, 55, tzinfo=UTC)

_SIZE = "Größe"
LAB_CATALOGUE = (
    Product(sku="LAB-001", title="Kaffeebecher „Größe L“", price=Decimal("19.99"), stock=50),
    Product(sku="LAB-002", title="Notizbuch A5", price=Decimal("7.49"), stock=20, tax_rate=Decimal(7)),
    Product(sku="LAB-003", title="Lampe <b>Äther</b> &amp; Söhne", price=Decimal(129), stock=3),
    Product(sku="LAB-VAR", title="T-Shirt", price=Decimal("24.90"), stock=0),
    *(
        Product(
            sku=f"LAB-VAR-{size}",
            title=f"T-Shirt {size}",
            price=Decimal("24.90"),
            stock=stock,
            parent="LAB-VAR",
            attributes=((_SIZE, size),),
        )
        for size, stock in (("S", 10), ("M", 5), ("L", 0))
    ),
)
"""Products 11 to 17 of the recorded shop, stocked as the first recordings leave them."""


class Lab(Receiver):
    """One fake shop with the recorded catalogue, a clock that stands still and a client with the right keys."""

    answer_with = 200

    def __init__(self) -> None:
        self.moment = START
        self.world = World(clock=lambda: self.moment, stores=self._make)
        self.store = self.world.stores["woocommerce"]
        assert isinstance(self.store, FakeWooCommerce)
        self.woo: FakeWooCommerce = self.store
        keys = self.woo.credentials()
        self.app = self.woo.app()
        self.client = httpx.AsyncClient(
            transport=httpx.ASGITransport(app=self.app),
            base_url=SITE,
            auth=(keys["consumer_key"], keys["consumer_secret"]),
        )

    def _make(self, world: World) -> dict[str, Any]:
        return {"woocommerce": FakeWooCommerce(world, catalogue=LAB_CATALOGUE)}

    async def call(self, method: str, path: str, body: Any = None, **more: Any) -> httpx.Response:
        """One REST call below /wp-json/wc/v3."""
        return await self.client.request(method, f"/wp-json/wc/v3{path}", json=body, **more)

    async def ok(self, method: str, path: str, body: Any = None) -> Any:
        """As `call`, for calls that have to succeed; the JSON."""
        answer = await self.call(method, path, body)
        assert answer.is_success, answer.text
        return answer.json()

    async def subscribe(self, *topics: str, secret: str = "geheim-0123456789") -> list[int]:
        """Webhooks for these topics, pings answered; their ids."""
        ids = []
        for topic in topics:
            body = {"topic": topic, "delivery_url": "https://bridge.test/hook", "secret": secret}
            ids.append((await self.ok("POST", "/webhooks", body))["id"])
        await self.deliver()
        return ids


def order_body(**changes: Any) -> dict[str, Any]:
    """The importer's request of recording rest/007, changed."""
    recorded = recording("rest/007-post-wc_v3_orders.json")["request"]["body"]
    return {**recorded, **changes}


def recording(name: str) -> Any:
    """One recording by its path in the fixtures folder."""
    return json.loads((FIXTURES / name).read_text("utf-8"))


def rest_recordings() -> Iterator[tuple[str, dict[str, Any]]]:
    """REST recordings in order, with their names."""
    for path in sorted((FIXTURES / "rest").glob("*.json")):
        yield path.stem, json.loads(path.read_text("utf-8"))


def delivery(number: int) -> tuple[dict[str, Any], bytes]:
    """A recorded webhook and its raw body."""
    path = next(FIXTURES.glob(f"{number:03d}-*.json"))
    document = json.loads(path.read_text("utf-8"))
    return document, base64.b64decode(document["raw_body_base64"])


def recorded_time(entry: dict[str, Any]) -> datetime:
    """When the shop answered."""
    return parsedate_to_datetime(dict(entry["response"]["headers"])["Date"])
