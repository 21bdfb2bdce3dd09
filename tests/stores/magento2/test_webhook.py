"""Webhooks of our own module: signature, replay window, rotation, and which order they name."""

import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta

import pytest

from app.domain.errors import SignatureInvalid
from app.ports import Delivery
from app.stores.magento2 import webhook

# The reference's vector (magento2, section 8.5).
SECRET = "whsec_demo_0123456789abcdef"
SENT_AT = 1767225600
NAME = "0b8f6c1e-6f0a-4d55-9a2b-0f3f5d7a1c11"
BODY = (
    b'{"schema":1,"event":"shipment.track.saved","store":"demo","order":{"entity_id":42,"increment_id":"000000042",'
    b'"ext_order_id":"IDE123AB"},"entity":{"type":"track","id":7,"parent_id":5}}'
)
SIGNATURE = "v1=22b44f8253446e3a7505aa202866c62d69f82189c8b7fe19bfb82bf0d9a6bf3b"
NOW = datetime.fromtimestamp(SENT_AT, UTC)


def received(
    body: bytes = BODY, *, at: datetime = NOW, event: str = "shipment.track.saved", **headers: str
) -> Delivery:
    sent = {
        "content-type": "application/json",
        "x-idealo-connector-event": event,
        "x-idealo-connector-delivery": NAME,
        "x-idealo-connector-timestamp": str(SENT_AT),
        "x-idealo-connector-key-id": "1",
        "x-idealo-connector-signature": SIGNATURE,
        **{f"x-idealo-connector-{name}": value for name, value in headers.items()},
    }
    return Delivery(headers=sent, body=body, received_at=at)


def signed(body: bytes, secret: str, sent_at: int = SENT_AT, name: str = NAME) -> str:
    mac = hmac.new(secret.encode(), f"v1:{sent_at}:{name}:".encode() + body, hashlib.sha256)
    return f"v1={mac.hexdigest()}"


def test_the_reference_vector_verifies() -> None:
    assert len(BODY) == 183
    webhook.verify(received(), [SECRET])


def test_either_of_two_secrets_verifies() -> None:
    webhook.verify(received(), ["a newer one", SECRET])
    webhook.verify(received(), [SECRET, "an older one"])


@pytest.mark.parametrize(
    ("delivery", "secrets"),
    [
        (received(BODY[:-1] + b" "), [SECRET]),
        (received(BODY + b"\n"), [SECRET]),
        (received(), ["wrong"]),
        (received(), [""]),
        (received(), []),
        (received(signature=signed(BODY, "")), [""]),
        (received(at=NOW + timedelta(seconds=301)), [SECRET]),
        (received(at=NOW - timedelta(seconds=301)), [SECRET]),
        (received(timestamp=str(SENT_AT + 1)), [SECRET]),
        (received(delivery="0b8f6c1e-6f0a-4d55-9a2b-0f3f5d7a1c12"), [SECRET]),
        (received(signature=SIGNATURE.removeprefix("v1=")), [SECRET]),
        (received(signature=SIGNATURE.replace("v1=", "v2=")), [SECRET]),
        (received(signature=SIGNATURE[:-1]), [SECRET]),
        (received(signature=""), [SECRET]),
        (received(timestamp=""), [SECRET]),
        (received(timestamp="1767225600.0"), [SECRET]),
        (received(timestamp="9" * 400), [SECRET]),
        (received(delivery=""), [SECRET]),
        (received(delivery="a:b:c:d:e"), [SECRET]),
    ],
    ids=[str(n) for n in range(19)],
)
def test_anything_else_does_not_verify(delivery: Delivery, secrets: list[str]) -> None:
    with pytest.raises(SignatureInvalid):
        webhook.verify(delivery, secrets)


@pytest.mark.parametrize("seconds", [-300, -1, 0, 299, 300])
def test_a_delivery_is_fresh_for_five_minutes_either_way(seconds: int) -> None:
    webhook.verify(received(at=NOW + timedelta(seconds=seconds)), [SECRET])


def test_a_retry_carries_its_own_timestamp_and_keeps_its_key() -> None:
    later = SENT_AT + 21_600
    retry = received(at=NOW + timedelta(hours=6), timestamp=str(later), signature=signed(BODY, SECRET, later))
    webhook.verify(retry, [SECRET])
    assert webhook.read(retry).key == webhook.read(received()).key
    assert webhook.read(retry).key != webhook.read(received(delivery=NAME.replace("0b", "0c"))).key


def test_the_notice_names_the_order() -> None:
    notice = webhook.read(received())
    assert (notice.topic, notice.order_id, notice.remark) == ("shipment.track.saved", "42", None)


@pytest.mark.parametrize("event", ["ping", "stock.changed", "product.changed"])
def test_what_is_about_no_order_names_none(event: str) -> None:
    notice = webhook.read(received(b'{"schema":1}', event=event))
    assert (notice.topic, notice.order_id, notice.remark) == (event, None, None)


@pytest.mark.parametrize(
    ("body", "remark"),
    [
        (b"", "the body is not JSON"),
        (b'{"order":', "the body is not JSON"),
        (b"[" * 100_000, "the body is not JSON"),
        (b"[1]", "the body names no order"),
        (b'{"order": 42}', "the body names no order"),
        (b'{"order": {"entity_id": true}}', "the body names no order"),
        (b'{"order": {"entity_id": "42/../7"}}', "the body names no order"),
        (b'{"order": {"entity_id": -1}}', "the body names no order"),
    ],
)
def test_a_body_we_cannot_use_is_a_notice_with_a_remark(body: bytes, remark: str) -> None:
    notice = webhook.read(received(body))
    assert (notice.order_id, notice.remark) == (None, remark)


def test_an_event_of_a_strange_shape_is_unknown() -> None:
    assert webhook.read(received(event="no event\x00at all")).topic == "unknown"
    assert webhook.read(received(event="")).topic == "unknown"
    assert json.loads(BODY)["event"] == webhook.read(received()).topic
