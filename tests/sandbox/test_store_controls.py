"""What the controls hand to a fake store, and how its state is kept."""

import threading
import time
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest

from sandbox.inprocess import SandboxTransport
from sandbox.stores.port import LineQuantity, Parcel
from sandbox.world import World
from tests.sandbox.merchant import Merchant
from tests.sandbox.served import served
from tests.sandbox.toy_store import ToyStore, toy_stores


@pytest.fixture
def world() -> World:
    return World(seed=7, manual_time=True, stores=toy_stores)


@pytest.fixture
def store(world: World) -> ToyStore:
    found = world.stores["toy"]
    assert isinstance(found, ToyStore)
    return found


async def test_orders_come_in_neutral_words(http: httpx.AsyncClient) -> None:
    answer = await http.get("/_sandbox/stores/toy/orders", params={"idealo_order_id": "00K7MPX24R"})
    (order,) = answer.json()["orders"]
    assert order["total"] == "10.00"
    assert order["lines"] == [{"sku": "screw", "quantity": 2, "shipped": 0, "cancelled": 0, "returned": 0}]
    assert order["parcels"] == [{"carrier": "DHL", "tracking_code": "1"}]
    assert order["refunds"] == [{"id": "r1", "amount": "1.50"}]
    assert (await http.get("/_sandbox/stores/toy/orders?store_order_id=18")).json() == {"orders": []}


async def test_actions_reach_the_store(http: httpx.AsyncClient, store: ToyStore) -> None:
    path = "/_sandbox/stores/toy/orders/17"
    lines = [{"sku": "screw", "quantity": 1}]
    box = {"carrier": "DHL", "tracking_code": "1"}
    for action, body in (
        ("ship", {}),
        ("ship", {"lines": lines, "parcels": [box]}),
        ("track", box),
        ("cancel", {"lines": lines, "restock": False}),
        ("return", {"lines": lines}),
        ("refund", {"amount": "2.50"}),
        ("refund", {"lines": lines, "shipping": 4.95}),
    ):
        answer = await http.post(f"{path}/{action}", json=body)
        assert answer.status_code == 200, answer.text
        assert answer.json()["orders"][0]["store_order_id"] == "17"
    one = [LineQuantity(sku="screw", quantity=1)]
    parcel = Parcel(carrier="DHL", tracking_code="1")
    assert store.done == [
        ("ship", "17", None, []),
        ("ship", "17", one, [parcel]),
        ("track", "17", parcel),
        ("cancel", "17", one, False),
        ("return", "17", one),
        ("refund", "17", Decimal("2.50"), None, None),
        ("refund", "17", None, one, Decimal("4.95")),
    ]


@pytest.mark.parametrize(
    ("path", "body", "status", "field"),
    [
        ("toy/orders/17/ship", {"lines": [{"sku": "screw", "quantity": 3}]}, 409, "lines"),
        ("toy/orders/17/ship", {"lines": [{"sku": "screw"}]}, 422, "lines[0].quantity"),
        ("toy/orders/17/ship", {"lines": "all"}, 422, "lines"),
        ("toy/orders/17/ship", {"parcels": [{"carrier": "DHL"}]}, 422, "parcels[0].tracking_code"),
        ("toy/orders/17/track", {"carrier": "DHL"}, 422, "tracking_code"),
        ("toy/orders/17/cancel", {"restock": "yes"}, 422, "restock"),
        ("toy/orders/17/refund", {"amount": -1}, 422, "amount"),
        ("toy/orders/17/refund", {"amount": 1, "lines": [{"sku": "a", "quantity": 1}]}, 422, "amount"),
        ("toy/orders/17/burn", {}, 404, "action"),
        ("none/orders/17/ship", {}, 404, "kind"),
        ("toy/products", {"sku": "a"}, 422, "price"),
        ("toy/webhooks", {"mode": "lose"}, 422, "mode"),
        ("toy/webhooks", {"mode": "drop", "share": 1.5}, 422, "share"),
    ],
)
async def test_refusals_name_the_field(
    http: httpx.AsyncClient, path: str, body: dict[str, Any], status: int, field: str
) -> None:
    answer = await http.post(f"/_sandbox/stores/{path}", json=body)
    assert (answer.status_code, answer.json()["field"]) == (status, field)
    assert set(answer.json()) == {"error", "field", "message"}


async def test_products_are_made_changed_and_known_to_new_orders(merchant: Merchant) -> None:
    http = merchant.http
    made = await http.post("/_sandbox/stores/toy/products", json={"sku": "a/b", "title": "Öse", "price": 3})
    assert (made.status_code, made.json()["stock"]) == (201, 0)
    changed = await http.put("/_sandbox/stores/toy/products/a/b", json={"stock": 5, "tax_rate": 7})
    assert changed.json() == {**made.json(), "stock": 5, "tax_rate": "7"}
    new = await http.put("/_sandbox/stores/toy/products/c", json={"price": "1.10", "parent": "a/b"})
    assert (new.json()["sku"], new.json()["parent"]) == ("c", "a/b")
    assert len((await http.get("/_sandbox/stores/toy/products")).json()["products"]) == 2
    order_id = await merchant.place_one(lines=[{"sku": "a/b", "quantity": 1}])
    line = (await merchant.order(order_id))["lineItems"][0]
    assert (line["title"], line["price"]) == ("Öse", "3.00")


async def test_store_api_is_mounted_recorded_and_broken_under_its_kind(http: httpx.AsyncClient, world: World) -> None:
    assert (await http.get("/stores/toy/api/hello?x=1")).json()["path"] == "/stores/toy/api/hello"
    (call,) = world.calls.list(side="toy")
    assert (call.path, call.query, call.status) == ("/stores/toy/api/hello", "x=1", 200)
    fault = {"side": "toy", "kind": "status", "status": 503, "path": "/api/hello"}
    await http.post("/_sandbox/faults", json=fault)
    assert (await http.get("/stores/toy/api/hello")).status_code == 503


async def test_stores_are_listed_with_what_an_operator_enters(http: httpx.AsyncClient) -> None:
    answer = await http.get("/_sandbox/stores")
    assert answer.json() == {"toy": {"base_url": "http://sandbox/stores/toy", "key": "toy"}}


async def test_webhooks_are_shown_and_can_be_disabled_in_the_store(http: httpx.AsyncClient, store: ToyStore) -> None:
    await http.post("/_sandbox/stores/toy/webhooks", json={"mode": "delay", "seconds": 60, "share": 1, "seed": 3})
    await http.post("/_sandbox/stores/toy/orders/17/ship")
    shown = (await http.get("/_sandbox/stores/toy/webhooks")).json()
    assert shown == {"mode": "delay", "share": 1.0, "seed": 3, "seconds": 60.0, "waiting": 1, "delivered": []}
    answer = await http.post("/_sandbox/stores/toy/webhooks", json={"mode": "disable"})
    assert answer.json()["mode"] == "disable"
    assert store.done[-1] == ("disable_webhooks",)


def test_served_sandbox_sends_webhooks_by_itself() -> None:
    bodies: list[bytes] = []

    class Hook(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(202)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            pass

    world = World(seed=7, stores=toy_stores)
    store = world.stores["toy"]
    assert isinstance(store, ToyStore)
    with ThreadingHTTPServer(("127.0.0.1", 0), Hook) as receiver, served(world) as address:
        threading.Thread(target=receiver.serve_forever, daemon=True).start()
        store.hook_url = f"http://127.0.0.1:{receiver.server_port}/hook"
        httpx.post(f"{address}/_sandbox/stores/toy/orders/17/ship", trust_env=False)
        deadline = time.monotonic() + 5
        while not bodies:
            assert time.monotonic() < deadline, "no webhook came"
            time.sleep(0.01)
        shown = httpx.get(f"{address}/_sandbox/stores/toy/webhooks", trust_env=False).json()
        receiver.shutdown()
    assert bodies == [b"1"]
    assert [(item["outcome"], item["status"]) for item in shown["delivered"]] == [("answered", 202)]


async def test_store_state_survives_a_restart_and_not_a_reset(tmp_path: Path) -> None:
    path = tmp_path / "sandbox.db"
    for expected in ([], ["a"], ["a"]):
        world = World(store_path=path, stores=toy_stores)
        async with httpx.AsyncClient(transport=SandboxTransport(world), base_url="http://sandbox") as http:
            assert [product.sku for product in world.stores["toy"].products()] == expected
            await http.post("/_sandbox/stores/toy/products", json={"sku": "a", "price": 1})
        world.close()
    world = World(store_path=path, stores=toy_stores)
    world.reset()
    world.close()
    world = World(store_path=path, stores=toy_stores)
    assert world.stores["toy"].products() == []
    world.close()
