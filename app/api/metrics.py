"""/metrics: what Prometheus may alert on, from the ledger, the workers' heartbeats and this process."""

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from fastapi import APIRouter
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from starlette.requests import Request
from starlette.responses import Response

from app.api.state import ApiState, state_of
from app.ledger.records import CursorRecord, ReconciliationRecord, StoreRecord
from app.ledger.session import LedgerUnavailable
from app.ledger.views import Backlog, Heartbeat, Totals, Views
from app.sync.silence import WebhookHealth, webhook_health
from app.wire.counts import BUCKETS, calls_in

TOTALS_KEPT_S = 60.0
"""Totals read the whole ledger; everything else is fresh."""

router = APIRouter(tags=["health"])


@dataclass(frozen=True)
class Reading:
    """What the ledger says at one moment."""

    now: datetime
    totals: Totals
    backlog: Backlog
    stores: list[StoreRecord]
    cursors: list[CursorRecord]
    webhooks: dict[str, WebhookHealth]
    reconciliations: dict[str, ReconciliationRecord]
    heartbeats: list[Heartbeat]


@router.get(
    "/metrics",
    summary="Counters and gauges for Prometheus",
    response_class=Response,
    responses={200: {"description": "Prometheus text format; bridge_up is 0 while the database is away",
                     "content": {"text/plain": {}}}},
)  # fmt: skip
async def metrics(request: Request) -> Response:
    """No token: it names stores by id and holds nothing secret, but need not be reachable from outside."""
    state = state_of(request)
    try:
        reading = await _read(state)
    except LedgerUnavailable:
        reading = None
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Collected([*_of_process(state, reading is not None), *(_of_ledger(reading) if reading else ()),
                                  _calls(state, reading)]))  # fmt: skip
    return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)


class _Collected:
    """A collector that has collected already."""

    def __init__(self, families: Iterable[Metric]) -> None:
        self._families = list(families)

    def collect(self) -> Iterator[Metric]:
        return iter(self._families)


async def _read(state: ApiState) -> Reading:
    now = state.deps.now()
    webhooks = await _webhooks(state)
    async with state.deps.statements() as ledger:
        views = Views(ledger)
        kept = state.kept_totals
        if kept is None or time.monotonic() - kept[0] > TOTALS_KEPT_S:
            kept = state.kept_totals = (time.monotonic(), await views.totals())
        return Reading(
            now=now,
            totals=kept[1],
            backlog=await views.backlog(now),
            stores=await ledger.stores(),
            cursors=await ledger.cursors(),
            webhooks=webhooks,
            reconciliations=await views.last_reconciliations(),
            heartbeats=await views.heartbeats(),
        )


async def _webhooks(state: ApiState) -> dict[str, WebhookHealth]:
    """Counts a week of webhooks, so it is kept for a while as well."""
    kept = state.kept_webhooks
    if kept is None or time.monotonic() - kept[0] > TOTALS_KEPT_S:
        async with state.deps.statements() as ledger:
            stores = await ledger.stores()
        kept = state.kept_webhooks = (time.monotonic(), await webhook_health(state.deps, stores))
    return kept[1]


def _of_process(state: ApiState, up: bool) -> Iterator[Metric]:  # noqa: FBT001 - one plain fact
    yield GaugeMetricFamily("bridge_up", "1 while the database answers", value=float(up))
    taken = CounterMetricFamily(
        "bridge_deliveries", "Webhooks at this process's door by outcome", labels=["kind", "outcome"]
    )
    for kind, outcome, count in state.counts.items():
        taken.add_metric([kind, outcome], count)
    yield taken
    slowed = CounterMetricFamily(
        "bridge_deliveries_slowed", "Webhooks that had to wait for their store's turn", labels=["kind"]
    )
    for kind, count in sorted(state.turns.slowed.items()):
        slowed.add_metric([kind], count)
    yield slowed
    yield GaugeMetricFamily("bridge_deliveries_waiting", "Webhooks that wait for it now", value=state.turns.waiting)


def _of_ledger(reading: Reading) -> Iterator[Metric]:
    totals, backlog = reading.totals, reading.backlog
    yield _gauge("bridge_events", "Events", ["type", "state"], [([e.type, e.state], e.count) for e in totals.events])
    yield _gauge(
        "bridge_dead_events",
        "Events that need a person",
        ["problem"],
        [([problem], count) for problem, count in totals.dead_by_problem.items()],
    )
    yield _gauge(
        "bridge_orders", "Orders", ["state"], [([name], count) for name, count in totals.orders_by_state.items()]
    )
    for name, text, value in (
        ("bridge_due_events", "Events that are due now", backlog.due_events),
        (
            "bridge_backlog_oldest_seconds",
            "How long the longest-waiting event has been due",
            backlog.oldest_due_seconds,
        ),
        ("bridge_unseen_deliveries", "Kept webhooks nobody looked at yet", backlog.unseen_deliveries),
        ("bridge_unseen_oldest_seconds", "Age of the oldest of them", backlog.oldest_unseen_seconds),
    ):
        yield GaugeMetricFamily(name, text, value=value)
    yield from _of_stores(reading)
    yield _gauge(
        "bridge_heartbeat_age_seconds",
        "Since a process last reported",
        ["role", "name"],
        [([h.role, h.name], (reading.now - h.seen_at).total_seconds()) for h in reading.heartbeats],
    )


def _of_stores(reading: Reading) -> Iterator[Metric]:
    kinds = {store.id: store.kind for store in reading.stores}
    cursors = [c for c in reading.cursors if c.store_id in kinds]
    polled = [([c.store_id, c.stream], c.polled_at.timestamp()) for c in cursors if c.polled_at]
    yield _gauge("bridge_last_poll_timestamp_seconds", "When a side was last polled", ["store_id", "stream"], polled)
    failures = [([c.store_id, c.stream], c.failures) for c in cursors]
    yield _gauge("bridge_poll_failures", "Failed polls in a row", ["store_id", "stream"], failures)
    health = reading.webhooks.values()
    heard = [([h.store_id], h.last_webhook_at.timestamp()) for h in health if h.last_webhook_at]
    yield _gauge("bridge_last_webhook_timestamp_seconds", "When a store was last heard of", ["store_id"], heard)
    webhooks = [([s.id, s.kind], float(s.webhooks_problem is None)) for s in reading.stores if s.webhooks_checked_at]
    yield _gauge("bridge_webhooks_ok", "1 while a store's webhooks are in order", ["store_id", "kind"], webhooks)
    silent = [([h.store_id], float(h.silent)) for h in health]
    yield _gauge("bridge_webhooks_silent", "1 while polling finds what webhooks should tell", ["store_id"], silent)
    reports = [r for r in reading.reconciliations.values() if r.ended_at]
    differences = [([r.store_id], r.open) for r in reports]
    yield _gauge("bridge_differences", "Left by the last reconciliation of the three sides", ["store_id"], differences)
    ended = [([r.store_id], r.ended_at.timestamp()) for r in reports if r.ended_at]
    yield _gauge("bridge_last_reconciliation_timestamp_seconds", "When it ended", ["store_id"], ended)
    paused = [([s.id, s.kind], float(s.paused_at is not None)) for s in reading.stores]
    yield _gauge("bridge_store_paused", "1 while a store is paused", ["store_id", "kind"], paused)


def _gauge(name: str, text: str, labels: list[str], samples: Iterable[tuple[list[str], float]]) -> Metric:
    family = GaugeMetricFamily(name, text, labels=labels)
    for values, value in samples:
        family.add_metric(values, value)
    return family


def _calls(state: ApiState, reading: Reading | None) -> Metric:
    """Outgoing calls of this process and of every worker that reported within the last day."""
    family = HistogramMetricFamily(
        "bridge_calls_seconds", "Outgoing calls", labels=["process", "side", "method", "outcome"]
    )
    reports: list[tuple[str, dict[str, Any]]] = [("api", state.bridge.counts.report())]
    reports += [(h.name, h.report) for h in (reading.heartbeats if reading else ())]
    for process, report in reports:
        for call in calls_in(report):
            buckets, counts, total = [], list(call["buckets"]), 0
            for bound, count in zip((*map(str, BUCKETS), "+Inf"), counts, strict=False):
                total += count
                buckets.append((bound, total))
            labels = [process, call["side"], call["method"], call["outcome"]]
            family.add_metric(labels, buckets, sum_value=call["seconds"])
    return family
