"""Reads for operators: orders with their state, timelines, dead events, counts, export. Nothing here writes."""

from app.ledger.views.counts import Backlog, CountViews, HourCount, StoreTraffic, Totals
from app.ledger.views.events import EventFilter, EventView, LoggedAttempt
from app.ledger.views.export import ExportedEvent, ExportViews
from app.ledger.views.orders import ORDER_STATES, OrderFilter, OrderState, OrderView
from app.ledger.views.page import Page
from app.ledger.views.process import Heartbeat, ProcessViews, expected_revision
from app.ledger.views.timeline import LineView, OrderDetail, TimelineViews

__all__ = [
    "ORDER_STATES",
    "Backlog",
    "EventFilter",
    "EventView",
    "ExportedEvent",
    "Heartbeat",
    "HourCount",
    "LineView",
    "LoggedAttempt",
    "OrderDetail",
    "OrderFilter",
    "OrderState",
    "OrderView",
    "Page",
    "StoreTraffic",
    "Totals",
    "Views",
    "expected_revision",
]


class Views(TimelineViews, ExportViews, CountViews, ProcessViews):
    """All reads within a ledger's open transaction: `async with deps.ledger() as ledger: Views(ledger)`."""
