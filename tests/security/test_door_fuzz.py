"""Whatever comes to the webhook door: documented answers only, and every rightly signed delivery is kept."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import asyncpg
import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.config import Settings
from app.registry import ADAPTERS
from tests.api.client import caller
from tests.security.signing import SIGNED, SIGNED_HEADERS
from tests.stores.shapes import TORN, as_body, examples, mutated
from tests.town import WEBHOOK_SECRET, Town

REFUSALS = {400, 401, 404, 413, 415}
TEXT = st.text(st.characters(min_codepoint=0x20, max_codepoint=0xFF, exclude_characters="\x7f"), max_size=60)
DEEP = st.integers(1, 60_000).map(lambda depth: b"[" * depth + b"]" * depth)
DOUBLE = st.sampled_from(
    [b'{"id":1,"id":2}', b'{"id":"1","id":null,"order":{},"order":{"entity_id":1}}', b'{"id":1}{"id":2}',
     b'{"id":' + b"9" * 4301 + b"}", b'{"id":1e400}', b'{"id":-0}', b'{"id":NaN}', b'{"id":1.0}', b'{"id":true}',
     b'\xef\xbb\xbf{"id":1}', '{"id":1}'.encode("utf-16"), b'{"id":"\\u0000"}', b'{"\\ud800":1,"id":1}',
     b"webhook_id=7", b'{"order":{"entity_id":1e9}}', b'{"order_edit":{"order_id":[]}}']
)  # fmt: skip


@dataclass
class Door:
    """The door of one connected store, what its shop really sends, and what the ledger holds."""

    town: Town
    url: str
    client: httpx.AsyncClient
    rows: asyncpg.Connection
    bodies: list[Any]

    async def kept(self) -> int:
        count: int = await self.rows.fetchval("SELECT count(*) FROM deliveries")
        return count

    async def post(self, body: bytes, headers: dict[str, str], url: str | None = None) -> httpx.Response:
        raw = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
        return await self.client.post(url or self.url, content=body, headers=raw)


@pytest.fixture
async def door(town: Town, settings: Settings) -> AsyncIterator[Door]:
    """The shop's own deliveries about one order, held back."""
    (order,) = await town.place(scenario="S1")
    await town.poll()
    await town.work()
    await town.merchant("ship", order, parcels=[{"carrier": "DHL", "tracking_code": "00340434161094015902"}])
    waiting = town.world.outbox.waiting(town.kind)
    bodies = [json.loads(hook.body() if callable(hook.body) else hook.body) for hook in waiting]
    assert bodies, "the shop says nothing"
    rows = await asyncpg.connect(settings.asyncpg_url)
    async with caller(town.bridge) as client:
        yield Door(town, f"/webhooks/{town.kind}/{town.store.id}", client, rows, bodies)
    await rows.close()


def bodies(door: Door) -> st.SearchStrategy[bytes]:
    changed = mutated(door.bodies).map(as_body)
    return st.one_of(changed, changed, TORN, DEEP, DOUBLE, st.binary(max_size=300))


def named(kind: str) -> st.SearchStrategy[dict[str, str]]:
    """Odd values in any header this kind knows, and in some it does not."""
    names = [*(name.lower() for name in ADAPTERS[kind].webhook_headers), "user-agent", "date", "x-request-id"]
    return st.dictionaries(st.sampled_from(names), TEXT, max_size=4)


def media_type(kind: str) -> str:
    return min(ADAPTERS[kind].content_types)


def test_every_kind_can_be_signed_here() -> None:
    assert set(SIGNED) == set(SIGNED_HEADERS) == set(ADAPTERS)


@settings(max_examples=examples(60), deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
async def test_a_right_signature_is_kept_whatever_it_signs(door: Door, kind: str, data: st.DataObject) -> None:
    body = data.draw(bodies(door))
    headers = {"content-type": media_type(kind), **SIGNED[kind](WEBHOOK_SECRET, body, door.town.clock())}
    odd = data.draw(named(kind))
    headers |= {name: value for name, value in odd.items() if name not in SIGNED_HEADERS[kind]}
    before = await door.kept()
    answer = await door.post(body, headers)
    after = await door.kept()
    assert answer.status_code == 202, (body[:200], headers, answer.text)
    assert after == before + (answer.json()["status"] == "accepted")
    assert (
        await door.rows.fetchval("SELECT body_size FROM deliveries WHERE id = $1", answer.json()["delivery_id"])
        == len(body)
        or answer.json()["status"] == "duplicate"
    )
    await door.town.work()


@settings(max_examples=examples(60), deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
async def test_without_a_right_signature_nothing_is_kept(door: Door, kind: str, data: st.DataObject) -> None:
    body = data.draw(bodies(door))
    headers = {"content-type": media_type(kind), **SIGNED[kind](WEBHOOK_SECRET, body, door.town.clock())}
    right = dict(headers)
    headers |= data.draw(named(kind)) | {"content-type": data.draw(st.just(media_type(kind)) | TEXT)}
    broken = data.draw(st.sampled_from(SIGNED_HEADERS[kind]))
    headers[broken] = data.draw(TEXT.filter(lambda text: text.strip() != right[broken]))
    url = data.draw(st.just(None) | st.sampled_from(["/webhooks/%00/x", f"/webhooks/{kind}/%FF", "/webhooks/x/y"]))
    before = await door.kept()
    answer = await door.post(body, headers, url)
    assert answer.status_code in REFUSALS or (answer.status_code, answer.json()) == (200, {"status": "ping"})
    assert await door.kept() == before
