"""Row `ledger`: the timeline of one order among a million events, against the bare SQL behind it."""

import asyncio
import http.client
import random
import statistics
import time
from typing import Any

import asyncpg

from app.ledger.session import autocommitting, open_engine, statements
from app.ledger.views import Views
from app.ledger.views.timeline import TIMELINE
from benchmarks.accept import STORE
from benchmarks.rig import BenchError, Rig, Running, call, stopped_after
from benchmarks.rows import Row, paired

BARE = (TIMELINE.replace(":id", "$1"),)
EVENTS = 1_000_000
PER_ORDER = 10
READS = 150
ROUNDS = 5
FILL = f"""
SET session_replication_role = replica;
INSERT INTO orders (store_id, idealo_order_id, store_order_id, store_order_number, placed_at, total, currency,
                    idealo_seen_at, store_seen_at, shipped, created_at)
SELECT s.id, 'A' || n, n::text, n::text, now() - interval '1 hour', 49.90, 'EUR', now(), now(), '{{"100002": 2}}', now()
FROM generate_series(1, {EVENTS // PER_ORDER}) AS n, stores s ORDER BY n;
INSERT INTO events (order_id, type, key, data, found_by, recorded_at, state, due_at, attempts,
                    store_id, chain_no, data_hash, previous_hash, hash)
SELECT o.id, f.type, f.key, f.data, 'poll', now() - interval '1 hour', 'done', now(), 1, o.store_id,
       (o.id - 1) * {PER_ORDER} + f.n, sha256(f.data::text::bytea),
       sha256(((o.id - 1) * {PER_ORDER} + f.n - 1)::text::bytea), sha256(((o.id - 1) * {PER_ORDER} + f.n)::text::bytea)
FROM orders o CROSS JOIN facts f ORDER BY o.id, f.n;
INSERT INTO attempts (event_id, number, actor, action, outcome, detail, started_at, ended_at)
SELECT id, 1, 'bridge', '{{"name": "send_fulfillment", "carrier": "DHL", "codes": ["00340434161094000001"]}}', 'done',
       'idealo knows of the shipment', recorded_at, recorded_at + interval '80 milliseconds' FROM events;
SET session_replication_role = origin;
ANALYZE
"""
FACTS = """
CREATE TEMPORARY TABLE facts AS
SELECT 1 AS n, 'order.placed' AS type, '' AS key, '{"purchase": {"total": "49.90", "currency": "EUR",
  "payment_method": "IDEALO_CHECKOUT_PAYMENTS", "transaction_id": "pi-1", "placed_at": "2026-11-23T12:00:00Z",
  "shipping": {"option": "FORWARDER", "price": "4.90"}, "lines": [{"sku": "100002", "title": "Bitsatz 30-teilig",
  "quantity": 3, "unit_price": "15.00"}]}}'::jsonb AS data
UNION ALL SELECT 2, 'order.imported', '', '{"store_order_id": "1", "store_order_number": "1", "total": "49.90",
  "lines": [{"line_id": "1", "sku": "100002", "store_sku": "100002", "quantity": 3}], "notes": []}'
UNION ALL SELECT 2 + i, 'shipment.created', 'f' || i, jsonb_build_object('shipment_id', 'f' || i, 'carrier', 'DHL',
  'code', '0034043416109400000' || i) FROM generate_series(1, 4) AS i
UNION ALL SELECT 6 + i, 'line.returned', '100002/' || i, jsonb_build_object('sku', '100002', 'returned', i,
  'remaining', 3 - i) FROM generate_series(1, 3) AS i
UNION ALL SELECT 10, 'refund.issued', 'r1', '{"id": "r1", "amount": "15.00", "currency": "EUR"}'
"""


def ledger(rig: Rig) -> list[Row]:
    house = rig.house()
    api = rig.api(house)
    with stopped_after(api):
        token = rig.token(house)
        call("POST", f"{api.url}/admin/v1/stores?check=false", STORE, token)
        plan = asyncio.run(_fill(house.database_url))
        return asyncio.run(_measure(house.database_url, api, token, plan))


async def _fill(url: str) -> list[str]:
    """All rows by three statements of the server's own, guards set aside; answers the plan of the bare SQL.

    The chain columns hold linked hashes of the right size, not the real ones: nothing here verifies the chain.
    """
    connection = await asyncpg.connect(url, timeout=30)
    try:
        await connection.execute(FACTS)
        await connection.execute(FILL, timeout=300)
        [[total]] = await connection.fetch("SELECT count(*) FROM events")
        if total != EVENTS:
            raise BenchError(f"{total} events were filled in, not {EVENTS}")
        lines: list[str] = []
        for sql in BARE:
            lines += [row[0] for row in await connection.fetch(f"EXPLAIN (COSTS OFF) {sql.replace('$1', '77777')}")]
    finally:
        await connection.close()
    if any("Seq Scan on events" in line or "Seq Scan on attempts" in line for line in lines):
        raise BenchError("the timeline reads a whole table: " + "; ".join(lines))
    return [line.strip(" ->") for line in lines if "Index" in line]


async def _measure(url: str, api: Running, token: str, plan: list[str]) -> list[Row]:
    """Rounds in turns: bare statements, the view in this process, and the whole way through HTTP."""
    engine = open_engine(url)
    single = autocommitting(engine)
    bare = await asyncpg.connect(url)
    prepared = [await bare.prepare(sql) for sql in BARE]
    times: dict[str, list[float]] = {"bare": [], "view": [], "http": []}
    dice = random.Random(1)

    async def read_bare(order_id: int) -> None:
        for statement in prepared:
            await statement.fetch(order_id)

    async def read_view(order_id: int) -> None:
        async with statements(single) as ledger:
            found = await Views(ledger).timeline(order_id)
        if found is None or len(found.timeline) != PER_ORDER:
            raise BenchError(f"order {order_id} has no complete timeline")

    try:
        for _ in range(ROUNDS + 1):
            ids = [dice.randint(1, EVENTS // PER_ORDER) for _ in range(READS)]
            for name, read in (("bare", read_bare), ("view", read_view)):
                times[name].append(await _median(read, ids))
            times["http"].append(await asyncio.to_thread(_through_http, api.port, token, ids))
    finally:
        await bare.close()
        await engine.dispose()
    warm = {name: [1000 * t for t in found[1:]] for name, found in times.items()}
    note = "by index: " + "; ".join(dict.fromkeys(plan))
    return [
        Row("ledger", *paired(warm["view"], warm["bare"]), "ms", at_most=2.0, note=note),
        Row("ledger_http", *paired(warm["http"], warm["bare"]), "ms", note="with token, JSON and HTTP"),
    ]


async def _median(read: Any, ids: list[int]) -> float:
    taken = []
    for order_id in ids:
        began = time.perf_counter()
        await read(order_id)
        taken.append(time.perf_counter() - began)
    return statistics.median(taken)


def _through_http(port: int, token: str, ids: list[int]) -> float:
    taken = []
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    for order_id in ids:
        began = time.perf_counter()
        connection.request("GET", f"/admin/v1/orders/{order_id}", headers={"Authorization": f"Bearer {token}"})
        answer = connection.getresponse()
        answer.read()
        if answer.status != 200:
            raise BenchError(f"GET /orders/{order_id} answered {answer.status}")
        taken.append(time.perf_counter() - began)
    connection.close()
    return statistics.median(taken)
