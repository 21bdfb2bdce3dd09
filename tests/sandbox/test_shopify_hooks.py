"""Deliveries of the fake Shopify: headers, signature, snapshots, retries, deletion, and the subscription API."""

import base64
import hashlib
import hmac
import json
import re
from typing import Any

import httpx
import pytest

from sandbox.stores.port import Parcel
from tests.sandbox.shopify_lab import HOOK_URI, SUBSCRIBE, Lab, number_of

LIST = "{ webhookSubscriptions(first: 50) { nodes { id topic uri apiVersion { handle } includeFields } } }"
DHL = Parcel(carrier="DHL", tracking_code="00340434161094000001")


async def _lab(*topics: str, **more: Any) -> tuple[Lab, str]:
    lab = Lab()
    await lab.subscribe(*topics, **more)
    created = await lab.place()
    await lab.deliver()
    return lab, number_of(created["order"]["id"])


async def _minutes(lab: Lab, how_many: int) -> list[httpx.Request]:
    """Time passes and what is due is delivered, every minute; answers what arrived."""
    arrived: list[httpx.Request] = []
    for _ in range(how_many):
        lab.world.advance(60)
        arrived += await lab.deliver()
    return arrived


def _topics(requests: list[httpx.Request]) -> list[str]:
    return [request.headers["X-Shopify-Topic"] for request in requests]


async def test_a_delivery_is_signed_over_its_bytes_and_named_by_its_headers() -> None:
    lab, number = await _lab("FULFILLMENTS_CREATE")
    lab.store.ship(number, None, [DHL])
    (request,) = await lab.deliver()
    secret = lab.store.credentials()["client_secret"].encode()
    digest = base64.b64encode(hmac.new(secret, request.content, hashlib.sha256).digest()).decode()
    assert request.headers["X-Shopify-Hmac-Sha256"] == digest
    assert request.headers["X-Shopify-Topic"] == "fulfillments/create"
    assert request.headers["X-Shopify-Shop-Domain"] == "idealo-sandbox.myshopify.com"
    assert request.headers["X-Shopify-API-Version"] == "2026-07"
    assert request.headers["User-Agent"] == "Shopify-Captain-Hook"
    assert re.fullmatch(r"2026-11-23T09:00:00\.\d{9}Z", request.headers["X-Shopify-Triggered-At"])
    body = json.loads(request.content)
    assert (body["order_id"], body["status"]) == (int(number), "success")
    assert body["tracking_numbers"] == ["00340434161094000001"]
    assert body["line_items"][0]["quantity"] == 3
    assert body["created_at"].endswith("+01:00")


async def test_one_action_has_one_event_id_and_each_subscription_its_webhook_id() -> None:
    lab, number = await _lab("REFUNDS_CREATE", "ORDERS_UPDATED", "ORDERS_CANCELLED", "ORDER_TRANSACTIONS_CREATE")
    lab.store.cancel(number, None, restock=True)
    arrived = await lab.deliver()
    assert sorted(set(_topics(arrived))) == [
        "order_transactions/create", "orders/cancelled", "orders/updated", "refunds/create",
    ]  # fmt: skip
    assert len({request.headers["X-Shopify-Event-Id"] for request in arrived}) == 1
    assert len({request.headers["X-Shopify-Webhook-Id"] for request in arrived}) == len(arrived)
    refund = next(json.loads(one.content) for one in arrived if one.headers["X-Shopify-Topic"] == "refunds/create")
    (line,) = refund["refund_line_items"]
    assert (line["restock_type"], line["quantity"]) == ("cancel", 3)
    assert isinstance(line["subtotal"], float)
    assert refund["transactions"][0]["amount"] == "79.84"


async def test_duplicates_share_the_webhook_id() -> None:
    lab, number = await _lab("FULFILLMENTS_CREATE")
    lab.world.outbox.set_mode("shopify", "repeat")
    lab.store.ship(number, None, [DHL])
    one, two = await lab.deliver()
    assert one.headers["X-Shopify-Webhook-Id"] == two.headers["X-Shopify-Webhook-Id"]
    assert one.content == two.content


async def test_retries_carry_the_old_body_for_four_hours_to_the_old_address() -> None:
    lab, number = await _lab("ORDERS_UPDATED")
    lab.answer_with = 503
    lab.store.refund(number, amount=None, lines=None, shipping=None)
    (first,) = await lab.deliver()
    (hook_id,) = lab.store.shop.hooks
    lab.store.shop.hooks[hook_id].uri = "https://elsewhere.example/"
    retries = await _minutes(lab, 241)
    assert len(retries) == 8
    assert {request.content for request in retries} == {first.content}
    assert {str(request.url) for request in retries} == {HOOK_URI}
    assert {one.headers["X-Shopify-Webhook-Id"] for one in retries} == {first.headers["X-Shopify-Webhook-Id"]}


async def test_eight_failed_retries_delete_the_subscription_and_a_success_saves_it() -> None:
    lab, number = await _lab("ORDERS_UPDATED")
    lab.answer_with = 500
    lab.store.ship(number, None, [DHL])
    await lab.deliver()
    await _minutes(lab, 241)
    assert (await lab.ok(LIST))["webhookSubscriptions"]["nodes"] == []
    lab, number = await _lab("ORDERS_UPDATED")
    lab.answer_with = 302
    lab.store.ship(number, None, [DHL])
    await lab.deliver()
    await _minutes(lab, 200)
    lab.answer_with = 200
    await _minutes(lab, 41)
    assert len((await lab.ok(LIST))["webhookSubscriptions"]["nodes"]) == 1


async def test_rotation_signs_with_the_oldest_secret_that_is_left() -> None:
    lab, number = await _lab("ORDERS_UPDATED")
    lab.store.set_options({"client_secrets": ["old", "new"]})
    lab.store.ship(number, None, [DHL])
    (request,) = await lab.deliver()
    expected = base64.b64encode(hmac.new(b"old", request.content, hashlib.sha256).digest()).decode()
    assert request.headers["X-Shopify-Hmac-Sha256"] == expected


async def test_only_the_fields_asked_for_are_sent_and_filters_hold() -> None:
    lab = Lab()
    await lab.subscribe("ORDERS_UPDATED", includeFields=["id", "updated_at", "line_items.sku"], name="bridge-1")
    await lab.place()
    (request,) = await lab.deliver()
    body = json.loads(request.content)
    assert body.keys() == {"id", "updated_at", "line_items"}
    assert body["line_items"] == [{"sku": "100000"}]
    assert request.headers["X-Shopify-Name"] == "bridge-1"
    lab = Lab()
    await lab.subscribe("ORDERS_UPDATED", filter="currency:USD")
    await lab.place()
    assert await lab.deliver() == []


async def test_a_return_tells_its_own_topics_and_deleting_an_order_its_id_alone() -> None:
    lab, number = await _lab("RETURNS_APPROVE", "RETURNS_CLOSE", "REFUNDS_CREATE", "ORDERS_DELETE")
    lab.store.ship(number, None, [DHL])
    lab.store.return_(number, None)
    arrived = await lab.deliver()
    assert _topics(arrived) == ["returns/approve", "refunds/create", "returns/close"]
    closed = json.loads(arrived[2].content)
    assert closed.keys() == {"id", "admin_graphql_api_id", "order_id", "status"}
    assert json.loads(arrived[1].content)["return"]["id"] == closed["id"]
    lab.store.delete(number)
    (request,) = await lab.deliver()
    assert request.content == f'{{"id":{number}}}'.encode()


@pytest.mark.parametrize(
    ("uri", "message"),
    [
        ("   ", "Address can't be blank"),
        ("http://example.com/h", "Address protocol http:// is not supported"),
        ("ftp://webhook-test.example.com/hook", "Address protocol ftp:// is not supported"),
        ("https://", "Address is invalid"),
        ("https://shop.myshopify.com/h", "Address cannot be a Shopify or an internal domain"),
        ("https://localhost/h", "Address cannot be a Shopify or an internal domain"),
    ],
)
async def test_bad_addresses_are_refused_in_the_recorded_words(uri: str, message: str) -> None:
    lab = Lab(strict_addresses=True)
    data = await lab.ok(SUBSCRIBE, topic="SHOP_UPDATE", sub={"uri": uri})
    assert data["webhookSubscriptionCreate"] == {
        "webhookSubscription": None,
        "userErrors": [{"field": ["webhookSubscription", "callbackUrl"], "message": message}],
    }


async def test_a_second_subscription_of_the_kind_is_taken_and_unknown_ones_do_not_exist() -> None:
    lab = Lab()
    (hook_id,) = await lab.subscribe("ORDERS_UPDATED")
    again = await lab.ok(SUBSCRIBE, topic="ORDERS_UPDATED", sub={"uri": f"  {HOOK_URI} "})
    assert again["webhookSubscriptionCreate"]["userErrors"] == [
        {"field": ["webhookSubscription", "callbackUrl"], "message": "Address for this topic has already been taken"}
    ]
    update = """mutation($id: ID!, $s: WebhookSubscriptionInput!) {
      webhookSubscriptionUpdate(id: $id, webhookSubscription: $s) {
        webhookSubscription { uri } userErrors { field message } } }"""
    moved = await lab.ok(update, id=hook_id, s={"uri": "https://new.example/h"})
    assert moved["webhookSubscriptionUpdate"]["webhookSubscription"] == {"uri": "https://new.example/h"}
    delete = """mutation($id: ID!) { webhookSubscriptionDelete(id: $id) {
      deletedWebhookSubscriptionId userErrors { field message } } }"""
    assert (await lab.ok(delete, id=hook_id))["webhookSubscriptionDelete"]["deletedWebhookSubscriptionId"] == hook_id
    gone = (await lab.ok(delete, id=hook_id))["webhookSubscriptionDelete"]
    assert gone["userErrors"] == [{"field": ["id"], "message": "Webhook subscription does not exist"}]


async def test_disabling_deletes_every_subscription() -> None:
    lab = Lab()
    await lab.subscribe("ORDERS_UPDATED", "REFUNDS_CREATE")
    lab.store.disable_webhooks()
    assert (await lab.ok(LIST))["webhookSubscriptions"]["nodes"] == []


async def test_without_the_scope_a_topic_is_denied() -> None:
    lab = Lab(scopes=["read_orders"])
    answer = await lab.ask(SUBSCRIBE, topic="RETURNS_CLOSE", sub={"uri": HOOK_URI})
    assert answer["errors"][0]["extensions"]["code"] == "ACCESS_DENIED"
