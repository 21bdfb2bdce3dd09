"""One event and both sides lead to one decision: an action, nothing, or later. Reads only, never writes."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from app.domain import events as e
from app.domain.errors import Permanent, Problem, Retryable
from app.domain.orders import IdealoOrder, RevocationReason, StoreOrder
from app.domain.tax import draft
from app.sync.actions import (
    Action,
    CancelStoreOrder,
    CreateStoreOrder,
    LinkStoreOrder,
    SendFulfillment,
    SendRefund,
    SendRevocation,
    SetMerchantOrderNumber,
)
from app.sync.case import Case, imported_lines
from app.sync.observe import partly_revoked

SOME_CARRIER = "Sonstige"
"""idealo wants a carrier beside a tracking code; a name off its list is accepted and loses the tracking link."""
SEARCH_MARGIN = timedelta(hours=1)


@dataclass(frozen=True)
class Do:
    """Carry out this action."""

    action: Action


@dataclass(frozen=True)
class Nothing:
    """The other side already agrees, or nothing follows; `follow` are facts that come out of that."""

    reason: str
    follow: tuple[e.Event, ...] = ()


@dataclass(frozen=True)
class Later:
    """Not ripe: ask again at `due_at`; that is no attempt."""

    due_at: datetime
    reason: str


Decision = Do | Nothing | Later


async def decide(case: Case) -> Decision:
    """What to do about the case's event now. Raises Retryable and Permanent; sends nothing that changes a side."""
    return await _DECIDERS[case.record.event.type](case)


def _conflict(detail: str) -> Permanent:
    return Permanent(Problem.STATE_CONFLICT, detail)


# -- idealo -> store ----------------------------------------------------------------------------------------------


async def _placed(case: Case) -> Decision:
    if case.order.store_order_id is not None:
        return Nothing(f"already in the store as order {case.order.store_order_number}")
    since = case.settings.import_since
    if since and case.purchase.placed_at < since:
        return Nothing(f"placed before import_since ({since.isoformat()}) of this store")
    idealo = await case.at_idealo()
    if _may_stand_in_store(case, idealo):
        # Before anything else: a creation whose answer was lost stands in the store, whatever idealo says by now.
        found = await case.adapter.find_order(case.order.idealo_order_id, idealo.purchase.placed_at - SEARCH_MARGIN)
        if found:
            case.found_in_store(found)
            return Do(LinkStoreOrder(store_order_id=found.store_order_id))
        _wait_until_visible(case)
    declined = _not_to_import(case, idealo)
    if declined:
        return declined
    if idealo.merchant_order_number is not None or idealo.shipped:
        return _handled_elsewhere(case, idealo)
    country = idealo.buyer.shipping.country_code
    return Do(CreateStoreOrder(draft=draft(idealo.purchase, country, case.settings.tax_rates, case.aliases)))


def _not_to_import(case: Case, idealo: IdealoOrder) -> Nothing | None:
    if idealo.revoked:
        return Nothing("revoked at idealo before it was imported")
    if idealo.revocation_wanted and not _person_went_on(case):
        if case.settings.on_buyer_cancellation == "ask":
            msg = (
                "the buyer asked to cancel before the import; dismiss this event to leave it out, or dismiss "
                "order.revoked and replay this event to import it all the same"
            )
            raise _conflict(msg)
        lines = (
            e.LineCancelled(sku=sku, cancelled=units, remaining=0, uncancelled=0)
            for sku, units in case.purchase.ordered().items()
        )
        return Nothing("the buyer cancelled before the import", follow=tuple(lines))
    if not idealo.status_known and case.settings.unknown_status == "wait":
        msg = (
            f"idealo shows status {idealo.status!r}, which its documents do not name; replay when it has changed, or "
            "set unknown_status to 'import' on this store and replay"
        )
        raise Permanent(Problem.UNSUPPORTED, msg)
    return None


def _person_went_on(case: Case) -> bool:
    return any(r.event.type == "order.revoked" and r.id in case.dismissed for r in case.history)


def _handled_elsewhere(case: Case, idealo: IdealoOrder) -> Nothing:
    number = idealo.merchant_order_number
    what = f"carries order number {number}" if number else "is shipped"
    if case.purchase.placed_at < case.store.created_at:
        return Nothing(f"{what} at idealo since before this store was connected: handled elsewhere")
    msg = (
        f"the order {what} at idealo, but the store has no order for it; was it handled by another connector, or "
        "deleted in the store? Dismiss this event if so"
    )
    raise _conflict(msg)


def _may_stand_in_store(case: Case, idealo: IdealoOrder) -> bool:
    """Whether anybody can have created the order: this ledger began to, or the order is older than the connection.

    Searching costs a page of orders per page of orders; a new order nobody ever touched needs none.
    """
    touched = idealo.merchant_order_number is not None or idealo.shipped
    return touched or case.order.placing_at is not None or case.purchase.placed_at <= case.store.created_at


def _wait_until_visible(case: Case) -> None:
    """After a creation with a lost answer, a search may not show the order yet: creating again would make a twin."""
    tried = [a.ended_at for a in case.tried if a.outcome == "retry" and a.action]
    begun = [case.order.placing_at] if case.order.placing_at else []
    if begun:
        visible_at = max([*begun, *tried]) + case.adapter.capabilities.visible_after
        if case.now < visible_at:
            msg = "an earlier creation may still become visible in the store"
            raise Retryable(msg, after=visible_at - case.now)


async def _imported(case: Case) -> Decision:
    number = str(case.order.store_order_number)
    known = (await case.at_idealo()).merchant_order_number
    if known is None:
        return Do(SetMerchantOrderNumber(number=number))
    if known == number:
        return Nothing(f"idealo has number {number} already")
    msg = (
        f"idealo has order number {known}, the store's is {number}; idealo never changes it: check for a second import"
    )
    raise _conflict(msg)


async def _revoked(case: Case) -> Decision:
    idealo = await case.at_idealo()
    if not (idealo.revocation_wanted or idealo.revoked):
        return Nothing("the buyer's cancellation is no longer wanted")
    if case.order.store_order_id is None:
        return Nothing("the order was never imported")
    order = await case.in_store()
    units = e.units_in_store(order, imported_lines(case.history))
    if order.cancelled or all(u.remaining == 0 for u in units):
        return Nothing("already cancelled in the store")
    if order.shipments or any(u.shipped for u in units):
        msg = "the buyer cancelled, but goods have left already; agree with the buyer, then dismiss this event"
        raise _conflict(msg)
    if case.settings.on_buyer_cancellation == "ask":
        msg = "the buyer wants to cancel; cancel the order in the store to accept, or dismiss this event and ship"
        raise _conflict(msg)
    if not case.adapter.capabilities.cancels_orders:
        raise Permanent(Problem.UNSUPPORTED, "this kind of store cannot be cancelled from outside; cancel it there")
    return Do(CancelStoreOrder(store_order_id=order.store_order_id))


# -- store -> idealo ----------------------------------------------------------------------------------------------


async def _shipment(case: Case) -> Decision:
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
        raise _conflict("goods have left, but the order is revoked at idealo; agree with the buyer")
    carrier = event.carrier or case.settings.default_carrier
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


async def _units(case: Case) -> Decision:
    event = case.record.event
    assert isinstance(event, e.LineCancelled | e.LineReturned)  # noqa: S101 - _DECIDERS pairs them
    idealo = await case.at_idealo()
    held = idealo.remaining.get(event.sku)
    if held is None:
        raise _conflict(f"idealo's order has no SKU {event.sku}")
    if held <= event.remaining:
        return Nothing(f"idealo counts {held} of {event.sku} already")
    if isinstance(event, e.LineReturned) or idealo.shipped:
        reason = RevocationReason.RETURNED
    elif idealo.revocation_wanted or any(r.event.type == "order.revoked" for r in case.history):
        reason = RevocationReason.BUYER_CANCELLED
    else:
        reason = RevocationReason.MERCHANT_CANCELLED
    return Do(SendRevocation(sku=event.sku, remaining=event.remaining, reason=reason))


async def _refund(case: Case) -> Decision:
    event = case.record.event
    assert isinstance(event, e.RefundIssued)  # noqa: S101 - _DECIDERS pairs them
    bought = case.purchase
    if not bought.refundable:
        return Nothing(f"paid by {bought.payment_method}: pay back at the payment provider; recorded here")
    if event.currency != bought.currency:
        raise _conflict(f"refund in {event.currency} for an order in {bought.currency}")
    listed = [r for r in await case.idealo.refunds(case.order.idealo_order_id) if not r.failed]
    # A refund carries no reference at idealo: compare how many of this amount are there with how many ought to be.
    there = sum(r.amount == event.amount for r in listed)
    owed = 1 + sum(_stands_at_idealo(case, r.id) for r in case.others() if _same_amount(r.event, event))
    if there >= owed:
        return Nothing(f"idealo lists {there} refund(s) of {event.amount} already")
    given = sum((r.amount for r in listed), event.amount - event.amount)
    if given + event.amount > bought.total:
        msg = (
            f"a refund of {event.amount} on top of {given} exceeds the order's {bought.total}; "
            "correct it in the store and dismiss this event, or pay the rest back outside idealo"
        )
        raise _conflict(msg)
    return Do(SendRefund(amount=event.amount, currency=event.currency))


def _same_amount(event: e.Event, refund: e.RefundIssued) -> bool:
    return isinstance(event, e.RefundIssued) and event.amount == refund.amount


def _stands_at_idealo(case: Case, event_id: int) -> bool:
    record = next(r for r in case.history if r.id == event_id)
    return record.state in {"done", "skipped"} and event_id not in case.dismissed


# -- a person's ---------------------------------------------------------------------------------------------------


async def _disputed(case: Case) -> Decision:
    event = case.record.event
    assert isinstance(event, e.OrderConflict)  # noqa: S101 - _DECIDERS pairs them
    if event.side == "idealo":
        idealo = await case.at_idealo()
        implied = [*e.events_in_idealo(idealo), *partly_revoked(idealo, case.history)]
        if event.rule == "partly_revoked" and await _store_agrees(case, idealo):
            return Nothing("the store counts the same units by now")
    else:
        order = await case.in_store()
        implied = _implied_by_store(case, order)
    if any((i.type, i.key) == (event.type, event.key) for i in implied):
        raise Permanent(_PROBLEMS.get(event.rule, Problem.STATE_CONFLICT), event.detail)
    return Nothing("the sides agree by now")


_PROBLEMS = {"refund_failed": Problem.REJECTED}


def _implied_by_store(case: Case, order: StoreOrder) -> list[e.Event]:
    lines = imported_lines(case.history)
    told = [r.event for r in case.history]
    return [*e.events_in_store(order, lines), *e.contradictions_in_store(order, lines, told)]


async def _store_agrees(case: Case, idealo: IdealoOrder) -> bool:
    if case.order.store_order_id is None:
        return False
    units = e.units_in_store(await case.in_store(), imported_lines(case.history))
    return all(u.remaining <= idealo.remaining.get(u.sku, 0) for u in units)


_DECIDERS: dict[str, Callable[[Case], Awaitable[Decision]]] = {
    "order.placed": _placed,
    "order.imported": _imported,
    "order.revoked": _revoked,
    "shipment.created": _shipment,
    "line.cancelled": _units,
    "line.returned": _units,
    "refund.issued": _refund,
    "order.conflict": _disputed,
}
