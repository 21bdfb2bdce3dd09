"""What the API process holds open; every route takes it from the application."""

import asyncio
from dataclasses import dataclass, field
from typing import Any

from starlette.requests import Request

from app.api.auth import TokenChecker
from app.api.door import DoorCounts, Room, StoreCache, Turns
from app.bootstrap import Bridge
from app.ledger.records import StoreRecord
from app.ledger.views import Totals
from app.ports import StoreAdapter
from app.sync.deps import Deps
from app.sync.silence import WebhookHealth


@dataclass
class ApiState:
    """One API process."""

    bridge: Bridge
    tokens: TokenChecker
    stores: StoreCache
    counts: DoorCounts = field(default_factory=DoorCounts)
    turns: Turns = field(init=False)
    room: Room = field(init=False)
    background: set[asyncio.Task[Any]] = field(default_factory=set)
    """What goes on after its request was answered; ended with the process."""
    kept_totals: tuple[float, Totals] | None = None
    """Totals for /metrics and when they were read (monotonic seconds)."""
    kept_webhooks: tuple[float, dict[str, WebhookHealth]] | None = None

    def __post_init__(self) -> None:
        self.turns = Turns(self.bridge.settings.webhook_rate)
        self.room = Room(self.bridge.settings.max_body_bytes)

    @property
    def deps(self) -> Deps:
        return self.bridge.deps

    def webhook_url(self, store: StoreRecord) -> str:
        """Where a store posts its webhooks."""
        return f"{self.bridge.settings.webhook_root}/webhooks/{store.kind}/{store.id}"

    def adapter(self, store: StoreRecord) -> StoreAdapter:
        """Raises SealBrokenError when no master key opens the store's credentials."""
        return self.deps.sides.adapter(store)


def state_of(request: Request) -> ApiState:
    state: ApiState = request.app.state.api
    return state
