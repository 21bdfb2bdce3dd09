"""The four writes a merchant has at idealo: order number, fulfillment, revocation, refund."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from sandbox.idealo import lifecycle
from sandbox.idealo.generator import snakeoil
from sandbox.idealo.problems import Problem, conflict, invalid
from sandbox.idealo.requests import CARRIERS, Fulfillment, RefundWish, Revocation
from sandbox.idealo.state import IdealoState
from sandbox.idealo.values import Order, Refund

REFUNDABLE_PAYMENT: Final = "IDEALO_CHECKOUT_PAYMENTS"
REFUND_PERIOD: Final = timedelta(days=60)
NOT_PAID_BY_IDEALO: Final = "Initial payment was not handled by idealo"


def set_number(state: IdealoState, order: Order, number: str) -> bool:
    """Store the merchant's own number, once for all; False when it was stored before. Problem 409 on another one."""
    knobs = state.knobs
    if order.merchant_order_number is not None:
        if order.merchant_order_number != number:
            raise conflict("Another merchant order number is already set for this order.")
        if knobs.text("same_number_again") == "conflict":
            raise conflict("The merchant order number is already set for this order.")
        return False
    if order.status != "PROCESSING" and knobs.text("number_after_processing") == "conflict":
        raise conflict(f"The merchant order number cannot be set while the order is {order.status}.")
    if knobs.text("number_of_another_order") == "conflict" and any(
        other.merchant_order_number == number for other in state.orders.values() if other.shop_id == order.shop_id
    ):
        raise conflict("The merchant order number is already used for another order.")
    order.merchant_order_number = number
    order.updated = state.now()
    state.touched(order)
    return True


def fulfill(state: IdealoState, order: Order, report: Fulfillment) -> bool:
    """Mark as shipped and add the parcels; repeating it adds parcels. Problem 409 when nothing is left to ship."""
    knobs = state.knobs
    now = state.now()
    status = "COMPLETED"
    if order.status == "REVOKED":
        raise conflict("The order is revoked.")
    if order.status == "REVOKING" and (knobs.text("fulfillment_while_revoking") == "conflict" or order.units_left == 0):
        raise conflict("The order is being revoked.")
    if order.status == "PARTIALLY_REVOKED" and knobs.text("fulfillment_partially_revoked") == "keep":
        status = order.status
    changed = status != order.status or bool(report.codes)
    order.cancellation = None
    order.revoked_at = None
    order.revokes_once_seen = False
    order.completed_at = order.completed_at or now
    order.tracking.extend({"code": code, "carrier": report.carrier} for code in report.codes)
    if report.carrier is not None and report.carrier not in CARRIERS:
        state.note_carrier(report.carrier)
    lifecycle.enter(order, status, now, "fulfillment")
    state.touched(order)
    return changed


def revoke(state: IdealoState, order: Order, report: Revocation) -> bool:
    """Lower the units that stay in the order; False when they are as low already.

    Problem 400 for an SKU that is not in the order or more units than were ordered, 409 for more than are left.
    """
    knobs = state.knobs
    skus = list(dict.fromkeys(line.sku for line in order.lines)) if report.sku is None else [report.sku]
    if report.sku is not None:
        _check_revocation(state, order, report, report.sku)
    if not any(order.remaining_of(sku) > report.remaining for sku in skus):
        return False
    if order.completed_at and report.reason != "RETOUR" and knobs.text("reason_after_shipping") == "conflict":
        raise conflict("The order has been shipped; the reason must be RETOUR.")
    for sku in skus:
        lifecycle.lower(order, sku, report.remaining)
    now = state.now()
    if order.units_left == 0:
        _all_revoked(state, order, now, report.reason)
    elif order.status == "REVOKING":
        _maybe_grant(state, order, now)
    else:
        lifecycle.enter(order, "PARTIALLY_REVOKED", now, f"revocation {report.reason}")
    order.updated = now
    state.touched(order)
    return True


def _check_revocation(state: IdealoState, order: Order, report: Revocation, sku: str) -> None:
    lines = order.lines_of(sku)
    if not lines:
        raise invalid("sku", "is not part of this order")
    if len(lines) > 1 and state.knobs.text("same_sku_twice") == "conflict":
        raise conflict("Several line items have this SKU.")
    if report.remaining > sum(line.quantity for line in lines):
        raise invalid("remainingQuantity", "must not be higher than the ordered quantity")
    if report.remaining > order.remaining_of(sku) and state.knobs.text("raising_remaining") == "conflict":
        raise conflict("The remaining quantity cannot be raised.")


def _all_revoked(state: IdealoState, order: Order, now: datetime, reason: str) -> None:
    cause = f"revocation {reason}"
    if order.revoked_at is not None:
        return
    order.cancellation = None
    order.revokes_once_seen = False
    if state.knobs.text("own_revocation") == "direct":
        lifecycle.enter(order, lifecycle.status_of_what_is_left(order, state.knobs), now, cause)
        return
    lifecycle.enter(order, "REVOKING", now, cause)
    order.revoked_at = now + timedelta(seconds=state.knobs.number("revoking_seconds"))


def _maybe_grant(state: IdealoState, order: Order, now: datetime) -> None:
    """A buyer's partial wish is granted once no more units remain than he wants to keep."""
    wish = order.cancellation
    if wish is None or order.revoked_at is not None:
        return
    if all(order.remaining_of(sku) <= remaining for sku, remaining in wish.remaining.items()):
        order.revoked_at = now + timedelta(seconds=state.knobs.number("revoking_seconds"))


def refund(state: IdealoState, order: Order, wish: RefundWish) -> bool:
    """Take a refund on; its result comes later. Problem 400 for another currency, 409 (U20) with a `reason`."""
    knobs = state.knobs
    if wish.currency != order.currency and knobs.text("refund_foreign_currency") == "reject":
        raise invalid("currency", f"must be {order.currency}")
    failure = order.refund_failure
    if order.payment_method != REFUNDABLE_PAYMENT:
        if knobs.text("refund_of_other_payment") == "reject":
            raise _rejected(
                state,
                "ORDER_NOT_PAID_USING_IDEALO_CHECKOUT_PAYMENTS",
                "The order was not paid using idealo Checkout Payments.",
            )
        failure = NOT_PAID_BY_IDEALO
    now = state.now()
    if _too_late(state, order, now):
        raise _rejected(state, "REFUND_PERIOD_EXCEEDED", "The refund period of 60 days has been exceeded.")
    counted = [item for item in order.refunds if item.status != "FAILED" or knobs.text("failed_refunds_count") == "yes"]
    if sum((item.amount for item in counted), Decimal(0)) + wish.amount > order.gross_price:
        raise _rejected(
            state,
            "REFUND_AMOUNT_EXCEEDS_ORDER_PRICE",
            "The requested refund is higher than the amount that is left on this order.",
        )
    order.refunds.append(_new_refund(state, order, wish, failure, now))
    order.updated = now
    state.touched(order)
    return True


def _new_refund(state: IdealoState, order: Order, wish: RefundWish, failure: str | None, now: datetime) -> Refund:
    dice = state.random("refunds")
    return Refund(
        id=snakeoil(dice, 20),
        transaction_id="n/a" if order.payment_method != REFUNDABLE_PAYMENT else snakeoil(dice, 16),
        status="OPEN",
        amount=wish.amount,
        currency=wish.currency,
        created=now,
        updated=now,
        final_at=now + timedelta(seconds=state.knobs.number("refund_seconds")),
        final_status="FAILED" if failure is not None else state.refund_status(),
        final_failure=failure,
        microseconds=len(order.refunds) % 2 == 1,
    )


def _too_late(state: IdealoState, order: Order, now: datetime) -> bool:
    rule = state.knobs.text("refund_period_from")
    start = {"completion": order.completed_at, "created": order.created}.get(rule)
    return start is not None and now > start + REFUND_PERIOD


def _rejected(state: IdealoState, reason: str, title: str) -> Problem:
    return Problem(state.knobs.number("status_refund_rejected"), title, reason=reason)
