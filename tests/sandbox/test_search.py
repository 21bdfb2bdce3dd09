"""Search, new-orders, acknowledgement and paging."""

import re

import pytest

from tests.sandbox.merchant import Merchant


async def test_page_has_three_keys_and_empty_result_has_no_pages(merchant: Merchant) -> None:
    assert (await merchant.get("orders")).json() == {"content": [], "totalElements": 0, "totalPages": 0}
    await merchant.place(scenario="S1")
    body = (await merchant.get("orders")).json()
    assert (set(body), body["totalElements"], body["totalPages"]) == ({"content", "totalElements", "totalPages"}, 1, 1)


async def test_order_shows_money_as_text_and_leaves_absent_keys_out(merchant: Merchant) -> None:
    order_id = await merchant.place_one(scenario="S7")
    order = await merchant.order(order_id)
    assert re.fullmatch(r"[A-Z0-9]{10}", order_id)
    assert re.fullmatch(r"\d+\.\d\d", order["grossPrice"])
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", order["created"])
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", order["updated"])
    assert re.fullmatch(r"m-[a-z0-9]{16}@checkout-stg\.idealo\.de", order["customer"]["email"])
    assert re.fullmatch(r"snakeoil-[0-9a-f]{7}", order["payment"]["transactionId"])
    assert not {"merchantOrderNumber", "voucher"} & set(order)
    assert not {"salutation", "addressLine2"} & set(order["billingAddress"])
    assert "phone" not in order["customer"]
    assert "priceRangeAmount" not in order["lineItems"][0]
    assert (order["refunds"], order["fulfillment"]["tracking"], order["fulfillment"]["options"]) == ([], [], [])


async def test_missing_values_can_be_null(merchant: Merchant) -> None:
    order_id = await merchant.place_one(scenario="S7")
    await merchant.turn(missing_values="null")
    order = await merchant.order(order_id)
    assert order["merchantOrderNumber"] is None
    assert order["billingAddress"]["addressLine2"] is None
    assert order["voucher"] is None


@pytest.mark.parametrize(("written", "wanted"), [("0", False), ("false", False), ("1", True), ("true", True)])
async def test_acknowledged_is_read_in_both_spellings(merchant: Merchant, written: str, wanted: bool) -> None:  # noqa: FBT001
    told, untold = await merchant.place_one(scenario="S1"), await merchant.place_one(scenario="S1")
    await merchant.post(f"orders/{told}/merchant-order-number", {"merchantOrderNumber": "A-1"})
    found = (await merchant.get("orders", acknowledged=written)).json()["content"]
    assert [order["idealoOrderId"] for order in found] == [told if wanted else untold]


async def test_status_list_with_unescaped_commas_and_window_without_seconds(merchant: Merchant) -> None:
    first, second = await merchant.place(scenario="S9")
    fresh = await merchant.place_one(scenario="S1")
    query = "status=REVOKED,REVOKING&acknowledged=1&from=2026-11-23T08:00Z&to=2026-11-23T08:01Z"
    found = (await merchant.get(f"orders?{query}")).json()["content"]
    assert {order["idealoOrderId"] for order in found} == {first, second}
    found = (await merchant.get("orders?status=&acknowledged=")).json()["content"]
    assert {order["idealoOrderId"] for order in found} == {first, second, fresh}


async def test_from_is_inclusive_and_to_exclusive_unless_turned(merchant: Merchant) -> None:
    await merchant.place(scenario="S1")
    moment = "2026-11-23T08:00:00Z"
    assert (await merchant.get("orders", **{"from": moment})).json()["totalElements"] == 1
    assert (await merchant.get("orders", to=moment)).json()["totalElements"] == 0
    await merchant.turn(from_bound="exclusive", to_bound="inclusive")
    assert (await merchant.get("orders", **{"from": moment})).json()["totalElements"] == 0
    assert (await merchant.get("orders", to=moment)).json()["totalElements"] == 1


async def test_window_looks_at_created_or_updated(merchant: Merchant) -> None:
    order_id = await merchant.place_one(scenario="S1")
    await merchant.wait(3000)
    await merchant.post(f"orders/{order_id}/fulfillment", {})
    window = {"from": "2026-11-23T08:30Z"}
    assert (await merchant.get("orders", **window)).json()["totalElements"] == 0
    await merchant.turn(window_field="updated")
    assert (await merchant.get("orders", **window)).json()["totalElements"] == 1


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("status=LOST", "status"),
        ("acknowledged=maybe", "acknowledged"),
        ("from=yesterday", "from"),
        ("to=2026-11-23T08:00:00", "to"),
        ("pageNumber=-1", "pageNumber"),
        ("pageSize=0", "pageSize"),
        ("pageSize=1001", "pageSize"),
        ("pageSize=ten", "pageSize"),
    ],
)
async def test_bad_parameter_is_400_that_names_it(merchant: Merchant, query: str, field: str) -> None:
    answer = await merchant.get(f"orders?{query}")
    assert answer.status_code == 400
    assert [error["field"] for error in answer.json()["fieldErrors"]] == [field]


async def test_page_size_above_the_maximum_can_be_clamped(merchant: Merchant) -> None:
    await merchant.turn(page_size_max=2, page_size_above_max="clamp")
    await merchant.place(scenario="S1", count=5)
    body = (await merchant.get("orders?pageSize=50")).json()
    assert (len(body["content"]), body["totalPages"]) == (2, 3)


async def test_crowd_comes_whole_over_several_pages_oldest_first(merchant: Merchant) -> None:
    ids = await merchant.place(scenario="S14")
    assert len(set(ids)) == 1200
    seen: list[str] = []
    created: list[str] = []
    for number in range(5):
        body = (await merchant.get("orders", pageNumber=number, pageSize=250)).json()
        assert (body["totalElements"], body["totalPages"]) == (1200, 5)
        seen += [order["idealoOrderId"] for order in body["content"]]
        created += [order["created"] for order in body["content"]]
    assert sorted(seen) == sorted(ids)
    assert created == sorted(created)
    assert (await merchant.get("orders", pageNumber=5, pageSize=250)).json()["content"] == []


async def test_states_change_while_a_crowd_is_paged(merchant: Merchant) -> None:
    await merchant.turn(changes_per_page=10)
    await merchant.place(scenario="S14", count=100)
    totals = [
        (await merchant.get("orders", status="PROCESSING", pageSize=20, pageNumber=page)).json()["totalElements"]
        for page in range(3)
    ]
    assert totals == [100, 90, 80]


async def test_buyers_in_the_crowd_cancel_by_the_clock(merchant: Merchant) -> None:
    await merchant.place(scenario="S14", count=200)
    await merchant.wait(120)
    assert (await merchant.get("orders", status="REVOKED")).json()["totalElements"] > 0


async def test_new_orders_is_a_bare_list_until_the_number_is_told(merchant: Merchant) -> None:
    order_id = await merchant.place_one(scenario="S1")
    for _ in range(2):
        found = (await merchant.get("new-orders")).json()
        assert [order["idealoOrderId"] for order in found] == [order_id]
    await merchant.post(f"orders/{order_id}/merchant-order-number", {"merchantOrderNumber": "A-1"})
    assert (await merchant.get("new-orders")).json() == []


async def test_new_orders_can_hand_out_only_once_and_only_some(merchant: Merchant) -> None:
    await merchant.turn(acknowledged_policy="once_only", new_orders_max=2)
    await merchant.place(scenario="S1", count=3)
    assert [len((await merchant.get("new-orders")).json()) for _ in range(3)] == [2, 1, 0]


async def test_shuffled_sort_duplicates_and_retention(merchant: Merchant) -> None:
    await merchant.place(scenario="S1", count=30)
    await merchant.place(scenario="S1", created="2026-01-01T00:00:00Z")
    await merchant.turn(sort="shuffle", retention_days=30, duplicates_in_lists="yes")
    first, second = [(await merchant.get("orders")).json()["content"] for _ in range(2)]
    assert [order["idealoOrderId"] for order in first] != [order["idealoOrderId"] for order in second]
    assert (len(first), len({order["idealoOrderId"] for order in first})) == (31, 30)


async def test_unknown_path_is_404_and_wrong_method_405_as_problems(merchant: Merchant) -> None:
    assert (await merchant.get("nothing")).status_code == 404
    answer = await merchant.http.put(f"/api/v2/shops/{merchant.shop_id}/orders")
    assert (answer.status_code, answer.json()["title"]) == (405, "Method Not Allowed")
