"""Signatures over exact bytes, and which order a webhook is about."""

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.errors import SignatureInvalid
from app.ports import Delivery
from app.stores.shopify.webhook import read, verify
from tests.stores.shopify.recordings import shopify_fixtures
from tests.stores.shopify.wire import Script

BODY = (
    b'{"id":5001,"order_id":7001,"status":"success","tracking_company":"DHL",'
    b'"tracking_numbers":["00340434161094000001"]}'
)
NEW, OLD = "shpss_test_new", "shpss_test_old"
SIGNED_NEW = "adVdrJ9o1A2MMbXkddkdWswp/ZS9OGtTn1z36t47ZxY="
SIGNED_OLD = "o96Sl78pVNBY8al3jKC+Dalck6N+tvjSz+XR6PG34fE="


def delivery(body: bytes, signature: str | None = None, **headers: str) -> Delivery:
    given_headers = {f"x-shopify-{name.replace('_', '-')}": value for name, value in headers.items()}
    if signature is not None:
        given_headers["x-shopify-hmac-sha256"] = signature
    return Delivery(headers=given_headers, body=body, received_at=datetime(2026, 11, 23, tzinfo=UTC))


def about(topic: str, body: Any, **headers: str) -> Delivery:
    return delivery(json.dumps(body).encode(), topic=topic, webhook_id="w-1", **headers)


def test_either_of_two_live_secrets_signs() -> None:
    verify(delivery(BODY, SIGNED_NEW), (NEW, OLD))
    verify(delivery(BODY, SIGNED_OLD), (NEW, OLD))
    with pytest.raises(SignatureInvalid):
        verify(delivery(BODY, SIGNED_OLD), (NEW,))


def test_the_apps_client_secret_signs_without_being_entered_twice() -> None:
    script = Script()
    script.adapter(secrets=("made by the bridge",), client_secret=NEW).verify(delivery(BODY, SIGNED_NEW))
    with pytest.raises(SignatureInvalid):
        script.adapter(secrets=("made by the bridge",)).verify(delivery(BODY, SIGNED_NEW))


@pytest.mark.parametrize("signature", [None, "", "not base64!", "AAAA", SIGNED_NEW[:-2], SIGNED_NEW.lower()])
def test_a_missing_or_wrong_signature_is_refused(signature: str | None) -> None:
    with pytest.raises(SignatureInvalid):
        verify(delivery(BODY, signature), (NEW, OLD))


def test_an_empty_secret_matches_nothing() -> None:
    signature = base64.b64encode(hmac.new(b"", BODY, hashlib.sha256).digest()).decode()
    with pytest.raises(SignatureInvalid):
        verify(delivery(BODY, signature), ("",))


@given(st.integers(0, len(BODY) - 1), st.integers(1, 255))
def test_one_changed_byte_is_refused(at: int, flip: int) -> None:
    changed = bytearray(BODY)
    changed[at] ^= flip
    with pytest.raises(SignatureInvalid):
        verify(delivery(bytes(changed), SIGNED_NEW), (NEW, OLD))


def test_published_vectors_verify_and_only_with_their_secret() -> None:
    folder = shopify_fixtures("published signature vectors")
    if folder is None:
        return
    vectors = json.loads((folder / "hmac-vectors.json").read_text(encoding="utf-8"))["vectors"]
    assert len(vectors) == 5
    for vector in vectors:
        body = vector["body"].encode()
        verify(delivery(body, vector["x_shopify_hmac_sha256"]), (vector["secret"],))
        for secret, sent in ((vector["secret"] + "x", body), ("", body), (vector["secret"], body + b" ")):
            with pytest.raises(SignatureInvalid):
                verify(delivery(sent, vector["x_shopify_hmac_sha256"]), (secret,))


@pytest.mark.parametrize(
    ("topic", "body", "order_id"),
    [
        ("orders/updated", {"id": 7001}, "7001"),
        ("orders/cancelled", {"id": 9007199254740993}, "9007199254740993"),
        ("orders/delete", {"id": 7001}, "7001"),
        ("orders/updated", {"admin_graphql_api_id": "gid://shopify/Order/7001"}, "7001"),
        ("orders/edited", {"order_edit": {"id": 1, "order_id": 7001}}, "7001"),
        ("fulfillments/create", {"id": 5001, "order_id": 7001}, "7001"),
        ("fulfillments/update", {"id": 5001, "order_id": "7001"}, "7001"),
        ("refunds/create", {"id": 6001, "order_id": 7001}, "7001"),
        ("order_transactions/create", {"id": 6201, "order_id": 7001}, "7001"),
        ("returns/approve", {"id": 1, "order": {"id": 7001}}, "7001"),
        ("returns/approve", {"order": {"admin_graphql_api_id": "gid://shopify/Order/7001"}}, "7001"),
        ("returns/close", {"id": 1, "order_id": 7001, "status": "closed"}, "7001"),
        ("returns/update", {"admin_graphql_api_id": "gid://shopify/Return/1"}, None),
        ("orders/updated", {"id": 0}, None),
        ("orders/updated", {"id": True}, None),
        ("orders/updated", {"id": "../1"}, None),
        ("orders/updated", [], None),
        ("products/update", {"id": 1}, None),
        ("inventory_levels/update", {"inventory_item_id": 1}, None),
        ("app/uninstalled", {"id": 1}, None),
        ("customers/redact", {"shop_id": 1}, None),
        ("themes/publish", {"id": 1}, None),
    ],
)
def test_which_order_a_topic_is_about(topic: str, body: Any, order_id: str | None) -> None:
    notice = read(about(topic, body))
    assert notice.order_id == order_id
    quiet = topic.startswith(("products/", "inventory_levels/"))
    assert (notice.remark is None) == (order_id is not None or quiet)


def test_a_changed_product_is_named_so_that_waiting_orders_resume() -> None:
    assert read(about("products/update", {"id": 1})).topic == "product.update"


def test_a_retry_has_the_same_key_and_another_topic_of_the_same_act_has_not() -> None:
    first = read(about("refunds/create", {"order_id": 7001}, event_id="e"))
    assert read(about("refunds/create", {"order_id": 7001}, event_id="e")).key == first.key
    assert read(about("orders/updated", {"id": 7001}, event_id="e")).key != first.key
    assert read(about("refunds/create", {"order_id": 7002}, event_id="e")).key != first.key


def test_without_a_webhook_id_the_body_makes_the_key() -> None:
    one, two = (read(delivery(body, topic="orders/updated")).key for body in (b'{"id":1}', b'{"id": 1}'))
    assert one != two


@given(st.binary(max_size=40), st.text(max_size=30))
def test_reading_never_raises(body: bytes, topic: str) -> None:
    assert read(delivery(body, topic=topic)).key


def test_samples_of_real_deliveries_are_read() -> None:
    folder = shopify_fixtures("sample deliveries")
    if folder is None:
        return
    for path in sorted(folder.glob("sample-*.json")):
        sample = json.loads(path.read_text(encoding="utf-8"))
        notice = read(about(sample["topic"], sample["body"]))
        wanted = sample["body"]["order_id"] if sample["topic"].startswith("fulfillments") else sample["body"]["id"]
        assert notice.order_id == str(wanted), path.name
