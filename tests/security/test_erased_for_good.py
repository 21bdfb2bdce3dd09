"""After an erasure nothing knows the buyer any more: not the facts, not a kept body, not the order's copy."""

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from app.config import Settings
from app.idealo.mapping import read_entry
from app.sync.erase import StillNeededError, erase, show_buyer
from app.sync.observe import look_at_idealo_order, look_at_store_order
from tests import town as at_town
from tests.api.client import caller
from tests.clock import Clock
from tests.security.signing import SIGNED
from tests.security.test_nothing_leaks import BUYER, QUOTES, Quoting
from tests.town import WEBHOOK_SECRET, Town

Build = Callable[..., Any]
SAID = "cannot mail Xaveria Quendolin-Zwanziger (Pfefferkuchenallee&#32;7b, Hintertupfingen)"


class Chatty(Quoting):
    """A shop that quotes the buyer where no buyer was sent: in answers to what follows a creation, and to reads."""

    of: tuple[str, str] = ("", "")

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        method, part = self.of
        if part and request.method == method and part in request.url.path and "4294967295" not in request.url.path:
            content = {"code": "odd", "message": "%1", "parameters": [SAID]}
            content |= {} if "/V1/" in request.url.path else {"message": SAID}
            return httpx.Response(400, json=content)
        return await super().handle_async_request(request)


@pytest.fixture
def build(settings: Settings, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Build:
    monkeypatch.setattr(at_town, "GrimTransport", Chatty)
    monkeypatch.setattr(Chatty, "of", ("", ""))

    async def built(kind: str, **values: Any) -> Town:
        return await Town.build(settings, clock, kind=kind, **values)

    return built


async def rows(town: Town, sql: str) -> list[Any]:
    async with town.bridge.engine.connect() as connection:
        return list(await connection.execute(text(sql)))


async def named_in(town: Town, table: str) -> list[str]:
    everything = " ".join(str(row.line) for row in await rows(town, f"SELECT t::text AS line FROM {table} t"))  # noqa: S608
    return [word for word in BUYER if word in everything]


@pytest.mark.parametrize(
    ("kind", "settings_of_kind", "chatty"),
    [
        ("magento2", {"import_route": "direct"}, ("POST", "/invoice")),
        ("woocommerce", {}, ("POST", "/notes")),
    ],
)
async def test_remarks_of_an_import_do_not_name_the_buyer(
    build: Build, monkeypatch: pytest.MonkeyPatch, kind: str, settings_of_kind: dict[str, Any], chatty: tuple[str, str]
) -> None:
    town = await build(kind, **settings_of_kind)
    monkeypatch.setattr(Chatty, "of", chatty)
    [order] = await town.place(scenario="S1")
    await town.import_new()
    [imported] = await rows(town, "SELECT data FROM events WHERE type = 'order.imported'")
    assert any("cannot mail" in note for note in imported.data["notes"]), "the shop's words are worth keeping"
    assert await named_in(town, "events") == []
    assert (await town.order(order)).store_order_id
    await town.aclose()


async def test_a_read_that_quotes_the_buyer_becomes_a_conflict_without_them(
    build: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    town = await build("woocommerce")
    [placed] = await town.place(scenario="S1")
    await town.import_new()
    order = await town.order(placed)
    monkeypatch.setattr(Chatty, "of", ("GET", f"/orders/{order.store_order_id}"))
    for _ in range(2):
        await look_at_store_order(town.bridge.deps, town.store, order.store_order_id or "", "poll")
        await town.settle()
        assert await named_in(town, "events") == []
        assert await named_in(town, "attempts") == []
        await erase(town.bridge.deps, order, "erika", "asked for")
    details = [r.data["detail"] for r in await rows(town, "SELECT data FROM events WHERE type = 'order.conflict'")]
    assert len(details) == 2
    assert "cannot mail" in details[0]
    assert "its words are left out" in details[1]
    await town.aclose()


async def test_bodies_that_nobody_understood_go_with_the_buyer(build: Build) -> None:
    town = await build("woocommerce")
    [placed] = await town.place(scenario="S1")
    await town.import_new()
    order = await town.order(placed)
    whole = json.dumps({"id": int(order.store_order_id or 0), "billing": QUOTES}).encode()
    async with caller(town.bridge) as shop:
        for topic, body in (("customer.updated", whole), ("order.updated", whole[:-1]), ("order.updated", b"{}")):
            headers = SIGNED["woocommerce"](WEBHOOK_SECRET, body, town.clock())
            headers |= {"content-type": "application/json", "x-wc-webhook-topic": topic}
            answer = await shop.post(f"/webhooks/woocommerce/{town.store.id}", content=body, headers=headers)
            assert answer.status_code == 202
    kept = await rows(town, "SELECT topic, body FROM deliveries WHERE body IS NOT NULL ORDER BY id")
    assert [row.topic for row in kept] == ["order.updated", "order.updated"], "a customer is nothing to keep"
    await town.settle()
    assert (await erase(town.bridge.deps, order, "erika", "asked for")).done
    assert await rows(town, "SELECT id FROM deliveries WHERE body IS NOT NULL") == []
    broken = {"idealoOrderId": placed, "status": "COMPLETED", "shippingAddress": {"firstName": BUYER[0]}, "updated": 0}
    await look_at_idealo_order(town.bridge.deps, town.store, read_entry(broken), "poll")
    [answer] = await rows(town, "SELECT body FROM deliveries WHERE topic = 'idealo.unreadable'")
    assert answer.body is None, "what was erased does not come back"
    await town.aclose()


async def test_the_copy_of_an_archived_connection_is_erased_as_well(build: Build) -> None:
    town = await build("woocommerce")
    [placed] = await town.place(scenario="S1")
    await town.import_new()
    first = await town.order(placed)
    again = await town.connected_anew()
    await again.import_new()
    assert len(await rows(again, "SELECT order_id FROM buyers WHERE sealed IS NOT NULL")) == 2
    assert (await erase(town.bridge.deps, first, "erika", "asked for")).done
    left = await rows(town, "SELECT order_id FROM buyers WHERE sealed IS NOT NULL OR sealed_key IS NOT NULL")
    assert left == []
    assert (await show_buyer(town.bridge.deps, first, "erika")).erased_by == "erika"
    await town.aclose()


async def test_a_copy_that_waits_for_its_import_keeps_its_buyer(build: Build) -> None:
    town = await build("woocommerce")
    [placed] = await town.place(scenario="S1")
    await town.import_new()
    first = await town.order(placed)
    again = await town.connected_anew()
    await again.import_new()
    async with town.bridge.engine.begin() as connection:
        await connection.execute(
            text("UPDATE events SET state = 'pending' WHERE type = 'order.placed' AND order_id <> :id"),
            {"id": first.id},
        )
        await connection.execute(
            text("UPDATE orders SET store_order_id = NULL, store_order_number = NULL WHERE id <> :id"), {"id": first.id}
        )
    with pytest.raises(StillNeededError, match="settle event"):
        await erase(town.bridge.deps, first, "erika", "asked for")
    await town.aclose()
