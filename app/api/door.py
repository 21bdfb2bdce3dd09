"""What the webhook door remembers: stores for two seconds, whose turn it is, and how deliveries ended."""

import asyncio
import time
from collections import Counter, deque
from collections.abc import Callable

from app.ledger.records import StoreRecord
from app.sync.deps import Deps

TIME_TO_LIVE_S = 2.0
"""How long a pause, an archived store or a new secret may take to reach the door of another process."""
MOST_KEPT = 10_000
STRANGERS_AT_ONCE = 4
"""Questions about ids nobody has seen here, at the same time: whoever invents ids must not use up the connections."""
MOST_STRANGERS = 400
MOST_AT_ONCE = 32
"""Deliveries of one store being kept at the same time: half of what shares one commit, the others find room in it."""
PATIENCE_S = 3.0
"""A delivery waits at most that long for its turn; stores hang up after about five seconds."""
MOST_WAITING = 500
"""Per store; the rest is asked to come again."""
MOST_WAITING_BYTES = 64 * 1024 * 1024
FREE_BYTES = 64 * 1024
"""A body up to here is no more than what the server holds of a connection anyway."""
STORES_ROOM_BYTES = 16 * 1024 * 1024
"""For the larger bodies of one store whose signature is not checked yet; all stores together have twice as much."""


class Busy(Exception):
    """The door cannot take this now without keeping others waiting or filling its memory; send it again."""


class StoreCache:
    """Stores by id, so that an accepted delivery costs one statement."""

    def __init__(self, deps: Deps, clock: Callable[[], float] = time.monotonic) -> None:
        self._deps = deps
        self._clock = clock
        self._kept: dict[str, tuple[float, StoreRecord]] = {}
        self._asked: dict[str, asyncio.Task[StoreRecord | None]] = {}
        self._strangers = asyncio.Semaphore(STRANGERS_AT_ONCE)

    async def get(self, store_id: str) -> StoreRecord | None:
        """The store, at most two seconds old; unknown ones are asked for anew. Raises LedgerUnavailable and Busy."""
        known = self._kept.get(store_id)
        if known and known[0] > self._clock():
            return known[1]
        asked = self._asked.get(store_id)
        if asked is None:
            if known is None and len(self._asked) >= MOST_STRANGERS:
                raise Busy("too many unknown stores are being asked for; send it again")
            asked = self._asked[store_id] = asyncio.ensure_future(self._ask(store_id, stranger=known is None))
            asked.add_done_callback(lambda task: self._answered(store_id, task))
        return await asyncio.shield(asked)

    def forget(self, store_id: str) -> None:
        """The store was changed by this process."""
        self._kept.pop(store_id, None)
        self._asked.pop(store_id, None)

    async def _ask(self, store_id: str, *, stranger: bool) -> StoreRecord | None:
        if stranger:
            async with self._strangers:
                return await self._read(store_id)
        return await self._read(store_id)

    async def _read(self, store_id: str) -> StoreRecord | None:
        async with self._deps.statements() as ledger:
            store = await ledger.store(store_id)
        if store is None:
            self._kept.pop(store_id, None)
            return None
        if len(self._kept) >= MOST_KEPT:
            self._kept.clear()
        self._kept[store_id] = (self._clock() + TIME_TO_LIVE_S, store)
        return store

    def _answered(self, store_id: str, task: "asyncio.Task[StoreRecord | None]") -> None:
        if self._asked.get(store_id) is task:
            del self._asked[store_id]
        if not task.cancelled():
            task.exception()  # those who waited have it; when all of them have left, it is nobody's


class Line:
    """The deliveries of one store: how many are being kept, who waits, and until when its rate is used up."""

    __slots__ = ("at_work", "standing", "used_until", "waiting")

    def __init__(self) -> None:
        self.at_work = 0
        self.standing = 0
        self.waiting: deque[asyncio.Future[None]] = deque()
        self.used_until = 0.0


class Room:
    """Memory for bodies nobody has vouched for yet: whoever knows a store's address can send them, and hold them back.

    What fits into `FREE_BYTES` needs no room, so a crowd of large bodies keeps out large ones only.
    """

    def __init__(self, largest_body: int) -> None:
        self._share = max(STORES_ROOM_BYTES, largest_body)
        self._all = 2 * self._share
        self._held: Counter[str] = Counter()
        self._total = 0

    def of(self, store_id: str) -> "Place":
        """The place of one body, empty yet; give it back with `leave`."""
        return Place(self, store_id)

    def take(self, store_id: str, size: int) -> None:
        """Raises Busy where the store's share or the whole room is full."""
        if self._held[store_id] + size > self._share or self._total + size > self._all:
            raise Busy("too many large bodies are coming in at once; send it again")
        self._held[store_id] += size
        self._total += size

    def give(self, store_id: str, size: int) -> None:
        self._total -= size
        self._held[store_id] -= size
        if not self._held[store_id]:
            del self._held[store_id]


class Place:
    """What one body holds of the room."""

    __slots__ = ("_room", "_size", "_store_id")

    def __init__(self, room: Room, store_id: str) -> None:
        self._room, self._store_id, self._size = room, store_id, 0

    def grow(self, size: int) -> None:
        """The body has this size by now. Raises Busy."""
        if size > FREE_BYTES:
            self._room.take(self._store_id, size - self._size)
            self._size = size

    def leave(self) -> None:
        """Harmless to repeat."""
        if self._size:
            self._room.give(self._store_id, self._size)
            self._size = 0


class Turns:
    """Gives each store its share of the door: a flood is slowed down, and the other stores do not notice it.

    Only deliveries with a right signature stand in line, so a forger neither waits here nor keeps anybody waiting.
    """

    def __init__(self, per_second: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._interval_s = 1 / per_second if per_second else 0.0
        self._clock = clock
        self._lines: dict[str, Line] = {}
        self.waiting = 0
        self.waiting_bytes = 0
        self.slowed: Counter[str] = Counter()
        """Deliveries that had to wait, by kind, since the process started."""

    async def take(self, store_id: str, kind: str, size: int) -> Line:
        """Returns when it is this delivery's turn; hand the line back with `give`. Raises Busy after PATIENCE_S."""
        line = self._lines.get(store_id)
        if line is None:
            line = self._lines[store_id] = Line()
        delay_s = self._delay_s(line) if self._interval_s else 0.0
        if delay_s <= 0.0 and line.at_work < MOST_AT_ONCE:
            line.at_work += 1
            return line
        await self._wait(line, kind, size, delay_s)
        return line

    @staticmethod
    def give(line: Line) -> None:
        """The next one's turn."""
        while line.waiting:
            following = line.waiting.popleft()
            if not following.done():
                following.set_result(None)
                return
        line.at_work -= 1

    def _delay_s(self, line: Line) -> float:
        """How long the store's rate asks to wait; one second's worth may come at once."""
        now = self._clock()
        used_until = max(line.used_until, now)
        delay_s = used_until - now - 1.0
        if delay_s > PATIENCE_S:
            raise Busy("this store sends more than its share; send it again")
        line.used_until = used_until + self._interval_s
        return delay_s

    async def _wait(self, line: Line, kind: str, size: int, delay_s: float) -> None:
        if line.standing >= MOST_WAITING or self.waiting_bytes + size > MOST_WAITING_BYTES:
            raise Busy("too many deliveries wait already; send it again")
        self.slowed[kind] += 1
        line.standing += 1
        self.waiting += 1
        self.waiting_bytes += size
        try:
            async with asyncio.timeout(PATIENCE_S):
                if delay_s > 0.0:
                    await asyncio.sleep(delay_s)
                await self._queue(line)
        except TimeoutError as e:
            raise Busy(f"its turn did not come within {PATIENCE_S:g} s; send it again") from e
        finally:
            line.standing -= 1
            self.waiting -= 1
            self.waiting_bytes -= size

    async def _queue(self, line: Line) -> None:
        if line.at_work < MOST_AT_ONCE:
            line.at_work += 1
            return
        turn = asyncio.get_running_loop().create_future()
        line.waiting.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self.give(line)  # our turn came in the moment we gave up: hand it on
            elif turn in line.waiting:
                line.waiting.remove(turn)
            raise


class DoorCounts:
    """Deliveries by kind and outcome since the process started."""

    def __init__(self) -> None:
        self._counts: Counter[tuple[str, str]] = Counter()

    def count(self, kind: str, outcome: str) -> None:
        self._counts[kind, outcome] += 1

    def items(self) -> list[tuple[str, str, int]]:
        """(kind, outcome, how many)."""
        return [(kind, outcome, count) for (kind, outcome), count in sorted(self._counts.items())]
