"""The controls themselves: index, calls, knobs, clock, reset, complaints."""

from datetime import timedelta
from typing import Any

import httpx
import pytest

from sandbox import calls
from sandbox.idealo.knobs import KNOBS
from sandbox.world import World
from tests.sandbox.merchant import Merchant
from tests.sandbox.served import served


async def test_index_lists_the_controls(http: httpx.AsyncClient) -> None:
    for path in ("/_sandbox/", "/_sandbox"):
        assert "POST /_sandbox/reset" in (await http.get(path)).json()


async def test_unknown_control_is_404_and_broken_json_422(http: httpx.AsyncClient) -> None:
    for method in ("GET", "POST", "PUT", "DELETE"):
        answer = await http.request(method, "/_sandbox/teapot")
        assert (answer.status_code, answer.json()["error"]) == (404, "not_found")
    for body in (b"{", b"[]", b"7"):
        answer = await http.post("/_sandbox/knobs", content=body)
        assert (answer.status_code, answer.json()["field"]) == (422, "body")


async def test_calls_are_recorded_whole_and_can_be_filtered(merchant: Merchant, http: httpx.AsyncClient) -> None:
    merchant.headers = {"ERP-Shop-System": "OXID eShop"}
    order_id = await merchant.place_one(scenario="S1")
    await merchant.post(f"orders/{order_id}/fulfillment", {"carrier": "DHL", "trackingCode": ["1"]})
    found = (await http.get("/_sandbox/calls", params={"path": "/api/v2/shops/*/fulfillment"})).json()["calls"]
    assert len(found) == 1
    assert (found[0]["side"], found[0]["method"], found[0]["status"]) == ("idealo", "POST", 201)
    assert found[0]["headers"]["erp-shop-system"] == "OXID eShop"
    assert found[0]["body"] == '{"carrier":"DHL","trackingCode":["1"]}'
    number = found[0]["number"]
    assert (await http.get(f"/_sandbox/calls?since={number}")).json()["calls"] == []
    assert (await http.get("/_sandbox/calls?side=shopify")).json()["calls"] == []
    await merchant.wait(10)
    await merchant.get("orders")
    since = found[0]["time"].replace(":00.25", ":05.25")
    assert len((await http.get("/_sandbox/calls", params={"since": since})).json()["calls"]) == 1
    assert (await http.get("/_sandbox/calls?since=noon")).json()["field"] == "since"
    await http.delete("/_sandbox/calls")
    assert (await http.get("/_sandbox/calls")).json()["calls"] == []


async def test_controls_are_neither_recorded_nor_broken(http: httpx.AsyncClient, world: World) -> None:
    world.faults.add("status", times=None)
    assert (await http.get("/_sandbox/knobs")).status_code == 200
    assert len(world.calls) == 0


async def test_every_knob_is_listed_and_takes_what_it_says(http: httpx.AsyncClient) -> None:
    listed = (await http.get("/_sandbox/knobs")).json()
    assert list(listed) == [knob.name for knob in KNOBS]
    for knob in KNOBS:
        assert listed[knob.name]["value"] == knob.default
        for value in knob.allowed or ((knob.low, knob.high) if knob.low is not None else ("TEXT",)):
            answer = await http.post("/_sandbox/knobs", json={knob.name: value})
            assert answer.json()[knob.name]["value"] == value
    back = (await http.delete("/_sandbox/knobs")).json()
    assert all(entry["value"] == entry["default"] for entry in back.values())


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"volume": 11}, "volume"),
        ({"sort": "backwards"}, "sort"),
        ({"revoking_seconds": -1}, "revoking_seconds"),
        ({"revoking_seconds": True}, "revoking_seconds"),
        ({"revoking_seconds": "2"}, "revoking_seconds"),
        ({"status_refund": "202"}, "status_refund"),
        ({"refund_success_status": " "}, "refund_success_status"),
        ({"sort": "shuffle", "volume": 11}, "volume"),
    ],
)
async def test_bad_knob_is_422_that_names_it_and_turns_nothing(
    http: httpx.AsyncClient, body: dict[str, Any], field: str
) -> None:
    answer = await http.post("/_sandbox/knobs", json=body)
    assert (answer.status_code, answer.json()["field"]) == (422, field)
    listed = (await http.get("/_sandbox/knobs")).json()
    assert all(entry["value"] == entry["default"] for entry in listed.values())


def test_every_unknown_with_a_choice_has_a_knob() -> None:
    # U35 is settled by U16; the simulator's rules leave no other number out.
    covered = {knob.source for knob in KNOBS}
    assert {f"U{number}" for number in range(1, 38)} - covered == {"U35"}


async def test_wire_knobs(merchant: Merchant) -> None:
    order_id = await merchant.place_one(scenario="S12")
    await merchant.refund(order_id, 2)
    await merchant.turn(
        money_format="flipped", remaining_quantity="absent", delivery_text="absent", error_content_type="text/html"
    )
    answer = await merchant.get(f"orders/{order_id}")
    assert '"grossPrice":134.75' in answer.text
    assert '"refundAmount":"2.00"' in answer.text
    assert not {"remainingQuantity", "merchantDeliveryText"} & set(answer.json()["lineItems"][0])
    missing = await merchant.get("orders/NOPE")
    assert (missing.status_code, missing.headers["content-type"].split(";")[0]) == (404, "text/html")
    await merchant.turn(api="down")
    assert (await merchant.get("orders")).status_code == 502


async def test_rate_limit_by_the_second(merchant: Merchant) -> None:
    await merchant.turn(requests_per_second=2)
    answers = [await merchant.get("new-orders") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert answers[2].headers["retry-after"] == "1"
    await merchant.wait(1)
    assert (await merchant.get("new-orders")).status_code == 200


async def test_token_life_is_a_knob(merchant: Merchant) -> None:
    await merchant.turn(token_seconds=5)
    await merchant.log_in()
    await merchant.wait(5)
    assert (await merchant.get("orders")).status_code == 401


async def test_clock_stops_runs_and_moves(http: httpx.AsyncClient, world: World) -> None:
    before = world.now()
    await http.post("/_sandbox/clock", json={"advance_seconds": 1.5})
    assert world.now() - before == timedelta(seconds=1.5)
    assert (await http.post("/_sandbox/clock", json={"stopped": False})).json()["stopped"] is False
    assert (await http.post("/_sandbox/clock", json={"stopped": True})).json()["stopped"] is True
    for body, field in (({"advance_seconds": -1}, "advance_seconds"), ({"now": 1}, "now"), ({"step": 1}, "step")):
        answer = await http.post("/_sandbox/clock", json=body)
        assert (answer.status_code, answer.json()["field"]) == (422, field)


async def test_reset_empties_everything(merchant: Merchant, world: World) -> None:
    await merchant.place(scenario="S2")
    await merchant.turn(sort="shuffle")
    await merchant.wait(60)
    world.faults.add("status")
    assert (await merchant.http.post("/_sandbox/reset")).status_code == 200
    assert (world.idealo.orders, world.idealo.shops, world.idealo.knobs.chosen()) == ({}, {}, {})
    assert (len(world.calls), world.faults.list(), len(world.outbox.waiting())) == (0, (), 0)
    assert (await merchant.get("orders")).status_code == 401


async def test_unknown_order_is_404(http: httpx.AsyncClient) -> None:
    for method, path in (("GET", ""), ("POST", "/buyer-cancels")):
        answer = await http.request(method, f"/_sandbox/idealo/orders/NOPE{path}")
        assert (answer.status_code, answer.json()["field"]) == (404, "id")


def test_served_sandbox_moves_by_itself() -> None:
    with served(World(stores=lambda _: {})) as address, httpx.Client(base_url=address, trust_env=False) as client:
        client.post("/_sandbox/idealo/shops", json={"shop_id": 1, "client_id": "a", "client_secret": "b"})
        client.post("/_sandbox/knobs", json={"revoking_seconds": 0})
        (order_id,) = client.post("/_sandbox/idealo/orders", json={"scenario": "S1"}).json()["ids"]
        assert client.post(f"/_sandbox/idealo/orders/{order_id}/buyer-cancels").json()["status"] == "REVOKING"
        assert client.get(f"/_sandbox/idealo/orders/{order_id}").json()["status"] == "REVOKED"


def test_call_log_is_bounded_by_number_and_by_size(monkeypatch: pytest.MonkeyPatch, world: World) -> None:
    monkeypatch.setattr(calls, "KEPT_CALLS", 3)
    monkeypatch.setattr(calls, "KEPT_BYTES", 100)
    for size in (1, 1, 1, 1, 99, 500):
        world.calls.append(
            calls.Call(
                number=world.calls.next_number(),
                time=world.now(),
                side="idealo",
                method="GET",
                path="/",
                query="",
                headers=(),
                body=b"",
                status=200,
                answer_headers=(),
                answer=b"x" * size,
            )
        )
        kept = [len(call.answer) for call in world.calls]
        assert len(kept) <= 3
        assert sum(kept) <= 100 or len(kept) == 1
