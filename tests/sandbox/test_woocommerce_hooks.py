"""Deliveries of the fake compared with the recorded ones: order, headers, bytes, signature, failures."""

import base64
import hashlib
import hmac
import json
import re
from typing import Any

from tests.sandbox.woocommerce_lab import Lab, delivery, order_body, recorded_time, recording, rest_recordings

SECRET = "lab-whsec-Grüße-42"


def _topics(requests: list[Any]) -> list[str]:
    return [request.headers.get("X-WC-Webhook-Topic", "ping") for request in requests]


async def _replay(lab: Lab, first: int, last: int) -> list[Any]:
    """Send the recorded REST requests of this range, delivering after each; all that arrived."""
    arrived: list[Any] = []
    for name, entry in rest_recordings():
        if first <= int(name[:3]) <= last:
            lab.moment = recorded_time(entry)
            request = entry["request"]
            await lab.client.request(request["method"], request["path"], json=request["body"])
            arrived += await lab.deliver()
    return arrived


async def test_the_deliveries_of_an_order_life_come_in_the_recorded_order() -> None:
    lab = Lab()
    arrived = await _replay(lab, 1, 33)
    wanted = [delivery(number)[0]["topic"] for number in (*range(1, 7), *range(13, 51))]
    assert _topics(arrived) == wanted


async def test_a_delivery_has_the_recorded_headers_and_bytes() -> None:
    lab = Lab()
    lab.woo.set_options({"home_url": "http://127.0.0.1:8081"})
    arrived = await _replay(lab, 1, 7)
    recorded, raw = delivery(13)
    request = next(r for r in arrived if r.headers.get("X-WC-Webhook-Topic") == "order.created")
    names = [name for name, _ in recorded["headers"] if name not in {"Host", "Content-Length"}]
    own = [name.decode() for name, _ in request.headers.raw if name.lower() not in {b"host", b"content-length"}]
    assert sorted(name.title() for name in own) == sorted(name.title() for name in names)
    for name in ("User-Agent", "Content-Type", "X-WC-Webhook-Source", "X-WC-Webhook-ID", "X-WC-Webhook-Event"):
        assert request.headers[name] == dict(recorded["headers"])[name]
    keys = [json.loads(body)["order_key"] for body in (raw, request.content)]
    expected = raw.replace(keys[0].encode(), keys[1].encode())
    expected = re.sub(rb'"meta_data":\[\{"id":1,.*?\],"line_items"', b'"line_items"', expected)
    shown = re.sub(rb'"meta_data":\[\{"id":5,.*?\],"line_items"', b'"line_items"', request.content)
    assert shown == expected


async def test_the_product_body_of_a_variation_is_the_recorded_one() -> None:
    lab = Lab()
    lab.woo.set_options({"home_url": "http://127.0.0.1:8081"})
    arrived = await _replay(lab, 1, 7)
    _, raw = delivery(16)
    wanted = json.loads(raw)
    shown = json.loads(arrived[-1].content)
    times = [key for key in wanted if key.startswith("date_")]
    assert {k: v for k, v in shown.items() if k not in times} == {k: v for k, v in wanted.items() if k not in times}
    assert list(shown) == list(wanted)


async def test_a_signature_covers_the_bytes_with_the_decoded_secret() -> None:
    lab = Lab()
    await lab.subscribe("order.created", secret="a&amp;b&lt;c&gt;&quot;d&#039;e ü")
    await lab.ok("POST", "/orders", order_body())
    (request,) = await lab.deliver()
    key = "a&b<c>\"d'e ü".encode()
    expected = base64.b64encode(hmac.new(key, request.content, hashlib.sha256).digest()).decode()
    assert request.headers["X-WC-Webhook-Signature"] == expected
    assert b"\\/" in request.content
    assert b"\\u00fc" in request.content


async def test_the_recorded_signatures_are_made_the_same_way() -> None:
    from sandbox.stores.woocommerce.hooks import signature  # noqa: PLC0415 - the one thing tested here

    for number in (13, 34, 51, 84):
        document, raw = delivery(number)
        secret = recording("INDEX.json")["odd_secret"] if number == 84 else SECRET
        assert signature(secret, raw) == dict(document["headers"])["X-WC-Webhook-Signature"]


async def test_a_ping_is_a_bare_form_and_is_repeated_until_it_is_answered_with_200() -> None:
    lab = Lab()
    lab.answer_with = 202
    body = {"topic": "order.updated", "delivery_url": "https://bridge.test/hook", "secret": "x"}
    created = await lab.ok("POST", "/webhooks", body)
    (ping,) = await lab.deliver()
    assert ping.content == f"webhook_id={created['id']}".encode()
    assert ping.headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert not [name for name in ping.headers if name.startswith("x-wc-")]
    order = await lab.ok("POST", "/orders", order_body())
    assert _topics(await lab.deliver()) == ["order.updated"]
    lab.answer_with = 200
    assert _topics(await lab.deliver()) == ["ping"]
    await lab.ok("PUT", f"/orders/{order['id']}", {"customer_note": "again"})
    assert _topics(await lab.deliver()) == ["order.updated"]
    assert await lab.deliver() == []


async def test_changes_before_delivery_collapse_and_show_the_latest_state() -> None:
    lab = Lab()
    await lab.subscribe("order.updated")
    order = await lab.ok("POST", "/orders", order_body())
    await lab.deliver()
    for status in ("on-hold", "processing", "completed"):
        await lab.ok("PUT", f"/orders/{order['id']}", {"status": status})
    (request,) = await lab.deliver()
    assert json.loads(request.content)["status"] == "completed"


async def test_two_orders_delivered_in_one_second_share_the_delivery_id() -> None:
    lab = Lab()
    await lab.subscribe("order.created")
    for _ in range(2):
        await lab.ok("POST", "/orders", order_body())
    first, second = await lab.deliver()
    assert first.headers["X-WC-Webhook-Delivery-ID"] == second.headers["X-WC-Webhook-Delivery-ID"]
    assert first.content != second.content
    lab.world.advance(1)
    await lab.ok("POST", "/orders", order_body())
    (third,) = await lab.deliver()
    assert third.headers["X-WC-Webhook-Delivery-ID"] != first.headers["X-WC-Webhook-Delivery-ID"]


async def test_the_seventh_failure_in_a_row_disables_and_reactivation_keeps_the_count() -> None:
    lab = Lab()
    (hook_id,) = await lab.subscribe("order.updated")
    order = await lab.ok("POST", "/orders", order_body())
    await lab.deliver()
    lab.answer_with = 500
    statuses = []
    for change in range(8):
        await lab.ok("PUT", f"/orders/{order['id']}", {"customer_note": str(change)})
        sent = await lab.deliver()
        statuses.append(((await lab.ok("GET", f"/webhooks/{hook_id}"))["status"], len(sent)))
    recorded = [entry for entry in recording("INDEX.json")["findings"] if "failing_receiver" in next(iter(entry))]
    wanted = [status for _, status, _ in next(iter(recorded[0].values()))]
    assert [status for status, _ in statuses] == wanted
    assert [sent for _, sent in statuses] == [1] * 7 + [0]
    await lab.ok("PUT", f"/webhooks/{hook_id}", {"status": "active"})
    await lab.ok("PUT", f"/orders/{order['id']}", {"customer_note": "once more"})
    await lab.deliver()
    assert (await lab.ok("GET", f"/webhooks/{hook_id}"))["status"] == "disabled"


async def test_a_success_clears_the_count_and_a_redirect_counts_as_success() -> None:
    lab = Lab()
    (hook_id,) = await lab.subscribe("order.updated")
    order = await lab.ok("POST", "/orders", order_body())
    await lab.deliver()
    for status in (*[500] * 6, 301, *[307] * 6, 302):
        lab.answer_with = status
        await lab.ok("PUT", f"/orders/{order['id']}", {"customer_note": str(status)})
        await lab.deliver()
    assert (await lab.ok("GET", f"/webhooks/{hook_id}"))["status"] == "active"
    assert lab.woo.shop.hooks[hook_id].failure_count == 0


async def test_a_failed_delivery_is_never_tried_again() -> None:
    lab = Lab()
    await lab.subscribe("order.created")
    lab.answer_with = 503
    await lab.ok("POST", "/orders", order_body())
    assert len(await lab.deliver()) == 1
    lab.world.advance(86_400)
    assert await lab.deliver() == []


async def test_an_order_that_vanished_before_delivery_gives_a_signed_error_body() -> None:
    lab = Lab()
    await lab.subscribe("order.updated")
    order = await lab.ok("POST", "/orders", order_body())
    await lab.ok("DELETE", f"/orders/{order['id']}?force=true")
    (request,) = await lab.deliver()
    assert json.loads(request.content) == {
        "code": "woocommerce_rest_shop_order_invalid_id",
        "message": "Invalid ID.",
        "data": {"status": 404},
    }


async def test_trash_sends_the_id_only_and_untrash_by_status_or_refund_deletion_sends_nothing() -> None:
    lab = Lab()
    await lab.subscribe("order.updated", "order.deleted", "order.restored")
    order = await lab.ok("POST", "/orders", order_body())
    path = f"/orders/{order['id']}"
    refund = await lab.ok("POST", f"{path}/refunds", {"amount": "2.00", "api_refund": False})
    await lab.deliver()
    await lab.ok("DELETE", f"{path}/refunds/{refund['id']}?force=true")
    assert await lab.deliver() == []
    await lab.ok("DELETE", path)
    (request,) = await lab.deliver()
    assert request.content == delivery(51)[1].replace(b"26", str(order["id"]).encode())
    await lab.ok("PUT", path, {"status": "processing"})
    assert await lab.deliver() == []
    await lab.ok("POST", f"{path}/notes", {"note": "Hallo"})
    assert await lab.deliver() == []
    await lab.ok("DELETE", f"{path}?force=true")
    assert await lab.deliver() == []


async def test_a_slow_cron_holds_deliveries_back() -> None:
    lab = Lab()
    await lab.subscribe("order.created")
    lab.woo.set_options({"cron_delay_seconds": 3600})
    await lab.ok("POST", "/orders", order_body())
    assert await lab.deliver() == []
    lab.world.advance(3600)
    assert len(await lab.deliver()) == 1


async def test_deleting_a_webhook_stops_what_still_waits() -> None:
    lab = Lab()
    (hook_id,) = await lab.subscribe("order.created")
    await lab.ok("POST", "/orders", order_body())
    refused = await lab.call("DELETE", f"/webhooks/{hook_id}")
    assert (refused.status_code, refused.json()["code"]) == (501, "woocommerce_rest_trash_not_supported")
    await lab.ok("DELETE", f"/webhooks/{hook_id}?force=true")
    assert await lab.deliver() == []
    assert (await lab.call("GET", f"/webhooks/{hook_id}")).status_code == 404


async def test_a_webhook_needs_a_known_topic_and_an_address() -> None:
    lab = Lab()
    bad_topic = await lab.call("POST", "/webhooks", {"topic": "order.shipped", "delivery_url": "https://x.test"})
    assert bad_topic.json()["code"] == "woocommerce_rest_shop_webhook_invalid_topic"
    bad_url = await lab.call("POST", "/webhooks", {"topic": "order.updated", "delivery_url": "x.test"})
    assert bad_url.json()["code"] == "woocommerce_rest_shop_webhook_invalid_delivery_url"
    await lab.subscribe("order.updated", "action.woocommerce_low_stock")
    lab.woo.disable_webhooks()
    listed = await lab.ok("GET", "/webhooks?status=disabled")
    assert [hook["topic"] for hook in listed] == ["action.woocommerce_low_stock", "order.updated"]
    assert "secret" not in listed[0]
