"""One campaign: start everything, load it, break things in a seeded order, let it settle, check."""

import contextlib
import random
import shutil
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import redis

from tests.faults.breaking import FAULTS, leap, newer_settings
from tests.faults.checker import Checker, Found
from tests.faults.clocks import Clocks
from tests.faults.facts import Facts
from tests.faults.house import BRIDGE, House
from tests.faults.lane import Lane
from tests.faults.load import Load
from tests.faults.network import Promises, Road
from tests.faults.operator import KINDS, Operator, RefusedError, idealo_account, shop_of
from tests.faults.quota import make_quota
from tests.faults.reconciling import reconciled

SETTLES_WITHIN_S = 180
"""After the last fault everything is right again within this time."""
STAYS_RIGHT_S = 3
"""And stays so over another round of polls."""
AWAY = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError, httpx.HTTPError)
"""What looking raises while Postgres or the sandbox is away."""


class Campaign:
    """Everything of one seed. `begin`, then faults with time between them, then `settle`, always `close`."""

    def __init__(self, seed: int, *, say: Callable[[str], None], pause_s: float = 0.15) -> None:
        self.seed, self._say = seed, say
        self._began = time.monotonic()
        self.folder = Path(tempfile.mkdtemp(prefix=f"bridge-faults-{seed}-"))
        self.folder.chmod(0o711)
        self.quota = make_quota(self.folder)
        self.house = House(self.folder, self.quota.folder, seed)
        self.lane = Lane()
        self.promises = Promises()
        self.roads: dict[str, Road] = {}
        self.operator = Operator(self.house.api_url, self.house.settings, self._heal)
        self.facts = Facts()
        self.checker: Checker
        self.clocks = Clocks(self.house.clock_of)
        self.struck: Counter[str] = Counter()
        self._pause_s = pause_s
        self._load: Load | None = None
        self._loading: Future[None] | None = None
        self._ports: dict[str, int] = {}
        self._told_s = 0.0
        self._ends: list[tuple[float, Callable[[], object]]] = []
        self._down: dict[str, float] = {}

    def begin(self, *, poll_s: int = 2) -> None:
        """Everything runs, one store of each kind is connected. Raises NotReadyError, RefusedError."""
        self.house.start_world()
        self._build_roads()
        self.write_settings(poll_s, {})
        self.house.start(*BRIDGE)
        self.house.wait_until_ready()
        for kind in KINDS:
            self.control("POST", "/idealo/shops", {"shop_id": shop_of(kind), **idealo_account(kind)})
        idealo, stores = (f"http://127.0.0.1:{self._ports[way]}" for way in ("to idealo", "to the stores"))
        self.operator.connect(self.control("GET", "/stores"), idealo, stores)
        self.checker = Checker(
            self.house.sandbox_url, self.house.database_url, self.operator.stores, self.facts, self.clocks
        )
        self.say("everything runs", f"data: {self.quota.how}; logs: {self.house.logs}")

    def open_shops(self, orders: int) -> None:
        """The first orders of every store, polled at once."""
        for kind in KINDS:
            order = {"scenario": "S2", "count": orders, "seed": self.seed}
            self.control("POST", "/idealo/orders", {"shop_id": shop_of(kind), **order})
            self.operator.poll(kind)
        while not all(self.control("GET", f"/stores/{kind}/orders")["orders"] for kind in KINDS):
            time.sleep(0.1)

    def load(self, *, troubles: bool = True) -> None:
        """Merchants and buyers begin; they stop with `settle`."""
        load = Load(self.house.sandbox_url, self.seed, pause_s=self._pause_s, troubles=troubles)
        self._load = load
        self._loading = self.lane.start(load.run())

    def strike(self, name: str, chance: random.Random) -> None:
        """One fault, told in one line."""
        try:
            what = FAULTS[name](self, chance)
        except (redis.RedisError, httpx.HTTPError, RefusedError, subprocess.SubprocessError) as e:
            what = f"not possible now, something else is broken: {type(e).__name__} {str(e)[:120]}"
        else:
            self.struck[name] += 1
        self.say(name, what)

    def live(self, seconds: float) -> None:
        """Time passes: faults end, what fell is started again, the ledger's facts are noted."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            self._end_what_is_over()
            self._heal()
            with contextlib.suppress(*AWAY):
                self.lane.call(self.checker.note_facts())
            time.sleep(0.2)

    def settle(self, *, leaping: bool, within_s: float = SETTLES_WITHIN_S) -> tuple[Found, float]:
        """No more faults, no more load: what is wrong when it is right or the time is over, and the seconds it took.

        Then the bridge reconciles; what it finds joins in, and what was right must be so again.
        """
        self._stop_load()
        while self._ends or self._down:
            self.live(0.2)
        self.control("DELETE", "/faults")
        for kind in KINDS:
            self.control("POST", f"/stores/{kind}/webhooks", {"mode": "deliver"})
        self.operator.repair_webhooks()
        chance = random.Random(self.seed)
        if leaping:
            self.say("all clocks", leap(self, chance))
            self.say("newer settings", newer_settings(self, chance))
        found, settled_s = self._until_right(within_s, STAYS_RIGHT_S)
        theirs = reconciled(self.operator, KINDS, orders=found.orders)
        self.say("reconciled", f"the bridge compared {found.orders} orders itself: {len(theirs) or 'nothing'} wrong")
        if not found.wrong:
            found, _ = self._until_right(STAYS_RIGHT_S, 0)
        return found.joined_by(theirs), settled_s

    def _until_right(self, within_s: float, stays_s: float) -> tuple[Found, float]:
        """What is wrong when it has been right for a while or the time is over, and the seconds until it was right."""
        began = time.monotonic()
        right_since: float | None = None
        while True:
            found = self._look()
            now = time.monotonic()
            right_since = None if found is None or found.wrong else right_since or now
            if found and (now - began > within_s or (right_since and now - right_since >= stays_s)):
                return found, (right_since or now) - began
            self._tell(found, now - began)
            self.live(0.8)

    def _tell(self, found: Found | None, passed_s: float) -> None:
        """A line now and then while one waits."""
        if passed_s >= self._told_s + 15:
            self._told_s = passed_s
            first = (found.lines() or ["right, for now"])[0] if found else "Postgres or the sandbox is away"
            self.say("settling", f"{len(found.wrong) if found else 0} wrong: {first}"[:200])

    def later(self, seconds: float, end: Callable[[], object]) -> None:
        """Ends a fault that lasts."""
        self._ends.append((time.monotonic() + seconds, end))

    def keep_down(self, name: str, seconds: float) -> None:
        """The supervisor leaves it alone that long."""
        self._down[name] = time.monotonic() + seconds

    def write_settings(self, poll_s: int, more: Mapping[str, str]) -> None:
        """The settings file that API and workers read at their next start."""
        polls = {"BRIDGE_IDEALO_POLL_SECONDS": str(poll_s), "BRIDGE_STORE_POLL_SECONDS": str(poll_s)}
        way = {"BRIDGE_PUBLIC_URL": f"http://127.0.0.1:{self._ports['to the bridge']}"}
        lines = [f"{name}={value}\n" for name, value in {**polls, **way, **more}.items()]
        (self.folder / ".env").write_text("".join(lines), encoding="utf-8")

    def control(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """One call under /_sandbox, repeated while the sandbox is away. Raises httpx.HTTPError."""
        for patience in range(40):
            try:
                url = f"{self.house.sandbox_url}/_sandbox{path}"
                answer = httpx.request(method, url, json=body, timeout=20, trust_env=False)
                answer.raise_for_status()
                return answer.json()
            except httpx.TransportError:
                if patience == 39:
                    raise
                self._heal()
                time.sleep(0.25)
        raise AssertionError

    def say(self, what: str, how: str) -> None:
        self._say(f"seed {self.seed:>3} {time.monotonic() - self._began:6.1f} s  {what:<20} {how}")

    def report(self, found: Found | None, settled_s: float) -> dict[str, Any]:
        """The figures of this campaign, JSON-safe."""
        load = self._load.done if self._load else Counter[str]()
        return {
            "seed": self.seed,
            "seconds": round(time.monotonic() - self._began, 1),
            "settled_after_s": round(settled_s, 1),
            "faults": sum(self.struck.values()),
            "kills": dict(self.house.kills),
            "fell_by_themselves": dict(self.house.fell),
            "orders": found.orders if found else 0,
            "deliveries": found.deliveries if found else 0,
            "promised_deliveries": len(self.promises.delivery_ids),
            "facts": len(self.facts.known),
            "calls": sum(road.answers for name, road in self.roads.items() if name != "to the bridge"),
            "load": dict(load),
            "wrong": [*(found.lines() if found else []), *(self._load.trouble if self._load else [])],
        }

    def _build_roads(self) -> None:
        sandbox, api = self.house.sandbox_port, self.house.api_port
        self.roads = {
            "to idealo": Road(sandbox),
            "to the stores": Road(sandbox),
            "to the bridge": Road(api, self.promises.tap),
        }
        self._ports = {name: self.lane.call(road.build()) for name, road in self.roads.items()}

    def _stop_load(self) -> None:
        """Waits for the action that is under way."""
        if self._loading is not None and self._load is not None:
            self._loading.cancel()
            self._loading = None
            self.lane.call(self._load.aclose())

    def _look(self) -> Found | None:
        try:
            return self.lane.call(self.checker.check(self.promises.delivery_ids))
        except AWAY:
            return None

    def _end_what_is_over(self) -> None:
        now = time.monotonic()
        over = [one for one in self._ends if one[0] <= now]
        self._ends = [one for one in self._ends if one[0] > now]
        for _, end in over:
            try:
                end()
            except RefusedError as e:
                self.say("not ended", str(e)[:200])

    def _heal(self) -> None:
        now = time.monotonic()
        self._down = {name: until for name, until in self._down.items() if until > now}
        self.house.heal(resting=self._down)

    def close(self, *, keep: bool) -> None:
        """Ends everything; `keep` leaves logs and data in the campaign's folder for whoever looks into it."""
        self._stop_load()
        for road in self.roads.values():
            self.lane.call(road.close())
        self.lane.close()
        self.house.close()
        if keep:
            subprocess.run(["cp", "-a", str(self.quota.folder), str(self.folder / "data")], check=False)
        self.quota.close()
        if not keep:
            shutil.rmtree(self.folder, ignore_errors=True)
