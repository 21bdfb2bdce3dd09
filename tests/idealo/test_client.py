"""The client at the wire: paths, bodies, headers, and what each answer means."""

import tomllib
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path

import httpx
import pytest
from pydantic import SecretStr, ValidationError

from app.domain.errors import Permanent, Problem, Retryable
from app.domain.orders import IdealoOrder
from app.idealo import BASE_URLS, IdealoClient, IdealoCredentials, Unreadable
from app.idealo.client import INTERFACE_VERSION
from tests.idealo.orders import an_order
from tests.idealo.wire import Clock, Wire, a_client, answer

SINCE = Clock().now
ORDER = "00K7MPX24R"


def page(*ids: str, pages: int | None = 1) -> httpx.Response:
    body: dict[str, object] = {"content": [an_order(idealoOrderId=i) for i in ids]}
    return answer(200, body if pages is None else body | {"totalElements": 9, "totalPages": pages})


async def ids_of(client: IdealoClient, since: datetime = SINCE) -> list[str | None]:
    return [entry.idealo_order_id async for entry in client.orders(since)]


async def test_search_asks_for_everything_since_then_in_utc() -> None:
    wire = Wire(page(ORDER))
    berlin = datetime(2022, 3, 1, 1, 0, 59, 999_999, tzinfo=timezone(timedelta(hours=1)))
    assert await ids_of(a_client(wire), berlin) == [ORDER]
    assert wire.calls[0].url.path == "/api/v2/shops/318204/orders"
    assert dict(wire.calls[0].url.params) == {"from": "2022-03-01T00:00:59Z", "pageNumber": "0", "pageSize": "100"}


async def test_search_refuses_a_time_without_zone() -> None:
    with pytest.raises(ValueError, match="zone"):
        await ids_of(a_client(Wire()), datetime(2022, 3, 1))  # noqa: DTZ001 - the mistake under test


async def test_search_follows_total_pages_through_short_ones_and_repeats() -> None:
    wire = Wire(page("A", "B", pages=3), page("B", pages=3), page("C", pages=3))
    assert await ids_of(a_client(wire)) == ["A", "B", "C"]
    assert [call.url.params["pageNumber"] for call in wire.calls] == ["0", "1", "2"]


async def test_search_stops_on_an_empty_page_whatever_is_announced() -> None:
    wire = Wire(page("A", pages=1_000_000), page(pages=1_000_000))
    assert await ids_of(a_client(wire)) == ["A"]


async def test_search_without_page_count_stops_on_a_short_page() -> None:
    full = [f"A{i}" for i in range(100)]
    wire = Wire(page(*full, pages=None), page("B", pages=None))
    assert await ids_of(a_client(wire)) == [*full, "B"]
    assert len(wire.calls) == 2


async def test_search_ends_when_every_page_is_the_same() -> None:
    full = [f"A{i}" for i in range(100)]
    wire = Wire(*[page(*full, pages=None) for _ in range(5)])
    assert await ids_of(a_client(wire)) == full
    assert len(wire.calls) == 2


async def test_one_broken_entry_leaves_the_others_alone() -> None:
    content = [an_order(idealoOrderId="A"), an_order(idealoOrderId="B", created=None), 7, an_order(idealoOrderId="C")]
    wire = Wire(answer(200, {"content": content, "totalPages": 1}))
    entries = [entry async for entry in a_client(wire).orders(SINCE)]
    assert [type(entry) for entry in entries] == [IdealoOrder, Unreadable, Unreadable, IdealoOrder]
    assert [entry.idealo_order_id for entry in entries] == ["A", "B", None, "C"]


@pytest.mark.parametrize("body", [{"message": "maintenance"}, "soon", None])
async def test_list_that_is_none_is_tried_again_later(body: object) -> None:
    with pytest.raises(Retryable):
        await ids_of(a_client(Wire(answer(200, body))))


@pytest.mark.parametrize("wrap", [lambda o: [o, o], lambda o: {"content": [o]}, lambda o: o])
async def test_new_orders_come_bare_wrapped_or_single(wrap: Callable[[object], object]) -> None:
    wire = Wire(answer(200, wrap(an_order())))
    entries = [entry async for entry in a_client(wire).new_orders()]
    assert [entry.idealo_order_id for entry in entries] == [ORDER]
    assert wire.paths == ["GET /api/v2/shops/318204/new-orders"]


async def test_order_is_read_by_its_encoded_id() -> None:
    wire = Wire(answer(200, an_order(idealoOrderId="00/ä ?")))
    assert (await a_client(wire).order("00/ä ?")).idealo_order_id == "00/ä ?"
    assert wire.paths == ["GET /api/v2/shops/318204/orders/00%2F%C3%A4%20%3F"]


@pytest.mark.parametrize("not_an_id", ["", " ", ".", ".."])
async def test_what_is_no_id_never_becomes_a_path(not_an_id: str) -> None:
    wire = Wire()
    with pytest.raises(Permanent, match="not an idealo order id"):
        await a_client(wire).order(not_an_id)
    assert not wire.calls


@pytest.mark.parametrize(
    ("given", "problem", "said"),
    [
        (answer(404), Problem.STATE_CONFLICT, "idealo order 00K7MPX24R: not found"),
        (answer(200, an_order(status=None)), Problem.STATE_CONFLICT, "field status is missing"),
        (answer(200, an_order(idealoOrderId="OTHER")), Problem.STATE_CONFLICT, "answered with order OTHER"),
        (answer(403), Problem.CREDENTIALS, "refuses shop 318204"),
        (answer(400, {"title": "Bad Request"}), Problem.REJECTED, "Bad Request"),
    ],
)
async def test_order_that_cannot_be_had(given: httpx.Response, problem: Problem, said: str) -> None:
    with pytest.raises(Permanent, match=said) as caught:
        await a_client(Wire(given)).order(ORDER)
    assert caught.value.problem is problem


async def test_foreign_shop_is_a_matter_of_configuration_on_lists_too() -> None:
    for status in (403, 404):
        with pytest.raises(Permanent, match="318204") as caught:
            await ids_of(a_client(Wire(answer(status))))
        assert caught.value.problem is Problem.CREDENTIALS


async def test_cut_off_answer_and_html_outage_are_tried_again_later() -> None:
    cut = httpx.Response(200, content=b'{"idealoOrderId": "00K')
    html = httpx.Response(502, html="<html>Bad Gateway</html>")
    for given in (cut, html):
        with pytest.raises(Retryable):
            await a_client(Wire(given)).order(ORDER)


async def test_rate_limit_says_how_long() -> None:
    limited = httpx.Response(429, headers={"Retry-After": "30"})
    with pytest.raises(Retryable) as caught:
        await a_client(Wire(limited)).order(ORDER)
    assert caught.value.after == timedelta(seconds=30)


async def test_reporting_headers_go_out_with_every_call() -> None:
    wire = Wire(answer(200, an_order()))
    await a_client(wire, shop_system="Grüner\nShop", shop_system_version="4.2").order(ORDER)
    for call in (*wire.token_calls, *wire.calls):
        assert call.headers["erp-shop-system"] == "Gr?ner?Shop"
        assert call.headers["erp-shop-system-version"] == "4.2"
        assert call.headers["integration-partner"] == "idealo Bridge"
        assert call.headers["interface-version"] == INTERFACE_VERSION


def test_interface_version_is_the_version_of_the_bridge() -> None:
    project = Path(__file__).parents[2] / "pyproject.toml"
    assert tomllib.loads(project.read_text())["project"]["version"] == INTERFACE_VERSION


@pytest.mark.parametrize(
    "given", ["https://x.test", " https://x.test/ ", "https://x.test/api/v2", "https://x.test/api/v2/"]
)
def test_base_url_is_kept_in_one_form(given: str) -> None:
    credentials = IdealoCredentials(client_id="a", client_secret=SecretStr("b"), base_url=given)
    assert credentials.base_url == "https://x.test"
    assert "'b'" not in repr(credentials)


@pytest.mark.parametrize("given", ["", "orders.idealo.com", "ftp://x", "https://x.test/?a=b"])
def test_what_is_no_base_url_is_refused(given: str) -> None:
    with pytest.raises(ValidationError):
        IdealoCredentials(client_id="a", client_secret=SecretStr("b"), base_url=given)


def test_both_environments_have_an_address() -> None:
    assert BASE_URLS == {"production": "https://orders.idealo.com", "sandbox": "https://orders-sandbox.idealo.com"}
