"""How an order moves from state to state (reference 9.2), without asking who calls."""

from collections.abc import Iterator
from datetime import datetime

from sandbox.idealo.knobs import Knobs
from sandbox.idealo.values import Order


def enter(order: Order, status: str, moment: datetime, cause: str) -> None:
    """Change the status and note when and why; also counts as a change when the status stays."""
    if status != order.status:
        order.transitions.append({"time": moment.isoformat(), "from": order.status, "to": status, "cause": cause})
        order.status = status
    order.updated = moment


def timers(order: Order) -> Iterator[datetime]:
    """Moments at which something happens to the order by itself."""
    if order.revoked_at is not None:
        yield order.revoked_at
    if order.scheduled_cancellation is not None:
        yield order.scheduled_cancellation
    for refund in order.refunds:
        if refund.final_at is not None:
            yield refund.final_at


def lower(order: Order, sku: str, remaining: int) -> None:
    """Take units of that SKU out, from the first matching lines, until so many remain (reference U11)."""
    surplus = order.remaining_of(sku) - remaining
    for line in order.lines_of(sku):
        taken = min(max(surplus, 0), line.remaining)
        line.remaining -= taken
        surplus -= taken


def finish(order: Order, due: datetime, moment: datetime, knobs: Knobs) -> None:
    """End what idealo is working on, as far as it is due: REVOKING, and refunds that are OPEN."""
    if order.revoked_at is not None and order.revoked_at <= due:
        order.revoked_at = None
        wish, order.cancellation = order.cancellation, None
        for sku, remaining in (wish.remaining if wish is not None else {}).items():
            lower(order, sku, remaining)
        enter(order, status_of_what_is_left(order, knobs), moment, "idealo has processed the revocation")
    for refund in order.refunds:
        if refund.final_at is not None and refund.final_at <= due:
            refund.final_at = None
            refund.status = refund.final_status or "FAILED"
            refund.failure_reason = refund.final_failure
            refund.updated = moment
            order.updated = moment


def status_of_what_is_left(order: Order, knobs: Knobs) -> str:
    """REVOKED when nothing remains (U18: or what a full return leads to), else PARTIALLY_REVOKED."""
    if order.units_left:
        return "PARTIALLY_REVOKED"
    return knobs.text("status_after_full_return") if order.completed_at is not None else "REVOKED"
