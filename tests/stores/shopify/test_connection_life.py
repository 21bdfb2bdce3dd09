"""A connection over the years: versions that fall forward, tokens and addresses that change, an empty cost bucket."""

import asyncio
from typing import Any

import httpx
import pytest
import structlog

from app.domain.errors import Permanent, Problem, Retryable
from app.stores.shopify.bucket import Bucket
from app.stores.shopify.settings import Settings
from tests.stores.shopify.shapes import order
from tests.stores.shopify.wire import Script, data, refused

HEAD = {k: v for k, v in order().items() if k not in ("fulfillments", "returns")}


async def test_an_answer_in_another_version_is_logged_once() -> None:
    script = Script({"Order": data(order=HEAD)})
    adapter = script.adapter()
    with structlog.testing.capture_logs() as logged:
        await adapter.fetch_order("7001")
    assert logged == []
    script.headers["X-Shopify-API-Version"] = "2026-10"
    with structlog.testing.capture_logs() as logged:
        await adapter.fetch_order("7001")
        await adapter.fetch_order("7001")
    assert [(e["event"], e["log_level"], e["asked"], e["served"], e["side"]) for e in logged] == [
        ("shopify.version", "warning", "2026-07", "2026-10", "shoe-shop.myshopify.com")
    ]


async def test_a_pasted_token_that_has_ended_gives_way_to_the_client_credentials() -> None:
    """Tokens of Dev Dashboard apps live 24 hours, also when an operator pastes one beside id and secret."""
    script = Script({"Order": data(order=HEAD)})
    script.good_tokens = {"shpat_1"}
    adapter = script.adapter(client_id="id", client_secret="secret")
    assert (await adapter.fetch_order("7001")).number == "#1042"
    await adapter.fetch_order("7001")
    used = [r.headers.get("x-shopify-access-token") for r in script.requests]
    assert used == ["shpat_0", None, "shpat_1", "shpat_1"]


async def test_a_pasted_token_alone_is_asked_for_nothing_else() -> None:
    script = Script({"Order": data(order=HEAD)})
    script.good_tokens = set()
    with pytest.raises(Permanent) as caught:
        await script.adapter(client_secret="signs webhooks").fetch_order("7001")
    assert (caught.value.problem, len(script.requests)) == (Problem.CREDENTIALS, 1)


async def test_a_store_that_moved_is_a_matter_of_credentials_and_told_as_one() -> None:
    moved = httpx.Response(301, headers={"Location": "https://new-shop.myshopify.com/admin/api/2026-07/graphql.json"})
    with pytest.raises(Permanent, match=r"renamed.*new-shop\.myshopify\.com") as caught:
        await Script({"Order": moved}).adapter().fetch_order("7001")
    assert caught.value.problem is Problem.CREDENTIALS


def cost(available: float, rate: float = 100.0, requested: int = 63) -> dict[str, Any]:
    status = {"maximumAvailable": 2000.0, "currentlyAvailable": available, "restoreRate": rate}
    return {"cost": {"requestedQueryCost": requested, "actualQueryCost": 12, "throttleStatus": status}}


@pytest.fixture
def slept(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long was waited, without waiting."""
    found: list[float] = []

    async def sleep(seconds: float) -> None:
        found.append(round(seconds, 1))
        await turn(0)

    turn = asyncio.sleep
    monkeypatch.setattr(asyncio, "sleep", sleep)
    monkeypatch.setattr("app.stores.shopify.client.Bucket", lambda: Bucket(lambda: sum(found)))
    return found


async def test_a_call_the_bucket_cannot_pay_waits_until_it_can(slept: list[float]) -> None:
    script = Script({"Order": {**data(order=HEAD), "extensions": cost(13.0)}})
    adapter = script.adapter()
    await adapter.fetch_order("7001")
    assert slept == []
    await adapter.fetch_order("7001")
    assert slept == [0.5]


@pytest.mark.parametrize(
    "told",
    [
        cost(63.0),
        cost(1900.0),
        cost(0.0, rate=0.0),
        {"cost": {"requestedQueryCost": 63, "throttleStatus": None}},
        {"cost": "x"},
        None,
        cost(0.0, requested=5000),
    ],
    ids=["enough", "full", "no rate", "no status", "no cost", "nothing", "more than the bucket ever holds"],
)
async def test_what_the_bucket_says_or_does_not_say_never_keeps_a_call_back_in_vain(
    told: Any, slept: list[float]
) -> None:
    adapter = Script({"Order": {**data(order=HEAD), "extensions": told}}).adapter()
    await adapter.fetch_order("7001")
    await adapter.fetch_order("7001")
    assert slept == []


async def test_no_wait_for_the_bucket_takes_longer_than_a_few_seconds(slept: list[float]) -> None:
    adapter = Script({"Order": {**data(order=HEAD), "extensions": cost(0.0, rate=1.0)}}).adapter()
    await adapter.fetch_order("7001")
    await adapter.fetch_order("7001")
    assert slept == [5.0]


def test_calls_that_leave_together_do_not_count_on_the_same_points() -> None:
    bucket = Bucket(lambda: 0.0)
    bucket.note("Order", {"extensions": cost(130, rate=100)})
    waits = []
    for _ in range(3):
        waits.append(round(bucket.wait_s("Order"), 2))
        bucket.spend("Order")
    assert waits == [0, 0, 0.59], "130 points pay two documents of 63, the third waits for the rest of its own"
    bucket.note("Order", {"extensions": cost(130, rate=100)})
    assert bucket.wait_s("Order") == 0, "an answer shows what they really took"


def test_an_idle_bucket_holds_no_more_than_fits_in() -> None:
    now = [0.0]
    bucket = Bucket(lambda: now[0])
    status = {"maximumAvailable": 100, "currentlyAvailable": 10, "restoreRate": 50}
    bucket.note("Order", {"extensions": {"cost": {"requestedQueryCost": 60, "throttleStatus": status}}})
    now[0] = 3600.0
    assert bucket.wait_s("Order") == 0
    bucket.spend("Order")
    assert bucket.wait_s("Order") == 0.4, "an hour fills 100 points, not 180 000: 20 of 120 are missing"


async def test_after_being_throttled_the_next_call_waits_as_well(slept: list[float]) -> None:
    throttled = {**refused("THROTTLED", "Throttled"), "extensions": cost(33.0)}
    answers = iter([throttled, data(order=HEAD)])
    adapter = Script({"Order": lambda _: next(answers)}).adapter()
    with pytest.raises(Retryable):
        await adapter.fetch_order("7001")
    await adapter.fetch_order("7001")
    assert slept == [0.3]


async def test_an_answer_in_an_old_version_is_shown_in_the_check_as_asked_for_by_the_settings() -> None:
    script = Script({"Order": data(order=HEAD)})
    script.headers["X-Shopify-API-Version"] = "2026-04"
    with structlog.testing.capture_logs() as logged:
        await script.adapter(Settings(api_version="2026-04")).fetch_order("7001")
    assert logged == []
