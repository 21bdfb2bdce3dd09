"""Reads the money that was given back: per refund, and against the order's own total; pure."""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

from app.domain.orders import Contradiction, Refund
from app.domain.value import Value
from app.stores.shopify.reading import document, entries, money, nodes, number_of, wrong
from app.wire.json_fields import MAX_MONEY

_ON_ITS_WAY = ("PENDING", "AWAITING_RESPONSE", "UNKNOWN")
_STORE_CREDIT = "shopify_store_credit"


class Paid(Value):
    """A refund's money, and whether more of it is still on its way."""

    refund_id: str
    amount: Decimal
    currency: str
    pending: bool
    credit: Decimal
    """The part given as store credit, which idealo's buyer cannot have."""

    @property
    def moved(self) -> bool:
        """Whether any money went back, or is on its way."""
        return bool(self.amount or self.credit or self.pending)


def charged(bag: Any, where: str) -> tuple[Decimal, str]:
    """Amount and currency of a money bag in what the buyer was charged in: idealo's currency, also where the store
    counts in another one. The two are one for every store that sells in euros.
    """
    shown = document(bag, where)
    presented = shown.get("presentmentMoney")
    return money({"shopMoney": presented} if presented is not None else shown, where)


def paid_back(order: dict[str, Any], where: str) -> list[Paid]:
    """All refunds of an order, also those that moved no money."""
    given = order.get("refunds")
    at = f"{where}: refunds"
    return [_paid(r, f"{at}[{i}]") for i, r in enumerate(entries(given, at) if given is not None else [])]


def refunds_of(paid: Sequence[Paid]) -> tuple[Refund, ...]:
    """The refunds to report: with money, and none of it still on its way, as a refund is reported once."""
    return tuple(
        Refund(refund_id=p.refund_id, amount=p.amount, currency=p.currency) for p in paid if p.amount and not p.pending
    )


def credits_given(paid: Sequence[Paid]) -> Iterator[Contradiction]:
    for entry in paid:
        if entry.credit:
            detail = f"refund {entry.refund_id} gave {entry.credit} as store credit, which idealo does not pay back"
            yield Contradiction(rule="refund_as_store_credit", about=entry.refund_id, detail=detail)


def sums_differ(order: dict[str, Any], paid: Sequence[Paid], where: str) -> Iterator[Contradiction]:
    """The order's own total of refunds against the refunds; while one is on its way they may differ."""
    kept = order.get("totalRefundedSet")
    if kept is None or any(entry.pending for entry in paid):
        return
    said, _ = charged(kept, f"{where}: totalRefundedSet")
    back = sum((entry.amount for entry in paid), Decimal(0))
    found = sum((entry.credit for entry in paid), back)
    # Whether the order's total counts store credit is written nowhere.
    if abs(said) not in (back, found):
        detail = f"the refunds add up to {found}, the order says {abs(said)}"
        yield Contradiction(rule="refunds_do_not_add_up", about=f"{found}/{abs(said)}", detail=detail)


def _paid(refund: dict[str, Any], at: str) -> Paid:
    """Successful REFUND transactions; never the sum of lines. Shopify's own total where it lists no transactions."""
    refund_id = number_of(refund.get("id"), "Refund", f"{at}.id")
    given = refund.get("transactions")
    if given is None:
        amount, currency = charged(refund.get("totalRefundedSet"), f"{at}.totalRefundedSet")
        return Paid(refund_id=refund_id, amount=abs(amount), currency=currency, pending=False, credit=Decimal(0))
    amount, credit, currency, pending = Decimal(0), Decimal(0), "", False
    for i, transaction in enumerate(nodes(given, f"{at}.transactions")):
        if transaction.get("kind") != "REFUND":
            continue
        part, currency = charged(transaction.get("amountSet"), f"{at}.transactions[{i}].amountSet")
        pending = pending or transaction.get("status") in _ON_ITS_WAY
        if transaction.get("status") == "SUCCESS" and transaction.get("gateway") == _STORE_CREDIT:
            credit += abs(part)
        elif transaction.get("status") == "SUCCESS":
            amount += abs(part)
    if amount >= MAX_MONEY:
        raise wrong(f"{at}.transactions", "amounts below ten billion", amount)
    return Paid(refund_id=refund_id, amount=amount, currency=currency, pending=pending, credit=credit)
