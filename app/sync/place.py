"""Decisions about what idealo shows: import an order, acknowledge it, bring a buyer's cancellation to the store."""

from datetime import timedelta

from app.domain import events as e
from app.domain.errors import Permanent, Problem, Retryable
from app.domain.orders import IdealoOrder
from app.domain.tax import draft
from app.domain.units import units_in_store
from app.sync.actions import CancelStoreOrder, CreateStoreOrder, LinkStoreOrder, SetMerchantOrderNumber
from app.sync.case import Case, imported_lines
from app.sync.decision import Decision, Do, Nothing, conflict

SEARCH_MARGIN = timedelta(hours=1)


async def placed(case: Case) -> Decision:
    if case.order.store_order_id is not None:
        return Nothing(f"already in the store as order {case.order.store_order_number}")
    start = case.settings.import_since
    if start and case.purchase.placed_at < start:
        return Nothing(f"placed before import_since ({start.isoformat()}) of this store")
    idealo = await case.at_idealo()
    if _may_stand_in_store(case, idealo):
        # Before anything else: a creation whose answer was lost stands in the store, whatever idealo says by now.
        since = idealo.purchase.placed_at - SEARCH_MARGIN
        fresh = case.order.placing_at is not None
        found = await case.adapter.find_order(case.order.idealo_order_id, since, fresh=fresh)
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
            raise conflict(msg)
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
    raise conflict(msg)


def _may_stand_in_store(case: Case, idealo: IdealoOrder) -> bool:
    """Whether anybody can have created the order: this ledger began to, or the order is older than the connection.

    Searching costs a page of orders per page of orders; a new order nobody ever touched needs none.
    """
    touched = idealo.merchant_order_number is not None or idealo.shipped
    return touched or case.order.placing_at is not None or case.purchase.placed_at <= case.store.created_at


def _wait_until_visible(case: Case) -> None:
    """After a creation with a lost answer, a search may not show the order yet: creating again would make a twin."""
    tried = case.ends_of_tries()
    begun = [case.order.placing_at] if case.order.placing_at else []
    if begun:
        visible_at = max([*begun, *tried]) + case.adapter.capabilities.visible_after
        if case.now < visible_at:
            msg = "an earlier creation may still become visible in the store"
            raise Retryable(msg, after=visible_at - case.now)


async def imported(case: Case) -> Decision:
    number = str(case.order.store_order_number)
    known = (await case.at_idealo()).merchant_order_number
    if known is None:
        return Do(SetMerchantOrderNumber(number=number))
    if known == number:
        return Nothing(f"idealo has number {number} already")
    msg = (
        f"idealo has order number {known}, the store's is {number}; idealo never changes it: check for a second import"
    )
    raise conflict(msg)


async def revoked(case: Case) -> Decision:
    idealo = await case.at_idealo()
    if not (idealo.revocation_wanted or idealo.revoked):
        return Nothing("the buyer's cancellation is no longer wanted")
    if case.order.store_order_id is None:
        return Nothing("the order was never imported")
    order = await case.in_store()
    units = units_in_store(order, imported_lines(case.history))
    if order.cancelled or all(u.remaining == 0 for u in units):
        return Nothing("already cancelled in the store")
    if order.shipments or any(u.shipped for u in units):
        msg = "the buyer cancelled, but goods have left already; agree with the buyer, then dismiss this event"
        raise conflict(msg)
    if case.settings.on_buyer_cancellation == "ask":
        msg = "the buyer wants to cancel; cancel the order in the store to accept, or dismiss this event and ship"
        raise conflict(msg)
    if not case.adapter.capabilities.cancels_orders:
        raise Permanent(Problem.UNSUPPORTED, "this kind of store cannot be cancelled from outside; cancel it there")
    return Do(CancelStoreOrder(store_order_id=order.store_order_id))
