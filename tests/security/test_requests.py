"""Requests that lie about their length, dawdle or break off."""

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest

from app.api import routing
from app.bootstrap import Bridge
from tests.api.client import ALL, ENTRY, caller, connected

NOBODY = "/webhooks/woocommerce/00000000-0000-4000-8000-000000000000"


@pytest.mark.parametrize("announced", ["9" * 19, "9" * 5000, "99999999999"])
async def test_a_length_beyond_all_measure_is_413(bridge: Bridge, announced: str) -> None:
    async with caller(bridge, "configure") as client:
        headers = {"Content-Length": announced, "Content-Type": "application/json"}
        answer = await client.post("/admin/v1/stores", content=b"{}", headers=headers)
    assert answer.status_code == 413
    assert answer.headers["connection"] == "close"


@pytest.mark.parametrize("announced", ["-1", "+2", "0x2", "2, 2", "²", ""])
async def test_a_length_that_is_none_is_not_believed(bridge: Bridge, announced: str) -> None:
    async with caller(bridge, "configure") as client:
        raw = [(b"content-length", announced.encode("latin-1")), (b"content-type", b"application/json"),
               (b"authorization", client.headers["authorization"].encode())]  # fmt: skip
        answer = await client.post("/admin/v1/stores", content=b"x" * (1024 * 1024 + 1), headers=raw)
    assert answer.status_code == 413, "what came was counted"


async def test_a_body_sent_drop_by_drop_is_408(bridge: Bridge, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(routing, "BODY_PATIENCE_S", 0.05)

    async def drops() -> AsyncIterator[bytes]:
        for _ in range(1000):
            yield b" "
            await asyncio.sleep(0.01)

    async with caller(bridge, "configure") as client:
        headers = {"Content-Type": "application/json"}
        answer = await client.post("/admin/v1/stores", content=drops(), headers=headers)
    assert answer.status_code == 408


async def test_without_a_token_no_body_is_read(bridge: Bridge) -> None:
    read: list[int] = []

    async def chunks() -> AsyncIterator[bytes]:
        for number in range(10):
            read.append(number)
            yield b"x" * 100_000

    async with caller(bridge) as client:
        answer = await client.post("/admin/v1/stores", content=chunks())
    assert answer.status_code == 401
    assert read == []


async def test_packed_bodies_are_not_unpacked(bridge: Bridge) -> None:
    async with caller(bridge, "configure") as client:
        headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
        answer = await client.post("/admin/v1/stores", content=b"\x1f\x8b\x08", headers=headers)
        assert answer.status_code in {400, 422}, "bytes are bytes"


async def test_many_headers_are_no_bug(bridge: Bridge) -> None:
    async with caller(bridge) as client:
        many = {f"x-{number}": "y" * 100 for number in range(2_000)}
        assert (await client.post(NOBODY, content=b"{}", headers=many)).status_code == 404
        assert isinstance(client, httpx.AsyncClient)


async def test_large_bodies_held_back_fill_no_memory_and_keep_no_other_store_out(bridge: Bridge) -> None:
    """Unsigned bodies, all but their ends: more than one store's room is refused, small ones and others come in."""
    end = asyncio.Event()

    async def held() -> AsyncIterator[bytes]:
        yield b"x" * (4 * 1024 * 1024 - 10)
        await end.wait()
        yield b"x"

    async with caller(bridge, *ALL) as client:
        store = await connected(client)
        other = await connected(client, idealo={**ENTRY["idealo"], "client_id": "second"})
        url, another = (f"/webhooks/woocommerce/{one['id']}" for one in (store, other))
        headers = {"Content-Type": "application/json"}
        holding = [asyncio.create_task(client.post(url, content=held(), headers=headers)) for _ in range(4)]
        await asyncio.sleep(0.2)
        refused = await client.post(url, content=held(), headers=headers)
        assert (refused.status_code, refused.headers["retry-after"]) == (503, "5")
        assert "large bodies" in refused.text
        assert (await client.post(url, content=b"{}", headers=headers)).status_code == 401, "a small one is looked at"
        large = b"x" * (4 * 1024 * 1024)
        assert (await client.post(another, content=large, headers=headers)).status_code == 401
        end.set()
        assert [answer.status_code for answer in await asyncio.gather(*holding)] == [401] * 4
        assert (await client.post(url, content=large, headers=headers)).status_code == 401, "the room is free again"
