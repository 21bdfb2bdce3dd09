"""searchCriteria and products in the fake Magento."""

from datetime import timedelta

import pytest

from tests.sandbox.magento2_lab import SITE, Lab, order_entity, where

NUMBERS = ("A1", "A2", "B1", "B2", "B3")


async def _shop_with_orders() -> Lab:
    lab = Lab()
    for number in NUMBERS:
        await lab.ok("PUT", "/orders/create", {"entity": order_entity([("100000", 1)], number)})
        lab.moment += timedelta(minutes=1)
    return lab


async def _found(lab: Lab, *params: tuple[str, str]) -> list[str]:
    body = await lab.ok("GET", "/orders", params=list(params))
    return [order["ext_order_id"] for order in body["items"]]


@pytest.mark.parametrize(
    ("field", "value", "condition", "found"),
    [
        ("ext_order_id", "B2", "eq", ["B2"]),
        ("ext_order_id", "b2", "eq", ["B2"]),
        ("ext_order_id", "B2", "neq", ["A1", "A2", "B1", "B3"]),
        ("entity_id", "3", "gt", ["B2", "B3"]),
        ("entity_id", "3", "gteq", ["B1", "B2", "B3"]),
        ("entity_id", "3", "lt", ["A1", "A2"]),
        ("entity_id", "3", "lteq", ["A1", "A2", "B1"]),
        ("entity_id", "1,5", "in", ["A1", "B3"]),
        ("entity_id", "1,5", "nin", ["A2", "B1", "B2"]),
        ("ext_order_id", "B%", "like", ["B1", "B2", "B3"]),
        ("ext_order_id", "%1", "like", ["A1", "B1"]),
        ("ext_customer_id", "1", "null", list(NUMBERS)),
        ("ext_order_id", "1", "notnull", list(NUMBERS)),
        ("ext_customer_id", "x", "neq", []),
        ("created_at", "2026-11-23 08:36:05", "gteq", ["B2", "B3"]),
        ("grand_total", "15.25", "eq", list(NUMBERS)),
    ],
)
async def test_conditions(field: str, value: str, condition: str, found: list[str]) -> None:
    assert await _found(await _shop_with_orders(), *where(field, value, condition)) == found


async def test_groups_are_and_filters_in_a_group_are_or() -> None:
    lab = await _shop_with_orders()
    either = [
        ("searchCriteria[filterGroups][0][filters][0][field]", "ext_order_id"),
        ("searchCriteria[filterGroups][0][filters][0][value]", "A1"),
        ("searchCriteria[filterGroups][0][filters][1][field]", "ext_order_id"),
        ("searchCriteria[filterGroups][0][filters][1][value]", "B%"),
        ("searchCriteria[filterGroups][0][filters][1][conditionType]", "like"),
    ]
    assert await _found(lab, *either) == ["A1", "B1", "B2", "B3"]
    and_late = [(name.replace("filter_groups", "filterGroups"), v) for name, v in where("entity_id", "3", "gt", 1)]
    assert await _found(lab, *either, *and_late) == ["B2", "B3"]


async def test_page_past_the_end_repeats_the_last_page() -> None:
    lab = await _shop_with_orders()
    order = [
        ("searchCriteria[sortOrders][0][field]", "entity_id"),
        ("searchCriteria[sortOrders][0][direction]", "DESC"),
    ]

    async def page(number: int) -> list[str]:
        size = [("searchCriteria[pageSize]", "2"), ("searchCriteria[currentPage]", str(number))]
        return await _found(lab, *order, *size)

    assert [await page(number) for number in (1, 2, 3, 4, 99)] == [["B3", "B2"], ["B1", "A2"], ["A1"], ["A1"], ["A1"]]


async def test_list_without_search_criteria_is_refused() -> None:
    answer = await Lab().call("GET", "/orders")
    assert (answer.status_code, answer.json()["parameters"]) == (400, {"fieldName": "searchCriteria"})


async def test_fields_without_the_items_around_them_find_nothing() -> None:
    lab = await _shop_with_orders()
    params = [("searchCriteria[pageSize]", "1"), ("fields", "items[ext_order_id,items[sku]],total_count")]
    body = await lab.ok("GET", "/orders", params=params)
    assert body == {"items": [{"ext_order_id": "A1", "items": [{"sku": "100000"}]}], "total_count": 5}
    assert await lab.ok("GET", "/orders", params=[params[0], ("fields", "ext_order_id")]) == []


async def test_sku_with_blank_and_slash_in_a_path() -> None:
    lab = Lab()
    for path in ("/products/KB%2F2-45", "/products/KB%252F2-45", "/products/BO%20GSR%2012"):
        assert (await lab.call("GET", path)).status_code == 200
    lab.magento.set_options({"encoded_slashes": "refused"})
    refused = await lab.call("GET", "/products/KB%2F2-45")
    assert (refused.status_code, refused.headers["content-type"]) == (404, "text/html; charset=UTF-8")
    assert (await lab.ok("GET", "/products/KB%252F2-45"))["sku"] == "KB/2-45"


async def test_sku_is_found_whatever_its_case() -> None:
    lab = Lab()
    body = await lab.ok("GET", "/products", params=where("sku", "türÖse-8".replace("rÖ", "r-ö")))
    assert [item["sku"] for item in body["items"]] == ["TÜR-ÖSE-8"]
    unknown = await lab.call("GET", "/products", params=where("no_such_attribute", "1"))
    assert unknown.status_code == 400


async def test_variants_are_children_of_a_configurable_product() -> None:
    lab = Lab()
    parent = await lab.ok("GET", "/products/SHIRT-100")
    children = await lab.ok("GET", "/configurable-products/SHIRT-100/children")
    assert parent["type_id"] == "configurable"
    assert [child["sku"] for child in children] == ["SHIRT-100-BL-M", "SHIRT-100-BL-L"]
    assert parent["extension_attributes"]["configurable_product_links"] == [child["id"] for child in children]
    refused = await lab.call("GET", "/inventory/get-product-salable-quantity/SHIRT-100/1")
    assert refused.status_code == 400


async def test_stock_by_source_items_and_without_msi() -> None:
    lab = Lab()
    item = {"sku": "100001", "source_code": "default", "quantity": 7, "status": 1}
    other = {"sku": "100002", "source_code": "default", "quantity": 8, "status": 1}
    assert await lab.ok("POST", "/inventory/source-items", {"sourceItems": [item, other]}) == []
    assert [await lab.salable("100001"), await lab.salable("100002")] == [7, 8]
    assert (await lab.ok("GET", "/stockItems/100002"))["qty"] == 8
    lab.magento.set_options({"msi": False})
    assert (await lab.call("GET", "/inventory/get-product-salable-quantity/100001/1")).status_code == 404
    assert "Magento_InventorySales" not in await lab.ok("GET", "/modules")
    assert (await lab.client.get(f"{SITE}/magento_version")).text == "Magento/2.4 (Community)"
