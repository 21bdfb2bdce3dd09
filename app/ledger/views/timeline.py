"""One order from end to end: its lines, its money and everything that happened to it."""

from decimal import Decimal
from typing import Annotated, Any

from pydantic import Field

from app.domain.value import Value
from app.ledger.views.events import EventView, EventViews
from app.ledger.views.orders import OrderView, OrderViews


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
        order = await self.order_view(order_id)
        if order is None:
            return None
        events = await self.events_of(order_id)
        [shown] = await self._rows("SELECT shipped FROM orders WHERE id = :id", {"id": order_id})
        bought = next((e.data["purchase"] for e in events if e.type == "order.placed"), None)
        return OrderDetail(
            **order.model_dump(),
            lines=tuple(_lines(bought, events, shown.shipped or {})) if bought else (),
            paid=Decimal(bought["total"]) if bought else None,
            refunded=sum((Decimal(e.data["amount"]) for e in events if _given_back(e)), Decimal("0.00")),
            payment_method=bought["payment_method"] if bought else None,
            timeline=tuple(events),
        )


def _given_back(event: EventView) -> bool:
    dismissed = bool(event.attempts) and event.attempts[-1].outcome == "dismissed"
    return event.type == "refund.issued" and event.state != "dead" and not dismissed


def _lines(bought: dict[str, Any], events: list[EventView], shipped: dict[str, int]) -> list[LineView]:
    imported: list[dict[str, Any]] = next((e.data["lines"] for e in events if e.type == "order.imported"), [])
    store_skus = {line["sku"]: line["store_sku"] for line in imported}
    ordered: dict[str, tuple[str, int]] = {}
    for line in bought["lines"]:
        title, units = ordered.get(line["sku"], (line["title"], 0))
        ordered[line["sku"]] = title, units + line["quantity"]
    return [
        _line(sku, title, units, store_skus.get(sku), shipped.get(sku, 0), events)
        for sku, (title, units) in ordered.items()
    ]


def _line(sku: str, title: str, ordered: int, store_sku: str | None, shipped: int, events: list[EventView]) -> LineView:
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


def _most(events: list[EventView], kind: str, count: str, sku: str) -> int:
    """Each event counts all units so far, so the largest is the present one."""
    return max((int(e.data[count]) for e in events if e.type == kind and e.data["sku"] == sku), default=0)
