"""Row `import`: 1 000 new idealo orders into a shop where every call takes 50 ms."""

import os
from collections import Counter
from typing import Any

from app.wire.http import MAX_CONNECTIONS
from benchmarks.rig import Rig, stopped_after
from benchmarks.rows import Row
from benchmarks.town import Town, of_orders

ORDERS = 1000
CALL_S = 0.05
KIND = os.environ.get("BENCH_IMPORT_KIND", "woocommerce")


def imports(rig: Rig) -> list[Row]:
    town = Town.build(rig, KIND)
    worker = rig.worker(town.house)
    with stopped_after(worker, town.api, town.sandbox):
        town.first_polls(worker)
        town.place(1)
        town.import_all(worker, 1)  # tax tables and the like are read once per ten minutes, not per order
        town.place(ORDERS)
        town.forget_calls()
        town.control("POST", "/faults", {"kind": "slow", "seconds": CALL_S, "times": None})
        used = {p.name: p.cpu_s for p in (worker, town.sandbox)}
        town.import_all(worker, ORDERS, before=1)
        return _row(town.calls(), {p.name: p.cpu_s - used[p.name] for p in (worker, town.sandbox)})


def _row(calls: list[dict[str, Any]], cpu_s: dict[str, float]) -> list[Row]:
    """The bound: both sides work at once, so the one with more calls decides.

    Its calls are counted, not assumed; a call a poll makes for all orders together is not among them.
    """
    per_side = Counter(call["side"] for call in of_orders(calls))
    bound_s = max(per_side.values()) * CALL_S / MAX_CONNECTIONS
    # A call is noted when it comes in; its answer goes out CALL_S later.
    took_s = calls[-1]["at"] - calls[0]["at"] + CALL_S
    sides = ", ".join(f"{side} {count}" for side, count in sorted(per_side.items()))
    cores = ", ".join(f"{name} {used / took_s:.2f}" for name, used in cpu_s.items())
    each = f"{cpu_s['worker'] / ORDERS * 1000:.1f} ms of a core per order in the worker"
    note = f"{took_s:.1f} s, bound {bound_s:.1f} s; calls: {sides}; cores used: {cores}; {each}"
    return [Row("import", ORDERS / took_s, ORDERS / bound_s, "orders/s", at_least=0.85, note=note)]
