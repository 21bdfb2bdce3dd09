"""How a request comes in and an answer goes out: the part of ASGI that is the same for every fake store."""

import json
from collections.abc import Sequence
from typing import Any

from starlette.types import Receive, Scope, Send


def headers_of(scope: Scope) -> dict[str, str]:
    """Request headers by their names in lower case."""
    return {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}


def path_of(scope: Scope) -> str:
    """The decoded path below the address the store is mounted at."""
    path: str = scope["path"].removeprefix(scope.get("root_path", ""))
    return path or "/"


async def body_of(receive: Receive) -> bytes:
    """The whole body, or as much as came before the caller hung up."""
    chunks = []
    more = True
    while more:
        message = await receive()
        chunks.append(message.get("body", b""))
        more = message.get("more_body", False)
    return b"".join(chunks)


async def answer(send: Send, status: int, headers: Sequence[tuple[str, str]], body: bytes) -> None:
    """Send a whole answer; its length comes last among the headers."""
    pairs = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers]
    pairs.append((b"Content-Length", str(len(body)).encode()))
    await send({"type": "http.response.start", "status": status, "headers": pairs})
    await send({"type": "http.response.body", "body": body})


async def show(send: Send, status: int, document: Any) -> None:
    """Send a JSON answer of the sandbox's own."""
    body = json.dumps(document, ensure_ascii=False).encode()
    await answer(send, status, [("Content-Type", "application/json")], body)
