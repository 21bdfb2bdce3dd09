"""orderCancel: refused at once or done a moment later by a job."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from sandbox.stores.shopify import refunding
from sandbox.stores.shopify.errors import UserError
from sandbox.stores.shopify.model import Order, RestockType
from sandbox.stores.shopify.refunding import Plan, Taken
from sandbox.stores.shopify.rest_order import order_body
from sandbox.stores.shopify.state import Shop
from sandbox.stores.shopify.store_model import Job
from sandbox.stores.shopify.units import refunded_shipping, totals, units

_NOTE_LENGTH = 255


def request(shop: Shop, order: Order, values: Mapping[str, Any]) -> Job:
    """Check (UserError, recorded messages) and queue the cancellation; `values` are the mutation's arguments."""
    if len(values.get("staffNote") or "") > _NOTE_LENGTH:
        message = "Staff note is too long. Maximum length is 255 characters."
        raise UserError(["staffNote"], message, "INVALID")
    if values.get("refund") is not None and values.get("refundMethod") is not None:
        message = "Only one of the arguments `refund` or `refund_method` is allowed."
        raise UserError(["refund"], message, "INVALID")
    if order.cancelled is not None:
        message = "Cannot cancel an order that has already been canceled"
        raise UserError(["orderId"], message, "INVALID")
    if _went_out_paid(order):
        message = "Cannot cancel an order that has outstanding fulfillments"
        raise UserError(["orderId"], message, "INVALID")
    method = values.get("refundMethod") or {}
    job = Job(
        id=shop.new_uuid("job"),
        order_id=order.id,
        due=shop.world.now() + timedelta(seconds=shop.options.job_seconds),
        arguments={
            "reason": values["reason"],
            "restock": values["restock"],
            "pays": bool(values.get("refund") or method.get("originalPaymentMethodsRefund")),
            "note": values.get("staffNote"),
        },
    )
    shop.jobs[job.id] = job
    shop.touch(job)
    return job


def carry_out(shop: Shop, job: Job) -> None:
    """Cancel: every unit out, fulfillment orders closed and empty, closed and archived. Two jobs do it once."""
    order = shop.orders.get(job.order_id)
    if order is None or order.cancelled is not None or _went_out_paid(order):
        return
    money = totals(order)
    kind: RestockType = "CANCEL" if job.arguments["restock"] else "NO_RESTOCK"
    taken: Taken = [(line, units(order, line).open, kind) for line in order.lines if units(order, line).open]
    amount = money.net_payment if job.arguments["pays"] else money.net_payment * 0
    left_shipping = money.shipping - refunded_shipping(order)
    if taken or amount:
        plan = Plan(taken=taken, amount=amount, shipping=left_shipping if amount else money.shipping * 0)
        refunding.carry_out(shop, order, plan, tell_order=False)
    order.cancelled = order.closed = shop.now()
    order.cancel_reason, order.staff_note = job.arguments["reason"], job.arguments["note"]
    for work in order.work_orders:
        work.status, work.updated = "CLOSED", shop.now()
        for entry in work.lines:
            entry.total = entry.remaining = 0
    shop.save(order)
    shop.fire("orders/cancelled", order_body(shop, order))
    shop.fire("orders/updated", order_body(shop, order))


def _went_out_paid(order: Order) -> bool:
    """Only paid orders with fulfillments were refused; unpaid ones were cancelled, even with open returns (captures
    fulfillment-create-name, return-quantity-validation).
    """
    return totals(order).received > 0 and any(one.status == "SUCCESS" for one in order.fulfillments)
