"""Orders found, created and cancelled against scripted answers: twins, refusals, jobs, a missing definition."""

from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from app.domain.errors import Permanent, Problem, Retryable
from app.domain.tax import draft
from app.stores.shopify.settings import Settings
from tests.factories import PLACED, a_buyer, a_line, a_purchase
from tests.stores.shopify.shapes import about, bag, fulfillment, order, page
from tests.stores.shopify.test_placing import shown
from tests.stores.shopify.wire import Script, data, refused

HEAD = {k: v for k, v in order().items() if k not in ("fulfillments", "returns")}


def found(*ids: str | None) -> dict[str, Any]:
    return data(
        orders=page(
            *(
                {"id": f"gid://shopify/Order/{n}", "sourceIdentifier": i, "metafield": None}
                for n, i in enumerate(ids, 1)
            )
        )
    )


async def test_find_trusts_the_unique_metafield_and_compares_it() -> None:
    hit = {"id": "gid://shopify/Order/7001", "sourceIdentifier": None, "metafield": {"value": "A1B2C3D4"}}
    script = Script({"OrderByIdentifier": data(orderByIdentifier=hit), "Order": data(order=HEAD)})
    seen = await script.adapter().find_order("A1B2C3D4", PLACED)
    assert seen is not None
    assert script.names() == ["OrderByIdentifier", "Order"]
    wrong = {**hit, "metafield": {"value": "other"}}
    script = Script({"OrderByIdentifier": data(orderByIdentifier=wrong), "SearchOrders": found("other", None)})
    assert await script.adapter().find_order("A1B2C3D4", PLACED) is None


async def test_find_falls_back_to_a_search_that_it_does_not_trust() -> None:
    script = Script(
        {
            "OrderByIdentifier": refused("NOT_FOUND", "Metafield definition of type 'id' is required"),
            "SearchOrders": found("A1B2C3D", None, "a1b2c3d4", "A1B2C3D4"),
            "Order": data(order=HEAD),
        }
    )
    assert await script.adapter().find_order("A1B2C3D4", PLACED) is not None
    assert script.asked[-1] == ("Order", {"id": "gid://shopify/Order/4", "after": None})
    query = script.asked[1][1]["query"]
    assert query == "source_identifier:'A1B2C3D4' created_at:>='2026-11-23T07:00:00Z'"
    assert await script.adapter().find_order("A'1\\", PLACED) is None
    assert script.asked[-2][1]["query"].startswith("source_identifier:'A\\'1\\\\' ")


async def test_find_passes_trouble_on() -> None:
    for answer, error in ((refused("INTERNAL_SERVER_ERROR"), Retryable), (refused("ACCESS_DENIED"), Permanent)):
        with pytest.raises(error):
            await Script({"OrderByIdentifier": answer}).adapter().find_order("A1", PLACED)


async def test_changed_orders_turns_every_page() -> None:
    pages = {None: page({"id": "gid://shopify/Order/1"}, cursor="c"), "c": page({"id": "gid://shopify/Order/2"})}
    script = Script({"ChangedOrders": lambda v: data(orders=pages[v["after"]])})
    assert [i async for i in script.adapter().changed_orders(PLACED)] == ["1", "2"]
    assert script.asked[0][1]["query"] == "updated_at:>='2026-11-23T08:00:00Z'"


DEFINED = data(metafieldDefinitions={"nodes": [{"id": "d", "type": {"name": "id"}}]})
CREATE = {
    "Variants": data(productVariants=page(shown("SKU-A"))),
    "Definitions": DEFINED,
    "CreateOrder": data(orderCreate={"order": {**HEAD, "totalTaxSet": bag("2.39")}, "userErrors": []}),
}


async def create(answers: dict[str, Any], **more: Any) -> tuple[Script, Any]:
    script = Script({**CREATE, **answers})
    return script, await script.adapter(**more).create_order(draft(a_purchase(), "DE", (), {}), a_buyer())


async def test_an_order_is_created_in_one_call_once_sku_and_definition_are_known() -> None:
    script, made = await create({})
    assert script.names() == ["Variants", "Definitions", "CreateOrder"]
    assert (made.store_order_id, made.notes) == ("7001", ())


async def test_the_definition_is_made_when_it_is_missing_and_done_without_when_it_cannot_be() -> None:
    none = data(metafieldDefinitions={"nodes": []})
    made = data(metafieldDefinitionCreate={"createdDefinition": {"id": "d", "type": {"name": "id"}}, "userErrors": []})
    script, _ = await create({"Definitions": none, "CreateDefinition": made})
    assert script.asked[-1][1]["order"]["metafields"][0]["type"] == "id"
    taken = {"createdDefinition": None, "userErrors": [{"code": "TAKEN", "field": ["definition"], "message": "taken"}]}
    script, _ = await create({"Definitions": none, "CreateDefinition": data(metafieldDefinitionCreate=taken)})
    assert script.asked[-1][1]["order"]["metafields"][0]["type"] == "id"
    full = {"createdDefinition": None, "userErrors": [{"code": "LIMIT_EXCEEDED", "field": None, "message": "too many"}]}
    script, order_ = await create({"Definitions": none, "CreateDefinition": data(metafieldDefinitionCreate=full)})
    assert "metafields" not in script.asked[-1][1]["order"]
    assert "too many" in order_.notes[0]


async def test_an_unknown_sku_creates_nothing() -> None:
    script = Script({**CREATE, "Variants": data(productVariants=page(shown("other")))})
    with pytest.raises(Permanent) as caught:
        await script.adapter().create_order(draft(a_purchase(), "DE", (), {}), a_buyer())
    assert caught.value.problem is Problem.UNKNOWN_SKU
    assert script.names() == ["Variants"]


async def test_a_variants_own_number_serves_as_sku_where_the_merchant_wants_it() -> None:
    bought = draft(a_purchase(a_line("301")), "DE", (), {})
    answers = {
        **CREATE,
        "Variants": data(productVariants=page()),
        "VariantsById": data(nodes=[None, shown("LAMP", 301)]),
    }
    script = Script(answers)
    await script.adapter(Settings(accept_variant_ids=True)).create_order(bought, a_buyer())
    assert script.asked[-1][1]["order"]["lineItems"][0]["variantId"] == "gid://shopify/ProductVariant/301"
    with pytest.raises(Permanent):
        await Script(answers).adapter().create_order(bought, a_buyer())


def user_error(message: str, field: list[Any] | None = None, code: str | None = None) -> dict[str, Any]:
    return data(orderCreate={"order": None, "userErrors": [{"code": code, "field": field, "message": message}]})


async def test_a_refused_order_names_its_fields() -> None:
    answer = user_error("Rate is missing", ["order", "lineItems", 0, "taxLines", 0, "rate"], "TAX_LINE_RATE_MISSING")
    with pytest.raises(Permanent, match=r"order\.lineItems\.0\.taxLines\.0\.rate: Rate is missing") as caught:
        await create({"CreateOrder": answer})
    assert caught.value.problem is Problem.REJECTED


async def test_too_many_attempts_waits_a_minute_and_a_twin_is_looked_for_again() -> None:
    with pytest.raises(Retryable) as caught:
        await create({"CreateOrder": user_error("Too many attempts. Please try again later.")})
    assert caught.value.after == timedelta(seconds=60)
    with pytest.raises(Retryable, match="will be found"):
        await create({"CreateOrder": user_error("Value has already been taken", ["order", "metafields", "0", "value"])})


CANCELLED = {**HEAD, "cancelledAt": "2026-11-23T09:00:00Z"}


async def cancel(job: Any, after: Any, errors: list[Any] | None = None, **more: Any) -> tuple[Script, Any]:
    heads = iter([HEAD, after])
    answers = {
        "Order": lambda _: data(order=next(heads)),
        "CancelOrder": data(orderCancel={"job": job, "orderCancelUserErrors": errors or []}),
        "Job": data(job={"id": "gid://shopify/Job/1", "done": True}),
    }
    script = Script(answers)
    return script, await script.adapter(**more).cancel_order("7001")


async def test_cancelling_waits_for_the_job_and_answers_the_order() -> None:
    script, seen = await cancel({"id": "gid://shopify/Job/1", "done": False}, CANCELLED)
    assert script.names() == ["Order", "CancelOrder", "Job", "Order"]
    assert (seen.cancelled, [x.cancelled for x in seen.lines]) == (True, [1])
    assert script.asked[1][1]["refund"] is None
    script, _ = await cancel(None, CANCELLED, settings=Settings(book_refund_on_cancel=True))
    assert script.asked[1][1]["refund"] == {"originalPaymentMethodsRefund": True}


async def test_a_cancellation_that_is_not_through_yet_is_looked_at_again() -> None:
    with pytest.raises(Retryable):
        await cancel(None, HEAD)


async def test_cancelling_what_is_cancelled_is_harmless_and_what_has_left_is_refused() -> None:
    already = [
        {"code": "INVALID", "field": ["orderId"], "message": "Cannot cancel an order that has already been canceled"}
    ]
    _, seen = await cancel(None, CANCELLED, already)
    assert seen.cancelled
    script = Script({"Order": data(order=CANCELLED)})
    assert (await script.adapter().cancel_order("7001")).cancelled
    assert script.names() == ["Order"]
    left = {**HEAD, "fulfillmentsCount": {"count": 1}}
    parcel = data(order={"fulfillments": [fulfillment(5, about(9001, 1))]})
    script = Script({"Order": data(order=left), "Fulfillments": parcel})
    with pytest.raises(Permanent) as caught:
        await script.adapter().cancel_order("7001")
    assert caught.value.problem is Problem.STATE_CONFLICT
    assert "CancelOrder" not in script.names()


@pytest.mark.parametrize(
    ("error", "problem"),
    [
        ({"code": "INVALID", "field": ["orderId"], "message": "has an active return"}, Problem.STATE_CONFLICT),
        ({"code": "NOT_FOUND", "field": ["orderId"], "message": "not found"}, Problem.STATE_CONFLICT),
        ({"code": "INVALID", "field": ["staffNote"], "message": "too long"}, Problem.REJECTED),
        ({"code": "NO_REFUND_PERMISSION", "field": None, "message": "no"}, Problem.CREDENTIALS),
    ],
)
async def test_a_refused_cancellation_says_whose_matter_it_is(error: dict[str, Any], problem: Problem) -> None:
    with pytest.raises(Permanent) as caught:
        await cancel(None, HEAD, [error])
    assert caught.value.problem is problem
    with pytest.raises(Retryable):
        await cancel(None, HEAD, [{"code": "INTERNAL_ERROR", "field": None, "message": "later"}])


async def test_stock_that_another_system_keeps_is_not_put_back_by_a_cancellation() -> None:
    """An order made with BYPASS took nothing off: restocking it would make units out of nothing."""
    for behaviour, restock in (("BYPASS", False), ("DECREMENT_IGNORING_POLICY", True)):
        script, _ = await cancel(None, CANCELLED, settings=Settings.model_validate({"inventory_behaviour": behaviour}))
        assert script.asked[1][1]["restock"] is restock


async def test_a_job_that_ends_without_cancelling_says_so_and_is_tried_again() -> None:
    with pytest.raises(Retryable, match="ended its job without cancelling"):
        await cancel({"id": "gid://shopify/Job/1", "done": True}, HEAD)


async def test_an_order_with_outstanding_fulfillments_is_for_a_person() -> None:
    error = {
        "code": "INVALID",
        "field": ["orderId"],
        "message": "Cannot cancel an order that has outstanding fulfillments",
    }
    with pytest.raises(Permanent, match="outstanding") as caught:
        await cancel(None, HEAD, [error])
    assert caught.value.problem is Problem.STATE_CONFLICT


@pytest.mark.parametrize(
    ("message", "field"),
    [
        ("Value has already been taken", ["order", "metafields", "0", "value"]),
        ("Metafield value must be unique within the namespace and key", None),
        ("Value must be unique amongst all metafields", ["metafields", "0"]),
    ],
)
async def test_a_twin_refused_in_any_of_its_wordings_is_looked_for(message: str, field: list[Any] | None) -> None:
    with pytest.raises(Retryable, match="will be found"):
        await create({"CreateOrder": user_error(message, field)})


async def test_a_dormant_store_is_a_matter_of_the_connection() -> None:
    with pytest.raises(Permanent) as caught:
        await create({"CreateOrder": user_error("The shop is dormant", None, "SHOP_DORMANT")})
    assert caught.value.problem is Problem.CREDENTIALS


async def test_an_order_that_stands_is_not_lost_over_a_tax_that_cannot_be_read() -> None:
    made = {**HEAD, "totalTaxSet": bag("2.3945")}
    _, snapshot = await create({"CreateOrder": data(orderCreate={"order": made, "userErrors": []})})
    assert (snapshot.store_order_id, snapshot.notes) == ("7001", ("Shopify does not say how much tax it counts in it",))


async def test_times_are_sent_in_utc_whatever_zone_they_come_in() -> None:
    berlin = PLACED.astimezone(ZoneInfo("Europe/Berlin"))
    bought = a_purchase().model_copy(update={"placed_at": berlin})
    script = Script(CREATE)
    await script.adapter().create_order(draft(bought, "DE", (), {}), a_buyer())
    sent = script.asked[-1][1]["order"]
    assert (sent["processedAt"], sent["transactions"][0]["processedAt"]) == ("2026-11-23T08:00:00Z",) * 2


async def test_a_definition_that_is_gone_is_made_again_before_the_next_try() -> None:
    gone = user_error("Type id requires a definition", ["order", "metafields", "0", "type"])
    answers = {**CREATE, "CreateOrder": gone}
    script = Script(answers)
    adapter = script.adapter()
    with pytest.raises(Retryable, match="definition"):
        await adapter.create_order(draft(a_purchase(), "DE", (), {}), a_buyer())
    none = data(metafieldDefinitions={"nodes": []})
    made = data(metafieldDefinitionCreate={"createdDefinition": {"id": "d", "type": {"name": "id"}}, "userErrors": []})
    script.answers |= {**CREATE, "Definitions": none, "CreateDefinition": made}
    await adapter.create_order(draft(a_purchase(), "DE", (), {}), a_buyer())
    assert script.names()[-4:] == ["Variants", "Definitions", "CreateDefinition", "CreateOrder"]


async def test_a_sku_with_signs_of_the_search_is_asked_for_in_both_spellings() -> None:
    """Quoted, or quoted and escaped: Shopify's documents show both, and the hits are compared exactly anyway."""
    script = Script({**CREATE, "Variants": data(productVariants=page(shown("A:B (XL)"), shown("SKU-A", 2)))})
    bought = draft(a_purchase(a_line("A:B (XL)"), a_line("SKU-A")), "DE", (), {})
    await script.adapter().create_order(bought, a_buyer())
    assert script.asked[0][1]["query"] == r"sku:'A:B (XL)' OR sku:'A\:B \(XL\)' OR sku:'SKU-A'"
