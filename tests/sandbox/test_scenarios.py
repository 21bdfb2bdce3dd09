"""The scenario catalogue: shapes, invariants of the generator, repeatability."""

from decimal import Decimal
from typing import Any

import pytest

from sandbox.catalogue import DEFAULT_CATALOGUE, UNKNOWN_SKU
from sandbox.idealo.generator import Maker
from sandbox.idealo.scenarios import VARIANTS, make, usual_count
from sandbox.idealo.values import Order
from sandbox.world import World
from tests.sandbox.merchant import Merchant

SCENARIOS = tuple(VARIANTS)


def made(scenario: str, seed: int, count: int) -> list[Order]:
    world = World(seed=seed, stores=lambda _: {}, manual_time=True)
    dice = world.random("orders")
    maker = Maker(dice, world.now(), 1)
    return [world.idealo.place(make(scenario, maker, number), dice) for number in range(count)]


async def shapes(merchant: Merchant, scenario: str) -> list[dict[str, Any]]:
    return [await merchant.order(order_id) for order_id in await merchant.place(scenario=scenario)]


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_generator_keeps_its_invariants(scenario: str) -> None:
    for seed in range(10):
        orders = made(scenario, seed, max(usual_count(scenario) % 1000, 12))
        print(f"{scenario}: seed {seed}")
        assert len({order.id for order in orders}) == len(orders)
        assert len({order.email for order in orders}) == len(orders)
        for order in orders:
            assert order.offers_price == sum((line.price * line.quantity for line in order.lines), Decimal(0))
            assert order.gross_price == order.offers_price + order.shipping_costs
            assert order.shipping_costs >= sum((price for _, price in order.options), Decimal(0))
            assert all(0 <= line.remaining <= line.quantity for line in order.lines)
            assert (order.phone is not None) == (order.method == "FORWARDING")
            assert Order.from_json(order.to_json()) == order


async def test_wire_sums_agree(merchant: Merchant) -> None:
    for scenario in SCENARIOS:
        await merchant.place(scenario=scenario, count=20)
    body = (await merchant.get("orders", pageSize=1000)).json()
    assert body["totalElements"] == 20 * len(SCENARIOS)
    for order in body["content"]:
        lines = sum(Decimal(line["price"]) * line["quantity"] for line in order["lineItems"])
        assert Decimal(order["offersPrice"]) == lines
        assert Decimal(order["grossPrice"]) == lines + Decimal(order["shippingCosts"])


async def test_same_seed_places_the_same_orders(merchant: Merchant) -> None:
    first = await merchant.place(scenario="S14", count=20, seed=42)
    await merchant.http.post("/_sandbox/reset")
    await merchant.register()
    assert await merchant.place(scenario="S14", count=20, seed=42) == first
    again = await merchant.place(scenario="S14", count=20, seed=42)
    assert not set(first) & set(again)


async def test_s1_one_parcel_by_paypal(merchant: Merchant) -> None:
    (order,) = await shapes(merchant, "S1")
    assert (order["payment"]["paymentMethod"], order["fulfillment"]["method"]) == ("PAYPAL", "POSTAL")
    assert [line["quantity"] for line in order["lineItems"]] == [1]


async def test_s2_several_lines_with_price_range(merchant: Merchant) -> None:
    (order,) = await shapes(merchant, "S2")
    assert len(order["lineItems"]) == 3
    assert max(line["quantity"] for line in order["lineItems"]) > 1
    assert [line.get("priceRangeAmount") for line in order["lineItems"]] == ["2.00", None, "0.36"]


async def test_s3_freight_with_both_options(merchant: Merchant) -> None:
    (order,) = await shapes(merchant, "S3")
    assert order["fulfillment"] == {
        "method": "FORWARDING",
        "tracking": [],
        "options": [
            {"forwardOption": "TWO_MAN_DELIVERY", "price": "25.00"},
            {"forwardOption": "PICKUP_SERVICE", "price": "10.00"},
        ],
    }
    assert order["customer"]["phone"] == "+49 30 1234 5678"
    assert order["shippingCosts"] == "64.90"


async def test_s4_download_and_letter(merchant: Merchant) -> None:
    assert [order["fulfillment"]["method"] for order in await shapes(merchant, "S4")] == ["DOWNLOAD", "LETTER"]


async def test_s5_voucher_with_idealos_own_payment(merchant: Merchant) -> None:
    (order,) = await shapes(merchant, "S5")
    assert order["payment"]["paymentMethod"] == "IDEALO_CHECKOUT_PAYMENTS"
    assert order["voucher"] == {"code": "WINTER10 (10 %, max. 20 EUR)"}
    await merchant.turn(former_price="present")
    assert "formerPrice" in (await merchant.order(order["idealoOrderId"]))["lineItems"][0]


async def test_s6_two_addresses(merchant: Merchant) -> None:
    (order,) = await shapes(merchant, "S6")
    assert order["billingAddress"] != order["shippingAddress"]
    assert order["billingAddress"]["postalCode"] == "04317"
    assert "GmbH" in order["billingAddress"]["addressLine2"]


async def test_s7_salutation_absent_or_none(merchant: Merchant) -> None:
    first, second = await shapes(merchant, "S7")
    assert "salutation" not in first["billingAddress"]
    assert second["billingAddress"]["salutation"] == "NONE"
    await merchant.turn(salutation="none")
    assert (await merchant.order(first["idealoOrderId"]))["billingAddress"]["salutation"] == "NONE"
    await merchant.turn(salutation="absent")
    assert "salutation" not in (await merchant.order(second["idealoOrderId"]))["billingAddress"]


async def test_s8_skus(merchant: Merchant) -> None:
    skus = [order["lineItems"][0]["sku"] for order in await shapes(merchant, "S8")]
    assert skus == [UNKNOWN_SKU, "BO GSR 12", "KB/2-45", "TÜR-ÖSE-8"]
    assert UNKNOWN_SKU not in {product.sku for product in DEFAULT_CATALOGUE}


async def test_s9_gone_before_import(merchant: Merchant) -> None:
    assert [order["status"] for order in await shapes(merchant, "S9")] == ["REVOKED", "REVOKING"]
    assert (await merchant.get("new-orders")).json() == []


async def test_s17_oddities_that_were_seen(merchant: Merchant) -> None:
    (order,) = await shapes(merchant, "S17")
    assert len(order["idealoOrderId"]) == 8
    assert order["lineItems"][0]["merchantDeliveryText"] == "1-2+Werktage"
    assert order["updated"][:19] < order["created"][:19]


async def test_s18_things_no_manual_knows(merchant: Merchant) -> None:
    status, payment, method, option, extra = await shapes(merchant, "S18")
    assert status["status"] == "ON_HOLD"
    assert payment["payment"]["paymentMethod"] == "KLARNA_PAY_LATER"
    assert method["fulfillment"]["method"] == "PARCEL_LOCKER"
    assert option["fulfillment"]["options"][1]["forwardOption"] == "CONNECTION_SERVICE"
    assert extra["loyalty"] == {"points": 12, "tier": None}
    assert extra["lineItems"][0]["energyLabel"] == "A"


async def test_lines_of_ones_own_take_title_and_price_from_the_catalogue(merchant: Merchant) -> None:
    order_id = await merchant.place_one(
        lines=[
            {"sku": "100000", "quantity": 2},
            {"sku": "X-1", "quantity": 1, "price": "3.10", "title": "Schraube"},
            {"sku": "X-2", "price": 5},
        ]
    )
    order = await merchant.order(order_id)
    assert [(line["title"], line["price"], line["quantity"]) for line in order["lineItems"]] == [
        ("Emsa Isolierkanne Samba, 1 l, weiß", "24.95", 2),
        ("Schraube", "3.10", 1),
        ("X-2", "5.00", 1),
    ]
    assert order["grossPrice"] == "62.95"


async def test_overrides(merchant: Merchant) -> None:
    order_id = await merchant.place_one(
        scenario="S1",
        payment_method="SOFORT",
        delivery_method="FORWARDING",
        options=["PICKUP_SERVICE", {"forwardOption": "TWO_MAN_DELIVERY", "price": 20}],
        voucher="ADVENT",
        created="2026-11-01T10:00:00+01:00",
        status="COMPLETED",
    )
    order = await merchant.order(order_id)
    assert (order["payment"]["paymentMethod"], order["status"]) == ("SOFORT", "COMPLETED")
    assert (order["created"], order["voucher"]) == ("2026-11-01T09:00:00Z", {"code": "ADVENT"})
    assert (order["shippingCosts"], order["customer"]["phone"]) == ("59.90", "+49 30 1234 5678")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "scenario"),
        ({"scenario": "S19"}, "scenario"),
        ({"scenario": "S1", "lines": [{"sku": "1"}]}, "scenario"),
        ({"lines": []}, "lines"),
        ({"lines": [{"quantity": 1}]}, "lines[0].sku"),
        ({"lines": [{"sku": "1", "quantity": 0}]}, "lines[0].quantity"),
        ({"lines": [{"sku": "1", "price": "1,50"}]}, "lines[0].price"),
        ({"lines": [{"sku": "1", "price": 1.005}]}, "lines[0].price"),
        ({"lines": [{"sku": "1", "colour": "red"}]}, "lines[0].colour"),
        ({"scenario": "S1", "count": 0}, "count"),
        ({"scenario": "S1", "shop_id": 5}, "shop_id"),
        ({"scenario": "S1", "created": "yesterday"}, "created"),
        ({"scenario": "S1", "options": [5]}, "options[0]"),
        ({"scenario": "S3", "shipping_costs": 1}, "shipping_costs"),
        ({"scenario": "S1", "surprise": 1}, "surprise"),
    ],
)
async def test_bad_order_is_422_and_names_the_field(merchant: Merchant, body: dict[str, Any], field: str) -> None:
    answer = await merchant.http.post("/_sandbox/idealo/orders", json={"shop_id": merchant.shop_id, **body})
    assert (answer.status_code, answer.json()["field"]) == (422, field)
    assert (await merchant.get("orders")).json()["totalElements"] == 0
