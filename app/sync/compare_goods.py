"""Compares parcels, units and refunds of an imported order between idealo and the store. Pure, no I/O."""

from collections import Counter
from collections.abc import Iterator
from decimal import Decimal

from app.domain import events as e
from app.domain.difference import Difference, Verdict
from app.domain.orders import IdealoOrder, StoreOrder
from app.domain.units import Units, units_in_store
from app.ledger.records import EventRecord
from app.sync.case import imported_lines
from app.sync.difference import Sight, differs

SETTLED = ("done", "skipped")


def compare_goods(sight: Sight, idealo: IdealoOrder, store: StoreOrder, named: set[str]) -> Iterator[Difference]:
    """`named` are the events found missing in the ledger, as `type key`: what they explain is not named twice."""
    yield from _parcels(sight, idealo, store)
    yield from _shipped(sight, idealo, store, named)
    yield from _units(sight, idealo, store, named)
    yield from _refunds(sight, idealo, store, named)


def _parcels(sight: Sight, idealo: IdealoOrder, store: StoreOrder) -> Iterator[Difference]:
    told = {p.code for p in idealo.parcels}
    there = {code for shipment in store.shipments for code in shipment.codes}
    recorded: dict[str | None, list[EventRecord]] = {}
    for record in sight.events(e.ShipmentCreated):
        assert isinstance(record.event, e.ShipmentCreated)  # noqa: S101 - asked for by type
        recorded.setdefault(record.event.code, []).append(record)
    for code in sorted(there - told):
        if code in recorded:  # else it is named as not recorded, or held back until the order is complete
            yield differs(
                sight, "parcel_not_at_idealo", about=code, expected="known to idealo", found="not there",
                verdict=sight.explained(recorded[code]),
            )  # fmt: skip
    for code in sorted(told - there):
        # We told it, the shop has changed its mind since: nothing can be called back.
        verdict: Verdict = "known" if any(r.state in SETTLED for r in recorded.get(code, ())) else "open"
        yield differs(
            sight, "parcel_not_in_store", about=code, expected="in the store", found="only at idealo", verdict=verdict
        )


def _shipped(sight: Sight, idealo: IdealoOrder, store: StoreOrder, named: set[str]) -> Iterator[Difference]:
    """Whether goods left at all; parcels with codes are compared one by one."""
    records = sight.events(e.ShipmentCreated)
    if store.shipments and not idealo.shipped and not any(s.codes for s in store.shipments):
        held_back = not records and not any(name.startswith("shipment.created") for name in named)
        # idealo forgets an uncoded shipment in its state once units are revoked after it.
        revoked = idealo.remaining != idealo.purchase.ordered()
        told = revoked and any(r.state in SETTLED for r in records)
        if records and not held_back and not told:
            yield differs(
                sight, "shipment_not_at_idealo", expected="idealo knows that goods left", found="it does not",
                verdict=sight.explained(records),
            )  # fmt: skip
    elif idealo.shipped and not idealo.parcels and not store.shipments:
        verdict: Verdict = "known" if any(r.state in SETTLED for r in records) else "open"
        yield differs(
            sight, "shipment_not_in_store", expected="a shipment in the store", found="only at idealo", verdict=verdict
        )


def _units(sight: Sight, idealo: IdealoOrder, store: StoreOrder, named: set[str]) -> Iterator[Difference]:
    units = units_in_store(store, imported_lines(sight.history))
    cancelling = idealo.revocation_wanted or idealo.revoked
    if cancelling and any(u.remaining > 0 for u in units) and "order.revoked order" not in named:
        yield differs(
            sight,
            "buyer_cancellation_not_in_store",
            expected="cancelled: the buyer cancelled at idealo",
            found=f"{sum(u.remaining for u in units)} units left in the store",
            verdict=sight.explained(sight.events(e.OrderRevoked)),
        )
    for u in units:
        held = idealo.remaining.get(u.sku)
        if held is None:
            yield differs(sight, "sku_not_at_idealo", about=u.sku, expected="a line at idealo", found="none")
        elif held > u.remaining and not _named(named, u.sku):
            rule = "cancellation_not_at_idealo" if store.cancelled else "units_not_at_idealo"
            yield _units_differ(sight, rule, u, held)
        elif held < u.remaining and not cancelling and not _named(named, u.sku):
            yield _units_differ(sight, "units_not_in_store", u, held)


def _units_differ(sight: Sight, rule: str, u: Units, held: int) -> Difference:
    return differs(
        sight,
        rule,
        about=u.sku,
        expected=f"{u.remaining} units as in the store",
        found=f"{held} at idealo",
        verdict=sight.explained(_about_units(sight, u.sku)),
    )


def _named(named: set[str], sku: str) -> bool:
    """Whether a missing event is about this SKU; keys begin with it, those of conflicts name it after the rule."""
    return any(
        name.startswith((f"line.cancelled {sku}/", f"line.returned {sku}/"))
        or (name.startswith("order.conflict ") and f"/{sku}" in name)
        for name in named
    )


def _about_units(sight: Sight, sku: str) -> list[EventRecord]:
    """Events that would bring this SKU's units in line, conflicts about it or about the whole order included."""
    found: list[EventRecord] = list(sight.events(e.OrderRevoked))
    for record in sight.history:
        event = record.event
        if isinstance(event, e.LineCancelled | e.LineReturned):
            if event.sku == sku:
                found.append(record)
        elif isinstance(event, e.OrderConflict) and (not event.about or event.about.partition("/")[0] == sku):
            found.append(record)
    return found


def _refunds(sight: Sight, idealo: IdealoOrder, store: StoreOrder, named: set[str]) -> Iterator[Difference]:
    """A refund carries no reference at idealo, so amounts are counted. Failed ones moved no money."""
    there = Counter(r.amount for r in sight.refunds if not r.failed)
    if not idealo.purchase.refundable:
        for amount in sorted(there):
            yield _refund_differs(sight, "refund_not_in_store", amount, 0, there[amount])
        return
    in_store = {r.refund_id for r in store.refunds}
    recorded: dict[Decimal, list[EventRecord]] = {}
    owed: Counter[Decimal] = Counter()
    for record in sight.events(e.RefundIssued):
        event = record.event
        assert isinstance(event, e.RefundIssued)  # noqa: S101 - asked for by type
        recorded.setdefault(event.amount, []).append(record)
        if event.refund_id in in_store or event.refund_id == "cancellation":
            owed[event.amount] += 1
    # What the ledger has not seen yet is named by its event; at idealo it may stand already.
    unseen = Counter(r.amount for r in store.refunds if f"refund.issued {r.refund_id}" in named)
    for amount in sorted({*owed, *there}):
        records = recorded.get(amount, [])
        if owed[amount] > there[amount]:
            telling = [r for r in (*records, *_failed_refunds(sight)) if sight.explained([r]) != "open"]
            # Two of one amount missing and one of them with a person: the other one is still nobody's.
            enough = len(telling) >= owed[amount] - there[amount]
            found = _refund_differs(sight, "refund_not_at_idealo", amount, owed[amount], there[amount])
            yield found.model_copy(update={"verdict": sight.explained(telling) if enough else "open"})
        elif there[amount] > owed[amount] + unseen[amount]:
            vanished = [r for r in sight.events(e.OrderConflict) if _rule(r) == "refund_vanished"]
            found = _refund_differs(sight, "refund_not_in_store", amount, owed[amount], there[amount])
            yield found.model_copy(update={"verdict": sight.explained(vanished)})


def _refund_differs(sight: Sight, rule: str, amount: Decimal, owed: int, there: int) -> Difference:
    expected = f"{owed} of {amount:.2f} as in the store"
    return differs(sight, rule, about=f"{amount:.2f}", expected=expected, found=f"{there} at idealo")


def _failed_refunds(sight: Sight) -> list[EventRecord]:
    return [r for r in sight.events(e.OrderConflict) if _rule(r) == "refund_failed"]


def _rule(record: EventRecord) -> str:
    return record.event.rule if isinstance(record.event, e.OrderConflict) else ""
