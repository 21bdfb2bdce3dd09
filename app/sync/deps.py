"""What the use cases work with; app.bootstrap puts it together, tests put their own together."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from app.idealo import IdealoClient
from app.ledger.ledger import Ledger
from app.ledger.records import StoreRecord
from app.ports import Queue, StoreAdapter
from app.sync.turns import Turns
from app.wire.vault import Vault

OpenLedger = Callable[[], AbstractAsyncContextManager[Ledger]]


class Sides(Protocol):
    """Both sides of a store, opened once and kept while the store does not change."""

    def adapter(self, store: StoreRecord) -> StoreAdapter: ...

    def idealo(self, store: StoreRecord) -> IdealoClient: ...


@dataclass(frozen=True)
class Deps:
    """The ledger, both sides, the bell, the clock and the vault of one process."""

    ledger: OpenLedger
    """One transaction."""
    statements: OpenLedger
    """No transaction: each statement commits by itself. For reads, and for a write that is one statement."""
    sides: Sides
    queue: Queue
    now: Callable[[], datetime]
    vault: Vault
    looks: Turns = field(default_factory=Turns)
    """At a store order: a shop sends several webhooks about one change at once."""
