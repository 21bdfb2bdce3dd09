"""Reads for operators: orders with their state, timelines, dead events, counts, export. Nothing here writes."""

from app.ledger.views.counts import Backlog, CountViews, HourCount, Totals
from app.ledger.views.events import EventFilter, EventView, LoggedAttempt
from app.ledger.views.export import ExportedEvent, ExportViews, Part
from app.ledger.views.hearing import Hearing, HearingViews
from app.ledger.views.orders import ORDER_STATES, OrderFilter, OrderState, OrderView
from app.ledger.views.page import Page
from app.ledger.views.process import Heartbeat, ProcessViews
from app.ledger.views.reconciliations import ReconciliationViews
from app.ledger.views.timeline import LineView, OrderDetail, TimelineViews

__all__ = [
    "ORDER_STATES",
    "Backlog",
    "EventFilter",
    "EventView",
    "ExportedEvent",
    "Hearing",
    "Heartbeat",
    "HourCount",
    "LineView",
    "LoggedAttempt",
    "OrderDetail",
    "OrderFilter",
    "OrderState",
    "OrderView",
    "Page",
    "Part",
    "Totals",
    "Views",
]


class Views(TimelineViews, ExportViews, CountViews, ProcessViews, HearingViews, ReconciliationViews):
    """All reads: `async with deps.statements() as ledger: Views(ledger)`."""
