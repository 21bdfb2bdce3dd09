"""What must be true of every order in the end, over plain data: idealo's JSON, the store's words, the ledger's."""

from collections import Counter
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

FOR_A_PERSON = {"state_conflict", "unknown_sku", "unsupported", "rejected"}
"""Problems an ordinary world may bring; `bug`, `exhausted` and `credentials` are none of them."""
RULES = ("settled", "imported", "acknowledged", "tracking", "revocations", "units", "money", "refunds")
"""The rules of this module by name, each with what it watches in its function below."""

Json = dict[str, Any]


class Told(NamedTuple):
    """An event as the ledger has it."""

    type: str
    key: str
    state: str
    problem: str | None


class Wrong(NamedTuple):
    """What breaks a rule."""

    rule: str
    text: str


class Sides(NamedTuple):
    """One order as it stands everywhere."""

    kind: str
    idealo: Json
    """As GET /_sandbox/idealo/orders/{id} shows it, `history` included."""
    in_store: Sequence[Json]
    """Every store order with this idealo id, in neutral words."""
    events: Sequence[Told]
    """Oldest first."""


def broken(order: Sides) -> list[Wrong]:
    """Every rule this order breaks; empty when all is well."""
    wrong = list(_settled(order))
    if len(order.in_store) != 1:
        return [*wrong, *_imported(order)]
    mine = order.in_store[0]
    wrong += [*_acknowledged(order, mine), *_tracking(order, mine), *_revocations(order)]
    return [*wrong, *_units(order, mine), *_money(order, mine), *_refunds(order, mine)]


def _settled(order: Sides) -> Iterator[Wrong]:
    """Nothing is left to do, and nothing ended in a way that an ordinary world does not explain."""
    for event in order.events:
        if event.state == "pending":
            yield Wrong("settled", f"event {event.type} {event.key} is pending")
        if event.problem and event.problem not in FOR_A_PERSON:
            yield Wrong("settled", f"{event.type} {event.key} is dead: {event.problem}")


def _imported(order: Sides) -> Iterator[Wrong]:
    """One store order per idealo order, unless a reason not to import is on record."""
    if order.in_store:
        yield Wrong("imported", f"{len(order.in_store)} store orders")
    elif not order.events:
        yield Wrong("imported", "was never seen")
    else:
        status, first = order.idealo["status"], order.events[0]
        explained = any(e.state == "dead" for e in order.events)
        if not explained and not (status in {"REVOKING", "REVOKED"} and first.state == "skipped"):
            yield Wrong("imported", f"is not in the store, status {status}, order.placed {first.state}")


def _acknowledged(order: Sides, mine: Json) -> Iterator[Wrong]:
    """idealo has the store's number, and was told once."""
    told = [w for w in order.idealo["history"] if "number" in w["kind"]]
    if len(told) > 1:
        yield Wrong("acknowledged", f"acknowledged {len(told)} times")
    theirs = order.idealo.get("merchantOrderNumber")
    if mine["number"] != theirs and not any(e.state == "dead" for e in order.events):
        yield Wrong("acknowledged", f"number {mine['number']} is not idealo's {theirs}")


def _tracking(order: Sides, mine: Json) -> Iterator[Wrong]:
    """Each of the store's codes is known at idealo, once, and no other."""
    codes = Counter(t["code"] for t in order.idealo["fulfillment"]["tracking"])
    for code, count in codes.items():
        if count > 1:
            yield Wrong("tracking", f"code {code} is known {count} times")
    known, there = set(codes), {p["tracking_code"] for p in mine["parcels"]}
    if known - there:
        yield Wrong("tracking", f"idealo knows codes the store does not: {sorted(known - there)}")
    if there - known and not _waiting(order, "shipment.created"):
        yield Wrong("tracking", f"idealo does not know {sorted(there - known)}")


def _revocations(order: Sides) -> Iterator[Wrong]:
    """The same remaining quantity is never told twice."""
    writes = Counter(str((w["kind"], w["body"])) for w in order.idealo["history"] if w["kind"] == "revocation")
    for write, count in writes.items():
        if count > 1:
            yield Wrong("revocations", f"{count} times {write}")


def _units(order: Sides, mine: Json) -> Iterator[Wrong]:
    """Both sides count the same units that stay sold, unless a person is asked about them."""
    if _waiting(order, "line.", "order."):
        return
    here: Counter[str] = Counter()
    there: Counter[str] = Counter()
    for line in mine["lines"]:
        here[line["sku"]] += line["quantity"] - line["cancelled"] - line["returned"]
    for line in order.idealo["lineItems"]:
        there[line["sku"]] += line["remainingQuantity"]
    for sku in here | there:
        if here[sku] != there[sku]:
            yield Wrong("units", f"{sku}: store has {here[sku]}, idealo {there[sku]}")


def _money(order: Sides, mine: Json) -> Iterator[Wrong]:
    """The store's total is idealo's, to the cent."""
    if Decimal(mine["total"]) != Decimal(str(order.idealo["grossPrice"])):
        yield Wrong("money", f"total {mine['total']} is not idealo's {order.idealo['grossPrice']}")


def _refunds(order: Sides, mine: Json) -> Iterator[Wrong]:
    """What the store paid back idealo pays back, once, and only for its own payment method."""
    method = order.idealo["payment"]["paymentMethod"]
    if method != "IDEALO_CHECKOUT_PAYMENTS":
        if order.idealo["refunds"]:
            yield Wrong("refunds", f"refunds for {method}")
        return
    here = Counter(Decimal(r["amount"]) for r in mine["refunds"])
    there = Counter(Decimal(str(r["refundAmount"])) for r in order.idealo["refunds"] if r["status"] != "FAILED")
    # Magento can only cancel what is invoiced by a credit memo: one of ours for a buyer's cancellation is no refund.
    memo = order.kind == "magento2" and any(e.type == "order.revoked" for e in order.events)
    if there - here:
        yield Wrong("refunds", f"idealo paid back more than the store: {dict(there - here)}")
    elif here - there and not memo and not _waiting(order, "refund.", "order.conflict"):
        yield Wrong("refunds", f"not paid back at idealo: {dict(here - there)}")


def _waiting(order: Sides, *types: str) -> bool:
    """Whether a person is asked about something of that kind: then the sides may differ in it."""
    return any(e.state == "dead" and e.type.startswith(types) for e in order.events)
