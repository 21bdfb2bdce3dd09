"""The simulated idealo itself: shops, tokens, orders and the timers that move them on."""

import contextlib
import heapq
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from random import Random
from typing import Any

from sandbox.idealo import lifecycle
from sandbox.idealo.generator import old_order_id, order_id, relay_address, snakeoil
from sandbox.idealo.knobs import Knobs
from sandbox.idealo.problems import Problem
from sandbox.idealo.tokens import Tokens
from sandbox.idealo.values import Cancellation, Order, Shop
from sandbox.stores.port import SandboxRefusal


class IdealoState:
    """Everything idealo holds. `settle` must run before it is read: it lets due timers go off."""

    def __init__(self, now: Callable[[], datetime], random: Callable[[str], Random]) -> None:
        self.now = now
        self.random = random
        self.knobs = Knobs()
        self.tokens = Tokens(now, random)
        self.shops: dict[int, Shop] = {}
        self.orders: dict[str, Order] = {}
        self.unknown_carriers: list[str] = []
        self._sequence = 0
        self._timers: list[tuple[datetime, str]] = []
        self._changed: set[str] = set()

    def register_shop(self, shop_id: int, client_id: str, client_secret: str) -> Shop:
        """Add a shop or give it other credentials; SandboxRefusal (409) when the client id is another shop's."""
        if any(shop.client_id == client_id and shop.id != shop_id for shop in self.shops.values()):
            raise SandboxRefusal("client_id", "belongs to another shop")
        shop = Shop(id=shop_id, client_id=client_id, client_secret=client_secret)
        self.shops[shop_id] = shop
        self._changed.add("shops")
        return shop

    def turn_knobs(self, values: Mapping[str, object]) -> None:
        """Set knobs; SandboxRefusal (422) names a bad one and leaves all as they were."""
        self.knobs.set(values)
        self._changed.add("knobs")
        self.settle()

    def reset_knobs(self) -> None:
        """All knobs back to their defaults."""
        self.knobs.reset()
        self._changed.add("knobs")
        self.settle()

    def order_of(self, shop_id: int, idealo_order_id: str) -> Order:
        """The shop's order of that id; Problem 404 when it has none."""
        order = self.orders.get(idealo_order_id)
        if order is None or order.shop_id != shop_id:
            raise Problem(404, "Not Found")
        return order

    def orders_of(self, shop_id: int) -> list[Order]:
        """The shop's orders within the retention, in the order in which they were placed."""
        days = self.knobs.number("retention_days")
        oldest = self.now() - timedelta(days=days) if days else None
        return [
            order
            for order in self.orders.values()
            if order.shop_id == shop_id and (oldest is None or order.created >= oldest)
        ]

    def place(self, order: Order, dice: Random) -> Order:
        """Take a new order in; what has to be its own is drawn again as long as another order has its id."""
        while order.id in self.orders:
            order.email, order.transaction_id = relay_address(dice), snakeoil(dice, 7)
            order.id = old_order_id(dice) if len(order.id) == 8 else order_id(dice)
        self._sequence += 1
        order.sequence = self._sequence
        after = self.knobs.number("s10_cancel_after_seconds")
        if order.scenario == "S10" and after:
            order.scheduled_cancellation = self.now() + timedelta(seconds=after)
        self.orders[order.id] = order
        self.touched(order)
        return order

    def acknowledged(self, order: Order) -> bool:
        """Whether new-orders is done with it (reference 9.1)."""
        if order.status != "PROCESSING" or order.merchant_order_number is not None:
            return True
        return order.handed_out and self.knobs.text("acknowledged_policy") == "once_only"

    def buyer_cancels(
        self, order: Order, sku: str | None, quantity: int | None, moment: datetime | None = None
    ) -> None:
        """The buyer asks idealo to cancel all, one SKU, or some of its units; SandboxRefusal when there is none.

        `moment`: when he does (default: now).
        """
        if order.status in {"REVOKING", "REVOKED"} or order.units_left == 0:
            raise SandboxRefusal("id", f"order {order.id} is {order.status} already")
        if sku is None:
            if quantity is not None:
                raise SandboxRefusal("sku", "is needed with a quantity", status=422)
            wish = {line.sku: 0 for line in order.lines}
        else:
            left = order.remaining_of(sku)
            if not order.lines_of(sku):
                raise SandboxRefusal("sku", f"order {order.id} has no line {sku!r}", status=422)
            if not 1 <= (quantity or left) <= left:
                raise SandboxRefusal("quantity", f"{left} units of {sku!r} are left", status=422)
            wish = {sku: left - (quantity or left)}
        order.cancellation = Cancellation(remaining=wish)
        order.scheduled_cancellation = None
        now = moment or self.now()
        lifecycle.enter(order, "REVOKING", now, "buyer cancels")
        if self.knobs.text("buyer_cancellation") == "processed":
            order.revoked_at = now + timedelta(seconds=self.knobs.number("revoking_seconds"))
        self.touched(order)

    def touched(self, order: Order) -> None:
        """Note that an order changed, so that it is kept and its timers are known."""
        self._changed.add(f"order/{order.id}")
        for moment in lifecycle.timers(order):
            heapq.heappush(self._timers, (moment, order.id))

    def seen(self, orders: Iterable[Order]) -> None:
        """Somebody read these orders: the REVOKING ones of scenario S9 begin to move."""
        for order in orders:
            if order.revokes_once_seen:
                order.revokes_once_seen = False
                if self.knobs.text("buyer_cancellation") == "processed":
                    order.revoked_at = self.now() + timedelta(seconds=self.knobs.number("revoking_seconds"))
                self.touched(order)

    def hand_out(self, orders: Iterable[Order]) -> None:
        """Remember that new-orders gave these away."""
        for order in orders:
            if not order.handed_out:
                order.handed_out = True
                self.touched(order)

    def settle(self) -> None:
        """Let all timers go off that are due by the clock, unless they are turned to manual."""
        if self.knobs.text("timers") == "manual":
            return
        now = self.now()
        while self._timers and self._timers[0][0] <= now:
            moment, idealo_order_id = heapq.heappop(self._timers)
            order = self.orders.get(idealo_order_id)
            if order is not None:
                self._go_on(order, moment)

    def step(self) -> int:
        """Let idealo finish whatever it is working on at once, due or not; returns how many orders moved on."""
        moved = 0
        now = self.now()
        for order in self.orders.values():
            pending = [moment for moment in lifecycle.timers(order) if moment != order.scheduled_cancellation]
            if pending:
                lifecycle.finish(order, max(*pending, now), now, self.knobs)
                self.touched(order)
                moved += 1
        return moved

    def _go_on(self, order: Order, moment: datetime) -> None:
        if order.scheduled_cancellation is not None and order.scheduled_cancellation <= moment:
            order.scheduled_cancellation = None
            if order.status == "PROCESSING" and order.units_left:
                self.buyer_cancels(order, None, None, moment)
        lifecycle.finish(order, moment, moment, self.knobs)
        self.touched(order)

    def stir(self, shop_id: int, count: int) -> None:
        """Move that many PROCESSING orders on, every other one shipped or cancelled: what paging has to survive."""
        waiting = [order for order in self.orders_of(shop_id) if order.status == "PROCESSING"]
        for number, order in enumerate(waiting[:count]):
            if number % 2:
                self.buyer_cancels(order, None, None)
            else:
                order.completed_at = self.now()
                lifecycle.enter(order, "COMPLETED", self.now(), "changes_per_page")
                self.touched(order)

    def refund_status(self) -> str:
        """Final status of a refund that succeeds, as the knob names it (reference U19)."""
        name = self.knobs.text("refund_success_status")
        if name != "random":
            return name
        return "".join(self.random("refund-status").choices("ABCDEFGHIJKLMNOPQRSTUVWXYZ_", k=9)).strip("_") or "DONE"

    def note_carrier(self, carrier: str) -> None:
        """Remember a carrier that is not on idealo's list."""
        if carrier not in self.unknown_carriers:
            self.unknown_carriers.append(carrier)
            self._changed.add("counters")

    def changes(self) -> dict[str, Any | None]:
        """Documents that changed since the last call."""
        names, self._changed = self._changed, set()
        documents: dict[str, Any | None] = {}
        for name in names:
            if name.startswith("order/"):
                documents[name] = self.orders[name.removeprefix("order/")].to_json()
                documents["counters"] = self._counters()
            elif name == "shops":
                documents[name] = [[shop.id, shop.client_id, shop.client_secret] for shop in self.shops.values()]
            elif name == "knobs":
                documents[name] = self.knobs.chosen()
            else:
                documents[name] = self._counters()
        if self.tokens.changed:
            documents["tokens"] = self.tokens.to_json()
        return documents

    def restore(self, documents: Mapping[str, Any]) -> None:
        """Take over what was kept."""
        for name, body in documents.items():
            if name.startswith("order/"):
                order = Order.from_json(body)
                self.orders[order.id] = order
                self._timers.extend((moment, order.id) for moment in lifecycle.timers(order))
        heapq.heapify(self._timers)
        self.orders = dict(sorted(self.orders.items(), key=lambda item: item[1].sequence))
        for shop_id, client_id, client_secret in documents.get("shops", ()):
            self.shops[shop_id] = Shop(id=shop_id, client_id=client_id, client_secret=client_secret)
        for name, value in documents.get("knobs", {}).items():
            # A knob that an older sandbox had is no reason not to start.
            with contextlib.suppress(SandboxRefusal):
                self.knobs.set({name: value})
        self.tokens.restore(documents.get("tokens", {}))
        counters = documents.get("counters", {})
        self._sequence = counters.get("sequence", 0)
        self.unknown_carriers = counters.get("unknown_carriers", [])

    def reset(self) -> None:
        """Empty: no shop, no order, all knobs at their defaults."""
        self.knobs.reset()
        self.tokens.clear()
        self.shops.clear()
        self.orders.clear()
        self.unknown_carriers.clear()
        self._sequence = 0
        self._timers.clear()
        self._changed.clear()

    def _counters(self) -> dict[str, Any]:
        return {"sequence": self._sequence, "unknown_carriers": self.unknown_carriers}
