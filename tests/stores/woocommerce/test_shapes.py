"""Whatever shape a shop sends: a conserving snapshot or a Permanent that names the field, never anything else."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.errors import Permanent
from app.domain.orders import StoreOrder
from app.stores.woocommerce.mapping import needs_fulfillments, refund_ids, store_order
from app.stores.woocommerce.placed import still_wrong
from app.stores.woocommerce.settings import Settings, TrackingRule
from tests.stores.shapes import examples, mutated
from tests.stores.snapshots import conserves, understood_or_refused
from tests.stores.woocommerce.recordings import answer

SHIPTASTIC = [
    {
        "id": 31,
        "type": "simple",
        "status": "shipped",
        "shipping_provider": "dhl",
        "tracking_id": "00340434161094015902",
        "date_sent_gmt": "2026-11-23T08:32:00",
        "items": [{"order_item_id": 43, "quantity": 1}],
    },
    {"id": 32, "type": "return", "status": "delivered", "items": [{"order_item_id": 43, "quantity": 1}]},
]
HELD = [{"key": "_idealo_held", "value": "total_differs:1.00"}, {"key": "_idealo_total", "value": "44.00"}]
CASES: list[tuple[Any, Any, Any]] = [
    (answer("022"), answer("023"), []),
    (answer("022"), [answer("027"), answer("025")], []),
    (answer("050"), [], answer("049")),
    (answer("055"), [], []),
    (answer("019"), [], []),
    (answer("029"), [], []),
    ({**answer("050"), "shipments": SHIPTASTIC}, [], answer("049")),
    ({**answer("032"), "meta_data": HELD}, [], []),
]
RULES = (TrackingRule(meta_key="_wc_shipment_tracking_items", path="*.tracking_number", counts="when_present"),)
KNOWN_FOR = ("completed", "cancelled", "refunded", "trash", '[{"tracking_number": 5}]', '{"a": [', 'a:1:{i:0;s:1:"x";}')
SETTINGS = st.builds(
    Settings,
    trashed_means=st.sampled_from(["ask", "cancelled"]),
    full_refund_means=st.sampled_from(["refund", "return"]),
    tracking_meta=st.sampled_from([(), RULES]),
)


def read(order: Any, refunds: Any, fulfillments: Any, chosen: Settings) -> tuple[StoreOrder | None, Permanent | None]:
    try:
        snapshot = store_order(order, refunds, fulfillments, chosen)
        needs_fulfillments(order, chosen)
        refund_ids(order)
        still_wrong(order)
    except Permanent as refusal:
        return None, refusal
    return snapshot, None


@settings(max_examples=examples(400), deadline=None)
@given(mutated(CASES, also=KNOWN_FOR, below=1), SETTINGS)
def test_a_mutated_order_is_understood_or_refused_with_its_field(sent: tuple[Any, Any, Any], chosen: Settings) -> None:
    snapshot, refusal = read(*sent, chosen)
    assert understood_or_refused(snapshot, refusal)


@settings(max_examples=examples(150), deadline=None)
@given(
    quantity=st.integers(0, 6),
    fulfilled=st.integers(0, 8),
    completed=st.booleans(),
    refunds=st.lists(st.tuples(st.integers(0, 4), st.integers(0, 59)), max_size=4),
    returned=st.integers(0, 7),
    status=st.sampled_from(["processing", "completed", "cancelled", "refunded", "trash", "partial-shipped", "other"]),
)
def test_units_conserve_whatever_happened_in_whatever_order(
    quantity: int,
    fulfilled: int,
    completed: bool,  # noqa: FBT001 - hypothesis passes by name
    refunds: list[tuple[int, int]],
    returned: int,
    status: str,
) -> None:
    order = {**answer("050"), "status": status}
    order["date_completed_gmt"] = "2026-11-24T10:30:00" if completed else None
    order["line_items"] = [{**order["line_items"][0], "quantity": quantity}]
    order["shipments"] = [{**SHIPTASTIC[1], "items": [{"order_item_id": 43, "quantity": returned}]}] if returned else []
    parcels = answer("049")[:1]
    parcels[0]["meta_data"][0]["value"] = [{"item_id": 43, "qty": fulfilled}]
    given_back = [
        {
            "id": 100 + i,
            "amount": "1.00",
            "date_created_gmt": f"2026-11-24T10:{minute:02d}:00",
            "line_items": [{"quantity": -units, "meta_data": [{"key": "_refunded_item_id", "value": "43"}]}],
        }
        for i, (units, minute) in enumerate(refunds)
    ]
    snapshot = store_order(order, given_back, parcels if fulfilled else [], Settings())
    assert conserves(snapshot)
    assert not (snapshot.cancelled and snapshot.lines[0].shipped)


@pytest.mark.parametrize(
    ("field", "value"),
    [("status", None), ("total", "43.975"), ("line_items", None), ("currency", []), ("meta_data", 5), ("id", "")],
)
def test_a_broken_field_is_named_without_its_value(field: str, value: object) -> None:
    with pytest.raises(Permanent, match=field) as caught:
        store_order({**answer("013")[0], field: value}, [], [], Settings())
    assert "43.975" not in str(caught.value)
