"""The worker process: arq while Redis is there, its own rounds while it is not, a heartbeat all along."""

import asyncio
import importlib
import importlib.util
import os
import signal
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import Any

import structlog
from arq import cron, func
from arq.connections import RedisSettings
from arq.worker import Worker
from redis.exceptions import RedisError

from app.bell import QUEUE_NAME, from_json, to_json
from app.bootstrap import Bridge
from app.config import Settings
from app.ledger.session import LedgerUnavailable
from workers import jobs
from workers.alone import work_without_redis
from workers.bell import answer_bells

POLL_DELAY_S = 0.02
"""How often arq looks for rings by itself; workers.bell wakes it sooner."""
JOBS_AT_ONCE = 20
JOB_TIMEOUT_S = 110
"""One step of an order ends after 100 s by itself."""
POLL_TIMEOUT_S = 600
RECONCILE_TIMEOUT_S = 6 * 3600
"""Whole shops are read; whose turn it is stands in Postgres, so a second one that starts meanwhile ends at once."""
FINISH_S = 1.0
HEARTBEAT_S = 10
EVERY_FIVE = set(range(0, 60, 5))
EVERY_TWENTY = {2, 22, 42}
QUIET_HOUR = 2  # UTC

log = structlog.get_logger("bridge")


def run(settings: Settings) -> None:
    """Works until SIGTERM or SIGINT; what was begun is finished or taken over later."""
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        runner.run(_work(settings))


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """uvloop where there is one: a third less work per order; asyncio's own loop on Windows."""
    if importlib.util.find_spec("uvloop") is None:
        return None
    uvloop = importlib.import_module("uvloop")
    factory: Callable[[], asyncio.AbstractEventLoop] = uvloop.new_event_loop
    return factory


async def _work(settings: Settings) -> None:
    bridge = Bridge(settings)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stop.set)
    pulse = asyncio.create_task(_beat(bridge))
    try:
        while not stop.is_set():
            await _with_redis(bridge, stop)
            if not stop.is_set():
                log.warning(
                    "redis.gone", advice="start Redis again; until then this worker looks after everything itself"
                )
                await work_without_redis(bridge.deps, settings, stop)
    finally:
        pulse.cancel()
        with suppress(asyncio.CancelledError):
            await pulse
        await bridge.aclose()


async def _with_redis(bridge: Bridge, stop: asyncio.Event) -> None:
    """Runs arq until told to stop or Redis is gone."""
    worker = make_worker(bridge)
    serving = asyncio.create_task(worker.async_run())
    stopping = asyncio.create_task(stop.wait())
    listening = asyncio.create_task(answer_bells(worker, bridge.settings.redis_url.get_secret_value()))
    try:
        await asyncio.wait({serving, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if serving.done():
            serving.result()
    except (RedisError, OSError, TimeoutError) as e:
        log.warning("redis.lost", detail=type(e).__name__)
    finally:
        await end(worker, listening, serving, stopping)


async def end(worker: Worker, *tasks: "asyncio.Task[Any]") -> None:
    """Ends what gives the worker jobs, gives the running ones a moment, and closes arq's connection.

    A job that is cut off in the middle of a call keeps its order's lease; whoever comes next looks when it has run out.
    """
    worker.allow_pick_jobs = False
    for task in tasks:
        task.cancel()
        with suppress(asyncio.CancelledError, RedisError, OSError):
            await task
    running = set(worker.tasks.values())
    if running:
        _, late = await asyncio.wait(running, timeout=FINISH_S)
        for job in late:
            job.cancel()
        if late:
            await asyncio.wait(late, timeout=FINISH_S)
    for job in running:
        if job.done() and not job.cancelled() and isinstance(job.exception(), Exception):
            # arq met this at its own bookkeeping in Redis; ours is in Postgres.
            log.debug("job.bookkeeping_lost", detail=type(job.exception()).__name__)
    # arq would take a job that was cut off for an end of the whole process.
    worker.tasks.clear()
    with suppress(RedisError, OSError, AttributeError):
        await worker.close()


class RingWorker(Worker):
    """arq, without asking Redis about the jobs this worker is doing anyway."""

    async def start_jobs(self, job_ids: list[bytes]) -> None:
        """A running job stays in arq's queue until it ends; asking about each is three round trips before a new one."""
        await super().start_jobs([job_id for job_id in job_ids if job_id.decode() not in self.tasks])


def make_worker(bridge: Bridge, **overrides: Any) -> Worker:
    """arq with our jobs and rounds; jobs carry ids only and are not retried by arq: Postgres remembers what is due."""
    settings = RedisSettings.from_dsn(bridge.settings.redis_url.get_secret_value())
    settings.conn_retries = 1
    options: dict[str, Any] = {
        "functions": [
            func(jobs.look, name="look", timeout=POLL_TIMEOUT_S, max_tries=1),
            func(jobs.advance, name="advance", timeout=POLL_TIMEOUT_S, max_tries=1),
            func(jobs.poll, name="poll", timeout=POLL_TIMEOUT_S, max_tries=1),
        ],
        "cron_jobs": [
            cron(jobs.tick, second=EVERY_FIVE, timeout=POLL_TIMEOUT_S, max_tries=1, run_at_startup=True),
            cron(jobs.sweep_all, second=EVERY_TWENTY, timeout=JOB_TIMEOUT_S, max_tries=1, run_at_startup=True),
            cron(jobs.note_heads, minute={4}, second=14, timeout=JOB_TIMEOUT_S, max_tries=1, run_at_startup=True),
            cron(jobs.retention, hour=QUIET_HOUR, minute=17, second=44, timeout=POLL_TIMEOUT_S, max_tries=1),
            cron(jobs.webhooks, second={9}, timeout=POLL_TIMEOUT_S, max_tries=1, run_at_startup=True),
            cron(jobs.reconcile_all, second={49}, timeout=RECONCILE_TIMEOUT_S, max_tries=1),
        ],
        "ctx": {"deps": bridge.deps, "settings": bridge.settings},
        "redis_settings": settings,
        "queue_name": QUEUE_NAME,
        "job_serializer": to_json,
        "job_deserializer": from_json,
        "keep_result": 0,
        "max_jobs": JOBS_AT_ONCE,
        "poll_delay": POLL_DELAY_S,
        "health_check_interval": HEARTBEAT_S,
        "handle_signals": False,
        "retry_jobs": False,
        "log_results": False,
    }
    return RingWorker(**{**options, **overrides})


async def _beat(bridge: Bridge) -> None:
    """Says in Postgres that this worker lives, and what it counted."""
    name = f"worker/{socket.gethostname()}/{os.getpid()}"
    while True:
        started = time.monotonic()
        try:
            async with bridge.deps.ledger() as ledger:
                await ledger.beat(name, "worker", bridge.counts.report(), bridge.deps.now())
        except LedgerUnavailable as e:
            log.warning("heartbeat.missed", detail=str(e))
        passed = timedelta(seconds=time.monotonic() - started)
        await asyncio.sleep(max(HEARTBEAT_S - passed.total_seconds(), 1))
