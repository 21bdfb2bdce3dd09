"""The bell: tells the workers through arq's queue in Redis what to look at; a lost ring costs a sweep, nothing else."""

import asyncio
import itertools
import json
import time
import uuid
from collections.abc import Callable, Sequence
from typing import Any

import structlog
from arq.connections import ArqRedis, RedisSettings, create_pool
from arq.constants import job_key_prefix
from arq.jobs import serialize_job
from redis.exceptions import RedisError

QUEUE_NAME = "idealo-bridge"
CHANNEL = "idealo-bridge:bell"
KEPT_MS = 86_400_000
"""arq forgets a ring that nobody answered within a day; the sweep has rung again long before."""
SILENCE_S = 2.0
"""After a failed ring Redis is left alone that long."""
MOST_TOGETHER = 500
MOST_WAITING = 20_000
"""Rings beyond that are left to the sweep, so that a Redis that hangs fills nobody's memory."""

_PROCESS = uuid.uuid4().hex
_NUMBERS = itertools.count(1)
"""Together they name a ring: no other process and no earlier one made the same."""
_Ring = tuple[str, int | str]

log = structlog.get_logger("bridge")


def to_json(job: dict[str, Any]) -> bytes:
    """arq's jobs as JSON: its own pickle would run code for whoever writes to Redis."""
    return json.dumps(job).encode()


def from_json(raw: bytes) -> dict[str, Any]:
    job: dict[str, Any] = json.loads(raw)
    return job


class RedisQueue:
    """Rings through arq. Nobody waits for Redis: rings that come together leave together, the same one once.

    A ring that fails is logged and forgotten: the sweep rings again within a minute.
    """

    def __init__(self, redis_url: str, clock: Callable[[], float] = time.monotonic) -> None:
        self.settings = RedisSettings.from_dsn(redis_url)
        self.settings.conn_retries = 0
        self._pool: ArqRedis | None = None
        self._silent_until = 0.0
        self._clock = clock
        self._waiting: dict[_Ring, None] = {}
        self._ringing: asyncio.Task[None] | None = None

    async def look(self, delivery_id: int) -> None:
        self._ring("look", delivery_id)

    async def advance(self, order_id: int) -> None:
        self._ring("advance", order_id)

    async def poll(self, store_id: str) -> None:
        self._ring("poll", store_id)

    def _ring(self, job: str, argument: int | str) -> None:
        if self._clock() < self._silent_until or len(self._waiting) >= MOST_WAITING:
            return
        self._waiting[job, argument] = None
        if self._ringing is None or self._ringing.done():
            self._ringing = asyncio.create_task(self._ring_all())

    async def _ring_all(self) -> None:
        """Until nobody waits; what is rung meanwhile leaves with the next round trip."""
        while self._waiting:
            together = list(self._waiting)[:MOST_TOGETHER]
            for ring in together:
                del self._waiting[ring]
            try:
                if self._pool is None:
                    self._pool = await create_pool(
                        self.settings, job_serializer=to_json, job_deserializer=from_json, default_queue_name=QUEUE_NAME
                    )
                await _enqueue(self._pool, together)
            except (RedisError, OSError, TimeoutError) as e:
                self._silent_until = self._clock() + SILENCE_S
                lost = len(together) + len(self._waiting)
                self._waiting.clear()
                advice = "is Redis up? the sweep rings again"
                log.warning("ring.lost", rings=lost, first=together[0][0], detail=type(e).__name__, advice=advice)

    async def aclose(self) -> None:
        """What was rung is still heard."""
        if self._ringing is not None:
            await asyncio.wait({self._ringing})
        if self._pool is not None:
            await self._pool.aclose()


async def _enqueue(pool: ArqRedis, rings: Sequence[_Ring]) -> None:
    """As arq's enqueue_job, many in one round trip instead of three each: our ids are our own, nothing is watched.

    The message on the channel wakes the workers at once; whoever misses it looks within workers.main.POLL_DELAY_S.
    """
    now_ms = time.time_ns() // 1_000_000
    queued: dict[str, float] = {}
    async with pool.pipeline(transaction=False) as pipe:
        for job, argument in rings:
            job_id = f"{_PROCESS}-{next(_NUMBERS)}"
            content = serialize_job(job, (argument,), {}, None, now_ms, serializer=to_json)
            pipe.psetex(job_key_prefix + job_id, KEPT_MS, content)
            queued[job_id] = now_ms
        pipe.zadd(QUEUE_NAME, queued)
        pipe.publish(CHANNEL, b"")
        await pipe.execute()
