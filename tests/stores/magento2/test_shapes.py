"""Whatever shape a shop sends: a conserving snapshot, or one of our errors that says why; never anything else."""

import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.errors import Permanent, Problem, Retryable
from app.domain.orders import StoreOrder
from app.stores.magento2 import Adapter
from app.stores.magento2.mapping import needs_memos, needs_shipments, store_order
from app.stores.magento2.placed import contradictions
from app.stores.magento2.settings import Credentials, Settings
from tests.factories import a_buyer, a_line
from tests.stores.asked import an_order, connection, http_to
from tests.stores.magento2.recordings import answer, request, rows
from tests.stores.magento2.test_mapping import edited
from tests.stores.shapes import TORN, examples, mutated
from tests.stores.snapshots import conserves, understood_or_refused

DEFAULTS = Settings()
BUNDLE = answer("064")
BUNDLE["items"] += [{**BUNDLE["items"][0], "item_id": 11, "parent_item_id": 6, "qty_shipped": 1}]
CASES: list[tuple[Any, Any, Any]] = [
    ([answer("043")], rows("040"), rows("044")),
    ([answer("046")], rows("040"), rows("044")),
    ([answer("057")], [], []),
    ([answer("067")], [], []),
    ([rows("028")[0]], [], []),
    ([BUNDLE], [], []),
    (edited(qty_ordered=2, qty_shipped=1), rows("040"), []),
]
KNOWN_FOR = ("complete", "canceled", "closed", "holded", "Gesamtbetrag: 1,00 €", "DHL Retoure", "Gesamtbetrag: ٣,٣٣ €")


def read(chain: Any, shipments: Any, memos: Any) -> tuple[StoreOrder | None, Permanent | None]:
    try:
        for order in chain:
            needs_shipments(order)
            needs_memos(order)
        snapshot = store_order(chain, shipments, memos, DEFAULTS)
        contradictions(chain[0], request("025")["entity"])
    except Permanent as refusal:
        return None, refusal
    return snapshot, None


@settings(max_examples=examples(300), deadline=None)
@given(mutated(CASES, also=KNOWN_FOR, below=2))
def test_a_mutated_order_is_understood_or_refused_with_its_field(sent: tuple[Any, Any, Any]) -> None:
    snapshot, refusal = read(*sent)
    assert understood_or_refused(snapshot, refusal)


@settings(max_examples=examples(150), deadline=None)
@given(
    counters=st.fixed_dictionaries(
        {f"qty_{n}": st.integers(0, 6) for n in ("ordered", "shipped", "canceled", "refunded", "invoiced")}
    ),
    state=st.sampled_from(["new", "processing", "complete", "closed", "canceled", "holded", "payment_review", "odd"]),
    virtual=st.integers(0, 1),
)
def test_units_conserve_whatever_the_shop_counts(counters: dict[str, int], state: str, virtual: int) -> None:
    order = {**answer("064"), "state": state}
    order["items"] = [{**order["items"][0], **counters, "is_virtual": virtual}]
    snapshot = store_order([order], [], [], DEFAULTS)
    assert conserves(snapshot)
    assert not (snapshot.cancelled and snapshot.shipments)


@pytest.mark.parametrize(
    ("field", "value"),
    [("state", None), ("grand_total", "43.975x"), ("order_currency_code", []), ("entity_id", ""), ("items", "x")],
)
def test_a_broken_field_is_named_without_its_value(field: str, value: object) -> None:
    with pytest.raises(Permanent, match=field) as caught:
        store_order([{**answer("024"), field: value}], [], [], DEFAULTS)
    assert "43.975" not in str(caught.value)


def test_float_noise_of_a_total_is_rounded_away() -> None:
    order = {**answer("024"), "grand_total": Decimal("50.820000000000003")}
    assert store_order([order], [], [], DEFAULTS).total == Decimal("50.82")


def adapter(handler: Any) -> Adapter:
    """An adapter whose shop answers what the handler says."""
    credentials = Credentials(base_url="https://shop.example", bearer_token="t")
    return Adapter(connection(credentials, DEFAULTS), http_to(httpx.MockTransport(handler)))


SINCE = datetime(2026, 11, 23, tzinfo=UTC)


async def changed_orders(shop: Adapter) -> list[str]:
    return [order_id async for order_id in shop.changed_orders(SINCE)]


USES: tuple[Callable[[Adapter], Awaitable[object]], ...] = (
    lambda shop: shop.fetch_order("1"),
    lambda shop: shop.find_order("X", SINCE),
    changed_orders,
    lambda shop: shop.create_order(an_order(a_line("SKU-A")), a_buyer()),
    lambda shop: shop.cancel_order("1"),
    lambda shop: shop.ensure_webhooks("https://bridge.example/x"),
    lambda shop: shop.check(),
)
BODIES = TORN | st.sampled_from(
    [b'{"items":null,"total_count":0}', b'{"items":[{}],"total_count":1}', b'{"entity_id":1}',
     b'{"items":[{"entity_id":1}],"total_count":9}', b'{"message":"%a","parameters":{"a":[]}}',
     b'{"items":[{"entity_id":1,"ext_order_id":"X","order_id":2}],"total_count":1}', b'{"message":5,"errors":[{}]}',
     b'[{"id":1,"code":"default","base_currency_code":"EUR"}]',
     b'{"items":[{"id":1,"sku":"SKU-A","type_id":"simple"}],"total_count":1}']
)  # fmt: skip


@settings(max_examples=examples(80), deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from([200, 200, 200, 302, 400, 401, 404, 429, 500]), BODIES), min_size=1, max_size=6)
)
async def test_whatever_the_shop_answers_only_our_errors_come_out(answers: list[tuple[int, bytes]]) -> None:
    def handler(_: httpx.Request) -> httpx.Response:
        calls.append(1)
        if len(calls) > 60:
            return httpx.Response(500)
        status, body = answers[len(calls) % len(answers)]
        return httpx.Response(status, content=body)

    for use in USES:
        calls: list[int] = []
        try:
            await use(adapter(handler))
        except (Permanent, Retryable):
            continue


@pytest.mark.parametrize(
    ("status", "body", "expected", "words"),
    [
        (401, answer("001"), Permanent, "Magento_Sales::actions_view"),
        (404, answer("081"), Permanent, "deleted"),
        (404, answer("082"), Permanent, "any route"),
        (500, answer("084"), Retryable, "500"),
        (400, {"message": "SQLSTATE[HY000]: Lock wait timeout exceeded"}, Retryable, "busy"),
        (400, {"message": "No %1 for %2", "parameters": ["a", "b"]}, Permanent, "No a for b"),
        (429, {}, Retryable, "429"),
    ],
)
async def test_recorded_errors_are_translated_and_their_placeholders_filled(
    status: int, body: Any, expected: type[Exception], words: str
) -> None:
    shop = adapter(lambda _: httpx.Response(status, json=body))
    with pytest.raises(expected, match=words) as caught:
        await shop.fetch_order("1")
    if isinstance(caught.value, Permanent) and status == 401:
        assert caught.value.problem is Problem.CREDENTIALS


async def test_a_timeout_is_retryable() -> None:
    def handler(_: httpx.Request) -> httpx.Response:
        raise httpx.ReadTimeout("late")

    with pytest.raises(Retryable):
        await adapter(handler).fetch_order("1")


async def test_a_list_that_repeats_its_last_page_ends() -> None:
    asked: list[str] = []

    def handler(request: httpx.Request) -> httpx.Response:
        asked.append(urlsplit(str(request.url)).path)
        page = [{"entity_id": n, "order_id": n} for n in range(1, 101)]
        return httpx.Response(200, content=json.dumps({"items": page, "total_count": 150}))

    with pytest.raises(Permanent, match="ignores the filter"):
        await changed_orders(adapter(handler))
    assert len(asked) == 2
