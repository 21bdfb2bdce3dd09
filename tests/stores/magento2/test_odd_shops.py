"""Shops as they are met outside: translated, edited by other programs, behind things that repeat requests."""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest

from app.domain.errors import Permanent, Problem, Retryable
from app.stores.magento2 import Adapter
from app.stores.magento2.settings import Credentials, Settings
from tests.factories import a_buyer, a_line
from tests.stores.asked import an_order, connection, http_to
from tests.stores.magento2.recordings import answer, rows
from tests.stores.magento2.shops import HOOK_URL

NO_ROUTE = (404, {"message": "Die Anfrage stimmt mit keiner Route überein."})
GONE = (404, {"message": "Die angeforderte Entität existiert nicht."})
TOKEN = {"consumer_key": "ck", "consumer_secret": "cs", "access_token": "at", "access_token_secret": "ats"}


class Shop:
    """Answers per method and path after `/rest/all`; everything else is a route the shop does not have."""

    def __init__(self, answers: Mapping[str, Any], settings: Settings | None = None) -> None:
        self._answers = answers
        self.asked: list[str] = []
        self.headers: list[str] = []
        credentials = Credentials(base_url="https://shop.example", **TOKEN)
        connected = connection(credentials, settings or Settings())
        self.adapter = Adapter(connected, http_to(httpx.MockTransport(self._handle)))

    def _handle(self, request: httpx.Request) -> httpx.Response:
        parts = urlsplit(str(request.url))
        name = f"{request.method} {parts.path.removeprefix('/rest/all')}"
        self.asked.append(name)
        self.headers.append(request.headers["authorization"])
        found = self._answers.get(name, NO_ROUTE)
        found = found(dict(parse_qsl(parts.query))) if callable(found) else found
        status, body = found if isinstance(found, tuple) else (200, found)
        return httpx.Response(status, content=json.dumps(body, default=_number))


def _number(value: object) -> float:
    assert isinstance(value, Decimal)
    return float(value)


def a_list(found: list[dict[str, Any]]) -> dict[str, Any]:
    return {"items": found, "total_count": len(found)}


async def test_a_shipment_saved_past_the_orders_counters_is_found() -> None:
    shop = Shop({"GET /V1/orders/1": answer("024"), "GET /V1/shipments": answer("040")})
    seen = await shop.adapter.fetch_order("1")
    assert [s.shipment_id for s in seen.shipments] == ["1", "1", "2"]
    assert [x.shipped for x in seen.lines] == [2, 1]
    assert shop.asked == ["GET /V1/orders/1", "GET /V1/shipments"]


async def test_a_shop_that_answers_in_german_without_our_module_is_one_without_our_module() -> None:
    shop = Shop({})
    (finding,) = await shop.adapter.ensure_webhooks(HOOK_URL)
    assert "setup:upgrade" in finding.advice


async def test_a_page_instead_of_an_answer_does_not_mean_that_the_module_is_missing() -> None:
    shop = Shop({"GET /V1/idealo-connector/info": (404, "<html>")})
    with pytest.raises(Permanent) as caught:
        await shop.adapter.ensure_webhooks(HOOK_URL)
    assert caught.value.problem is Problem.REJECTED


async def test_an_order_is_placed_in_a_german_shop_without_module_and_without_sources() -> None:
    kept = {**answer("025"), "grand_total": Decimal("20.91"), "ext_order_id": None, "status_histories": []}
    placed = an_order(a_line("LAB-001"), shipping="2.42")
    kept["grand_total"] = placed.purchase.total
    shop = Shop(
        {
            "GET /V1/products": a_list([{"id": 1, "sku": "LAB-001", "type_id": "simple", "name": "Becher"}]),
            "GET /V1/store/storeConfigs": answer("004"),
            "GET /V1/store/websites": [{"id": 1, "code": "base"}],
            "GET /V1/stockItems/LAB-001": {**answer("014"), "qty": 0},
            "PUT /V1/orders/create": {"entity_id": 2},
            "POST /V1/order/2/invoice": "1",
            "GET /V1/orders/2": kept,
        }
    )
    made = await shop.adapter.create_order(placed, a_buyer())
    assert made.store_order_id == "2"
    assert any("sold, 0 in stock" in note for note in made.notes)
    # Nothing can have left an order made a moment ago.
    assert "GET /V1/shipments" not in shop.asked


@pytest.mark.parametrize("message", ["The nonce is already being used by the consumer with ID %1.", "Nonce is already"])
async def test_a_request_that_something_on_the_way_repeated_is_tried_again(message: str) -> None:
    shop = Shop({"GET /V1/orders/1": (401, {"message": message, "parameters": ["1"]})})
    with pytest.raises(Retryable, match="twice"):
        await shop.adapter.fetch_order("1")


async def test_every_request_has_a_nonce_of_its_own() -> None:
    shop = Shop({"GET /V1/orders/1": answer("043"), "GET /V1/shipments": a_list([]), "GET /V1/creditmemos": a_list([])})
    await shop.adapter.fetch_order("1")
    nonces = [h.split('oauth_nonce="')[1].split('"')[0] for h in shop.headers]
    assert len(set(nonces)) == len(nonces) == 3


def an_edit(number: str, **child: Any) -> dict[str, Any]:
    """Order 2, canceled and continued in order 9 under that number."""
    first = {**rows("028")[0], "state": "canceled", "relation_child_id": "9", "relation_child_real_id": number}
    first["items"] = [{**first["items"][0], "qty_canceled": 3}]
    last = {**rows("028")[0], "entity_id": 9, "increment_id": number, "ext_order_id": None, **child}
    last["items"] = [{**last["items"][0], "item_id": 33, "qty_canceled": 0, "order_id": 9}]
    return {"GET /V1/orders/2": first, "GET /V1/orders/9": last, "GET /V1/shipments": a_list([])}


@pytest.mark.parametrize("number", ["000000002-1", "IDL-2026-17", "000000003"])
async def test_an_order_that_was_continued_is_never_cancelled_whatever_its_new_number(number: str) -> None:
    seen = await Shop(an_edit(number)).adapter.fetch_order("2")
    assert not seen.cancelled
    assert [(x.quantity, x.cancelled) for x in seen.lines] == [(3, 0)]
    assert seen.number == "000000002"


async def test_an_edit_named_by_its_number_alone_is_searched() -> None:
    answers = an_edit("000000002-1")
    answers["GET /V1/orders/2"].pop("relation_child_id")
    answers["GET /V1/orders"] = a_list([answers["GET /V1/orders/9"]])
    seen = await Shop(answers).adapter.fetch_order("2")
    assert not seen.cancelled


@pytest.mark.parametrize("missing", [GONE, a_list([])])
async def test_an_edit_that_is_gone_is_a_persons_case_and_no_cancellation(missing: object) -> None:
    answers = an_edit("000000002-1")
    answers["GET /V1/orders/9"] = missing
    if missing is not GONE:
        answers["GET /V1/orders/2"].pop("relation_child_id")
        answers["GET /V1/orders"] = missing
    with pytest.raises(Permanent) as caught:
        await Shop(answers).adapter.fetch_order("2")
    assert caught.value.problem is Problem.STATE_CONFLICT


def listing(of: list[dict[str, Any]]) -> Callable[[dict[str, str]], dict[str, Any]]:
    """A list that knows `entity_id gt` and page size, and repeats its last page."""

    def found(asked: dict[str, str]) -> dict[str, Any]:
        above = 0
        for group in range(4):
            at = f"searchCriteria[filter_groups][{group}][filters][0]"
            if asked.get(f"{at}[field]") == "entity_id" and asked[f"{at}[condition_type]"] == "gt":
                above = int(asked[f"{at}[value]"])
        rest = [row for row in of if row["entity_id"] > above]
        size = int(asked["searchCriteria[pageSize]"])
        return {"items": rest[:size] or rest[-size:], "total_count": len(rest)}

    return found


@pytest.mark.parametrize("many", [0, 1, 99, 100, 101, 200, 250])
async def test_every_changed_order_is_named_once_the_list_fills_pages_exactly(many: int) -> None:
    orders = listing([{"entity_id": n} for n in range(1, many + 1)])
    shop = Shop({"GET /V1/orders": orders, "GET /V1/shipments": a_list([]), "GET /V1/creditmemos": a_list([])})
    assert [i async for i in shop.adapter.changed_orders(datetime(2026, 11, 23, tzinfo=UTC))] == [
        str(n) for n in range(1, many + 1)
    ]
    assert shop.asked.count("GET /V1/orders") == max(-(-many // 100), 1)
