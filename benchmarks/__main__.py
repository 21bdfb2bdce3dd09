"""`python -m benchmarks [rows]`: takes the rows asked for (all by default), prints the table, writes the results."""

import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.accept import accept
from benchmarks.calls import calls
from benchmarks.end_to_end import end_to_end
from benchmarks.imports import imports
from benchmarks.ledger import ledger
from benchmarks.memory import memory
from benchmarks.rig import Rig
from benchmarks.rows import Row, table, write

RESULTS = Path(__file__).resolve().parent / "results"
BENCHMARKS: dict[str, Callable[[Rig], list[Row]]] = {
    "accept": accept,
    "end_to_end": end_to_end,
    "import": imports,
    "ledger": ledger,
    "memory": memory,
    "calls": calls,
}


def main(wanted: str) -> int:
    """0 when all rows were taken, whether or not they meet their targets; 2 for a name that is none."""
    names = [name for name in wanted.replace(",", " ").split() if name] or list(BENCHMARKS)
    unknown = [name for name in names if name not in BENCHMARKS]
    if unknown:
        print(f"bench: no row {', '.join(unknown)}; there are {', '.join(BENCHMARKS)}", file=sys.stderr)
        return 2
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    rows: list[Row] = []
    with Rig() as rig:
        for name in names:
            began = time.monotonic()
            print(f"{name} …", file=sys.stderr, flush=True)
            rows += BENCHMARKS[name](rig)
            print(f"{name} took {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)
    write(rows, RESULTS)
    print(table(rows))
    for row in rows:
        if row.note:
            print(f"  {row.name}: {row.note}")
    load = os.getloadavg()[0]
    print(f"load average {load:.1f} on {os.cpu_count()} cores; the ratio is the result, see docs/benchmarks.md")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(" ".join(sys.argv[1:]) or os.environ.get("ROWS", "")))
