"""Lets an httpx client talk to the sandbox within the process: no socket, no waiting, the same faults."""

from urllib.parse import unquote

import httpx
from starlette.types import ASGIApp, Message, Scope

from sandbox.app import create_sandbox
from sandbox.traffic import IN_PROCESS, DroppedAnswer, handing_over
from sandbox.world import World


class SandboxTransport(httpx.AsyncBaseTransport):
    """Serves every request, whatever its host, from one world.

    A `timeout` or `after_success` fault raises httpx.ReadTimeout, a `reset` httpx.ReadError; `slow` just answers.
    """

    def __init__(self, world: World, app: ASGIApp | None = None) -> None:
        self._app = app if app is not None else create_sandbox(world)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Answer one request."""
        body = await request.aread()
        scope = _scope(request)
        status = 500
        headers: list[tuple[bytes, bytes]] = []
        chunks: list[bytes] = []

        async def send(message: Message) -> None:
            nonlocal status, headers
            if message["type"] == "http.response.start":
                status, headers = message["status"], list(message["headers"])
            else:
                chunks.append(message["body"])

        try:
            await self._app(scope, handing_over(body), send)
        except DroppedAnswer as dropped:
            failure = httpx.ReadError if dropped.how == "reset" else httpx.ReadTimeout
            raise failure(str(dropped), request=request) from dropped
        return httpx.Response(status, headers=headers, content=b"".join(chunks), request=request)


def _scope(request: httpx.Request) -> Scope:
    raw_path, _, query = request.url.raw_path.partition(b"?")
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": request.method,
        "scheme": request.url.scheme,
        "path": unquote(raw_path.decode("ascii")),
        "raw_path": raw_path,
        "query_string": query,
        "root_path": "",
        "headers": [(name.lower(), value) for name, value in request.headers.raw],
        "server": (request.url.host, request.url.port or (443 if request.url.scheme == "https" else 80)),
        "client": ("127.0.0.1", 0),
        "state": {},
        "extensions": {IN_PROCESS: True},
    }
