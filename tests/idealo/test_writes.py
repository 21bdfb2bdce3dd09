"""The four writes at the wire: paths, bodies, limits, and what each refusal means."""

import json
from collections.abc import Awaitable, Callable
from decimal import Decimal

import pytest

from app.domain.errors import Permanent, Problem, Retryable
from app.domain.orders import RevocationReason
from app.idealo import IdealoClient
from tests.idealo.orders import a_refund
from tests.idealo.wire import Wire, a_client, answer

ORDER = "00K7MPX24R"
ID_PATH = f"/api/v2/shops/318204/orders/{ORDER}"

Write = Callable[[IdealoClient], Awaitable[None]]
SET_NUMBER: Write = lambda c: c.set_merchant_order_number(ORDER, "SH-1")  # noqa: E731
FULFIL: Write = lambda c: c.send_fulfillment(ORDER, "DHL", ["0034"])  # noqa: E731
REVOKE: Write = lambda c: c.send_revocation(ORDER, "WE-BIT-30", 0, RevocationReason.BUYER_CANCELLED)  # noqa: E731
REFUND: Write = lambda c: c.send_refund(ORDER, Decimal("14.95"), "EUR")  # noqa: E731


@pytest.mark.parametrize(
    ("write", "path", "body"),
    [
        (SET_NUMBER, "/merchant-order-number", {"merchantOrderNumber": "SH-1"}),
        (FULFIL, "/fulfillment", {"carrier": "DHL", "trackingCode": ["0034"]}),
        (REVOKE, "/revocations", {"sku": "WE-BIT-30", "remainingQuantity": 0, "reason": "CUSTOMER_REVOKE"}),
        (REFUND, "/refunds", {"refundAmount": 14.95, "currency": "EUR"}),
    ],
)
@pytest.mark.parametrize("status", [200, 201, 202, 204])
async def test_each_write_posts_its_own_path_and_any_2xx_is_success(
    write: Write, path: str, body: object, status: int
) -> None:
    wire = Wire(answer(status))
    await write(a_client(wire))
    assert wire.paths == [f"POST {ID_PATH}{path}"]
    assert wire.sent() == body
    assert wire.calls[0].headers["content-type"] == "application/json"


@pytest.mark.parametrize("write", [FULFIL, REVOKE])
async def test_conflict_is_about_the_state_of_the_order(write: Write) -> None:
    wire = Wire(answer(409, {"type": "about:blank", "title": "Order is revoked"}))
    with pytest.raises(Permanent, match="Order is revoked") as caught:
        await write(a_client(wire))
    assert caught.value.problem is Problem.STATE_CONFLICT


@pytest.mark.parametrize("write", [SET_NUMBER, FULFIL, REVOKE, REFUND])
async def test_refused_fields_are_named(write: Write) -> None:
    wire = Wire(answer(400, {"title": "Bad Request", "fieldErrors": [{"field": "sku", "message": "unknown"}]}))
    with pytest.raises(Permanent, match="sku: unknown") as caught:
        await write(a_client(wire))
    assert caught.value.problem is Problem.REJECTED


@pytest.mark.parametrize("write", [SET_NUMBER, FULFIL, REVOKE, REFUND])
async def test_outage_on_a_write_is_tried_again_later_by_others(write: Write) -> None:
    wire = Wire(answer(500))
    with pytest.raises(Retryable):
        await write(a_client(wire))
    assert len(wire.calls) == 1


async def test_same_order_number_stored_before_is_success() -> None:
    wire = Wire(answer(409), answer(200, {"merchantOrderNumber": "SH-1"}))
    await SET_NUMBER(a_client(wire))
    assert wire.paths == [f"POST {ID_PATH}/merchant-order-number", f"GET {ID_PATH}"]


@pytest.mark.parametrize("stored", [{"merchantOrderNumber": "SH-2"}, {}, []])
async def test_another_order_number_stored_before_is_a_conflict(stored: object) -> None:
    with pytest.raises(Permanent, match="SH-1") as caught:
        await SET_NUMBER(a_client(Wire(answer(409), answer(200, stored))))
    assert caught.value.problem is Problem.STATE_CONFLICT


@pytest.mark.parametrize("number", ["", " ", "x" * 128])
async def test_order_number_idealo_cannot_take_is_never_sent(number: str) -> None:
    wire = Wire()
    with pytest.raises(Permanent) as caught:
        await a_client(wire).set_merchant_order_number(ORDER, number)
    assert caught.value.problem is Problem.REJECTED
    assert not wire.calls


@pytest.mark.parametrize(
    ("carrier", "codes", "body"),
    [
        (None, [], {}),
        ("DHL", [], {}),
        ("DHL", ["", " "], {}),
        ("DHL", [" 1 ", "2", "1"], {"carrier": "DHL", "trackingCode": ["1", "2"]}),
        ("Spedition " * 5, ["1"], {"carrier": "Spedition Spedition Spedition S", "trackingCode": ["1"]}),
    ],
)
async def test_carrier_and_codes_go_together_or_not_at_all(carrier: str | None, codes: list[str], body: object) -> None:
    wire = Wire()
    await a_client(wire).send_fulfillment(ORDER, carrier, codes)
    assert wire.sent() == body


async def test_more_codes_than_one_call_may_carry_go_out_in_several() -> None:
    codes = [f"0034043416109404{i:04d}" for i in range(13)]
    wire = Wire()
    await a_client(wire).send_fulfillment(ORDER, "DHL", codes)
    sent = [json.loads(call.content)["trackingCode"] for call in wire.calls]
    assert [code for call in sent for code in call] == codes
    assert [len(call) for call in sent] == [6, 6, 1]


@pytest.mark.parametrize("carrier", [None, "", " "])
async def test_codes_without_a_carrier_are_not_dropped_silently(carrier: str | None) -> None:
    wire = Wire()
    with pytest.raises(Permanent, match="default_carrier"):
        await a_client(wire).send_fulfillment(ORDER, carrier, ["0034"])
    assert not wire.calls


@pytest.mark.parametrize(
    ("reason", "word"),
    [
        (RevocationReason.BUYER_CANCELLED, "CUSTOMER_REVOKE"),
        (RevocationReason.MERCHANT_CANCELLED, "MERCHANT_DECLINE"),
        (RevocationReason.RETURNED, "RETOUR"),
    ],
)
async def test_reason_is_spelt_as_idealo_does_and_long_comments_are_cut(reason: RevocationReason, word: str) -> None:
    wire = Wire()
    await a_client(wire).send_revocation(ORDER, "ä/ 1", 1, reason, "ü" * 300)
    assert wire.sent() == {"sku": "ä/ 1", "remainingQuantity": 1, "reason": word, "comment": "ü" * 255}


async def test_negative_rest_is_never_sent() -> None:
    with pytest.raises(Permanent, match="-1 units"):
        await a_client(Wire()).send_revocation(ORDER, "A", -1, RevocationReason.RETURNED)


@pytest.mark.parametrize(
    ("amount", "digits"),
    [("0.01", b"0.01"), ("0.1", b"0.10"), ("20", b"20.00"), ("1234567.89", b"1234567.89"), ("1E+2", b"100.00")],
)
async def test_refund_amount_is_a_number_with_exact_cents(amount: str, digits: bytes) -> None:
    wire = Wire(answer(202))
    await a_client(wire).send_refund(ORDER, Decimal(amount), "EUR")
    assert wire.calls[0].content == b'{"refundAmount":' + digits + b',"currency":"EUR"}'


@pytest.mark.parametrize("amount", ["0", "0.001", "0.015", "-1", "NaN", "Infinity", "1e20"])
async def test_amount_that_is_no_refund_is_never_sent(amount: str) -> None:
    wire = Wire()
    with pytest.raises(Permanent, match="cannot refund"):
        await a_client(wire).send_refund(ORDER, Decimal(amount), "EUR")
    assert not wire.calls


@pytest.mark.parametrize("status", [400, 403, 404, 409, 422])
@pytest.mark.parametrize(
    "reason",
    [
        "ORDER_NOT_PAID_USING_IDEALO_CHECKOUT_PAYMENTS",
        "REFUND_PERIOD_EXCEEDED",
        "REFUND_AMOUNT_EXCEEDS_ORDER_PRICE",
    ],
)
async def test_refund_reason_is_told_whatever_the_status(status: int, reason: str) -> None:
    with pytest.raises(Permanent, match=reason) as caught:
        await REFUND(a_client(Wire(answer(status, {"title": "no", "reason": reason}))))
    assert caught.value.problem is Problem.REJECTED


async def test_refunds_are_listed_with_their_failures() -> None:
    listed = [a_refund(refundAmount=20.1), a_refund(refundId="2", refundAmount=5, status="FAILED", failureReason="no")]
    refunds = await a_client(Wire(answer(200, listed))).refunds(ORDER)
    assert [(r.refund_id, r.amount, r.failed) for r in refunds] == [
        ("rf-20220215-0001", Decimal("20.10"), False),
        ("2", Decimal("5.00"), True),
    ]
