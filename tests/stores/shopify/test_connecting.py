"""Webhook subscriptions brought in line, and a check that says what to do; against scripted answers."""

from typing import Any

import httpx
import pytest

from app.domain.errors import Permanent
from app.stores.shopify.settings import Settings
from app.stores.shopify.subscriptions import TOPICS
from tests.stores.shopify.shapes import page
from tests.stores.shopify.wire import DOMAIN, Script, data, refused

URL = "https://bridge.example/webhooks/shopify/s-1"
DONE = {"webhookSubscription": {"id": "x"}, "userErrors": []}
SCOPES = [
    "write_orders", "read_orders", "read_products", "read_inventory", "read_fulfillments", "read_returns",
    "read_all_orders",
]  # fmt: skip


def hook(topic: str, number: int = 1, **more: Any) -> dict[str, Any]:
    own = {"id": f"gid://shopify/WebhookSubscription/{number}", "topic": topic, "uri": URL, "format": "JSON"}
    return {**own, "filter": "", "includeFields": list(TOPICS.get(topic, ())), **more}


def a_shop(*hooks: dict[str, Any], **more: Any) -> Script:
    return Script(
        {
            "Subscriptions": data(webhookSubscriptions=page(*hooks)),
            "Subscribe": data(webhookSubscriptionCreate=DONE),
            "Resubscribe": data(webhookSubscriptionUpdate=DONE),
            "Unsubscribe": data(webhookSubscriptionDelete={"deletedWebhookSubscriptionId": "x", "userErrors": []}),
            **more,
        }
    )


ALL_HOOKS = [hook(topic, n) for n, topic in enumerate(TOPICS, 1)]


async def test_what_is_in_place_is_left_alone() -> None:
    script = a_shop(*ALL_HOOKS)
    assert {f.detail for f in await script.adapter().ensure_webhooks(URL)} == {"in place"}
    assert script.names() == ["Subscriptions"]


async def test_what_is_missing_is_created_with_no_more_body_than_needed() -> None:
    script = a_shop(*ALL_HOOKS[1:])
    findings = await script.adapter().ensure_webhooks(URL)
    assert (findings[0].name, findings[0].detail) == ("webhook orders/updated", "created")
    assert script.asked[-1][1] == {
        "topic": "ORDERS_UPDATED",
        "subscription": {
            "uri": URL,
            "format": "JSON",
            "includeFields": ["id", "admin_graphql_api_id", "updated_at"],
            "filter": "",
        },
    }


@pytest.mark.parametrize(
    "wrong",
    [
        {"uri": "https://old.example/webhooks/shopify/s-1"},
        {"format": "XML"},
        {"filter": "id:1"},
        {"includeFields": ["id", "email"]},
        {"includeFields": None},
    ],
    ids=str,
)
async def test_what_differs_is_corrected_and_doubles_go(wrong: dict[str, Any]) -> None:
    script = a_shop(hook("ORDERS_UPDATED", 90, **wrong), hook("ORDERS_UPDATED", 91, **wrong), *ALL_HOOKS[1:])
    findings = await script.adapter().ensure_webhooks(URL)
    assert findings[0].detail == "corrected; removed a double"
    assert script.names() == ["Subscriptions", "Resubscribe", "Unsubscribe"]


async def test_of_two_that_are_wrong_the_one_at_our_address_is_kept() -> None:
    """Moving the other one there is refused as taken, and would leave none once this one is removed as a double."""
    elsewhere = hook("ORDERS_UPDATED", 90, uri="https://old.example/webhooks/shopify/s-1")
    here = hook("ORDERS_UPDATED", 91, includeFields=["id", "email"])
    script = a_shop(elsewhere, here, *ALL_HOOKS[1:])
    await script.adapter().ensure_webhooks(URL)
    assert [(name, asked.get("id")) for name, asked in script.asked[1:]] == [
        ("Resubscribe", here["id"]),
        ("Unsubscribe", elsewhere["id"]),
    ]


async def test_other_subscriptions_of_the_app_are_left_alone() -> None:
    other = hook("ORDERS_UPDATED", 90, uri="https://bridge.example/webhooks/shopify/another")
    bus = hook("ORDERS_UPDATED", 91, uri="pubsub://project:topic")
    script = a_shop(other, bus, *ALL_HOOKS)
    await script.adapter().ensure_webhooks(URL)
    assert script.names() == ["Subscriptions"]


async def test_a_topic_without_its_scope_does_not_stop_the_others() -> None:
    def answer(variables: dict[str, Any]) -> Any:
        if variables["topic"].startswith("RETURNS"):
            return refused("ACCESS_DENIED", "Access denied", requiredAccess="`read_returns` access scope.")
        return data(webhookSubscriptionCreate=DONE)

    findings = await a_shop(Subscribe=answer).adapter().ensure_webhooks(URL)
    bad = [f for f in findings if not f.ok]
    assert {f.name.split("/")[0] for f in bad} == {"webhook returns"}
    assert "read_returns" in bad[0].detail
    assert bad[0].advice


async def test_an_address_already_taken_is_in_place_and_one_refused_is_told() -> None:
    def errors(message: str) -> dict[str, Any]:
        field = ["webhookSubscription", "callbackUrl"]
        given = {"webhookSubscription": None, "userErrors": [{"field": field, "message": message}]}
        return data(webhookSubscriptionCreate=given)

    taken = a_shop(Subscribe=errors("Address for this topic has already been taken"))
    assert all(f.ok for f in await taken.adapter().ensure_webhooks(URL))
    inside = a_shop(Subscribe=errors("Address protocol http:// is not supported"))
    findings = await inside.adapter().ensure_webhooks(URL)
    assert not any(f.ok for f in findings)
    assert "webhookSubscription.callbackUrl: Address protocol" in findings[0].detail


def a_store(**shop: Any) -> dict[str, Any]:
    own = {"id": "s", "name": "Shoes", "myshopifyDomain": DOMAIN, "currencyCode": "EUR", "taxesIncluded": True}
    return {
        "Shop": data(shop={**own, **shop}),
        "Scopes": data(currentAppInstallation={"accessScopes": [{"handle": s} for s in SCOPES]}),
        "AnyOrder": data(orders={"nodes": []}),
        "Definitions": data(metafieldDefinitions={"nodes": []}),
    }


async def test_a_good_connection_passes_and_keeps_what_was_entered() -> None:
    checkup = await Script(a_store()).adapter(client_secret="shpss_1").check()
    assert [f.name for f in checkup.findings if not f.ok] == []
    assert checkup.credentials == {"shop_domain": DOMAIN, "access_token": "shpat_0", "client_secret": "shpss_1"}


async def test_the_check_only_reads() -> None:
    script = Script(a_store())
    await script.adapter().check()
    assert not any(b"mutation" in request.content for request in script.requests)


async def test_another_version_than_asked_for_is_shown() -> None:
    script = Script(a_store())
    script.headers["X-Shopify-API-Version"] = "2026-10"
    (found,) = [f for f in (await script.adapter().check()).findings if f.name == "API version"]
    assert (found.ok, found.detail) == (True, "2026-07 was asked for, 2026-10 answers")
    script = Script(a_store())
    await script.adapter(Settings(api_version="2026-04")).check()
    assert "/admin/api/2026-04/" in str(script.requests[0].url)


@pytest.mark.parametrize(
    ("change", "name"),
    [
        (a_store(currencyCode="CHF"), "currency"),
        (a_store(myshopifyDomain="other.myshopify.com"), "address"),
        ({"AnyOrder": refused("ACCESS_DENIED", "This app is not approved to access the Order object")}, "orders"),
        ({"Scopes": data(currentAppInstallation={"accessScopes": [{"handle": "read_orders"}]})}, "scopes"),
        ({"Shop": httpx.Response(401, json={"errors": "Invalid API key"})}, "access"),
    ],
    ids=["currency", "address", "orders", "scopes", "access"],
)
async def test_what_is_wrong_is_named_with_what_to_do(change: dict[str, Any], name: str) -> None:
    checkup = await Script({**a_store(), **change}).adapter().check()
    bad = [f for f in checkup.findings if not f.ok]
    assert [f.name for f in bad] == [name]
    assert bad[0].advice


async def test_a_broken_list_of_subscriptions_is_a_permanent_problem() -> None:
    with pytest.raises(Permanent):
        await a_shop(Subscriptions=data(webhookSubscriptions={"nodes": 1})).adapter().ensure_webhooks(URL)
