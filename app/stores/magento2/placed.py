"""Compares what the shop keeps of a new order with what it was asked for; pure."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from app.domain.orders import Contradiction
from app.stores.magento2.mapping import total_differs
from app.stores.magento2.reading import document, entries, money, text_or_none

READ_BACK = "billing_address,extension_attributes[shipping_assignments[shipping[address]]]"
"""What a read after the creation asks for beside the order itself: the answer to the creation shows what was sent,
not what was stored (recorded 025 and 028: an emoji, then ????)."""
LOST = "??"


def contradictions(order: dict[str, Any], entity: Mapping[str, Any]) -> list[Contradiction]:
    """What a person must look at before this order is shipped; texts name no buyer."""
    where = f"order {order.get('increment_id')}"
    found = list(_total(order, entity["grand_total"], where))
    currency = text_or_none(order.get("order_currency_code"), f"{where}: order_currency_code")
    if currency != entity["order_currency_code"]:
        detail = f"the shop books {where} in {currency}, not in the currency idealo charged"
        found.append(Contradiction(rule="currency_differs", about=str(currency), detail=detail))
    kept = {kind: _kept(order, kind) for kind in ("billing", "shipping")}
    sent = {"billing": entity["billing_address"], "shipping": _shipping(entity, where)}
    for kind in ("billing", "shipping"):
        if _is_lost(kept[kind], sent[kind]):
            detail = f"the shop did not keep the {kind} address of {where} as it was sent; it stands in idealo's order"
            found.append(Contradiction(rule="address_lost", about=kind, detail=detail))
    return found


def _total(order: dict[str, Any], expected: Decimal, where: str) -> Iterator[Contradiction]:
    by_comment = total_differs(order, where)
    if by_comment:
        yield from by_comment
    elif (found := money(order.get("grand_total"), f"{where}: grand_total")) != expected:
        detail = f"idealo charged {expected}, {where} in the shop comes to {found}: handle it by hand"
        yield Contradiction(rule="total_differs", about=f"{found}", detail=detail)


def _kept(order: dict[str, Any], kind: str) -> Mapping[str, Any] | None:
    """The address, or None where the answer has none at all: trimmed answers differ between versions."""
    if kind == "billing":
        address = order.get("billing_address")
        return document(address, "new order: billing_address") if address is not None else None
    return _shipping(order, "new order")


def _shipping(order: Mapping[str, Any], where: str) -> Mapping[str, Any] | None:
    """The shipping address stands only here."""
    more = order.get("extension_attributes")
    assignments = document(more, f"{where}: extension_attributes").get("shipping_assignments") if more else None
    for entry in entries(assignments, f"{where}: shipping_assignments"):
        shipping = document(entry.get("shipping") or {}, f"{where}: shipping")
        if shipping.get("address") is not None:
            return document(shipping["address"], f"{where}: shipping.address")
    return None


def _is_lost(kept: Mapping[str, Any] | None, sent: Mapping[str, Any] | None) -> bool:
    if kept is None or sent is None:
        return False
    if not kept.get("street") or not kept.get("city"):
        return True
    return any(
        LOST in str(kept.get(n)) and LOST not in str(sent.get(n)) for n in ("firstname", "lastname", "street", "city")
    )
