"""Makes test orders that look like those of idealo's own sandbox (reference section 10), repeatable by their dice."""

import random
import string
from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from sandbox.catalogue import DEFAULT_CATALOGUE, sellable
from sandbox.idealo.values import Address, Cancellation, Line, Order
from sandbox.stores.port import Product

FIRST_NAMES: Final = ("Bob", "Sabine", "Patricia")
LAST_NAMES: Final = ("Menke", "Fischer", "Ulrich", "Xiao-Chu")
SALUTATIONS: Final = {"Bob": "MR", "Sabine": "MRS", "Patricia": "MRS"}
PHONE: Final = "+49 30 1234 5678"
OPTION_PRICES: Final = {"TWO_MAN_DELIVERY": Decimal("25.00"), "PICKUP_SERVICE": Decimal("10.00")}
SHIPPING_COSTS: Final = {
    "POSTAL": Decimal("4.95"),
    "FORWARDING": Decimal("29.90"),
    "DOWNLOAD": Decimal("0.00"),
    "LETTER": Decimal("1.90"),
}
_ID_SIGNS: Final = string.ascii_uppercase + string.digits
# No 0, 1, I and O in 30 ids of eight characters (reference section 14).
_OLD_ID_SIGNS: Final = "".join(sign for sign in _ID_SIGNS if sign not in "01IO")
_MAIL_SIGNS: Final = string.ascii_lowercase + string.digits
_CENT: Final = Decimal("0.01")


def order_id(dice: random.Random) -> str:
    """Ten upper-case letters and digits, often starting with 00, as since the middle of 2021."""
    start = "00" if dice.random() < 0.7 else ""
    return start + "".join(dice.choices(_ID_SIGNS, k=10 - len(start)))


def old_order_id(dice: random.Random) -> str:
    """Eight characters, as until the middle of 2021."""
    return "".join(dice.choices(_OLD_ID_SIGNS, k=8))


def snakeoil(dice: random.Random, digits: int) -> str:
    """A payment or refund id as idealo's sandbox makes them."""
    return "snakeoil-" + "".join(dice.choices("0123456789abcdef", k=digits))


def relay_address(dice: random.Random) -> str:
    """The buyer's address as idealo's sandbox relays it, new for every order."""
    return "m-" + "".join(dice.choices(_MAIL_SIGNS, k=16)) + "@checkout-stg.idealo.de"


def product(sku: str) -> Product:
    """A product of the default catalogue."""
    return next(item for item in DEFAULT_CATALOGUE if item.sku == sku)


def line_of(item: Product, quantity: int = 1, *, ranged: bool = False) -> Line:
    """A line for a product; `ranged`: with the price-range feature, 2 % of the price and already contained in it."""
    return Line(
        sku=item.sku,
        title=item.title,
        price=item.price,
        quantity=quantity,
        remaining=quantity,
        price_range_amount=(item.price * Decimal("0.02")).quantize(_CENT) if ranged else None,
    )


class Maker:
    """Makes orders for one shop at one moment; `state.place` gives them their place and makes their ids unique."""

    def __init__(self, dice: random.Random, now: datetime, shop_id: int) -> None:
        self.dice = dice
        self.now = now
        self.shop_id = shop_id

    def any_line(self, most: int = 3) -> Line:
        """Something that can be posted, one to `most` units."""
        goods = [item for item in sellable() if item.sku not in {"100003", "100004", "100007", "100008"}]
        return line_of(self.dice.choice(goods), self.dice.randint(1, most))

    def address(self) -> Address:
        """One of the people in idealo's sandbox."""
        first = self.dice.choice(FIRST_NAMES)
        return Address(
            salutation=SALUTATIONS[first],
            first_name=first,
            last_name=self.dice.choice(LAST_NAMES),
            line1=f"Straße {self.dice.randint(1, 99)}",
            line2="Hinterhof 3" if self.dice.random() < 0.5 else None,
            postal_code=f"{self.dice.randint(1067, 99998):05d}",
            city="Ort",
        )

    def order(
        self,
        lines: Sequence[Line],
        *,
        payment: str = "PAYPAL",
        method: str = "POSTAL",
        options: Sequence[str] = (),
        created: datetime | None = None,
    ) -> Order:
        """A paid order, just placed; the price of its options is contained in the shipping costs."""
        moment = created or self.now
        chosen = [(name, OPTION_PRICES[name]) for name in options]
        address = self.address()
        return Order(
            id=order_id(self.dice),
            shop_id=self.shop_id,
            sequence=0,
            created=moment.replace(microsecond=0),
            updated=moment.replace(microsecond=moment.microsecond // 1000 * 1000),
            status="PROCESSING",
            lines=list(lines),
            shipping_costs=SHIPPING_COSTS[method] + sum((price for _, price in chosen), Decimal(0)),
            payment_method=payment,
            transaction_id=snakeoil(self.dice, 7),
            email=relay_address(self.dice),
            billing=address,
            shipping=Address(**address.to_json()),
            method=method,
            phone=PHONE if method == "FORWARDING" else None,
            options=chosen,
        )

    def mixed(self, created: datetime | None = None) -> Order:
        """An order from the mix seen in a set of thirty (reference section 10)."""
        payment = self.dice.choices(("SOFORT", "PAYPAL", "CREDITCARD", "IDEALO_CHECKOUT_PAYMENTS"), (13, 9, 8, 10))[0]
        if self.dice.random() < 0.6:
            options = self.dice.choices((("TWO_MAN_DELIVERY", "PICKUP_SERVICE"), ("TWO_MAN_DELIVERY",), ()), (8, 6, 4))[
                0
            ]
            heavy = line_of(product(self.dice.choice(("100003", "100004"))))
            return self.order([heavy], payment=payment, method="FORWARDING", options=options, created=created)
        return self.order([self.any_line(most=6)], payment=payment, created=created)


def revoke(order: Order) -> Order:
    """Make it an order of which nothing is left."""
    order.status = "REVOKED"
    for line in order.lines:
        line.remaining = 0
    return order


def ask_to_cancel(order: Order) -> Order:
    """Make it an order whose buyer wants to cancel; it turns REVOKED only after somebody has read it."""
    order.cancellation = Cancellation(remaining={line.sku: 0 for line in order.lines})
    order.status = "REVOKING"
    order.revokes_once_seen = True
    return order


def days_ago(moment: datetime, days: float) -> datetime:
    """That many days before."""
    return moment - timedelta(days=days)
