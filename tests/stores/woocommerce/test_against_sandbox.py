"""Orders that stand in the fake shop: found again, shipped, returned, cancelled, listed."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from app.domain.errors import Permanent, Problem, Retryable
from app.stores.woocommerce.settings import Settings
from sandbox.stores.port import LineQuantity, Parcel
from tests.factories import PLACED, a_buyer, a_line
from tests.stores.asked import KAFFEE, KANNE, an_order
from tests.stores.woocommerce.shops import FakeShop

SINCE = PLACED


@pytest.mark.parametrize("fault", ["after_success", "truncate"])
async def test_a_lost_answer_after_creation_is_found_again(fault: str) -> None:
    shop = FakeShop()
    placed = an_order(a_line(KANNE))
    shop.world.faults.add(method="POST", path="*/wc/v3/orders", kind=fault)
    with pytest.raises(Retryable):
        await shop.adapter().create_order(placed, a_buyer())
    found = await shop.adapter().find_order(placed.purchase.idealo_order_id, SINCE)
    assert found is not None
    assert (found.total, found.contradictions) == (placed.purchase.total, ())
    assert len(shop.store.orders(None, None)) == 1


@pytest.mark.parametrize("options", [{}, {"created_via_filterable": False}, {"created_via_writable": False}], ids=str)
async def test_find_is_exact_among_many_orders(options: dict[str, Any]) -> None:
    shop = FakeShop(**options)
    adapter = shop.adapter(Settings(order_note=False))
    for number in range(115):
        await adapter.create_order(an_order(a_line("100008"), idealo_order_id=f"AB{number}"), a_buyer())
    for wanted in ("AB1", "AB114"):
        found = await adapter.find_order(wanted, SINCE)
        assert found is not None
        assert found.idealo_order_id == wanted
    assert await adapter.find_order("AB", SINCE) is None
    assert await adapter.find_order("ab1", SINCE) is None


async def test_find_sees_the_trash_and_a_person_hears_of_it() -> None:
    shop = FakeShop()
    placed = an_order(a_line(KANNE))
    made = await shop.adapter().create_order(placed, a_buyer())
    shop.store.trash(made.store_order_id)
    found = await shop.adapter().find_order(placed.purchase.idealo_order_id, SINCE)
    assert found is not None
    assert [c.rule for c in found.contradictions] == ["order_trashed"]


@pytest.mark.parametrize("source", ["fulfillments", "ast", "shiptastic", "meta", "completed"])
async def test_a_parcel_is_seen_in_every_place_shops_keep_it(source: str) -> None:
    shop = FakeShop(tracking_source=source)
    adapter = shop.adapter()
    made = await adapter.create_order(an_order(a_line(KANNE, 2), a_line(KAFFEE)), a_buyer())
    shop.world.advance(60)
    parcels = [] if source == "completed" else [Parcel(carrier="DHL", tracking_code="00340434161094015902")]
    shop.store.ship(made.store_order_id, None, parcels)
    shipped = await adapter.fetch_order(made.store_order_id)
    assert [line.shipped for line in shipped.lines] == [2, 1]
    assert [s.codes for s in shipped.shipments] == [("00340434161094015902",) if parcels else ()]
    assert all(s.carrier == "DHL" for s in shipped.shipments if s.codes)
    shop.world.advance(60)
    shop.store.return_(made.store_order_id, [LineQuantity(sku=KANNE, quantity=1)])
    returned = await adapter.fetch_order(made.store_order_id)
    assert [(line.shipped, line.cancelled, line.returned) for line in returned.lines] == [(2, 0, 1), (1, 0, 0)]
    assert len(returned.refunds) == 1
    assert [s.shipment_id for s in returned.shipments] == [s.shipment_id for s in shipped.shipments]


@pytest.mark.parametrize("source", ["fulfillments", "ast", "shiptastic", "completed"])
async def test_units_cancelled_before_shipping_stay_cancelled(source: str) -> None:
    shop = FakeShop(tracking_source=source)
    adapter = shop.adapter()
    made = await adapter.create_order(an_order(a_line(KANNE, 3)), a_buyer())
    shop.store.cancel(made.store_order_id, [LineQuantity(sku=KANNE, quantity=1)], restock=True)
    cancelled = await adapter.fetch_order(made.store_order_id)
    assert [(x.shipped, x.cancelled) for x in cancelled.lines] == [(0, 1)]
    shop.world.advance(86_400)
    parcels = [] if source == "completed" else [Parcel(carrier="DHL", tracking_code="X1")]
    shop.store.ship(made.store_order_id, None, parcels)
    shipped = await adapter.fetch_order(made.store_order_id)
    assert [(x.shipped, x.cancelled, x.returned) for x in shipped.lines] == [(2, 1, 0)]


@pytest.mark.parametrize("shape", ["list", "object", "json"])
async def test_tracking_items_are_read_in_every_shape(shape: str) -> None:
    shop = FakeShop(tracking_source="ast", tracking_items_as=shape)
    adapter = shop.adapter()
    made = await adapter.create_order(an_order(a_line(KANNE)), a_buyer())
    shop.store.ship(made.store_order_id, None, [Parcel(carrier="DPD", tracking_code="01485003214567")])
    shop.store.track(made.store_order_id, Parcel(carrier="Hermes", tracking_code="H1003500020000111"))
    shipments = (await adapter.fetch_order(made.store_order_id)).shipments
    assert [s.codes for s in shipments] == [("01485003214567",), ("H1003500020000111",)]


async def test_cancelling_restocks_and_repeats_harmlessly() -> None:
    shop = FakeShop()
    adapter = shop.adapter()
    made = await adapter.create_order(an_order(a_line(KANNE, 5)), a_buyer())
    assert shop.stock(KANNE) == 115
    cancelled = await adapter.cancel_order(made.store_order_id)
    assert cancelled.cancelled
    assert [x.cancelled for x in cancelled.lines] == [5]
    shop.sent.clear()
    assert await adapter.cancel_order(made.store_order_id) == cancelled
    assert shop.sent == ["GET 200"]
    assert shop.stock(KANNE) == 120


async def test_a_shipped_order_is_not_cancelled() -> None:
    shop = FakeShop()
    adapter = shop.adapter()
    made = await adapter.create_order(an_order(a_line(KANNE, 2), a_line(KAFFEE)), a_buyer())
    parcel = Parcel(carrier="DHL", tracking_code="X1")
    shop.store.ship(made.store_order_id, [LineQuantity(sku=KANNE, quantity=1)], [parcel])
    with pytest.raises(Permanent) as caught:
        await adapter.cancel_order(made.store_order_id)
    assert caught.value.problem is Problem.STATE_CONFLICT
    assert shop.order(made)["status"] != "cancelled"


async def test_an_order_that_is_gone_is_a_conflict() -> None:
    shop = FakeShop()
    for order_id in ("999", "x/../1"):
        with pytest.raises(Permanent) as caught:
            await shop.adapter().fetch_order(order_id)
        assert caught.value.problem is Problem.STATE_CONFLICT


@pytest.mark.parametrize("ordered", [True, False])
async def test_changed_orders_names_all_that_changed_and_the_trash(*, ordered: bool) -> None:
    shop = FakeShop(orderby_modified=ordered)
    adapter = shop.adapter(Settings(order_note=False))
    for number in range(130):
        await adapter.create_order(an_order(a_line("100008"), idealo_order_id=f"AB{number}"), a_buyer())
    ids = {order.store_order_id for order in shop.store.orders(None, None)}
    shop.store.trash(min(ids))
    since = datetime.now(UTC) - timedelta(minutes=5)
    assert {order_id async for order_id in adapter.changed_orders(since)} == ids
    later = datetime.now(UTC) + timedelta(minutes=5)
    assert [order_id async for order_id in adapter.changed_orders(later)] == []


async def test_all_refunds_are_read_beyond_the_shops_page_of_ten() -> None:
    shop = FakeShop()
    adapter = shop.adapter()
    made = await adapter.create_order(an_order(a_line(KANNE, 9)), a_buyer())
    for _ in range(13):
        shop.store.refund(made.store_order_id, amount=Decimal("1.00"), lines=None, shipping=None)
    seen = await adapter.fetch_order(made.store_order_id)
    assert len(seen.refunds) == 13
    assert [(x.shipped, x.cancelled, x.returned) for x in seen.lines] == [(0, 0, 0)]


async def test_cancelling_an_order_in_the_trash_brings_its_stock_back() -> None:
    shop = FakeShop()
    adapter = shop.adapter()
    made = await adapter.create_order(an_order(a_line(KANNE, 5)), a_buyer())
    shop.store.trash(made.store_order_id)
    assert (await adapter.cancel_order(made.store_order_id)).cancelled
    assert shop.stock(KANNE) == 120


async def test_a_full_refund_before_shipping_cancels_and_needs_no_second_cancelling() -> None:
    shop = FakeShop()
    adapter = shop.adapter()
    made = await adapter.create_order(an_order(a_line(KANNE, 2)), a_buyer())
    shop.store.refund(made.store_order_id, amount=None, lines=None, shipping=None)
    seen = await adapter.cancel_order(made.store_order_id)
    assert (seen.cancelled, [r.amount for r in seen.refunds]) == (True, [made.total])
    assert shop.order(made)["status"] == "refunded"
