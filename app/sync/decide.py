"""One event and both sides lead to one decision: an action, nothing, or later. Reads only, never writes."""

from collections.abc import Awaitable, Callable

from app.sync import dispute, place, report
from app.sync.case import Case
from app.sync.decision import Decision, Do, Later, Nothing

__all__ = ["Decision", "Do", "Later", "Nothing", "decide"]


async def decide(case: Case) -> Decision:
    """What to do about the case's event now. Raises Retryable and Permanent; sends nothing that changes a side."""
    return await _DECIDERS[case.record.event.type](case)


_DECIDERS: dict[str, Callable[[Case], Awaitable[Decision]]] = {
    "order.placed": place.placed,
    "order.imported": place.imported,
    "order.revoked": place.revoked,
    "shipment.created": report.shipment,
    "line.cancelled": report.units,
    "line.returned": report.units,
    "refund.issued": report.refund,
    "order.conflict": dispute.disputed,
}
