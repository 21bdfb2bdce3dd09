"""Webhooks of the module in the fake Magento: thin, signed, about idealo's orders, sent until they are taken."""

import hashlib
import hmac
import json
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx

from sandbox.stores.magento2 import FakeMagento2
from sandbox.stores.magento2.hooks import RETRIES_S, signature
from sandbox.stores.magento2.placing import save_order
from sandbox.stores.port import LineQuantity, Parcel
from sandbox.world import World
from tests.sandbox.magento2_lab import HOOK, SECRET, START, Lab, order_entity

PREFIX = "x-idealo-connector-"
DHL = Parcel(carrier="DHL", tracking_code="JJD0001")


def _events(requests: list[httpx.Request]) -> list[str]:
    return [request.headers[f"{PREFIX}event"] for request in requests]


async def _listening() -> Lab:
    lab = Lab()
    lab.listen()
    await lab.imported([("100000", 2)])
    await lab.deliver()
    return lab


def test_signature_of_the_published_vector() -> None:
    body = (
        b'{"schema":1,"event":"shipment.track.saved","store":"demo","order":{"entity_id":42,"increment_id":"000000042",'
        b'"ext_order_id":"IDE123AB"},"entity":{"type":"track","id":7,"parent_id":5}}'
    )
    made = signature(SECRET, "1767225600", "0b8f6c1e-6f0a-4d55-9a2b-0f3f5d7a1c11", body)
    assert made == "v1=22b44f8253446e3a7505aa202866c62d69f82189c8b7fe19bfb82bf0d9a6bf3b"


async def test_shipment_with_a_track_tells_of_both_and_of_the_state() -> None:
    lab = await _listening()
    lab.magento.ship("1", None, [DHL])
    sent = await lab.deliver()
    assert _events(sent) == ["shipment.saved", "shipment.track.saved", "order.state_changed"]
    track = sent[1]
    body = json.loads(track.content)
    assert body == {
        "schema": 1,
        "event": "shipment.track.saved",
        "store": "default",
        "order": {"entity_id": 1, "increment_id": "000000001", "ext_order_id": "IDE123AB"},
        "entity": {"type": "track", "id": 1, "parent_id": 1},
    }
    timestamp, delivery = track.headers[f"{PREFIX}timestamp"], track.headers[f"{PREFIX}delivery"]
    signed = f"v1:{timestamp}:{delivery}:".encode() + track.content
    own = hmac.new(SECRET.encode(), signed, hashlib.sha256).hexdigest()
    assert (str(track.url), track.headers[f"{PREFIX}signature"]) == (HOOK, f"v1={own}")
    assert int(timestamp) == int(lab.moment.timestamp())


async def test_sandbox_moved_by_a_day_or_stopped_still_signs_by_the_receivers_clock() -> None:
    lab = await _listening()
    lab.world.advance(86_400)
    lab.magento.ship("1", None, [])
    sent = await lab.deliver()
    assert int(sent[0].headers[f"{PREFIX}timestamp"]) == int(lab.moment.timestamp())
    lab.world.stop_time()
    lab.magento.track("1", DHL)
    sent = await lab.deliver()
    assert int(sent[0].headers[f"{PREFIX}timestamp"]) == int(lab.moment.timestamp())


def test_a_world_that_moves_by_hand_has_the_receivers_clock_itself() -> None:
    world = World(manual_time=True, clock=lambda: START, stores=lambda _: {})
    world.advance(86_400)
    assert world.unmoved() == world.now() == START + timedelta(days=1)


async def test_cancel_refund_and_edit_are_told() -> None:
    lab = await _listening()
    lab.magento.refund("1", amount=Decimal(1), lines=None, shipping=None)
    assert _events(await lab.deliver()) == ["creditmemo.saved"]
    other = order_entity([("100000", 2)], "OTHER")
    await lab.ok("POST", "/idealo-connector/orders", {"order": other})
    await lab.deliver()
    lab.magento.edit("2", [LineQuantity(sku="100000", quantity=1)])
    edited = await lab.deliver()
    assert _events(edited) == ["order.canceled", "order.state_changed"]
    assert [json.loads(request.content)["entity"]["id"] for request in edited] == [2, 3]
    lab.magento.ship("3", None, [DHL])
    sent = await lab.deliver()
    assert {json.loads(request.content)["order"]["entity_id"] for request in sent} == {2}, "the first of the chain"


async def test_orders_that_are_not_idealos_and_failed_calls_tell_nobody() -> None:
    lab = await _listening()
    entity = {name: value for name, value in order_entity([("100000", 1)]).items() if name != "ext_order_id"}
    await lab.ok("PUT", "/orders/create", {"entity": entity})
    await lab.ok("POST", "/order/2/ship", {})
    await lab.call("POST", "/order/1/ship", {"items": [{"order_item_id": 1, "qty": 99}]})
    assert await lab.deliver() == []


async def test_refused_delivery_comes_again_with_a_fresh_signature_until_it_is_dead() -> None:
    lab = await _listening()
    lab.answer_with = 500
    lab.magento.ship("1", None, [])
    first = await lab.deliver()
    seen = [first[0]]
    for wait in RETRIES_S:
        lab.moment += timedelta(seconds=wait - 1)
        assert await lab.deliver() == []
        lab.moment += timedelta(seconds=1)
        seen.append((await lab.deliver())[0])
    lab.moment += timedelta(days=30)
    assert await lab.deliver() == []
    assert len({request.headers[f"{PREFIX}delivery"] for request in seen}) == 1
    assert len({request.headers[f"{PREFIX}signature"] for request in seen}) == len(seen)
    assert (await lab.ok("GET", "/idealo-connector/info"))["dead"] == len(first)


async def test_gone_switches_the_module_off_and_the_bridge_switches_it_on_again() -> None:
    lab = await _listening()
    lab.answer_with = 410
    await lab.ok("POST", "/idealo-connector/ping")
    assert _events(await lab.deliver()) == ["ping"]
    info = await lab.ok("GET", "/idealo-connector/info")
    assert (info["enabled"], info["url"], info["stock"]) == (False, HOOK, "msi")
    lab.answer_with = 202
    lab.magento.ship("1", None, [])
    assert await lab.deliver() == []
    refused = await lab.call("PUT", "/idealo-connector/config", {"config": {"url": "nowhere"}})
    assert refused.json()["message"] == "invalid_url: the webhook needs a web address"
    config: dict[str, Any] = {"url": f"{HOOK}0", "secret": "another-secret", "enabled": True}
    info = await lab.ok("PUT", "/idealo-connector/config", {"config": config})
    mark = hmac.new(b"another-secret", b"idealo-connector", hashlib.sha256).hexdigest()[:16]
    assert (info["enabled"], info["url"], info["secret_mark"]) == (True, f"{HOOK}0", mark)
    lab.magento.track("1", DHL)
    assert [str(request.url) for request in await lab.deliver()] == [f"{HOOK}0"]
    kept = await lab.ok("PUT", "/idealo-connector/config", {"config": {"url": HOOK}})
    assert kept["secret_mark"] == mark


async def test_disabled_webhooks_show_in_the_module() -> None:
    lab = await _listening()
    lab.magento.disable_webhooks()
    lab.magento.ship("1", None, [DHL])
    assert await lab.deliver() == []
    assert (await lab.ok("GET", "/idealo-connector/info"))["enabled"] is False


async def test_rows_that_waited_while_the_module_was_off_go_to_the_address_entered_since() -> None:
    lab = await _listening()
    lab.answer_with = 500
    lab.magento.ship("1", None, [])
    assert len(await lab.deliver()) == 2
    lab.magento.disable_webhooks()
    lab.moment += timedelta(hours=1)
    assert await lab.deliver() == []
    lab.answer_with = 202
    lab.magento.set_options({"webhook_enabled": True, "webhook_url": f"{HOOK}0"})
    assert {str(request.url) for request in await lab.deliver()} == {f"{HOOK}0"}
    assert (await lab.ok("GET", "/idealo-connector/info"))["waiting"] == 0


async def test_repeated_delivery_is_settled_once() -> None:
    lab = await _listening()
    lab.world.outbox.set_mode("magento2", "repeat")
    await lab.ok("POST", "/idealo-connector/ping")
    sent = await lab.deliver()
    assert len({request.headers[f"{PREFIX}delivery"] for request in sent}) == 1
    assert len(sent) == 2


async def test_cron_sends_later_when_the_shop_says_so() -> None:
    lab = await _listening()
    lab.magento.set_options({"outbox_delay_seconds": 10})
    lab.magento.ship("1", None, [])
    assert await lab.deliver() == []
    lab.moment += timedelta(seconds=10)
    assert len(await lab.deliver()) == 2


def _world(path: Path) -> World:
    return World(clock=lambda: START, store_path=path, stores=lambda world: {"magento2": FakeMagento2(world)})


def test_restart_keeps_orders_stock_and_waiting_webhooks(tmp_path: Path) -> None:
    before = _world(tmp_path / "sandbox.db")
    shop = before.stores["magento2"]
    assert isinstance(shop, FakeMagento2)
    shop.set_options({"webhook_url": HOOK, "webhook_secret": SECRET})
    order, _ = save_order(shop.shop, order_entity([("100000", 2)]))
    shop.ship(str(order.id), None, [DHL])
    shop.refund(str(order.id), amount=Decimal("1.50"), lines=None, shipping=None)
    waiting = len(before.outbox.waiting("magento2"))
    neutral, products = shop.orders(None, None), shop.products()
    before.close()
    after = _world(tmp_path / "sandbox.db")
    again = after.stores["magento2"]
    assert (again.orders(None, None), again.products()) == (neutral, products)
    assert len(after.outbox.waiting("magento2")) == waiting > 0
    again.track(str(order.id), Parcel(carrier="GLS", tracking_code="G1"))
    assert len(again.orders(None, None)[0].parcels) == 2
    after.close()
