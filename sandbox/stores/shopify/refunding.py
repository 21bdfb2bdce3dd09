"""Refunds: units taken out or taken back, shipping, and money."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from sandbox.stores.shopify import stock
from sandbox.stores.shopify.errors import UserError, numeric
from sandbox.stores.shopify.fulfilling import shrink_work
from sandbox.stores.shopify.model import (
    Adjustment,
    Line,
    Order,
    Refund,
    RefundedShipping,
    RefundLine,
    RestockType,
    Transaction,
)
from sandbox.stores.shopify.money import cents, fixed
from sandbox.stores.shopify.rest_after_sale import refund_body, transaction_body
from sandbox.stores.shopify.rest_order import order_body
from sandbox.stores.shopify.state import Shop
from sandbox.stores.shopify.units import refunded_shipping, totals, units, worth

Taken = list[tuple[Line, int, RestockType]]


@dataclass(slots=True, kw_only=True)
class Plan:
    """What a refund is to do. `amount` goes to the first payment that can bear it."""

    taken: Taken = field(default_factory=list)
    shipping: Decimal = Decimal(0)
    amount: Decimal = Decimal(0)
    note: str | None = None
    parent_id: int | None = None
    return_id: int | None = None
    unpriced: bool = False
    """NO_RESTOCK lines are written down with a subtotal of 0 (capture refund-create-full-parity)."""


def refund_by_api(shop: Shop, order: Order, values: Mapping[str, Any]) -> Refund:
    """`refundCreate`; UserError with the recorded messages."""
    taken = _lines(order, values.get("refundLineItems") or [])
    amount, parent_id = _money(order, values.get("transactions") or [])
    left = totals(order).net_payment
    if amount > left:
        # `allowOverRefunding` does not help where the gateway did not get so much (capture overRefundAllowed).
        raise UserError(None, f"Refund amount ${fixed(amount)} is greater than net payment received ${fixed(left)}")
    shipping = _shipping(order, values.get("shipping") or {})
    note = values.get("note")
    plan = Plan(taken=taken, shipping=shipping, amount=amount, note=note, parent_id=parent_id, unpriced=True)
    return carry_out(shop, order, plan)


def carry_out(shop: Shop, order: Order, plan: Plan, *, tell_order: bool = True) -> Refund:
    """Do it, and tell `refunds/create`, `order_transactions/create` and (unless the caller does) `orders/updated`."""
    refund = Refund(id=shop.new_id("Refund"), note=plan.note, return_id=plan.return_id, created=shop.now())
    order.refunds.append(refund)
    for line, count, restock in plan.taken:
        refund.lines.append(_take(shop, order, line, count, restock, unpriced=plan.unpriced))
    if plan.shipping:
        _give_shipping(shop, order, refund, plan.shipping)
    told = sum((entry.subtotal + _on_top(order, entry.tax) for entry in refund.lines), plan.shipping)
    if plan.amount > told and not refund.lines:
        short_of = told - plan.amount
        refund.adjustments.append(
            Adjustment(id=shop.new_id("OrderAdjustment"), kind="refund_discrepancy", amount=short_of)
        )
    if plan.amount:
        refund.transaction_ids.append(_pay(shop, order, plan).id)
    shop.save(order)
    for transaction in order.transactions:
        if transaction.id in refund.transaction_ids:
            shop.fire("order_transactions/create", transaction_body(shop, order, transaction))
    shop.fire("refunds/create", refund_body(shop, order, refund))
    if tell_order:
        shop.fire("orders/updated", order_body(shop, order))
    return refund


def _take(shop: Shop, order: Order, line: Line, count: int, restock: RestockType, *, unpriced: bool) -> RefundLine:
    """Units out of a line: RETURN from the shipped ones first, everything else from the open ones first."""
    unit = units(order, line)
    kept = max(0, unit.shipped - unit.returned)
    from_open = count - min(count, kept) if restock == "RETURN" else min(count, unit.open)
    price, tax = worth(line, count)
    if unpriced and restock == "NO_RESTOCK":
        price, tax = Decimal(0), Decimal(0)
    entry = RefundLine(
        id=shop.new_id("RefundLineItem"), line_id=line.id, quantity=count, restock=restock, from_open=from_open,
        subtotal=price, tax=tax,
    )  # fmt: skip
    if from_open:
        shrink_work(shop, order, line.id, from_open)
        stock.release(shop, line, from_open, restock=restock != "NO_RESTOCK")
    if count > from_open and restock == "RETURN":
        stock.take_back(shop, line, count - from_open)
    return entry


def _give_shipping(shop: Shop, order: Order, refund: Refund, amount: Decimal) -> None:
    """Shipping stands twice: as a refunded shipping line (new) and as an adjustment (old)."""
    left = amount
    for line in order.shipping_lines:
        part = min(left, line.price)
        if part > 0:
            tax = cents(sum((one.amount for one in line.taxes), Decimal(0)) * part / line.price)
            refund.shipping.append(
                RefundedShipping(id=shop.new_id("RefundShippingLine"), shipping_line_id=line.id, amount=part, tax=tax)
            )
            refund.adjustments.append(
                Adjustment(id=shop.new_id("OrderAdjustment"), kind="shipping_refund", amount=-part, tax=-tax)
            )
            left -= part


def _pay(shop: Shop, order: Order, plan: Plan) -> Transaction:
    parents = [one for one in order.transactions if one.kind in {"SALE", "CAPTURE"} and one.status == "SUCCESS"]
    parent = next((one for one in parents if one.id == plan.parent_id), parents[0])
    now = shop.now()
    transaction = Transaction(
        id=shop.new_id("OrderTransaction"), kind="REFUND", status="SUCCESS", gateway=parent.gateway,
        amount=plan.amount, parent_id=parent.id, test=parent.test, created=now, processed=now,
    )  # fmt: skip
    order.transactions.append(transaction)
    return transaction


def _lines(order: Order, entries: Sequence[Mapping[str, Any]]) -> Taken:
    taken: Taken = []
    for at, entry in enumerate(entries):
        line_id = numeric(entry["lineItemId"], "LineItem")
        found = [line for line in order.lines if line.id == line_id]
        if not found:
            raise UserError(["refundLineItems", str(at), "lineItemId"], "Line item does not exist")
        line, before = found[0], sum(count for one, count, _ in taken if one.id == line_id)
        if entry["quantity"] < 1 or entry["quantity"] + before > units(order, line).current:
            message = "Quantity cannot refund more items than were purchased"
            raise UserError(["refundLineItems", str(at), "quantity"], message)
        taken.append((line, entry["quantity"], entry.get("restockType") or "NO_RESTOCK"))
    return taken


def _money(order: Order, entries: Sequence[Mapping[str, Any]]) -> tuple[Decimal, int | None]:
    """Sum and parent of the transactions; the gateway named does not matter, the parent's is used (captured)."""
    amount, parent_id = Decimal(0), None
    for entry in entries:
        if entry["kind"] != "REFUND":
            raise UserError(None, f"Kind {entry['kind'].lower()} is not a valid transaction")
        parent_id = numeric(entry["parentId"], "OrderTransaction") if entry.get("parentId") else None
        known = {one.id for one in order.transactions if one.kind in {"SALE", "CAPTURE"}}
        if (parent_id is not None and parent_id not in known) or not known:
            raise UserError(["transactions"], "Transactions require a parent_id associated with the order")
        amount += cents(Decimal(str(entry["amount"])))
    return amount, parent_id


def _shipping(order: Order, values: Mapping[str, Any]) -> Decimal:
    left = totals(order).shipping - refunded_shipping(order)
    if values.get("fullRefund"):
        return left
    amount = cents(Decimal(str(values["amount"]))) if values.get("amount") is not None else Decimal(0)
    if amount > left:
        raise UserError(["shipping"], f"Shipping refund amount is too large. Can only refund up to ${fixed(left)}.")
    return amount


def _on_top(order: Order, tax: Decimal) -> Decimal:
    return Decimal(0) if order.taxes_included else tax
