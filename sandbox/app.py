"""Puts the sandbox together as one ASGI application."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from typing import Final

import httpx
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.types import ASGIApp

from sandbox.controls import control_routes
from sandbox.idealo.routes import MerchantOrderApi
from sandbox.traffic import Traffic
from sandbox.world import World

_LOG = logging.getLogger("sandbox")
PUMP_EVERY_S: Final = 0.05
REORDER_PATIENCE_S: Final = 1.0
WEBHOOK_TIMEOUT_S: Final = 10.0


def create_sandbox(world: World) -> ASGIApp:
    """Serve idealo at /api/v2, the fake stores at /stores/{kind}, the controls at /_sandbox.

    When a server runs its lifespan, timers and webhooks go off by themselves; in process the caller says when.
    """

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        pump = asyncio.create_task(_pump(world))
        try:
            yield
        finally:
            pump.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await pump

    api = MerchantOrderApi(world.idealo)
    routes = [
        *control_routes(world),
        *(Mount(f"/stores/{kind}", app=store.app()) for kind, store in world.stores.items()),
        *api.routes(),
        api.rest(),
    ]
    app = Starlette(routes=routes, lifespan=lifespan)
    app.router.redirect_slashes = False
    return Traffic(app, world)


async def _pump(world: World) -> None:
    async with httpx.AsyncClient(timeout=WEBHOOK_TIMEOUT_S, trust_env=False) as client:
        while True:
            try:
                world.idealo.settle()
                await world.outbox.deliver(client, patience_s=REORDER_PATIENCE_S)
                world.keep()
            except Exception:  # noqa: BLE001 - logged below; the pump has to outlive any fake store's mistake
                # One webhook that cannot be built must not stop the others for good.
                _LOG.exception("the sandbox's pump stumbled")
            await asyncio.sleep(PUMP_EVERY_S)
