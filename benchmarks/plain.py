"""The baselines: the smallest door that checks and keeps a body, an empty API and an empty worker."""

import asyncio
import hmac
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

SECRET = b"aWebhookSecretOfForty8LettersAndDigits0123456789"
SIGNATURE = "x-wc-webhook-signature"
DOOR = "/keep"
TABLE = "CREATE TABLE IF NOT EXISTS plain (id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, key TEXT, size BIGINT)"
INSERT = "INSERT INTO plain (key, size) VALUES ($1, $2) RETURNING id"


# Each process imports what it needs and no more: an empty worker knows nothing of FastAPI.


def door(database_url: str) -> Any:
    """One HMAC over the body and one committed insert, nothing else."""
    import asyncpg
    from fastapi import FastAPI, Request, Response

    pools: list[Any] = []

    @asynccontextmanager
    async def lifespan(_: object) -> AsyncIterator[None]:
        pools.append(await asyncpg.create_pool(database_url, min_size=8, max_size=8))
        await pools[0].execute(TABLE)
        yield
        await pools[0].close()

    app = FastAPI(lifespan=lifespan)

    @app.post(DOOR)
    async def keep(request: Request) -> Response:
        body = await request.body()
        digest = hmac.digest(SECRET, body, "sha256")
        await pools[0].fetchval(INSERT, digest.hex(), len(body))
        return Response(status_code=202)

    return app


def serve(app: Any, port: int) -> None:
    """With the settings of `bridge api`."""
    import uvicorn

    uvicorn.run(
        app,
        host="127.0.0.1",
        port=port,
        loop="uvloop",
        http="httptools",
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=75,
    )


async def nothing(_: dict[str, Any]) -> None:
    return None


async def work(redis_url: str) -> None:
    """arq with one job that does nothing."""
    from arq.connections import RedisSettings
    from arq.worker import Worker

    jobs: Any = [nothing]
    worker = Worker(jobs, redis_settings=RedisSettings.from_dsn(redis_url), poll_delay=0.5, handle_signals=False)
    await worker.async_run()


def main(what: str, port: int) -> None:
    if what == "door":
        serve(door(os.environ["BRIDGE_DATABASE_URL"]), port)
    elif what == "api":
        from fastapi import FastAPI

        serve(FastAPI(), port)
    else:
        asyncio.run(work(os.environ["BRIDGE_REDIS_URL"]))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
