"""The merchant's hands: shipping, cancelling, taking back and paying back as Magento's admin records it."""

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Final

from sandbox.stores.choosing import choose
from sandbox.stores.magento2.answers import ApiError
from sandbox.stores.magento2.cancelling import can_cancel, cancel
from sandbox.stores.magento2.creditmemos import Wish, refund
from sandbox.stores.magento2.editing import continue_in_new
from sandbox.stores.magento2.lifecycle import add_track, can_invoice, invoice, make_shipment
from sandbox.stores.magento2.model import Order, Row, qty_to_invoice
from sandbox.stores.magento2.php import ZERO, cents, decimal
from sandbox.stores.magento2.state import Shop
from sandbox.stores.magento2.stock import move_source
from sandbox.stores.magento2.units import Units, units_of
from sandbox.stores.port import LineQuantity, Parcel, SandboxRefusal

Chosen = dict[int, Decimal]
"""Units by order item id."""

_CORE_CARRIERS: Final = ("dhl", "fedex", "ups", "usps")


class Merchant:
    """Acts on orders; SandboxRefusal for what this shop cannot do."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop

    def ship(self, order: Order, lines: Sequence[LineQuantity] | None, parcels: Sequence[Parcel]) -> None:
        """One shipment, all parcels as its tracks."""
        chosen = self._choose(order, lines, lambda unit: unit.open, "open")
        tracks = [_track(parcel) for parcel in parcels]
        with _refused("lines"):
            make_shipment(self.shop, order, chosen, tracks)

    def track(self, order: Order, parcel: Parcel) -> None:
        """A track on the last shipment."""
        shipments = self.shop.shipments_of(order.id)
        if not shipments:
            raise SandboxRefusal("store_order_id", "nothing of this order has been shipped")
        add_track(self.shop, shipments[-1], _track(parcel))

    def cancel(self, order: Order, lines: Sequence[LineQuantity] | None, *, restock: bool) -> None:
        """Not invoiced: Magento's cancellation, for a part after invoicing the rest. Invoiced: a credit memo."""
        units = units_of(order)
        if lines is None and any(unit.shipped for unit in units.values()):
            raise SandboxRefusal("store_order_id", "something of this order has been shipped already")
        chosen = self._choose(order, lines, lambda unit: unit.open, "open")
        if order.state == "holded":
            raise SandboxRefusal("store_order_id", "the order is on hold; release it first")
        open_to_invoice = {item["item_id"]: qty_to_invoice(item) for item in order.sold_items()}
        if can_cancel(order) and all(open_to_invoice.get(key, ZERO) >= count for key, count in chosen.items()):
            self._cancel_rest(order, chosen, open_to_invoice)
            if not restock:
                for key, count in chosen.items():
                    move_source(self.shop, str((order.item(key) or {})["sku"]), -count)
            return
        self._invoice_all(order)
        whole = lines is None
        back = list(chosen) if restock else []
        self._memo(order, Wish(units=chosen, shipping=None if whole else ZERO, back_to_stock=back), "lines")

    def _cancel_rest(self, order: Order, chosen: Chosen, open_to_invoice: Chosen) -> None:
        """Cancelling takes everything that is not invoiced: what stays has to be invoiced first."""
        staying = {key: count - chosen.get(key, ZERO) for key, count in open_to_invoice.items()}
        staying = {key: count for key, count in staying.items() if count > 0}
        with _refused("lines"):
            if staying:
                invoice(self.shop, order, staying)
            if not cancel(self.shop, order):
                raise SandboxRefusal("store_order_id", f"an order that is {order.state} cannot be cancelled")

    def take_back(self, order: Order, lines: Sequence[LineQuantity] | None) -> None:
        """A return: a credit memo over the units, which go back to stock."""
        chosen = self._choose(order, lines, lambda unit: unit.shipped - unit.returned, "shipped and not returned")
        self._invoice_all(order)
        self._memo(order, Wish(units=chosen, shipping=ZERO, back_to_stock=list(chosen)), "lines")

    def refund(
        self,
        order: Order,
        *,
        amount: Decimal | None,
        lines: Sequence[LineQuantity] | None,
        shipping: Decimal | None,
    ) -> None:
        """Money only: a credit memo over no units, with an adjustment."""
        self._invoice_all(order)
        left = order.amount("total_paid") - order.amount("total_refunded")
        if left <= 0:
            raise SandboxRefusal("amount", "nothing is left to refund")
        adjustment = amount if amount is not None else ZERO
        if lines is not None:
            chosen = self._choose(order, lines, lambda unit: unit.ordered, "ordered")
            adjustment += sum((_worth(order.item(key) or {}, count) for key, count in chosen.items()), ZERO)
        if amount is None and lines is None and shipping is None:
            adjustment = left
        net = ZERO if shipping is None else self._net_shipping(order, shipping)
        if not 0 < adjustment + (shipping or ZERO) <= left:
            raise SandboxRefusal("amount", f"{adjustment} is not between 0.01 and the {left} left to refund")
        nothing = {item["item_id"]: ZERO for item in order.sold_items()}
        self._memo(order, Wish(units=nothing, shipping=net, adjustment_positive=adjustment), "amount")

    def _net_shipping(self, order: Order, gross: Decimal) -> Decimal:
        paid = order.amount("shipping_invoiced") + order.amount("shipping_tax_amount")
        back = order.amount("shipping_refunded") + order.amount("shipping_tax_refunded")
        if not 0 < gross <= paid - back:
            raise SandboxRefusal("shipping", f"{gross} is not between 0.01 and the {paid - back} of shipping left")
        return cents(gross * order.amount("shipping_amount") / paid)

    def edit(self, order: Order, lines: Sequence[LineQuantity]) -> Order:
        """Admin "Edit": the order is cancelled and goes on in a new one with these lines (reference 10.1)."""
        if any(decimal(item.get("qty_invoiced")) for item in order.items) or not can_cancel(order):
            raise SandboxRefusal("store_order_id", "an invoiced or finished order cannot be edited in Magento")
        wanted = self._choose(order, lines, lambda unit: unit.ordered, "ordered")
        return continue_in_new(self.shop, order, wanted)

    def _invoice_all(self, order: Order) -> None:
        """A credit memo needs an invoice."""
        if can_invoice(order):
            with _refused("store_order_id"):
                invoice(self.shop, order, None)

    def _memo(self, order: Order, wish: Wish, field: str) -> None:
        with _refused(field):
            refund(self.shop, order, wish)

    def _choose(
        self, order: Order, lines: Sequence[LineQuantity] | None, limit_of: Callable[[Units], Decimal], word: str
    ) -> Chosen:
        limits = {key: limit_of(unit) for key, unit in units_of(order).items()}
        rows = [(item["item_id"], str(item["sku"]), limits[item["item_id"]]) for item in order.sold_items()]
        return choose(rows, lines, word, Decimal)


class _refused:  # noqa: N801 - reads as a word where it is used
    """Turns the shop's own refusal into the sandbox's."""

    def __init__(self, field: str) -> None:
        self.field = field

    def __enter__(self) -> None:
        return

    def __exit__(self, _kind: object, failure: BaseException | None, _trace: object) -> None:
        if isinstance(failure, ApiError):
            raise SandboxRefusal(self.field, failure.message) from failure


def _worth(item: Row, count: Decimal) -> Decimal:
    """Gross money of so many units."""
    gross = decimal(item.get("row_total")) + decimal(item.get("tax_amount")) - decimal(item.get("discount_amount"))
    return cents(gross * count / decimal(item["qty_ordered"]))


def _track(parcel: Parcel) -> Row:
    """Magento knows few carriers; German ones are `custom` with their name as title, save DHL (reference 4.3)."""
    known = parcel.carrier.strip().lower()
    code = known if known in _CORE_CARRIERS else "custom"
    return {"carrier_code": code, "title": parcel.carrier, "track_number": parcel.tracking_code}
