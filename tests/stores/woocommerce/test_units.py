"""Cancelled or returned: what refunds mean before and after goods have left."""

from decimal import Decimal
from typing import Any

import pytest

from app.stores.woocommerce.settings import Settings
from tests.stores.woocommerce.recordings import answer
from tests.stores.woocommerce.test_mapping import PARCEL, understood


def refund(units: int, at: str, *, line: int = 13, refund_id: int = 90, amount: str = "19.99") -> dict[str, Any]:
    return {
        "id": refund_id,
        "amount": amount,
        "date_created_gmt": at,
        "line_items": [{"quantity": -units, "meta_data": [{"key": "_refunded_item_id", "value": str(line)}]}],
    }


def completed(at: str, **changes: Any) -> dict[str, Any]:
    return {**answer("022"), "status": "completed", "date_completed_gmt": at, **changes}


@pytest.mark.parametrize(
    ("refunded_at", "units"),
    [("2026-11-24T08:59:59", (2, 1, 0)), ("2026-11-24T09:00:00", (3, 0, 1)), ("2026-11-24T09:00:01", (3, 0, 1))],
)
def test_a_refund_before_shipping_cancels_and_from_then_on_returns(
    refunded_at: str, units: tuple[int, int, int]
) -> None:
    line = understood(completed("2026-11-24T09:00:00"), [refund(1, refunded_at)]).lines[0]
    assert (line.shipped, line.cancelled, line.returned) == units


def test_a_days_midnight_of_a_plugin_yields_to_the_completion_of_that_day() -> None:
    item = {"tracking_number": "00340434161094015902", "date_shipped": "1795392000", "tracking_id": "a"}
    order = completed("2026-11-23T15:00:00", meta_data=[{"key": "_wc_shipment_tracking_items", "value": [item]}])
    line = understood(order, [refund(1, "2026-11-23T10:00:00")]).lines[0]
    assert (line.shipped, line.cancelled, line.returned) == (2, 1, 0)


def test_where_parcels_name_items_a_refund_takes_the_unshipped_first() -> None:
    parcel = {
        "id": 7,
        "is_fulfilled": True,
        "meta_data": [
            {"key": "_items", "value": [{"item_id": 13, "qty": 2}]},
            {"key": "_tracking_number", "value": PARCEL},
        ],
    }
    order = answer("022")
    late = "2026-11-30T10:00:00"
    cases = [(order, 1, (2, 1, 0)), (order, 2, (2, 1, 1)), (completed("2026-11-24T09:00:00"), 1, (2, 1, 0))]
    for given, units, expected in cases:
        line = understood(given, [refund(units, late)], [parcel]).lines[0]
        assert (line.shipped, line.cancelled, line.returned) == expected


def test_status_refunded_without_lines_cancels_unshipped_goods() -> None:
    money = {"id": 91, "amount": "113.76", "date_created_gmt": "2026-11-25T09:00:00", "line_items": []}
    snapshot = understood({**answer("022"), "status": "refunded"}, [money])
    assert snapshot.cancelled
    assert all(x.cancelled == x.quantity for x in snapshot.lines)
    assert [r.amount for r in snapshot.refunds] == [Decimal("113.76")]


def test_status_refunded_without_lines_on_a_shipped_order_is_money_unless_the_merchant_says_return() -> None:
    money = {"id": 91, "amount": "113.76", "date_created_gmt": "2026-11-25T09:00:00", "line_items": []}
    order = completed("2026-11-24T09:00:00", status="refunded")
    assert [(x.cancelled, x.returned) for x in understood(order, [money]).lines] == [(0, 0), (0, 0)]
    back = understood(order, [money], settings=Settings(full_refund_means="return"))
    assert [(x.cancelled, x.returned) for x in back.lines] == [(0, 3), (0, 2)]


def test_a_refund_that_names_no_line_is_for_a_person_or_joined_by_its_product() -> None:
    unnamed = refund(1, "2026-11-24T09:00:00")
    unnamed["line_items"][0] |= {"meta_data": [], "product_id": 11, "variation_id": 0}
    assert understood(answer("022"), [unnamed]).lines[0].cancelled == 1
    unnamed["line_items"][0] |= {"product_id": 99}
    snapshot = understood(answer("022"), [unnamed])
    assert [c.rule for c in snapshot.contradictions] == ["refund_names_no_line"]
    assert snapshot.lines[0].cancelled == 0


def test_a_refund_over_nothing_moves_no_money() -> None:
    snapshot = understood(answer("022"), [refund(1, "2026-11-24T09:00:00", amount="0.00")])
    assert snapshot.refunds == ()
    assert snapshot.lines[0].cancelled == 1
