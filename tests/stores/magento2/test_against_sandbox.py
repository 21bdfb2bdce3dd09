"""Orders that stand in the fake shop: shipped, returned, cancelled, edited, listed."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import httpx
import pytest

from app.domain.errors import Permanent, Problem
from app.ports import Delivery, StoreAdapter
from app.stores.magento2.settings import Settings
from sandbox.stores.port import LineQuantity, Parcel
from tests.clock import Clock
from tests.factories import a_buyer, a_line
from tests.stores.asked import KAFFEE, KANNE, an_order
from tests.stores.magento2.shops import HOOK_URL, FakeShop

DHL = Parcel(carrier="DHL", tracking_code="00340434161094015902")
DIRECT = Settings(import_route="direct")
UNBILLED = Settings(invoice=False)


@pytest.mark.parametrize("settings", [Settings(), UNBILLED], ids=["invoiced", "not invoiced"])
async def test_cancelling_restocks_and_repeats_harmlessly(settings: Settings) -> None:
    shop = FakeShop()
    adapter = shop.adapter(settings)
    made = await adapter.create_order(an_order(a_line(KANNE, 5), a_line(KAFFEE)), a_buyer())
    cancelled = await adapter.cancel_order(made.store_order_id)
    assert cancelled.cancelled
    assert [(x.cancelled, x.returned) for x in cancelled.lines] == [(5, 0), (1, 0)]
    assert cancelled.refunds == ()
    answer = await adapter._rest.get(f"/V1/inventory/get-product-salable-quantity/{KANNE}/1")
    assert answer == 120
    shop.sent.clear()
    assert await adapter.cancel_order(made.store_order_id) == cancelled
    assert set(shop.sent) == {"GET 200"}


async def test_a_partly_invoiced_order_and_one_on_hold_are_cancelled_whole() -> None:
    shop = FakeShop()
    adapter = shop.adapter(UNBILLED)
    made = await adapter.create_order(an_order(a_line(KANNE, 2)), a_buyer())
    line_id = int(made.lines[0].line_id)
    body = {"capture": True, "items": [{"order_item_id": line_id, "qty": 1}]}
    await adapter._rest.post(f"/V1/order/{made.store_order_id}/invoice", body)
    await adapter._rest.post(f"/V1/orders/{made.store_order_id}/hold")
    cancelled = await adapter.cancel_order(made.store_order_id)
    assert cancelled.cancelled
    assert [x.cancelled for x in cancelled.lines] == [2]


async def test_a_shipped_order_is_not_cancelled() -> None:
    shop = FakeShop()
    adapter = shop.adapter()
    made = await adapter.create_order(an_order(a_line(KANNE, 2), a_line(KAFFEE)), a_buyer())
    shop.store.ship(made.store_order_id, [LineQuantity(sku=KANNE, quantity=1)], [DHL])
    with pytest.raises(Permanent) as caught:
        await adapter.cancel_order(made.store_order_id)
    assert caught.value.problem is Problem.STATE_CONFLICT
    assert [x.cancelled for x in (await adapter.fetch_order(made.store_order_id)).lines] == [0, 0]


@pytest.mark.parametrize("settings", [Settings(), UNBILLED, DIRECT], ids=["module", "no invoice", "direct"])
async def test_shipping_tracking_and_returning_are_seen(settings: Settings) -> None:
    shop = FakeShop()
    adapter = shop.adapter(settings)
    made = await adapter.create_order(an_order(a_line(KANNE, 2), a_line(KAFFEE)), a_buyer())
    shop.store.ship(made.store_order_id, [LineQuantity(sku=KANNE, quantity=2)], [])
    bare = await adapter.fetch_order(made.store_order_id)
    assert [(x.quantity, x.shipped) for x in bare.lines] == [(2, 2), (1, 0)]
    assert [s.codes for s in bare.shipments] == [()]
    shop.store.track(made.store_order_id, DHL)
    tracked = await adapter.fetch_order(made.store_order_id)
    assert [(s.shipment_id, s.carrier, s.codes) for s in tracked.shipments] == [
        (bare.shipments[0].shipment_id, "DHL", (DHL.tracking_code,))
    ]
    shop.store.ship(made.store_order_id, None, [Parcel(carrier="Hermes", tracking_code="H1003500020000111")])
    shop.store.return_(made.store_order_id, [LineQuantity(sku=KANNE, quantity=1)])
    returned = await adapter.fetch_order(made.store_order_id)
    assert [(x.shipped, x.cancelled, x.returned) for x in returned.lines] == [(2, 0, 1), (1, 0, 0)]
    assert len(returned.refunds) == 1
    assert len(returned.shipments) == 2


async def test_units_cancelled_before_shipping_stay_cancelled() -> None:
    shop = FakeShop()
    adapter = shop.adapter()
    made = await adapter.create_order(an_order(a_line(KANNE, 3)), a_buyer())
    shop.store.cancel(made.store_order_id, [LineQuantity(sku=KANNE, quantity=1)], restock=True)
    assert [(x.shipped, x.cancelled) for x in (await adapter.fetch_order(made.store_order_id)).lines] == [(0, 1)]
    shop.store.ship(made.store_order_id, None, [DHL])
    shipped = await adapter.fetch_order(made.store_order_id)
    assert [(x.shipped, x.cancelled, x.returned) for x in shipped.lines] == [(2, 1, 0)]


async def test_an_adjustment_refund_moves_money_only() -> None:
    shop = FakeShop()
    adapter = shop.adapter()
    made = await adapter.create_order(an_order(a_line(KANNE, 2)), a_buyer())
    shop.store.refund(made.store_order_id, amount=Decimal("5.00"), lines=None, shipping=None)
    seen = await adapter.fetch_order(made.store_order_id)
    assert [r.amount for r in seen.refunds] == [Decimal("5.00")]
    assert [(x.cancelled, x.returned) for x in seen.lines] == [(0, 0)]


async def test_an_edited_order_lives_on_under_the_number_we_know() -> None:
    shop = FakeShop()
    adapter = shop.adapter(UNBILLED)
    made = await adapter.create_order(an_order(a_line(KANNE, 3), a_line(KAFFEE)), a_buyer())
    lines = [LineQuantity(sku=KANNE, quantity=2), LineQuantity(sku=KAFFEE, quantity=1)]
    child = shop.store.edit(made.store_order_id, lines)
    seen = await adapter.fetch_order(made.store_order_id)
    assert not seen.cancelled
    assert (seen.store_order_id, seen.number) == (made.store_order_id, made.number)
    assert [(x.line_id, x.cancelled) for x in seen.lines] == [
        (x.line_id, n) for x, n in zip(made.lines, (1, 0), strict=True)
    ]
    second = shop.store.edit(child, lines[:1])
    shop.store.ship(second, None, [DHL])
    seen = await adapter.fetch_order(made.store_order_id)
    assert [(x.shipped, x.cancelled) for x in seen.lines] == [(2, 1), (0, 1)]
    assert [s.codes for s in seen.shipments] == [(DHL.tracking_code,)]
    since = datetime.now(UTC) - timedelta(minutes=5)
    assert made.store_order_id in {order_id async for order_id in adapter.changed_orders(since)}


async def test_cancelling_an_edited_order_cancels_its_newest_form() -> None:
    shop = FakeShop()
    adapter = shop.adapter(UNBILLED)
    made = await adapter.create_order(an_order(a_line(KANNE, 3)), a_buyer())
    child = shop.store.edit(made.store_order_id, [LineQuantity(sku=KANNE, quantity=2)])
    cancelled = await adapter.cancel_order(made.store_order_id)
    assert cancelled.cancelled
    assert [x.cancelled for x in cancelled.lines] == [3]
    assert shop.store.orders(None, child)[0].state == "canceled"


async def test_an_order_that_is_gone_is_a_conflict() -> None:
    shop = FakeShop()
    for order_id in ("999", "x/../1", "٣"):
        with pytest.raises(Permanent) as caught:
            await shop.adapter().fetch_order(order_id)
        assert caught.value.problem is Problem.STATE_CONFLICT


async def test_changed_orders_names_all_that_changed_over_several_pages() -> None:
    shop = FakeShop()
    adapter = shop.adapter(Settings(invoice=False))
    for number in range(130):
        await adapter.create_order(an_order(a_line("100008"), idealo_order_id=f"AB{number}"), a_buyer())
    ids = {order.store_order_id for order in shop.store.orders(None, None)}
    assert len(ids) == 130
    since = datetime.now(UTC) - timedelta(minutes=5)
    assert {order_id async for order_id in adapter.changed_orders(since)} == ids
    later = datetime.now(UTC) + timedelta(minutes=5)
    assert [order_id async for order_id in adapter.changed_orders(later)] == []


async def test_a_late_track_and_a_late_memo_name_their_order() -> None:
    shop = FakeShop()
    adapter = shop.adapter()
    made = await adapter.create_order(an_order(a_line(KANNE, 2)), a_buyer())
    shop.store.ship(made.store_order_id, None, [])
    shop.world.advance(7200)
    since = shop.world.now() - timedelta(minutes=1)
    assert [order_id async for order_id in adapter.changed_orders(since)] == []
    shop.store.track(made.store_order_id, DHL)
    assert made.store_order_id in {order_id async for order_id in adapter.changed_orders(since)}
    shop.world.advance(7200)
    since = shop.world.now() - timedelta(minutes=1)
    shop.store.return_(made.store_order_id, [LineQuantity(sku=KANNE, quantity=1)])
    assert made.store_order_id in {order_id async for order_id in adapter.changed_orders(since)}


async def sent(shop: FakeShop, now: Callable[[], datetime]) -> list[Delivery]:
    """What the shop's module sends now, as a bridge with this clock receives it."""
    received: list[Delivery] = []

    async def receive(request: httpx.Request) -> httpx.Response:
        headers = {name.lower(): value for name, value in request.headers.items()}
        received.append(Delivery(headers=headers, body=await request.aread(), received_at=now()))
        return httpx.Response(202)

    async with httpx.AsyncClient(transport=httpx.MockTransport(receive)) as client:
        await shop.world.outbox.deliver(client)
    return received


async def test_a_webhook_is_fresh_whatever_is_done_to_the_sandboxs_clock() -> None:
    clock = Clock()
    shop = FakeShop(clock)
    adapter = shop.adapter()
    await adapter.ensure_webhooks(HOOK_URL)
    made = await adapter.create_order(an_order(a_line(KANNE, 4)), a_buyer())
    await sent(shop, clock)
    async with httpx.AsyncClient(transport=shop.transport, base_url="http://127.0.0.1:8100") as hands:
        for turned in ({"advance_seconds": 86_400}, {"stopped": True}, {"advance_seconds": 3600}, {"stopped": False}):
            assert (await hands.post("/_sandbox/clock", json=turned)).is_success
            clock.pass_time(hours=1)
            shop.store.ship(made.store_order_id, [LineQuantity(sku=KANNE, quantity=1)], [DHL])
            received = await sent(shop, clock)
            assert received
            for delivery in received:
                adapter.verify(delivery)


async def test_what_the_module_sends_is_verified_and_names_its_order() -> None:
    shop = FakeShop()
    adapter = shop.adapter()
    assert all(f.ok for f in await adapter.ensure_webhooks(HOOK_URL))
    made = await adapter.create_order(an_order(a_line(KANNE, 2)), a_buyer())
    shop.store.ship(made.store_order_id, None, [DHL])
    shop.store.return_(made.store_order_id, [LineQuantity(sku=KANNE, quantity=1)])
    received = await sent(shop, shop.world.now)
    for delivery in received:
        adapter.verify(delivery)
    notices = [adapter.read(d) for d in received]
    assert {n.order_id for n in notices} == {made.store_order_id}
    assert {n.topic for n in notices} >= {"shipment.saved", "shipment.track.saved", "creditmemo.saved"}
    assert len({n.key for n in notices}) == len(notices)


def test_the_adapter_is_what_the_port_asks_for() -> None:
    adapter: StoreAdapter = FakeShop().adapter()
    assert adapter.Credentials.model_json_schema()["required"] == ["base_url"]
    for model in (adapter.Credentials, adapter.Settings):
        assert all("description" in field for field in model.model_json_schema()["properties"].values())
