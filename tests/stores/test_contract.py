"""The contract of app.ports.StoreAdapter, kept by every adapter in the registry against its sandbox shop."""

import asyncio
from collections.abc import AsyncIterator
from decimal import Decimal

import pytest

from app.domain.errors import Permanent, Problem, Retryable, SignatureInvalid
from app.domain.orders import StoreOrder
from app.ports import Delivery
from app.registry import ADAPTERS
from tests.factories import a_line, a_purchase
from tests.stores.shop import BITS, MUG, SECRET, SINCE, Shop
from tests.stores.snapshots import conserves

CODE = "00340434161094042557"
HOOKS = "http://bridge.test/webhooks/{kind}/shop-1"


@pytest.fixture(params=sorted(ADAPTERS))
async def shop(request: pytest.FixtureRequest) -> AsyncIterator[Shop]:
    shop = Shop.open(request.param)
    yield shop
    await shop.http.aclose()


def units(order: StoreOrder) -> dict[str, tuple[int, int, int, int]]:
    """Per SKU: quantity, shipped, cancelled, returned."""
    return {line.sku: (line.quantity, line.shipped, line.cancelled, line.returned) for line in order.lines}


async def a_delivery(shop: Shop) -> Delivery:
    """A webhook about an order of ours, as the shop sends it."""
    await shop.adapter.ensure_webhooks(HOOKS.format(kind=shop.kind))
    order = await shop.create()
    shop.world.outbox.clear()
    shop.ship(order, CODE)
    return next(d for d in shop.deliveries() if shop.adapter.read(d).order_id == order.store_order_id)


# -- webhooks ----------------------------------------------------------------------------------------------------


async def test_a_signed_delivery_is_trusted_and_names_its_order(shop: Shop) -> None:
    delivery = await a_delivery(shop)
    assert not shop.adapter.is_ping(delivery)
    shop.adapter.verify(delivery)
    assert shop.adapter.read(delivery).order_id is not None


async def test_one_changed_byte_is_refused(shop: Shop) -> None:
    delivery = await a_delivery(shop)
    changed = delivery.body[:-1] + bytes([delivery.body[-1] ^ 1])
    with pytest.raises(SignatureInvalid):
        shop.adapter.verify(delivery.model_copy(update={"body": changed}))


async def test_a_missing_signature_is_refused(shop: Shop) -> None:
    delivery = await a_delivery(shop)
    with pytest.raises(SignatureInvalid):
        shop.adapter.verify(delivery.model_copy(update={"headers": {"content-type": "application/json"}}))


@pytest.mark.parametrize("secrets", [("another" * 8,), ("",)], ids=["wrong", "empty"])
async def test_a_secret_that_is_not_ours_is_refused(shop: Shop, secrets: tuple[str, ...]) -> None:
    delivery = await a_delivery(shop)
    with pytest.raises(SignatureInvalid):
        shop.connected(secrets, stranger=True).verify(delivery)


async def test_two_secrets_are_live_at_once(shop: Shop) -> None:
    delivery = await a_delivery(shop)
    shop.connected(("n" * 48, SECRET)).verify(delivery)


async def test_a_repeated_delivery_has_the_same_key_and_another_order_has_not(shop: Shop) -> None:
    await shop.adapter.ensure_webhooks(HOOKS.format(kind=shop.kind))
    first, second = await shop.create("00AAAAAAAA"), await shop.create("00BBBBBBBB")
    shop.world.outbox.clear()
    for order in (first, second):
        shop.store.ship(order.store_order_id, None, [])
    deliveries = shop.deliveries()
    notices = [shop.adapter.read(d) for d in deliveries]
    assert [shop.adapter.read(d).key for d in deliveries] == [n.key for n in notices]
    of_first = {n.key for n in notices if n.order_id == first.store_order_id}
    of_second = {n.key for n in notices if n.order_id == second.store_order_id}
    assert of_first
    assert of_second
    assert not of_first & of_second


async def test_webhooks_are_created_once_and_repairing_repeats_nothing(shop: Shop) -> None:
    url = HOOKS.format(kind=shop.kind)
    assert all(f.ok for f in await shop.adapter.ensure_webhooks(url))
    before = [c for c in shop.world.calls.list(shop.kind, None, None) if c.method in {"POST", "PUT", "DELETE"}]
    assert all(f.ok for f in await shop.connected().ensure_webhooks(url))
    after = [c for c in shop.world.calls.list(shop.kind, None, None) if c.method in {"POST", "PUT", "DELETE"}]
    # A token is no repair, and GraphQL reads are POSTs: those are looked at in Shopify's own tests.
    assert [c for c in after[len(before) :] if "graphql" not in c.path and "oauth" not in c.path] == []


# -- orders ------------------------------------------------------------------------------------------------------


async def test_a_created_order_carries_everything_and_is_found_again(shop: Shop) -> None:
    made = await shop.create()
    assert made.idealo_order_id == "00K7MPX24R"
    assert made.total == shop.purchase().total
    assert units(made) == {MUG: (3, 0, 0, 0), BITS: (2, 0, 0, 0)}
    assert made.contradictions == ()
    found = await shop.connected().find_order("00K7MPX24R", SINCE)
    assert found is not None
    assert (found.store_order_id, found.number) == (made.store_order_id, made.number)
    assert await shop.adapter.fetch_order(made.store_order_id) == made.model_copy(update={"notes": ()})


@pytest.mark.parametrize("other", ["00K7MPX24", "00K7MPX24RX", "00k7mpx24r", "0K7MPX24R"])
async def test_only_exactly_this_order_is_found(shop: Shop, other: str) -> None:
    await shop.create()
    assert await shop.adapter.find_order(other, SINCE) is None


async def test_an_unknown_sku_is_refused_before_anything_is_created(shop: Shop) -> None:
    purchase = a_purchase(a_line(MUG), a_line("NO-SUCH-SKU"), placed_at=shop.clock())
    wanted = shop.draft().model_copy(update={"purchase": purchase})
    lines = tuple(wanted.lines[0].model_copy(update={"line": line, "store_sku": line.sku}) for line in purchase.lines)
    announced = Announced(shop)
    with pytest.raises(Permanent, match="NO-SUCH-SKU") as caught:
        await shop.adapter.create_order(wanted.model_copy(update={"lines": lines}), shop.buyer(), announced)
    assert caught.value.problem is Problem.UNKNOWN_SKU
    assert shop.store.orders(None, None) == []
    assert announced.stood == []


class Announced:
    """Notes how many orders the shop had each time a creation was announced; `refuse` has it raise."""

    def __init__(self, shop: Shop, refuse: Exception | None = None) -> None:
        self.stood: list[int] = []
        self._shop = shop
        self._refuse = refuse

    async def __call__(self) -> None:
        self.stood.append(len(self._shop.store.orders(None, None)))
        if self._refuse:
            raise self._refuse


async def test_a_creation_is_announced_once_and_right_before_it_leaves(shop: Shop) -> None:
    announced = Announced(shop)
    await shop.adapter.create_order(shop.draft(), shop.buyer(), announced)
    assert announced.stood == [0]
    assert len(shop.store.orders(None, None)) == 1


async def test_nothing_is_created_where_the_announcement_is_refused(shop: Shop) -> None:
    with pytest.raises(ZeroDivisionError):
        await shop.adapter.create_order(shop.draft(), shop.buyer(), Announced(shop, ZeroDivisionError()))
    assert shop.store.orders(None, None) == []


async def test_a_creation_with_a_lost_answer_is_found_and_not_repeated(shop: Shop) -> None:
    """Whichever of its calls it is: every one in turn takes effect and is not heard of."""
    for number in range(20):
        shop.fault("after_success", after=number)
        try:
            await shop.adapter.create_order(shop.draft(), shop.buyer())
        except Retryable:
            shop.world.faults.clear()
        if shop.store.orders("00K7MPX24R", None):
            break
    shop.world.faults.clear()
    shop.clock.pass_time(seconds=shop.adapter.capabilities.visible_after.total_seconds() + 1)
    found = await shop.adapter.find_order("00K7MPX24R", SINCE)
    assert found is not None
    assert len(shop.store.orders("00K7MPX24R", None)) == 1


async def test_cancelling_twice_is_harmless_and_answers_the_order(shop: Shop) -> None:
    made = await shop.create()
    for _ in range(2):
        try:
            order = await shop.adapter.cancel_order(made.store_order_id)
        except Retryable:
            shop.clock.pass_time(minutes=1)
            order = await shop.adapter.cancel_order(made.store_order_id)
        assert units(order) == {MUG: (3, 0, 3, 0), BITS: (2, 0, 2, 0)}
        assert order.cancelled


async def test_a_shipped_order_is_not_cancelled(shop: Shop) -> None:
    made = await shop.create()
    shop.ship(made, CODE)
    with pytest.raises(Permanent) as caught:
        await shop.adapter.cancel_order(made.store_order_id)
    assert caught.value.problem is Problem.STATE_CONFLICT


async def test_units_are_where_the_merchant_put_them(shop: Shop) -> None:
    made = await shop.create()
    shop.cancel(made, MUG, 1)
    part = await shop.adapter.fetch_order(made.store_order_id)
    assert units(part) == {MUG: (3, 0, 1, 0), BITS: (2, 0, 0, 0)}
    shop.ship(made, CODE)
    shipped = await shop.adapter.fetch_order(made.store_order_id)
    assert units(shipped) == {MUG: (3, 2, 1, 0), BITS: (2, 2, 0, 0)}
    assert [(s.carrier, s.codes) for s in shipped.shipments] == [("DHL", (CODE,))]
    shop.take_back(made, BITS, 1)
    back = await shop.adapter.fetch_order(made.store_order_id)
    assert units(back) == {MUG: (3, 2, 1, 0), BITS: (2, 2, 0, 1)}
    for order in (part, shipped, back):
        assert conserves(order)


async def test_money_given_back_is_seen_once_per_refund(shop: Shop) -> None:
    made = await shop.create()
    shop.refund(made, "5.00")
    shop.refund(made, "5.00")
    order = await shop.adapter.fetch_order(made.store_order_id)
    assert [r.amount for r in order.refunds] == [Decimal("5.00"), Decimal("5.00")]
    assert len({r.refund_id for r in order.refunds}) == 2
    assert units(order) == {MUG: (3, 0, 0, 0), BITS: (2, 0, 0, 0)}


async def test_what_changed_is_listed_and_what_did_not_is_not_needed(shop: Shop) -> None:
    old = await shop.create("00AAAAAAAA")
    shop.clock.pass_time(hours=5)
    since = shop.clock()
    shop.clock.pass_time(minutes=1)
    shop.ship(old, CODE)
    new = await shop.create("00BBBBBBBB")
    changed = [order_id async for order_id in shop.adapter.changed_orders(since)]
    assert {old.store_order_id, new.store_order_id} <= set(changed)


async def test_many_orders_are_listed_over_pages(shop: Shop) -> None:
    made = {(await shop.create(f"00PAGE{n:04d}")).store_order_id for n in range(130)}
    changed = {order_id async for order_id in shop.adapter.changed_orders(SINCE)}
    assert made <= changed


# -- trouble -----------------------------------------------------------------------------------------------------


async def test_an_order_that_is_gone_needs_a_person(shop: Shop) -> None:
    with pytest.raises(Permanent) as caught:
        await shop.adapter.fetch_order("999999999")
    assert caught.value.problem is Problem.STATE_CONFLICT


@pytest.mark.parametrize("status", [401, 403])
async def test_refused_credentials_need_a_person(shop: Shop, status: int) -> None:
    made = await shop.create()
    shop.fault("status", status=status, times=10)
    with pytest.raises(Permanent) as caught:
        await shop.adapter.fetch_order(made.store_order_id)
    assert caught.value.problem is Problem.CREDENTIALS


@pytest.mark.parametrize("fault", ["timeout", "reset", "html_502", "truncate", "after_success"])
async def test_trouble_on_the_way_is_tried_again(shop: Shop, fault: str) -> None:
    made = await shop.create()
    shop.fault(fault, times=10)
    with pytest.raises(Retryable):
        await shop.adapter.fetch_order(made.store_order_id)


async def test_a_busy_store_says_when_to_come_back(shop: Shop) -> None:
    made = await shop.create()
    shop.fault("rate_limit", seconds=17, times=10)
    with pytest.raises(Retryable) as caught:
        await shop.adapter.fetch_order(made.store_order_id)
    assert caught.value.after is not None
    assert caught.value.after.total_seconds() == 17


async def test_a_check_is_well_and_changes_nothing(shop: Shop) -> None:
    checkup = await shop.adapter.check()
    assert checkup.ok, checkup.findings
    assert shop.store.orders(None, None) == []


async def test_a_silent_store_fails_its_check_with_advice(shop: Shop) -> None:
    shop.fault("reset", times=100)
    try:
        checkup = await asyncio.wait_for(shop.adapter.check(), 10)
    except (Retryable, Permanent):
        return
    assert not checkup.ok
    assert all(f.advice for f in checkup.findings if not f.ok)
