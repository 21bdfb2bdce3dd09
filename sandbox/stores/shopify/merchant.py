"""The merchant's hands: shipping, cancelling, taking back and paying back as the store's admin records them."""

from collections.abc import Callable, Sequence
from decimal import Decimal

from sandbox.stores.choosing import choose
from sandbox.stores.port import LineQuantity, Parcel, SandboxRefusal
from sandbox.stores.shopify import cancelling, editing, fulfilling, refunding, returning
from sandbox.stores.shopify.errors import UserError, gid
from sandbox.stores.shopify.fulfilling import Picked
from sandbox.stores.shopify.model import Fulfillment, Order, RestockType
from sandbox.stores.shopify.model import Parcel as StoredParcel
from sandbox.stores.shopify.refunding import Plan, Taken
from sandbox.stores.shopify.state import Shop
from sandbox.stores.shopify.units import Units, being_returned, refunded_shipping, totals, units, worth

Chosen = dict[int, int]
"""Units per line id."""


class Merchant:
    """Acts on orders; SandboxRefusal for what this store refuses."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop

    def ship(self, order: Order, lines: Sequence[LineQuantity] | None, parcels: Sequence[Parcel]) -> None:
        """One fulfillment per carrier, since a fulfillment has one company and many numbers. The first takes the goods;
        where there are several carriers, each gets at least a unit, as a merchant would split them.
        """
        if order.cancelled is not None:
            raise SandboxRefusal("store_order_id", "a cancelled order is not shipped")
        chosen = self._choose(order, lines, lambda unit: unit.open, "open")
        groups: dict[str, list[StoredParcel]] = {}
        for parcel in parcels:
            groups.setdefault(parcel.carrier, []).append(StoredParcel(number=parcel.tracking_code))
        carriers = list(groups.items())
        total = sum(chosen.values())
        if len(carriers) > total:
            message = f"{len(carriers)} carriers for {total} units: a fulfillment has one carrier"
            raise SandboxRefusal("parcels", message)
        if not carriers:
            fulfilling.fulfil(self.shop, order, self._picked(order, chosen), None, [])
            return
        for carrier, numbers in carriers[:-1]:
            line_id = next(line_id for line_id, count in chosen.items() if count)
            chosen[line_id] -= 1
            fulfilling.fulfil(self.shop, order, self._picked(order, {line_id: 1}), carrier, numbers)
        fulfilling.fulfil(self.shop, order, self._picked(order, chosen), *carriers[-1])

    def track(self, order: Order, parcel: Parcel) -> None:
        """Add a number to the latest fulfillment that has none or the same company."""
        standing = [one for one in order.fulfillments if one.status == "SUCCESS"]
        if not standing:
            raise SandboxRefusal("store_order_id", "nothing of this order has been shipped")
        fits = [one for one in standing if not one.parcels or one.company in {None, parcel.carrier}]
        if not fits:
            known = ", ".join(sorted({one.company or "" for one in standing}))
            raise SandboxRefusal("carrier", f"a fulfillment has one carrier; this order's are {known}")
        self._add_number(order, fits[-1], parcel)

    def _add_number(self, order: Order, fulfillment: Fulfillment, parcel: Parcel) -> None:
        parcels = [*fulfillment.parcels, StoredParcel(number=parcel.tracking_code)]
        fulfilling.track(self.shop, order, fulfillment, parcel.carrier, parcels)

    def cancel(self, order: Order, lines: Sequence[LineQuantity] | None, *, restock: bool) -> None:
        """The whole order by its own action; units by a refund before shipping, or by an order edit (an option)."""
        if order.cancelled is not None:
            raise SandboxRefusal("store_order_id", "the order is cancelled already")
        if lines is None:
            self._cancel_all(order, restock=restock)
            return
        chosen = self._choose(order, lines, lambda unit: unit.open, "open")
        way = self.shop.options.cancel_part
        if way == "edit":
            self._edit_out(order, chosen, restock=restock)
            return
        kind: RestockType = "CANCEL" if restock else "NO_RESTOCK"
        taken: Taken = [(order.line(line_id), count, kind) for line_id, count in chosen.items()]
        amount = self._worth(order, chosen) if way == "refund" else Decimal(0)
        refunding.carry_out(self.shop, order, Plan(taken=taken, amount=amount, note="Artikel nicht lieferbar"))

    def _cancel_all(self, order: Order, *, restock: bool) -> None:
        values = {"reason": "INVENTORY", "restock": restock}
        if self.shop.options.cancel_refunds:
            values["refundMethod"] = {"originalPaymentMethodsRefund": True}
        try:
            job = cancelling.request(self.shop, order, values)
        except UserError as refused:
            raise refused.refusal("store_order_id") from refused
        # Whoever works in the admin waits for the page; the job is done when it shows.
        job.due, job.done = self.shop.world.now(), True
        cancelling.carry_out(self.shop, job)

    def _edit_out(self, order: Order, chosen: Chosen, *, restock: bool) -> None:
        edit = editing.begin(self.shop, order)
        for line_id, count in chosen.items():
            left = units(order, order.line(line_id)).current - count
            editing.set_quantity(self.shop, edit, line_id, left, restock=restock)
        editing.commit(self.shop, edit, None)

    def take_back(self, order: Order, lines: Sequence[LineQuantity] | None) -> None:
        """A return with its refund, then closed; or (an option) a refund with restock type RETURN alone."""
        chosen = self._choose(order, lines, lambda unit: unit.shipped - unit.returned, "shipped and not returned")
        options = self.shop.options
        back_id = None
        if options.return_by == "return":
            back_id = self._open_return(order, chosen)
        amount = self._worth(order, chosen) if options.return_pays else Decimal(0)
        taken: Taken = [(order.line(line_id), count, "RETURN") for line_id, count in chosen.items()]
        plan = Plan(taken=taken, amount=amount, note="Widerruf", return_id=back_id)
        refunding.carry_out(self.shop, order, plan)
        if back_id is not None:
            back = next(one for one in order.returns if one.id == back_id)
            for entry in back.lines:
                entry.processed = entry.quantity
            returning.close(self.shop, order, back)

    def _open_return(self, order: Order, chosen: Chosen) -> int:
        entries = []
        for line_id, count in chosen.items():
            left = count
            for fulfillment in order.fulfillments:
                for entry in fulfillment.lines if fulfillment.status == "SUCCESS" else []:
                    take = min(left, entry.quantity - being_returned(order, entry.id))
                    if entry.line_id == line_id and take > 0:
                        shown = gid("FulfillmentLineItem", entry.id)
                        entries.append({
                            "fulfillmentLineItemId": shown, "quantity": take, "returnReason": "UNWANTED",
                        })  # fmt: skip
                        left -= take
        try:
            return returning.open_return(self.shop, order, entries).id
        except UserError as refused:
            raise refused.refusal("lines") from refused

    def refund(
        self,
        order: Order,
        *,
        amount: Decimal | None,
        lines: Sequence[LineQuantity] | None,
        shipping: Decimal | None,
    ) -> None:
        """Money back: an amount, the worth of lines, shipping, or all that is left."""
        money = totals(order)
        if money.net_payment <= 0:
            raise SandboxRefusal("amount", "nothing is left to refund")
        taken: Taken = []
        total = amount or Decimal(0)
        if lines is not None:
            chosen = self._choose(order, lines, lambda unit: unit.ordered, "ordered")
            total += self._worth(order, chosen, capped=False)
            if self.shop.options.refund_lines == "no_restock":
                taken = [(order.line(line_id), count, "NO_RESTOCK") for line_id, count in chosen.items()]
        if shipping is not None:
            if not 0 < shipping <= money.shipping - refunded_shipping(order):
                raise SandboxRefusal("shipping", f"{shipping} is not between 0.01 and the shipping left to refund")
            total += shipping
        if amount is None and lines is None and shipping is None:
            total = money.net_payment
        if total <= 0 or total > money.net_payment:
            raise SandboxRefusal("amount", f"{total} is not between 0.01 and the {money.net_payment} left to refund")
        refunding.carry_out(
            self.shop, order, Plan(taken=taken, amount=total, shipping=shipping or Decimal(0), note="Kulanz")
        )

    def _worth(self, order: Order, chosen: Chosen, *, capped: bool = True) -> Decimal:
        """What so many units cost with tax; capped at what was paid and not yet given back."""
        total = Decimal(0)
        for line_id, count in chosen.items():
            price, tax = worth(order.line(line_id), count)
            total += price if order.taxes_included else price + tax
        return min(total, totals(order).net_payment) if capped else total

    def _picked(self, order: Order, chosen: Chosen) -> Picked:
        """Spread units over the open fulfillment orders."""
        left: Chosen = dict(chosen)
        picked: Picked = []
        for work in order.work_orders:
            for entry in work.lines if work.status in {"OPEN", "IN_PROGRESS"} else []:
                take = min(left.get(entry.line_id, 0), entry.remaining)
                if take > 0:
                    picked.append((work, entry, take))
                    left[entry.line_id] -= take
        if any(left.values()):
            raise SandboxRefusal("lines", "no open fulfillment order covers these units")
        return picked

    def _choose(
        self, order: Order, lines: Sequence[LineQuantity] | None, limit_of: Callable[[Units], int], word: str
    ) -> Chosen:
        return choose(
            [(line.id, line.sku or "", limit_of(units(order, line))) for line in order.lines], lines, word, int
        )
