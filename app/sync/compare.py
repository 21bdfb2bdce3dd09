"""Compares an order at idealo, in the ledger and in the store: every difference by name. Pure, no I/O."""

from collections.abc import Iterator
from datetime import timedelta

from app.domain import events as e
from app.domain.difference import Difference, Verdict
from app.domain.orders import IdealoOrder, StoreOrder
from app.ledger.records import EventRecord
from app.sync.case import imported_lines
from app.sync.compare_goods import compare_goods
from app.sync.difference import Sight, differs
from app.sync.observe import events_of_store_order, partly_revoked

FRESH = timedelta(minutes=5)
"""What idealo has shown for less than that, the poll may not have come round to."""
OVERDUE = timedelta(minutes=15)
"""A due event is settled within seconds; the sweep rings three times a minute."""
STUCK = timedelta(hours=36)
"""All retries together take 22 hours; a side that throttles for longer than this needs somebody."""


def compare(sight: Sight) -> tuple[Difference, ...]:
    """Every difference of this order with its verdict; empty when the three sides tell the same story."""
    if sight.order is None:
        return tuple(_unknown(sight))
    found = [*_queue(sight), *_unreadable(sight)]
    missing = list(_not_recorded(sight))
    found += missing
    if sight.at_idealo is not None and sight.order.store_order_id is None:
        found += _not_imported(sight, sight.at_idealo)
    if sight.order.store_order_id is not None and not sight.events(e.OrderImported):
        found.append(differs(sight, "import_not_in_ledger", expected="order.imported", found="a link without it"))
    elif sight.at_idealo is not None and sight.in_store is not None:
        found += _heads(sight, sight.at_idealo, sight.in_store)
        found += compare_goods(sight, sight.at_idealo, sight.in_store, {d.about for d in missing})
    return tuple(found)


def _unknown(sight: Sight) -> Iterator[Difference]:
    idealo = sight.at_idealo
    if idealo is None:
        why = sight.idealo_trouble or "an answer that cannot be understood"
        yield differs(sight, "unreadable_at_idealo", expected="an order", found=why, mendable=True)
    elif idealo.purchase.placed_at >= sight.store.created_at:
        fresh = sight.now - idealo.purchase.placed_at < FRESH
        yield differs(
            sight,
            "order_not_in_ledger",
            expected=f"an order placed {idealo.purchase.placed_at:%Y-%m-%d %H:%M} UTC",
            found="none",
            verdict="under_way" if fresh else "open",
        )


def _queue(sight: Sight) -> Iterator[Difference]:
    """The oldest pending event holds back the younger ones, so it speaks for all of them."""
    head = next((r for r in sight.history if r.state == "pending"), None)
    if head is None or not sight.store.working:
        return
    name = f"{head.event.type} {head.event.key}"
    replayed = [a.ended_at for a in sight.attempts if a.event_id == head.id and a.outcome == "replayed"]
    waited = sight.now - max([head.recorded_at, *replayed])
    patience = STUCK
    if isinstance(head.event, e.ShipmentCreated):
        patience += timedelta(minutes=sight.settings.tracking_grace_minutes)
    if sight.now - head.due_at > OVERDUE:
        late = round((sight.now - head.due_at).total_seconds() / 60)
        yield differs(sight, "event_overdue", about=name, expected="settled when due", found=f"{late} minutes overdue")
    elif waited > patience:
        hours = round(waited.total_seconds() / 3600)
        yield differs(sight, "event_stuck", about=name, expected="settled", found=f"pending for {hours} hours")


def _unreadable(sight: Sight) -> Iterator[Difference]:
    for side, why, rule in (
        ("idealo", sight.idealo_trouble, "unreadable_at_idealo"),
        ("store", sight.store_trouble, "unreadable_in_store"),
    ):
        if why is None:
            continue
        said = [r for r in sight.events(e.OrderConflict) if _about_reading(r, side)]
        yield differs(sight, rule, expected="an order", found=why, verdict=sight.explained(said))


def _about_reading(record: EventRecord, side: str) -> bool:
    event = record.event
    return isinstance(event, e.OrderConflict) and (event.side, event.rule) == (side, "unreadable")


def _not_recorded(sight: Sight) -> Iterator[Difference]:
    """What a side shows and the ledger has no event for; `about` names type and key."""
    known = {(r.event.type, r.event.key) for r in sight.history}
    shown: list[tuple[e.Side, e.Event]] = []
    if sight.at_idealo is not None:
        shown += [("idealo", event) for event in e.events_in_idealo(sight.at_idealo)]
        shown += [("idealo", event) for event in partly_revoked(sight.at_idealo, sight.history)]
    if sight.in_store is not None and imported_lines(sight.history):
        events = events_of_store_order(sight.store, sight.in_store, sight.history, type(sight.settings))
        shown += [("store", event) for event in events]
    for side, event in shown:
        if (event.type, event.key) in known:
            continue
        yield differs(
            sight,
            "event_not_in_ledger",
            about=f"{event.type} {event.key}",
            expected=f"recorded: {side} shows it",
            found="none",
            verdict="under_way" if side == "idealo" and _is_fresh(sight) else "open",
            sides=(side, "ledger"),
        )


def _is_fresh(sight: Sight) -> bool:
    return sight.at_idealo is not None and sight.now - sight.at_idealo.updated_at < FRESH


def _not_imported(sight: Sight, idealo: IdealoOrder) -> Iterator[Difference]:
    placed = sight.events(e.OrderPlaced)
    if not placed or idealo.revoked or idealo.revocation_wanted or not any(idealo.remaining.values()):
        return
    bought = idealo.purchase
    left_out = sight.settings.import_since is not None and bought.placed_at < sight.settings.import_since
    before = bought.placed_at < sight.store.created_at and (idealo.shipped or idealo.merchant_order_number is not None)
    if left_out or before:
        return
    units = sum(idealo.remaining.values())
    others = sight.events(e.OrderRevoked, e.LineCancelled)
    verdict = _first(sight.explained(placed), sight.explained(others))
    yield differs(
        sight, "not_imported", expected=f"{units} units to be delivered", found="no order in the store", verdict=verdict
    )


def _first(*verdicts: Verdict) -> Verdict:
    """The first that explains anything."""
    return next((v for v in verdicts if v != "open"), "open")


def _heads(sight: Sight, idealo: IdealoOrder, store: StoreOrder) -> Iterator[Difference]:
    """Identity, number and money of the order as a whole."""
    if store.idealo_order_id is not None and store.idealo_order_id != sight.idealo_order_id:
        yield differs(
            sight, "linked_to_another", expected=sight.idealo_order_id, found=f"names {store.idealo_order_id}"
        )
    if idealo.merchant_order_number != store.number:
        verdict = sight.explained(sight.events(e.OrderImported))
        if idealo.merchant_order_number is not None and verdict == "under_way":
            verdict = "open"  # another number is no number on its way
        yield differs(
            sight,
            "number_differs",
            expected=f"{store.number} as in the store",
            found=f"{idealo.merchant_order_number or 'none'} at idealo",
            verdict=verdict,
        )
    bought = idealo.purchase
    if store.currency != bought.currency:
        yield differs(sight, "currency_differs", expected=bought.currency, found=store.currency)
    total = _comparable_total(sight, store)
    if total is not None and total != f"{bought.total:.2f}":
        conflicts = [r for r in sight.events(e.OrderConflict) if "total" in _rule_of(r)]
        yield differs(
            sight,
            "total_differs",
            expected=f"{bought.total:.2f} {bought.currency}",
            found=f"{total} {store.currency}",
            verdict=sight.explained(conflicts),
        )


def _comparable_total(sight: Sight, store: StoreOrder) -> str | None:
    """The store's total while the order is whole, its total at import afterwards: shops count what was cancelled,
    edited or paid back in six ways.
    """
    lines = {line.line_id: line for line in store.lines}
    whole = all(
        line.line_id in lines and lines[line.line_id].quantity == line.quantity
        for line in imported_lines(sight.history)
    ) and not any(line.cancelled or line.returned for line in store.lines)
    if whole and not store.cancelled and not store.refunds:
        return f"{store.total:.2f}"
    at_import = (r.event.total for r in sight.history if isinstance(r.event, e.OrderImported))
    return next((f"{total:.2f}" for total in at_import), None)


def _rule_of(record: EventRecord) -> str:
    return record.event.rule if isinstance(record.event, e.OrderConflict) else ""
