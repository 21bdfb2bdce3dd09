"""Merchant order number and fulfillment: validation, repetition, states, history."""

from typing import Any

import pytest

from tests.sandbox.merchant import Merchant


async def test_number_is_stored_once_and_the_same_again_is_success(merchant: Merchant) -> None:
    path = f"orders/{await merchant.place_one(scenario='S13')}/merchant-order-number"
    first = await merchant.post(path, {"merchantOrderNumber": "SH-1"})
    assert (first.status_code, first.content) == (204, b"")
    assert (await merchant.post(path, {"merchantOrderNumber": "SH-1"})).status_code == 204
    other = await merchant.post(path, {"merchantOrderNumber": "SH-2"})
    assert other.status_code == 409
    assert other.json()["instance"] == f"http://sandbox/api/v2/shops/{merchant.shop_id}/{path}"
    await merchant.turn(same_number_again="conflict")
    assert (await merchant.post(path, {"merchantOrderNumber": "SH-1"})).status_code == 409
    assert (await merchant.order(path.split("/")[1]))["merchantOrderNumber"] == "SH-1"


@pytest.mark.parametrize("number", [None, "", "  ", 17, "x" * 128])
async def test_bad_number_is_400_with_field_errors(merchant: Merchant, number: Any) -> None:
    order_id = await merchant.place_one(scenario="S1")
    answer = await merchant.post(f"orders/{order_id}/merchant-order-number", {"merchantOrderNumber": number})
    assert answer.status_code == 400
    assert answer.json()["fieldErrors"][0]["field"] == "merchantOrderNumber"
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"text"', b"\xff", b'{"merchantOrderNumber": NaN}', b"[" * 5000])
async def test_malformed_json_is_400(merchant: Merchant, body: bytes) -> None:
    order_id = await merchant.place_one(scenario="S1")
    answer = await merchant.post(f"orders/{order_id}/merchant-order-number", content=body)
    assert (answer.status_code, answer.json()["title"]) == (400, "Malformed JSON")


async def test_length_limit_can_be_lifted_and_numbers_need_not_be_unique(merchant: Merchant) -> None:
    await merchant.turn(length_limits="none")
    first, second, third = await merchant.place(scenario="S1", count=3)
    for order_id in (first, second):
        answer = await merchant.post(f"orders/{order_id}/merchant-order-number", {"merchantOrderNumber": "9" * 200})
        assert answer.status_code == 204
    await merchant.turn(number_of_another_order="conflict")
    answer = await merchant.post(f"orders/{third}/merchant-order-number", {"merchantOrderNumber": "9" * 200})
    assert answer.status_code == 409


async def test_number_after_processing_is_taken_unless_turned(merchant: Merchant) -> None:
    first, second = await merchant.place(scenario="S1", count=2, status="COMPLETED")
    body = {"merchantOrderNumber": "A"}
    assert (await merchant.post(f"orders/{first}/merchant-order-number", body)).status_code == 204
    await merchant.turn(number_after_processing="conflict")
    assert (await merchant.post(f"orders/{second}/merchant-order-number", body)).status_code == 409


@pytest.mark.parametrize(
    "body", [b"{}", b"[]", b"", b'{"carrier": null, "trackingCode": null}', b'{"trackingCode": []}']
)
async def test_empty_fulfillment_completes_without_tracking(merchant: Merchant, body: bytes) -> None:
    order_id = await merchant.place_one(scenario="S1")
    answer = await merchant.post(f"orders/{order_id}/fulfillment", content=body)
    assert (answer.status_code, answer.content) == (201, b"")
    order = await merchant.order(order_id)
    assert (order["status"], order["fulfillment"]["tracking"]) == ("COMPLETED", [])


async def test_repeated_fulfillment_adds_parcels(merchant: Merchant) -> None:
    order_id = await merchant.place_one(scenario="S16")
    path = f"orders/{order_id}/fulfillment"
    await merchant.post(path, {"carrier": "DHL", "trackingCode": ["1", "2"]})
    await merchant.post(path, {"carrier": "GLS", "trackingCode": ["3"]})
    order = await merchant.order(order_id)
    assert order["status"] == "COMPLETED"
    assert order["fulfillment"]["tracking"] == [
        {"code": "1", "carrier": "DHL"},
        {"code": "2", "carrier": "DHL"},
        {"code": "3", "carrier": "GLS"},
    ]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"carrier": "DHL", "trackingCode": "123"}, "trackingCode"),
        ({"carrier": "DHL", "trackingCode": [1]}, "trackingCode[0]"),
        ({"carrier": "DHL", "trackingCode": [" "]}, "trackingCode[0]"),
        ({"trackingCode": ["123"]}, "carrier"),
        ({"carrier": " ", "trackingCode": ["123"]}, "carrier"),
        ({"carrier": 5}, "carrier"),
        ({"carrier": "x" * 32, "trackingCode": ["1"]}, "carrier"),
        ({"carrier": "DHL", "trackingCode": ["1" * 64, "2" * 63]}, "trackingCode"),
    ],
)
async def test_bad_fulfillment_is_400_and_leaves_the_order(merchant: Merchant, body: Any, field: str) -> None:
    order_id = await merchant.place_one(scenario="S1")
    answer = await merchant.post(f"orders/{order_id}/fulfillment", body)
    assert (answer.status_code, answer.json()["fieldErrors"][0]["field"]) == (400, field)
    assert (await merchant.order(order_id))["status"] == "PROCESSING"


async def test_fulfillment_knobs(merchant: Merchant) -> None:
    path = f"orders/{await merchant.place_one(scenario='S1')}/fulfillment"
    await merchant.turn(tracking_code_as_text="accept", code_without_carrier="accept", carrier_without_code="reject")
    assert (await merchant.post(path, {"trackingCode": "123"})).status_code == 201
    assert (await merchant.post(path, {"carrier": "DHL"})).status_code == 400
    await merchant.turn(unknown_carriers="reject")
    assert (await merchant.post(path, {"carrier": "Brieftaube", "trackingCode": ["1"]})).status_code == 400


async def test_unknown_carrier_is_taken_and_remembered(merchant: Merchant) -> None:
    path = f"orders/{await merchant.place_one(scenario='S1')}/fulfillment"
    assert (await merchant.post(path, {"carrier": "Brieftaube", "trackingCode": ["1"]})).status_code == 201
    listed = (await merchant.http.get("/_sandbox/idealo/orders")).json()
    assert listed["unknown_carriers"] == ["Brieftaube"]


async def test_fulfillment_of_a_revoked_order_is_409(merchant: Merchant) -> None:
    order_id = await merchant.place_one(scenario="S1", status="REVOKED")
    assert (await merchant.post(f"orders/{order_id}/fulfillment", {})).status_code == 409


async def test_fulfillment_wins_against_a_buyers_cancellation(merchant: Merchant) -> None:
    order_id = await merchant.place_one(scenario="S10")
    await merchant.http.post(f"/_sandbox/idealo/orders/{order_id}/buyer-cancels")
    assert (await merchant.post(f"orders/{order_id}/fulfillment", {})).status_code == 201
    await merchant.wait(10)
    order = await merchant.order(order_id)
    assert order["status"] == "COMPLETED"
    assert [line["remainingQuantity"] for line in order["lineItems"]] == [3, 2]


async def test_fulfillment_while_revoking_can_be_409(merchant: Merchant) -> None:
    await merchant.turn(fulfillment_while_revoking="conflict")
    order_id = await merchant.place_one(scenario="S10")
    await merchant.http.post(f"/_sandbox/idealo/orders/{order_id}/buyer-cancels")
    assert (await merchant.post(f"orders/{order_id}/fulfillment", {})).status_code == 409


@pytest.mark.parametrize(("knob", "status"), [("keep", "PARTIALLY_REVOKED"), ("complete", "COMPLETED")])
async def test_fulfillment_after_partial_revocation(merchant: Merchant, knob: str, status: str) -> None:
    await merchant.turn(fulfillment_partially_revoked=knob)
    order_id = await merchant.place_one(scenario="S11")
    await merchant.revoke(order_id, sku="100002", remainingQuantity=0)
    answer = await merchant.post(f"orders/{order_id}/fulfillment", {"carrier": "DHL", "trackingCode": ["1"]})
    assert answer.status_code == 201
    order = await merchant.order(order_id)
    assert (order["status"], len(order["fulfillment"]["tracking"])) == (status, 1)


async def test_accepted_writes_are_kept_in_order_with_reporting_headers(merchant: Merchant) -> None:
    merchant.headers = {"ERP-Shop-System": "WooCommerce", "Interface-Version": ""}
    order_id = await merchant.place_one(scenario="S5")
    await merchant.post(f"orders/{order_id}/merchant-order-number", {"merchantOrderNumber": "A-1"})
    await merchant.post(f"orders/{order_id}/merchant-order-number", {"merchantOrderNumber": "A-2"})
    await merchant.post(f"orders/{order_id}/fulfillment", {"carrier": "DHL", "trackingCode": ["1"]})
    await merchant.revoke(order_id, sku="100001", remainingQuantity=0, reason="RETOUR")
    await merchant.refund(order_id, 12.5)
    history = await merchant.history(order_id)
    assert [entry["kind"] for entry in history] == ["merchant_order_number", "fulfillment", "revocation", "refund"]
    assert history[0]["headers"] == {"ERP-Shop-System": "WooCommerce", "Interface-Version": ""}
    assert history[1]["body"] == {"carrier": "DHL", "trackingCode": ["1"]}
    assert all(entry["time"].startswith("2026-11-23T08:00:00") for entry in history)


async def test_status_of_every_write_is_a_knob(merchant: Merchant) -> None:
    await merchant.turn(
        status_merchant_order_number=200, status_fulfillment=204, status_revocation=202, status_refund=200
    )
    order_id = await merchant.place_one(scenario="S5")
    answers = [
        await merchant.post(f"orders/{order_id}/merchant-order-number", {"merchantOrderNumber": "A-1"}),
        await merchant.refund(order_id, 1),
        await merchant.post(f"orders/{order_id}/fulfillment", {}),
        await merchant.revoke(order_id, sku="100001", remainingQuantity=0),
    ]
    assert [answer.status_code for answer in answers] == [200, 200, 204, 202]


async def test_every_write_needs_an_order_that_exists(merchant: Merchant) -> None:
    for path in ("merchant-order-number", "fulfillment", "revocations", "refunds"):
        assert (await merchant.post(f"orders/NOSUCHONE1/{path}", {})).status_code == 404
    assert (await merchant.get("orders/NOSUCHONE1/refunds")).status_code == 404
