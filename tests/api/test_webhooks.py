"""The webhook door: what is kept, what is answered, and what is refused."""

import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator

import httpx
import pytest

from app.bootstrap import Bridge
from app.config import Settings
from app.ledger.accept import Acceptor
from app.main import create_app
from app.registry import ADAPTERS
from tests.api.client import FIXTURES, RECORDED_SECRET, caller, connected, recorded
from tests.clock import Clock
from tests.conftest import KEY
from tests.fakes.queue import MemoryQueue

OTHER_KEY = "b3RoZXIga2V5IG9mIHRoaXJ0eS10d28gYnl0ZXMgISE="


@pytest.fixture
async def door(client: httpx.AsyncClient) -> str:
    """The address of a store that knows the recordings' secret."""
    store = await connected(client, webhook_secrets=[RECORDED_SECRET])
    return str(store["webhook_url"])


def signed(body: bytes, secret: str = RECORDED_SECRET) -> dict[str, str]:
    signature = base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest()).decode()
    return {
        "Content-Type": "application/json",
        "X-WC-Webhook-Signature": signature,
        "X-WC-Webhook-Topic": "order.updated",
    }


async def kept(bridge: Bridge) -> list[tuple[str | None, str | None]]:
    """(store order id, remark) of every kept delivery."""
    async with bridge.deps.ledger() as ledger:
        found = [await ledger.delivery(i) for i in range(1, 30)]
    return [(d.store_order_id, d.remark) for d in found if d]


async def test_recorded_delivery_is_kept_and_rings(
    bridge: Bridge, client: httpx.AsyncClient, door: str, queue: MemoryQueue
) -> None:
    headers, body = recorded("014-")
    answer = await client.post(door, content=body, headers=headers)
    assert answer.status_code == 202
    assert answer.json() == {"status": "accepted", "delivery_id": 1}
    assert await kept(bridge) == [("18", None)]
    assert queue.rings == [("look", 1)]


async def test_every_recorded_signed_delivery_is_accepted(client: httpx.AsyncClient, door: str) -> None:
    for number in (13, 20, 34, 51, 62, 75, 99, 100):
        headers, body = recorded(f"{number:03}-")
        answer = await client.post(door, content=body, headers=headers)
        assert (answer.status_code, answer.json()["status"]) == (202, "accepted"), number


async def test_repetition_is_a_duplicate_with_the_first_ones_id_and_rings_once(
    client: httpx.AsyncClient, door: str, queue: MemoryQueue
) -> None:
    headers, body = recorded("014-")
    first = await client.post(door, content=body, headers=headers)
    second = await client.post(door, content=body, headers=headers)
    assert second.status_code == 202
    assert second.json() == {"status": "duplicate", "delivery_id": first.json()["delivery_id"]}
    assert len(queue.rings) == 1


async def test_recorded_ping_is_answered_200_and_leaves_nothing(
    bridge: Bridge, client: httpx.AsyncClient, door: str
) -> None:
    headers, body = recorded("001-")
    answer = await client.post(door, content=body, headers=headers)
    assert answer.status_code == 200
    assert await kept(bridge) == []


@pytest.mark.parametrize("signature", [None, "", "bm90IHRoZSByaWdodCBvbmU=", "not base64!"])
async def test_wrong_signature_is_401_and_leaves_no_row(
    bridge: Bridge, client: httpx.AsyncClient, door: str, signature: str | None
) -> None:
    headers, body = recorded("014-")
    given = {name: value for name, value in headers.items() if name != "X-WC-Webhook-Signature"}
    if signature is not None:
        given["X-WC-Webhook-Signature"] = signature
    answer = await client.post(door, content=body, headers=given)
    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"
    assert await kept(bridge) == []
    assert 'outcome="refused_signature"' in (await client.get("/metrics")).text


async def test_one_changed_byte_is_401(client: httpx.AsyncClient, door: str) -> None:
    headers, body = recorded("014-")
    assert (await client.post(door, content=body + b" ", headers=headers)).status_code == 401


async def test_unknown_store_and_wrong_kind_are_404(client: httpx.AsyncClient, door: str) -> None:
    headers, body = recorded("014-")
    store_id = door.rsplit("/", 1)[1]
    for kind in {"nosuch", *ADAPTERS} - {"woocommerce"}:
        assert (await client.post(f"/webhooks/{kind}/{store_id}", content=body, headers=headers)).status_code == 404
    for unknown in ("00000000-0000-4000-8000-000000000000", "no-id", "%00", "x" * 2000):
        answer = await client.post(f"/webhooks/woocommerce/{unknown}", content=body, headers=headers)
        assert answer.status_code == 404
    assert (await client.post(f"{door}/", content=body, headers=headers)).status_code == 404


async def test_archived_store_is_404_and_a_paused_one_still_keeps(
    bridge: Bridge, client: httpx.AsyncClient, door: str
) -> None:
    headers, body = recorded("014-")
    store_id = door.rsplit("/", 1)[1]
    await client.post(f"/admin/v1/stores/{store_id}/pause")
    assert (await client.post(door, content=body, headers=headers)).status_code == 202
    assert await kept(bridge) == [("18", None)]
    await client.delete(f"/admin/v1/stores/{store_id}")
    assert (await client.post(door, content=body, headers=headers)).status_code == 404


@pytest.mark.parametrize("body", [b"{broken", b"[]", b'"text"', b"{}", b"", b'{"id": -1}', b"\xff\xfe", b"[" * 20_000])
async def test_right_signature_on_an_unusable_body_is_kept(
    bridge: Bridge, client: httpx.AsyncClient, door: str, body: bytes
) -> None:
    answer = await client.post(door, content=body, headers=signed(body))
    assert answer.status_code == 202, answer.text
    assert [order for order, _ in await kept(bridge)] == [None]


async def test_other_media_types_are_415(bridge: Bridge, client: httpx.AsyncClient, door: str) -> None:
    body = b'{"id": 1}'
    for media_type in ("text/plain", "", "multipart/form-data; boundary=x"):
        answer = await client.post(door, content=body, headers={**signed(body), "Content-Type": media_type})
        assert answer.status_code == 415
    assert await kept(bridge) == []


async def test_announced_body_over_the_limit_is_413_unread(client: httpx.AsyncClient, door: str) -> None:
    size = 5 * 1024 * 1024 + 1
    answer = await client.post(door, content=iterate(0), headers={**signed(b""), "Content-Length": str(size)})
    assert answer.status_code == 413


async def test_chunked_body_is_read_up_to_the_limit_only(client: httpx.AsyncClient, door: str) -> None:
    read: list[int] = []
    answer = await client.post(door, content=iterate(100, read), headers=signed(b""))
    assert answer.status_code == 413
    assert len(read) == 6, "five chunks fit, the sixth is one too many"


async def iterate(chunks: int, read: list[int] | None = None) -> AsyncIterator[bytes]:
    for number in range(chunks):
        if read is not None:
            read.append(number)
        yield b"x" * (1024 * 1024)


async def test_postgres_away_is_503_and_never_2xx(bridge: Bridge, client: httpx.AsyncClient, door: str) -> None:
    headers, body = recorded("014-")
    acceptor, bridge.acceptor = bridge.acceptor, Acceptor("postgresql://nobody:nothing@127.0.0.1:1/nowhere")
    answer = await client.post(door, content=body, headers=headers)
    assert answer.status_code == 503
    assert answer.headers["retry-after"]
    bridge.acceptor = acceptor
    assert (await client.post(door, content=body, headers=headers)).status_code == 202


async def test_a_bug_behind_the_door_is_500_without_its_text(
    bridge: Bridge, door: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: object) -> None:
        raise RuntimeError("with somebody's address in it")

    monkeypatch.setattr(bridge.acceptor, "keep", broken)
    headers, body = recorded("014-")
    wire = httpx.ASGITransport(create_app(bridge), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=wire, base_url="http://bridge.test") as client:
        answer = await client.post(door, content=body, headers=headers)
        assert (await client.get(door)).status_code == 405
        assert (await client.post(f"{door}/more")).status_code == 404
    assert answer.status_code == 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "address" not in answer.text
    assert answer.headers["x-request-id"] in answer.json()["detail"]


async def test_store_no_key_opens_is_503(
    settings: Settings, clock: Clock, client: httpx.AsyncClient, door: str
) -> None:
    rotated = Settings.model_validate({**settings.model_dump(), "master_keys": OTHER_KEY})
    stranger = Bridge(rotated, queue=MemoryQueue(), now=clock)
    headers, body = recorded("014-")
    async with caller(stranger) as other:
        assert (await other.post(door, content=body, headers=headers)).status_code == 503
    await stranger.aclose()
    both = Bridge(
        Settings.model_validate({**settings.model_dump(), "master_keys": f"{OTHER_KEY},{KEY}"}),
        queue=MemoryQueue(),
        now=clock,
    )
    async with caller(both) as other:
        assert (await other.post(door, content=body, headers=headers)).status_code == 202
    await both.aclose()


async def test_two_secrets_are_valid_at_once_and_a_retired_one_is_not(client: httpx.AsyncClient, door: str) -> None:
    store_id = door.rsplit("/", 1)[1]
    added = (await client.post(f"/admin/v1/stores/{store_id}/secrets")).json()
    assert added["valid"] == 2
    for number, secret in enumerate((RECORDED_SECRET, added["secret"])):
        body = b'{"id": %d}' % (number + 1)
        assert (await client.post(door, content=body, headers=signed(body, secret))).status_code == 202
    assert (await client.delete(f"/admin/v1/stores/{store_id}/secrets/2")).status_code == 204
    body = b'{"id": 9}'
    assert (await client.post(door, content=body, headers=signed(body))).status_code == 401
    assert (await client.post(door, content=body, headers=signed(body, added["secret"]))).status_code == 202
    assert (await client.delete(f"/admin/v1/stores/{store_id}/secrets/1")).status_code == 409
    assert (await client.delete(f"/admin/v1/stores/{store_id}/secrets/2")).status_code == 404


async def test_only_post_is_served(client: httpx.AsyncClient, door: str) -> None:
    for method in ("GET", "HEAD", "PUT", "DELETE"):
        answer = await client.request(method, door)
        assert answer.status_code == 405, method


async def test_deliveries_are_counted_by_kind_and_outcome(client: httpx.AsyncClient, door: str) -> None:
    headers, body = recorded("014-")
    for _ in range(2):
        await client.post(door, content=body, headers=headers)
    text = (await client.get("/metrics")).text
    assert 'bridge_deliveries_total{kind="woocommerce",outcome="accepted"} 1.0' in text
    assert 'bridge_deliveries_total{kind="woocommerce",outcome="duplicate"} 1.0' in text


async def test_each_recorded_delivery_gets_the_contracts_answer(client: httpx.AsyncClient) -> None:
    """All recordings of a real shop, pings and the one signed with special characters included."""
    index = json.loads((FIXTURES / "INDEX.json").read_text())
    store = await connected(client, webhook_secrets=[RECORDED_SECRET, index["odd_secret"]])
    answers: dict[str, tuple[int, str]] = {}
    for recording in index["recordings"]:
        headers, body = recorded(recording["file"].split("-")[0] + "-")
        answer = await client.post(str(store["webhook_url"]), content=body, headers=headers)
        answers[recording["file"]] = answer.status_code, answer.json()["status"]
    expected = {r["file"]: (200, "ping") if r["topic"] == "ping" else (202, "accepted") for r in index["recordings"]}
    assert answers == expected
    assert len(answers) == 101
