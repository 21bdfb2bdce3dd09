"""Turns a shop's order, with its edits, shipments and credit memos, into a snapshot in our words; pure."""

import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from app.domain.orders import Contradiction, Refund, Shipment, StoreLine, StoreOrder
from app.stores.magento2.reading import (
    document,
    entries,
    identity,
    identity_or_none,
    money,
    money_or_zero,
    text,
    text_or_none,
    whole,
)
from app.stores.magento2.settings import Settings
from app.stores.magento2.tracking import shipments_of
from app.stores.magento2.units import carried_over, line_of, rows_of, units_of
from app.stores.magento2.wording import OUR_CANCELLATION, TOTAL

WHOLE_ORDER = "order"
"""Shipment id where the shop counts units as shipped, but shows no shipment for them."""
SHIPMENT_FIELDS = "entity_id,order_id,items[order_item_id,qty],tracks[entity_id,track_number,title,carrier_code]"
MEMO_FIELDS = "entity_id,order_id,state,grand_total,order_currency_code,items[order_item_id,qty],comments[comment]"
_EXPECTED = re.compile(rf"^{TOTAL}: ([0-9]{{1,8}}),([0-9]{{2}}) ", re.MULTILINE)
_REFUNDED = 2
"""Credit memo states: 1 open, 2 refunded, 3 canceled."""


def needs_shipments(order: dict[str, Any]) -> bool:
    """Whether the order may have shipments; they stand on another endpoint, and an order's own counters do not know
    of those that were saved past Magento's shipping service.
    """
    return any(row.shipped or not row.never_ships for row in rows_of(order, _where(order)))


def is_untouched(order: dict[str, Any]) -> bool:
    """Whether the shop counts nothing on the order but what was bought and invoiced, as on one just made."""
    return not any(row.shipped or row.refunded or row.canceled for row in rows_of(order, _where(order)))


def needs_memos(order: dict[str, Any]) -> bool:
    """Whether the order may have credit memos: only what was invoiced can be refunded."""
    where = _where(order)
    totals = (money_or_zero(order.get(name), f"{where}: {name}") for name in ("total_refunded", "total_invoiced"))
    return any(totals) or any(row.refunded or row.invoiced for row in rows_of(order, where))


def _own_idealo_id(order: dict[str, Any], where: str) -> str | None:
    """An edit or reorder copies ext_order_id into the new order; only the original is the one we placed."""
    if identity_or_none(order.get("relation_parent_id"), f"{where}: relation_parent_id") is not None:
        return None
    return text_or_none(order.get("ext_order_id"), f"{where}: ext_order_id") or None


def store_order(chain: Sequence[Any], shipments: Any, memos: Any, settings: Settings) -> StoreOrder:
    """The snapshot. `chain` is the order and what it was edited into, oldest first; `shipments` and `memos` are rows
    of their lists over the whole chain, [] where not asked.

    Raises Permanent(state_conflict) naming the field when the shop sent a shape that cannot be trusted.
    """
    first, last = document(chain[0], "order"), document(chain[-1], "order")
    where = _where(first)
    state = text(last.get("state"), f"{where}: state")
    paid_back = _done(memos, where)
    shipped = units_of(entries(shipments, f"{where}: shipments"), f"{where}: shipments")
    refunded = units_of(paid_back, f"{where}: creditmemos")
    counted = [line_of(row.documented(shipped, refunded), state) for row in rows_of(last, where)]
    lines, wrong = _lines(first, counted, where) if first is not last else _single(counted)
    left = shipments_of(shipments, f"{where}: shipments", settings.return_label_words)
    if not left and any(line.shipped for line in lines):
        left = (Shipment(shipment_id=WHOLE_ORDER),)
    currency = text(last.get("order_currency_code"), f"{where}: order_currency_code")
    if len(chain) == 1:
        wrong += total_differs(first, where)
    return StoreOrder(
        store_order_id=identity(first.get("entity_id"), "order: entity_id"),
        number=text(first.get("increment_id"), f"{where}: increment_id"),
        idealo_order_id=_own_idealo_id(first, where),
        currency=currency,
        total=money(last.get("grand_total"), f"{where}: grand_total"),
        cancelled=state in {"canceled", "closed"} and not left,
        lines=tuple(lines),
        shipments=left,
        refunds=_refunds(paid_back, currency, where),
        contradictions=tuple(wrong),
    )


def _where(order: Any) -> str:
    return f"order {identity(document(order, 'order').get('entity_id'), 'order: entity_id')}"


_Counted = list[tuple[StoreLine, Contradiction | None]]


def _single(counted: _Counted) -> tuple[list[StoreLine], list[Contradiction]]:
    return [line for line, _ in counted], [problem for _, problem in counted if problem]


def _lines(first: dict[str, Any], counted: _Counted, where: str) -> tuple[list[StoreLine], list[Contradiction]]:
    """Lines under the ids of the first order, which are the ones frozen at import."""
    lines, wrong = _single(counted)
    imported = [line_of(row, "edited")[0] for row in rows_of(first, where)]
    kept, added = carried_over(imported, lines)
    return kept, wrong + added


def _done(memos: Any, where: str) -> list[dict[str, Any]]:
    """The credit memos that paid back; one that is open or was canceled did not."""
    found = entries(memos, f"{where}: creditmemos")
    states = [(memo, memo.get("state")) for memo in found]
    return [memo for memo, state in states if state is None or whole(state, f"{where}: creditmemos.state") == _REFUNDED]


def _refunds(memos: Sequence[dict[str, Any]], currency: str, where: str) -> tuple[Refund, ...]:
    """Money given back, once per credit memo. A memo over nothing moves goods only; one the bridge made to cancel an
    invoiced order is a cancellation, and whether that pays back is the merchant's setting.
    """
    found: list[Refund] = []
    for i, memo in enumerate(memos):
        at = f"{where}: creditmemos[{i}]"
        comments = entries(memo.get("comments"), f"{at}.comments")
        if any(str(c.get("comment") or "").startswith(OUR_CANCELLATION) for c in comments):
            continue
        amount = money(memo.get("grand_total"), f"{at}.grand_total")
        if amount > 0:
            paid_in = text_or_none(memo.get("order_currency_code"), f"{at}.order_currency_code") or currency
            refund_id = identity(memo.get("entity_id"), f"{at}.entity_id")
            found.append(Refund(refund_id=refund_id, amount=amount, currency=paid_in))
    return tuple(found)


def total_differs(order: dict[str, Any], where: str) -> list[Contradiction]:
    """Whether the order comes to another total than idealo's, which our comment on it names. An order's total never
    changes in Magento, so this holds for as long as the order stands.
    """
    expected = expected_total(order, where)
    found = money(order.get("grand_total"), f"{where}: grand_total")
    if expected is None or expected == found:
        return []
    detail = f"idealo charged {expected}, {where} in the shop comes to {found}: handle it by hand"
    return [Contradiction(rule="total_differs", about=f"{found}", detail=detail)]


def expected_total(order: dict[str, Any], where: str) -> Decimal | None:
    """Idealo's total out of the comment the bridge wrote; None where there is none."""
    for entry in entries(order.get("status_histories"), f"{where}: status_histories"):
        comment = entry.get("comment")
        if isinstance(comment, str) and (match := _EXPECTED.search(comment)):
            return Decimal(f"{match[1]}.{match[2]}")
    return None
