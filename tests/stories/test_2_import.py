"""Story 2: an idealo order becomes a shop order with everything idealo sent, exactly once, and is acknowledged."""

from decimal import Decimal

import pytest

from app.sync.observe import resume_unknown_skus
from tests.town import Town


async def test_an_order_is_created_and_acknowledged(town: Town) -> None:
    [order] = await town.place(scenario="S2")
    await town.import_new()
    mine, idealo = await town.in_store(order), await town.at_idealo(order)
    assert idealo["merchantOrderNumber"] == mine["number"]
    assert Decimal(mine["total"]) == Decimal(idealo["grossPrice"])
    assert mine["transaction_id"] == idealo["payment"]["transactionId"]
    assert {line["sku"]: line["quantity"] for line in mine["lines"]} == {
        line["sku"]: line["quantity"] for line in idealo["lineItems"]
    }
    assert await town.story(order) == ["order.placed order done", "order.imported order done"]


async def test_polling_again_and_again_changes_nothing(town: Town) -> None:
    [order] = await town.place(scenario="S1")
    for _ in range(4):
        await town.import_new()
        town.clock.pass_time(minutes=5)
    assert len(await town.in_store_all(order)) == 1
    assert len(await town.attempts(order)) == 2


@pytest.mark.parametrize("number", range(1, 19))
async def test_every_scenario_ends_imported_once_or_waiting_for_a_person(number: int, town: Town) -> None:
    count = {"count": 30} if number == 14 else {}
    ids = await town.place(scenario=f"S{number}", seed=number, **count)
    await town.import_new()
    await town.hours(1.5)
    for order in ids:
        orders, idealo = await town.in_store_all(order), await town.at_idealo(order)
        story = await town.story(order)
        assert len(orders) <= 1
        if orders:
            assert idealo["merchantOrderNumber"] == orders[0]["number"], story
            assert Decimal(orders[0]["total"]) == Decimal(idealo["grossPrice"])
        elif idealo["status"] in {"REVOKED", "REVOKING"}:
            assert story[0] == "order.placed order skipped", story
        else:
            assert story[0] in {
                "order.placed order dead unknown_sku",
                "order.placed order dead unsupported",
            }, (story, idealo)


async def test_an_unknown_sku_waits_and_an_alias_solves_it(town: Town) -> None:
    [order] = await town.place(scenario="S8", count=1)
    [other] = await town.place(scenario="S1")
    await town.import_new()
    assert await town.story(order) == ["order.placed order dead unknown_sku"]
    assert await town.in_store_all(order) == []
    assert len(await town.in_store_all(other)) == 1, "one waiting order blocks nobody"
    async with town.bridge.deps.ledger() as ledger:
        await ledger.put_alias(town.store.id, "NICHT-IM-SHOP-1", "100000", town.clock())
    assert await resume_unknown_skus(town.bridge.deps, town.store.id, "anna", "alias entered") == 1
    await town.settle()
    assert await town.story(order) == ["order.placed order done", "order.imported order done"]
    assert (await town.in_store(order))["lines"][0]["sku"] == "100000"


async def test_the_product_appearing_solves_an_unknown_sku_too(town: Town) -> None:
    [order] = await town.place(scenario="S8", count=1)
    await town.import_new()
    product = {"sku": "NICHT-IM-SHOP-1", "title": "Nachgelegt", "price": "19.99", "stock": 5}
    await town.control("POST", f"/stores/{town.kind}/products", **product)
    await town.settle()
    await town.hours(2)
    assert (await town.story(order))[0] == "order.placed order done"
    assert len(await town.in_store_all(order)) == 1


async def test_what_was_sold_under_an_alias_is_reported_under_idealos_sku(town: Town) -> None:
    async with town.bridge.deps.ledger() as ledger:
        await ledger.put_alias(town.store.id, "IDEALO-1", "100000", town.clock())
    [order] = await town.place(lines=[{"sku": "IDEALO-1", "quantity": 2}])
    await town.import_new()
    await town.merchant("cancel", order, lines=[{"sku": "100000", "quantity": 1}])
    await town.settle()
    [line] = (await town.at_idealo(order))["lineItems"]
    assert (line["sku"], line["remainingQuantity"]) == ("IDEALO-1", 1)
