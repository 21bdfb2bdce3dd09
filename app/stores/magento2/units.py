"""Works out where the units of each row are: shipped, cancelled, returned; pure."""

from collections.abc import Mapping, Sequence
from typing import Any

from app.domain.orders import Contradiction, StoreLine
from app.domain.value import Value
from app.stores.magento2.reading import count, entries, identity, identity_or_none, text_or_none
from app.wire.json_fields import flag

_COUNTERS = ("qty_shipped", "qty_canceled", "qty_refunded", "qty_invoiced")
_NEVER_SHIPS = {"virtual", "downloadable"}


class Row(Value):
    """One order row a buyer would recognise, with what Magento counts on it."""

    item_id: str
    sku: str
    idealo_sku: str | None
    never_ships: bool
    ordered: int
    shipped: int
    canceled: int
    refunded: int
    invoiced: int

    def documented(self, shipped: Mapping[str, int], refunded: Mapping[str, int]) -> "Row":
        """The row with at least what its shipments and credit memos hold, per item id.

        A shipment saved with POST /V1/shipment, as some inventory systems do, leaves the order's counters alone.
        """
        return self.model_copy(
            update={
                "shipped": max(self.shipped, min(shipped.get(self.item_id, 0), self.ordered)),
                "refunded": max(self.refunded, min(refunded.get(self.item_id, 0), self.ordered)),
            }
        )


def rows_of(order: dict[str, Any], where: str) -> list[Row]:
    """The rows without a parent. A configurable's or bundle's children stand in the list as well: their counters
    mirror the parent's, or carry what the parent's do not, and are never added to it.
    """
    items = entries(order.get("items"), f"{where}: items")
    children: dict[str, list[dict[str, Any]]] = {}
    for i, item in enumerate(items):
        parent = identity_or_none(item.get("parent_item_id"), f"{where}: items[{i}].parent_item_id")
        if parent:
            children.setdefault(parent, []).append(item)
    return [
        _row(item, children, f"{where}: items[{i}]")
        for i, item in enumerate(items)
        if item.get("parent_item_id") in (None, "", 0, "0")
    ]


def _row(item: dict[str, Any], children: dict[str, list[dict[str, Any]]], at: str) -> Row:
    item_id = identity(item.get("item_id"), f"{at}.item_id")
    own = children.get(item_id, [])
    ordered = count(item.get("qty_ordered"), f"{at}.qty_ordered")
    counted = {
        name: max(count(item.get(name), f"{at}.{name}"), _by_children(own, name, ordered, at)) for name in _COUNTERS
    }
    kind = text_or_none(item.get("product_type"), f"{at}.product_type")
    return Row(
        item_id=item_id,
        sku=text_or_none(item.get("sku"), f"{at}.sku") or "",
        idealo_sku=text_or_none(item.get("ext_order_item_id"), f"{at}.ext_order_item_id") or None,
        never_ships=flag(item.get("is_virtual")) or kind in _NEVER_SHIPS,
        ordered=ordered,
        shipped=counted["qty_shipped"],
        canceled=counted["qty_canceled"],
        refunded=counted["qty_refunded"],
        invoiced=counted["qty_invoiced"],
    )


def _by_children(children: Sequence[dict[str, Any]], name: str, ordered: int, at: str) -> int:
    """Whole sets the children have counted, where a bundle ships its parts separately."""
    sets = []
    for child in children:
        per_order = count(child.get("qty_ordered"), f"{at}.children.qty_ordered")
        counted = count(child.get(name), f"{at}.children.{name}")
        sets.append(counted * ordered // per_order if per_order else 0)
    return min(sets, default=0)


def line_of(row: Row, state: str) -> tuple[StoreLine, Contradiction | None]:
    """The row as a line that conserves, and a contradiction where Magento's own counters do not add up.

    Refunded units that never left are cancelled, only the others came back (reference 9). A closed order sends
    nothing any more, whatever was refunded.
    """
    shipped = row.shipped
    if row.never_ships and state in {"complete", "closed"}:
        # Downloads and services leave with their invoice; no shipment is ever made.
        shipped = max(shipped, min(row.invoiced, row.ordered - row.canceled))
    fits = shipped + row.canceled <= row.ordered and row.refunded <= row.ordered
    shipped = min(shipped, row.ordered)
    never_left = row.ordered - shipped
    from_refunds = min(row.refunded, max(never_left - row.canceled, 0))
    cancelled = never_left if state in {"canceled", "closed"} else min(row.canceled + from_refunds, never_left)
    line = StoreLine(
        line_id=row.item_id,
        sku=row.sku,
        idealo_sku=row.idealo_sku,
        quantity=row.ordered,
        shipped=shipped,
        cancelled=cancelled,
        returned=min(row.refunded - from_refunds, shipped),
    )
    return line, None if fits else _unbalanced(row)


def _unbalanced(row: Row) -> Contradiction:
    detail = (
        f"{row.sku}: ordered {row.ordered}, but the shop counts {row.shipped} shipped, {row.canceled} cancelled and "
        f"{row.refunded} refunded"
    )
    return Contradiction(rule="units_do_not_add_up", about=row.sku, detail=detail)


def units_of(documents: Sequence[dict[str, Any]], where: str) -> dict[str, int]:
    """Units per order item over the rows of shipments or credit memos; a memo lists rows of no units as well."""
    units: dict[str, int] = {}
    for i, found in enumerate(documents):
        for j, item in enumerate(entries(found.get("items"), f"{where}[{i}].items")):
            at = f"{where}[{i}].items[{j}]"
            item_id = identity_or_none(item.get("order_item_id"), f"{at}.order_item_id")
            if item_id:
                units[item_id] = units.get(item_id, 0) + count(item.get("qty"), f"{at}.qty")
    return units


class _Pool:
    """Units of one SKU in the order an edit made, handed out to the lines that were imported."""

    def __init__(self, lines: Sequence[StoreLine]) -> None:
        self.ordered = sum(x.quantity for x in lines)
        self.shipped = sum(x.shipped for x in lines)
        self.cancelled = sum(x.cancelled for x in lines)
        self.returned = sum(x.returned for x in lines)

    def take(self, line: StoreLine) -> StoreLine:
        kept = min(line.quantity, self.ordered)
        shipped = min(kept, self.shipped)
        cancelled = min(kept - shipped, self.cancelled)
        returned = min(shipped, self.returned)
        self.ordered -= kept
        self.shipped -= shipped
        self.cancelled -= cancelled
        self.returned -= returned
        gone = cancelled + line.quantity - kept
        return line.model_copy(update={"shipped": shipped, "cancelled": gone, "returned": returned})


def carried_over(
    imported: Sequence[StoreLine], now: Sequence[StoreLine]
) -> tuple[list[StoreLine], list[Contradiction]]:
    """The first order's lines with the units of the order it was edited into, joined by SKU.

    What an edit took out counts as cancelled; what it added was not bought at idealo and is told.
    """
    by_sku: dict[str, list[StoreLine]] = {}
    for line in now:
        by_sku.setdefault(line.sku, []).append(line)
    pools = {sku: _Pool(lines) for sku, lines in by_sku.items()}
    nothing = _Pool(())
    lines = [pools.get(line.sku, nothing).take(line) for line in imported]
    added = [
        Contradiction(
            rule="edited_order_has_more",
            about=sku,
            detail=f"{sku}: an edit in the shop added {pool.ordered} units that were not bought at idealo",
        )
        for sku, pool in pools.items()
        if pool.ordered
    ]
    return lines, added
