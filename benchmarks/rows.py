"""Rows of the result: ratios, targets, percentiles, the table and the file."""

import json
import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Row:
    """One figure beside its baseline. `at_least` and `at_most` bound the ratio; neither means: for information."""

    name: str
    value: float
    baseline: float
    unit: str
    at_least: float | None = None
    at_most: float | None = None
    note: str = ""

    @property
    def ratio(self) -> float:
        return self.value / self.baseline if self.baseline else math.nan

    @property
    def met(self) -> bool | None:
        """None when nothing is asked of the row."""
        if self.at_least is not None:
            return self.ratio >= self.at_least
        return None if self.at_most is None else self.ratio <= self.at_most

    @property
    def target(self) -> str:
        if self.at_least is not None:
            return f">= {self.at_least:g}"
        return "" if self.at_most is None else f"<= {self.at_most:g}"

    def to_json(self) -> dict[str, str | float]:
        """The five fields other programs read."""
        return {
            "name": self.name,
            "value": round(self.value, 4),
            "baseline": round(self.baseline, 4),
            "ratio": round(self.ratio, 4),
            "unit": self.unit,
        }


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least this share (0..1) of the values does not exceed."""
    ranked = sorted(values)
    return ranked[max(math.ceil(share * len(ranked)) - 1, 0)]


def paired(ours: Sequence[float], plain: Sequence[float]) -> tuple[float, float]:
    """Value and baseline of runs taken in turns, so that their ratio is the median of the ratios of the pairs.

    A machine that drifts shifts both runs of a pair alike; the baseline shown is the median one.
    """
    baseline = statistics.median(plain)
    return baseline * statistics.median(a / b for a, b in zip(ours, plain, strict=True)), baseline


def table(rows: Sequence[Row]) -> str:
    """For the eye; a target that was missed is marked."""
    words = {True: "met", False: "MISSED", None: ""}
    cells = [("row", "value", "baseline", "unit", "ratio", "target", "")]
    cells += [
        (r.name, _figure(r.value), _figure(r.baseline), r.unit, f"{r.ratio:.2f}", r.target, words[r.met]) for r in rows
    ]
    widths = [max(len(line[i]) for line in cells) for i in range(len(cells[0]))]
    left = {0, 3, 6}
    return "\n".join(
        "  ".join(c.ljust(w) if i in left else c.rjust(w) for i, (c, w) in enumerate(zip(line, widths, strict=True)))
        for line in cells
    )


def _figure(value: float) -> str:
    return f"{value:,.0f}" if value >= 1000 else f"{value:.4g}"


def write(rows: Sequence[Row], folder: Path) -> None:
    """latest.json for programs, latest.txt with the table and what was seen beside it."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "latest.json").write_text(json.dumps([r.to_json() for r in rows], indent=2) + "\n", encoding="utf-8")
    notes = "\n".join(f"{r.name}: {r.note}" for r in rows if r.note)
    (folder / "latest.txt").write_text(f"{table(rows)}\n\n{notes}\n", encoding="utf-8")
