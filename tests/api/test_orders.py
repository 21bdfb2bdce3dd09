"""Orders and events over the admin API: states, timelines, and a person's decisions."""

import csv
import io
import json
from typing import Any

import httpx
import pytest

from tests.api.client import caller
from tests.town import Town


async def state_of(operator: httpx.AsyncClient, idealo_order_id: str) -> str:
    items = (await operator.get("/admin/v1/orders", params={"idealo_order_id": idealo_order_id})).json()["items"]
    assert len(items) == 1
    state: str = items[0]["state"]
    listed = (await operator.get("/admin/v1/orders", params={"state": state})).json()["items"]
    assert idealo_order_id in {order["idealo_order_id"] for order in listed}, "the filter agrees with the state shown"
    return state


async def whole(operator: httpx.AsyncClient, idealo_order_id: str) -> dict[str, Any]:
    items = (await operator.get("/admin/v1/orders", params={"idealo_order_id": idealo_order_id})).json()["items"]
    order: dict[str, Any] = (await operator.get(f"/admin/v1/orders/{items[0]['id']}")).json()
    return order


async def placed(town: Town, *, sku: str = "100000", quantity: int = 2) -> str:
    (order_id,) = await town.place(lines=[{"sku": sku, "quantity": quantity}], seed=7)
    return order_id


async def shipped_unheard(town: Town) -> str:
    """An imported order that was shipped without a webhook to tell of it."""
    order_id = await placed(town)
    await town.import_new()
    await town.control("POST", "/stores/woocommerce/webhooks", mode="drop", share=1, seed=1)
    await town.merchant("ship", order_id, parcels=[{"carrier": "DHL", "tracking_code": "00340434161094042557"}])
    return order_id


async def test_shipped_order_tells_its_whole_story(town: Town, operator: httpx.AsyncClient) -> None:
    order_id = await placed(town)
    await town.poll()
    assert await state_of(operator, order_id) == "importing"
    await town.settle()
    assert await state_of(operator, order_id) == "open"
    await town.merchant("ship", order_id, parcels=[{"carrier": "DHL", "tracking_code": "00340434161094042557"}])
    await town.settle()
    assert await state_of(operator, order_id) == "shipped"
    order = await whole(operator, order_id)
    assert [(e["type"], e["state"]) for e in order["timeline"]] == [
        ("order.placed", "done"),
        ("order.imported", "done"),
        ("shipment.created", "done"),
    ]
    attempt = order["timeline"][0]["attempts"][0]
    assert (attempt["number"], attempt["action"]["name"], attempt["outcome"]) == (1, "create_store_order", "done")
    assert attempt["actor"] == "bridge"
    (line,) = order["lines"]
    counts = {name: line[name] for name in ("sku", "ordered", "shipped", "cancelled", "returned", "remaining")}
    assert counts == {"sku": "100000", "ordered": 2, "shipped": 2, "cancelled": 0, "returned": 0, "remaining": 2}
    assert order["gross"] == order["paid"]
    assert order["refunded"] == "0.00"
    assert order["problems"] == []


async def test_partly_and_wholly_cancelled(town: Town, operator: httpx.AsyncClient) -> None:
    part, full = await placed(town, quantity=3), await placed(town)
    await town.import_new()
    await town.merchant("cancel", part, lines=[{"sku": "100000", "quantity": 1}], restock=True)
    await town.merchant("cancel", full, restock=True)
    await town.settle()
    assert await state_of(operator, part) == "open"
    assert (await whole(operator, part))["lines"][0]["cancelled"] == 1
    assert await state_of(operator, full) == "cancelled"


async def test_returned_goods_and_money_are_counted(town: Town, operator: httpx.AsyncClient) -> None:
    order_id = await placed(town)
    await town.import_new()
    await town.merchant("ship", order_id, parcels=[{"carrier": "DHL", "tracking_code": "00340434161094042557"}])
    await town.settle()
    await town.merchant("return", order_id, lines=[{"sku": "100000", "quantity": 1}])
    await town.settle()
    order = await whole(operator, order_id)
    assert order["lines"][0]["returned"] == 1
    assert order["lines"][0]["remaining"] == 1
    assert 0 < float(order["refunded"]) <= float(order["paid"])


async def test_revoked_before_import_is_cancelled(town: Town, operator: httpx.AsyncClient) -> None:
    order_id = await placed(town)
    await town.control("POST", f"/idealo/orders/{order_id}/buyer-cancels")
    await town.import_new()
    assert await state_of(operator, order_id) == "cancelled"


async def test_unknown_sku_needs_a_person_and_an_alias_resumes_it(town: Town, operator: httpx.AsyncClient) -> None:
    order_id = await placed(town, sku="NOT-IN-SHOP", quantity=1)
    await town.import_new()
    assert await state_of(operator, order_id) == "attention"
    order = await whole(operator, order_id)
    assert order["problems"] == ["unknown_sku"]
    found = (await operator.get("/admin/v1/orders?problem=unknown_sku")).json()["items"]
    assert [o["idealo_order_id"] for o in found] == [order_id]
    assert (await operator.get("/admin/v1/orders?problem=bug")).json()["items"] == []
    (dead,) = (await operator.get("/admin/v1/events?state=dead")).json()["items"]
    preview = (await operator.post(f"/admin/v1/events/{dead['id']}/preview")).json()
    assert preview["decision"] in {"act", "dead"}
    alias = {"idealo_sku": "NOT-IN-SHOP", "store_sku": "100000"}
    added = await operator.post(f"/admin/v1/stores/{town.store.id}/sku-aliases", json=alias)
    assert added.json()["resumed"] == 1
    await town.settle()
    assert await state_of(operator, order_id) == "open"
    assert (await whole(operator, order_id))["lines"][0]["store_sku"] == "100000"
    attempts = (await operator.get(f"/admin/v1/events/{dead['id']}")).json()["attempts"]
    assert [a["outcome"] for a in attempts] == ["dead", "replayed", "done"]
    assert attempts[1]["actor"] == "erika"


async def test_replay_and_dismiss_want_a_dead_event_and_a_reason(town: Town, operator: httpx.AsyncClient) -> None:
    await placed(town, sku="NOT-IN-SHOP", quantity=1)
    await town.import_new()
    (dead,) = (await operator.get("/admin/v1/events?state=dead&type=order.placed")).json()["items"]
    path = f"/admin/v1/events/{dead['id']}"
    for body in (
        {},
        {"reason": "  "},
        {"reason": "x" * 501},
        {"reason": "a\0"},
        {"reason": "x", "y": 1},
        {"reason": 1},
    ):
        for what in ("replay", "dismiss"):
            assert (await operator.post(f"{path}/{what}", json=body)).status_code == 422, body
    replayed = await operator.post(f"{path}/replay", json={"reason": "again"})
    assert (replayed.status_code, replayed.json()["state"]) == (200, "pending")
    assert (await operator.post(f"{path}/replay", json={"reason": "again"})).status_code == 409
    await town.settle()
    dismissed = await operator.post(f"{path}/dismiss", json={"reason": "never sold here"})
    assert (dismissed.status_code, dismissed.json()["state"]) == (200, "skipped")
    last = dismissed.json()["attempts"][-1]
    assert (last["outcome"], last["actor"], last["detail"]) == ("dismissed", "erika", "never sold here")
    assert (await operator.post(f"{path}/dismiss", json={"reason": "x"})).status_code == 409
    assert await state_of(operator, dead["idealo_order_id"]) == "closed"
    for what in ("preview", "replay", "dismiss"):
        assert (await operator.post(f"/admin/v1/events/999999/{what}", json={"reason": "x"})).status_code == 404


async def test_look_reads_both_sides_without_a_webhook_or_a_poll(town: Town, operator: httpx.AsyncClient) -> None:
    order_id = await shipped_unheard(town)
    order = await whole(operator, order_id)
    looked = (await operator.post(f"/admin/v1/orders/{order['id']}/look")).json()
    assert looked["new_events"] == 1
    assert looked["order"]["timeline"][-1]["found_by"] == "operator"
    await town.fault("idealo", "status", status=500, times=50)
    failed = await operator.post(f"/admin/v1/orders/{order['id']}/look")
    assert failed.status_code == 502
    assert (await operator.post("/admin/v1/orders/999/look")).status_code == 404


async def test_explain_foresees_without_recording(town: Town, operator: httpx.AsyncClient) -> None:
    order_id = await shipped_unheard(town)
    order = await whole(operator, order_id)
    asked = {"store_id": town.store.id, "order_id": order["store_order_id"]}
    explained = (await operator.post("/admin/v1/explain", json=asked)).json()
    (new,) = [e for e in explained["events"] if e["new"]]
    assert new["event"]["type"] == "shipment.created"
    assert new["preview"]["action"]["name"] == "send_fulfillment"
    assert len((await whole(operator, order_id))["timeline"]) == len(order["timeline"])
    gone = await operator.post("/admin/v1/explain", json={"store_id": town.store.id, "order_id": "424242"})
    assert gone.status_code == 422
    unknown = await operator.post("/admin/v1/explain", json={"store_id": "nosuch", "order_id": "1"})
    assert unknown.status_code == 404


async def test_lists_come_in_pages_newest_first(town: Town, operator: httpx.AsyncClient) -> None:
    for _ in range(3):
        await placed(town)
    await town.import_new()
    for path in ("/admin/v1/orders", "/admin/v1/events"):
        seen: list[int] = []
        cursor: str | None = None
        while True:
            query = {"limit": "2", **({"cursor": cursor} if cursor else {})}
            page = (await operator.get(path, params=query)).json()
            seen += [item["id"] for item in page["items"]]
            cursor = page["next_cursor"]
            if cursor is None:
                break
        assert seen == sorted(seen, reverse=True)
        assert len(seen) == len(set(seen)) == (3 if "orders" in path else 6)


@pytest.mark.parametrize("path", ["orders", "events", "stores"])
@pytest.mark.parametrize(
    ("query", "field"),
    [("limit=0", "limit"), ("limit=201", "limit"), ("limit=x", "limit"), ("cursor=abc", "cursor"),
     ("cursor=-1", "cursor"), ("cursor=" + "9" * 30, "cursor"), ("nosuch=1", "nosuch")],
)  # fmt: skip
async def test_bad_paging_is_named(client: httpx.AsyncClient, path: str, query: str, field: str) -> None:
    answer = await client.get(f"/admin/v1/{path}?{query}")
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == [field]


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("/orders?state=lost", "state"),
        ("/orders?problem=sad", "problem"),
        ("/orders?idealo_order_id=%00", "idealo_order_id"),
        ("/events?state=running", "state"),
        ("/events?type=order.eaten", "type"),
        ("/orders/0", "order_id"),
        ("/orders/99999999999999999999", "order_id"),
        ("/events/abc", "event_id"),
        ("/ledger/export?format=xml", "format"),
        ("/ledger/export?from=yesterday", "from"),
        ("/ledger/export?from=2026-11-23T00:00:00", "from"),
        ("/ledger/export?from=2026-12-01&to=2026-11-01", "to"),
    ],
)
async def test_bad_filters_are_named(client: httpx.AsyncClient, path: str, field: str) -> None:
    answer = await client.get(f"/admin/v1{path}")
    assert answer.status_code == 422, answer.text
    assert [error["field"] for error in answer.json()["errors"]] == [field]


async def test_filters_that_match_nothing_are_empty_not_wrong(client: httpx.AsyncClient) -> None:
    for path in ("orders?store_id=nosuch", "events?store_id=nosuch", "orders?store_order_number=1"):
        assert (await client.get(f"/admin/v1/{path}")).json() == {"items": [], "next_cursor": None}
    assert (await client.get("/admin/v1/orders/1")).status_code == 404
    assert (await client.get("/admin/v1/events/1")).status_code == 404


async def test_export_streams_every_event_in_both_forms(town: Town, operator: httpx.AsyncClient) -> None:
    order_id = await placed(town)
    await town.import_new()
    answer = await operator.get("/admin/v1/ledger/export")
    assert answer.headers["content-type"] == "application/x-ndjson"
    lines = [json.loads(line) for line in answer.text.splitlines()]
    assert [line["type"] for line in lines] == ["order.placed", "order.imported"]
    assert {line["idealo_order_id"] for line in lines} == {order_id}
    answer = await operator.get("/admin/v1/ledger/export?format=csv")
    assert answer.headers["content-type"].startswith("text/csv")
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [row["last_action"] for row in rows] == ["create_store_order", "set_merchant_order_number"]
    assert (await operator.get("/admin/v1/ledger/export?to=2020-01-01")).text == ""
    assert len((await operator.get("/admin/v1/ledger/export?from=2026-11-23&to=2026-11-24")).text.splitlines()) == 2


async def test_no_personal_data_in_any_answer(town: Town, operator: httpx.AsyncClient) -> None:
    order_id = await placed(town)
    await town.import_new()
    there = json.dumps(await town.at_idealo(order_id))
    buyer = json.loads(there)
    order = await whole(operator, order_id)
    text = json.dumps(order) + (await operator.get("/admin/v1/ledger/export")).text
    address = find(buyer, "shippingAddress")
    for field in ("firstName", "lastName", "addressLine1"):
        assert str(address[field]) not in text


def find(value: Any, name: str) -> Any:
    """The first value under a key, however deep."""
    if isinstance(value, dict):
        if name in value:
            return value[name]
        value = list(value.values())
    if isinstance(value, list):
        for one in value:
            if (found := find(one, name)) is not None:
                return found
    return None


async def test_stats_count_states_problems_and_traffic(town: Town, operator: httpx.AsyncClient) -> None:
    await placed(town)
    await placed(town, sku="NOT-IN-SHOP", quantity=1)
    await town.import_new()
    stats = (await operator.get("/admin/v1/stats")).json()
    assert stats["events"] == {"pending": 0, "done": 2, "skipped": 0, "dead": 1}
    assert stats["problems"] == {"unknown_sku": 1}
    assert stats["orders"] == {"open": 1, "attention": 1}
    assert stats["backlog"]["due_events"] == 0
    (store,) = stats["stores"]
    assert store["polls"]["idealo"]["polled_at"]
    assert store["polls"]["store"]["failures"] == 0
    (hour,) = stats["throughput"]
    assert (hour["recorded"], hour["done"], hour["dead"]) == (3, 2, 1)
    async with caller(town.bridge, "operate") as other:
        assert (await other.get("/admin/v1/stats")).status_code == 403
