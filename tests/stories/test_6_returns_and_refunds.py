"""Partial cancellation, return and refund: idealo hears of units and money, each once."""

from decimal import Decimal

from tests.town import Town

PARCEL = [{"carrier": "DHL", "tracking_code": "00340434161094042557"}]


async def test_units_cancelled_before_shipping_are_declined(town: Town) -> None:
    [order] = await town.place(lines=[{"sku": "100000", "quantity": 3}, {"sku": "100002", "quantity": 1}])
    await town.import_new()
    await town.merchant("cancel", order, lines=[{"sku": "100000", "quantity": 2}])
    await town.settle()
    idealo = await town.at_idealo(order)
    assert idealo["status"] == "PARTIALLY_REVOKED"
    [write] = [w["body"] for w in idealo["history"] if w["kind"] == "revocation"]
    assert (write["sku"], write["remainingQuantity"], write["reason"]) == ("100000", 1, "MERCHANT_DECLINE")


async def test_a_whole_cancellation_is_one_revocation_per_sku(town: Town) -> None:
    [order] = await town.place(lines=[{"sku": "100000", "quantity": 3}, {"sku": "100002", "quantity": 1}])
    await town.import_new()
    await town.merchant("cancel", order)
    await town.settle()
    idealo = await town.at_idealo(order)
    assert sorted(
        (w["body"]["sku"], w["body"]["remainingQuantity"]) for w in idealo["history"] if w["kind"] == "revocation"
    ) == [
        ("100000", 0),
        ("100002", 0),
    ]


async def test_units_that_come_back_are_a_return(town: Town) -> None:
    [order] = await town.place(lines=[{"sku": "100000", "quantity": 2}])
    await town.import_new()
    await town.merchant("ship", order, parcels=PARCEL)
    await town.settle()
    town.clock.pass_time(hours=30)
    await town.merchant("return", order, lines=[{"sku": "100000", "quantity": 1}])
    await town.settle()
    idealo = await town.at_idealo(order)
    [write] = [w["body"] for w in idealo["history"] if w["kind"] == "revocation"]
    assert (write["remainingQuantity"], write["reason"]) == (1, "RETOUR")


async def test_money_goes_back_through_idealo_once(town: Town) -> None:
    [order] = await town.place(lines=[{"sku": "100000", "quantity": 2}])
    await town.import_new()
    await town.merchant("refund", order, amount="5.00")
    await town.settle()
    await town.merchant("refund", order, amount="5.00")
    await town.settle()
    await town.hours(2)
    refunds = (await town.at_idealo(order))["refunds"]
    assert [Decimal(str(r["refundAmount"])) for r in refunds] == [Decimal("5.00"), Decimal("5.00")]


async def test_money_paid_by_paypal_is_recorded_and_skipped(town: Town) -> None:
    [order] = await town.place(lines=[{"sku": "100000", "quantity": 2}], payment_method="PAYPAL")
    await town.import_new()
    await town.merchant("refund", order, amount="5.00")
    await town.settle()
    assert (await town.at_idealo(order))["refunds"] == []
    assert next(s for s in await town.story(order) if s.startswith("refund")).endswith("skipped")


async def test_a_refund_that_fails_afterwards_is_shown_to_a_person(town: Town) -> None:
    order = (await town.place(scenario="S12", seed=3))[-1]
    await town.import_new()
    await town.merchant("refund", order, amount="5.00")
    await town.settle()
    town.clock.pass_time(seconds=10)
    await town.import_new()
    await town.import_new()
    assert next(s for s in await town.story(order) if "refund_failed" in s).endswith("dead rejected")


async def test_refund_on_cancel_pays_back_what_the_shop_did_not(town: Town) -> None:
    async with town.bridge.deps.ledger() as ledger:
        await ledger.change_store(town.store.id, settings={"refund_on_cancel": True})
    [order] = await town.place(lines=[{"sku": "100000", "quantity": 2}])
    await town.import_new()
    await town.merchant("cancel", order)
    await town.settle()
    await town.hours(2)
    idealo = await town.at_idealo(order)
    assert [Decimal(str(r["refundAmount"])) for r in idealo["refunds"]] == [Decimal(idealo["grossPrice"])]
