"""Reconciliation and silent webhooks through the admin API, the metrics and the command line."""

import asyncio
import json

import httpx
import pytest

from app.bootstrap import Bridge
from app.sync.audit import begin
from tests.api.client import caller, connected
from tests.command import status_of, surround
from tests.sync.test_reconciliation import at_idealo, imported, parcels, unheard
from tests.town import Town


async def test_a_report_is_made_kept_and_shown(town: Town, operator: httpx.AsyncClient) -> None:
    [order, bad] = await imported(town, 2)
    await unheard(town)
    await town.merchant("ship", order, parcels=parcels(1))
    town.clock.pass_time(minutes=5)
    at_idealo(town, bad).merchant_order_number = "4711"
    path = f"/admin/v1/stores/{town.store.id}"
    answer = await operator.post(f"{path}/reconcile", json={"days": 7, "repair": True})
    assert answer.status_code == 200, answer.text
    report = answer.json()
    assert (report["status"], report["empty"], report["open"], report["orders"]) == ("ended", False, 1, 2)
    assert [(d["rule"], d["idealo_order_id"]) for d in report["differences"]] == [("number_differs", bad)]
    assert [(d["rule"], d["idealo_order_id"]) for d in report["mended"]] == [("event_not_in_ledger", order)]
    listed = (await operator.get(f"{path}/reconciliations")).json()
    assert listed == {"items": [report], "next_cursor": None}
    store = (await operator.get(path)).json()
    assert (store["reconciliation"]["open"], store["reconciliation"]["mended"]) == (1, 1)
    assert store["webhooks"]["verdict"] in {"ok", "unknown"}
    metrics = (await operator.get("/metrics")).text
    assert f'bridge_differences{{store_id="{town.store.id}"}} 1.0' in metrics
    assert f'bridge_webhooks_silent{{store_id="{town.store.id}"}} 0.0' in metrics
    assert f'bridge_last_reconciliation_timestamp_seconds{{store_id="{town.store.id}"}}' in metrics


async def test_without_a_body_it_repairs_and_reports_come_in_pages(town: Town, operator: httpx.AsyncClient) -> None:
    path = f"/admin/v1/stores/{town.store.id}"
    for _ in range(3):
        assert (await operator.post(f"{path}/reconcile")).json()["empty"] is True
    first = (await operator.get(f"{path}/reconciliations", params={"limit": 2})).json()
    assert [r["id"] for r in first["items"]] == [3, 2]
    rest = (await operator.get(f"{path}/reconciliations", params={"cursor": first["next_cursor"]})).json()
    assert ([r["id"] for r in rest["items"]], rest["next_cursor"]) == ([1], None)


async def test_a_running_one_is_shown_and_a_second_one_refused(town: Town, operator: httpx.AsyncClient) -> None:
    path = f"/admin/v1/stores/{town.store.id}"
    assert await begin(town.bridge.deps, town.store.id, "cron") is not None
    refused = await operator.post(f"{path}/reconcile")
    assert (refused.status_code, refused.json()["type"].rpartition(":")[2]) == (409, "reconciling")
    [running] = (await operator.get(f"{path}/reconciliations")).json()["items"]
    assert (running["status"], running["empty"]) == ("running", False)
    town.clock.pass_time(minutes=11)
    [died] = (await operator.get(f"{path}/reconciliations")).json()["items"]
    assert died["status"] == "broken_off"


async def test_what_takes_longer_goes_on_after_the_answer(
    town: Town, operator: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.api.admin.reconciliation.WAIT_S", 0.0)
    await imported(town, 2)
    path = f"/admin/v1/stores/{town.store.id}"
    answer = await operator.post(f"{path}/reconcile")
    assert (answer.status_code, answer.json()["status"]) == (202, "running")
    for _ in range(500):
        [report] = (await operator.get(f"{path}/reconciliations")).json()["items"]
        if report["status"] == "ended":
            break
        await asyncio.sleep(0.01)
    assert (report["status"], report["orders"]) == ("ended", 2)


async def test_scopes_fields_and_unknown_stores_are_refused(bridge: Bridge, client: httpx.AsyncClient) -> None:
    store = await connected(client)
    path = f"/admin/v1/stores/{store['id']}"
    async with caller(bridge, "read") as reader:
        assert (await reader.post(f"{path}/reconcile")).status_code == 403
        assert (await reader.get(f"{path}/reconciliations")).status_code == 200
    for body in ({"days": 0}, {"days": 366}, {"repair": "maybe"}, {"dry": True}):
        assert (await client.post(f"{path}/reconcile", json=body)).status_code == 422, body
    assert (await client.post("/admin/v1/stores/nobody/reconcile")).status_code == 404
    assert (await client.get("/admin/v1/stores/nobody/reconciliations")).status_code == 404


async def test_the_command_says_what_is_left_and_ends_with_status_1(
    town: Town, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """No idealo answers a process outside the town, so the report names the side it could not reach."""
    surround(monkeypatch, town.bridge.settings, SANDBOX="on")

    async def reconciled(*arguments: str) -> int:
        return await asyncio.to_thread(status_of, monkeypatch, "reconcile", *arguments)

    assert await reconciled("--store", town.store.name, "--no-repair") == 1
    said = capsys.readouterr().out
    assert "1 differences left" in said
    assert "LEFT: side_unreachable" in said
    assert await reconciled("--json") == 1
    content = json.loads(capsys.readouterr().out)
    assert content["empty"] is False
    assert [d["rule"] for d in content["reports"][0]["differences"]] == ["side_unreachable"]
    assert await reconciled("--store", "nobody") == 1
    assert "0 live stores are called 'nobody'" in capsys.readouterr().err
