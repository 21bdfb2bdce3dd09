"""Story 3: the buyer cancels at idealo, the shop's order is cancelled, idealo hears the answer."""

from app.sync.replay import dismiss
from tests.town import Town


async def test_before_shipping_the_store_order_is_cancelled(town: Town) -> None:
    [order] = await town.place(scenario="S10")
    await town.import_new()
    await town.control("POST", f"/idealo/orders/{order}/buyer-cancels")
    town.clock.pass_time(seconds=1)
    await town.import_new()
    await town.hours(1)
    mine = await town.in_store(order)
    assert all(line["cancelled"] == line["quantity"] for line in mine["lines"])
    idealo = await town.at_idealo(order)
    assert idealo["status"] in {"REVOKING", "REVOKED"}
    assert all(line["remainingQuantity"] == 0 for line in idealo["lineItems"])
    assert not [s for s in await town.story(order) if " dead" in s]


async def test_the_answer_says_that_the_buyer_wanted_it(town: Town) -> None:
    await town.control("POST", "/knobs", revoking_seconds=86_400)
    [order] = await town.place(scenario="S10")
    await town.import_new()
    await town.control("POST", f"/idealo/orders/{order}/buyer-cancels")
    await town.import_new()
    await town.hours(1)
    reasons = [w["body"]["reason"] for w in (await town.at_idealo(order))["history"] if w["kind"] == "revocation"]
    assert reasons == ["CUSTOMER_REVOKE", "CUSTOMER_REVOKE"]


async def test_revoked_before_the_import_is_never_created(town: Town) -> None:
    revoked, revoking = await town.place(scenario="S9")
    await town.import_new()
    await town.hours(2)
    assert await town.in_store_all(revoked) == []
    assert await town.in_store_all(revoking) == []


async def test_after_shipping_a_person_decides(town: Town) -> None:
    [order] = await town.place(scenario="S10")
    await town.import_new()
    await town.merchant("ship", order, parcels=[{"carrier": "DHL", "tracking_code": "00340434161094042557"}])
    await town.control("POST", f"/idealo/orders/{order}/buyer-cancels")
    await town.import_new()
    assert "order.revoked order dead state_conflict" in await town.story(order)
    assert (await town.in_store(order))["state"] != "cancelled"


async def test_dismissing_lets_the_merchant_ship_anyway(town: Town) -> None:
    async with town.bridge.deps.ledger() as ledger:
        await ledger.change_store(town.store.id, settings={"on_buyer_cancellation": "ask"})
    await town.control("POST", "/knobs", revoking_seconds=86_400)
    [order] = await town.place(scenario="S10")
    await town.import_new()
    await town.control("POST", f"/idealo/orders/{order}/buyer-cancels")
    await town.import_new()
    [asked] = [r for r in await town.events(order) if r.event.type == "order.revoked"]
    assert asked.problem == "state_conflict"
    await dismiss(town.bridge.deps, asked.id, "anna", "the buyer changed her mind on the phone")
    await town.merchant("ship", order, parcels=[{"carrier": "DHL", "tracking_code": "00340434161094042557"}])
    await town.settle()
    assert (await town.at_idealo(order))["status"] == "COMPLETED"


async def test_a_buyer_who_cancels_in_part_is_a_persons_matter(town: Town) -> None:
    [order] = await town.place(lines=[{"sku": "100000", "quantity": 3}])
    await town.import_new()
    await town.control("POST", f"/idealo/orders/{order}/buyer-cancels", sku="100000", quantity=1)
    town.clock.pass_time(seconds=5)
    await town.import_new()
    await town.import_new()
    conflicts = [s for s in await town.story(order) if s.startswith("order.conflict")]
    assert conflicts == ["order.conflict idealo/partly_revoked/100000/2 dead state_conflict"]
    await town.merchant("cancel", order, lines=[{"sku": "100000", "quantity": 1}])
    await town.settle()
    assert not [s for s in await town.story(order) if " dead" in s], "cancelling in the shop solves it"
