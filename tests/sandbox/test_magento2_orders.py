"""Orders in the fake Magento beyond what was recorded: stock, refusals, credit memos, the module's import."""

from typing import Any

import pytest

from tests.sandbox.magento2_lab import SITE, Lab, order_entity, where

GUEST = {
    "firstname": "E",
    "lastname": "M",
    "street": ["A 1"],
    "city": "Berlin",
    "country_id": "DE",
    "email": "e@x.de",
}


async def test_direct_order_reserves_nothing_and_leaves_too_much_to_sell() -> None:
    lab = Lab()
    created = await lab.ok("PUT", "/orders/create", {"entity": order_entity([("100000", 2)])})
    assert await lab.salable("100000") == 120
    await lab.ok("POST", f"/order/{created['entity_id']}/ship", {})
    assert await lab.salable("100000") == 120, "the source lost two, the reservation nobody made was given back"
    other = await lab.ok("PUT", "/orders/create", {"entity": order_entity([("100000", 3)], "OTHER")})
    await lab.ok("POST", f"/orders/{other['entity_id']}/cancel")
    assert await lab.salable("100000") == 123


async def test_module_import_keeps_prices_reserves_stock_and_makes_no_twin() -> None:
    lab = Lab()
    body = {"order": order_entity([("100000", 2)]), "invoice": True}
    first = await lab.ok("POST", "/idealo-connector/orders", body)
    again = await lab.ok("POST", "/idealo-connector/orders", body)
    assert first == {"order_id": 1, "increment_id": "000000001", "created": True, "grand_total": 27.15, "warnings": []}
    assert again == {**first, "created": False}
    assert await lab.ok("GET", "/idealo-connector/orders/IDE123AB") == again
    assert (await lab.call("GET", "/idealo-connector/orders/NONE")).status_code == 404
    assert await lab.salable("100000") == 118
    order = await lab.ok("GET", "/orders/1")
    assert (order["state"], order["total_paid"], order["items"][0]["price_incl_tax"]) == ("processing", 27.15, 11.9)
    await lab.ok("POST", "/order/1/ship", {})
    assert await lab.salable("100000") == 118
    assert (await lab.ok("GET", "/orders/1"))["state"] == "complete"


async def test_module_refuses_unknown_skus_before_it_writes_and_warns_of_too_little_stock() -> None:
    lab = Lab()
    body = {"order": order_entity([("100000", 1), ("NICHT-IM-SHOP-1", 1), ("ANDERE", 1)])}
    refused = await lab.call("POST", "/idealo-connector/orders", body)
    assert (refused.status_code, refused.json()["message"]) == (400, "sku_not_found: NICHT-IM-SHOP-1, ANDERE")
    assert lab.magento.orders(None, None) == []
    short = await lab.ok("POST", "/idealo-connector/orders", {"order": order_entity([("100004", 9)])})
    assert short["warnings"] == ["100004: 9 sold, 6 in stock"]


async def test_module_import_stands_without_its_invoice() -> None:
    lab = Lab()
    body = {"order": {**order_entity([("100000", 2)]), "state": "complete"}, "invoice": True}
    made = await lab.ok("POST", "/idealo-connector/orders", body)
    assert made["warnings"][0].startswith("the invoice could not be made: Invoice Document Validation Error(s):")
    empty = {"order": {**order_entity([("100000", 2)], "EMPTY"), "items": []}, "invoice": True}
    refused = await lab.call("POST", "/idealo-connector/orders", empty)
    assert refused.json()["message"] == "invalid_order: the order has no items"


async def test_module_switched_off_is_no_route() -> None:
    lab = Lab()
    lab.magento.set_options({"module": "off"})
    answer = await lab.call("GET", "/idealo-connector/info")
    assert (answer.status_code, answer.json()) == (404, {"message": "Request does not match any route."})
    assert "Idealo_Connector" not in await lab.ok("GET", "/modules")


async def test_order_saved_although_the_answer_is_500() -> None:
    lab = Lab()
    lab.magento.set_options({"fail_after_save": 1})
    assert (await lab.call("PUT", "/orders/create", {"entity": order_entity([("100000", 1)])})).status_code == 500
    body = await lab.ok("GET", "/orders", params=where("ext_order_id", "IDE123AB"))
    assert body["total_count"] == 1


async def test_new_order_is_not_readable_before_its_transaction_is_through() -> None:
    lab = Lab()
    lab.magento.set_options({"commit_lag_seconds": 2})
    await lab.imported()
    assert (await lab.call("GET", "/orders/1")).status_code == 404
    lab.moment = lab.moment.replace(second=30)
    assert (await lab.call("GET", "/orders/1")).status_code == 200


async def test_status_set_by_post_orders_moves_neither_items_nor_stock() -> None:
    lab = Lab()
    await lab.imported(invoice=False)
    entity = {"entity_id": 1, "increment_id": "000000001", "state": "canceled", "status": "canceled"}
    order = await lab.ok("POST", "/orders", {"entity": entity})
    assert (order["state"], order["items"][0]["qty_canceled"]) == ("canceled", 0)
    assert await lab.salable("100000") == 118


@pytest.mark.parametrize("action", ["cancel", "ship", "invoice", "refund"])
async def test_held_order_lets_nothing_happen(action: str) -> None:
    lab = Lab()
    await lab.imported(invoice=False)
    await lab.ok("POST", "/orders/1/hold")
    path = "/orders/1/cancel" if action == "cancel" else f"/order/1/{action}"
    answer = await lab.call("POST", path, {})
    assert answer.json() is False if action == "cancel" else answer.status_code == 400
    await lab.ok("POST", "/orders/1/unhold")
    assert (await lab.ok("GET", "/orders/1"))["state"] == "new"
    assert (await lab.call("POST", "/orders/1/unhold")).status_code == 400


async def test_shipping_too_many_names_the_sku_and_tracks_must_carry_a_number() -> None:
    lab = Lab()
    await lab.imported([("100000", 2)])
    item = (await lab.ok("GET", "/orders/1"))["items"][0]["item_id"]
    refused = await lab.call("POST", "/order/1/ship", {"items": [{"order_item_id": item, "qty": 3}]})
    assert 'product SKU "100000"' in refused.json()["message"]
    as_object = await lab.call("POST", "/order/1/ship", {"tracks": {"track_number": "1"}})
    assert "Please enter a tracking number." in as_object.json()["message"]
    await lab.ok("POST", "/order/1/ship", {"items": [{"order_item_id": item, "qty": 1}]})
    assert (await lab.ok("GET", "/orders/1"))["state"] == "processing"


async def _memo(lab: Lab, body: dict[str, Any]) -> Any:
    number = await lab.ok("POST", "/order/1/refund", body)
    return await lab.ok("GET", f"/creditmemo/{number}")


async def test_credit_memos_add_up_to_what_was_paid() -> None:
    lab = Lab()
    await lab.imported([("100000", 3)])
    item = (await lab.ok("GET", "/orders/1"))["items"][0]["item_id"]
    one = {"items": [{"order_item_id": item, "qty": 1}], "arguments": {"shipping_amount": 0}}
    assert [(await _memo(lab, one))["grand_total"] for _ in range(2)] == [11.9, 11.9]
    nothing = {"items": [{"order_item_id": item, "qty": 0}]}
    adjusted = await _memo(lab, {**nothing, "arguments": {"shipping_amount": 0, "adjustment_positive": 2.5}})
    assert (adjusted["grand_total"], adjusted["items"], adjusted["adjustment"]) == (2.5, [], 2.5)
    too_much = await lab.call("POST", "/order/1/refund", {"arguments": {"adjustment_positive": 50}})
    assert too_much.status_code == 400
    assert "The most money available to refund is 12,75\u00a0€." in too_much.json()["message"]
    last = await _memo(lab, {"arguments": {"adjustment_negative": 2.5}})
    assert last["grand_total"] == 12.75
    order = await lab.ok("GET", "/orders/1")
    assert (order["total_refunded"], order["total_paid"], order["state"]) == (39.05, 39.05, "closed")
    assert (await lab.call("POST", "/order/1/refund", {})).status_code == 400


async def test_discounted_order_is_invoiced_and_refunded_to_the_cent() -> None:
    lab = Lab()
    entity = order_entity([("100000", 3)])
    entity |= {"discount_amount": -1, "base_discount_amount": -1, "grand_total": 38.05, "base_grand_total": 38.05}
    entity["items"][0] |= {"discount_amount": 1, "base_discount_amount": 1}
    await lab.ok("POST", "/idealo-connector/orders", {"order": entity, "invoice": True})
    order = await lab.ok("GET", "/orders/1")
    assert (order["total_paid"], order["total_due"]) == (38.05, 0)
    assert (await _memo(lab, {}))["grand_total"] == 38.05


async def test_goods_come_back_only_when_they_are_named() -> None:
    lab = Lab()
    await lab.imported([("100000", 2)])
    item = (await lab.ok("GET", "/orders/1"))["items"][0]["item_id"]
    await lab.ok("POST", "/order/1/ship", {"items": [{"order_item_id": item, "qty": 1}]})
    arguments: dict[str, Any] = {"shipping_amount": 0}
    one = {"items": [{"order_item_id": item, "qty": 1}], "arguments": arguments}
    await lab.ok("POST", "/order/1/refund", one)
    assert await lab.salable("100000") == 118
    arguments["extension_attributes"] = {"return_to_stock_items": [item]}
    await lab.ok("POST", "/order/1/refund", one)
    assert await lab.salable("100000") == 119


async def test_cart_ignores_prices_and_the_hidden_payment_method() -> None:
    lab = Lab()
    cart = (await lab.client.post(f"{SITE}/rest/default/V1/guest-carts")).json()
    item = {"cartItem": {"sku": "100002", "qty": 1, "price": 1, "custom_price": 1}}
    added = await lab.client.post(f"{SITE}/rest/default/V1/guest-carts/{cart}/items", json=item)
    assert added.json()["price"] == 12.56
    methods = (await lab.client.get(f"{SITE}/rest/default/V1/guest-carts/{cart}/payment-methods")).json()
    assert "idealo_marketplace" not in [method["code"] for method in methods]
    body = {"shipping_address": GUEST, "shipping_carrier_code": "dhl", "shipping_method_code": "x"}
    unknown = await lab.client.post(
        f"{SITE}/rest/default/V1/guest-carts/{cart}/shipping-information", json={"addressInformation": body}
    )
    assert unknown.status_code == 404


async def test_reduced_rate_has_its_own_tax_row() -> None:
    lab = Lab()
    cart = (await lab.client.post(f"{SITE}/rest/V1/guest-carts")).json()
    root = f"{SITE}/rest/V1/guest-carts/{cart}"
    for sku in ("100005", "100002"):
        await lab.client.post(f"{root}/items", json={"cartItem": {"sku": sku, "qty": 1}})
    body = {"shipping_address": GUEST, "shipping_carrier_code": "flatrate", "shipping_method_code": "flatrate"}
    await lab.client.post(f"{root}/shipping-information", json={"addressInformation": body})
    payment = {"email": "e@x.de", "paymentMethod": {"method": "banktransfer"}, "billingAddress": GUEST}
    number = (await lab.client.post(f"{root}/payment-information", json=payment)).json()
    order = await lab.ok("GET", f"/orders/{number}")
    taxes = {tax["code"]: tax["amount"] for tax in order["extension_attributes"]["applied_taxes"]}
    assert taxes == {"DE-7": 1.96, "DE-19": 2.92}
    assert order["grand_total"] == 48.2
