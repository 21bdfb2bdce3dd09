"""Stores over the admin API: connecting, changing, checking, and never telling a secret."""

import json
from typing import Any

import httpx
import pytest

from app.registry import ADAPTERS
from tests.api.client import ENTRY, connected
from tests.fakes.queue import MemoryQueue
from tests.town import IDEALO_URL, SHOP_ID, Town

AS_JSON = {"Content-Type": "application/json"}
SECRETS = ("ck_hidden_key", "cs_hidden_s", "hidden-idealo-secret")


def problems(answer: httpx.Response) -> dict[str, str]:
    """field -> message of a 422."""
    assert answer.status_code == 422, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    return {error["field"]: error["message"] for error in answer.json()["errors"]}


def entry_for(town: Town, **changes: Any) -> dict[str, Any]:
    """The sandbox's shop, as an operator enters it."""
    credentials = {**town.world.stores["woocommerce"].credentials(), "base_url": f"{IDEALO_URL}/stores/woocommerce"}
    idealo = {"client_id": f"client-{SHOP_ID}", "client_secret": "secret", "base_url": IDEALO_URL}
    return {"kind": "woocommerce", "name": "Second", "credentials": credentials, "idealo": idealo, **changes}


async def test_connected_store_is_shown_whole_and_its_made_secret_once(client: httpx.AsyncClient) -> None:
    store = await connected(client, settings={"on_buyer_cancellation": "ask"})
    assert store["webhook_url"] == f"http://bridge.test/webhooks/woocommerce/{store['id']}"
    assert len(store["webhook_secret"]) == 48
    assert store["settings"]["on_buyer_cancellation"] == "ask"
    assert store["settings"]["tracking_grace_minutes"] == 60
    assert store["idealo_shop_id"] is None
    again = (await client.get(f"/admin/v1/stores/{store['id']}")).json()
    assert again == {name: value for name, value in store.items() if name != "webhook_secret"}


async def test_no_answer_ever_holds_a_secret(client: httpx.AsyncClient) -> None:
    store = await connected(client, webhook_secrets=["hidden-webhook-secret"])
    assert store["webhook_secret"] is None
    base = f"/admin/v1/stores/{store['id']}"
    answers = [
        json.dumps(store),
        (await client.get("/admin/v1/stores")).text,
        (await client.get(base)).text,
        (await client.patch(base, json={"name": "Other"})).text,
        (await client.patch(base, params={"check": "false"}, json={"credentials": {"auth": "wrong"}})).text,
        (await client.post(f"{base}/pause")).text,
        (await client.post(f"{base}/secrets", json={"secret": "hidden-webhook-secret-2"})).text,
        (await client.get("/admin/v1/stats")).text,
        (await client.get("/metrics")).text,
        (await client.post("/admin/v1/stores", json={**ENTRY, "unknown": 1})).text,
    ]
    for text in answers:
        assert not [secret for secret in (*SECRETS, "hidden-webhook-secret") if secret in text]


async def test_both_sides_are_asked_before_a_store_is_kept(town: Town, operator: httpx.AsyncClient) -> None:
    shop = {"shop_id": SHOP_ID + 1, "client_id": "second", "client_secret": "second-secret"}
    await town.control("POST", "/idealo/shops", **shop)
    idealo = {"client_id": "second", "client_secret": "second-secret", "base_url": IDEALO_URL}
    answer = await operator.post("/admin/v1/stores", json=entry_for(town, idealo=idealo))
    assert answer.status_code == 201, answer.text
    assert answer.json()["idealo_shop_id"] == str(SHOP_ID + 1)


async def test_refusing_side_is_named_and_nothing_is_kept(town: Town, operator: httpx.AsyncClient) -> None:
    bad_idealo = {"client_id": f"client-{SHOP_ID}", "client_secret": "wrong", "base_url": IDEALO_URL}
    fields = problems(await operator.post("/admin/v1/stores", json=entry_for(town, idealo=bad_idealo)))
    assert list(fields) == ["idealo.credentials"]
    credentials = {**entry_for(town)["credentials"], "consumer_secret": "cs_wrong"}
    fields = problems(await operator.post("/admin/v1/stores", json=entry_for(town, credentials=credentials)))
    assert all(field.startswith("woocommerce.") for field in fields)
    assert len((await operator.get("/admin/v1/stores")).json()["items"]) == 1


async def test_one_idealo_shop_has_one_live_store(town: Town, operator: httpx.AsyncClient) -> None:
    answer = await operator.post("/admin/v1/stores", json=entry_for(town))
    assert answer.status_code == 409
    await operator.delete(f"/admin/v1/stores/{town.store.id}")
    assert (await operator.post("/admin/v1/stores", json=entry_for(town))).status_code == 201


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"kind": "nosuch"}, "kind"),
        ({"kind": None}, "kind"),
        ({"name": "   "}, "name"),
        ({"name": "x" * 201}, "name"),
        ({"name": "a\0b"}, "name"),
        ({"name": "\ud800"}, "name"),
        ({"surprise": 1}, "surprise"),
        ({"credentials": {}}, "credentials.base_url"),
        ({"credentials": {**ENTRY["credentials"], "extra": "x"}}, "credentials.extra"),
        ({"credentials": {**ENTRY["credentials"], "consumer_key": "a\0"}}, "credentials.consumer_key"),
        ({"credentials": {**ENTRY["credentials"], "consumer_key": "k" * 5000}}, "credentials.consumer_key"),
        ({"credentials": {**ENTRY["credentials"], "base_url": "https://user:pw@shop.example"}}, "credentials.base_url"),
        ({"credentials": {**ENTRY["credentials"], "base_url": "ftp://shop.example"}}, "credentials.base_url"),
        ({"credentials": "text"}, "credentials"),
        ({"settings": {"tracking_grace_minutes": -1}}, "settings.tracking_grace_minutes"),
        ({"settings": {"no_such_setting": 1}}, "settings.no_such_setting"),
        (
            {"settings": {"default_carrier": {"a": {"b": {"c": {"d": {"e": {"f": {"g": {"h": {"i": 1}}}}}}}}}}},
            "settings",
        ),
        ({"webhook_secrets": []}, "webhook_secrets"),
        ({"webhook_secrets": ["a", "b", "c"]}, "webhook_secrets"),
        ({"webhook_secrets": [""]}, "webhook_secrets.0"),
        ({"idealo": {"client_id": "x"}}, "idealo.client_secret"),
        ({"idealo": {**ENTRY["idealo"], "environment": "moon"}}, "idealo.environment"),
        ({"idealo": {**ENTRY["idealo"], "base_url": "https://orders.example"}}, "idealo"),
        ({"idealo": {"client_id": "x", "client_secret": "y", "base_url": "http://u:p@x"}}, "idealo.base_url"),
        ({"idealo": {"client_id": "x", "client_secret": "y", "base_url": "http://x:99999"}}, "idealo.base_url"),
    ],
    ids=lambda value: str(value)[:50].encode("ascii", "replace").decode(),
)
async def test_every_wrong_field_is_named(client: httpx.AsyncClient, change: dict[str, Any], field: str) -> None:
    body = json.dumps({**ENTRY, **change})
    answer = await client.post("/admin/v1/stores", params={"check": "false"}, content=body, headers=AS_JSON)
    fields = problems(answer)
    assert [name for name in fields if name.startswith(field)], fields
    assert not [secret for secret in SECRETS if secret in answer.text]


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"x"', b"null"])
async def test_body_that_is_no_object_is_refused(client: httpx.AsyncClient, body: bytes) -> None:
    answer = await client.post("/admin/v1/stores", content=body, headers=AS_JSON)
    problems(answer)


async def test_body_that_is_not_announced_as_json_or_not_utf8_is_refused(client: httpx.AsyncClient) -> None:
    assert (await client.post("/admin/v1/stores", data=ENTRY)).status_code == 415
    assert (await client.post("/admin/v1/stores", content=b"\xff", headers=AS_JSON)).status_code == 400


async def test_body_over_a_mebibyte_is_413(client: httpx.AsyncClient) -> None:
    answer = await client.post("/admin/v1/stores", content=b'{"name": "' + b"x" * 1024 * 1024 + b'"}')
    assert answer.status_code == 413


async def test_change_keeps_what_is_not_given(client: httpx.AsyncClient) -> None:
    store = await connected(client, settings={"on_buyer_cancellation": "ask", "default_carrier": "DHL"})
    path = f"/admin/v1/stores/{store['id']}"
    change = {"name": "Boots", "settings": {"tracking_grace_minutes": 5, "default_carrier": None}}
    changed = (await client.patch(path, json=change)).json()
    assert changed["name"] == "Boots"
    assert changed["settings"]["on_buyer_cancellation"] == "ask"
    assert changed["settings"]["tracking_grace_minutes"] == 5
    assert changed["settings"]["default_carrier"] is None
    assert problems(await client.patch(path, json={"settings": {"tracking_grace_minutes": "soon"}}))
    assert problems(await client.patch(path, json={"kind": "shopify"}))


async def test_new_credentials_are_checked_first(town: Town, operator: httpx.AsyncClient) -> None:
    path = f"/admin/v1/stores/{town.store.id}"
    assert problems(await operator.patch(path, json={"credentials": {"consumer_secret": "cs_wrong"}}))
    assert (await operator.post(f"{path}/check")).json()["ok"] is True, "the old credentials are still in use"
    good = await operator.patch(path, json={"credentials": entry_for(town)["credentials"]})
    assert good.status_code == 200


async def test_credentials_of_another_idealo_shop_are_a_conflict(town: Town, operator: httpx.AsyncClient) -> None:
    await town.control("POST", "/idealo/shops", shop_id=SHOP_ID + 1, client_id="second", client_secret="second-secret")
    idealo = {"client_id": "second", "client_secret": "second-secret", "base_url": IDEALO_URL}
    answer = await operator.patch(f"/admin/v1/stores/{town.store.id}", json={"idealo": idealo})
    assert answer.status_code == 409


async def test_check_says_what_each_side_found(town: Town, operator: httpx.AsyncClient) -> None:
    checked = (await operator.post(f"/admin/v1/stores/{town.store.id}/check")).json()
    assert checked["ok"] is True
    assert [side["side"] for side in checked["sides"]] == ["woocommerce", "idealo"]
    await town.fault("idealo", "status", status=503, times=50, path="/api/v2")
    checked = (await operator.post(f"/admin/v1/stores/{town.store.id}/check")).json()
    assert [side["ok"] for side in checked["sides"]] == [True, False]


async def test_webhooks_are_repaired_on_demand(town: Town, operator: httpx.AsyncClient) -> None:
    repaired = (await operator.post(f"/admin/v1/stores/{town.store.id}/webhooks")).json()
    assert repaired["ok"] is True
    assert repaired["findings"]
    await town.fault("woocommerce", "status", status=401, times=50)
    broken = (await operator.post(f"/admin/v1/stores/{town.store.id}/webhooks")).json()
    assert broken["ok"] is False
    assert (await operator.get(f"/admin/v1/stores/{town.store.id}")).json()["webhooks_problem"]


async def test_poll_pause_and_resume(client: httpx.AsyncClient, queue: MemoryQueue) -> None:
    store = await connected(client)
    path = f"/admin/v1/stores/{store['id']}"
    assert (await client.post(f"{path}/poll")).status_code == 202
    assert (await client.post(f"{path}/pause")).json()["status"] == "paused"
    assert (await client.post(f"{path}/pause")).status_code == 200
    assert (await client.post(f"{path}/poll")).status_code == 409
    assert (await client.post(f"{path}/resume")).json()["status"] == "working"
    assert queue.rings == [("poll", store["id"])] * 2


async def test_archived_store_stays_visible_and_changes_no_more(client: httpx.AsyncClient) -> None:
    store = await connected(client)
    path = f"/admin/v1/stores/{store['id']}"
    assert (await client.delete(path)).status_code == 204
    assert (await client.delete(path)).status_code == 204
    assert (await client.get(path)).json()["status"] == "archived"
    assert (await client.get("/admin/v1/stores")).json()["items"] == []
    assert len((await client.get("/admin/v1/stores?archived=true")).json()["items"]) == 1
    for method, tail in (
        ("PATCH", ""),
        ("POST", "/check"),
        ("POST", "/pause"),
        ("POST", "/secrets"),
        ("POST", "/poll"),
    ):
        answer = await client.request(method, path + tail, json={} if method == "PATCH" else None)
        assert answer.status_code == 409, tail


async def test_unknown_store_is_404_everywhere(client: httpx.AsyncClient) -> None:
    for unknown in ("nosuch", "%00", "00000000-0000-4000-8000-000000000000"):
        for method, tail in (
            ("GET", ""),
            ("DELETE", ""),
            ("POST", "/check"),
            ("POST", "/resume"),
            ("GET", "/sku-aliases"),
        ):
            answer = await client.request(method, f"/admin/v1/stores/{unknown}{tail}")
            assert answer.status_code == 404, (unknown, tail)


async def test_stores_come_in_pages(client: httpx.AsyncClient) -> None:
    ids = [
        (await connected(client, name=f"Shop {n}", idealo={**ENTRY["idealo"], "client_id": f"c{n}"}))["id"]
        for n in range(3)
    ]
    first = (await client.get("/admin/v1/stores?limit=2")).json()
    second = (await client.get("/admin/v1/stores", params={"limit": 2, "cursor": first["next_cursor"]})).json()
    assert {s["id"] for s in first["items"] + second["items"]} == set(ids)
    assert second["next_cursor"] is None


async def test_kinds_say_what_to_enter(client: httpx.AsyncClient) -> None:
    kinds = {kind["kind"]: kind for kind in (await client.get("/admin/v1/store-kinds")).json()["items"]}
    assert set(kinds) == set(ADAPTERS)
    woo = kinds["woocommerce"]
    assert set(woo["credentials"]["required"]) == {"base_url", "consumer_key", "consumer_secret"}
    assert woo["settings"]["properties"]["on_buyer_cancellation"]["enum"] == ["cancel", "ask"]
    assert woo["capabilities"]["creates_orders"] is True


async def test_alias_is_kept_listed_and_removed(client: httpx.AsyncClient) -> None:
    path = f"/admin/v1/stores/{(await connected(client))['id']}/sku-aliases"
    added = await client.post(path, json={"idealo_sku": "a/b c", "store_sku": "S-1"})
    assert added.status_code == 201
    assert added.json() == {"idealo_sku": "a/b c", "store_sku": "S-1", "resumed": 0}
    await client.post(path, json={"idealo_sku": "a/b c", "store_sku": "S-2"})
    assert (await client.get(path)).json()["items"] == [{"idealo_sku": "a/b c", "store_sku": "S-2"}]
    assert (await client.delete(path, params={"idealo_sku": "a/b c"})).status_code == 204
    assert (await client.delete(path, params={"idealo_sku": "a/b c"})).status_code == 404
    await client.post(path, json={"idealo_sku": "a/b c", "store_sku": "S-1"})
    assert (await client.delete(f"{path}/a/b c")).status_code == 204
    assert (await client.get(path)).json()["items"] == []
    assert problems(await client.post(path, json={"idealo_sku": "", "store_sku": "x"}))
    assert problems(await client.post(path, json={"idealo_sku": "a\0", "store_sku": "x"}))
    assert problems(await client.delete(path))
