"""What Shopify answers besides data: tokens that end, throttling, refusals, long lists, broken answers."""

import contextlib
from datetime import timedelta
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from pydantic import ValidationError

from app.domain.errors import Permanent, Problem, Retryable
from app.stores.shopify.settings import Credentials
from tests.stores.shapes import examples, mutated
from tests.stores.shopify.shapes import a_return, about, bag, fulfillment, line, order, page, paid, refund, track
from tests.stores.shopify.wire import Script, data, refused

HEAD = {k: v for k, v in order().items() if k not in ("fulfillments", "returns")}
SCOPES = data(currentAppInstallation={"accessScopes": [{"handle": "write_orders"}, {"handle": "read_all_orders"}]})


async def test_client_credentials_are_traded_for_a_token_once() -> None:
    script = Script({"Order": data(order=HEAD)})
    adapter = script.adapter(access_token=None, client_id="id", client_secret="secret &")
    await adapter.fetch_order("7001")
    await adapter.fetch_order("7001")
    asked = [r for r in script.requests if r.url.path == "/admin/oauth/access_token"]
    assert [r.content for r in asked] == [b"grant_type=client_credentials&client_id=id&client_secret=secret+%26"]
    assert script.requests[-1].headers["x-shopify-access-token"] == "shpat_1"
    assert str(script.requests[-1].url) == "https://shoe-shop.myshopify.com/admin/api/2026-07/graphql.json"


async def test_a_token_that_ends_is_renewed_in_time() -> None:
    script = Script({"Order": data(order=HEAD)})
    script.token_seconds = 0
    adapter = script.adapter(access_token=None, client_id="id", client_secret="secret")
    await adapter.fetch_order("7001")
    await adapter.fetch_order("7001")
    assert script.requests[-1].headers["x-shopify-access-token"] == "shpat_2"


async def test_a_refused_token_is_dropped_once() -> None:
    script = Script({"Order": data(order=HEAD)})
    script.good_tokens = {"shpat_2"}
    adapter = script.adapter(access_token=None, client_id="id", client_secret="secret")
    assert (await adapter.fetch_order("7001")).number == "#1042"
    script.good_tokens = set()
    with pytest.raises(Permanent) as caught:
        await adapter.fetch_order("7001")
    assert caught.value.problem is Problem.CREDENTIALS
    assert script.tokens == []


@pytest.mark.parametrize("status", [401, 402, 403, 404, 423])
async def test_a_store_that_is_closed_to_us_is_a_matter_of_credentials(status: int) -> None:
    script = Script({"Order": httpx.Response(status, json={"errors": "Unavailable Shop"})})
    with pytest.raises(Permanent) as caught:
        await script.adapter().fetch_order("7001")
    assert caught.value.problem is Problem.CREDENTIALS


async def test_a_refused_client_says_why() -> None:
    script = Script()
    script.token_answer = httpx.Response(400, json={"error": "shop_not_permitted"})
    with pytest.raises(Permanent, match="same Shopify organization") as caught:
        await script.adapter(access_token=None, client_id="id", client_secret="s").fetch_order("7001")
    assert caught.value.problem is Problem.CREDENTIALS


def throttled(requested: Any, available: Any, rate: Any) -> dict[str, Any]:
    status = {"maximumAvailable": 2000.0, "currentlyAvailable": available, "restoreRate": rate}
    cost = {"requestedQueryCost": requested, "actualQueryCost": None, "throttleStatus": status}
    return {"errors": [{"message": "Throttled", "extensions": {"code": "THROTTLED"}}], "extensions": {"cost": cost}}


@pytest.mark.parametrize(
    ("answer", "seconds"),
    [
        (throttled(520, 20, 100.0), 5),
        (throttled(20, 19.5, 100), 1),
        (throttled(10_000_000, 0, 1), 300),
        (throttled(5, 1, 0), 2),
        (throttled("x", None, "y"), 2),
    ],
)
async def test_throttling_waits_until_the_bucket_holds_enough(answer: dict[str, Any], seconds: int) -> None:
    with pytest.raises(Retryable) as caught:
        await Script({"Order": answer}).adapter().fetch_order("7001")
    assert caught.value.after == timedelta(seconds=seconds)


async def test_access_denied_names_the_scope() -> None:
    answer = refused("ACCESS_DENIED", "Access denied for returns field.", requiredAccess="`read_returns` access scope.")
    with pytest.raises(Permanent, match="read_returns") as caught:
        await Script({"Order": answer}).adapter().fetch_order("7001")
    assert caught.value.problem is Problem.CREDENTIALS


@pytest.mark.parametrize(
    "answer",
    [
        refused("INTERNAL_SERVER_ERROR"),
        refused("TIMEOUT"),
        httpx.Response(502, text="<html>"),
        httpx.Response(429, headers={"Retry-After": "7"}),
        b'{"data": {"ord',
        {"data": None},
    ],
    ids=["internal", "timeout", "502", "429", "cut off", "nothing"],
)
async def test_trouble_that_passes_is_tried_again(answer: Any) -> None:
    with pytest.raises(Retryable):
        await Script({"Order": answer}).adapter().fetch_order("7001")


@pytest.mark.parametrize("code", ["undefinedField", "INVALID_VARIABLE", "MAX_COST_EXCEEDED", "RESOURCE_NOT_FOUND"])
async def test_a_refused_document_is_for_a_person(code: str) -> None:
    with pytest.raises(Permanent, match="request r-1") as caught:
        await Script({"Order": refused(code)}).adapter().fetch_order("7001")
    assert caught.value.problem is Problem.REJECTED


@pytest.mark.parametrize(
    ("scopes", "said"), [(SCOPES, "was deleted"), (data(currentAppInstallation={"accessScopes": []}), "60 days")]
)
async def test_an_order_that_is_not_there_is_told_apart_from_one_too_old(scopes: Any, said: str) -> None:
    with pytest.raises(Permanent, match=said) as caught:
        await Script({"Order": data(order=None), "Scopes": scopes}).adapter().fetch_order("7001")
    assert caught.value.problem is Problem.STATE_CONFLICT


@pytest.mark.parametrize("order_id", ["", "x", "../1", "gid://shopify/Order/1", "9" * 21, "٣"])
async def test_what_is_no_order_number_is_asked_of_nobody(order_id: str) -> None:
    script = Script()
    with pytest.raises(Permanent):
        await script.adapter().fetch_order(order_id)
    assert script.requests == []


async def test_an_untouched_order_takes_one_call() -> None:
    script = Script({"Order": data(order=HEAD)})
    await script.adapter().fetch_order("7001")
    assert script.asked == [("Order", {"id": "gid://shopify/Order/7001", "after": None})]


async def test_all_pages_of_lines_are_read() -> None:
    pages = {None: page(line(1), line(2), cursor="c1"), "c1": page(line(3), cursor="c2"), "c2": page(line(4))}
    script = Script({"Order": lambda v: data(order={**HEAD, "lineItems": pages[v["after"]]})})
    seen = await script.adapter().fetch_order("7001")
    assert [x.line_id for x in seen.lines] == ["1", "2", "3", "4"]


async def test_a_list_that_does_not_move_on_is_not_read_for_ever() -> None:
    script = Script({"Order": data(order={**HEAD, "lineItems": page(line(1), cursor="c1")})})
    with pytest.raises(Permanent, match="does not move on"):
        await script.adapter().fetch_order("7001")


async def test_long_fulfillments_and_refunds_are_read_to_their_end() -> None:
    lines = [line(n, unfulfilledQuantity=0) for n in range(1, 4)]
    head = {**HEAD, "lineItems": page(*lines), "fulfillmentsCount": {"count": 1}, "refunds": [{"id": "x"}]}
    head["totalRefundedSet"] = bag("3.0")
    long = fulfillment(5, tracking=[track("A1")])
    short_refund = refund(6, money=[paid("3.0")])
    answers = {
        "Order": data(order=head),
        "Fulfillments": data(order={"fulfillments": [{**long, "fulfillmentLineItems": page(about(1, 1), cursor="c")}]}),
        "Fulfillment": lambda v: data(
            fulfillment={
                **long,
                "fulfillmentLineItems": page(about(3, 1))
                if v["after"]
                else page(about(1, 1), about(2, 1), cursor="c2"),
            }
        ),
        "Refunds": data(order={"refunds": [{**short_refund, "refundLineItems": page(cursor="c")}]}),
        "Refund": data(refund={**short_refund, "refundLineItems": page(about(1, 1, restockType="RETURN"))}),
    }
    seen = await Script(answers).adapter().fetch_order("7001")
    assert [(x.shipped, x.returned) for x in seen.lines] == [(1, 1), (1, 0), (1, 0)]
    assert ([s.codes for s in seen.shipments], len(seen.refunds), seen.contradictions) == ([("A1",)], 1, ())


async def test_lists_without_a_cursor_are_read_one_by_one_when_they_are_long() -> None:
    number = 14
    head = {**HEAD, "lineItems": page(line(1, number, unfulfilledQuantity=0)), "fulfillmentsCount": {"count": number}}
    head |= {"refunds": [{"id": "x"}], "totalRefundedSet": bag("14.0")}
    parcels = {
        f["id"]: f for f in (fulfillment(n, about(1, 1), tracking=[track(f"T{n}")]) for n in range(1, number + 1))
    }
    refunds = {r["id"]: r for r in (refund(n, money=[paid("1.0")]) for n in range(1, number + 1))}
    answers = {
        "Order": data(order=head),
        "Fulfillments": data(order={"fulfillments": list(parcels.values())[:10]}),
        "FulfillmentIds": data(order={"fulfillments": [{"id": i} for i in parcels]}),
        "Fulfillment": lambda v: data(fulfillment=parcels[v["id"]]),
        "Refunds": data(order={"refunds": list(refunds.values())[:10]}),
        "RefundIds": data(order={"refunds": [{"id": i} for i in refunds]}),
        "Refund": lambda v: data(refund=refunds[v["id"]]),
    }
    seen = await Script(answers).adapter().fetch_order("7001")
    assert (seen.lines[0].shipped, len(seen.shipments), len(seen.refunds)) == (number, number, number)


@pytest.mark.parametrize("number", [2, 14])
async def test_a_refund_that_comes_between_two_answers_is_no_contradiction(number: int) -> None:
    """The order's own total is taken from the answer that lists the refunds."""
    head = {**HEAD, "refunds": [{"id": "x"}], "totalRefundedSet": bag("1.0")}
    refunds = {r["id"]: r for r in (refund(n, money=[paid("1.0")]) for n in range(1, number + 1))}
    total = {"totalRefundedSet": bag(f"{number}.0")}
    answers = {
        "Order": data(order=head),
        "Refunds": data(order={"refunds": list(refunds.values())[:10], **total}),
        "RefundIds": data(order={"refunds": [{"id": i} for i in refunds], **total}),
        "Refund": lambda v: data(refund=refunds[v["id"]]),
    }
    seen = await Script(answers).adapter().fetch_order("7001")
    assert (len(seen.refunds), seen.contradictions) == (number, ())


@pytest.mark.parametrize(
    ("given_domain", "kept"),
    [
        ("shoe-shop", "shoe-shop.myshopify.com"),
        (" https://Shoe-Shop.myshopify.com/admin ", "shoe-shop.myshopify.com"),
        ("https://admin.shopify.com/store/shoe-shop/orders", "shoe-shop.myshopify.com"),
    ],
)
def test_the_stores_address_is_taken_as_operators_paste_it(given_domain: str, kept: str) -> None:
    assert Credentials(shop_domain=given_domain, access_token="t").shop_domain == kept


def test_another_domain_or_half_a_key_is_refused() -> None:
    for values in ({"shop_domain": "shoes.example", "access_token": "t"}, {"shop_domain": "s", "client_id": "i"}):
        with pytest.raises(ValidationError):
            Credentials.model_validate(values)
    assert "shpat_secret" not in repr(Credentials(shop_domain="s", access_token="shpat_secret"))


BUSY = {**HEAD, "fulfillmentsCount": {"count": 1}, "refunds": [{"id": "x"}], "returnStatus": "RETURNED"}
PARTS: dict[str, Any] = {
    "Order": data(order=BUSY),
    "Fulfillments": data(order={"fulfillments": [fulfillment(5, about(9001, 1), tracking=[track("A1")])]}),
    "FulfillmentIds": data(order={"fulfillments": [{"id": "gid://shopify/Fulfillment/5"}]}),
    "Fulfillment": data(fulfillment=fulfillment(5, about(9001, 1))),
    "Refunds": data(order={"refunds": [refund(6, about(9001, 1, restockType="CANCEL"), money=[paid("1.0")])]}),
    "RefundIds": data(order={"refunds": [{"id": "gid://shopify/Refund/6"}]}),
    "Refund": data(refund=refund(6, money=[paid("1.0")])),
    "Returns": data(order={"returns": page(a_return(7, "OPEN", (9001, 1, 1)))}),
    "Return": data(**{"return": a_return(7, "OPEN", (9001, 1, 1))}),
    "Scopes": SCOPES,
}


@settings(max_examples=examples(150), deadline=None)
@given(mutated([PARTS], most=1, below=1))
async def test_a_broken_answer_to_any_document_is_retryable_or_permanent(answers: dict[str, Any]) -> None:
    with contextlib.suppress(Permanent, Retryable):
        await Script(answers).adapter().fetch_order("7001")
