"""Switches that make the sandbox's answers go wrong in the ways a network and a busy server do."""

import itertools
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sandbox.calls import path_matches
from sandbox.stores.port import SandboxRefusal

KINDS: Final = {
    "status": "answers `status` (default 500) without performing the call",
    "timeout": "does not perform the call and holds the connection without an answer",
    "slow": "performs the call and answers `seconds` later (default 5)",
    "reset": "does not perform the call and resets the connection",
    "truncate": "performs the call and answers with the first half of the body",
    "after_success": "performs the call, then drops the answer",
    "html_502": "answers 502 with a page of HTML, as a gateway does, without performing the call",
    "rate_limit": "answers 429 with Retry-After: `seconds` (default 1), without performing the call",
    "duplicate": "performs the call twice, as after a proxy's own retry, and gives the second answer",
}


@dataclass(slots=True, kw_only=True)
class Fault:
    """One switch. The first `after` matching requests pass, then up to `times` (None: without end) are hit.

    `path` is a prefix or has fnmatch wildcards; side, method and path match anything when None. `seconds` None means
    the kind's default; with `timeout` the longest time to hold a served connection (default: until the caller leaves).
    """

    number: int
    kind: str
    side: str | None = None
    method: str | None = None
    path: str | None = None
    times: int | None = 1
    after: int = 0
    seconds: float | None = None
    status: int = 500
    probability: float = 1.0
    seed: int = 1
    hits: int = 0
    chance: random.Random = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self.chance = random.Random(self.seed)

    @property
    def spent(self) -> bool:
        """Whether it has hit as often as it should."""
        return self.times is not None and self.hits >= self.times

    def strikes(self, side: str, method: str, path: str) -> bool:
        """Whether it hits this request; counts the request if so or if it still lets it pass."""
        if self.spent or not self._covers(side, method, path):
            return False
        if self.after > 0:
            self.after -= 1
            return False
        if self.probability < 1 and self.chance.random() >= self.probability:
            return False
        self.hits += 1
        return True

    def _covers(self, side: str, method: str, path: str) -> bool:
        return (
            self.side in {None, side}
            and (self.method is None or self.method.upper() == method)
            and (self.path is None or path_matches(self.path, path))
        )

    def to_json(self) -> dict[str, Any]:
        """What the controls show."""
        names = ("number", "kind", "side", "method", "path", "times", "after", "seconds", "status", "probability")
        return {name: getattr(self, name) for name in (*names, "seed", "hits")}


class Faults:
    """All switches set at present; the oldest one that hits a request wins."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []
        self._numbers = itertools.count(1)

    def add(self, kind: str, **options: Any) -> Fault:
        """Set a switch; options are the fields of `Fault`. SandboxRefusal names an unknown or impossible one."""
        fault = Fault(number=next(self._numbers), **read_fault({"kind": kind, **options}))
        self._faults.append(fault)
        return fault

    def strike(self, side: str, method: str, path: str) -> Fault | None:
        """The fault that hits this request, if any; the hit is counted."""
        return next((fault for fault in self._faults if fault.strikes(side, method, path)), None)

    def list(self) -> Sequence[Fault]:
        """All switches, spent ones too."""
        return tuple(self._faults)

    def clear(self, number: int | None = None) -> None:
        """Remove one switch, or all."""
        self._faults = [] if number is None else [fault for fault in self._faults if fault.number != number]


def read_fault(body: Mapping[str, Any]) -> dict[str, Any]:
    """Check the fields of a fault as given from outside; SandboxRefusal (422) names the first bad one."""
    known = {"kind", "side", "method", "path", "times", "after", "seconds", "status", "probability", "seed"}
    for name in body:
        if name not in known:
            raise SandboxRefusal(name, f"unknown field; known are {', '.join(sorted(known))}", status=422)
    if body.get("kind") not in KINDS:
        raise SandboxRefusal("kind", f"must be one of {', '.join(KINDS)}", status=422)
    for name in ("side", "method", "path"):
        if not isinstance(body.get(name), str | None):
            raise SandboxRefusal(name, "must be text", status=422)
    _check_number(body, "times", int, 1, 10**9, optional=True)
    _check_number(body, "after", int, 0, 10**9)
    _check_number(body, "seconds", float, 0, 86_400, optional=True)
    _check_number(body, "status", int, 200, 599)
    _check_number(body, "probability", float, 0, 1)
    _check_number(body, "seed", int, 0, 2**63)
    return dict(body)


def _check_number(
    body: Mapping[str, Any], name: str, kind: type[int | float], low: int, high: int, *, optional: bool = False
) -> None:
    if name not in body or (optional and body[name] is None):
        return
    value = body[name]
    allowed = int if kind is int else int | float
    if isinstance(value, bool) or not isinstance(value, allowed) or not low <= value <= high:
        noun = "a whole number" if kind is int else "a number"
        raise SandboxRefusal(name, f"must be {noun} from {low} to {high}", status=422)
