"""The recorded Magento shop rebuilt: its empty catalogue, its clock, its recordings, and a client that talks to it."""

import base64
import hashlib
import hmac
import json
import secrets
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx

from sandbox.catalogue import DEFAULT_CATALOGUE
from sandbox.stores.magento2 import FakeMagento2
from sandbox.stores.port import Product
from sandbox.world import World
from tests.sandbox.receiver import Receiver

FIXTURES = Path(__file__).parents[1] / "stores" / "magento2" / "fixtures"
SITE = "http://127.0.0.1:8083"
START = datetime(2026, 11, 23, 8, 33, 5, tzinfo=UTC)
HOOK = "https://bridge.test/webhooks/magento2/1"
SECRET = "whsec_demo_0123456789abcdef"
Pairs = Sequence[tuple[str, str]]


class Lab(Receiver):
    """One fake shop with a clock that stands still, and a client that signs its calls as an integration does."""

    def __init__(self, *, catalogue: Sequence[Product] = DEFAULT_CATALOGUE, taxes: bool = True) -> None:
        self.moment = START
        self.world = World(clock=lambda: self.moment, stores=lambda _: {})
        self.magento = FakeMagento2(self.world, catalogue=catalogue, taxes=taxes)
        self.keys = self.magento.credentials()
        self.client = httpx.AsyncClient(transport=httpx.ASGITransport(app=self.magento.app()), base_url=SITE)

    async def call(self, method: str, path: str, body: Any = None, params: Pairs = ()) -> httpx.Response:
        """One signed call below /rest/all/V1."""
        address = f"{SITE}/rest/all/V1{path}"
        query = "&".join(f"{escaped(name)}={escaped(value)}" for name, value in params)
        header = self.sign(method, address, params)
        url = f"{address}?{query}" if query else address
        return await self.client.request(method, url, json=body, headers={"Authorization": header})

    async def ok(self, method: str, path: str, body: Any = None, params: Pairs = ()) -> Any:
        """As `call`, for calls that have to succeed; the JSON."""
        answer = await self.call(method, path, body, params)
        assert answer.is_success, answer.text
        return answer.json()

    def sign(self, method: str, address: str, params: Pairs = (), **changes: str) -> str:
        """An OAuth 1.0a header, computed here from RFC 5849; `changes` replace single values."""
        oauth = {
            "oauth_consumer_key": self.keys["consumer_key"],
            "oauth_nonce": secrets.token_hex(16),
            "oauth_signature_method": "HMAC-SHA256",
            "oauth_timestamp": str(int(self.moment.timestamp())),
            "oauth_token": self.keys["access_token"],
            "oauth_version": "1.0",
        } | {name: value for name, value in changes.items() if name != "oauth_signature"}
        pairs = sorted((escaped(name), escaped(value)) for name, value in [*params, *oauth.items()])
        joined = "&".join(f"{name}={value}" for name, value in pairs)
        text = f"{method}&{escaped(address)}&{escaped(joined)}"
        key = f"{escaped(self.keys['consumer_secret'])}&{escaped(self.keys['access_token_secret'])}"
        digest = hmac.new(key.encode(), text.encode(), hashlib.sha256).digest()
        oauth["oauth_signature"] = changes.get("oauth_signature", base64.b64encode(digest).decode())
        return "OAuth " + ", ".join(f'{name}="{escaped(value)}"' for name, value in oauth.items())

    def listen(self) -> None:
        """Enter the bridge's address and secret in the shop's module."""
        self.magento.set_options({"webhook_url": HOOK, "webhook_secret": SECRET})

    async def imported(self, lines: Sequence[tuple[str, int]] = (("100000", 2),), *, invoice: bool = True) -> str:
        """An idealo order placed through the shop's module; its id."""
        answer = await self.ok("POST", "/idealo-connector/orders", {"order": order_entity(lines), "invoice": invoice})
        return str(answer["order_id"])

    async def salable(self, sku: str) -> int:
        """What the shop would still sell."""
        return int(await self.ok("GET", f"/inventory/get-product-salable-quantity/{quote(sku, safe='')}/1"))


def escaped(text: str) -> str:
    """RFC 5849 3.6."""
    return quote(text, safe="-._~")


def order_entity(lines: Sequence[tuple[str, int]], idealo_order_id: str = "IDE123AB") -> dict[str, Any]:
    """The recorded order document (025) with other lines, each unit at 11.90 with 19 % tax."""
    entity: dict[str, Any] = json.loads(json.dumps(recording("025")["request"]["body"]["entity"]))
    items = [
        {
            "sku": sku,
            "name": sku,
            "product_type": "simple",
            "qty_ordered": units,
            "price": 10,
            "price_incl_tax": 11.9,
            "row_total": 10 * units,
            "row_total_incl_tax": round(11.9 * units, 2),
            "tax_percent": 19,
            "tax_amount": round(1.9 * units, 2),
        }
        for sku, units in lines
    ]
    units = sum(count for _, count in lines)
    amounts = {
        "subtotal": 10 * units,
        "tax_amount": round(1.9 * units + 0.53, 2),
        "grand_total": round(11.9 * units + 3.35, 2),
    }
    entity |= {"ext_order_id": idealo_order_id, "items": items, **amounts, "total_qty_ordered": units}
    entity |= {f"base_{name}": value for name, value in amounts.items()}
    entity["payment"]["last_trans_id"] = "PSP-789"
    return entity


def where(field: str, value: str, condition: str = "eq", group: int = 0) -> list[tuple[str, str]]:
    """searchCriteria for one filter."""
    root = f"searchCriteria[filter_groups][{group}][filters][0]"
    return [(f"{root}[field]", field), (f"{root}[value]", value), (f"{root}[condition_type]", condition)]


def recording(number: str) -> Any:
    """One recording by its number."""
    return json.loads(next(FIXTURES.glob(f"{number}-*.json")).read_text("utf-8"))


def recordings() -> Iterator[tuple[str, dict[str, Any]]]:
    """All recordings in order, with their names."""
    for path in sorted(FIXTURES.glob("[0-9]*.json")):
        yield path.stem, json.loads(path.read_text("utf-8"))


def recorded_time(entry: dict[str, Any]) -> datetime:
    """When the shop answered."""
    return parsedate_to_datetime(dict(entry["response"]["headers"])["Date"])
