"""What a shop made of an order, drafts it left behind, and answers that are hardly readable."""

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from app.domain.errors import Permanent, Problem, Retryable
from app.stores.woocommerce import placed
from app.stores.woocommerce.client import code_of, parsed
from app.wire.http import Answer, Refused
from tests.factories import a_buyer, a_line
from tests.stores.asked import KANNE, an_order
from tests.stores.woocommerce.recordings import answer, request
from tests.stores.woocommerce.shops import FakeShop


def made(**changes: Any) -> dict[str, Any]:
    return {**answer("017"), **changes}


@pytest.mark.parametrize(
    ("changes", "rules"),
    [
        ({}, []),
        ({"total": "78.93"}, ["total_differs"]),
        ({"currency": "CHF"}, ["currency_differs"]),
        ({"billing": {**answer("017")["billing"], "address_1": ""}}, ["address_lost"]),
        ({"billing": [], "shipping": {}}, ["address_lost", "address_lost"]),
        ({"line_items": [{"id": 1, "product_id": 0}]}, ["line_without_product"]),
    ],
)
def test_an_order_the_shop_made_otherwise_is_told(changes: dict[str, Any], rules: list[str]) -> None:
    found = placed.contradictions(made(**changes), request("017"), Decimal("78.94"))
    assert [c.rule for c in found] == rules
    assert "Jörg" not in str(found)


def test_a_recorded_unknown_product_would_be_noticed() -> None:
    rules = [c.rule for c in placed.contradictions(answer("041"), request("041"), Decimal("3.99"))]
    assert rules == ["line_without_product"]


def test_a_recorded_long_phone_would_be_noticed() -> None:
    emptied = {"billing": dict.fromkeys(answer("017")["billing"], "")}
    assert [c.rule for c in placed.contradictions(made(**emptied), request("017"), Decimal("78.94"))] == [
        "address_lost"
    ]


@pytest.mark.parametrize(("age", "seen"), [(timedelta(minutes=3), True), (timedelta(hours=2), False)])
async def test_a_draft_is_waited_for_while_it_may_still_grow(age: timedelta, *, seen: bool) -> None:
    now = datetime.now(UTC)
    shop = FakeShop(clock=lambda: now - age, fail_creates=1)
    shop.world.faults.add(method="DELETE", path="*/wc/v3/orders/*", kind="status", status=500)
    placed_order = an_order(a_line(KANNE))
    with pytest.raises(Permanent, match="its draft"):
        await shop.adapter().create_order(placed_order, a_buyer())
    assert [order.state for order in shop.store.orders(None, None)] == ["checkout-draft"]
    wanted = placed_order.purchase.idealo_order_id
    if seen:
        with pytest.raises(Retryable, match="still a draft"):
            await shop.adapter().find_order(wanted, now - timedelta(hours=3))
    else:
        assert await shop.adapter().find_order(wanted, now - timedelta(hours=3)) is None


@pytest.mark.parametrize(
    "noise", [b"", b"\xef\xbb\xbf", b"<br />\n<b>Notice</b>: Undefined index in <b>x.php</b><br />"]
)
def test_json_is_read_behind_a_byte_order_mark_and_php_notices(noise: bytes) -> None:
    assert parsed(Answer(200, {}, noise + b'{"id": 18}', "GET /x")) == {"id": 18}
    refused = Refused(Problem.REJECTED, "x", 404, noise + b'{"code": "rest_no_route"}')
    assert code_of(refused) == "rest_no_route"


@pytest.mark.parametrize("body", [b"", b'{"id": 18', b"<html>{</html>", b"Fatal error"])
def test_an_answer_that_is_cut_off_may_come_again(body: bytes) -> None:
    with pytest.raises(Retryable):
        parsed(Answer(200, {}, body, "GET /x"))


def test_an_answer_nested_without_end_is_refused() -> None:
    deep = json.dumps({"a": 1}).encode().replace(b"1", b"[" * 200_000 + b"]" * 200_000)
    with pytest.raises(Permanent):
        parsed(Answer(200, {}, deep, "GET /x"))
