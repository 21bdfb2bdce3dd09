"""Decisions about what no rule can bring in line: has it dissolved, or does a person decide?"""

from app.domain import events as e
from app.domain.errors import Permanent, Problem
from app.domain.orders import IdealoOrder, StoreOrder
from app.domain.units import units_in_store
from app.sync.case import Case, imported_lines
from app.sync.decision import Decision, Nothing
from app.sync.observe import partly_revoked


async def disputed(case: Case) -> Decision:
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
    units = units_in_store(await case.in_store(), imported_lines(case.history))
    return all(u.remaining <= idealo.remaining.get(u.sku, 0) for u in units)
