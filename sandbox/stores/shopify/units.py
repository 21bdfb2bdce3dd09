"""How many units of a line are open, shipped, taken out and returned, the statuses and totals that follow from it."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sandbox.stores.shopify.model import IndexEntry, Line, Order, RefundLine
from sandbox.stores.shopify.money import cents

_STAYS = {"CANCELED", "DECLINED"}


@dataclass(frozen=True, slots=True)
class Units:
    """Units of one line: ordered = open + shipped + cancelled, shipped >= returned."""

    ordered: int
    shipped: int
    cancelled: int
    returned: int
    current: int

    @property
    def open(self) -> int:
        """Still to be sent."""
        return self.ordered - self.shipped - self.cancelled


def units(order: Order, line: Line) -> Units:
    """What happened to a line: fulfillments that stand, refund lines by kind, edits, and goods taken back."""
    shipped = fulfilled(order, line.id)
    refunded = refund_lines(order, line.id)
    cancelled = line.removed + sum(entry.from_open for entry in refunded)
    by_refund = sum(entry.quantity - entry.from_open for entry in refunded if entry.restock == "RETURN")
    by_return = sum(
        entry.quantity if back.status == "CLOSED" else entry.processed
        for back in order.returns
        if back.status not in _STAYS
        for entry in back.lines
        if entry.line_id == line.id
    )
    current = line.quantity - line.removed - sum(entry.quantity for entry in refunded)
    return Units(line.quantity, shipped, cancelled, min(shipped, max(by_refund, by_return)), max(0, current))


def fulfilled(order: Order, line_id: int) -> int:
    """Units in fulfillments that succeeded."""
    return sum(
        entry.quantity
        for fulfillment in order.fulfillments
        if fulfillment.status == "SUCCESS"
        for entry in fulfillment.lines
        if entry.line_id == line_id
    )


def refund_lines(order: Order, line_id: int) -> list[RefundLine]:
    """Entries of all refunds for a line."""
    return [entry for refund in order.refunds for entry in refund.lines if entry.line_id == line_id]


def being_returned(order: Order, fulfilled_line_id: int) -> int:
    """Units of a fulfillment's line that stand in returns which were not called off."""
    return sum(
        entry.quantity
        for back in order.returns
        if back.status not in _STAYS
        for entry in back.lines
        if entry.fulfilled_line_id == fulfilled_line_id
    )


def fulfillment_status(order: Order) -> str:
    """`displayFulfillmentStatus`: cancelled units do not count (captures: a cancelled order stays UNFULFILLED)."""
    every = [units(order, line) for line in order.lines]
    shipped = sum(unit.shipped for unit in every)
    if shipped == 0:
        return "UNFULFILLED"
    return "PARTIALLY_FULFILLED" if any(unit.open for unit in every) else "FULFILLED"


def financial_status(order: Order) -> str | None:
    """`displayFinancialStatus`: from the transactions; null without any (captures)."""
    done = [transaction for transaction in order.transactions if transaction.status == "SUCCESS"]
    if not done:
        pending = any(transaction.status == "PENDING" for transaction in order.transactions)
        return order.financial_status or ("PENDING" if pending else None)
    money = totals(order)
    if money.refunded:
        return "REFUNDED" if money.refunded >= money.received else "PARTIALLY_REFUNDED"
    if money.received == 0:
        return "VOIDED" if any(one.kind == "VOID" for one in done) else "AUTHORIZED"
    return "PAID" if money.received >= money.current_total else "PARTIALLY_PAID"


def return_status(order: Order) -> str:
    """`returnStatus`: requested wins over open over closed (capture order-return-status-lifecycle)."""
    states = {back.status for back in order.returns}
    for state, shown in (("REQUESTED", "RETURN_REQUESTED"), ("OPEN", "IN_PROGRESS"), ("CLOSED", "RETURNED")):
        if state in states:
            return shown
    return "NO_RETURN"


@dataclass(frozen=True, slots=True)
class Totals:
    """Money of an order. `current_*` without what was taken out, refunded or cancelled."""

    subtotal: Decimal
    shipping: Decimal
    tax: Decimal
    total: Decimal
    current_subtotal: Decimal
    current_shipping: Decimal
    current_tax: Decimal
    current_total: Decimal
    received: Decimal
    refunded: Decimal
    refunded_shipping: Decimal
    authorized: Decimal
    discount: Decimal
    current_discount: Decimal

    @property
    def net_payment(self) -> Decimal:
        """Received and kept."""
        return self.received - self.refunded

    @property
    def outstanding(self) -> Decimal:
        """Still to be paid, below 0 when too much was (capture order-edit-commit-success-messages); an authorization
        counts as paid (capture orderCreate-state-derived-payment).
        """
        return self.current_total - self.net_payment - self.authorized


def totals(order: Order) -> Totals:
    """Sum of what was sent: the store computes no tax of its own (captures order-create-math-matrix)."""
    discount = sum((line.discount for line in order.lines), Decimal(0))
    subtotal = sum((line.price * line.quantity for line in order.lines), Decimal(0)) - discount
    shipping = sum((line.price for line in order.shipping_lines), Decimal(0))
    line_tax = sum((tax.amount for line in order.lines for tax in line.taxes), Decimal(0))
    ship_tax = sum((tax.amount for line in order.shipping_lines for tax in line.taxes), Decimal(0))
    tax = line_tax + ship_tax + sum((tax.amount for tax in order.taxes), Decimal(0))
    total = subtotal + shipping + (Decimal(0) if order.taxes_included else tax)
    left = [(line, units(order, line).current) for line in order.lines]
    now_discount = sum((cents(line.discount * count / line.quantity) for line, count in left), Decimal(0))
    now_subtotal = sum((line.price * count for line, count in left), Decimal(0)) - now_discount
    back_shipping = refunded_shipping(order)
    now_shipping = Decimal(0) if order.cancelled else max(Decimal(0), shipping - back_shipping)
    share = sum((cents(tax_of(line) * count / line.quantity) for line, count in left), Decimal(0))
    now_tax = share + (cents(ship_tax * now_shipping / shipping) if shipping else Decimal(0))
    if order.taxes:
        now_tax = cents(tax * now_subtotal / subtotal) if subtotal else Decimal(0)
    now_total = now_subtotal + now_shipping + (Decimal(0) if order.taxes_included else now_tax)
    authorized = _sum(order, "AUTHORIZATION") - _sum(order, "CAPTURE") - _sum(order, "VOID")
    return Totals(
        subtotal=subtotal, shipping=shipping, tax=tax, total=total, current_subtotal=now_subtotal,
        current_shipping=now_shipping, current_tax=now_tax, current_total=now_total,
        received=_sum(order, "SALE") + _sum(order, "CAPTURE"), refunded=_sum(order, "REFUND"),
        refunded_shipping=back_shipping, authorized=max(Decimal(0), authorized), discount=discount,
        current_discount=now_discount,
    )  # fmt: skip


def tax_of(line: Line) -> Decimal:
    """Tax of a line's whole quantity."""
    return sum((tax.amount for tax in line.taxes), Decimal(0))


def worth(line: Line, quantity: int) -> tuple[Decimal, Decimal]:
    """What so many units cost (as the line is priced, less their share of the discount) and the tax in it or on it."""
    share = cents(line.discount * quantity / line.quantity)
    return cents(line.price * quantity) - share, cents(tax_of(line) * quantity / line.quantity)


def refunded_shipping(order: Order) -> Decimal:
    """Shipping that refunds gave back."""
    return sum((entry.amount for refund in order.refunds for entry in refund.shipping), Decimal(0))


def _sum(order: Order, kind: str) -> Decimal:
    return sum((one.amount for one in order.transactions if one.kind == kind and one.status == "SUCCESS"), Decimal(0))


def index_words(order: Order, visible: datetime) -> IndexEntry:
    """What the search index knows of an order, by search field."""
    cancelled = order.cancelled is not None
    status = "cancelled" if cancelled else ("closed" if order.closed else "open")
    shown = fulfillment_status(order).lower()
    words = {
        "id": [str(order.id)],
        "name": [order.name, order.name.lstrip("#")],
        "email": [order.email or ""],
        "tag": order.tags,
        "status": [status, *([] if order.closed or cancelled else ["not_closed"])],
        "financial_status": [(financial_status(order) or "").lower()],
        "fulfillment_status": {
            "unfulfilled": ["unfulfilled", "unshipped"],
            "partially_fulfilled": ["partial", "partially_fulfilled", "unfulfilled"],
            "fulfilled": ["fulfilled", "shipped"],
        }.get(shown, [shown]),
        "return_status": [return_status(order).lower()],
        "source_identifier": [order.source_identifier or ""],
        "po_number": [order.po_number or ""],
        "sku": [line.sku for line in order.lines if line.sku],
        "gateway": sorted({one.gateway for one in order.transactions if one.gateway}),
        "test": [str(order.test).lower()],
        "created_at": [order.created.isoformat()],
        "updated_at": [order.updated.isoformat()],
        "processed_at": [order.processed.isoformat()],
    }
    words |= {f"metafields.{field.namespace}.{field.key}": [field.value] for field in order.metafields}
    return IndexEntry(visible=visible, words=words)
