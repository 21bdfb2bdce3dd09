"""A fake Shopify store with a client, and the captures of real stores, read where they lie beside the project."""

import json
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx

from sandbox.stores.shopify import FakeShopify
from sandbox.stores.shopify.server import ACCESS_TOKEN
from sandbox.world import World
from tests.sandbox.receiver import Receiver

START = datetime(2026, 11, 23, 9, 0, 0, 250_000, tzinfo=UTC)
HOOK_URI = "https://bridge.example/webhooks/shopify/1"
KANNE, KAFFEE = "100000", "100006"
MONEY = {"shopMoney": {"amount": "24.95", "currencyCode": "EUR"}}

_ROOT = Path(__file__).parents[2]
RECORDINGS = Path(os.environ.get("BRIDGE_FIXTURES", str(_ROOT.parent / "shared" / "fixtures"))) / "shopify"


def recordings_are_there() -> bool:
    """Whether the third-party recordings can be read; says loudly when they cannot, because less is tested then."""
    if RECORDINGS.is_dir():
        return True
    print(f"\nSHOPIFY RECORDINGS MISSING: {RECORDINGS} is not there; nothing was compared. Set BRIDGE_FIXTURES.")
    return False


def capture(name: str) -> Any:
    """One capture by its name without `.json`."""
    return json.loads((RECORDINGS / "captures" / f"{name}.json").read_text("utf-8"))


class Lab(Receiver):
    """One store whose clock stands still, and a client with the custom app's token."""

    def __init__(self, **options: Any) -> None:
        self.world = World(seed=7, clock=lambda: START, manual_time=True, stores=self._make)
        store = self.world.stores["shopify"]
        assert isinstance(store, FakeShopify)
        self.store: FakeShopify = store
        if options:
            self.store.set_options(options)
        self.client = httpx.AsyncClient(
            transport=httpx.ASGITransport(app=self.store.app()), base_url="https://idealo-sandbox.myshopify.com"
        )
        self.token = ACCESS_TOKEN

    def _make(self, world: World) -> dict[str, Any]:
        return {"shopify": FakeShopify(world)}

    async def post(self, document: str, /, version: str = "2026-07", **variables: Any) -> httpx.Response:
        """One GraphQL request."""
        headers = {"X-Shopify-Access-Token": self.token}
        body = {"query": document, "variables": variables}
        return await self.client.post(f"/admin/api/{version}/graphql.json", json=body, headers=headers)

    async def ask(self, document: str, /, version: str = "2026-07", **variables: Any) -> Any:
        """The whole answer."""
        answer = await self.post(document, version, **variables)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def ok(self, document: str, /, **variables: Any) -> Any:
        """`data`, for requests that have to succeed."""
        answer = await self.ask(document, **variables)
        assert "errors" not in answer, answer["errors"]
        return answer["data"]

    async def variant(self, sku: str = KANNE) -> str:
        """The gid of the variant with that SKU."""
        found = await self.ok(
            "query($q: String!) { productVariants(first: 5, query: $q) { nodes { id sku } } }", q=f"sku:'{sku}'"
        )
        nodes = found["productVariants"]["nodes"]
        return str(next(node["id"] for node in nodes if node["sku"] == sku))

    async def place(self, options: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
        """An order of three Kannen at 24.95 and shipping of 4.99, paid; what `orderCreate` answered."""
        order = {**await self.order_input(), **changes}
        data = await self.ok(
            CREATE, order=order, options=options or {"inventoryBehaviour": "DECREMENT_IGNORING_POLICY"}
        )
        created: dict[str, Any] = data["orderCreate"]
        return created

    async def order_input(self) -> dict[str, Any]:
        """What an importer sends."""
        return {
            "currency": "EUR",
            "taxesIncluded": True,
            "sourceIdentifier": "A1B2C3D4",
            "tags": ["idealo", "idealo-A1B2C3D4"],
            "email": "m-1@relay.example",
            "customer": {"toUpsert": {"email": "m-1@relay.example", "firstName": "Eva", "lastName": "Muster"}},
            "shippingAddress": {
                "firstName": "Eva", "lastName": "Muster", "address1": "Hauptstr. 1", "zip": "10115", "city": "Berlin",
                "countryCode": "DE",
            },
            "lineItems": [
                {
                    "variantId": await self.variant(), "quantity": 3, "requiresShipping": True, "priceSet": MONEY,
                    "taxLines": [{"title": "MwSt", "rate": "0.19", "priceSet": euros("11.95")}],
                }
            ],
            "shippingLines": [{"title": "Versand", "code": "idealo", "priceSet": euros("4.99")}],
            "transactions": [
                {"kind": "SALE", "status": "SUCCESS", "gateway": "idealo", "authorizationCode": "8XY12345",
                 "amountSet": euros("79.84")}
            ],
        }  # fmt: skip

    async def subscribe(self, *topics: str, **more: Any) -> list[str]:
        """Subscriptions to these topics; their gids."""
        ids = []
        for topic in topics:
            data = await self.ok(SUBSCRIBE, topic=topic, sub={"uri": HOOK_URI, **more})
            assert data["webhookSubscriptionCreate"]["userErrors"] == []
            ids.append(data["webhookSubscriptionCreate"]["webhookSubscription"]["id"])
        return ids


def euros(amount: str) -> dict[str, Any]:
    """A `MoneyBagInput`."""
    return {"shopMoney": {"amount": amount, "currencyCode": "EUR"}}


def number_of(gid: str) -> str:
    """The number at the end of a gid."""
    return gid.rpartition("/")[2]


CREATE = """mutation($order: OrderCreateOrderInput!, $options: OrderCreateOptionsInput) {
  orderCreate(order: $order, options: $options) {
    order { id name displayFinancialStatus displayFulfillmentStatus
      totalPriceSet { shopMoney { amount } } totalTaxSet { shopMoney { amount } }
      lineItems(first: 5) { nodes { id sku quantity } } fulfillmentOrders(first: 5) { nodes { id status } } }
    userErrors { code field message } } }"""
SUBSCRIBE = """mutation($topic: WebhookSubscriptionTopic!, $sub: WebhookSubscriptionInput!) {
  webhookSubscriptionCreate(topic: $topic, webhookSubscription: $sub) {
    webhookSubscription { id topic uri } userErrors { field message } } }"""


@dataclass
class Replay:
    """Recorded requests sent to the fake; ids of the recording are learned from its answers and translated."""

    lab: Lab
    ids: dict[str, str] = field(default_factory=dict)
    sent: int = 0
    differences: list[str] = field(default_factory=list)

    async def send(self, query: str, variables: Mapping[str, Any], recorded: Mapping[str, Any], where: str) -> None:
        """Send one and compare; a document with fields the fake does not know is not sent."""
        self.lab.world.advance(5)
        given = self._translated(variables)
        answer = await self.lab.ask(query, version="2026-04" if "@idempotent" in query else "2026-01", **given)
        if any(error["extensions"]["code"] in _FOREIGN for error in answer.get("errors", []) if "extensions" in error):
            return
        self.sent += 1
        wanted = {key: recorded[key] for key in ("data", "errors") if key in recorded}
        self._compare(wanted, {key: answer[key] for key in ("data", "errors") if key in answer}, where)

    def _translated(self, value: Any) -> Any:
        if isinstance(value, str):
            return re.sub(r"gid://shopify/\w+/[\w-]+", lambda found: self.ids.get(found.group(), found.group()), value)
        if isinstance(value, Mapping):
            return {key: self._translated(one) for key, one in value.items()}
        return [self._translated(one) for one in value] if isinstance(value, list) else value

    def _compare(self, wanted: Any, shown: Any, where: str) -> None:
        if isinstance(wanted, Mapping) and isinstance(shown, Mapping):
            for key in wanted.keys() | shown.keys():
                if key in {"locations", "extensions"} and ".errors" in where:
                    continue
                self._compare(wanted.get(key), shown.get(key), f"{where}.{key}")
        elif isinstance(wanted, list) and isinstance(shown, list) and len(wanted) == len(shown):
            for place, (one, other) in enumerate(zip(wanted, shown, strict=True)):
                self._compare(one, other, f"{where}[{place}]")
        elif isinstance(wanted, str) and isinstance(shown, str) and _same_kind(wanted, shown):
            if wanted.startswith("gid://"):
                self.ids.setdefault(wanted, shown)
        elif wanted != shown:
            self.differences.append(f"{where}: recorded {wanted!r}, shown {shown!r}")


_FOREIGN = {"undefinedField", "argumentNotAccepted", "argumentLiteralsIncompatible", "invalidDocument"}
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
_NAME = re.compile(r"#\d+(-[FR]\d+)?")


def _same_kind(wanted: str, shown: str) -> bool:
    """Ids of one kind, times, and names with one ending need not be equal."""
    if wanted.startswith("gid://"):
        return wanted.split("/")[3] == shown.split("/")[3] if shown.startswith("gid://") else False
    if _TIME.fullmatch(wanted):
        return _TIME.fullmatch(shown) is not None
    one, other = _NAME.fullmatch(wanted), _NAME.fullmatch(shown)
    return one is not None and other is not None and one.group(1) == other.group(1)


def recorded_calls(part: Any, where: str = "") -> Iterator[tuple[str, str, dict[str, Any], dict[str, Any]]]:
    """Requests of a capture that carry their document, in order: place, document, variables, answer."""
    if isinstance(part, list):
        for place, one in enumerate(part):
            yield from recorded_calls(one, f"{where}[{place}]")
    if not isinstance(part, dict):
        return
    request = part["request"] if isinstance(part.get("request"), dict) else part
    answer = part.get("response")
    if isinstance(request.get("query"), str) and isinstance(answer, dict) and request["query"].lstrip():
        recorded: dict[str, Any] = answer.get("payload") or answer.get("body") or answer
        variables: dict[str, Any] = request.get("variables") or {}
        yield where, str(request["query"]), variables, recorded
        return
    for key, one in part.items():
        if key != "upstreamCalls":
            yield from recorded_calls(one, f"{where}.{key}")
