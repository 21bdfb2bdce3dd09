"""An action becomes one call. Writes only; what follows from the answer is handed back to be recorded."""

from dataclasses import dataclass

from app.domain.errors import Permanent, Problem
from app.domain.events import Event, OrderImported, events_in_store
from app.domain.orders import Purchase, StoreLine, StoreOrder
from app.domain.units import ImportedLine
from app.ports import Announce
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


@dataclass(frozen=True)
class Done:
    """What came out of an action: a sentence, facts that follow, and the link if one was made."""

    detail: str
    follow: tuple[Event, ...] = ()
    linked: StoreOrder | None = None


async def perform(action: Action, case: Case, announce: Announce) -> Done:
    """Carries the action out; `announce` is awaited when a creation leaves.

    Raises Retryable (its effect may have happened), Permanent, and what `announce` raises.
    """
    if isinstance(action, CreateStoreOrder | LinkStoreOrder | CancelStoreOrder):
        return await _in_store(action, case, announce)
    await _at_idealo(action, case)
    return Done(_SAID[action.name])


_SAID = {
    "set_merchant_order_number": "idealo took the order number",
    "send_fulfillment": "idealo knows of the shipment",
    "send_revocation": "idealo knows the remaining units",
    "send_refund": "idealo took the refund",
}


async def _in_store(
    action: CreateStoreOrder | LinkStoreOrder | CancelStoreOrder, case: Case, announce: Announce
) -> Done:
    if isinstance(action, CancelStoreOrder):
        order = await case.adapter.cancel_order(action.store_order_id)
        follow = events_in_store(order, imported_lines(case.history))
        return Done("cancelled in the store", tuple(follow))
    if isinstance(action, CreateStoreOrder):
        buyer = (await case.at_idealo()).buyer
        order = await case.adapter.create_order(action.draft, buyer, announce)
        return _linked(order, case, "created in the store")
    return _linked(await case.in_store(), case, "found in the store")


def _linked(order: StoreOrder, case: Case, said: str) -> Done:
    lines = freeze(case.purchase, order, case.aliases)
    imported = OrderImported(
        store_order_id=order.store_order_id,
        store_order_number=order.number,
        total=order.total,
        lines=lines,
        notes=order.notes,
    )
    follow = (imported, *events_in_store(order, lines))
    return Done(f"{said} as order {order.number}", follow, order)


async def _at_idealo(
    action: SetMerchantOrderNumber | SendFulfillment | SendRevocation | SendRefund, case: Case
) -> None:
    order_id = case.order.idealo_order_id
    match action:
        case SetMerchantOrderNumber():
            await case.idealo.set_merchant_order_number(order_id, action.number)
        case SendFulfillment():
            await case.idealo.send_fulfillment(order_id, action.carrier, action.codes)
        case SendRevocation():
            await case.idealo.send_revocation(order_id, action.sku, action.remaining, action.reason)
        case SendRefund():
            await case.idealo.send_refund(order_id, action.amount, action.currency)


def freeze(purchase: Purchase, order: StoreOrder, aliases: dict[str, str]) -> tuple[ImportedLine, ...]:
    """Pairs every purchase line with the store line that stands for it.

    Raises Permanent(state_conflict) when one has none: such an order cannot be followed.
    """
    left = list(order.lines)
    frozen: list[ImportedLine] = []
    for line in purchase.lines:
        store_sku = aliases.get(line.sku, line.sku)
        mine = next((s for s in left if _stands_for(s, line.sku, store_sku) and s.quantity == line.quantity), None)
        mine = mine or next((s for s in left if _stands_for(s, line.sku, store_sku)), None)
        if mine is None:
            msg = (
                f"store order {order.number} has no line for SKU {line.sku}; it cannot be followed: handle it by hand "
                "and dismiss this event"
            )
            raise Permanent(Problem.STATE_CONFLICT, msg)
        left.remove(mine)
        frozen.append(
            ImportedLine(line_id=mine.line_id, sku=line.sku, store_sku=mine.sku or store_sku, quantity=line.quantity)
        )
    return tuple(frozen)


def _stands_for(line: StoreLine, idealo_sku: str, store_sku: str) -> bool:
    if line.idealo_sku is not None:
        return line.idealo_sku == idealo_sku
    return line.sku == store_sku
