"""One store's flood at the webhook door: it waits its turn and loses nothing, the others do not notice."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import httpx
import pytest

from app.api import door as at_door
from app.api.door import MOST_AT_ONCE, Busy, StoreCache, Turns
from app.bootstrap import Bridge
from app.config import Settings
from app.ledger.accept import Receipt
from app.main import create_app
from app.sync.receive import KeptDelivery
from tests.api.client import ENTRY, caller, connected
from tests.clock import Clock
from tests.fakes.queue import MemoryQueue
from tests.security.signing import woocommerce

SECRET = "aSecretOfFortyEightLettersAndDigits0123456789012"


class Slow:
    """An acceptor whose Postgres takes a while, and which counts how many it is asked to keep at once."""

    def __init__(self, inner: Any, pause_s: float) -> None:
        self._inner = inner
        self._pause_s = pause_s
        self.at_once: dict[str, int] = {}
        self.most: dict[str, int] = {}

    async def keep(self, row: KeptDelivery) -> Receipt:
        store = row.store_id
        self.at_once[store] = self.at_once.get(store, 0) + 1
        self.most[store] = max(self.most.get(store, 0), self.at_once[store])
        try:
            await asyncio.sleep(self._pause_s)
            receipt: Receipt = await self._inner.keep(row)
            return receipt
        finally:
            self.at_once[store] -= 1

    async def aclose(self) -> None:
        await self._inner.aclose()


@pytest.fixture
async def two(settings: Settings, clock: Clock) -> AsyncIterator[tuple[Bridge, httpx.AsyncClient, list[str]]]:
    """A bridge with two stores, a client, and the addresses of the two doors."""
    bridge = Bridge(settings, queue=MemoryQueue(), now=clock)
    async with caller(bridge, "configure", "read") as client:
        urls = []
        for name in ("calm", "loud"):
            idealo = {**ENTRY["idealo"], "client_id": name}
            store = await connected(client, name=name, webhook_secrets=[SECRET], idealo=idealo)
            urls.append(str(store["webhook_url"]))
        yield bridge, client, urls
    await bridge.aclose()


async def send(client: httpx.AsyncClient, url: str, clock: Clock, number: int, secret: str = SECRET) -> httpx.Response:
    body = json.dumps({"id": number}).encode()
    headers = {"content-type": "application/json", **woocommerce(secret, body, clock())}
    return await client.post(url, content=body, headers=headers)


async def test_a_flood_waits_its_turn_and_another_store_does_not(
    two: tuple[Bridge, httpx.AsyncClient, list[str]], clock: Clock, settings: Settings
) -> None:
    bridge, client, (calm, loud) = two
    slow = bridge.acceptor = Slow(bridge.acceptor, 0.02)  # type: ignore[assignment]
    flood = [asyncio.create_task(send(client, loud, clock, n)) for n in range(1, 201)]
    await asyncio.sleep(0.1)
    answer = await send(client, calm, clock, 1)
    assert answer.status_code == 202
    waiting = [task for task in flood if not task.done()]
    assert waiting, "the calm store was served while the flood was still on"
    answers = await asyncio.gather(*flood)
    assert {a.status_code for a in answers} == {202}, "slowed down, not lost"
    assert isinstance(slow, Slow)
    assert max(slow.most.values()) == MOST_AT_ONCE
    rows = await asyncpg.connect(settings.asyncpg_url)
    assert await rows.fetchval("SELECT count(*) FROM deliveries") == 201
    await rows.close()
    text = (await client.get("/metrics")).text
    assert 'bridge_deliveries_slowed_total{kind="woocommerce"}' in text
    assert "bridge_deliveries_waiting 0.0" in text


async def test_what_waits_too_long_is_told_to_come_again_and_is_kept_then(
    two: tuple[Bridge, httpx.AsyncClient, list[str]], clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    bridge, client, (_, loud) = two
    monkeypatch.setattr(at_door, "PATIENCE_S", 0.1)
    monkeypatch.setattr(at_door, "MOST_AT_ONCE", 4)
    fast, bridge.acceptor = bridge.acceptor, Slow(bridge.acceptor, 0.3)  # type: ignore[assignment]
    answers = await asyncio.gather(*(send(client, loud, clock, n) for n in range(1, 11)))
    refused = [a for a in answers if a.status_code == 503]
    assert [a.status_code for a in answers].count(202) == 4
    assert len(refused) == 6
    assert all(a.headers["retry-after"] and a.headers["content-type"] == "application/problem+json" for a in refused)
    assert 'outcome="refused_busy"' in (await client.get("/metrics")).text
    bridge.acceptor = fast
    again = await asyncio.gather(*(send(client, loud, clock, n) for n in range(1, 11)))
    assert {a.status_code for a in again} == {202}, "no turn was lost with those that gave up"


async def test_forged_deliveries_take_no_turn(
    two: tuple[Bridge, httpx.AsyncClient, list[str]], clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, client, (_, loud) = two

    async def nobody(*_: object) -> None:
        raise AssertionError("a forger stands in line")

    with monkeypatch.context() as patched:
        patched.setattr(Turns, "take", nobody)
        answers = await asyncio.gather(*(send(client, loud, clock, n, "forged") for n in range(50)))
    assert {a.status_code for a in answers} == {401}
    assert (await send(client, loud, clock, 1)).status_code == 202
    assert 'outcome="refused_signature"} 50.0' in (await client.get("/metrics")).text


async def test_a_stores_rate_delays_first_and_refuses_only_beyond_what_a_store_waits_for() -> None:
    now = [0.0]
    turns = Turns(10, lambda: now[0])
    for _ in range(10):
        turns.give(await turns.take("s", "k", 1))
    assert turns.slowed.total() == 0, "one second's worth may come at once"
    line = turns._lines["s"]
    line.used_until = 1.1
    began = asyncio.get_running_loop().time()
    turns.give(await turns.take("s", "k", 1))
    assert asyncio.get_running_loop().time() - began > 0.05
    assert turns.slowed["k"] == 1
    line.used_until = now[0] + 1 + at_door.PATIENCE_S + 0.1
    with pytest.raises(Busy):
        await turns.take("s", "k", 1)
    now[0] = 10
    turns.give(await turns.take("s", "k", 1))


async def test_rate_zero_never_delays() -> None:
    turns = Turns(0, lambda: 0.0)
    for _ in range(10_000):
        turns.give(await turns.take("s", "k", 1))
    assert turns.slowed.total() == 0


async def test_memory_of_those_who_wait_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(at_door, "MOST_WAITING", 5)
    turns = Turns(0)
    held = [await turns.take("s", "k", 1) for _ in range(MOST_AT_ONCE)]

    async def pass_through() -> None:
        turns.give(await turns.take("s", "k", 1))

    waiting = [asyncio.create_task(pass_through()) for _ in range(5)]
    await asyncio.sleep(0)
    with pytest.raises(Busy):
        await turns.take("s", "k", 1)
    held += [await turns.take("other", "k", 1) for _ in range(MOST_AT_ONCE)]
    with pytest.raises(Busy):
        await turns.take("other", "k", at_door.MOST_WAITING_BYTES)
    for line in held:
        turns.give(line)
    await asyncio.gather(*waiting)
    assert (turns.waiting, turns.waiting_bytes, turns._lines["s"].at_work) == (0, 0, 0)


async def test_who_leaves_the_line_takes_no_turn_with_him() -> None:
    turns = Turns(0)
    held = [await turns.take("s", "k", 1) for _ in range(MOST_AT_ONCE)]
    leaving = asyncio.create_task(turns.take("s", "k", 1))
    late = asyncio.create_task(turns.take("s", "k", 1))
    await asyncio.sleep(0)
    turns.give(held.pop())
    leaving.cancel()  # in the very moment its turn came
    with pytest.raises(asyncio.CancelledError):
        await leaving
    held.append(await asyncio.wait_for(late, 1))
    for line in held:
        turns.give(line)
    assert turns._lines["s"].at_work == 0


async def test_made_up_store_ids_use_few_connections(bridge: Bridge, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    most = [0, 0]
    real = StoreCache._read

    async def read(self: StoreCache, store_id: str) -> Any:
        asked.append(store_id)
        most[0] += 1
        most[1] = max(most)
        try:
            await asyncio.sleep(0.005)
            return await real(self, store_id)
        finally:
            most[0] -= 1

    monkeypatch.setattr(StoreCache, "_read", read)
    transport = httpx.ASGITransport(create_app(bridge))
    async with httpx.AsyncClient(transport=transport, base_url="http://x") as client:
        ids = [f"00000000-0000-4000-8000-{n:012}" for n in range(40)]
        answers = await asyncio.gather(*(client.post(f"/webhooks/shopify/{i}") for i in [*ids, *ids]))
        assert {a.status_code for a in answers} == {404}
        assert most[1] <= at_door.STRANGERS_AT_ONCE
        assert len(asked) == 40, "the same question is asked once"
        monkeypatch.setattr(at_door, "MOST_STRANGERS", 1)
        answers = await asyncio.gather(*(client.post(f"/webhooks/shopify/{i}") for i in ids))
        assert 503 in {a.status_code for a in answers}
        assert (await client.post("/webhooks/shopify/not-an-id")).status_code == 404
