"""Story 1: goods leave the shop, idealo and the buyer hear of it."""

from app.sync.reconcile import sweep
from tests.town import Town

CODE, CODE_2 = "00340434161094042557", "00340434161094042564"


async def test_a_parcel_reaches_idealo_through_the_webhook(town: Town) -> None:
    [order] = await town.place(lines=[{"sku": "100000", "quantity": 2}])
    await town.import_new()
    await town.merchant("ship", order, parcels=[{"carrier": "DHL", "tracking_code": CODE}])
    await town.settle()
    idealo = await town.at_idealo(order)
    assert idealo["status"] == "COMPLETED"
    assert idealo["fulfillment"]["tracking"] == [{"code": CODE, "carrier": "DHL"}]
    [shipment] = [r for r in await town.events(order) if r.event.type == "shipment.created"]
    assert (shipment.state, shipment.found_by) == ("done", "webhook")


async def test_a_second_parcel_is_added(town: Town) -> None:
    [order] = await town.place(scenario="S16")
    await town.import_new()
    lines = [{"sku": "100000", "quantity": 1}]
    await town.merchant("ship", order, lines=lines, parcels=[{"carrier": "DHL", "tracking_code": CODE}])
    await town.settle()
    await town.merchant("ship", order, parcels=[{"carrier": "DPD", "tracking_code": "01485003214567"}])
    await town.settle()
    tracking = (await town.at_idealo(order))["fulfillment"]["tracking"]
    assert sorted(t["code"] for t in tracking) == [CODE, "01485003214567"]


async def test_parcels_of_one_shipment_go_out_in_as_few_calls_as_carriers(town: Town) -> None:
    [order] = await town.place(lines=[{"sku": "100000", "quantity": 2}])
    await town.import_new()
    parcels = [{"carrier": "DHL", "tracking_code": CODE}, {"carrier": "DHL", "tracking_code": CODE_2}]
    await town.merchant("ship", order, parcels=parcels)
    await town.settle()
    tracking = (await town.at_idealo(order))["fulfillment"]["tracking"]
    assert sorted(t["code"] for t in tracking) == [CODE, CODE_2]


async def test_without_a_code_the_shipment_waits_for_the_grace_time(town: Town) -> None:
    [order] = await town.place(lines=[{"sku": "100000", "quantity": 1}])
    await town.import_new()
    await town.merchant("ship", order, parcels=[])
    await town.settle()
    assert (await town.at_idealo(order))["status"] == "PROCESSING"
    town.clock.pass_time(minutes=61)
    await sweep(town.bridge.deps)
    await town.settle()
    idealo = await town.at_idealo(order)
    assert (idealo["status"], idealo["fulfillment"]["tracking"]) == ("COMPLETED", [])


async def test_a_code_that_comes_late_replaces_the_waiting_shipment(town: Town) -> None:
    [order] = await town.place(lines=[{"sku": "100000", "quantity": 1}])
    await town.import_new()
    await town.merchant("ship", order, parcels=[])
    await town.settle()
    town.clock.pass_time(minutes=20)
    await town.merchant("track", order, carrier="DHL", tracking_code=CODE)
    await town.settle()
    idealo = await town.at_idealo(order)
    assert [t["code"] for t in idealo["fulfillment"]["tracking"]] == [CODE]
    writes = [w for w in idealo["history"] if "fulfillment" in str(w)]
    assert len(writes) == 1
