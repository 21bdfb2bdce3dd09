"""Row `end_to_end`: from a webhook sent to idealo's fulfillment call, against the sum of the bare steps."""

import asyncio
import statistics
import time
from collections.abc import Awaitable, Callable
from typing import Any

import asyncpg
import redis.asyncio

from benchmarks.load import Load, generate
from benchmarks.plain import DOOR, TABLE
from benchmarks.rig import BenchError, Rig, Running, stopped_after, until
from benchmarks.rows import Row, percentile
from benchmarks.town import Town, of_orders

RATE = 20.0
ORDERS = 300
WARM = 20
STEPS = 100
BARE_SQL = (
    "SELECT * FROM orders WHERE id = $1",
    "UPDATE orders SET store_seen_at = now() WHERE id = $1",
    "UPDATE orders SET leased_until = now() WHERE id = $1",
    "UPDATE orders SET leased_until = NULL WHERE id = $1",
)
"""A look reads and then records; settling leases, and then books what was done: one read and three commits."""


def end_to_end(rig: Rig) -> list[Row]:
    town = Town.build(rig)
    worker = rig.worker(town.house)
    plain = rig.plain("door", {"BRIDGE_DATABASE_URL": rig.house().database_url})
    with stopped_after(worker, plain, town.api, town.sandbox):
        town.first_polls(worker)
        town.place(ORDERS + WARM)
        town.import_all(worker, ORDERS + WARM)
        orders = town.store_orders()
        for number, (_, store_order_id) in enumerate(orders):
            town.ship(store_order_id, number)
        _send(town, worker, orders[:WARM], 0)
        town.forget_calls()
        taken = _send(town, worker, orders[WARM:], WARM)
        parts = asyncio.run(_bare_steps(town, plain, orders[-1]))
    return _rows(taken, parts)


def _send(town: Town, worker: Running, orders: list[tuple[str, str]], before: int) -> list[float]:
    """Seconds from the moment each webhook was due to the call at idealo; both clocks are this machine's."""
    path = f"/webhooks/{town.kind}/{town.store_id}"
    ids = tuple(store_order_id for _, store_order_id in orders)
    sent = generate(Load(town.api.port, path, 8, 0, RATE, ids, first=1 + before)).sent_at
    until(lambda: town.settled("shipment.created") >= before + len(orders), worker, patience_s=120)
    arrived: dict[str, float] = {}
    for one in town.calls():
        if one["method"] == "POST" and one["path"].endswith("/fulfillment"):
            arrived.setdefault(one["path"].split("/")[-2], one["at"])
    missing = [idealo_id for idealo_id, _ in orders if idealo_id not in arrived]
    if missing:
        raise BenchError(f"{len(missing)} shipments never reached idealo")
    return [arrived[idealo_id] - at for (idealo_id, _), at in zip(orders, sent, strict=True)]


async def _bare_steps(town: Town, plain: Running, order: tuple[str, str]) -> dict[str, float]:
    """The median of each step, one at a time on the same processes, seconds."""
    parts = {"accept": statistics.median(await asyncio.to_thread(_accept_alone, plain))}
    parts["ring"] = await _ring(town.house.environment["BRIDGE_REDIS_URL"])
    for name, request in _requests(town, order).items():
        parts[name] = await _http(town.sandbox.port, request)
    parts["transactions"] = await _transactions(town.house.database_url)
    return parts


def _accept_alone(plain: Running) -> list[float]:
    return generate(Load(plain.port, DOOR, 1, 1.0)).latencies


async def _median(step: Callable[[], Awaitable[object]]) -> float:
    taken = []
    for _ in range(STEPS):
        began = time.perf_counter()
        await step()
        taken.append(time.perf_counter() - began)
    return statistics.median(taken)


async def _ring(url: str) -> float:
    """One process pushes, another one that waits gets it."""
    pushing, waiting = redis.asyncio.Redis.from_url(url), redis.asyncio.Redis.from_url(url)

    async def ring() -> None:
        got = asyncio.create_task(waiting.blpop(["bench"], timeout=5))
        await pushing.rpush("bench", b"1")
        await got

    try:
        return await _median(ring)
    finally:
        await pushing.aclose()
        await waiting.aclose()


def _requests(town: Town, order: tuple[str, str]) -> dict[str, bytes]:
    """The calls of one shipment as they stood on the wire: read the store and its parcels, read idealo, tell idealo."""
    idealo_id, store_order_id = order
    found: dict[str, bytes] = {}
    for one in of_orders(town.calls()):
        if one["side"] == town.kind and f"/orders/{store_order_id}" in one["path"]:
            found["read parcels" if one["path"].endswith("/fulfillments") else "read the store"] = _wire(one)
        elif f"/{idealo_id}" in one["path"]:
            found["read idealo" if one["method"] == "GET" else "tell idealo"] = _wire(one)
    if len(found) not in {3, 4}:
        raise BenchError(f"expected the calls of a shipment, found {sorted(found)}")
    return found


def _wire(one: dict[str, Any]) -> bytes:
    query = f"?{one['query']}" if one["query"] else ""
    kept = {k: v for k, v in one["headers"].items() if k.lower() not in {"connection", "accept-encoding"}}
    head = "".join(f"{name}: {value}\r\n" for name, value in kept.items())
    body: str = one["body"]
    return f"{one['method']} {one['path']}{query} HTTP/1.1\r\n{head}\r\n{body}".encode()


async def _http(port: int, request: bytes) -> float:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)

    async def ask() -> None:
        writer.write(request)
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        mark = head.find(b"content-length:")
        if head[9:10] != b"2" or (mark < 0 and head[9:12] != b"204"):
            raise BenchError(f"a bare step was refused: {head[:80]!r}")
        if mark >= 0:
            await reader.readexactly(int(head[mark + 15 :].split(b"\r\n", 1)[0]))

    try:
        return await _median(ask)
    finally:
        writer.close()


async def _transactions(url: str) -> float:
    """Prepared statements on a raw connection, each committed, plus the two inserts of an event and an attempt."""
    connection = await asyncpg.connect(url)
    await connection.execute(TABLE)
    order_id = await connection.fetchval("SELECT max(id) FROM orders")
    try:
        total = 0.0
        for sql in BARE_SQL:
            statement = await connection.prepare(sql)
            total += await _median(lambda s=statement: s.fetch(order_id))  # type: ignore[misc]
        insert = await connection.prepare("INSERT INTO plain (key, size) VALUES ($1, $2)")
        return total + 2 * await _median(lambda: insert.fetch("x", 1))
    finally:
        await connection.close()


def _rows(taken: list[float], parts: dict[str, float]) -> list[Row]:
    bare_ms = sum(parts.values()) * 1000
    steps = ", ".join(f"{name} {seconds * 1000:.2f}" for name, seconds in parts.items())
    at = {name: percentile(taken, share) * 1000 for name, share in (("", 0.5), ("_p95", 0.95), ("_p99", 0.99))}
    return [
        Row("end_to_end", at[""], bare_ms, "ms", at_most=2.0, note=f"bare steps in ms: {steps}"),
        Row("end_to_end_p95", at["_p95"], bare_ms, "ms"),
        Row("end_to_end_p99", at["_p99"], bare_ms, "ms", at_most=4.0),
    ]
