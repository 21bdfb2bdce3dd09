"""The load generator, in a process of its own: keep-alive connections, requests built beforehand, no HTTP library."""

import asyncio
import base64
import hmac
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import cast

import uvloop

from benchmarks.plain import SECRET

BODY_BYTES = 6 * 1024
LEAD_S = 0.2


@dataclass(frozen=True)
class Load:
    """What to send. With a rate the arrivals follow a fixed schedule, else each connection sends when answered."""

    port: int
    path: str
    connections: int
    seconds: float
    rate: float | None = None
    order_ids: tuple[str, ...] = ()
    """Orders the webhooks name, one after the other; empty: orders nobody knows."""
    first: int = 1


@dataclass(frozen=True)
class Outcome:
    """Per answered request, seconds: the latency (from the scheduled moment where there is one)."""

    latencies: list[float]
    sent_at: list[float]
    """Wall clock at the moment each was due."""
    refused: int
    took_s: float
    generator_cpu_s: float

    @property
    def per_second(self) -> float:
        return len(self.latencies) / self.took_s


def generate(load: Load) -> Outcome:
    """Runs the load in its own process and waits for it."""
    with tempfile.TemporaryDirectory() as folder:
        told = Path(folder, "outcome.json")
        command = [sys.executable, "-m", "benchmarks.load", json.dumps(asdict(load)), str(told)]
        subprocess.run(command, check=True, timeout=120, cwd=Path(__file__).resolve().parent.parent)
        return Outcome(**json.loads(told.read_text()))


def webhook(path: str, number: int, order_id: str) -> bytes:
    """One signed WooCommerce webhook with a 6 KB body, as bytes on the wire."""
    start = f'{{"id":{order_id},"number":"{order_id}","status":"processing","note":"'.encode()
    body = start + f"{number:012d}".encode() + b"x" * (BODY_BYTES - len(start) - 14) + b'"}'
    signature = base64.b64encode(hmac.digest(SECRET, body, "sha256")).decode()
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: WooCommerce/10.9.1 Hookshot (WordPress/6.8)\r\n"
        "Content-Type: application/json\r\nX-WC-Webhook-Source: http://shop.test/\r\n"
        "X-WC-Webhook-Topic: order.updated\r\nX-WC-Webhook-Resource: order\r\nX-WC-Webhook-Event: updated\r\n"
        f"X-WC-Webhook-Signature: {signature}\r\nX-WC-Webhook-ID: 7\r\n"
        f"X-WC-Webhook-Delivery-ID: {number:032x}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


class Line(asyncio.Protocol):
    """One keep-alive connection with at most one request on the way."""

    def __init__(self, answered: Callable[["Line", int], None]) -> None:
        self._answered = answered
        self._received = b""
        self._transport: asyncio.Transport | None = None
        self.due = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        self._received += data
        end = self._received.find(b"\r\n\r\n")
        if end < 0:
            return
        head = self._received[:end].lower()
        mark = head.find(b"content-length:")
        length = 0 if mark < 0 else int(head[mark + 15 :].split(b"\r\n", 1)[0])
        if len(self._received) >= end + 4 + length:
            self._received = b""
            self._answered(self, int(head[9:12]))

    def send(self, request: bytes, due: float) -> None:
        self.due = due
        assert self._transport is not None
        self._transport.write(request)


class Run:
    """Sends one load and keeps what came of it."""

    def __init__(self, load: Load) -> None:
        self._load = load
        self._next = load.first
        self._latencies: list[float] = []
        self._sent_at: list[float] = []
        self._refused = 0
        self._idle: list[Line] = []
        self._waiting: list[tuple[bytes, float]] = []
        self._open = 0
        self._stop_at = 0.0
        self._done = asyncio.Event()

    async def run(self) -> Outcome:
        loop = asyncio.get_running_loop()
        lines = []
        for _ in range(self._load.connections):
            _, line = await loop.create_connection(lambda: Line(self._answered), "127.0.0.1", self._load.port)
            lines.append(line)
        cpu = time.process_time()
        started = time.perf_counter()
        if self._load.rate is None:
            self._stop_at = started + self._load.seconds
            for line in lines:
                self._send(line, self._request(), time.perf_counter())
            await self._done.wait()
        else:
            await self._on_schedule(lines, self._load.rate)
        took = time.perf_counter() - started
        return Outcome(self._latencies, self._sent_at, self._refused, took, time.process_time() - cpu)

    async def _on_schedule(self, lines: list[Line], rate: float) -> None:
        self._idle = list(lines)
        count = len(self._load.order_ids) or int(rate * self._load.seconds)
        requests = [self._request() for _ in range(count)]
        start = time.perf_counter() + LEAD_S
        wall = time.time() - time.perf_counter()
        for i, request in enumerate(requests):
            due = start + i / rate
            if (pause := due - time.perf_counter()) > 0:
                await asyncio.sleep(pause)
            self._sent_at.append(wall + due)
            if self._idle:
                self._send(self._idle.pop(), request, due)
            else:
                self._waiting.append((request, due))
        self._stop_at = -1.0
        if self._open or self._waiting:
            await self._done.wait()

    def _request(self) -> bytes:
        number = self._next
        self._next += 1
        ids = self._load.order_ids
        return webhook(self._load.path, number, ids[(number - self._load.first) % len(ids)] if ids else str(number))

    def _send(self, line: Line, request: bytes, due: float) -> None:
        self._open += 1
        line.send(request, due)

    def _answered(self, line: Line, status: int) -> None:
        now = time.perf_counter()
        self._open -= 1
        self._latencies.append(now - line.due)
        self._refused += status != 202
        if self._load.rate is None:
            if now < self._stop_at:
                self._send(line, self._request(), now)
        elif self._waiting:
            self._send(line, *self._waiting.pop(0))
        else:
            self._idle.append(line)
        if not self._open and not self._waiting and self._stop_at:
            self._done.set()


def main(text: str) -> None:
    given = json.loads(text)
    load = Load(**{**given, "order_ids": tuple(given["order_ids"])})
    outcome = uvloop.run(Run(load).run())
    Path(sys.argv[2]).write_text(json.dumps(asdict(outcome)))


if __name__ == "__main__":
    main(sys.argv[1])
