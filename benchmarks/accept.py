"""Rows `accept` and `accept_p99`: webhooks through the real door against the smallest door that keeps anything."""

import statistics

from benchmarks.load import Load, Outcome, generate
from benchmarks.plain import DOOR, SECRET
from benchmarks.rig import BenchError, House, Rig, Running, call, stopped_after
from benchmarks.rows import Row, paired, percentile

ROUNDS = 5
ROUND_S = 3.0
CONNECTIONS = 16
RATE = 300.0
OPEN_S = 10.0
OPEN_ROUNDS = 2
STORE = {
    "kind": "woocommerce",
    "name": "Bench",
    "credentials": {"base_url": "http://127.0.0.1:9", "consumer_key": "ck_bench", "consumer_secret": "cs_bench"},
    "idealo": {"client_id": "bench", "client_secret": "bench", "base_url": "http://127.0.0.1:9"},
    "webhook_secrets": [SECRET.decode()],
}


class Doors:
    """Both doors side by side; only one gets requests at a time."""

    def __init__(self, rig: Rig) -> None:
        self.house: House = rig.house()
        self.api: Running = rig.api(self.house)
        self.plain: Running = rig.plain("door", {"BRIDGE_DATABASE_URL": rig.house().database_url})
        token = rig.token(self.house)
        store = call("POST", f"{self.api.url}/admin/v1/stores?check=false", STORE, token)
        self._path = f"/webhooks/woocommerce/{store['id']}"
        self._sent = 0

    def send(self, door: Running, seconds: float, rate: float | None = None, connections: int = CONNECTIONS) -> Outcome:
        """Never the same webhook twice."""
        self._sent += 1_000_000
        path = self._path if door is self.api else DOOR
        outcome = generate(Load(door.port, path, connections, seconds, rate, first=self._sent))
        if outcome.refused or not outcome.latencies:
            raise BenchError(f"{door.name} refused {outcome.refused} webhooks")
        return outcome


def accept(rig: Rig) -> list[Row]:
    doors = Doors(rig)
    with stopped_after(doors.api, doors.plain):
        for door in (doors.api, doors.plain):
            doors.send(door, 1.0)
        return [*_throughput(doors, rig), *_latency(doors)]


def _throughput(doors: Doors, rig: Rig) -> list[Row]:
    """In turns; the server, not the generator, must be what is busy."""
    speeds: dict[str, list[float]] = {"api": [], "plain-door": []}
    busy: dict[str, list[float]] = {"api": [], "plain-door": [], "generator": []}
    before = _kept(doors, rig)
    answered = 0
    for _ in range(ROUNDS):
        for door in (doors.plain, doors.api):
            cpu = door.cpu_s
            outcome = doors.send(door, ROUND_S)
            speeds[door.name].append(outcome.per_second)
            busy[door.name].append((door.cpu_s - cpu) / outcome.took_s)
            busy["generator"].append(outcome.generator_cpu_s / outcome.took_s)
            answered += len(outcome.latencies) if door is doors.api else 0
    if _kept(doors, rig) - before != answered:
        raise BenchError(f"{answered} webhooks were answered 202, {_kept(doors, rig) - before} are kept")
    value, baseline = paired(speeds["api"], speeds["plain-door"])
    shares = ", ".join(f"{name} {statistics.median(found):.2f}" for name, found in busy.items())
    note = f"cores used: {shares}; all {answered} deliveries answered 202 are in Postgres"
    return [Row("accept", value, baseline, "webhooks/s", at_least=0.85, note=note)]


def _kept(doors: Doors, rig: Rig) -> int:
    [row] = rig.run_sql("SELECT count(*) FROM deliveries", doors.house.database_url)
    return int(row[0])


def _latency(doors: Doors) -> list[Row]:
    ours: list[float] = []
    plain: list[float] = []
    for _ in range(OPEN_ROUNDS):
        plain += doors.send(doors.plain, OPEN_S, RATE, 32).latencies
        ours += doors.send(doors.api, OPEN_S, RATE, 32).latencies
    value, baseline = percentile(ours, 0.99) * 1000, percentile(plain, 0.99) * 1000
    note = f"p50 {percentile(ours, 0.5) * 1000:.2f} ms, baseline {percentile(plain, 0.5) * 1000:.2f} ms"
    return [Row("accept_p99", value, baseline, "ms", at_most=1.3, note=note)]
