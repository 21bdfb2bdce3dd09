"""One order as the three sides show it, and what the ledger says about a difference between them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from app.domain.difference import ComparedSide, Difference, Verdict
from app.domain.events import Event
from app.domain.orders import IdealoOrder, IdealoRefund, StoreOrder
from app.domain.settings import StoreSettings
from app.ledger.records import AttemptRecord, EventRecord, OrderRecord, StoreRecord

SETTLING = timedelta(minutes=2)
"""So long after we told a side, it may still show what it showed before (search indexes, work done later)."""


@dataclass(frozen=True)
class Sight:
    """One order at one moment; a side that has none, or cannot be understood, is None with a sentence why."""

    now: datetime
    store: StoreRecord
    settings: StoreSettings
    idealo_order_id: str
    order: OrderRecord | None
    history: tuple[EventRecord, ...] = ()
    attempts: tuple[AttemptRecord, ...] = ()
    at_idealo: IdealoOrder | None = None
    refunds: tuple[IdealoRefund, ...] = ()
    """As idealo lists them, failed ones included."""
    idealo_trouble: str | None = None
    in_store: StoreOrder | None = None
    store_trouble: str | None = None

    def events(self, *types: type[Event]) -> list[EventRecord]:
        """Recorded events of these types, oldest first."""
        return [r for r in self.history if isinstance(r.event, types)]

    def last_attempt(self, record: EventRecord) -> AttemptRecord | None:
        return next((a for a in reversed(self.attempts) if a.event_id == record.id), None)

    def dismissed(self, record: EventRecord) -> bool:
        """Whether a person decided that nothing is to be done about it."""
        last = self.last_attempt(record)
        return record.state == "skipped" and last is not None and last.outcome == "dismissed"

    def explained(self, records: Iterable[EventRecord]) -> Verdict:
        """What stands in the ledger about a difference that these events would have brought in line."""
        found = {self._verdict(record) for record in records}
        for verdict in ("waiting", "under_way", "known"):
            if verdict in found:
                return verdict
        return "open"

    def _verdict(self, record: EventRecord) -> Verdict:
        if record.state == "dead":
            return "waiting"
        if record.state == "pending":
            return "under_way"
        last = self.last_attempt(record)
        if last is None:
            return "open"
        if last.outcome == "dismissed":
            return "known"
        return "under_way" if self.now - last.ended_at < SETTLING else "open"


@dataclass(frozen=True)
class Rule:
    """Which sides a rule compares, whether looking and settling again can help, and what to do otherwise."""

    sides: tuple[ComparedSide, ...]
    advice: str
    mendable: bool = False


_LOOK = "reading both sides again and settling what is new brings it in line: reconcile with repair, or look at it now"
_TOLD = "the ledger has told this side and it does not show it: ask its support with the attempt's time at hand"
RULES: dict[str, Rule] = {
    "order_not_in_ledger": Rule(("idealo", "ledger"), _LOOK, mendable=True),
    "event_not_in_ledger": Rule(("ledger",), _LOOK, mendable=True),
    "event_overdue": Rule(("ledger",), "is a worker running? settling it again is safe", mendable=True),
    "event_stuck": Rule(("ledger",), "its attempts say what it waits for; correct that"),
    "import_not_in_ledger": Rule(
        ("ledger", "store"), "the link stands without the lines it was made with: restore the ledger from its backup"
    ),
    "unreadable_at_idealo": Rule(
        ("idealo",), "look at it in idealo's merchant account; where it is gone there, ask idealo", mendable=True
    ),
    "unreadable_in_store": Rule(
        ("store",), "restore the order in the shop, or handle it by hand and dismiss its event", mendable=True
    ),
    "not_imported": Rule(
        ("idealo", "store"), "idealo counts units of an order that was left out: enter it in the shop by hand"
    ),
    "not_linked": Rule(
        ("ledger", "store"),
        "the shop has this order and the ledger left it out: cancel it there if nobody ordered it",
    ),
    "order_not_at_idealo": Rule(
        ("idealo", "store"), "the shop's order names an idealo order this account does not have: a copied order?"
    ),
    "two_store_orders": Rule(
        ("store",), "cancel the one the ledger does not follow, before both are shipped; it may be a copy by hand"
    ),
    "linked_to_another": Rule(
        ("ledger", "store"), "the shop's order names another idealo order: somebody changed or exchanged it"
    ),
    "number_differs": Rule(
        ("idealo", "store"), "idealo never changes a number: put the shop's back, or tell whoever reads it at idealo"
    ),
    "total_differs": Rule(
        ("idealo", "store"), "the buyer paid idealo's total: correct the shop's order, tax and shipping first"
    ),
    "currency_differs": Rule(("idealo", "store"), "set the currency of the shop's store view to the order's"),
    "parcel_not_at_idealo": Rule(("idealo", "store"), _TOLD),
    "parcel_not_in_store": Rule(
        ("idealo", "store"), "idealo takes no parcel back: enter it in the shop, or tell the buyer which one counts"
    ),
    "shipment_not_at_idealo": Rule(("idealo", "store"), _TOLD),
    "shipment_not_in_store": Rule(
        ("idealo", "store"), "somebody reported it at idealo by hand: enter the shipment in the shop as well"
    ),
    "cancellation_not_at_idealo": Rule(("idealo", "store"), _TOLD),
    "units_not_at_idealo": Rule(("idealo", "store"), _TOLD),
    "units_not_in_store": Rule(
        ("idealo", "store"), "idealo counts fewer units: cancel or take back the difference in the shop"
    ),
    "sku_not_at_idealo": Rule(("idealo", "ledger"), "idealo's order has changed its lines: ask idealo"),
    "buyer_cancellation_not_in_store": Rule(
        ("idealo", "store"), "cancel the order in the shop to accept it; if goods have left, agree with the buyer"
    ),
    "refund_not_at_idealo": Rule(("idealo", "store"), _TOLD),
    "refund_not_in_store": Rule(
        ("idealo", "store"), "somebody paid it back at idealo by hand: enter the refund in the shop as well"
    ),
    "unread": Rule(("store",), "it is compared again next time; read it by hand if it stays unread"),
    "side_unreachable": Rule(("store",), "correct what it says, then reconcile again: the rest was not compared"),
}  # fmt: skip


def differs(
    sight: Sight,
    rule: str,
    *,
    expected: str,
    found: str,
    about: str = "",
    verdict: Verdict = "open",
    sides: tuple[ComparedSide, ...] | None = None,
    mendable: bool | None = None,
) -> Difference:
    """A difference of this order; what is not said comes from the rule."""
    how = RULES[rule]
    order = sight.order
    return Difference(
        rule=rule,
        sides=sides or how.sides,
        order_id=order.id if order else None,
        idealo_order_id=sight.idealo_order_id,
        store_order_id=order.store_order_id if order else None,
        about=about,
        expected=expected,
        found=found,
        verdict=verdict,
        mendable=how.mendable if mendable is None else mendable,
        advice=how.advice,
    )
