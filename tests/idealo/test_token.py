"""The access token: fetched once, renewed early, dropped when refused; and what a check finds."""

import asyncio
import base64
from collections.abc import Callable

import httpx
import pytest

from app.domain.errors import Permanent, Problem, Retryable
from tests.idealo.orders import an_order
from tests.idealo.wire import SHOP, Clock, Wire, a_client, answer

ORDER = "00K7MPX24R"


def grant(**changed: object) -> Callable[[int], httpx.Response]:
    def give(number: int) -> httpx.Response:
        body = {"access_token": f"tok{number}", "expires_in": 3599, "shop_id": int(SHOP)} | changed
        return answer(200, {key: value for key, value in body.items() if value is not None})

    return give


async def test_token_is_asked_for_with_basic_and_used_until_a_minute_before_its_end() -> None:
    wire, clock = Wire(), Clock()
    client = a_client(wire, clock)
    assert await client.shop_id() == SHOP
    clock.advance(3538)
    await client.shop_id()
    assert len(wire.token_calls) == 1
    clock.advance(1)
    await client.shop_id()
    assert len(wire.token_calls) == 2
    assert wire.token_calls[0].headers["authorization"] == "Basic " + base64.b64encode(b"id:s3cret").decode()
    assert wire.token_calls[0].content == b"grant_type=client_credentials"


async def test_many_at_once_fetch_one_token() -> None:
    wire = Wire(*[answer(200, an_order()) for _ in range(20)])
    client = a_client(wire)
    await asyncio.gather(*[client.order(ORDER) for _ in range(20)])
    assert len(wire.token_calls) == 1


async def test_a_failed_fetch_is_shared_by_all_who_waited() -> None:
    wire = Wire()
    wire.token_answer = lambda _: answer(503)
    client = a_client(wire)
    outcomes = await asyncio.gather(*[client.shop_id() for _ in range(20)], return_exceptions=True)
    assert {type(outcome) for outcome in outcomes} == {Retryable}
    assert len(wire.token_calls) == 1
    wire.token_answer = grant()
    assert await client.shop_id() == SHOP


async def test_a_refused_token_is_replaced_once_and_the_call_repeated() -> None:
    wire = Wire(answer(200, an_order()))
    client = a_client(wire)
    await client.shop_id()
    wire.valid = set()
    assert (await client.order(ORDER)).idealo_order_id == ORDER
    assert (len(wire.token_calls), len(wire.calls)) == (2, 2)


async def test_many_refused_at_once_fetch_one_new_token() -> None:
    wire = Wire(*[answer(200, an_order()) for _ in range(20)])
    client = a_client(wire)
    await client.shop_id()
    wire.valid = set()
    await asyncio.gather(*[client.order(ORDER) for _ in range(20)])
    assert len(wire.token_calls) == 2


async def test_a_fresh_token_refused_is_a_matter_of_credentials() -> None:
    wire = Wire(answer(401), answer(401))
    with pytest.raises(Permanent, match="just handed out") as caught:
        await a_client(wire).order(ORDER)
    assert caught.value.problem is Problem.CREDENTIALS
    assert (len(wire.token_calls), len(wire.calls)) == (2, 2)


async def test_the_shop_of_a_new_token_is_the_one_asked() -> None:
    wire = Wire(answer(401), answer(200, an_order()))
    wire.token_answer = lambda n: grant(shop_id=n)(n)
    await a_client(wire).order(ORDER)
    assert [call.url.path.split("/")[4] for call in wire.calls] == ["1", "2"]


@pytest.mark.parametrize(
    "given",
    [
        answer(401, {"error": "invalid_client", "error_description": "Bad client credentials"}),
        answer(400, {"error": "invalid_client"}),
        answer(403),
    ],
)
async def test_wrong_secret_is_said_plainly(given: httpx.Response) -> None:
    wire = Wire()
    wire.token_answer = lambda _: given
    with pytest.raises(Permanent, match="refuses client id and secret") as caught:
        await a_client(wire).shop_id()
    assert caught.value.problem is Problem.CREDENTIALS
    assert "s3cret" not in str(caught.value)


async def test_a_host_without_the_api_is_said_plainly() -> None:
    wire = Wire()
    wire.token_answer = lambda _: httpx.Response(301, headers={"Location": "https://www.example.test/"})
    with pytest.raises(Permanent, match="no idealo order API"):
        await a_client(wire).shop_id()


@pytest.mark.parametrize(
    "broken",
    [{"access_token": None}, {"access_token": "a\nb"}, {"access_token": 7}, {"shop_id": None}, {"shop_id": True}],
)
async def test_a_token_answer_without_token_or_shop_is_refused(broken: dict[str, object]) -> None:
    wire = Wire()
    wire.token_answer = grant(**broken)
    with pytest.raises(Permanent, match="no usable"):
        await a_client(wire).shop_id()


@pytest.mark.parametrize(
    ("expires_in", "used_s"),
    [(3600, 3540), ("3600", 3540), (30, 15), (100, 50), (None, 3539), ("soon", 3539), (-1, 3539), (10**12, 3539)],
)
async def test_a_token_is_used_for_its_life_less_a_minute(expires_in: object, used_s: int) -> None:
    wire, clock = Wire(), Clock()
    wire.token_answer = grant(expires_in=expires_in)
    client = a_client(wire, clock)
    await client.shop_id()
    clock.advance(used_s - 1)
    await client.shop_id()
    assert len(wire.token_calls) == 1
    clock.advance(1)
    await client.shop_id()
    assert len(wire.token_calls) == 2


async def test_check_finds_shop_and_orders_and_returns_the_credentials_to_keep() -> None:
    wire = Wire(answer(200, {"content": [], "totalElements": 0, "totalPages": 0}))
    checkup = await a_client(wire).check()
    assert checkup.ok
    assert SHOP in checkup.findings[0].detail
    assert checkup.credentials["base_url"] == "https://orders.example.test"
    assert [call.method for call in wire.calls] == ["GET"]


async def test_check_tells_wrong_credentials_from_an_unreachable_host() -> None:
    wire = Wire()
    wire.token_answer = lambda _: answer(401)
    refused = await a_client(wire).check()
    assert not refused.ok
    assert "new pair" in refused.findings[0].advice
    wire.token_answer = lambda _: httpx.Response(502, html="<html></html>")
    down = await a_client(wire).check()
    assert not down.ok
    assert "2022-12-31" in down.findings[0].advice


async def test_check_notices_missing_write_rights_and_orders_that_cannot_be_listed() -> None:
    wire = Wire(answer(403))
    wire.token_answer = grant(scope="MERCHANTORDERAPI:READ_ALL")
    checkup = await a_client(wire).check()
    assert [(finding.name, finding.ok) for finding in checkup.findings] == [
        ("credentials", True), ("rights", False), ("orders", False),
    ]  # fmt: skip
