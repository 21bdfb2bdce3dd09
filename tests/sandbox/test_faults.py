"""Every kind of fault, in process and served by uvicorn."""

import contextlib
import json
import time
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from sandbox.inprocess import SandboxTransport
from sandbox.world import World
from tests.sandbox.merchant import Merchant
from tests.sandbox.served import served


@pytest.fixture(params=["in process", "served"])
async def shop(request: pytest.FixtureRequest) -> AsyncIterator[Merchant]:
    world = World(seed=7, stores=lambda _: {})
    async with contextlib.AsyncExitStack() as stack:
        if request.param == "served":
            address = stack.enter_context(served(world))
            client = httpx.AsyncClient(base_url=address, timeout=1.0, trust_env=False)
        else:
            client = httpx.AsyncClient(transport=SandboxTransport(world), base_url="http://sandbox")
        merchant = Merchant(await stack.enter_async_context(client))
        await merchant.register()
        yield merchant


async def break_it(merchant: Merchant, **fault: Any) -> dict[str, Any]:
    answer = await merchant.http.post("/_sandbox/faults", json={"side": "idealo", **fault})
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def last_call(merchant: Merchant) -> dict[str, Any]:
    calls = (await merchant.http.get("/_sandbox/calls")).json()["calls"]
    found: dict[str, Any] = calls[-1]
    return found


async def test_status_answers_without_performing(shop: Merchant) -> None:
    order_id = await shop.place_one(scenario="S1")
    await break_it(shop, kind="status", status=503, path="/api/v2/shops/*/fulfillment", method="post")
    assert (await shop.post(f"orders/{order_id}/fulfillment", {})).status_code == 503
    assert await shop.history(order_id) == []
    assert (await shop.post(f"orders/{order_id}/fulfillment", {})).status_code == 201


async def test_html_502_is_no_json(shop: Merchant) -> None:
    await break_it(shop, kind="html_502")
    answer = await shop.get("orders")
    assert (answer.status_code, answer.headers["content-type"]) == (502, "text/html")
    assert answer.text.startswith("<html>")


async def test_rate_limit_says_when_to_come_back(shop: Merchant) -> None:
    await break_it(shop, kind="rate_limit", seconds=7, times=2)
    answers = [await shop.get("orders") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [429, 429, 200]
    assert answers[0].headers["retry-after"] == "7"


async def test_timeout_does_not_perform(shop: Merchant) -> None:
    order_id = await shop.place_one(scenario="S1")
    await break_it(shop, kind="timeout", path="/api/v2/shops")
    with pytest.raises(httpx.ReadTimeout):
        await shop.post(f"orders/{order_id}/fulfillment", {})
    assert await shop.history(order_id) == []
    call = await last_call(shop)
    assert (call["status"], call["fault"]) == (None, "timeout")


async def test_reset_does_not_perform(shop: Merchant) -> None:
    order_id = await shop.place_one(scenario="S1")
    await break_it(shop, kind="reset", path="/api/v2/shops")
    with pytest.raises(httpx.ReadError):
        await shop.post(f"orders/{order_id}/fulfillment", {})
    assert await shop.history(order_id) == []
    assert (await shop.get("orders")).status_code == 200


async def test_after_success_performs_and_loses_the_answer(shop: Merchant) -> None:
    order_id = await shop.place_one(scenario="S1")
    await break_it(shop, kind="after_success", path="/api/v2/shops")
    with pytest.raises((httpx.ReadTimeout, httpx.ReadError)):
        await shop.post(f"orders/{order_id}/fulfillment", {"carrier": "DHL", "trackingCode": ["1"]})
    assert [entry["kind"] for entry in await shop.history(order_id)] == ["fulfillment"]
    call = await last_call(shop)
    assert (call["status"], call["fault"]) == (201, "after_success")


async def test_truncate_breaks_the_json(shop: Merchant) -> None:
    await shop.place_one(scenario="S1")
    await break_it(shop, kind="truncate")
    answer = await shop.get("orders")
    assert answer.status_code == 200
    with pytest.raises(json.JSONDecodeError):
        answer.json()
    assert (await shop.get("orders")).json()["totalElements"] == 1


async def test_slow_answers_late_but_right(shop: Merchant) -> None:
    await break_it(shop, kind="slow", seconds=0.3)
    started = time.monotonic()
    assert (await shop.get("orders")).status_code == 200
    in_process = isinstance(shop.http._transport, SandboxTransport)
    assert (time.monotonic() - started >= 0.3) is not in_process


async def test_duplicate_performs_twice(shop: Merchant) -> None:
    order_id = await shop.place_one(scenario="S5")
    await break_it(shop, kind="duplicate", method="POST", path="/api/v2/shops")
    assert (await shop.refund(order_id, 5)).status_code == 202
    assert len((await shop.get(f"orders/{order_id}/refunds")).json()) == 2


async def test_timeout_lets_go_after_its_seconds(shop: Merchant) -> None:
    await break_it(shop, kind="timeout", seconds=0.2)
    with pytest.raises((httpx.ReadTimeout, httpx.ReadError)):
        await shop.get("orders")


async def test_fault_waits_for_its_turn_and_side(shop: Merchant) -> None:
    await break_it(shop, kind="status", after=2, times=None, status=500)
    await break_it(shop, side="shopify", kind="status")
    answers = [(await shop.get("orders")).status_code for _ in range(5)]
    assert answers == [200, 200, 500, 500, 500]
    assert (await shop.http.delete("/_sandbox/faults")).status_code == 200
    assert (await shop.get("orders")).status_code == 200


async def test_one_fault_can_be_removed(shop: Merchant) -> None:
    first = await break_it(shop, kind="status", status=500)
    await break_it(shop, kind="status", status=418)
    await shop.http.delete("/_sandbox/faults", params={"number": first["number"]})
    assert (await shop.get("orders")).status_code == 418


async def test_probability_is_repeatable_by_seed(shop: Merchant) -> None:
    runs: list[list[int]] = []
    for _ in range(2):
        await break_it(shop, kind="status", probability=0.5, seed=3, times=None)
        runs.append([(await shop.get("orders")).status_code for _ in range(12)])
        await shop.http.delete("/_sandbox/faults")
    assert runs[0] == runs[1]
    assert set(runs[0]) == {200, 500}


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "kind"),
        ({"kind": "explode"}, "kind"),
        ({"kind": "status", "status": 99}, "status"),
        ({"kind": "status", "times": 0}, "times"),
        ({"kind": "status", "after": -1}, "after"),
        ({"kind": "slow", "seconds": "long"}, "seconds"),
        ({"kind": "slow", "probability": 2}, "probability"),
        ({"kind": "slow", "speed": 2}, "speed"),
        ({"kind": "slow", "path": 2}, "path"),
    ],
)
async def test_bad_fault_is_422_and_names_the_field(http: httpx.AsyncClient, body: dict[str, Any], field: str) -> None:
    answer = await http.post("/_sandbox/faults", json=body)
    assert (answer.status_code, answer.json()["field"]) == (422, field)
    assert (await http.get("/_sandbox/faults")).json()["faults"] == []
