"""Counts outgoing calls by side and outcome, with their times, in a shape that can be written down and added up."""

from collections.abc import Mapping
from typing import Any

BUCKETS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
"""Upper bounds in seconds; a last bucket takes the rest."""


class CallCounts:
    """Calls of one process since it started."""

    def __init__(self) -> None:
        self._calls: dict[tuple[str, str], list[float]] = {}

    def observe(self, side: str, method: str, outcome: str, seconds: float) -> None:
        """One call; `outcome` is a status code or an error's name."""
        row = self._calls.setdefault((side, f"{method} {outcome}"), [0.0] * (len(BUCKETS) + 2))
        row[next((i for i, bound in enumerate(BUCKETS) if seconds <= bound), len(BUCKETS))] += 1
        row[-1] += seconds

    def report(self) -> dict[str, Any]:
        """`{"calls": [{"side", "method", "outcome", "buckets": [...], "seconds": sum}]}`."""
        calls = []
        for (side, what), row in sorted(self._calls.items()):
            method, outcome = what.split(" ", 1)
            buckets = [int(n) for n in row[:-1]]
            calls.append({"side": side, "method": method, "outcome": outcome, "buckets": buckets, "seconds": row[-1]})
        return {"calls": calls}


def calls_in(report: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The calls of a report written by any version; nothing where it has none."""
    calls = report.get("calls")
    return [c for c in calls if isinstance(c, dict)] if isinstance(calls, list) else []
