"""Creating, finding, changing and refunding orders at the fake: totals, codes and the traps of the reference."""

import random
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pytest

from tests.sandbox.woocommerce_lab import Lab, order_body

CENT = Decimal("0.01")
RATES = {11: Decimal(19), 12: Decimal(7), 13: Decimal(19)}


def _net(gross: Decimal, rate: Decimal, places: int) -> str:
    return str((gross / (1 + rate / 100)).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP))


async def _wrong_totals(lab: Lab, places: int, seed: int) -> int:
    """How many of 60 random baskets with gross prices miss their total by a cent or more."""
    dice = random.Random(seed)
    wrong = 0
    for _ in range(60):
        lines, total = [], Decimal("4.99")
        classes = set()
        for product_id in dice.sample([11, 12, 13], dice.randint(1, 3)):
            quantity = dice.randint(1, 4)
            gross = Decimal(dice.randint(99, 9999)) * CENT * quantity
            net = _net(gross, RATES[product_id], places)
            lines.append({"product_id": product_id, "quantity": quantity, "total": net, "subtotal": net})
            classes.add(RATES[product_id])
            total += gross
        shipping = _net(Decimal("4.99"), Decimal(19) if Decimal(19) in classes else Decimal(7), places)
        body = order_body(line_items=lines, shipping_lines=[{"method_id": "flat_rate", "total": shipping}])
        order = await lab.ok("POST", "/orders", body)
        wrong += Decimal(order["total"]) != total
    return wrong


@pytest.mark.parametrize("seed", [1, 2])
async def test_six_decimals_of_net_give_every_gross_total_and_two_do_not(seed: int) -> None:
    print(f"seed {seed}")
    lab = Lab()
    assert await _wrong_totals(lab, 6, seed) == 0
    assert await _wrong_totals(lab, 2, seed) > 5


async def test_rounding_at_the_subtotal_keeps_cents_until_the_end() -> None:
    lab = Lab()
    lab.woo.set_options({"round_at_subtotal": True, "prices_include_tax": False})
    lines = [{"product_id": 11, "quantity": 1, "total": "0.13", "subtotal": "0.13"} for _ in range(4)]
    order = await lab.ok("POST", "/orders", order_body(line_items=lines, shipping_lines=[]))
    # 4 x 0.0247 = 0.0988; per line it would be 4 x 0.02 = 0.08.
    assert (order["cart_tax"], order["total"]) == ("0.10", "0.62")


async def test_shipping_inherits_the_standard_class_in_a_mixed_basket_and_the_reduced_one_alone() -> None:
    lab = Lab()
    shipping = [{"method_id": "flat_rate", "total": "10.00"}]
    mixed = [{"product_id": 12, "quantity": 1}, {"product_id": 11, "quantity": 1}]
    order = await lab.ok("POST", "/orders", order_body(line_items=mixed, shipping_lines=shipping))
    assert order["shipping_tax"] == "1.90"
    alone = await lab.ok("POST", "/orders", order_body(line_items=mixed[:1], shipping_lines=shipping))
    assert alone["shipping_tax"] == "0.70"
    lab.woo.set_options({"shipping_tax_class": ""})
    fixed = await lab.ok("POST", "/orders", order_body(line_items=mixed[:1], shipping_lines=shipping))
    assert fixed["shipping_tax"] == "1.90"


async def test_tax_class_of_a_line_is_writable_and_a_fee_without_tax_corrects_a_cent() -> None:
    lab = Lab()
    line = {"product_id": 11, "quantity": 1, "total": "100", "subtotal": "100", "tax_class": "reduced-rate"}
    order = await lab.ok("POST", "/orders", order_body(line_items=[line], shipping_lines=[]))
    assert order["total"] == "107.00"
    fee = {"name": "Rundung idealo", "total": "-0.01", "tax_status": "none"}
    changed = await lab.ok("PUT", f"/orders/{order['id']}", {"fee_lines": [fee]})
    assert (changed["total"], changed["fee_lines"][0]["total_tax"]) == ("106.99", "0.00")


async def test_a_destination_without_rate_and_a_shop_without_taxes_charge_none() -> None:
    lab = Lab()
    abroad = order_body()
    abroad["shipping"]["country"] = "AT"
    assert (await lab.ok("POST", "/orders", abroad))["total_tax"] == "0.00"
    lab.woo.set_options({"calc_taxes": False})
    order = await lab.ok("POST", "/orders", order_body(line_items=[{"product_id": 11, "quantity": 1}]))
    assert (order["total"], order["tax_lines"]) == ("23.34", [])


async def test_sku_wins_over_ids_and_unknown_ones_make_an_empty_line() -> None:
    lab = Lab()
    lines = [
        {"sku": "lab-var-m", "product_id": 11, "quantity": 1},
        {"sku": "NICHT-IM-SHOP", "quantity": 1},
    ]
    order = await lab.ok("POST", "/orders", order_body(line_items=lines))
    first, second = order["line_items"]
    assert (first["product_id"], first["variation_id"], first["name"]) == (14, 16, "T-Shirt - M")
    assert (second["product_id"], second["sku"], second["total"], second["name"]) == (0, None, "0.00", "")


async def test_a_data_exception_leaves_a_draft_that_the_list_hides() -> None:
    lab = Lab()
    for body in (order_body(line_items=[{"quantity": 1}]), order_body(customer_id=77)):
        answer = await lab.call("POST", "/orders", body)
        assert answer.status_code == 400
        draft = answer.json()["data"]["new_draft_order_id"]
        assert (await lab.ok("GET", f"/orders/{draft}"))["status"] == "checkout-draft"
    lab.woo.set_options({"fail_creates": 1, "draft_on_failure": False})
    failed = (await lab.call("POST", "/orders", order_body())).json()
    assert "new_draft_order_id" not in failed["data"]
    await lab.ok("POST", "/orders", order_body())
    assert len(await lab.ok("GET", "/orders")) == 1
    assert len(await lab.ok("GET", "/orders?status=checkout-draft")) == 2


async def test_an_overlong_phone_empties_the_addresses_without_a_word() -> None:
    lab = Lab()
    body = order_body()
    body["billing"]["phone"] = "0" * 101
    order = await lab.ok("POST", "/orders", body)
    assert set(order["billing"].values()) == {""}
    assert set(order["shipping"].values()) == {""}
    assert order["total"] == "68.87"


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "code"),
    [
        ("GET", "/orders/999", None, 404, "woocommerce_rest_shop_order_invalid_id"),
        ("PUT", "/orders/999", {"status": "completed"}, 400, "woocommerce_rest_shop_order_invalid_id"),
        ("GET", "/orders/999/refunds", None, 404, "woocommerce_rest_invalid_order_id"),
        ("POST", "/orders/999/notes", {"note": "x"}, 404, "woocommerce_rest_order_invalid_id"),
        ("POST", "/orders", {"status": "verschickt"}, 400, "rest_invalid_param"),
        ("POST", "/orders", {"currency": "XXX"}, 400, "rest_invalid_param"),
        ("GET", "/orders?per_page=101", None, 400, "rest_invalid_param"),
        ("GET", "/orders?orderby=meta", None, 400, "rest_invalid_param"),
        ("GET", "/orders?after=gestern", None, 400, "rest_invalid_param"),
        ("GET", "/products/999", None, 404, "woocommerce_rest_product_invalid_id"),
        ("GET", "/webhooks/999", None, 404, "woocommerce_rest_shop_webhook_invalid_id"),
        ("GET", "/shipments", None, 404, "rest_no_route"),
        ("POST", "/orders/batch", {"create": [{}] * 101}, 413, "woocommerce_rest_request_entity_too_large"),
    ],
)
async def test_errors_have_the_shops_codes(method: str, path: str, body: Any, status: int, code: str) -> None:
    answer = await Lab().call(method, path, body)
    assert (answer.status_code, answer.json()["code"], answer.json()["data"]["status"]) == (status, code, status)


async def test_lists_filter_by_time_ids_status_and_origin_and_page_with_headers() -> None:
    lab = Lab()
    ids = []
    for number in range(5):
        lab.world.advance(60)
        ids.append((await lab.ok("POST", "/orders", order_body(created_via=f"via-{number % 2}")))["id"])
    moment = (lab.world.now()).strftime("%Y-%m-%dT%H:%M:%S")
    lab.world.advance(60)
    await lab.ok("PUT", f"/orders/{ids[0]}", {"customer_note": "neu"})
    since = f"modified_after={moment}&dates_are_gmt=true"
    assert [o["id"] for o in await lab.ok("GET", f"/orders?{since}")] == [ids[0]]
    # The same wall clock without dates_are_gmt is an hour earlier for the shop's local column.
    assert len(await lab.ok("GET", f"/orders?modified_after={moment}")) == 5
    with_offset = await lab.ok("GET", f"/orders?modified_after={moment}Z&dates_are_gmt=true")
    assert with_offset == []
    assert [o["id"] for o in await lab.ok("GET", "/orders?created_via=via-1")] == [ids[3], ids[1]]
    assert len(await lab.ok("GET", "/orders?meta_key=_idealo_order_id&meta_value=nope&transaction_id=nope")) == 5
    page = await lab.call("GET", "/orders?per_page=2&page=2&_fields=id,refunds")
    assert page.json() == [{"id": ids[2], "refunds": []}, {"id": ids[1], "refunds": []}]
    assert (page.headers["X-WP-Total"], page.headers["X-WP-TotalPages"]) == ("5", "3")
    assert 'rel="prev"' in page.headers["Link"]
    assert 'rel="next"' in page.headers["Link"]
    assert await lab.ok("GET", "/orders?page=9") == []
    included = await lab.ok("GET", f"/orders?include[]={ids[1]}&include[]={ids[4]}&order=asc")
    assert [o["id"] for o in included] == [ids[1], ids[4]]
    await lab.ok("DELETE", f"/orders/{ids[2]}")
    assert len(await lab.ok("GET", "/orders?status=any")) == 4
    assert [o["id"] for o in await lab.ok("GET", "/orders?status=trash")] == [ids[2]]
    again = await lab.call("DELETE", f"/orders/{ids[2]}")
    assert (again.status_code, again.json()["code"]) == (410, "woocommerce_rest_already_trashed")


async def test_search_finds_transaction_ids_and_names_but_never_custom_data() -> None:
    lab = Lab()
    await lab.ok("POST", "/orders", order_body(meta_data=[{"key": "_idealo_order_id", "value": "NURMETA1"}]))
    assert len(await lab.ok("GET", "/orders?search=A1B2C3D4")) == 1
    assert len(await lab.ok("GET", "/orders?search=lüdenscheidt")) == 1
    assert await lab.ok("GET", "/orders?search=NURMETA1") == []


async def test_created_via_is_ignored_by_versions_that_do_not_know_it() -> None:
    lab = Lab()
    lab.woo.set_options({"created_via_writable": False, "created_via_filterable": False, "orderby_modified": False})
    order = await lab.ok("POST", "/orders", order_body(created_via="idealo"))
    assert order["created_via"] == "rest-api"
    assert len(await lab.ok("GET", "/orders?created_via=idealo")) == 1
    assert (await lab.call("GET", "/orders?orderby=modified")).status_code == 400


async def test_stock_goes_down_once_and_comes_back_only_when_cancelled_or_pending() -> None:
    lab = Lab()

    async def stock() -> int:
        return int((await lab.ok("GET", "/products/11"))["stock_quantity"])

    order = await lab.ok("POST", "/orders", order_body(line_items=[{"product_id": 11, "quantity": 2}]))
    path = f"/orders/{order['id']}"
    seen = []
    for status in ("completed", "failed", "refunded", "processing", "cancelled", "processing", "pending"):
        await lab.ok("PUT", path, {"status": status})
        seen.append(await stock())
    assert seen == [48, 48, 48, 48, 50, 48, 50]


async def test_meta_is_merged_by_id_and_key_and_null_deletes() -> None:
    lab = Lab()
    order = await lab.ok("POST", "/orders", order_body())
    path = f"/orders/{order['id']}"
    rows = {row["key"]: row["id"] for row in order["meta_data"]}
    changed = await lab.ok("PUT", path, {"meta_data": [{"key": "_idealo_order_id", "value": "NEU"}]})
    assert {row["key"]: row["id"] for row in changed["meta_data"]} == rows
    gone = {"id": rows["_idealo_order_id"], "key": "_idealo_order_id", "value": None}
    changed = await lab.ok("PUT", path, {"meta_data": [gone, {"key": "neu", "value": {"a": [1]}}]})
    assert {row["key"] for row in changed["meta_data"]} == {*rows, "neu"} - {"_idealo_order_id"}


async def test_refunds_obey_amounts_gateways_and_quantities() -> None:
    lab = Lab()
    order = await lab.ok("POST", "/orders", order_body(line_items=[{"product_id": 11, "quantity": 2}]))
    path = f"/orders/{order['id']}/refunds"
    refused = [
        ({"amount": "5.00"}, 500, "woocommerce_rest_cannot_create_order_refund"),
        ({"amount": "999", "api_refund": False}, 500, "woocommerce_rest_cannot_create_order_refund"),
        ({"amount": "-1", "api_refund": False}, 400, "woocommerce_rest_invalid_order_refund"),
    ]
    for body, status, code in refused:
        answer = await lab.call("POST", path, body)
        assert (answer.status_code, answer.json()["code"]) == (status, code)
    line = {"id": order["line_items"][0]["id"], "quantity": 3, "refund_total": "1.00"}
    too_many = await lab.call("POST", path, {"api_refund": False, "line_items": [line]})
    assert too_many.json()["message"] == "Invalid refund quantity."
    by_line = await lab.ok("POST", path, {"api_refund": False, "line_items": [{**line, "quantity": 1}]})
    assert (by_line["amount"], by_line["line_items"][0]["quantity"]) == ("1.00", -1)
    await lab.ok("PUT", f"/orders/{order['id']}", {"status": "refunded"})
    refunds = (await lab.ok("GET", f"/orders/{order['id']}"))["refunds"]
    rest = f"-{Decimal(order['total']) - 1}"
    assert sorted(refund["total"] for refund in refunds) == sorted(["-1.00", rest])
    automatic = next(refund for refund in refunds if refund["total"] == rest)
    assert (await lab.ok("GET", f"{path}/{automatic['id']}"))["line_items"] == []


async def test_batches_answer_200_and_name_each_failure() -> None:
    lab = Lab()
    body = {"create": [order_body(), order_body(currency="XXX")], "update": [{"id": 999, "status": "completed"}]}
    answer = await lab.ok("POST", "/orders/batch", body)
    assert answer["create"][0]["total"] == "68.87"
    assert answer["create"][1]["error"]["code"] == "rest_invalid_param"
    assert answer["update"][0] == {
        "id": 999,
        "error": {"code": "woocommerce_rest_shop_order_invalid_id", "message": "Invalid ID.", "data": {"status": 400}},
    }


async def test_products_are_found_by_a_list_of_skus_and_variations_may_keep_stock_at_the_parent() -> None:
    lab = Lab()
    found = await lab.ok("GET", "/products?sku=LAB-002,lab-var-m,NOPE")
    assert {(p["id"], p["type"], p["parent_id"]) for p in found} == {(12, "simple", 0), (16, "variation", 14)}
    parent = await lab.ok("PUT", "/products/14", {"manage_stock": True, "stock_quantity": 7})
    assert (parent["variations"], parent["has_options"]) == ([15, 16, 17], True)
    await lab.ok("PUT", "/products/14/variations/16", {"manage_stock": "parent"})
    shown = await lab.ok("GET", "/products/14/variations/16")
    assert (shown["manage_stock"], shown["stock_quantity"]) == ("parent", 7)
    await lab.ok("POST", "/orders", order_body(line_items=[{"product_id": 14, "variation_id": 16, "quantity": 3}]))
    assert (await lab.ok("GET", "/products/14"))["stock_quantity"] == 4
    free = await lab.ok("PUT", "/products/11", {"manage_stock": False})
    assert (free["manage_stock"], free["stock_quantity"]) == (False, None)


async def test_a_second_product_with_the_same_sku_needs_the_switch() -> None:
    lab = Lab()
    refused = await lab.call("POST", "/products", {"name": "Zwilling", "sku": "LAB-001"})
    assert (refused.status_code, refused.json()["code"]) == (400, "product_invalid_sku")
    lab.woo.set_options({"duplicate_skus": True})
    await lab.ok("POST", "/products", {"name": "Zwilling", "sku": "LAB-001", "regular_price": "5.00"})
    assert len(await lab.ok("GET", "/products?sku=LAB-001")) == 2


async def test_tax_table_settings_and_status_tell_how_the_shop_counts() -> None:
    lab = Lab()
    rates = await lab.ok("GET", "/taxes")
    assert [(rate["class"], rate["rate"]) for rate in rates] == [
        ("standard", "19.0000"),
        ("reduced-rate", "7.0000"),
        ("zero-rate", "0.0000"),
    ]
    settings = {row["id"]: row["value"] for row in await lab.ok("GET", "/settings/tax")}
    assert settings["woocommerce_prices_include_tax"] == "yes"
    assert (await lab.ok("GET", "/settings/general/woocommerce_calc_taxes"))["value"] == "yes"
    status = await lab.ok("GET", "/system_status?_fields=environment.version,settings")
    assert status["environment"] == {"version": "10.9.1"}
    assert status["settings"]["number_of_decimals"] == 2
