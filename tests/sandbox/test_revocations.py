"""Revocations and buyers' cancellations: units, states, timers."""

from typing import Any

import pytest

from sandbox.world import World
from tests.sandbox.merchant import Merchant


async def units(merchant: Merchant, order_id: str) -> dict[str, int]:
    order = await merchant.order(order_id)
    return {line["sku"]: line["remainingQuantity"] for line in order["lineItems"]}


async def status(merchant: Merchant, order_id: str) -> str:
    return str((await merchant.order(order_id))["status"])


async def cancel(merchant: Merchant, order_id: str, **body: Any) -> Any:
    return await merchant.http.post(f"/_sandbox/idealo/orders/{order_id}/buyer-cancels", json=body)


async def test_partial_revocation_says_what_stays(merchant: Merchant) -> None:
    order_id = await merchant.place_one(scenario="S11")
    answer = await merchant.revoke(order_id, sku="100000", remainingQuantity=1, comment="")
    assert (answer.status_code, answer.content) == (201, b"")
    assert await units(merchant, order_id) == {"100000": 1, "100002": 2}
    assert await status(merchant, order_id) == "PARTIALLY_REVOKED"


async def test_revocation_does_not_touch_prices_or_refunds(merchant: Merchant) -> None:
    order_id = await merchant.place_one(scenario="S12")
    before = await merchant.order(order_id)
    await merchant.revoke(order_id, sku="100002")
    after = await merchant.order(order_id)
    assert [after[key] for key in ("offersPrice", "grossPrice", "refunds")] == [
        before[key] for key in ("offersPrice", "grossPrice", "refunds")
    ]


async def test_repeat_is_ignored_and_raising_is_409(merchant: Merchant) -> None:
    order_id = await merchant.place_one(scenario="S11")
    await merchant.revoke(order_id, sku="100000", remainingQuantity=1)
    assert (await merchant.revoke(order_id, sku="100000", remainingQuantity=1)).status_code == 201
    assert (await merchant.revoke(order_id, sku="100000", remainingQuantity=2)).status_code == 409
    assert await units(merchant, order_id) == {"100000": 1, "100002": 2}
    assert [entry["changed"] for entry in await merchant.history(order_id)] == [True, False]
    await merchant.turn(raising_remaining="ignore")
    assert (await merchant.revoke(order_id, sku="100000", remainingQuantity=2)).status_code == 201
    assert await units(merchant, order_id) == {"100000": 1, "100002": 2}


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"reason": "BORED"}, "reason"),
        ({"reason": None}, "reason"),
        ({"sku": "NOT-IN-ORDER"}, "sku"),
        ({"sku": 17}, "sku"),
        ({"sku": "100000", "remainingQuantity": 4}, "remainingQuantity"),
        ({"sku": "100000", "remainingQuantity": -1}, "remainingQuantity"),
        ({"sku": "100000", "remainingQuantity": "1"}, "remainingQuantity"),
        ({"sku": "100000", "remainingQuantity": True}, "remainingQuantity"),
        ({"sku": "100000", "remainingQuantity": 1.5}, "remainingQuantity"),
        ({"remainingQuantity": 1}, "sku"),
        ({"sku": "100000", "comment": "x" * 256}, "comment"),
        ({"sku": "100000", "comment": 1}, "comment"),
    ],
)
async def test_bad_revocation_is_400_and_names_the_field(merchant: Merchant, body: Any, field: str) -> None:
    order_id = await merchant.place_one(scenario="S11")
    answer = await merchant.revoke(order_id, **body)
    assert (answer.status_code, [error["field"] for error in answer.json()["fieldErrors"]]) == (400, [field])
    assert await status(merchant, order_id) == "PROCESSING"


async def test_whole_order_without_sku_passes_through_revoking(merchant: Merchant) -> None:
    order_id = await merchant.place_one(scenario="S11")
    assert (await merchant.revoke(order_id)).status_code == 201
    assert await status(merchant, order_id) == "REVOKING"
    await merchant.wait(1.9)
    assert await status(merchant, order_id) == "REVOKING"
    await merchant.wait(0.2)
    assert await status(merchant, order_id) == "REVOKED"
    assert await units(merchant, order_id) == {"100000": 0, "100002": 0}
    shown = (await merchant.http.get(f"/_sandbox/idealo/orders/{order_id}")).json()
    assert [(step["from"], step["to"]) for step in shown["transitions"]] == [
        ("PROCESSING", "REVOKING"),
        ("REVOKING", "REVOKED"),
    ]


async def test_revocation_knobs(merchant: Merchant) -> None:
    order_id = await merchant.place_one(scenario="S11")
    await merchant.turn(revocation_without_sku="reject", revocation_without_remaining="reject")
    assert (await merchant.revoke(order_id)).status_code == 400
    assert (await merchant.revoke(order_id, sku="100000")).status_code == 400
    await merchant.turn(own_revocation="direct", revocation_without_sku="allow", revocation_without_remaining="zero")
    await merchant.revoke(order_id)
    assert await status(merchant, order_id) == "REVOKED"


async def test_same_sku_on_two_lines_is_taken_from_the_first(merchant: Merchant) -> None:
    lines = [{"sku": "100000", "quantity": 2}, {"sku": "100002", "quantity": 1}, {"sku": "100000", "quantity": 3}]
    order_id = await merchant.place_one(lines=lines)
    await merchant.revoke(order_id, sku="100000", remainingQuantity=2)
    assert [line["remainingQuantity"] for line in (await merchant.order(order_id))["lineItems"]] == [0, 1, 2]
    await merchant.turn(same_sku_twice="conflict")
    assert (await merchant.revoke(order_id, sku="100000", remainingQuantity=1)).status_code == 409


@pytest.mark.parametrize("final", ["REVOKED", "COMPLETED", "PARTIALLY_REVOKED"])
async def test_full_return_after_shipping_ends_as_the_knob_has_it(merchant: Merchant, final: str) -> None:
    await merchant.turn(status_after_full_return=final)
    order_id = await merchant.place_one(scenario="S11")
    await merchant.post(f"orders/{order_id}/fulfillment", {})
    await merchant.revoke(order_id, reason="RETOUR", sku="100000", remainingQuantity=2)
    assert await status(merchant, order_id) == "PARTIALLY_REVOKED"
    await merchant.revoke(order_id, reason="RETOUR")
    await merchant.wait(2)
    assert await status(merchant, order_id) == final


async def test_reason_after_shipping_can_have_to_be_retour(merchant: Merchant) -> None:
    await merchant.turn(reason_after_shipping="conflict")
    order_id = await merchant.place_one(scenario="S11", status="COMPLETED")
    assert (await merchant.revoke(order_id, sku="100000")).status_code == 409
    assert (await merchant.revoke(order_id, sku="100000", reason="RETOUR")).status_code == 201


async def test_buyer_cancels_whole_order(merchant: Merchant) -> None:
    order_id = await merchant.place_one(scenario="S10")
    assert (await cancel(merchant, order_id)).json() == {"id": order_id, "status": "REVOKING"}
    assert await units(merchant, order_id) == {"100000": 3, "100002": 2}
    await merchant.wait(2)
    assert await status(merchant, order_id) == "REVOKED"
    assert await units(merchant, order_id) == {"100000": 0, "100002": 0}


async def test_buyer_cancels_some_units(merchant: Merchant) -> None:
    order_id = await merchant.place_one(scenario="S10")
    await cancel(merchant, order_id, sku="100000", quantity=2)
    assert await status(merchant, order_id) == "REVOKING"
    await merchant.wait(2)
    assert await status(merchant, order_id) == "PARTIALLY_REVOKED"
    assert await units(merchant, order_id) == {"100000": 1, "100002": 2}


@pytest.mark.parametrize(
    ("body", "code", "field"),
    [
        ({"sku": "NOPE"}, 422, "sku"),
        ({"quantity": 1}, 422, "sku"),
        ({"sku": "100000", "quantity": 4}, 422, "quantity"),
        ({"sku": "100000", "quantity": 0}, 422, "quantity"),
        ({"why": "cold feet"}, 422, "why"),
    ],
)
async def test_impossible_cancellation_names_the_field(merchant: Merchant, body: Any, code: int, field: str) -> None:
    order_id = await merchant.place_one(scenario="S10")
    answer = await cancel(merchant, order_id, **body)
    assert (answer.status_code, answer.json()["field"]) == (code, field)


async def test_buyer_cannot_cancel_twice(merchant: Merchant) -> None:
    order_id = await merchant.place_one(scenario="S10")
    await cancel(merchant, order_id)
    assert (await cancel(merchant, order_id)).status_code == 409


async def test_cancellation_can_wait_for_the_merchant(merchant: Merchant) -> None:
    await merchant.turn(buyer_cancellation="waits_for_merchant")
    order_id = await merchant.place_one(scenario="S10")
    await cancel(merchant, order_id)
    await merchant.wait(1000)
    assert await status(merchant, order_id) == "REVOKING"
    await merchant.revoke(order_id, reason="CUSTOMER_REVOKE", sku="100000", remainingQuantity=0)
    assert await status(merchant, order_id) == "REVOKING"
    await merchant.revoke(order_id, reason="CUSTOMER_REVOKE", sku="100002", remainingQuantity=0)
    await merchant.wait(2)
    assert await status(merchant, order_id) == "REVOKED"


async def test_partial_cancellation_can_wait_for_the_merchant(merchant: Merchant) -> None:
    await merchant.turn(buyer_cancellation="waits_for_merchant")
    order_id = await merchant.place_one(scenario="S10")
    await cancel(merchant, order_id, sku="100000", quantity=1)
    await merchant.revoke(order_id, reason="CUSTOMER_REVOKE", sku="100000", remainingQuantity=2)
    await merchant.wait(2)
    assert await status(merchant, order_id) == "PARTIALLY_REVOKED"


async def test_buyer_of_s10_cancels_by_himself_only_when_turned(merchant: Merchant) -> None:
    quiet = await merchant.place_one(scenario="S10")
    await merchant.turn(s10_cancel_after_seconds=30)
    restless = await merchant.place_one(scenario="S10")
    await merchant.wait(31)
    assert (await status(merchant, quiet), await status(merchant, restless)) == ("PROCESSING", "REVOKING")
    await merchant.wait(1)
    assert await status(merchant, restless) == "REVOKED"


async def test_revoking_before_import_stands_still_until_it_is_seen(merchant: Merchant) -> None:
    _, order_id = await merchant.place(scenario="S9")
    await merchant.wait(600)
    assert await status(merchant, order_id) == "REVOKING"
    await merchant.wait(2)
    assert await status(merchant, order_id) == "REVOKED"


async def test_manual_timers_move_only_by_steps(merchant: Merchant) -> None:
    await merchant.turn(timers="manual")
    order_id = await merchant.place_one(scenario="S12")
    await merchant.refund(order_id, 1)
    await merchant.revoke(order_id)
    await merchant.wait(3000)
    assert await status(merchant, order_id) == "REVOKING"
    answer = await merchant.http.post("/_sandbox/clock", json={"step": True})
    assert answer.json()["moved"] == 1
    order = await merchant.order(order_id)
    assert (order["status"], order["refunds"][0]["status"]) == ("REVOKED", "SUCCESSFUL")


async def test_running_clock_ends_revoking_without_a_push(merchant: Merchant, world: World) -> None:
    await merchant.turn(revoking_seconds=0)
    order_id = await merchant.place_one(scenario="S1")
    await merchant.revoke(order_id)
    assert await status(merchant, order_id) == "REVOKED"
    assert world.time_stopped
