"""Defects to plant into a running bridge, at least one for every rule of the checker: one that misses any is blind."""

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import text

from app.bell import RedisQueue
from app.domain.orders import StoreOrder
from app.idealo import IdealoClient
from app.ledger.accept import Acceptor, Receipt
from app.ledger.events import EventBook
from app.ledger.records import Settlement
from app.registry import ADAPTERS
from app.sync import decide, observe, place, reconcile
from app.sync.case import Case
from app.sync.decision import Decision, Nothing
from app.sync.deps import Deps
from workers import alone, jobs, rounds

CENT = Decimal("0.01")


class Defect(NamedTuple):
    """What is wrong with the bridge, and by which rule it must be found out."""

    rule: str
    text: str
    plant: Callable[[], None]


def plant(name: str) -> None:
    """Puts a defect into this process, for good; the daily reconciliation, which would mend some of it, has no turn."""

    async def not_today(*_: object) -> None:
        return

    DEFECTS[name].plant()
    _replace(jobs, "due_reconciliations", not_today)


def _replace(target: object, name: str, other: object) -> None:
    """For good: the process ends with its defect."""
    setattr(target, name, other)


def _wrapped(target: Any, name: str, wrap: Callable[[Any], Any]) -> None:
    _replace(target, name, wrap(getattr(target, name)))


def _search_finds_nothing() -> None:
    async def find_order(*_: object, **__: object) -> StoreOrder | None:
        return None

    for adapter in ADAPTERS.values():
        _replace(adapter, "find_order", find_order)


def _bell_is_dumb() -> None:
    async def silent(*_: object) -> None:
        return

    async def sweep(_: Deps) -> int:
        return 0

    _replace(RedisQueue, "advance", silent)
    for home in (jobs, alone, reconcile):
        _replace(home, "sweep", sweep)


def _never_acknowledged() -> None:
    async def imported(_: Case) -> Decision:
        return Nothing("planted: idealo need not know")

    decide._DECIDERS["order.imported"] = imported


def _link_is_lost() -> None:
    def wrap(settle: Any) -> Any:
        async def without_link(self: EventBook, order_id: int, token: str, how: Settlement, now: Any) -> Any:
            return await settle(self, order_id, token, how.model_copy(update={"store_order_id": None}), now)

        return without_link

    _wrapped(EventBook, "settle", wrap)


def _twice(method: str) -> Callable[[], None]:
    def plant_it() -> None:
        def wrap(send: Any) -> Any:
            async def both_times(*arguments: Any) -> None:
                await send(*arguments)
                await send(*arguments)

            return both_times

        _wrapped(IdealoClient, method, wrap)

    return plant_it


def _one_unit_too_many() -> None:
    def wrap(send: Any) -> Any:
        async def more(self: IdealoClient, order_id: str, sku: str, remaining: int, reason: Any) -> None:
            await send(self, order_id, sku, remaining + 1, reason)

        return more

    _wrapped(IdealoClient, "send_revocation", wrap)


def _cent_too_much() -> None:
    def wrap(draft: Any) -> Any:
        def dearer(*arguments: Any) -> Any:
            made = draft(*arguments)
            purchase = made.purchase.model_copy(update={"total": made.purchase.total + CENT})
            return made.model_copy(update={"purchase": purchase})

        return dearer

    _wrapped(place, "draft", wrap)


def _uncoded_shipment_untold() -> None:
    def wrap(send: Any) -> Any:
        async def coded_only(self: IdealoClient, order_id: str, carrier: str | None, codes: Sequence[str]) -> None:
            if codes:
                await send(self, order_id, carrier, codes)

        return coded_only

    _wrapped(IdealoClient, "send_fulfillment", wrap)


def _refunds_not_asked_for() -> None:
    async def refunds(*_: object) -> tuple[()]:
        return ()

    _replace(IdealoClient, "refunds", refunds)


def _answered_before_kept() -> None:
    numbers = iter(range(10**6, 10**7))

    async def keep(*_: object) -> Receipt:
        return Receipt(next(numbers), new=True)

    _replace(Acceptor, "keep", keep)


def _marked_without_a_look() -> None:
    async def nothing_new(*_: object) -> list[int]:
        return []

    async def poll_store(*_: object, **__: object) -> int:
        return 0

    _replace(observe, "look_at_store_order", nothing_new)
    for home in (rounds, jobs, alone):
        _replace(home, "poll_store", poll_store)


def _deliveries_forgotten() -> None:
    async def silent(*_: object) -> None:
        return

    _replace(RedisQueue, "look", silent)
    _replace(alone.OwnBell, "look", silent)


def _facts_rewritten() -> None:
    def wrap(settle: Any) -> Any:
        async def and_rewrite(self: EventBook, order_id: int, *rest: Any) -> Any:
            new = await settle(self, order_id, *rest)
            await self._run(text("SET LOCAL session_replication_role = replica"))
            rewrite = text("UPDATE events SET found_by = 'operator' WHERE order_id = :order")
            await self._run(rewrite, {"order": order_id})
            return new

        return and_rewrite

    _wrapped(EventBook, "settle", wrap)


def _cursor_moves_past_failures() -> None:
    async def moved(deps: Deps, store: Any, cursor: Any, _: Exception) -> None:
        async with deps.ledger() as ledger:
            await ledger.move_cursor(store.id, cursor.stream, deps.now(), deps.now())

    _replace(reconcile, "_note_failure", moved)


DEFECTS = {
    "blind search": Defect("imported", "find_order finds nothing after a lost answer", _search_finds_nothing),
    "lost link": Defect("linked", "the ledger does not keep which store order it made", _link_is_lost),
    "no number": Defect("acknowledged", "the order number is never told to idealo", _never_acknowledged),
    "number twice": Defect(
        "acknowledged", "the order number is told to idealo twice", _twice("set_merchant_order_number")
    ),
    "codes twice": Defect("tracking", "tracking codes are sent twice", _twice("send_fulfillment")),
    "cursor runs on": Defect(
        "tracking", "a poll that failed moves its cursor all the same", _cursor_moves_past_failures
    ),
    "revoked twice": Defect("revocations", "a revocation is sent twice", _twice("send_revocation")),
    "off by one": Defect("units", "one unit too many is told to stay in the order", _one_unit_too_many),
    "a cent more": Defect("money", "the store order is a cent dearer", _cent_too_much),
    "refunds unasked": Defect("refunds", "idealo is not asked which refunds it has", _refunds_not_asked_for),
    "not kept": Defect("deliveries", "a webhook is answered 202 before it is kept", _answered_before_kept),
    "not looked": Defect("deliveries", "a delivery is marked without looking at its order", _marked_without_a_look),
    "forgotten": Defect("deliveries", "nobody is told of deliveries", _deliveries_forgotten),
    "rewritten": Defect("facts", "facts are rewritten past the triggers", _facts_rewritten),
    "not told": Defect(
        "reconciled", "a shipment without a code is noted as told to idealo and is not", _uncoded_shipment_untold
    ),
    "dumb bell": Defect("settled", "rings are lost and the sweep does nothing", _bell_is_dumb),
}
"""By name; together they cover every rule of tests.faults.checker.RULES.

The one that leaves orders undone stands last: the bridge of the next trial would do them, and meet its lost answers.
"""
