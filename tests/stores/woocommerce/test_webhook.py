"""Every recorded delivery: its signature, whether it is a ping, and which order it names."""

import base64
import hashlib
import hmac
import json

import pytest

from app.domain.errors import SignatureInvalid
from app.ports import Delivery
from app.stores.woocommerce import webhook
from tests.stores.woocommerce.recordings import (
    DELIVERIES,
    INDEX,
    ODD_SECRET,
    RECEIVED_AT,
    SECRET,
    delivery,
    recording,
)

SIGNED = [name for name in DELIVERIES if recording(name)["signature_valid"]]
PINGS = [name for name in DELIVERIES if recording(name)["signature_valid"] is None]
IDS = {entry["file"]: entry.get("id") for entry in INDEX["recordings"]}


def made(body: bytes, *, topic: str = "order.updated", **headers: str) -> Delivery:
    sent = {
        "content-type": "application/json",
        "x-wc-webhook-topic": topic,
        "x-wc-webhook-id": "2",
        "x-wc-webhook-delivery-id": "d03e05e675bdae1b5f1efcb5e2e31294",
        **{name.replace("_", "-"): value for name, value in headers.items()},
    }
    return Delivery(headers=sent, body=body, received_at=RECEIVED_AT)


def signed(body: bytes, secret: str) -> Delivery:
    digest = base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest()).decode()
    return made(body, x_wc_webhook_signature=digest)


def test_every_recording_is_either_signed_or_a_ping() -> None:
    assert len(SIGNED) + len(PINGS) == len(DELIVERIES) == len(INDEX["recordings"])


@pytest.mark.parametrize("name", SIGNED)
def test_a_recorded_signature_holds_and_breaks_with_one_changed_byte(name: str) -> None:
    secret = ODD_SECRET if "odd-secret" in name else SECRET
    received = delivery(name)
    webhook.verify(received, [secret])
    webhook.verify(received, ["an older one", secret])
    for secrets, changed in (
        ([secret], received.model_copy(update={"body": received.body[:-1] + b" "})),
        (["wrong"], received),
        ([""], received),
        ([], received),
    ):
        with pytest.raises(SignatureInvalid):
            webhook.verify(changed, secrets)


@pytest.mark.parametrize("name", SIGNED)
def test_a_recorded_delivery_names_its_order(name: str) -> None:
    received = delivery(name)
    notice = webhook.read(received)
    assert not webhook.is_ping(received)
    assert notice.topic == recording(name)["topic"]
    assert notice.remark is None
    assert notice.order_id == (str(IDS[name]) if notice.topic.startswith("order.") else None)


@pytest.mark.parametrize("name", PINGS)
def test_a_recorded_ping_is_seen_and_has_no_valid_signature(name: str) -> None:
    received = delivery(name)
    assert webhook.is_ping(received)
    assert webhook.read(received).order_id is None
    with pytest.raises(SignatureInvalid):
        webhook.verify(received, [SECRET])


def test_two_orders_under_one_delivery_id_have_two_keys() -> None:
    first, second = delivery("099-same-second"), delivery("100-same-second")
    assert first.headers["x-wc-webhook-delivery-id"] == second.headers["x-wc-webhook-delivery-id"]
    assert webhook.read(first).key != webhook.read(second).key


def test_a_repeated_delivery_keeps_its_key_and_a_changed_body_gets_another() -> None:
    first = made(b'{"id":18,"status":"processing"}')
    assert webhook.read(first).key == webhook.read(made(b'{"id":18,"status":"processing"}')).key
    assert webhook.read(first).key != webhook.read(made(b'{"id":18,"status":"completed"}')).key


def test_the_reference_vector_verifies() -> None:
    body = rb'{"id":9101,"status":"cancelled","billing":{"city":"M\u00fcnchen"},"total":"59.90"}'
    received = made(body, x_wc_webhook_signature="EJZTbj3bCyoTL8HM7KT0ZdRPQLNuAkgcO6bF3X8F1Js=")
    webhook.verify(received, ["wcSecret123"])


def test_a_secret_entered_with_entities_verifies_as_the_shop_decodes_it() -> None:
    webhook.verify(signed(b'{"id":1}', "a&b"), ["a&amp;b"])


@pytest.mark.parametrize(
    ("body", "remark"),
    [
        (b"", "the body is not JSON"),
        (b'{"id": 18', "the body is not JSON"),
        (b"[" * 100_000, "the body is not JSON"),
        (b'{"id": ' + b"9" * 5000 + b"}", "the body is not JSON"),
        (b"[1]", "the body is not an object"),
        (b"null", "the body is not an object"),
        (b"{}", "the body names no order"),
        (b'{"id": true}', "the body names no order"),
        (b'{"id": "18; drop"}', "the body names no order"),
        (b'{"id": -4}', "the body names no order"),
        (b'{"id": {"x": 1}}', "the body names no order"),
    ],
)
def test_a_body_we_cannot_use_is_a_notice_with_a_remark(body: bytes, remark: str) -> None:
    notice = webhook.read(made(body))
    assert (notice.order_id, notice.remark) == (None, remark)


def test_an_error_object_is_told_without_its_message() -> None:
    gone = {"code": "woocommerce_rest_shop_order_invalid_id", "message": "Eva Muster", "data": {"status": 404}}
    lost = {"code": "woocommerce_rest_cannot_view", "message": "x", "data": {"status": 403}}
    assert webhook.read(made(json.dumps(gone).encode())).remark == (
        "the shop sent an error instead of an order: woocommerce_rest_shop_order_invalid_id (404)"
    )
    assert "lost his permission" in (webhook.read(made(json.dumps(lost).encode())).remark or "")
    assert "instead" in (webhook.read(made(json.dumps(lost).encode(), topic="product.updated")).remark or "")


def test_other_topics_name_no_order() -> None:
    assert webhook.read(made(b'{"id": 18}', topic="product.updated")).order_id is None
    assert webhook.read(made(b'{"id": 18}', topic="customer.created")).remark == "the topic is not about orders"
    assert webhook.read(made(b'{"id": 18}', topic="no topic\x00at all")).topic == "unknown"
    assert webhook.read(made(b'{"id": 26}', topic="order.deleted")).order_id == "26"


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/json", b"webhook_id=1"),
        ("application/x-www-form-urlencoded", b"webhook_id=1&id=18"),
        ("application/x-www-form-urlencoded", b"webhook_id="),
        ("application/x-www-form-urlencoded", b'{"id":18}'),
    ],
)
def test_what_only_resembles_a_ping_is_none(content_type: str, body: bytes) -> None:
    assert not webhook.is_ping(Delivery(headers={"content-type": content_type}, body=body, received_at=RECEIVED_AT))


def test_a_form_that_claims_a_signature_is_no_ping() -> None:
    headers = {"content-type": "application/x-www-form-urlencoded; charset=UTF-8"}
    ping = Delivery(headers=headers, body=b"webhook_id=7", received_at=RECEIVED_AT)
    assert webhook.is_ping(ping)
    assert not webhook.is_ping(ping.model_copy(update={"headers": {**headers, "x-wc-webhook-signature": "x"}}))
