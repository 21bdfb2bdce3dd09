"""What reads a webhook before anybody trusts it: no header and no body makes it fail in an unforeseen way."""

import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.errors import SignatureInvalid
from app.ports import Delivery
from app.registry import ADAPTERS
from tests.clock import Clock
from tests.security.signing import SIGNED
from tests.stores.shapes import STRANGE, TORN, as_body, examples
from tests.stores.shop import SECRET, Shop

SHOPS = {kind: Shop.open(kind) for kind in sorted(ADAPTERS)}
NOW = Clock()()
TEXT = st.text(st.characters(min_codepoint=0x20, max_codepoint=0xFF), max_size=40)
KEYS = st.sampled_from(["id", "order", "order_id", "order_edit", "entity_id", "admin_graphql_api_id", "code", "data"])
BODIES = st.one_of(TORN, st.recursive(STRANGE, lambda inner: st.dictionaries(KEYS, inner, max_size=4)).map(as_body))
TOPICS = ["order.updated", "orders/paid", "orders/edited", "refunds/create", "shipment.saved", "product.updated", "x"]


@pytest.mark.parametrize("kind", sorted(ADAPTERS))
@settings(max_examples=examples(100), deadline=None)
@given(st.data(), BODIES, st.sampled_from(TOPICS), st.booleans())
def test_no_delivery_makes_a_reader_fail(
    kind: str,
    data: st.DataObject,
    body: bytes,
    topic: str,
    signed: bool,  # noqa: FBT001 - hypothesis passes by position
) -> None:
    adapter = SHOPS[kind].adapter
    names = [name.lower() for name in adapter.webhook_headers]
    headers = SIGNED[kind](SECRET, body, NOW)
    headers |= {name: topic for name in headers if name.endswith(("topic", "event"))}
    if not signed:
        headers |= data.draw(st.dictionaries(st.sampled_from(names), TEXT, max_size=3))
    delivery = Delivery(headers=headers, body=body, received_at=NOW)
    adapter.is_ping(delivery)
    notice = adapter.read(delivery)
    assert notice.key
    assert notice.order_id is None or (notice.order_id.isascii() and len(notice.order_id) <= 64)
    (notice.key + notice.topic + (notice.order_id or "") + (notice.remark or "")).encode()
    with contextlib.nullcontext() if signed else contextlib.suppress(SignatureInvalid):
        adapter.verify(delivery)
