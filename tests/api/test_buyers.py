"""Erasing and showing a buyer through the API, and the ends of the chains for whoever keeps them elsewhere."""

import httpx

from app.sync.verify import Heads
from tests.api.client import caller
from tests.town import Town


async def test_a_buyer_is_shown_and_erased_by_whoever_may_configure(operator: httpx.AsyncClient, town: Town) -> None:
    (idealo_order_id,) = await town.place(scenario="S1", seed=5)
    await town.import_new()
    order = await town.order(idealo_order_id)
    path = f"/admin/v1/orders/{order.id}/buyer"
    async with caller(town.bridge, "read", "operate") as other:
        assert (await other.get(path)).status_code == 403
        assert (await other.delete(path, params={"reason": "x"})).status_code == 403
    shown = (await operator.get(path)).json()
    assert shown["matches"] is True
    assert shown["buyer"]["billing"]["city"]
    assert (await operator.delete(path)).status_code == 422
    erased = await operator.delete(path, params={"reason": "asked for"})
    assert (erased.status_code, erased.json()["done"], erased.json()["erased_by"]) == (200, True, "erika")
    assert (await operator.delete(path, params={"reason": "again"})).json()["reason"] == "asked for"
    await town.hours(3)
    gone = (await operator.get(path)).json()
    assert (gone["buyer"], gone["salt"], gone["erase_reason"]) == (None, None, "asked for")
    assert (await operator.get("/admin/v1/orders/99/buyer")).status_code == 404


async def test_a_buyer_of_a_waiting_order_stays(operator: httpx.AsyncClient, town: Town) -> None:
    (idealo_order_id,) = await town.place(lines=[{"sku": "NOT-IN-SHOP", "quantity": 1}], seed=3)
    await town.import_new()
    order = await town.order(idealo_order_id)
    refused = await operator.delete(f"/admin/v1/orders/{order.id}/buyer", params={"reason": "asked for"})
    assert refused.status_code == 409
    assert "dismiss" in refused.json()["detail"]


async def test_heads_can_be_fetched(operator: httpx.AsyncClient, town: Town) -> None:
    await town.place(scenario="S1", seed=5)
    await town.import_new()
    now = Heads.model_validate((await operator.get("/admin/v1/ledger/heads")).json())
    assert [(head.store_id, head.length) for head in now.heads] == [(town.store.id, 2)]
    day = town.clock().date()
    assert (await operator.get(f"/admin/v1/ledger/heads?day={day}")).json() == {"heads": []}
    async with town.bridge.deps.ledger() as ledger:
        await ledger.note_heads(day, town.clock())
    noted = Heads.model_validate((await operator.get(f"/admin/v1/ledger/heads?day={day}")).json())
    assert noted.heads[0].hash == now.heads[0].hash
