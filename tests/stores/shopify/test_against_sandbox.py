"""Orders in the fake store: placed, found again, shipped, cancelled, returned, paid back, listed."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from app.domain.errors import Permanent, Problem, Retryable
from app.domain.orders import DeliveryOption, StoreOrder
from app.stores.shopify.settings import Settings
from sandbox.stores.port import LineQuantity, NeutralOrder, Parcel
from tests.factories import PLACED, a_buyer, a_line
from tests.stores.asked import BUCH, KAFFEE, KANNE, an_order, with_difference
from tests.stores.shopify.shops import STORE_ID, FakeShop

SINCE = PLACED


def same(seen: StoreOrder, neutral: NeutralOrder) -> None:
    """The store's own count and ours."""
    assert [(x.sku, x.quantity, x.shipped, x.cancelled, x.returned) for x in seen.lines] == [
        (x.sku, x.quantity, x.shipped, x.cancelled, x.returned) for x in neutral.lines
    ]
    assert [(r.refund_id, r.amount) for r in seen.refunds] == [(r.id, r.amount) for r in neutral.refunds if r.amount]
    codes = sorted(c for s in seen.shipments for c in s.codes)
    assert codes == sorted(p.tracking_code for p in neutral.parcels if p.tracking_code)


async def test_a_new_order_reaches_idealos_total_takes_stock_and_is_found() -> None:
    shop = FakeShop()
    option = DeliveryOption(kind="PICKUP_SERVICE", price=Decimal("9.00"))
    placed = an_order(
        a_line(KANNE, 2, "24.95"),
        a_line(BUCH, 1, "29.90"),
        shipping="13.95",
        delivery_options=(option,),
        voucher="HERBST",
    )
    before = shop.stock(KANNE)
    made = await shop.adapter().create_order(placed, a_buyer(phone="+49 30 1234567"))
    assert (made.total, made.contradictions, made.notes) == (placed.purchase.total, (), ())
    assert [(x.sku, x.idealo_sku, x.quantity) for x in made.lines] == [(KANNE, KANNE, 2), (BUCH, BUCH, 1)]
    assert shop.stock(KANNE) == before - 2
    neutral = shop.neutral(made)
    assert (neutral.total, neutral.currency) == (placed.purchase.total, "EUR")
    assert (neutral.idealo_order_id, neutral.transaction_id) == ("00K7MPX24R", "8HX42917KT553201B")
    assert await shop.adapter().find_order("00K7MPX24R", SINCE) == made.model_copy(update={"notes": ()})
    assert await shop.adapter().find_order("00K7MPX24", SINCE) is None
    assert await shop.adapter().find_order("00k7mpx24r", SINCE) is None


@pytest.mark.parametrize("difference", ["0.03", "-0.03", "-6.00", "2.50"])
async def test_a_total_that_is_not_the_sum_of_its_parts_is_kept_all_the_same(difference: str) -> None:
    shop = FakeShop()
    lines = (a_line(KANNE, 2, "10.00"), a_line(BUCH, 1, "29.90"))
    placed = with_difference(an_order(*lines, shipping="4.99"), difference)
    made = await shop.adapter().create_order(placed, a_buyer())
    assert (made.total, made.contradictions) == (placed.purchase.total, ())
    assert shop.neutral(made).total == placed.purchase.total
    shop.store.refund(made.store_order_id, amount=None, lines=None, shipping=None)
    assert [r.amount for r in (await shop.adapter().fetch_order(made.store_order_id)).refunds] == [made.total]


async def test_unknown_skus_create_nothing_and_an_alias_helps() -> None:
    shop = FakeShop()
    with pytest.raises(Permanent, match="'NO-SUCH'") as caught:
        await shop.adapter().create_order(an_order(a_line(KANNE), a_line("NO-SUCH")), a_buyer())
    assert caught.value.problem is Problem.UNKNOWN_SKU
    assert shop.store.orders(None, None) == []
    made = await shop.adapter().create_order(an_order(a_line("NO-SUCH"), aliases={"NO-SUCH": KANNE}), a_buyer())
    assert [(x.sku, x.idealo_sku) for x in made.lines] == [(KANNE, "NO-SUCH")]


async def test_an_order_beyond_the_stock_is_made_and_says_so() -> None:
    shop = FakeShop()
    have = shop.stock(KANNE)
    made = await shop.adapter().create_order(an_order(a_line(KANNE, have + 1)), a_buyer())
    assert made.notes == (f"{KANNE}: {have + 1} ordered, the store had {have}",)


@pytest.mark.parametrize("fault", ["after_success", "truncate"])
async def test_a_lost_answer_after_creation_is_found_again(fault: str) -> None:
    shop = FakeShop()
    adapter = shop.adapter()
    await adapter.create_order(an_order(a_line(KAFFEE), idealo_order_id="FIRST"), a_buyer())
    placed = an_order(a_line(KANNE))
    # The variants are read first; the second call makes the order, and loses its answer.
    shop.world.faults.add(method="POST", path="*/graphql.json", kind=fault, times=1, after=1)
    with pytest.raises(Retryable):
        await adapter.create_order(placed, a_buyer())
    found = await adapter.find_order(placed.purchase.idealo_order_id, SINCE)
    assert found is not None
    assert (found.total, len(shop.store.orders(None, None))) == (placed.purchase.total, 2)


async def test_parcels_codes_and_carriers_are_seen_as_they_come() -> None:
    shop = FakeShop()
    adapter = shop.adapter()
    made = await adapter.create_order(an_order(a_line(KANNE, 3), a_line(KAFFEE)), a_buyer())
    parcels = [Parcel(carrier="DHL", tracking_code="00340434161094015902"), Parcel(carrier="DHL", tracking_code="X2")]
    shop.store.ship(made.store_order_id, [LineQuantity(sku=KANNE, quantity=2)], parcels)
    first = await adapter.fetch_order(made.store_order_id)
    same(first, shop.neutral(made))
    assert [(s.carrier, s.codes) for s in first.shipments] == [("DHL", ("00340434161094015902", "X2"))]
    shop.store.ship(made.store_order_id, None, [])
    shop.store.track(made.store_order_id, Parcel(carrier="Hermes", tracking_code="H1003500020000111"))
    last = await adapter.fetch_order(made.store_order_id)
    same(last, shop.neutral(made))
    assert [x.shipped for x in last.lines] == [3, 1]
    assert "H1003500020000111" in {c for s in last.shipments for c in s.codes}


@pytest.mark.parametrize("part", ["refund", "restock_only", "edit"])
async def test_units_cancelled_in_part_stay_cancelled_after_shipping(part: str) -> None:
    shop = FakeShop(cancel_part=part)
    adapter = shop.adapter()
    made = await adapter.create_order(an_order(a_line(KANNE, 3)), a_buyer())
    shop.store.cancel(made.store_order_id, [LineQuantity(sku=KANNE, quantity=1)], restock=True)
    cancelled = await adapter.fetch_order(made.store_order_id)
    same(cancelled, shop.neutral(made))
    assert [(x.shipped, x.cancelled) for x in cancelled.lines] == [(0, 1)]
    shop.store.ship(made.store_order_id, None, [Parcel(carrier="DHL", tracking_code="X1")])
    shipped = await adapter.fetch_order(made.store_order_id)
    same(shipped, shop.neutral(made))
    assert [(x.shipped, x.cancelled, x.returned) for x in shipped.lines] == [(2, 1, 0)]
    assert shipped.contradictions == ()


@pytest.mark.parametrize("way", ["return", "refund"])
async def test_goods_that_come_back_are_returned_once(way: str) -> None:
    shop = FakeShop(return_by=way)
    adapter = shop.adapter()
    made = await adapter.create_order(an_order(a_line(KANNE, 2), a_line(KAFFEE)), a_buyer())
    shop.store.ship(made.store_order_id, None, [Parcel(carrier="DHL", tracking_code="X1")])
    shop.store.return_(made.store_order_id, [LineQuantity(sku=KANNE, quantity=1)])
    seen = await adapter.fetch_order(made.store_order_id)
    same(seen, shop.neutral(made))
    assert [(x.shipped, x.cancelled, x.returned) for x in seen.lines] == [(2, 0, 1), (1, 0, 0)]
    assert (len(seen.refunds), seen.contradictions) == (1, ())


@pytest.mark.parametrize("lines", ["amount", "no_restock"])
async def test_money_alone_changes_no_units(lines: str) -> None:
    shop = FakeShop(refund_lines=lines)
    adapter = shop.adapter()
    made = await adapter.create_order(an_order(a_line(KANNE, 2)), a_buyer())
    shop.store.ship(made.store_order_id, None, [])
    shop.store.refund(made.store_order_id, amount=Decimal("3.00"), lines=None, shipping=None)
    shop.store.refund(made.store_order_id, amount=None, lines=[LineQuantity(sku=KANNE, quantity=1)], shipping=None)
    seen = await adapter.fetch_order(made.store_order_id)
    same(seen, shop.neutral(made))
    assert [(x.shipped, x.cancelled, x.returned) for x in seen.lines] == [(2, 0, 0)]
    assert (len(seen.refunds), seen.contradictions) == (2, ())


@pytest.mark.parametrize("booked", [True, False])
async def test_cancelling_restocks_and_repeats_harmlessly(*, booked: bool) -> None:
    shop = FakeShop()
    adapter = shop.adapter(Settings(book_refund_on_cancel=booked))
    before = shop.stock(KANNE)
    made = await adapter.create_order(an_order(a_line(KANNE, 5)), a_buyer())
    cancelled = await adapter.cancel_order(made.store_order_id)
    assert (cancelled.cancelled, [x.cancelled for x in cancelled.lines]) == (True, [5])
    assert [r.amount for r in cancelled.refunds] == ([made.total] if booked else [])
    assert shop.stock(KANNE) == before
    shop.sent.clear()
    assert await adapter.cancel_order(made.store_order_id) == cancelled
    assert shop.stock(KANNE) == before


async def test_a_shipped_order_is_not_cancelled() -> None:
    shop = FakeShop()
    adapter = shop.adapter()
    made = await adapter.create_order(an_order(a_line(KANNE, 2)), a_buyer())
    shop.store.ship(made.store_order_id, [LineQuantity(sku=KANNE, quantity=1)], [])
    with pytest.raises(Permanent) as caught:
        await adapter.cancel_order(made.store_order_id)
    assert caught.value.problem is Problem.STATE_CONFLICT


async def test_a_cancellation_whose_job_takes_long_is_seen_by_the_next_look() -> None:
    shop = FakeShop(job_seconds=3600)
    adapter = shop.adapter()
    made = await adapter.create_order(an_order(a_line(KANNE)), a_buyer())
    with pytest.raises(Retryable):
        await adapter.cancel_order(made.store_order_id)
    shop.world.advance(3601)
    assert (await adapter.cancel_order(made.store_order_id)).cancelled


async def test_an_order_that_was_deleted_is_a_conflict() -> None:
    shop = FakeShop()
    made = await shop.adapter().create_order(an_order(a_line(KANNE)), a_buyer())
    shop.store.delete(made.store_order_id)
    with pytest.raises(Permanent, match="deleted") as caught:
        await shop.adapter().fetch_order(made.store_order_id)
    assert caught.value.problem is Problem.STATE_CONFLICT


async def test_changed_orders_names_all_that_changed() -> None:
    shop = FakeShop(bucket_size=100_000)
    adapter = shop.adapter()
    for number in range(105):
        await adapter.create_order(an_order(a_line("100008"), idealo_order_id=f"AB{number}"), a_buyer())
    ids = {order.store_order_id for order in shop.store.orders(None, None)}
    since = datetime.now(UTC) - timedelta(minutes=5)
    assert {order_id async for order_id in adapter.changed_orders(since)} == ids
    later = datetime.now(UTC) + timedelta(minutes=5)
    assert [order_id async for order_id in adapter.changed_orders(later)] == []


async def test_an_empty_bucket_is_waited_for() -> None:
    shop = FakeShop(bucket_size=1, restore_rate=10)
    with pytest.raises(Retryable) as caught:
        await shop.adapter().create_order(an_order(a_line(KANNE)), a_buyer())
    assert caught.value.after is not None


async def test_five_orders_a_minute_in_a_development_store_are_waited_for() -> None:
    shop = FakeShop(development_store=True, creates_per_minute=1)
    adapter = shop.adapter()
    await adapter.create_order(an_order(a_line(KANNE), idealo_order_id="A1"), a_buyer())
    with pytest.raises(Retryable) as caught:
        await adapter.create_order(an_order(a_line(KANNE), idealo_order_id="A2"), a_buyer())
    assert caught.value.after == timedelta(seconds=60)


@pytest.mark.parametrize("data", ["null", "denied"])
async def test_without_approval_for_customer_data_all_of_it_works(data: str) -> None:
    shop = FakeShop(customer_data=data)
    adapter = shop.adapter()
    made = await adapter.create_order(an_order(a_line(KANNE)), a_buyer())
    assert (await adapter.fetch_order(made.store_order_id)).total == made.total
    assert (await adapter.check()).ok


async def test_the_check_tells_what_is_missing() -> None:
    shop = FakeShop()
    assert (await shop.adapter().check()).ok
    assert (await shop.adapter(credentials=shop.store.custom_app()).check()).ok
    shop.store.set_options({"scopes": ["read_orders", "write_orders", "read_products"]})
    bad = [f for f in (await shop.adapter().check()).findings if not f.ok]
    assert [f.name for f in bad] == ["scopes"]
    assert "read_returns" in bad[0].detail


async def test_a_version_no_longer_served_is_noted() -> None:
    shop = FakeShop()
    checkup = await shop.adapter(Settings(api_version="2024-10")).check()
    (version,) = [f for f in checkup.findings if f.name == "API version"]
    assert version.ok
    assert "2024-10 was asked for" in version.detail


async def test_webhooks_are_created_kept_and_brought_back() -> None:
    shop = FakeShop()
    url = f"https://bridge.example/webhooks/shopify/{STORE_ID}"
    first = await shop.adapter().ensure_webhooks(url)
    assert {f.detail for f in first} == {"created"}
    assert all(f.ok for f in first)
    assert {f.detail for f in await shop.adapter().ensure_webhooks(url)} == {"in place"}
    moved = url.replace("bridge.example", "new.example")
    assert {f.detail for f in await shop.adapter().ensure_webhooks(moved)} == {"corrected"}
    shop.store.disable_webhooks()
    assert {f.detail for f in await shop.adapter().ensure_webhooks(moved)} == {"created"}
