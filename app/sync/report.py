"""Decisions about what the store shows: tell idealo of parcels, of units, of money."""

from datetime import timedelta

from app.domain import events as e
from app.domain.errors import Retryable
from app.domain.orders import IdealoOrder, RevocationReason
from app.sync.actions import SendFulfillment, SendRefund, SendRevocation
from app.sync.case import Case
from app.sync.decision import Decision, Do, Later, Nothing, conflict

SHOWN_AFTER = timedelta(minutes=2)
"""idealo takes shipments and refunds with 202 and works them off later: so long its order may not show them yet."""
SOME_CARRIER = "Sonstige"
"""idealo wants a carrier beside a tracking code; a name off its list is accepted and loses the tracking link."""


async def shipment(case: Case) -> Decision:
    event = case.record.event
    assert isinstance(event, e.ShipmentCreated)  # noqa: S101 - _DECIDERS pairs them
    idealo = await case.at_idealo()
    known = {p.code for p in idealo.parcels}
    if event.code is not None and event.code in known:
        return Nothing(f"idealo knows {event.code} already")
    if event.code is None:
        waits = await _without_code(case, event, idealo)
        if waits:
            return waits
    if idealo.revoked:
        raise conflict("goods have left, but the order is revoked at idealo; agree with the buyer")
    carrier = event.carrier or case.settings.default_carrier
    _wait_until_shown(case)
    if event.code is None:
        return Do(SendFulfillment(carrier=None, codes=()))
    mates = [
        r.event.code
        for r in case.others()
        if isinstance(r.event, e.ShipmentCreated)
        and r.state == "pending"
        and (r.event.shipment_id, r.event.carrier) == (event.shipment_id, event.carrier)
        and r.event.code not in known
        and r.event.code is not None
    ]
    return Do(SendFulfillment(carrier=carrier or SOME_CARRIER, codes=(event.code, *mates)))


async def _without_code(case: Case, event: e.ShipmentCreated, idealo: IdealoOrder) -> Nothing | Later | None:
    if idealo.shipped:
        return Nothing("idealo knows that the goods have left")
    mine = [s for s in (await case.in_store()).shipments if s.shipment_id == event.shipment_id]
    if not mine:
        return Nothing("the store no longer shows this shipment; what it shows instead has its own event")
    if any(s.codes for s in mine) or _has_coded_mate(case, event):
        return Nothing("a tracking code has appeared and is reported instead")
    ripe = case.record.recorded_at + timedelta(minutes=case.settings.tracking_grace_minutes)
    return Later(ripe, "waiting for a tracking code") if case.now < ripe else None


def _has_coded_mate(case: Case, event: e.ShipmentCreated) -> bool:
    return any(
        isinstance(r.event, e.ShipmentCreated) and r.event.code and r.event.shipment_id == event.shipment_id
        for r in case.others()
    )


async def units(case: Case) -> Decision:
    event = case.record.event
    assert isinstance(event, e.LineCancelled | e.LineReturned)  # noqa: S101 - _DECIDERS pairs them
    idealo = await case.at_idealo()
    held = idealo.remaining.get(event.sku)
    if held is None:
        raise conflict(f"idealo's order has no SKU {event.sku}")
    if held <= event.remaining:
        return Nothing(f"idealo counts {held} of {event.sku} already")
    if isinstance(event, e.LineReturned) or idealo.shipped:
        reason = RevocationReason.RETURNED
    elif idealo.revocation_wanted or any(r.event.type == "order.revoked" for r in case.history):
        reason = RevocationReason.BUYER_CANCELLED
    else:
        reason = RevocationReason.MERCHANT_CANCELLED
    return Do(SendRevocation(sku=event.sku, remaining=event.remaining, reason=reason))


async def refund(case: Case) -> Decision:
    event = case.record.event
    assert isinstance(event, e.RefundIssued)  # noqa: S101 - _DECIDERS pairs them
    bought = case.purchase
    if not bought.refundable:
        return Nothing(f"paid by {bought.payment_method}: pay back at the payment provider; recorded here")
    if event.currency != bought.currency:
        raise conflict(f"refund in {event.currency} for an order in {bought.currency}")
    listed = await case.idealo.refunds(case.order.idealo_order_id)
    # A refund carries no reference at idealo: compare how many of this amount are there with how many ought to be. One
    # that failed there counts, it was told once and has a conflict of its own.
    there = sum(r.amount == event.amount for r in listed)
    owed = 1 + sum(_stands_at_idealo(case, r.id) for r in case.others() if _same_amount(r.event, event))
    if there >= owed:
        return Nothing(f"idealo lists {there} refund(s) of {event.amount} already")
    given = sum((r.amount for r in listed if not r.failed), event.amount - event.amount)
    if given + event.amount > bought.total:
        msg = (
            f"a refund of {event.amount} on top of {given} exceeds the order's {bought.total}; "
            "correct it in the store and dismiss this event, or pay the rest back outside idealo"
        )
        raise conflict(msg)
    _wait_until_shown(case)
    return Do(SendRefund(amount=event.amount, currency=event.currency))


def _wait_until_shown(case: Case) -> None:
    """After a call with a lost answer idealo may not show its effect yet: telling it again would pay or ship twice."""
    shown_at = max(case.ends_of_tries(), default=case.now - SHOWN_AFTER) + SHOWN_AFTER
    if case.now < shown_at:
        msg = "idealo does not show the call before this one, which it may have taken; it is asked again first"
        raise Retryable(msg, after=shown_at - case.now)


def _same_amount(event: e.Event, refund: e.RefundIssued) -> bool:
    return isinstance(event, e.RefundIssued) and event.amount == refund.amount


def _stands_at_idealo(case: Case, event_id: int) -> bool:
    record = next(r for r in case.history if r.id == event_id)
    return record.state in {"done", "skipped"} and event_id not in case.dismissed
