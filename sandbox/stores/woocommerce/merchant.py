"""The merchant's hands: shipping, cancelling, taking back and paying back the way this shop's plugins record it."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from sandbox.stores.choosing import choose
from sandbox.stores.port import LineQuantity, Parcel, SandboxRefusal
from sandbox.stores.woocommerce.answers import ApiError
from sandbox.stores.woocommerce.lifecycle import change_status, holder_of, move_stock, refundable
from sandbox.stores.woocommerce.model import Line, Order
from sandbox.stores.woocommerce.parcel_desk import Chosen, ParcelDesk
from sandbox.stores.woocommerce.php import cents
from sandbox.stores.woocommerce.refunds import refund_from
from sandbox.stores.woocommerce.shipped import units_of
from sandbox.stores.woocommerce.shiptastic import store_shipment
from sandbox.stores.woocommerce.state import Shop


class Merchant:
    """Acts on orders; SandboxRefusal for what this shop cannot do or record."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop
        self.parcels = ParcelDesk(shop)

    def ship(self, order: Order, lines: Sequence[LineQuantity] | None, parcels: Sequence[Parcel]) -> None:
        """Record a shipment; the order's status moves only where the plugin in use moves it."""
        if order.status in {"cancelled", "refunded", "failed", "trash"}:
            raise SandboxRefusal("store_order_id", f"an order with status {order.status} is not shipped")
        units = units_of(self.shop, order)
        chosen = self._choose(order, lines, {key: unit.open for key, unit in units.items()}, "open")
        last = all(unit.open == chosen.get(key, 0) for key, unit in units.items())
        self.parcels.ship(order, chosen, parcels, last=last)

    def track(self, order: Order, parcel: Parcel) -> None:
        """Add a parcel to what was shipped before."""
        units = units_of(self.shop, order)
        if not any(unit.shipped for unit in units.values()):
            raise SandboxRefusal("store_order_id", "nothing of this order has been shipped")
        self.parcels.track(order, parcel)

    def cancel(self, order: Order, lines: Sequence[LineQuantity] | None, *, restock: bool) -> None:
        """The whole order by its status, which restocks by itself; some units by a refund."""
        units = units_of(self.shop, order)
        if order.status in {"cancelled", "refunded", "trash"}:
            raise SandboxRefusal("store_order_id", f"the order is {order.status} already")
        if lines is None:
            if any(unit.shipped for unit in units.values()):
                raise SandboxRefusal("store_order_id", "something of this order has been shipped already")
            taken = {line.id: int(line.meta_value("_reduced_stock") or 0) for line in order.lines}
            change_status(self.shop, order, "cancelled")
            for line in [] if restock else order.lines:
                product = holder_of(self.shop, line)
                if product is not None and taken[line.id]:
                    move_stock(self.shop, product, -taken[line.id])
            return
        chosen = self._choose(order, lines, {key: unit.open for key, unit in units.items()}, "open")
        self._refund_units(order, chosen, "Artikel nicht lieferbar", restock=restock)

    def take_back(self, order: Order, lines: Sequence[LineQuantity] | None) -> None:
        """A return: a refund with quantities after shipping, with Shiptastic a delivered return shipment besides."""
        units = units_of(self.shop, order)
        left = {key: unit.shipped - unit.returned for key, unit in units.items()}
        chosen = self._choose(order, lines, left, "shipped and not returned")
        if self.shop.options.tracking_source == "shiptastic":
            items = [{"order_item_id": key, "quantity": count} for key, count in chosen.items()]
            store_shipment(self.shop, order, {"type": "return", "status": "delivered", "items": items})
        self._refund_units(order, chosen, "Widerruf", restock=True)

    def refund(
        self,
        order: Order,
        *,
        amount: Decimal | None,
        lines: Sequence[LineQuantity] | None,
        shipping: Decimal | None,
    ) -> None:
        """Money only: an amount without lines, or amounts typed for lines with quantity 0."""
        left = refundable(self.shop, order)
        if left <= 0:
            raise SandboxRefusal("amount", "nothing is left to refund")
        items: list[dict[str, Any]] = []
        if lines is not None:
            bought = {line.id: line.quantity for line in order.lines}
            chosen = self._choose(order, lines, bought, "ordered")
            items = [self._money_of(order, line, chosen[line.id], 0) for line in order.lines if line.id in chosen]
        if shipping is not None:
            items += self._shipping_money(order, shipping)
        total = amount if amount is not None else sum((_worth(item) for item in items), Decimal(0)) if items else left
        if total <= 0 or total > left:
            raise SandboxRefusal("amount", f"{total} is not between 0.01 and the {left} left to refund")
        self._post_refund(order, total, "Kulanz", items, restock=False)

    def _choose(self, order: Order, lines: Sequence[LineQuantity] | None, limits: dict[int, int], word: str) -> Chosen:
        return choose([(line.id, self._sku(line), limits[line.id]) for line in order.lines], lines, word, int)

    def _sku(self, line: Line) -> str:
        product = self.shop.products.get(line.sold_id)
        return "" if product is None else product.sku

    def _refund_units(self, order: Order, chosen: Chosen, reason: str, *, restock: bool) -> None:
        items = [
            self._money_of(order, line, chosen[line.id], chosen[line.id]) for line in order.lines if line.id in chosen
        ]
        total = min(sum((_worth(item) for item in items), Decimal(0)), refundable(self.shop, order))
        self._post_refund(order, total, reason, items, restock=restock)

    def _post_refund(
        self, order: Order, total: Decimal, reason: str, items: list[dict[str, Any]], *, restock: bool
    ) -> None:
        body = {
            "amount": str(total), "reason": reason, "api_refund": False, "api_restock": restock, "line_items": items,
        }  # fmt: skip
        try:
            refund_from(self.shop, order, body)
        except ApiError as failure:
            raise SandboxRefusal("lines", failure.message) from failure

    def _money_of(self, order: Order, line: Line, units: int, quantity: int) -> dict[str, Any]:
        """A line's worth for so many units as wp-admin proposes it: rounded shares of net and taxes."""
        share = Decimal(units) / line.quantity
        return {
            "id": line.id,
            "quantity": quantity,
            "refund_total": str(cents(line.total * share)),
            "refund_tax": [
                {"id": rate_id, "refund_total": str(cents(tax * share))} for rate_id, tax in line.taxes.items()
            ],
        }

    def _shipping_money(self, order: Order, gross: Decimal) -> list[dict[str, Any]]:
        """Gross shipping money, net and tax split as the order's first shipping line has them."""
        if not order.shipping_lines:
            raise SandboxRefusal("shipping", "this order has no shipping line")
        line = order.shipping_lines[0]
        whole = line.total + line.total_tax
        if gross <= 0 or gross > cents(order.shipping_total + order.shipping_tax):
            raise SandboxRefusal("shipping", f"{gross} is not between 0.01 and the shipping paid")
        tax = cents(gross * line.total_tax / whole) if whole else Decimal(0)
        taxes = [{"id": rate_id, "refund_total": str(tax)} for rate_id in list(line.taxes)[:1]]
        net = gross - (tax if taxes else Decimal(0))
        return [{"id": line.id, "quantity": 0, "refund_total": str(net), "refund_tax": taxes}]


def _worth(item: dict[str, Any]) -> Decimal:
    taxes = sum((Decimal(tax["refund_total"]) for tax in item["refund_tax"]), Decimal(0))
    return Decimal(item["refund_total"]) + taxes
