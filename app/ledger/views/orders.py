"""Orders as operators see them: their state is a question asked of the events, never a column."""

from decimal import Decimal
from typing import Annotated, Any, Literal, get_args

from pydantic import AwareDatetime, Field

from app.domain.value import Value
from app.ledger.views.page import Page, View, page_of

OrderState = Literal["importing", "open", "shipped", "cancelled", "closed", "attention"]
ORDER_STATES: tuple[OrderState, ...] = get_args(OrderState)

# First match wins. A dead event needs a person whatever else is true; an order never imported and settled is over.
_STATE = """
CASE
    WHEN f.dead > 0 THEN 'attention'
    WHEN o.closed_at IS NOT NULL THEN 'closed'
    WHEN o.store_order_id IS NULL AND f.revoked AND NOT f.import_pending THEN 'cancelled'
    WHEN f.cancellations > 0 AND (
        SELECT coalesce(sum(most), 0) FROM (
            SELECT max((c.data->>'cancelled')::int) AS most FROM events c
            WHERE c.order_id = o.id AND c.type = 'line.cancelled' AND c.state IN ('done', 'skipped')
            GROUP BY c.data->>'sku') AS per_sku
        ) >= (
        SELECT coalesce(sum((line->>'quantity')::int), 1) FROM events p,
            jsonb_array_elements(p.data->'purchase'->'lines') AS line
            WHERE p.order_id = o.id AND p.type = 'order.placed') THEN 'cancelled'
    WHEN f.shipped THEN 'shipped'
    WHEN o.store_order_id IS NOT NULL THEN 'open'
    WHEN f.left_out THEN 'closed'
    ELSE 'importing'
END"""

_FACTS = """
CROSS JOIN LATERAL (
    SELECT
        count(*) FILTER (WHERE e.state = 'dead') AS dead,
        coalesce(array_agg(DISTINCT e.problem ORDER BY e.problem) FILTER (WHERE e.state = 'dead'), '{}') AS problems,
        count(*) FILTER (WHERE e.state = 'pending') AS pending,
        count(*) FILTER (WHERE e.type = 'line.cancelled' AND e.state IN ('done', 'skipped')) AS cancellations,
        coalesce(bool_or(e.type = 'order.revoked'), FALSE) AS revoked,
        coalesce(bool_or(e.type = 'order.placed' AND e.state = 'pending'), FALSE) AS import_pending,
        coalesce(bool_or(e.type = 'order.placed' AND e.state = 'skipped'), FALSE) AS left_out,
        coalesce(bool_or(e.type = 'shipment.created' AND e.state IN ('done', 'skipped')), FALSE) AS shipped,
        max(e.recorded_at) AS last_event_at
    FROM events e WHERE e.order_id = o.id
) AS f"""

STATED = f"SELECT o.*, f.problems, f.pending, f.last_event_at, {_STATE} AS state FROM orders o {_FACTS}"  # noqa: S608 - constants


class OrderFilter(Value):
    """Which orders to list; None means any."""

    store_id: str | None = None
    idealo_order_id: str | None = None
    store_order_number: str | None = None
    state: OrderState | None = None
    problem: str | None = None


class OrderView(Value):
    """An order in a list."""

    id: int
    store_id: str
    idealo_order_id: str
    store_order_id: Annotated[str | None, Field(description="null until it is imported")]
    store_order_number: str | None
    state: Annotated[OrderState, Field(description="computed from the events; `attention` means a person is needed")]
    problems: Annotated[tuple[str, ...], Field(description="why a person is needed: problems of its dead events")]
    pending: Annotated[int, Field(description="events that are still to be settled")]
    placed_at: AwareDatetime | None
    gross: Annotated[Decimal | None, Field(description="idealo's total, gross, with shipping")]
    currency: str | None
    created_at: AwareDatetime
    last_event_at: AwareDatetime | None
    idealo_seen_at: AwareDatetime | None
    store_seen_at: AwareDatetime | None
    closed_at: AwareDatetime | None


class OrderViews(View):
    """Lists of orders."""

    async def orders(self, which: OrderFilter, limit: int, before: int | None = None) -> Page[OrderView]:
        """Newest first; `before` is the cursor of the page before."""
        inner, outer, values = _conditions(which, before)
        sql = f"""
            SELECT * FROM ({STATED} WHERE {" AND ".join(inner)}) AS stated
            WHERE {" AND ".join(outer)} ORDER BY id DESC LIMIT :limit"""  # noqa: S608 - constants; values are bound
        found = [view_of(row) for row in await self._rows(sql, {**values, "limit": limit + 1})]
        return page_of(found, [order.id for order in found], limit)

    async def order_view(self, order_id: int) -> OrderView | None:
        rows = await self._rows(f"{STATED} WHERE o.id = :id", {"id": order_id})
        return view_of(rows[0]) if rows else None


_DEAD = "o.id IN (SELECT order_id FROM events WHERE state = 'dead'"


def _conditions(which: OrderFilter, before: int | None) -> tuple[list[str], list[str], dict[str, Any]]:
    """Conditions inside (indexes serve them) and outside (on the computed state), and their values."""
    values = {
        name: value for name, value in which.model_dump(exclude={"state", "problem"}).items() if value is not None
    }
    inner = ["TRUE", *(f"o.{name} = :{name}" for name in values)]
    outer = ["TRUE"]
    if before is not None:
        inner.append("o.id < :before")
        values["before"] = before
    if which.problem is not None:
        inner.append(f"{_DEAD} AND problem = :problem)")
        values["problem"] = which.problem
    if which.state is not None:
        outer.append("state = :state")
        values["state"] = which.state
        if which.state == "attention":
            inner.append(f"{_DEAD})")
        elif which.state == "importing":
            inner.append("o.store_order_id IS NULL")
    return inner, outer, values


def view_of(row: Any) -> OrderView:
    fields = {name: getattr(row, name) for name in OrderView.model_fields if name not in {"gross", "problems"}}
    return OrderView(gross=row.total, problems=tuple(row.problems), **fields)
