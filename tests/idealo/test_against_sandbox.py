"""The client against the simulated idealo: the whole scenario catalogue, all four writes, faults and open questions."""

import ssl
from collections.abc import Iterable
from datetime import timedelta
from decimal import Decimal

import httpx
import pytest
from pydantic import SecretStr

from app.domain.errors import Permanent, Problem, Retryable
from app.domain.orders import IdealoOrder, RevocationReason
from app.idealo import IdealoClient, IdealoCredentials, Unreadable
from app.wire.http import open_http
from sandbox.inprocess import SandboxTransport
from sandbox.world import World

SHOP = 318204


class Idealo:
    """One simulated idealo with one shop and our client for it; its time stands still until moved."""

    def __init__(self) -> None:
        self.world = World(seed=7, manual_time=True, stores=lambda _: {})
        self.world.idealo.register_shop(SHOP, "client", "secret")
        self._transport = SandboxTransport(self.world)
        self.client = self.another_client()

    def another_client(self, secret: str = "secret") -> IdealoClient:
        credentials = IdealoCredentials(
            client_id="client", client_secret=SecretStr(secret), base_url="http://sandbox.test"
        )
        ssl_context = ssl.create_default_context()
        http = open_http(
            "idealo", lambda *_: None, allow_private=True, ssl_context=ssl_context, transport=self._transport
        )
        return IdealoClient(credentials, http, self.world.now, shop_system="Bridge tests")

    async def place(self, **body: object) -> list[str]:
        async with httpx.AsyncClient(transport=self._transport, base_url="http://sandbox.test") as hands:
            answer = await hands.post("/_sandbox/idealo/orders", json={"shop_id": SHOP, "seed": 11, **body})
            assert answer.is_success, answer.text
            return list(answer.json()["ids"])

    def turn(self, **knobs: object) -> None:
        self.world.idealo.turn_knobs(knobs)

    async def listed(self, days: int = 100) -> list[IdealoOrder | Unreadable]:
        return [entry async for entry in self.client.orders(self.world.now() - timedelta(days=days))]


@pytest.fixture
def idealo() -> Idealo:
    return Idealo()


def orders(entries: Iterable[IdealoOrder | Unreadable]) -> list[IdealoOrder]:
    readable = [entry for entry in entries if isinstance(entry, IdealoOrder)]
    return sorted(readable, key=lambda order: order.idealo_order_id)


@pytest.mark.parametrize("scenario", [f"S{n}" for n in range(1, 19) if n != 14])
async def test_every_scenario_is_read_in_full(idealo: Idealo, scenario: str) -> None:
    ids = await idealo.place(scenario=scenario)
    entries = await idealo.listed()
    assert {entry.idealo_order_id for entry in entries} == set(ids)
    for order in orders(entries):
        assert order.purchase.difference == 0
        assert await idealo.client.order(order.idealo_order_id) == order
    assert len(orders(entries)) == len(ids)


@pytest.mark.parametrize(
    "knobs",
    [
        {"missing_values": "null"},
        {"money_format": "flipped"},
        {"salutation": "absent"},
        {"salutation": "none"},
        {"remaining_quantity": "absent", "delivery_text": "absent"},
        {"former_price": "present"},
        {"duplicates_in_lists": "yes"},
        {"sort": "shuffle"},
        {"page_size_max": 2, "page_size_above_max": "clamp"},
        {"window_field": "updated"},
    ],
)
async def test_open_questions_change_nothing_we_understand(idealo: Idealo, knobs: dict[str, object]) -> None:
    for scenario in ("S2", "S3", "S5", "S6", "S9"):
        await idealo.place(scenario=scenario)
    usual = orders(await idealo.listed())
    idealo.turn(**knobs)
    found = await idealo.listed()
    if knobs.get("sort") == "shuffle":
        found += await idealo.listed()
    assert {entry.idealo_order_id for entry in found} == {order.idealo_order_id for order in usual}
    unlike = {"billing", "shipping"} if "salutation" in knobs else set()
    for before, now in zip(usual, orders({entry.idealo_order_id: entry for entry in found}.values()), strict=True):
        assert now.purchase.model_dump(exclude={"lines"}) == before.purchase.model_dump(exclude={"lines"})
        assert now.remaining == before.remaining
        assert now.buyer.model_dump(exclude=unlike) == before.buyer.model_dump(exclude=unlike)


async def test_crowd_over_many_pages_is_complete_while_it_changes(idealo: Idealo) -> None:
    ids = await idealo.place(scenario="S14")
    idealo.turn(changes_per_page=20)
    entries = await idealo.listed()
    assert len(entries) == len(ids) == 1200
    assert {entry.idealo_order_id for entry in entries} == set(ids)


@pytest.mark.parametrize("policy", ["until_merchant_number", "once_only"])
async def test_new_orders_end_with_the_order_number(idealo: Idealo, policy: str) -> None:
    idealo.turn(acknowledged_policy=policy)
    [order_id] = await idealo.place(scenario="S1")
    assert [entry.idealo_order_id async for entry in idealo.client.new_orders()] == [order_id]
    await idealo.client.set_merchant_order_number(order_id, "SH-1")
    assert [entry async for entry in idealo.client.new_orders()] == []
    assert (await idealo.client.order(order_id)).merchant_order_number == "SH-1"


@pytest.mark.parametrize("again", ["accept", "conflict"])
async def test_order_number_is_repeatable_but_not_changeable(idealo: Idealo, again: str) -> None:
    idealo.turn(same_number_again=again)
    [order_id] = await idealo.place(scenario="S13")
    await idealo.client.set_merchant_order_number(order_id, "SH-1")
    await idealo.client.set_merchant_order_number(order_id, "SH-1")
    with pytest.raises(Permanent, match="Another merchant order number") as caught:
        await idealo.client.set_merchant_order_number(order_id, "SH-2")
    assert caught.value.problem is Problem.STATE_CONFLICT


async def test_shipment_completes_and_repeats_add_parcels(idealo: Idealo) -> None:
    [order_id] = await idealo.place(scenario="S16")
    await idealo.client.send_fulfillment(order_id, None, [])
    assert (await idealo.client.order(order_id)).shipped
    codes = [f"0034043416109404{i:04d}" for i in range(10)]
    await idealo.client.send_fulfillment(order_id, "Spediteur mit einem sehr langen Namen", codes)
    parcels = (await idealo.client.order(order_id)).parcels
    assert [parcel.code for parcel in parcels] == codes
    assert {parcel.carrier for parcel in parcels} == {"Spediteur mit einem sehr langen"}


async def test_units_are_revoked_per_sku_until_nothing_is_left(idealo: Idealo) -> None:
    [order_id] = await idealo.place(scenario="S11", count=1)
    first, second = (await idealo.client.order(order_id)).remaining
    await idealo.client.send_revocation(order_id, first, 1, RevocationReason.MERCHANT_CANCELLED, "nicht " * 100)
    order = await idealo.client.order(order_id)
    assert (order.status, order.remaining) == ("PARTIALLY_REVOKED", {first: 1, second: 2})
    await idealo.client.send_revocation(order_id, first, 1, RevocationReason.MERCHANT_CANCELLED)
    with pytest.raises(Permanent, match="cannot be raised") as caught:
        await idealo.client.send_revocation(order_id, first, 2, RevocationReason.MERCHANT_CANCELLED)
    assert caught.value.problem is Problem.STATE_CONFLICT
    with pytest.raises(Permanent, match="sku: is not part of this order") as refused:
        await idealo.client.send_revocation(order_id, "no such SKU", 0, RevocationReason.RETURNED)
    assert refused.value.problem is Problem.REJECTED
    for sku in (first, second):
        await idealo.client.send_revocation(order_id, sku, 0, RevocationReason.BUYER_CANCELLED)
    idealo.world.advance(3)
    order = await idealo.client.order(order_id)
    assert (order.revoked, set(order.remaining.values())) == (True, {0})
    with pytest.raises(Permanent, match="The order is revoked") as late:
        await idealo.client.send_fulfillment(order_id, "DHL", ["1"])
    assert late.value.problem is Problem.STATE_CONFLICT


async def test_buyer_cancels_between_two_looks(idealo: Idealo) -> None:
    [order_id] = await idealo.place(scenario="S10")
    held = idealo.world.idealo.orders[order_id]
    idealo.world.idealo.buyer_cancels(held, None, None)
    assert (await idealo.client.order(order_id)).revocation_wanted
    idealo.world.advance(3)
    order = await idealo.client.order(order_id)
    assert (order.revocation_wanted, order.revoked) == (False, True)


async def test_refund_is_taken_and_its_result_read_later(idealo: Idealo) -> None:
    idealo.turn(refund_success_status="random")
    ids = await idealo.place(scenario="S12")
    await idealo.client.send_refund(ids[0], Decimal("10.10"), "EUR")
    await idealo.client.send_refund(ids[5], Decimal("0.01"), "EUR")
    idealo.world.advance(3)
    [done] = await idealo.client.refunds(ids[0])
    assert (done.amount, done.failed) == (Decimal("10.10"), False)
    [failed] = await idealo.client.refunds(ids[5])
    assert (failed.failed, failed.reason) == (True, "Payment provider declined the refund")
    assert (await idealo.client.order(ids[5])).refunds == (failed,)


@pytest.mark.parametrize("status", [409, 400])
async def test_refunds_are_refused_with_a_reason(idealo: Idealo, status: int) -> None:
    idealo.turn(status_refund_rejected=status, refund_period_from="created")
    ids = await idealo.place(scenario="S12")
    expected = {
        (ids[2], "99999.00"): "REFUND_AMOUNT_EXCEEDS_ORDER_PRICE",
        (ids[3], "1.00"): "REFUND_PERIOD_EXCEEDED",
        (ids[4], "1.00"): "ORDER_NOT_PAID_USING_IDEALO_CHECKOUT_PAYMENTS",
    }
    for (order_id, amount), reason in expected.items():
        with pytest.raises(Permanent, match=reason) as caught:
            await idealo.client.send_refund(order_id, Decimal(amount), "EUR")
        assert caught.value.problem is Problem.REJECTED


async def test_token_that_ends_mid_run_goes_unnoticed(idealo: Idealo) -> None:
    [order_id] = await idealo.place(scenario="S15")
    await idealo.client.order(order_id)
    idealo.world.idealo.tokens.expire()
    assert (await idealo.client.order(order_id)).idealo_order_id == order_id
    idealo.world.advance(4000)
    assert (await idealo.client.order(order_id)).idealo_order_id == order_id


async def test_wrong_secret_and_foreign_shop_are_matters_of_credentials(idealo: Idealo) -> None:
    with pytest.raises(Permanent, match="refuses client id and secret") as caught:
        await idealo.another_client("wrong").shop_id()
    assert caught.value.problem is Problem.CREDENTIALS
    checkup = await idealo.another_client("wrong").check()
    assert not checkup.ok
    assert (await idealo.client.check()).ok
    with pytest.raises(Permanent, match="not found"):
        await idealo.client.order("00NOSUCHID")


@pytest.mark.parametrize("kind", ["status", "timeout", "reset", "truncate", "after_success", "html_502", "rate_limit"])
async def test_trouble_on_the_wire_is_tried_again_by_others(idealo: Idealo, kind: str) -> None:
    [order_id] = await idealo.place(scenario="S1")
    await idealo.client.shop_id()
    idealo.world.faults.add(kind, side="idealo")
    with pytest.raises(Retryable):
        await idealo.client.order(order_id)
    assert (await idealo.client.order(order_id)).idealo_order_id == order_id


async def test_number_whose_answer_was_lost_is_stored_once(idealo: Idealo) -> None:
    [order_id] = await idealo.place(scenario="S1")
    idealo.turn(same_number_again="conflict")
    await idealo.client.shop_id()
    idealo.world.faults.add("after_success", side="idealo", method="POST")
    with pytest.raises(Retryable):
        await idealo.client.set_merchant_order_number(order_id, "SH-1")
    await idealo.client.set_merchant_order_number(order_id, "SH-1")
    assert (await idealo.client.order(order_id)).merchant_order_number == "SH-1"


async def test_reporting_headers_arrive(idealo: Idealo) -> None:
    [order_id] = await idealo.place(scenario="S1")
    await idealo.client.set_merchant_order_number(order_id, "SH-1")
    [written] = idealo.world.idealo.orders[order_id].history
    assert written["headers"]["Integration-Partner"] == "idealo Bridge"
    assert written["headers"]["ERP-Shop-System"] == "Bridge tests"
