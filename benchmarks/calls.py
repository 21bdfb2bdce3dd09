"""Rows `calls_per_import_<kind>` and `calls_per_shipment_<kind>`: what one order costs in outbound calls."""

import os
from collections import Counter
from typing import Any

from app.registry import ADAPTERS
from benchmarks.load import Load, generate
from benchmarks.rig import Rig, stopped_after, until
from benchmarks.rows import Row
from benchmarks.town import Town, of_orders

ORDERS = 10
LEAST_IMPORT = {"woocommerce": 5, "shopify": 4, "magento2": 9}
"""Reasons in docs/benchmarks.md."""
LEAST_SHIPMENT = {"woocommerce": 4, "shopify": 3, "magento2": 5}


def calls(rig: Rig) -> list[Row]:
    wanted = os.environ.get("BENCH_KINDS", "").split() or sorted(ADAPTERS)
    return [row for kind in wanted for row in _of_kind(rig, kind)]


def _of_kind(rig: Rig, kind: str) -> list[Row]:
    town = Town.build(rig, kind)
    worker = rig.worker(town.house)
    with stopped_after(worker, town.api, town.sandbox):
        town.first_polls(worker)
        town.place(1)
        town.import_all(worker, 1)
        town.forget_calls()
        town.place(ORDERS)
        town.import_all(worker, ORDERS, before=1)
        imported = of_orders(town.calls())
        orders = town.store_orders()[1:]
        for number, (_, store_order_id) in enumerate(orders):
            town.ship(store_order_id, number)
        town.forget_calls()
        _tell(town, [store_order_id for _, store_order_id in orders])
        until(lambda: town.settled("shipment.created") >= ORDERS, worker, patience_s=90)
        shipped = of_orders(town.calls())
    return [
        _row(f"calls_per_import_{kind}", imported, LEAST_IMPORT.get(kind)),
        _row(f"calls_per_shipment_{kind}", shipped, LEAST_SHIPMENT.get(kind)),
    ]


def _tell(town: Town, store_order_ids: list[str]) -> None:
    """WooCommerce's webhooks are known to the generator; of the other kinds a poll tells, less its own list."""
    if town.kind == "woocommerce":
        path = f"/webhooks/{town.kind}/{town.store_id}"
        generate(Load(town.api.port, path, 4, 0, 20.0, tuple(store_order_ids)))
    else:
        town.poll_store()


def _row(name: str, made: list[dict[str, Any]], least: int | None) -> Row:
    per_order = len(made) / ORDERS
    kinds = Counter(f"{call['side']} {call['method']} {_shape(call['path'])}" for call in made)
    note = ", ".join(f"{count / ORDERS:g} x {what}" for what, count in sorted(kinds.items()))
    return Row(name, per_order, float(least or per_order), "calls", at_most=1.0 if least else None, note=note)


def _shape(path: str) -> str:
    """A path with its ids taken out."""
    return "/".join("#" if any(c.isdigit() for c in part[1:]) or part.isdigit() else part for part in path.split("/"))
