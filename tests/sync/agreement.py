"""Do both sides agree in the end, and did everything happen once? Used by every random run."""

from collections import Counter
from decimal import Decimal
from typing import Any

from app.ledger.records import EventRecord
from tests.town import Town

FOR_A_PERSON = {"state_conflict", "unknown_sku", "unsupported", "rejected"}
"""Problems an ordinary world may bring; `bug`, `exhausted` and `credentials` are none of them."""


async def disagreements(town: Town) -> list[str]:
    """One sentence per thing that is wrong; empty when all is well."""
    found: list[str] = []
    for idealo_order_id in town.placed:
        found += [f"{idealo_order_id}: {text}" for text in await _of_order(town, idealo_order_id)]
    return found


async def _of_order(town: Town, idealo_order_id: str) -> list[str]:
    idealo = await town.at_idealo(idealo_order_id)
    in_store = await town.in_store_all(idealo_order_id)
    events = await town.events(idealo_order_id)
    dead = {r.problem for r in events if r.state == "dead"}
    wrong = [f"event {r.event.type} {r.event.key} is {r.state}" for r in events if r.state == "pending"]
    odd = [r for r in events if r.problem and r.problem not in FOR_A_PERSON]
    wrong += [f"{r.event.type} {r.event.key} is dead: {r.problem}" for r in odd]
    if len(in_store) > 1:
        return [*wrong, f"{len(in_store)} store orders"]
    if not in_store:
        return [*wrong, *_absent(idealo, events, dead)]
    mine = in_store[0]
    wrong += _written_once(idealo)
    if mine["number"] != idealo.get("merchantOrderNumber") and not dead:
        wrong.append(f"number {mine['number']} is not idealo's {idealo.get('merchantOrderNumber')}")
    if Decimal(mine["total"]) != Decimal(idealo["grossPrice"]):
        wrong.append(f"total {mine['total']} is not idealo's {idealo['grossPrice']}")
    wrong += [*_parcels(idealo, mine, waiting=_waiting(events, "shipment.created"))]
    wrong += _units(idealo, mine) if not _waiting(events, "line.", "order.") else []
    # Magento can only cancel what is invoiced by a credit memo: one of ours for a buyer's cancellation is no refund.
    memo = town.kind == "magento2" and any(r.event.type == "order.revoked" for r in events)
    return [*wrong, *_refunds(idealo, mine, waiting=memo or _waiting(events, "refund.", "order.conflict"))]


def _waiting(events: list[EventRecord], *types: str) -> bool:
    """Whether a person is asked about something of that kind: then the sides may differ in it."""
    return any(r.state == "dead" and r.event.type.startswith(types) for r in events)


def _absent(idealo: dict[str, Any], events: list[EventRecord], dead: set[Any]) -> list[str]:
    if not events:
        return ["was never seen"]
    cancelled = idealo["status"] in {"REVOKING", "REVOKED"}
    if not dead and not (cancelled and events[0].state == "skipped"):
        return [f"is not in the store, status {idealo['status']}, order.placed {events[0].state}"]
    return []


def _written_once(idealo: dict[str, Any]) -> list[str]:
    """What idealo accepted, each effect once."""
    wrong: list[str] = []
    writes = Counter(str((w["kind"], w["body"])) for w in idealo["history"] if w["kind"] == "revocation")
    wrong += [f"{count} times {write}" for write, count in writes.items() if count > 1]
    numbers = [w for w in idealo["history"] if "number" in w["kind"]]
    if len(numbers) > 1:
        wrong.append(f"acknowledged {len(numbers)} times")
    codes = Counter(t["code"] for t in idealo["fulfillment"]["tracking"])
    wrong += [f"code {code} is known {count} times" for code, count in codes.items() if count > 1]
    return wrong


def _parcels(idealo: dict[str, Any], mine: dict[str, Any], *, waiting: bool) -> list[str]:
    known = {t["code"] for t in idealo["fulfillment"]["tracking"]}
    there = {p["tracking_code"] for p in mine["parcels"]}
    wrong = [f"idealo knows codes the store does not: {sorted(known - there)}"] if known - there else []
    if there - known and not waiting:
        wrong.append(f"idealo does not know {sorted(there - known)}")
    return wrong


def _units(idealo: dict[str, Any], mine: dict[str, Any]) -> list[str]:
    here: Counter[str] = Counter()
    there: Counter[str] = Counter()
    for line in mine["lines"]:
        here[line["sku"]] += line["quantity"] - line["cancelled"] - line["returned"]
    for line in idealo["lineItems"]:
        there[line["sku"]] += line["remainingQuantity"]
    return [f"{sku}: store has {here[sku]}, idealo {there[sku]}" for sku in here | there if here[sku] != there[sku]]


def _refunds(idealo: dict[str, Any], mine: dict[str, Any], *, waiting: bool) -> list[str]:
    if idealo["payment"]["paymentMethod"] != "IDEALO_CHECKOUT_PAYMENTS":
        return [f"refunds for {idealo['payment']['paymentMethod']}"] if idealo["refunds"] else []
    here = Counter(Decimal(r["amount"]) for r in mine["refunds"])
    there = Counter(Decimal(str(r["refundAmount"])) for r in idealo["refunds"] if r["status"] != "FAILED")
    if there - here:
        return [f"idealo paid back more than the store: {dict(there - here)}"]
    return [f"not paid back at idealo: {dict(here - there)}"] if here - there and not waiting else []
