"""Refunds: validation, rejection reasons, timers, the 60 days."""

import re
from typing import Any

import pytest

from tests.sandbox.merchant import Merchant


async def refunds(merchant: Merchant, order_id: str) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = (await merchant.get(f"orders/{order_id}/refunds")).json()
    return listed


async def test_refund_is_accepted_and_succeeds_later(merchant: Merchant) -> None:
    order_id = await merchant.place_one(scenario="S12")
    answer = await merchant.refund(order_id, 20)
    assert (answer.status_code, answer.content) == (202, b"")
    shown = await refunds(merchant, order_id)
    assert [(item["status"], item["currency"]) for item in shown] == [("OPEN", "EUR")]
    await merchant.wait(2)
    shown = await refunds(merchant, order_id)
    assert shown[0]["status"] == "SUCCESSFUL"
    assert "failureReason" not in shown[0]
    assert (await merchant.order(order_id))["refunds"] == shown


async def test_amount_is_a_number_with_two_decimals_on_the_wire(merchant: Merchant) -> None:
    order_id = await merchant.place_one(scenario="S12")
    for amount in (b"20", b'"14.95"', b"0.1", b"1e1"):
        answer = await merchant.post(
            f"orders/{order_id}/refunds", content=b'{"currency": "EUR", "refundAmount": ' + amount + b"}"
        )
        assert answer.status_code == 202, answer.text
    text = (await merchant.get(f"orders/{order_id}/refunds")).text
    assert re.findall(r'"refundAmount":([^,]+),', text) == ["20.00", "14.95", "0.10", "10.00"]


async def test_refund_times_have_uneven_fractions(merchant: Merchant) -> None:
    order_id = await merchant.place_one(scenario="S12")
    for _ in range(2):
        await merchant.refund(order_id, 1)
    first, second = await refunds(merchant, order_id)
    assert re.fullmatch(r".*:\d\d\.\d{3}Z", first["created"])
    assert re.fullmatch(r".*:\d\d\.\d{6}Z", second["created"])


@pytest.mark.parametrize("amount", [None, 0, -1, 0.001, 1.234, "abc", True, [], "NaN", 1e300, ""])
async def test_bad_amount_is_400(merchant: Merchant, amount: Any) -> None:
    order_id = await merchant.place_one(scenario="S12")
    answer = await merchant.refund(order_id, amount)
    assert (answer.status_code, answer.json()["fieldErrors"][0]["field"]) == (400, "refundAmount")
    assert await refunds(merchant, order_id) == []


@pytest.mark.parametrize("currency", [None, "", "USD", 5])
async def test_other_currency_is_400(merchant: Merchant, currency: Any) -> None:
    order_id = await merchant.place_one(scenario="S12")
    answer = await merchant.refund(order_id, 1, currency)
    assert (answer.status_code, answer.json()["fieldErrors"][0]["field"]) == (400, "currency")


async def test_more_than_the_total_is_rejected_with_a_reason(merchant: Merchant) -> None:
    order_id = await merchant.place_one(scenario="S12")
    total = (await merchant.order(order_id))["grossPrice"]
    assert (await merchant.refund(order_id, total)).status_code == 202
    answer = await merchant.refund(order_id, 0.01)
    assert (answer.status_code, answer.json()["reason"]) == (409, "REFUND_AMOUNT_EXCEEDS_ORDER_PRICE")
    await merchant.turn(status_refund_rejected=400)
    assert (await merchant.refund(order_id, 0.01)).status_code == 400


async def test_paypal_order_is_rejected_with_a_reason(merchant: Merchant) -> None:
    order_id = (await merchant.place(scenario="S12"))[4]
    answer = await merchant.refund(order_id, 1)
    assert (answer.status_code, answer.json()["reason"]) == (409, "ORDER_NOT_PAID_USING_IDEALO_CHECKOUT_PAYMENTS")


async def test_paypal_order_can_fail_later_as_in_older_days(merchant: Merchant) -> None:
    await merchant.turn(refund_of_other_payment="fail_later")
    order_id = await merchant.place_one(scenario="S1")
    assert (await merchant.refund(order_id, 1)).status_code == 202
    await merchant.wait(2)
    shown = (await refunds(merchant, order_id))[0]
    assert (shown["status"], shown["refundTransactionId"]) == ("FAILED", "n/a")
    assert shown["failureReason"] == "Initial payment was not handled by idealo"


async def test_failed_refund_gives_its_amount_back(merchant: Merchant) -> None:
    order_id = (await merchant.place(scenario="S12"))[5]
    total = (await merchant.order(order_id))["grossPrice"]
    await merchant.refund(order_id, total)
    assert (await merchant.refund(order_id, 1)).status_code == 409
    await merchant.wait(2)
    assert (await refunds(merchant, order_id))[0]["status"] == "FAILED"
    await merchant.turn(failed_refunds_count="yes")
    assert (await merchant.refund(order_id, 1)).status_code == 409
    await merchant.turn(failed_refunds_count="no")
    assert (await merchant.refund(order_id, total)).status_code == 202


async def test_sixty_days_count_from_completion_or_from_creation(merchant: Merchant) -> None:
    order_id = (await merchant.place(scenario="S12"))[3]
    assert (await merchant.refund(order_id, 1)).status_code == 202
    await merchant.turn(refund_period_from="created")
    answer = await merchant.refund(order_id, 1)
    assert (answer.status_code, answer.json()["reason"]) == (409, "REFUND_PERIOD_EXCEEDED")
    await merchant.turn(refund_period_from="never")
    assert (await merchant.refund(order_id, 1)).status_code == 202


async def test_order_never_completed_has_no_period_unless_it_counts_from_creation(merchant: Merchant) -> None:
    order_id = await merchant.place_one(scenario="S12")
    await merchant.wait(61 * 86_400)
    await merchant.log_in()
    assert (await merchant.refund(order_id, 1)).status_code == 202
    await merchant.turn(refund_period_from="created")
    assert (await merchant.refund(order_id, 1)).status_code == 409


async def test_period_ends_sixty_days_after_shipping(merchant: Merchant) -> None:
    order_id = await merchant.place_one(scenario="S12")
    await merchant.post(f"orders/{order_id}/fulfillment", {})
    await merchant.wait(60 * 86_400)
    await merchant.log_in()
    assert (await merchant.refund(order_id, 1)).status_code == 202
    await merchant.wait(1)
    assert (await merchant.refund(order_id, 1)).status_code == 409


async def test_success_has_the_name_the_knob_gives(merchant: Merchant) -> None:
    order_id = await merchant.place_one(scenario="S12")
    await merchant.turn(refund_success_status="DONE", refund_foreign_currency="accept")
    await merchant.refund(order_id, 1, "CHF")
    await merchant.turn(refund_success_status="random")
    await merchant.refund(order_id, 1)
    await merchant.wait(2)
    first, second = await refunds(merchant, order_id)
    assert (first["status"], first["currency"]) == ("DONE", "CHF")
    assert second["status"] not in {"OPEN", "FAILED", "SUCCESSFUL", "DONE"}


async def test_refund_revokes_nothing(merchant: Merchant) -> None:
    order_id = await merchant.place_one(scenario="S12")
    await merchant.refund(order_id, 5)
    order = await merchant.order(order_id)
    assert order["status"] == "PROCESSING"
    assert all(line["remainingQuantity"] == line["quantity"] for line in order["lineItems"])
