"""Compares what the shop made of a new order with what it was asked for; pure."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any

from app.domain.orders import Contradiction
from app.stores.woocommerce.mapping import QUANTITY_KEY, TOTAL_KEY, order_id_of
from app.stores.woocommerce.reading import document, entries, meta_text, moment, money, text

CENTS_WE_CORRECT = Decimal("0.05")
"""Up to here a difference is rounding; beyond, the shop's tax settings are not what they should be."""
HELD_KEY = "_idealo_held"
"""Order meta that says why we put an order on hold: `rule:about`, several divided by `;`."""
_JUST_MADE = timedelta(minutes=10)

_DETAILS = {
    "total_differs": "idealo charged {expected}, order {number} in the shop comes to {found}: check tax and rounding",
    "currency_differs": "the shop books order {number} in {about}, not in the currency idealo charged",
    "line_without_product": "the shop lost a product while order {number} was created: one of its lines has none",
    "address_lost": "the shop dropped the {about} address of order {number}; it stands in the idealo order",
}


def total_of(order: Mapping[str, Any]) -> Decimal:
    return money(order.get("total"), "new order: total")


def contradictions(order: dict[str, Any], body: Mapping[str, Any], expected: Decimal) -> list[Contradiction]:
    """What a person must look at before this order is shipped; texts name no buyer."""
    number = order_id_of(order)
    found = []
    if total_of(order) != expected:
        found.append(_total_differs(number, expected, total_of(order)))
    currency = text(order.get("currency"), f"order {number}: currency")
    if currency != body["currency"]:
        found.append(_named("currency_differs", currency, number))
    if any(not line.get("product_id") for line in entries(order.get("line_items"), f"order {number}: line_items")):
        found.append(_named("line_without_product", number, number))
    return found + [
        _named("address_lost", kind, number) for kind in ("billing", "shipping") if _is_lost(kind, order, body)
    ]


def hold(found: Iterable[Contradiction]) -> dict[str, Any]:
    """The change that puts an order on hold and lets a later look see why."""
    reasons = ";".join(f"{c.rule}:{c.about}" for c in found)
    return {"status": "on-hold", "meta_data": [{"key": HELD_KEY, "value": reasons}]}


def still_wrong(order: dict[str, Any]) -> list[Contradiction]:
    """What is still wrong with an order we placed: until it is corrected or released, or, where the answer to its
    creation was lost and nobody could hold it, while nobody has touched it.
    """
    number = order_id_of(order)
    where = f"order {number}"
    on_hold = order.get("status") == "on-hold"
    reasons = (meta_text(order, HELD_KEY, where) or "") if on_hold else ""
    kept = meta_text(order, TOTAL_KEY, where)
    found = list(_held_for(reasons, number))
    if kept and (reasons or _untouched(order, where)):
        expected, total = money(kept, f"{where}: {TOTAL_KEY}"), money(order.get("total"), f"{where}: total")
        if expected != total:
            found.insert(0, _total_differs(number, expected, total))
    return found


def _held_for(reasons: str, number: str) -> Iterator[Contradiction]:
    for reason in filter(None, reasons.split(";")):
        rule, _, about = reason.partition(":")
        if rule in _DETAILS and rule != "total_differs":
            yield _named(rule, about, number)


def _untouched(order: dict[str, Any], where: str) -> bool:
    """Modified only around its creation, with the quantities it was placed with."""
    made = moment(order.get("date_created_gmt"), f"{where}: date_created_gmt")
    changed = moment(order.get("date_modified_gmt"), f"{where}: date_modified_gmt")
    lines = entries(order.get("line_items"), f"{where}: line_items")
    placed = [meta_text(x, QUANTITY_KEY, where) for x in lines if x.get("meta_data") is not None]
    same = placed == [str(x.get("quantity")) for x in lines]
    return same and made is not None and changed is not None and changed - made <= _JUST_MADE


def _total_differs(number: str, expected: Decimal, found: Decimal) -> Contradiction:
    detail = _DETAILS["total_differs"].format(expected=expected, number=number, found=found)
    return Contradiction(rule="total_differs", about=f"{found}", detail=detail)


def _named(rule: str, about: str, number: str) -> Contradiction:
    return Contradiction(rule=rule, about=about, detail=_DETAILS[rule].format(about=about, number=number))


def _is_lost(kind: str, order: Mapping[str, Any], body: Mapping[str, Any]) -> bool:
    kept = order.get(kind)
    return bool(body[kind]["address_1"]) and kept is not None and not document(kept, kind).get("address_1")
