"""Checking a connection and looking after webhooks, with well and badly run hosts."""

from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from app.domain.errors import Permanent, Retryable
from app.ports import Delivery, StoreAdapter
from tests.factories import a_buyer, a_line
from tests.stores.asked import KANNE, WEBHOOK_SECRET, an_order
from tests.stores.woocommerce.shops import BASE, FakeShop


async def test_webhooks_are_created_once_and_repaired() -> None:
    shop = FakeShop()
    adapter = shop.adapter()
    url = "https://bridge.example/webhooks/woocommerce/s-1"
    findings = await adapter.ensure_webhooks(url)
    assert all(f.ok for f in findings)
    assert len(findings) == len(shop.store.shop.hooks) == 6
    await adapter.ensure_webhooks(url)
    assert len(shop.store.shop.hooks) == 6
    known = set(shop.store.shop.hooks)
    shop.store.disable_webhooks()
    await adapter.ensure_webhooks(url)
    assert not known & set(shop.store.shop.hooks)
    assert {h.status for h in shop.store.shop.hooks.values()} == {"active"}
    rotated = shop.adapter(secrets=("n" * 48, WEBHOOK_SECRET))
    await rotated.ensure_webhooks(url)
    await rotated.ensure_webhooks(url.replace("bridge", "moved"))
    assert len(shop.store.shop.hooks) == 6
    assert {h.delivery_url for h in shop.store.shop.hooks.values()} == {url.replace("bridge", "moved")}
    assert {h.secret for h in shop.store.shop.hooks.values()} == {"n" * 48}


async def test_a_check_of_a_healthy_shop_is_all_green() -> None:
    checkup = await FakeShop().adapter().check()
    assert checkup.ok, checkup.findings
    assert checkup.credentials["base_url"] == BASE
    assert {f.name for f in checkup.findings} >= {"address", "key", "permission", "webhooks", "tax"}


@pytest.mark.parametrize(
    ("options", "found"),
    [
        ({"strip_authorization": True}, {"auth": "query"}),
        ({"plain_permalinks": True}, {"permalinks": "plain"}),
        ({"plain_permalinks": True, "strip_authorization": True}, {"permalinks": "plain", "auth": "query"}),
        (
            {"canonical_host": "www.shop.test"},
            {"base_url": "http://www.shop.test/stores/woocommerce", "auth": "basic"},
        ),
        ({"php_notice": True}, {"auth": "basic"}),
    ],
    ids=str,
)
async def test_a_check_finds_how_the_shop_is_reached_and_what_it_found_works(
    options: dict[str, Any], found: dict[str, str]
) -> None:
    shop = FakeShop(**options)
    checkup = await shop.adapter().check()
    assert checkup.ok, checkup.findings
    assert found.items() <= dict(checkup.credentials).items()
    adapter = shop.adapter(None, checkup.credentials)
    made = await adapter.create_order(an_order(a_line(KANNE)), a_buyer())
    assert (await adapter.fetch_order(made.store_order_id)).total == made.total


@pytest.mark.parametrize(
    ("options", "credentials", "name"),
    [
        ({"key_permissions": "read"}, {}, "permission"),
        ({}, {"consumer_secret": "cs_wrong"}, "key"),
        ({"number_of_decimals": 0}, {}, "decimals"),
        ({"waf": "403"}, {}, "address"),
        ({"waf": "503"}, {}, "address"),
        ({}, {"base_url": "http://shop.example/stores/woocommerce"}, "encryption"),
        ({}, {"base_url": "http://127.0.0.1:8100/nothing"}, "address"),
    ],
    ids=str,
)
async def test_a_check_says_what_is_wrong_and_what_to_do(
    options: dict[str, Any], credentials: dict[str, str], name: str
) -> None:
    checkup = await FakeShop(**options).adapter(None, credentials).check()
    wrong = [f for f in checkup.findings if not f.ok]
    assert [f.name for f in wrong] == [name]
    assert all(f.advice for f in wrong)
    assert "cs_" not in str(checkup.findings)


@pytest.mark.parametrize(("waf", "expected"), [("403", Permanent), ("429", Retryable), ("503", Retryable)])
async def test_a_firewall_is_translated(waf: str, expected: type[Exception]) -> None:
    shop = FakeShop(waf=waf)
    with pytest.raises(expected):
        await shop.adapter().fetch_order("18")


def test_the_adapter_is_what_the_port_asks_for() -> None:
    adapter: StoreAdapter = FakeShop().adapter()
    schema = adapter.Credentials.model_json_schema()
    assert schema["required"] == ["base_url", "consumer_key", "consumer_secret"]
    assert all("description" in field for field in schema["properties"].values())
    assert all("description" in field for field in adapter.Settings.model_json_schema()["properties"].values())


async def test_what_the_shop_sends_is_verified_and_names_its_order() -> None:
    shop = FakeShop()
    adapter = shop.adapter()
    await adapter.ensure_webhooks("https://bridge.example/webhooks/woocommerce/s-1")
    made = await adapter.create_order(an_order(a_line(KANNE)), a_buyer())
    received: list[Delivery] = []

    async def receive(request: httpx.Request) -> httpx.Response:
        headers = {name.lower(): value for name, value in request.headers.items()}
        received.append(Delivery(headers=headers, body=await request.aread(), received_at=datetime.now(UTC)))
        return httpx.Response(200)

    async with httpx.AsyncClient(transport=httpx.MockTransport(receive)) as client:
        await shop.world.outbox.deliver(client)
    signed = [d for d in received if not adapter.is_ping(d)]
    for delivery in signed:
        adapter.verify(delivery)
    notices = [adapter.read(d) for d in signed]
    assert {n.order_id for n in notices if n.topic == "order.updated"} == {made.store_order_id}
    assert {n.order_id for n in notices if n.topic == "product.updated"} == {None}
    assert all(n.remark is None for n in notices)
