"""A whole story with planted secrets and buyers, faults that quote both, and a search through all that was said."""

import io
import json
import logging
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from typing import Any

import asyncpg
import httpx
import pytest
import structlog
from redis.asyncio import Redis

from app.bell import RedisQueue
from app.config import Settings
from app.log import configure_logging
from app.sync.reconcile import sweep
from tests import town as at_town
from tests.api.client import ALL, bearer, caller
from tests.clock import Clock
from tests.conftest import JWT_SECRET, KEY
from tests.security.signing import SIGNED
from tests.sync.grim import Grim, GrimTransport
from tests.town import IDEALO_URL, SHOP_ID, WEBHOOK_SECRET, Town

MAIL, PHONE = "xaveria.q@relay.example", "+491715550199"
ADDRESS = {
    "firstName": "Xaveria",
    "lastName": "Quendolin-Zwanziger",
    "addressLine1": "Pfefferkuchenallee 7b",
    "city": "Hintertupfingen",
}
BUYER = (*ADDRESS.values(), MAIL, PHONE, "Quendolin", "Pfefferkuchenallee")
IDEALO_SECRET = "PlantedSecretOfIdealo0123456789"
QUOTES = f"{' '.join(BUYER)} {IDEALO_SECRET} Bearer abcdefghijklmnop"


class Quoting(GrimTransport):
    """The network: puts the planted buyer into idealo's orders, and quotes what it can when told to fail."""

    latest: "Quoting"

    def __init__(self, inner: httpx.AsyncBaseTransport, grim: Grim) -> None:
        super().__init__(inner, grim)
        self.faults: list[str] = []
        self.tokens: set[str] = set()
        self.created_with: list[bytes] = []
        Quoting.latest = self

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        body = await request.aread()
        if "/stores/" in request.url.path and request.method != "GET" and BUYER[0].encode() in body:
            self.created_with.append(body)
            if self.faults:
                return self._fail(request, body, self.faults.pop(0))
        answer = await super().handle_async_request(request)
        content = await answer.aread()
        try:
            document = json.loads(content)
        except ValueError:
            return answer
        if isinstance(document, dict) and isinstance(document.get("access_token"), str):
            self.tokens.add(document["access_token"])
        if "/stores/" not in request.url.path and answer.status_code == 200 and b"shippingAddress" in content:
            content = json.dumps(_planted(document)).encode()
            return httpx.Response(200, headers={"content-type": "application/json"}, content=content)
        return answer

    @staticmethod
    def _fail(request: httpx.Request, body: bytes, how: str) -> httpx.Response:
        said = f"cannot handle {body.decode()} of {QUOTES} with {dict(request.headers)}"
        if how == "lost":
            raise httpx.ReadError(said)
        if how == "bug":
            raise ValueError(said)
        if how == "deep bug":
            raise RuntimeError(QUOTES) from KeyError(said)
        content = {
            "500": json.dumps({"code": "internal_error", "message": said, "error": said}),
            "page": f"<html>{said}</html>",
            "400": json.dumps({"code": "rest_invalid_param", "message": said[:2000], "parameters": [said]}),
            "cut": '{"id": 17, "billing": ' + said,
            "refused": json.dumps({"errors": [{"message": said}], "data": None}),
        }[how]
        status = {"500": 500, "page": 502, "400": 503 if "graphql" in request.url.path else 400}.get(how, 200)
        return httpx.Response(status, headers={"content-type": "application/json"}, content=content)


def _planted(document: Any) -> Any:
    if isinstance(document, list):
        return [_planted(inner) for inner in document]
    if not isinstance(document, dict):
        return document
    changed = {key: _planted(inner) for key, inner in document.items()}
    if "addressLine1" in changed:
        changed |= ADDRESS
    if "email" in changed:
        changed |= {"email": MAIL, "phone": PHONE}
    return changed


@dataclass
class Said:
    """Everything that anybody could read, by where it stood."""

    texts: dict[str, str] = field(default_factory=dict)

    def leaks(self, planted: set[str]) -> list[tuple[str, str, str]]:
        """(where, what, around it)."""
        found = []
        for where, text in self.texts.items():
            for word in planted:
                at = text.find(word)
                if at >= 0:
                    found.append((where, word, text[max(0, at - 80) : at + 80]))
        return found


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """All log lines of the run, down to debug."""
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    configure_logging("json", "DEBUG")
    written = io.StringIO()
    root.handlers[0].stream = written  # type: ignore[attr-defined]
    yield written
    root.handlers, root.level = handlers, level
    structlog.reset_defaults()


@pytest.fixture
async def leaky(
    settings: Settings, clock: Clock, kind: str, monkeypatch: pytest.MonkeyPatch, log: io.StringIO
) -> AsyncIterator[Town]:
    monkeypatch.setattr(at_town, "GrimTransport", Quoting)
    town = await Town.build(settings, clock, kind=kind)
    yield town
    await town.aclose()


async def live(town: Town, said: Said) -> None:
    """Import with every fault, shipping, a return, a refund, a cancellation, a dead event, an operator at work."""
    network = Quoting.latest
    network.faults = ["500", "page", "cut", "lost", "bug", "deep bug"]
    (order,) = await town.place(scenario="S1")
    await town.import_new()
    for _ in range(12):
        town.clock.pass_time(hours=13)
        await sweep(town.bridge.deps)
        await town.settle()
    assert network.faults == [], "every fault was met"
    network.faults = ["400"]
    (second,) = await town.place(scenario="S1")
    await town.import_new()
    (third,) = await town.place(scenario="S1")
    network.faults = ["refused"]
    await town.hours(3)
    assert network.created_with, "the planted buyer travelled"
    await town.merchant("ship", order, parcels=[{"carrier": "DHL", "tracking_code": "00340434161094015902"}])
    await town.hours(1)
    body = json.dumps({"broken": QUOTES}).encode()[:-1]
    async with caller(town.bridge) as shop:
        url = f"/webhooks/{town.kind}/{town.store.id}"
        headers = {"content-type": "application/json", **SIGNED[town.kind](WEBHOOK_SECRET, body, town.clock())}
        said.texts["webhook kept"] = (await shop.post(url, content=body, headers=headers)).text
        forged = {"content-type": "application/json", **SIGNED[town.kind](QUOTES, body, town.clock())}
        said.texts["webhook refused"] = (await shop.post(url, content=body, headers=forged)).text
    await operate(town, said, [order, second, third])


async def operate(town: Town, said: Said, orders: list[str]) -> None:
    """Every page and list, errors included."""
    async with caller(town.bridge, *ALL) as operator:
        document = (await operator.get("/openapi.json")).json()
        events = [e["id"] for e in (await operator.get("/admin/v1/events?limit=200")).json()["items"]]
        numbers = [(await town.order(order)).id for order in orders]
        for path, operations in document["paths"].items():
            if "get" not in operations or path.endswith("/buyer"):  # the one place that shows a buyer, and says so
                continue
            for number in numbers if "{order_id}" in path else events if "{event_id}" in path else [0]:
                at = path.format(store_id=town.store.id, order_id=number, event_id=number)
                said.texts[f"GET {at}"] = (await operator.get(at)).text
        for path in ("/", "/console/", "/console/console.js", "/docs", "/console/docs.js", "/nosuch/" + MAIL):
            said.texts[path] = (
                (await operator.get(path)).text.replace(MAIL, "") if MAIL in path else (await operator.get(path)).text
            )
        said.texts["csv"] = (await operator.get("/admin/v1/ledger/export?format=csv")).text
        for event in events:
            said.texts[f"preview {event}"] = (await operator.post(f"/admin/v1/events/{event}/preview")).text
        for order in orders:
            for store_order in await town.in_store_all(order):
                entry = {"store_id": town.store.id, "order_id": store_order["store_order_id"]}
                said.texts[f"explain {order}"] = (await operator.post("/admin/v1/explain", json=entry)).text
        said.texts["check"] = (await operator.post(f"/admin/v1/stores/{town.store.id}/check")).text
        credentials = dict.fromkeys(town.world.stores[town.kind].credentials(), IDEALO_SECRET)
        for wrong in ({"credentials": credentials}, {"credentials": {"surprise": IDEALO_SECRET}},
                      {"idealo": {"client_id": "c", "client_secret": IDEALO_SECRET, "base_url": IDEALO_URL}},
                      {"idealo": {"client_id": "c", "client_secret": [IDEALO_SECRET]}}):  # fmt: skip
            answer = await operator.patch(f"/admin/v1/stores/{town.store.id}", json=wrong)
            assert answer.status_code in {409, 422}, answer.text
            said.texts[f"refused {list(wrong)}"] = answer.text


async def kept(settings: Settings) -> dict[str, str]:
    """Every column of every table as text, bytes as hex; and what lies in Redis after a ring of each kind."""
    connection = await asyncpg.connect(settings.asyncpg_url)
    tables = await connection.fetch("SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public'")
    found = {}
    for table in tables:
        rows = await connection.fetch(f'SELECT t::text AS row FROM "{table["name"]}" t')  # noqa: S608 - our own names
        found[f"table {table['name']}"] = "\n".join(row["row"] for row in rows)
    await connection.close()
    bell = RedisQueue(settings.redis_url.get_secret_value())
    await bell.look(1)
    await bell.advance(1)
    await bell.poll("x")
    redis: Redis = Redis.from_url(settings.redis_url.get_secret_value())
    for key in await redis.keys():
        found[f"redis {key!r}"] = repr(await redis.dump(key))
    await redis.flushdb()
    await redis.aclose()
    await bell.aclose()
    return found


async def test_no_secret_and_no_buyer_is_found_in_anything_said_or_kept(
    leaky: Town, settings: Settings, log: io.StringIO
) -> None:
    await leaky.control("POST", "/idealo/shops", shop_id=SHOP_ID + 1, client_id="c2", client_secret=IDEALO_SECRET)
    said = Said()
    await live(leaky, said)
    credentials = leaky.world.stores[leaky.kind].credentials()
    secrets = {value for name, value in credentials.items() if any(w in name for w in ("secret", "token", "key"))}
    tokens = {bearer(settings, *ALL)["Authorization"].partition(" ")[2].rpartition(".")[2], *Quoting.latest.tokens}
    planted = {*BUYER, *secrets, *tokens, IDEALO_SECRET, WEBHOOK_SECRET, JWT_SECRET, KEY}
    assert Quoting.latest.tokens, "idealo's token was seen on the wire"
    said.texts["log"] = log.getvalue()
    assert "event.bug" in said.texts["log"]
    assert "ValueError" in said.texts["log"]
    said.texts |= await kept(settings)
    assert len(said.texts["table attempts"]) > 1000
    hexed = {word.encode().hex() for word in planted}
    assert said.leaks(planted | hexed) == []
