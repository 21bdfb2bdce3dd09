"""Wakes arq the moment somebody rings, so that no order waits for arq's next look at its queue."""

import contextlib

from arq.utils import timestamp_ms
from arq.worker import Worker
from redis.asyncio import Redis
from redis.exceptions import RedisError

from app.bell import CHANNEL, QUEUE_NAME

MOST_AT_ONCE = 100


async def answer_bells(worker: Worker, redis_url: str) -> None:
    """Until cancelled, or until Redis is gone: arq notices that by itself and says so."""
    redis = Redis.from_url(redis_url)
    try:
        async with redis.pubsub(ignore_subscribe_messages=True) as heard:
            await heard.subscribe(CHANNEL)
            async for _ in heard.listen():
                connected = "redis" in worker.ctx
                if connected and worker.allow_pick_jobs and worker.job_counter < worker.max_jobs:
                    due = await redis.zrangebyscore(
                        QUEUE_NAME, min=float("-inf"), max=timestamp_ms(), start=0, num=MOST_AT_ONCE
                    )
                    await worker.start_jobs(due)
    except (RedisError, OSError):
        return
    finally:
        with contextlib.suppress(RedisError, OSError):
            await redis.aclose()
