"""The fake behind a real server: the ping of a new webhook is answered before the shop answers its creation."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator

import httpx
import uvicorn
from starlette.types import Receive, Scope, Send

from sandbox.server import make_server
from sandbox.stores.woocommerce import FakeWooCommerce
from sandbox.world import World


@contextlib.asynccontextmanager
async def _running(server: uvicorn.Server) -> AsyncIterator[str]:
    """Serve on a free loopback port; its address."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        task = asyncio.create_task(server.serve(sockets=[listening]))
        while not server.started:  # noqa: ASYNC110 - uvicorn offers a flag, no event
            await asyncio.sleep(0.01)
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            await task


async def test_the_ping_is_answered_before_the_creation_is() -> None:
    bodies: list[bytes] = []

    async def receiver(scope: Scope, receive: Receive, send: Send) -> None:
        message = await receive()
        bodies.append(message["body"])
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    world = World()
    shop = world.stores["woocommerce"]
    assert isinstance(shop, FakeWooCommerce)
    keys = shop.credentials()
    config = uvicorn.Config(receiver, lifespan="off", log_level="warning")
    async with (
        _running(uvicorn.Server(config)) as target,
        _running(make_server("127.0.0.1", 0, world)) as sandbox,
        httpx.AsyncClient(auth=(keys["consumer_key"], keys["consumer_secret"]), trust_env=False) as client,
    ):
        api = f"{sandbox}/stores/woocommerce/wp-json/wc/v3"
        hook = {"topic": "order.created", "delivery_url": f"{target}/hook"}
        created = await client.post(f"{api}/webhooks", json=hook)
        assert created.status_code == 201
        assert bodies == [b"webhook_id=1"]
        assert shop.shop.hooks[1].pending_delivery is False
        order = await client.post(f"{api}/orders", json={"line_items": [{"sku": "100000", "quantity": 1}]})
        assert order.status_code == 201
        for _ in range(100):
            if len(bodies) > 1:
                break
            await asyncio.sleep(0.02)
        assert bodies[1].startswith(f'{{"id":{order.json()["id"]},'.encode())
