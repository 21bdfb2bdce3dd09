"""Row `memory`: resident memory of API and worker, idle, under load and after it, against empty processes."""

import statistics
import time

from benchmarks.load import Load, generate
from benchmarks.rig import Rig, Running, stopped_after
from benchmarks.rows import Row
from benchmarks.town import Town

PARTS = 8
ADMIN_READS = 20
ORDERS_PER_PART = 25
LOAD_RATE = 150.0
LOAD_S = 2.5


def memory(rig: Rig) -> list[Row]:
    """The same mixed load in equal parts; what grows from part to part would be a leak."""
    plain_api = rig.plain("api", {})
    plain_worker = rig.plain("worker", {"BRIDGE_REDIS_URL": rig.redis_url})
    time.sleep(1.5)
    baselines = {"api": plain_api.resident_mb, "worker": plain_worker.resident_mb}
    plain_api.stop()
    plain_worker.stop()
    town = Town.build(rig)
    worker = rig.worker(town.house)
    with stopped_after(worker, town.api, town.sandbox):
        town.first_polls(worker)
        time.sleep(1)
        both = {"api": town.api, "worker": worker}
        idle = {name: running.resident_mb for name, running in both.items()}
        samples = {name: [after] for name, after in idle.items()}
        for part in range(PARTS):
            _load(town, worker, part)
            for name, running in both.items():
                samples[name].append(running.resident_mb)
    return [row for name in both for row in _rows(name, baselines[name], samples[name])]


def _load(town: Town, worker: Running, part: int) -> None:
    """Webhooks of unknown orders, imports."""
    path = f"/webhooks/{town.kind}/{town.store_id}"
    generate(Load(town.api.port, path, 16, LOAD_S, LOAD_RATE, first=1_000_000 * (part + 1)))
    town.place(ORDERS_PER_PART)
    town.import_all(worker, ORDERS_PER_PART, before=part * ORDERS_PER_PART)


def _rows(name: str, baseline: float, samples: list[float]) -> list[Row]:
    """The first half of the load fills caches and pools; from then on it must stay."""
    half = len(samples) // 2
    settled, last = statistics.median(samples[half : half + 2]), samples[-1]
    course = " ".join(f"{sample:.0f}" for sample in samples)
    return [
        Row(f"memory_{name}_idle", samples[0], baseline, "MiB", at_most=2.0),
        Row(f"memory_{name}", last, baseline, "MiB", at_most=2.0, note=f"idle, then after each part: {course}"),
        Row(f"memory_{name}_growth", last, settled, "MiB", at_most=1.05),
    ]
