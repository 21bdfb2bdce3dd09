"""One order from end to end: its lines, its money and everything that happened to it."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Annotated, Any

from pydantic import Field, TypeAdapter

from app.domain.value import Value
from app.ledger.views.events import EventView, EventViews
from app.ledger.views.orders import STATED, OrderView, OrderViews, view_of

TIMELINE = f"""
SELECT o.*, (
    SELECT coalesce(json_agg(json_build_object(
        'id', e.id, 'order_id', e.order_id, 'store_id', o.store_id, 'idealo_order_id', o.idealo_order_id,
        'store_order_number', o.store_order_number, 'type', e.type, 'key', e.key, 'data', e.data, 'state', e.state,
        'problem', e.problem, 'found_by', e.found_by, 'recorded_at', e.recorded_at, 'due_at', e.due_at,
        'chain_no', e.chain_no, 'reduced_at', e.reduced_at, 'attempts', (
            SELECT coalesce(json_agg(json_build_object(
                'number', t.number, 'actor', t.actor, 'action', t.action, 'outcome', t.outcome, 'detail', t.detail,
                'started_at', t.started_at, 'ended_at', t.ended_at,
                'duration_ms', round(extract(epoch FROM t.ended_at - t.started_at) * 1000)::bigint
            ) ORDER BY t.number), '[]') FROM attempts t WHERE t.event_id = e.id)
    ) ORDER BY e.id), '[]') FROM events e WHERE e.order_id = o.id
)::text AS timeline
FROM ({STATED} WHERE o.id = :id) AS o"""  # noqa: S608 - constants; values are bound
"""One statement for everything, its events as JSON: a timeline costs one round trip (make bench, row `ledger`)."""
_EVENTS: TypeAdapter[tuple[EventView, ...]] = TypeAdapter(tuple[EventView, ...])


class LineView(Value):
    """Where the units of one SKU are."""

    sku: Annotated[str, Field(description="idealo's SKU")]
    store_sku: Annotated[str | None, Field(description="the store's SKU, frozen at import")]
    title: str
    ordered: int
    shipped: Annotated[int, Field(description="units the store last showed as shipped")]
    cancelled: int
    returned: int
    remaining: Annotated[int, Field(description="units that stay sold: neither cancelled nor returned")]


class OrderDetail(OrderView):
    """An order with its lines, its money and its timeline."""

    lines: tuple[LineView, ...]
    paid: Decimal | None
    refunded: Annotated[Decimal, Field(description="refunds the store gave, without dead and dismissed ones")]
    payment_method: str | None
    timeline: Annotated[tuple[EventView, ...], Field(description="events, oldest first")]


class TimelineViews(OrderViews, EventViews):
    """One order with everything about it."""

    async def timeline(self, order_id: int) -> OrderDetail | None:
        rows = await self._rows(TIMELINE, {"id": order_id})
        if not rows:
            return None
        [row] = rows
        events = _EVENTS.validate_json(row.timeline)
        # Retention may have taken the content of old facts away.
        bought = next((e.data.get("purchase") for e in events if e.type == "order.placed"), None)
        return OrderDetail(
            **dict(view_of(row)),
            lines=tuple(_lines(bought, events, row.shipped or {})) if bought else (),
            paid=Decimal(bought["total"]) if bought else row.total,
            refunded=sum((Decimal(e.data["amount"]) for e in events if _given_back(e)), Decimal("0.00")),
            payment_method=bought["payment_method"] if bought else None,
            timeline=events,
        )


def _given_back(event: EventView) -> bool:
    dismissed = bool(event.attempts) and event.attempts[-1].outcome == "dismissed"
    return event.type == "refund.issued" and bool(event.data) and event.state != "dead" and not dismissed


def _lines(bought: dict[str, Any], events: Sequence[EventView], shipped: dict[str, int]) -> list[LineView]:
    imported: list[dict[str, Any]] = next(
        (e.data["lines"] for e in events if e.type == "order.imported" and e.data), []
    )
    store_skus = {line["sku"]: line["store_sku"] for line in imported}
    ordered: dict[str, tuple[str, int]] = {}
    for line in bought["lines"]:
        title, units = ordered.get(line["sku"], (line["title"], 0))
        ordered[line["sku"]] = title, units + line["quantity"]
    return [
        _line(sku, title, units, store_skus.get(sku), shipped.get(sku, 0), events)
        for sku, (title, units) in ordered.items()
    ]


def _line(
    sku: str, title: str, ordered: int, store_sku: str | None, shipped: int, events: Sequence[EventView]
) -> LineView:
    cancelled, returned = (
        _most(events, "line.cancelled", "cancelled", sku),
        _most(events, "line.returned", "returned", sku),
    )
    return LineView(
        sku=sku,
        store_sku=store_sku,
        title=title,
        ordered=ordered,
        shipped=shipped,
        cancelled=cancelled,
        returned=returned,
        remaining=ordered - cancelled - returned,
    )


def _most(events: Sequence[EventView], kind: str, count: str, sku: str) -> int:
    """Each event counts all units so far, so the largest is the present one."""
    return max((int(e.data[count]) for e in events if e.type == kind and e.data.get("sku") == sku), default=0)
