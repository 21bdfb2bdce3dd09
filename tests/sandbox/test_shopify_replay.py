"""Captures of real stores sent to the fake again: data, userErrors and errors have to be the recorded ones."""

import base64
import hashlib
import hmac
import json
from typing import Any

import pytest

from sandbox.stores.shopify.hooks import signature
from tests.sandbox.shopify_lab import RECORDINGS, Lab, Replay, capture, recorded_calls, recordings_are_there

WHOLE = (
    "2025-01_orders_fulfillment-unknown-not-found",
    "2025-01_orders_order-create-fulfillment-assigned-location",
    "2025-01_orders_orderCreate-state-derived-payment-and-count",
    "2025-01_shipping-fulfillments_fulfillment-create-name",
    "2026-04_orders_fulfillment-state-preconditions",
    "2026-04_orders_order-edit-lifecycle-user-errors",
    "2026-04_orders_order-edit-money-math",
    "2026-04_orders_orderCancel-error-messages",
    "2026-04_orders_return-quantity-validation",
    "2026-04_shipping-fulfillments_fulfillment-detail-events-lifecycle",
    "2026-04_shipping-fulfillments_fulfillment-order-release-hold-selective",
)
"""Captures whose every request that the fake knows is answered as recorded."""


@pytest.mark.parametrize("name", WHOLE)
async def test_a_capture_is_answered_as_it_was_recorded(name: str) -> None:
    if not recordings_are_there():
        return
    replay = Replay(Lab(currency="CAD"))
    for where, text, variables, answer in recorded_calls(capture(name)):
        await replay.send(text, variables, answer, where)
    assert replay.differences == []
    assert replay.sent > 0


async def _refused(name: str) -> tuple[Any, Any]:
    """Recorded and shown answer of a capture that keeps document and answer in one place."""
    document = capture(name)
    shown = await Lab(currency="CAD").ask(document["query"], version="2025-10", **document.get("variables", {}))
    return document["mutation"]["response"], shown


@pytest.mark.parametrize(
    "name",
    [
        "b_2025-01_orders_order-create-missing-order",
        "b_2025-01_orders_order-edit-begin-missing-id",
        "b_2025-01_orders_order-update-missing-id",
        "b_2025-01_orders_fulfillment-cancel-missing-id",
        "b_2025-01_orders_order-edit-commit-missing-id",
        "b_2025-01_orders_order-create-inline-missing-order",
        "b_2025-01_orders_fulfillment-cancel-inline-missing-id",
    ],
)
async def test_a_missing_variable_or_argument_is_refused_in_the_recorded_words(name: str) -> None:
    if not recordings_are_there():
        return
    document = capture(name)
    if "query" not in document:
        return
    recorded, shown = await _refused(name)
    # The captures keep the document without the line that stood before it.
    assert _without_places(shown) == _without_places(recorded)


def _without_places(answer: Any) -> Any:
    return [{key: value for key, value in error.items() if key != "locations"} for error in answer["errors"]]


async def test_orders_without_lines_or_rates_are_refused_as_recorded() -> None:
    if not recordings_are_there():
        return
    recorded, shown = await _refused("2025-01_orders_order-create-validation-matrix")
    assert shown["data"] == recorded["data"]
    document = capture("2025-01_orders_order-create-validation-matrix-extended")
    lab = Lab(currency="CAD")
    shown = await lab.ask(document["query"], version="2026-07", **document["variables"])
    wanted = document["mutation"]["response"]["data"]
    for field in ("redundantCustomer", "lineItemTaxLineMissingRate", "shippingLineTaxLineMissingRate"):
        assert shown["data"][field] == wanted[field]
    # Since 2026-07 a time in the future is clamped instead of being refused.
    assert shown["data"]["futureProcessedAt"]["userErrors"] == []


@pytest.mark.parametrize("case", ["pendingNoTax", "paidTaxShipping", "authorization", "fixedDiscount"])
async def test_totals_and_payment_states_are_the_recorded_ones(case: str) -> None:
    if not recordings_are_there():
        return
    recorded = capture("2025-01_orders_order-create-math-matrix")["cases"][case]
    answer = recorded["response"]
    wanted = answer.get("payload", answer)["data"]["orderCreate"]["order"]
    lab = Lab(currency="CAD")
    moneys = [name for name, value in wanted.items() if isinstance(value, dict) and "shopMoney" in value]
    sums = " ".join(f"{name} {{ shopMoney {{ amount currencyCode }} presentmentMoney {{ amount currencyCode }} }}"
                    for name in moneys)  # fmt: skip
    text = (
        "mutation($order: OrderCreateOrderInput!) { orderCreate(order: $order) { order { displayFinancialStatus"
        " displayFulfillmentStatus paymentGatewayNames discountCodes capturable"
        f" {sums} }} userErrors {{ message }} }} }}"
    )
    shown = (await lab.ok(text, order=recorded["variables"]["order"]))["orderCreate"]["order"]
    assert shown == {key: wanted[key] for key in shown}
    assert len(moneys) >= 9


async def test_refunds_are_refused_as_recorded() -> None:
    if not recordings_are_there():
        return
    recorded = capture("2025-01_orders_refund-create-over-refund-user-errors")["mutation"]["response"]["data"]
    message = recorded["refundCreate"]["userErrors"][0]["message"]
    lab = Lab(currency="CAD")
    created = await lab.place(currency="CAD")
    data = await lab.ok(
        """mutation($input: RefundInput!) { refundCreate(input: $input) @idempotent(key: "a") {
           refund { id } order { id } userErrors { field message } } }""",
        input={
            "orderId": created["order"]["id"],
            "transactions": [
                {"orderId": created["order"]["id"], "kind": "REFUND", "gateway": "manual", "amount": "999.00"}
            ],
        },
    )
    (error,) = data["refundCreate"]["userErrors"]
    assert error["field"] is None
    assert error["message"] == message.replace("25.00", "999.00").replace("15.00", "79.84")
    assert data["refundCreate"]["order"] is not None


def test_the_signature_is_made_as_shopifys_own_vectors_are() -> None:
    if not recordings_are_there():
        return
    vectors = json.loads((RECORDINGS / "hmac-vectors.json").read_text("utf-8"))["vectors"]
    for vector in vectors:
        assert signature(vector["secret"], vector["body"].encode()) == vector["x_shopify_hmac_sha256"]
        digest = hmac.new(vector["secret"].encode(), vector["body"].encode(), hashlib.sha256).digest()
        assert base64.b64encode(digest).decode() == vector["x_shopify_hmac_sha256"]
    assert len(vectors) >= 5


async def test_bodies_have_the_fields_of_the_real_rest_documents() -> None:
    if not recordings_are_there():
        return
    lab = Lab()
    created = await lab.place()
    number = created["order"]["id"].rpartition("/")[2]
    lab.store.cancel(number, None, restock=True)
    from sandbox.stores.shopify.rest_order import order_body  # noqa: PLC0415 - the one thing tested here

    body = order_body(lab.store.shop, lab.store.shop.orders[int(number)])
    sample = json.loads((RECORDINGS / "sample-new_cancelled_order.json").read_text("utf-8"))["body"]
    needed = {
        "id", "admin_graphql_api_id", "name", "order_number", "source_identifier", "tags", "note", "note_attributes",
        "created_at", "updated_at", "cancelled_at", "cancel_reason", "closed_at", "financial_status", "currency",
        "fulfillment_status", "taxes_included", "test", "total_price", "current_total_price", "total_outstanding",
        "payment_gateway_names", "customer", "billing_address", "shipping_address", "line_items", "shipping_lines",
        "fulfillments", "refunds",
    }  # fmt: skip
    assert needed <= sample.keys() & body.keys()
    assert {type(sample[key]) for key in ("id", "name", "total_price")} == {
        type(body[key]) for key in ("id", "name", "total_price")
    }
    assert sample["line_items"][0].keys() <= body["line_items"][0].keys()
    assert sample["refunds"][0].keys() - {"total_duties_set"} <= body["refunds"][0].keys()
    assert sample["refunds"][0]["refund_line_items"][0].keys() <= body["refunds"][0]["refund_line_items"][0].keys()
    assert sample["refunds"][0]["transactions"][0].keys() <= body["refunds"][0]["transactions"][0].keys()
    assert body["fulfillment_status"] is None
    assert body["financial_status"] == sample["financial_status"] == "refunded"
