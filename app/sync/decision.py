"""The three answers a decision can be."""

from dataclasses import dataclass
from datetime import datetime

from app.domain.errors import Permanent, Problem
from app.domain.events import Event
from app.sync.actions import Action


@dataclass(frozen=True)
class Do:
    """Carry out this action."""

    action: Action


@dataclass(frozen=True)
class Nothing:
    """The other side already agrees, or nothing follows; `follow` are facts that come out of that."""

    reason: str
    follow: tuple[Event, ...] = ()


@dataclass(frozen=True)
class Later:
    """Not ripe: ask again at `due_at`; that is no attempt."""

    due_at: datetime
    reason: str


Decision = Do | Nothing | Later


def conflict(detail: str) -> Permanent:
    """What neither side can answer for the other."""
    return Permanent(Problem.STATE_CONFLICT, detail)
