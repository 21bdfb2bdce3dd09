"""Stands before every API of the sandbox: keeps a record of each request and lets faults happen to it."""

import asyncio
import contextlib
import math
import socket
import struct
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sandbox.calls import Call
from sandbox.faults import Fault
from sandbox.idealo.wire import dumps

if TYPE_CHECKING:
    from sandbox.world import World

CONTROLS: Final = "/_sandbox"
TRANSPORT: Final = "sandbox.transport"
"""Scope extension: the connection's asyncio transport (set by sandbox.server), so that it can be reset."""
IN_PROCESS: Final = "sandbox.in_process"
"""Scope extension: the request was made by sandbox.inprocess, so nothing is waited for."""

Headers = tuple[tuple[bytes, bytes], ...]


class DroppedAnswer(Exception):
    """The caller gets no answer: `how` is `timeout` or `reset`. Only raised to callers in the same process."""

    def __init__(self, how: str) -> None:
        super().__init__(f"the sandbox was told to drop this answer ({how})")
        self.how = how


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer."""

    status: int
    headers: Headers
    body: bytes


class Traffic:
    """ASGI middleware around the whole sandbox; the controls pass without a record and without faults."""

    def __init__(self, app: ASGIApp, world: "World") -> None:
        self._app = app
        self._world = world

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        body = await _read_body(receive)
        if body is None:
            return
        if scope["path"].startswith(CONTROLS):
            answer = await self._perform(scope, body)
            await _answer(send, answer)
            return
        await self._serve(scope, body, receive, send)

    async def _serve(self, scope: Scope, body: bytes, receive: Receive, send: Send) -> None:
        number, time = self._world.calls.next_number(), self._world.now()
        side = side_of(scope["path"])
        fault = self._world.faults.strike(side, scope["method"], scope["path"])
        answer = _instead(fault, side) if fault is not None else None
        if answer is None and (fault is None or fault.kind not in {"timeout", "reset"}):
            if fault is not None and fault.kind == "duplicate":
                await self._perform(scope, body)
            answer = await self._perform(scope, body)
        if fault is not None and fault.kind == "truncate" and answer is not None:
            answer = _truncated(answer)
        self._world.calls.append(
            Call(
                number=number,
                time=time,
                side=side,
                method=scope["method"],
                path=scope["path"],
                query=scope["query_string"].decode("latin-1"),
                headers=_as_text(tuple(scope["headers"])),
                body=body,
                status=answer.status if answer is not None else None,
                answer_headers=_as_text(answer.headers) if answer is not None else (),
                answer=answer.body if answer is not None else b"",
                fault=fault.kind if fault is not None else None,
            )
        )
        if fault is not None and fault.kind in {"timeout", "reset", "after_success"}:
            await _drop(scope, receive, fault)
            return
        if fault is not None and fault.kind == "slow" and not _extension(scope, IN_PROCESS):
            await asyncio.sleep(5 if fault.seconds is None else fault.seconds)
        if answer is not None:
            await _answer(send, answer)

    async def _perform(self, scope: Scope, body: bytes) -> Answer:
        """Run the request and commit what it changed, so that an answer never promises what a kill would undo."""
        started: dict[str, Message] = {}
        chunks: list[bytes] = []

        async def send(message: Message) -> None:
            if message["type"] == "http.response.start":
                started["message"] = message
            elif message["type"] == "http.response.body":
                chunks.append(message.get("body", b""))

        await self._app(dict(scope), handing_over(body), send)
        self._world.keep()
        start = started["message"]
        headers = tuple((bytes(name), bytes(value)) for name, value in start.get("headers", ()))
        return Answer(start["status"], headers, b"".join(chunks))


def handing_over(body: bytes) -> Receive:
    """A request's whole body in one message; whoever asks for more hears that the caller has left."""
    messages: Iterator[Message] = iter([{"type": "http.request", "body": body, "more_body": False}])

    async def receive() -> Message:
        return next(messages, {"type": "http.disconnect"})

    return receive


def side_of(path: str) -> str:
    """The store kind of a path below /stores, else `idealo`."""
    parts = path.split("/")
    return parts[2] if len(parts) > 2 and parts[1] == "stores" else "idealo"


def _instead(fault: Fault, side: str) -> Answer | None:
    """What a fault answers in place of the call, if it does."""
    if fault.kind == "html_502":
        page = b"<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>"
        return _plain(502, b"text/html", page)
    if fault.kind == "rate_limit":
        seconds = math.ceil(1 if fault.seconds is None else fault.seconds)
        answer = _plain(429, b"application/json", _error_body(side, 429))
        return replace(answer, headers=(*answer.headers, (b"retry-after", str(seconds).encode())))
    if fault.kind == "status":
        body = b"" if fault.status in {204, 304} else _error_body(side, fault.status)
        return _plain(fault.status, b"application/problem+json" if side == "idealo" else b"application/json", body)
    return None


def _error_body(side: str, status: int) -> bytes:
    if side == "idealo":
        return dumps({"type": "about:blank", "title": f"Sandbox fault {status}", "instance": "about:blank"})
    return dumps({"code": "sandbox_fault", "message": f"Sandbox fault {status}"})


def _plain(status: int, content_type: bytes, body: bytes) -> Answer:
    length = str(len(body)).encode()
    headers = ((b"content-type", content_type), (b"content-length", length)) if body else ()
    return Answer(status, headers, body)


def _truncated(answer: Answer) -> Answer:
    body = answer.body[: len(answer.body) // 2]
    kept = tuple(pair for pair in answer.headers if pair[0].lower() != b"content-length")
    return Answer(answer.status, (*kept, (b"content-length", str(len(body)).encode())), body)


def _as_text(headers: Headers) -> tuple[tuple[str, str], ...]:
    return tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in headers)


def _extension(scope: Scope, name: str) -> object:
    return (scope.get("extensions") or {}).get(name)


async def _read_body(receive: Receive) -> bytes | None:
    """The whole request body; None when the caller left before it was complete."""
    chunks: list[bytes] = []
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        chunks.append(message.get("body", b""))
        if not message.get("more_body", False):
            return b"".join(chunks)


async def _answer(send: Send, answer: Answer) -> None:
    await send({"type": "http.response.start", "status": answer.status, "headers": list(answer.headers)})
    await send({"type": "http.response.body", "body": answer.body})


async def _drop(scope: Scope, receive: Receive, fault: Fault) -> None:
    """Give no answer: hold the connection, or cut it.

    `after_success` cuts it at once unless `seconds` are given, since what matters is that the answer is lost.
    """
    # uvloop's transports are no subclasses of asyncio's, so only the presence is asked for.
    transport: Any = _extension(scope, TRANSPORT)
    if transport is None:
        raise DroppedAnswer("reset" if fault.kind == "reset" else "timeout")
    held_s = fault.seconds if fault.kind != "after_success" else fault.seconds or 0.0
    if fault.kind != "reset" and held_s != 0:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(_caller_left(receive), held_s)
            return
    _cut(transport)
    await _caller_left(receive)


async def _caller_left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _cut(transport: Any) -> None:
    """Close with a TCP reset rather than an orderly end."""
    connection = transport.get_extra_info("socket")
    if connection is not None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()
