"""State in a file: it survives a second start and a kill, and a reset empties it."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from sandbox.inprocess import SandboxTransport
from sandbox.world import World
from tests.sandbox.merchant import CLIENT_ID, SECRET, SHOP_ID, Merchant

START = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[[], World]]:
    worlds: list[World] = []

    def start_again() -> World:
        for world in worlds:
            world.close()
        path = tmp_path / "new folder" / "sandbox.db"
        worlds.append(World(seed=7, clock=lambda: START, store_path=path, stores=lambda _: {}))
        return worlds[-1]

    yield start_again
    for world in worlds:
        world.close()


def a_merchant(world: World) -> Merchant:
    return Merchant(httpx.AsyncClient(transport=SandboxTransport(world), base_url="http://sandbox"))


async def test_second_start_finds_orders_shops_tokens_knobs_and_clock(start: Callable[[], World]) -> None:
    world = start()
    merchant = a_merchant(world)
    await merchant.register()
    await merchant.turn(refund_success_status="DONE")
    ids = [order for number in range(1, 19) for order in await merchant.place(scenario=f"S{number}", count=3)]
    order_id = ids[12]
    await merchant.post(f"orders/{order_id}/merchant-order-number", {"merchantOrderNumber": "A-1"})
    await merchant.post(f"orders/{order_id}/fulfillment", {"carrier": "Brieftaube", "trackingCode": ["1"]})
    await merchant.refund(order_id, 1.5)
    await merchant.wait(60)
    before = {found: await merchant.order(found) for found in ids}

    again = a_merchant(start())
    again.token = merchant.token
    assert {found: await again.order(found) for found in ids} == before
    assert (await again.http.get("/_sandbox/knobs")).json()["refund_success_status"]["value"] == "DONE"
    assert (await again.http.get("/_sandbox/clock")).json()["now"].startswith("2026-11-23T08:01:00")
    assert [entry["kind"] for entry in await again.history(order_id)][:2] == ["merchant_order_number", "fulfillment"]
    assert (await again.http.get("/_sandbox/idealo/orders")).json()["unknown_carriers"] == ["Brieftaube"]


async def test_ids_never_collide_over_starts(start: Callable[[], World]) -> None:
    seen: set[str] = set()
    for _ in range(4):
        world = start()
        merchant = a_merchant(world)
        await merchant.register()
        ids = await merchant.place(scenario="S14", count=50)
        assert not seen & set(ids)
        seen |= set(ids)
    assert len(seen) == 200


async def test_timers_go_off_after_a_restart(start: Callable[[], World]) -> None:
    world = start()
    merchant = a_merchant(world)
    await merchant.register()
    order_id = await merchant.place_one(scenario="S1")
    await merchant.revoke(order_id)
    again = a_merchant(start())
    again.token = merchant.token
    await again.wait(3)
    assert (await again.order(order_id))["status"] == "REVOKED"


async def test_reset_empties_the_file(start: Callable[[], World]) -> None:
    world = start()
    merchant = a_merchant(world)
    await merchant.register()
    await merchant.place(scenario="S1")
    await merchant.http.post("/_sandbox/reset")
    again = start()
    assert (again.idealo.orders, again.idealo.shops, again.now()) == ({}, {}, START)


def a_free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def started(port: int, path: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "sandbox", "--port", str(port), "--data", str(path), "--seed", "5"]
    process = subprocess.Popen(command, cwd=Path(__file__).parents[2], stdout=subprocess.DEVNULL)
    deadline = time.monotonic() + 15
    while True:
        try:
            httpx.get(f"http://127.0.0.1:{port}/_sandbox/", trust_env=False)
        except httpx.TransportError:
            assert time.monotonic() < deadline, "the sandbox did not start"
            time.sleep(0.05)
        else:
            return process


@pytest.mark.parametrize("ending", [signal.SIGKILL, signal.SIGINT])
def test_what_was_answered_survives_the_end_of_the_process(tmp_path: Path, ending: signal.Signals) -> None:
    port = a_free_port()
    process = started(port, tmp_path / "sandbox.db")
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client:
        shop = {"shop_id": SHOP_ID, "client_id": CLIENT_ID, "client_secret": SECRET}
        assert client.post("/_sandbox/idealo/shops", json=shop).status_code == 201
        ids = client.post("/_sandbox/idealo/orders", json={"scenario": "S1", "count": 5}).json()["ids"]
        token = client.post("/api/v2/oauth/token", auth=(CLIENT_ID, SECRET)).json()["access_token"]
        path = f"/api/v2/shops/{SHOP_ID}/orders/{ids[0]}/merchant-order-number"
        headers = {"Authorization": f"Bearer {token}"}
        assert client.post(path, json={"merchantOrderNumber": "A-1"}, headers=headers).status_code == 204
        os.kill(process.pid, ending)
    process.wait(10)
    process = started(port, tmp_path / "sandbox.db")
    try:
        shown = httpx.get(f"http://127.0.0.1:{port}/_sandbox/idealo/orders/{ids[0]}", trust_env=False).json()
        listed = httpx.get(f"http://127.0.0.1:{port}/_sandbox/idealo/orders", trust_env=False).json()
    finally:
        process.terminate()
        process.wait(10)
    assert shown["merchantOrderNumber"] == "A-1"
    assert [order["id"] for order in listed["orders"]] == ids
