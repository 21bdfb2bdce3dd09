"""Compares sandbox idealo, sandbox stores and ledger after a campaign, by the rules of the town and of the ledger."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import asyncpg
import httpx

from tests.faults.clocks import Clocks
from tests.faults.facts import Facts
from tests.faults.operator import KINDS, shop_of
from tests.sync import rules
from tests.sync.rules import Sides, Told, Wrong

RULES = (*rules.RULES, "linked", "deliveries", "facts", "reconciled")
_EVENTS = """
SELECT o.store_id, o.idealo_order_id, o.store_order_id, e.type, e.key, e.state, e.problem
FROM orders o LEFT JOIN events e ON e.order_id = o.id ORDER BY o.id, e.id
"""
_DELIVERIES = """
SELECT d.id, d.topic, d.received_at, d.looked_at, o.id AS ours, o.store_seen_at AS seen_at
FROM deliveries d LEFT JOIN orders o ON o.store_id = d.store_id AND o.store_order_id = d.store_order_id
ORDER BY d.id
"""


@dataclass(frozen=True)
class Found:
    """What a check saw."""

    wrong: tuple[tuple[str, Wrong], ...]
    """Order or table, and the rule it breaks."""
    orders: int
    deliveries: int

    def lines(self) -> list[str]:
        return [f"[{wrong.rule}] {about}: {wrong.text}" for about, wrong in self.wrong]

    def joined_by(self, wrong: Iterable[tuple[str, Wrong]]) -> "Found":
        return replace(self, wrong=(*self.wrong, *wrong))

    def broken_rules(self) -> set[str]:
        return {wrong.rule for _, wrong in self.wrong}


class Checker:
    """Reads all three places; what the bridge itself finds is told by tests.faults.reconciling.

    `stores` are store ids by kind; `clocks` are those that stamped what the ledger says.
    """

    def __init__(
        self, sandbox_url: str, database_url: str, stores: Mapping[str, str], facts: Facts, clocks: Clocks
    ) -> None:
        self._sandbox_url = f"{sandbox_url}/_sandbox"
        self._database_url = database_url
        self._stores = stores
        self._facts = facts
        self._clocks = clocks

    async def note_facts(self) -> None:
        """Raises OSError and asyncpg's errors while Postgres is away."""
        connection = await asyncpg.connect(self._database_url, timeout=5)
        try:
            await self._facts.note(connection)
        finally:
            await connection.close(timeout=5)

    async def newest_delivery(self) -> int:
        """The id of the last one in the ledger, 0 while there is none."""
        connection = await asyncpg.connect(self._database_url, timeout=5)
        try:
            return int(await connection.fetchval("SELECT COALESCE(max(id), 0) FROM deliveries"))
        finally:
            await connection.close(timeout=5)

    async def check(
        self, promised: Collection[int], *, only: Collection[str] | None = None, since_delivery: int = 0
    ) -> Found:
        """Everything that is wrong now; `promised` are delivery ids the door accepted.

        `only` some idealo order ids, and deliveries after an id, where a trial looks at its own.
        """
        connection = await asyncpg.connect(self._database_url, timeout=5)
        try:
            await self._facts.note(connection)
            rows = await connection.fetch(_EVENTS)
            deliveries = await connection.fetch(_DELIVERIES)
        finally:
            await connection.close(timeout=5)
        told: dict[tuple[str, str], list[Told]] = defaultdict(list)
        links: dict[tuple[str, str], str | None] = {}
        for row in rows:
            order = row["store_id"], row["idealo_order_id"]
            links[order] = row["store_order_id"]
            if row["type"] is not None:
                told[order].append(Told(row["type"], row["key"], row["state"], row["problem"]))
        wrong: list[tuple[str, Wrong]] = []
        orders = 0
        async with httpx.AsyncClient(base_url=self._sandbox_url, timeout=20, trust_env=False) as client:
            for kind in KINDS:
                for sides in await _sides(client, kind, self._stores[kind], told, only):
                    orders += 1
                    about = str(sides.idealo["id"])
                    found = [*rules.broken(sides), *_linked(sides, links.get((self._stores[kind], about)))]
                    wrong += [(f"{kind} {about}", one) for one in found]
        kept = {row["id"] for row in deliveries}
        lost = (Wrong("deliveries", f"delivery {n} was accepted and is not in the ledger") for n in {*promised} - kept)
        unseen = _unseen((row for row in deliveries if row["id"] > since_delivery), self._clocks)
        wrong += [("ledger", one) for one in (*lost, *unseen, *self._facts.broken())]
        return Found(tuple(wrong), orders, len(deliveries))


async def _sides(
    client: httpx.AsyncClient,
    kind: str,
    store_id: str,
    told: Mapping[tuple[str, str], list[Told]],
    only: Collection[str] | None,
) -> list[Sides]:
    listed = (await _get(client, f"/idealo/orders?shop_id={shop_of(kind)}"))["orders"]
    in_store: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for order in (await _get(client, f"/stores/{kind}/orders"))["orders"]:
        in_store[str(order["idealo_order_id"])].append(order)
    found: list[Sides] = []
    for order_id in (str(order["id"]) for order in listed):
        if only is None or order_id in only:
            idealo = await _get(client, f"/idealo/orders/{order_id}") | {"id": order_id}
            found.append(Sides(kind, idealo, in_store[order_id], told.get((store_id, order_id), [])))
    return found


async def _get(client: httpx.AsyncClient, path: str) -> dict[str, Any]:
    answer = await client.get(path)
    answer.raise_for_status()
    found: dict[str, Any] = answer.json()
    return found


def _linked(order: Sides, link: str | None) -> Iterator[Wrong]:
    """The ledger names the store order that stands for the idealo order."""
    # An order that a person is asked about may stand in the store without being followed.
    asked = any(event.state == "dead" and event.type == "order.placed" for event in order.events)
    if len(order.in_store) == 1 and str(order.in_store[0]["store_order_id"]) != link and not asked:
        yield Wrong("linked", f"the store has order {order.in_store[0]['store_order_id']}, the ledger {link}")


def _unseen(deliveries: Iterable[asyncpg.Record], clocks: Clocks) -> Iterator[Wrong]:
    """What the door accepted was looked at: marked so, and the order read after it came."""
    for row in deliveries:
        if row["looked_at"] is None:
            yield Wrong("deliveries", f"delivery {row['id']} ({row['topic']}) was never looked at")
        elif row["ours"] is not None and not _read_since(row["received_at"], row["seen_at"], clocks):
            yield Wrong("deliveries", f"delivery {row['id']} is marked, but its order was not read since it came")


def _read_since(received_at: datetime, seen_at: datetime | None, clocks: Clocks) -> bool:
    """The door's clock stamps what came in, a worker's what was read: to the instant, unless one of them was off."""
    return seen_at is not None and received_at <= seen_at + clocks.doubt(received_at, seen_at)
