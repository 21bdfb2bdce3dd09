"""Addresses, keys and bad habits of the fake's host."""

import base64
import json

import httpx
import pytest

from sandbox.inprocess import SandboxTransport
from sandbox.stores import make_stores
from sandbox.stores.port import SandboxRefusal
from sandbox.world import World
from tests.sandbox.woocommerce_lab import SITE, Lab, order_body


def _bare(lab: Lab) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=lab.app), base_url=SITE)


async def test_the_index_names_the_namespaces_to_anybody() -> None:
    lab = Lab()
    index = (await _bare(lab).get("/wp-json/")).json()
    assert {"wc/v3", "wc-ast/v3", "wc-shipment-tracking/v3"} <= set(index["namespaces"])
    lab.woo.set_options({"ast": False})
    assert "wc-ast/v3" not in (await _bare(lab).get("/wp-json/")).json()["namespaces"]


@pytest.mark.parametrize(
    ("method", "path", "code", "message"),
    [
        ("GET", "/orders", "woocommerce_rest_cannot_view", "Sorry, you cannot list resources."),
        ("GET", "/orders/1", "woocommerce_rest_cannot_view", "Sorry, you cannot view this resource."),
        ("POST", "/orders", "woocommerce_rest_cannot_create", "Sorry, you are not allowed to create resources."),
        ("PUT", "/orders/1", "woocommerce_rest_cannot_edit", "Sorry, you are not allowed to edit this resource."),
    ],
)
async def test_without_keys_the_shop_says_what_may_not_be_done(method: str, path: str, code: str, message: str) -> None:
    answer = await _bare(Lab()).request(method, f"/wp-json/wc/v3{path}")
    assert answer.status_code == 401
    assert answer.json() == {"code": code, "message": message, "data": {"status": 401}}


async def test_a_host_that_strips_the_header_still_takes_keys_from_the_query() -> None:
    lab = Lab()
    lab.woo.set_options({"strip_authorization": True})
    refused = await lab.call("GET", "/orders")
    assert (refused.status_code, refused.json()["code"]) == (401, "woocommerce_rest_cannot_view")
    assert (await lab.call("GET", "/orders", params=lab.woo.credentials())).status_code == 200
    keys = {**lab.woo.credentials(), "consumer_secret": "cs_wrong"}
    wrong = await _bare(lab).get("/wp-json/wc/v3/orders", params=keys)
    assert wrong.json()["message"] == "Consumer secret is invalid."


@pytest.mark.parametrize(("permission", "reads", "writes"), [("read", 200, 401), ("write", 401, 201)])
async def test_a_key_may_be_allowed_less(permission: str, reads: int, writes: int) -> None:
    lab = Lab()
    lab.woo.set_options({"key_permissions": permission})
    assert (await lab.call("GET", "/orders")).status_code == reads
    assert (await lab.call("POST", "/orders", order_body())).status_code == writes


async def test_the_canonical_host_is_a_redirect_away() -> None:
    lab = Lab()
    lab.woo.set_options({"canonical_host": "www.shop.test"})
    answer = await lab.call("POST", "/orders?x=1", order_body())
    assert answer.status_code == 301
    assert answer.headers["Location"] == "https://www.shop.test/wp-json/wc/v3/orders?x=1"
    ours = await lab.call("GET", "/orders", headers={"Host": "www.shop.test"})
    assert (ours.status_code, ours.json()) == (200, [])


async def test_plain_permalinks_show_a_page_and_answer_by_rest_route() -> None:
    lab = Lab()
    lab.woo.set_options({"plain_permalinks": True})
    page = await lab.call("GET", "/orders")
    assert (page.status_code, page.headers["Content-Type"]) == (404, "text/html; charset=UTF-8")
    answer = await lab.client.get("/", params={"rest_route": "/wc/v3/orders"})
    assert (answer.status_code, answer.json()) == (200, [])


@pytest.mark.parametrize("status", [403, 429, 503])
async def test_a_firewall_answers_html(status: int) -> None:
    lab = Lab()
    lab.woo.set_options({"waf": str(status)})
    answer = await lab.call("GET", "/orders")
    assert (answer.status_code, answer.headers["Content-Type"]) == (status, "text/html")
    assert ("Retry-After" in answer.headers) == (status == 429)


async def test_a_notice_stands_before_the_json() -> None:
    lab = Lab()
    lab.woo.set_options({"php_notice": True})
    text = (await lab.call("GET", "/orders")).text
    assert text.startswith("<br />\n<b>Notice</b>")
    assert json.loads(text[text.index("[") :]) == []


async def test_broken_json_and_unknown_routes_are_named() -> None:
    lab = Lab()
    broken = await lab.client.post("/wp-json/wc/v3/orders", content=b"{", headers={"Content-Type": "application/json"})
    assert (broken.status_code, broken.json()["code"]) == (400, "rest_invalid_json")
    lost = await lab.call("GET", "/gibtsnicht")
    assert (lost.status_code, lost.json()["code"]) == (404, "rest_no_route")


async def test_answers_are_escaped_as_php_does() -> None:
    lab = Lab()
    answer = await lab.call("POST", "/orders", order_body(customer_note="Tür/🎁"))
    assert b'"customer_note":"T\\u00fcr\\/\\ud83c\\udf81"' in answer.content


async def test_options_can_be_read_and_set_and_bad_ones_are_named() -> None:
    lab = Lab()
    client = _bare(lab)
    changed = await client.post("/_options", json={"tracking_source": "shiptastic"})
    assert changed.json()["shiptastic"] is True
    assert (await client.get("/_options")).json() == lab.woo.options()
    for body in ({"nope": 1}, {"waf": "418"}):
        refused = await client.post("/_options", json=body)
        assert (refused.status_code, refused.json()["field"]) == (422, next(iter(body)))
    with pytest.raises(SandboxRefusal):
        lab.woo.set_options({"slow_seconds": -1})


async def test_the_shop_is_served_inside_the_sandbox_below_its_kind() -> None:
    world = World(stores=make_stores)
    keys = world.stores["woocommerce"].credentials()
    async with httpx.AsyncClient(
        transport=SandboxTransport(world), auth=(keys["consumer_key"], keys["consumer_secret"])
    ) as client:
        base = "http://sandbox.test/stores/woocommerce"
        assert (await client.get(f"{base}/wp-json/")).json()["url"] == base
        order = order_body(line_items=[{"sku": "SHIRT-100-BL-M", "quantity": 2}])
        created = await client.post(f"{base}/wp-json/wc/v3/orders", json=order)
        assert created.status_code == 201
        assert created.headers["Location"] == f"{base}/wp-json/wc/v3/orders/{created.json()['id']}"
        number = created.json()["id"]
        shipped = await client.post(
            f"http://sandbox.test/_sandbox/stores/woocommerce/orders/{number}/ship",
            json={"parcels": [{"carrier": "DHL", "tracking_code": "1Z"}]},
        )
        assert shipped.status_code == 200
        (order_now,) = world.stores["woocommerce"].orders(None, str(number))
        assert [line.shipped for line in order_now.lines] == [2]


async def test_basic_credentials_that_are_no_base64_count_as_none() -> None:
    answer = await _bare(Lab()).get("/wp-json/wc/v3/orders", headers={"Authorization": "Basic ???"})
    assert answer.json()["code"] == "woocommerce_rest_cannot_view"
    login = base64.b64encode(b"admin:password").decode()
    unknown = await _bare(Lab()).get("/wp-json/wc/v3/orders", headers={"Authorization": f"Basic {login}"})
    assert unknown.json()["code"] == "woocommerce_rest_authentication_error"
