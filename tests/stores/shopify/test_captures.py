"""Captures of real development stores: every order in them is understood and conserves, or it is said why not."""

from decimal import Decimal
from fnmatch import fnmatchcase
from typing import Any

from app.domain.errors import Permanent
from app.domain.orders import StoreOrder
from app.stores.shopify.mapping import store_order
from app.stores.shopify.settings import Settings
from tests.stores.shopify.recordings import capture, captures, orders_in
from tests.stores.shopify.shapes import bag
from tests.stores.snapshots import conserves

NO_LINES = "its answers show orders without their lines, or no order at all"
NO_RETURNED_LINES = "its answers show returns without saying of which lines"
WEBHOOKS = "about webhook subscriptions, no order in it"
REFUSED = "a call that was refused: no order in it"
HEAD_ONLY = "selects an order's status, money or fulfillment orders, never its lines"
NOT_ORDERS = "about settings, stock or the schema, no order in it"
NOT_UNDERSTOOD = {
    "*_webhooks_*": WEBHOOKS,
    "b_*-missing-*": REFUSED,
    "b_*-inline-null-*": REFUSED,
    "b_*_fulfillment-create-invalid-id.json": REFUSED,
    "b_*_order-empty-state.json": "an order that is not there",
    "b_*_order-update-parity.json": HEAD_ONLY,
    "b_*_order-update-unknown-id.json": HEAD_ONLY,
    "*_fulfillment-unknown-not-found.json": REFUSED,
    "*_order-create-validation-matrix*.json": REFUSED,
    "*-usererror-no-code.json": REFUSED,
    "*_return-decline-request-validation.json": REFUSED,
    "*_shipping-user-error-codes.json": REFUSED,
    "*-package-pickup-constraints.json": NOT_ORDERS,
    "*_shipping-service-mutation-first-hydration.json": NOT_ORDERS,
    "*_products_*": NOT_ORDERS,
    "*_return-reverse-logistics-introspection.json": NOT_ORDERS,
    "*-cleanup.json": NOT_ORDERS,
    "*_order-create-fulfillment-assigned-location.json": HEAD_ONLY,
    "*_orderC*-parity.json": HEAD_ONLY,
    "*_orderOpen-*.json": HEAD_ONLY,
    "*_orderClose-noop-*.json": HEAD_ONLY,
    "*_orderCreate-state-derived-*.json": HEAD_ONLY,
    "*_order-catalog-count-read.json": HEAD_ONLY,
    "*_order-delete-snapshot-staging.json": HEAD_ONLY,
    "*_order-edit-commit-derived-statuses.json": HEAD_ONLY,
    "*_order-edit-commit-success-messages.json": HEAD_ONLY,
    "*_orderCancel-error-messages.json": HEAD_ONLY,
    "*_orderMarkAsPaid-*.json": HEAD_ONLY,
    "*_orderUpdate-input-validation.json": HEAD_ONLY,
    "*_refund-create-attribution-validation.json": HEAD_ONLY,
    "*_fulfillment-order-mixed-catalog-lifecycle.json": HEAD_ONLY,
    "*_fulfillment-order-request-lifecycle.json": HEAD_ONLY,
    "*_fulfillment-order-set-deadline-closed-not-found.json": HEAD_ONLY,
}
"""Captures (by pattern) that hold no order our mapping could read, and why."""
UNDERSTOOD_IN_SPITE = {
    "2026-04_orders_orderCancel-restock-refundMethod-parity.json": "its fulfillment orders show the lines",
}


def complete(order: dict[str, Any]) -> dict[str, Any]:
    """Stands in for fields an answer did not select, where another one that it did select says the same.

    Lines are found in the fulfillment orders as well; an order without a total gets zero, which checks its units only.
    """
    total = order.get("totalPriceSet") or order.get("currentTotalPriceSet") or order.get("originalTotalPriceSet")
    return {**order, "totalPriceSet": total or bag("0.0"), "lineItems": {"nodes": _lines(order)}}


def _lines(order: dict[str, Any]) -> list[dict[str, Any]]:
    listed = order.get("lineItems", {}).get("nodes") or []
    if listed:
        return [{"id": f"gid://shopify/LineItem/{i}", **line} for i, line in enumerate(listed, 1)]
    found: dict[str, dict[str, Any]] = {}
    for work in order.get("fulfillmentOrders", {}).get("nodes", []):
        for entry in work.get("lineItems", {}).get("nodes", []):
            line = entry.get("lineItem", {})
            if "id" in line:
                found[line["id"]] = {"quantity": entry.get("totalQuantity"), **line}
    return list(found.values())


def reason(order: dict[str, Any]) -> str | None:
    lines = _lines(order)
    if not lines or any(line.get("quantity") is None for line in lines):
        return NO_LINES
    back = [x for r in order.get("returns", {}).get("nodes", []) for x in r.get("returnLineItems", {}).get("nodes", [])]
    return NO_RETURNED_LINES if any("fulfillmentLineItem" not in x for x in back) else None


def test_every_captured_order_is_understood_and_conserves() -> None:
    understood: dict[str, int] = {}
    reasons: dict[str, set[str]] = {}
    for name in captures():
        for order in orders_in(capture(name)) or [{}]:
            why = reason(order)
            if why:
                reasons.setdefault(name, set()).add(why)
                continue
            snapshot = store_order(complete(order), Settings())
            assert conserves(snapshot), (name, order["id"])
            assert all(refund.amount > 0 for refund in snapshot.refunds), (name, order["id"])
            said = order.get("totalRefundedSet")
            whole = order.get("refunds") is not None and all("id" in r for r in order["refunds"])
            if said and whole and not snapshot.contradictions:
                assert sum((r.amount for r in snapshot.refunds), Decimal(0)) == Decimal(said["shopMoney"]["amount"]), (
                    name
                )
            understood[name] = understood.get(name, 0) + 1
    if captures():
        print(f"{sum(understood.values())} states of orders understood in {len(understood)} captures")
        listed = {n for n in captures() if any(fnmatchcase(n, p) for p in NOT_UNDERSTOOD)} - set(UNDERSTOOD_IN_SPITE)
        assert set(captures()) - set(understood) == listed
        assert set(reasons) >= listed


def test_no_capture_makes_the_mapping_fail_in_an_unforeseen_way() -> None:
    """Also the answers it cannot read, as they are: with a Permanent that names the field."""
    for name in captures():
        for order in orders_in(capture(name)):
            why = "expected"
            try:
                store_order(order, Settings())
            except Permanent as e:
                why = str(e)
            assert "expected" in why, name


def last(name: str) -> StoreOrder | None:
    """The last state of the last order a capture shows; None where there are no captures."""
    if name not in captures():
        return None
    states = [order for order in orders_in(capture(name)) if reason(order) is None]
    return store_order(complete(states[-1]), Settings())


def units(snapshot: StoreOrder) -> list[tuple[int, int, int, int]]:
    return [(x.quantity, x.shipped, x.cancelled, x.returned) for x in snapshot.lines]


def test_a_cancelled_order_has_no_units_left_and_its_money_back() -> None:
    if seen := last("2026-04_orders_orderCancel-restock-refundMethod-parity.json"):
        assert (seen.cancelled, units(seen)) == (True, [(2, 0, 2, 0)])
        assert [(r.refund_id, r.amount) for r in seen.refunds] == [("1024353632562", Decimal("20.00"))]


def test_a_line_edited_away_is_cancelled() -> None:
    if seen := last("2026-04_orders_order-edit-existing-order-zero-removal.json"):
        assert units(seen) == [(2, 0, 0, 0), (1, 0, 0, 0), (1, 0, 1, 0)]
    if seen := last("2026-04_orders_order-edit-commit-history-and-fulfillment-orders.json"):
        assert units(seen)[0] == (3, 0, 2, 0)


def test_a_refund_of_units_that_never_left_cancels_them_whatever_its_type() -> None:
    for name in ("refund-create-partial-shipping-restock-parity", "refund-create-full-parity"):
        if seen := last(f"2025-01_orders_{name}.json"):
            assert [(x.shipped, x.cancelled, x.returned) for x in seen.lines] == [(0, 1, 0)]
            assert [r.amount for r in seen.refunds] == [Decimal("15.00")]


def test_several_tracking_numbers_of_one_fulfillment_are_all_read() -> None:
    if seen := last("2025-01_orders_fulfillment-multi-tracking-info.json"):
        assert [s.carrier for s in seen.shipments] == ["DHL"]
        assert len(seen.shipments[0].codes) == 2


def test_a_fulfillment_cancelled_after_its_code_was_known_is_for_a_person() -> None:
    if seen := last("2025-01_orders_fulfillment-cancel-parity.json"):
        assert (units(seen), seen.shipments) == ([(1, 0, 0, 0)], ())
        assert [c.rule for c in seen.contradictions] == ["fulfillment_cancelled"]
