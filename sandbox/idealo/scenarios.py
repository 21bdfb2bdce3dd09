"""The scenario catalogue S1 to S18 of the reference (section 15): which orders each of them places."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Final

from sandbox.catalogue import UNKNOWN_SKU
from sandbox.idealo.generator import (
    OPTION_PRICES,
    Maker,
    ask_to_cancel,
    days_ago,
    line_of,
    old_order_id,
    product,
    revoke,
)
from sandbox.idealo.values import Address, Line, Order

ICP: Final = "IDEALO_CHECKOUT_PAYMENTS"
Variant = Callable[[Maker], Order]


def _one_parcel(maker: Maker) -> Order:
    return maker.order([line_of(product(maker.dice.choice(("100000", "100001", "100002"))))])


def _several_lines(maker: Maker) -> Order:
    lines = [
        line_of(product("100001"), 1, ranged=True),
        line_of(product("100002"), maker.dice.randint(2, 6)),
        line_of(product("SHIRT-100-BL-M"), 2, ranged=True),
    ]
    return maker.order(lines)


def _freight(maker: Maker) -> Order:
    return maker.order([line_of(product("100003"))], method="FORWARDING", options=tuple(OPTION_PRICES))


def _download(maker: Maker) -> Order:
    return maker.order([line_of(product("100007"))], method="DOWNLOAD")


def _letter(maker: Maker) -> Order:
    return maker.order([line_of(product("100008"), 2)], method="LETTER")


def _voucher(maker: Maker) -> Order:
    order = maker.order([line_of(product("100001"))], payment=ICP)
    order.voucher = "WINTER10 (10 %, max. 20 EUR)"
    return order


def _two_addresses(maker: Maker) -> Order:
    order = maker.order([maker.any_line()])
    order.billing = Address(
        salutation="MRS",
        first_name="Jördis",
        last_name="Großkopf",
        line1="Lindenstraße 14a",
        line2="Möbelhaus Öztürk GmbH & Co. KG",
        postal_code="04317",
        city="Leipzig",
    )
    order.shipping = Address(
        salutation="MR",
        first_name="Thilo",
        last_name="Yıldız",
        line1="Am Alten Markt 3 b",
        line2="Werkstatt Süd",
        postal_code="01067",
        city="Dresden",
    )
    return order


def _bare_address(salutation: str | None) -> Variant:
    def make(maker: Maker) -> Order:
        order = maker.order([maker.any_line()])
        order.billing = replace(order.billing, salutation=salutation, line2=None)
        order.shipping = replace(order.shipping, salutation=salutation, line2=None)
        return order

    return make


def _sku(sku: str) -> Variant:
    def make(maker: Maker) -> Order:
        if sku != UNKNOWN_SKU:
            return maker.order([line_of(product(sku), maker.dice.randint(1, 2))])
        unknown = Line(
            sku=sku, title="Artikel, den der Shop nicht kennt", price=Decimal("19.99"), quantity=1, remaining=1
        )
        return maker.order([unknown])

    return make


def _revoked_before_import(maker: Maker) -> Order:
    return revoke(maker.order([maker.any_line()]))


def _revoking_before_import(maker: Maker) -> Order:
    return ask_to_cancel(maker.order([maker.any_line()]))


def _two_lines(payment: str = "PAYPAL") -> Variant:
    def make(maker: Maker) -> Order:
        return maker.order([line_of(product("100000"), 3), line_of(product("100002"), 2)], payment=payment)

    return make


def _refundable(maker: Maker) -> Order:
    return maker.order([line_of(product("100001")), line_of(product("100002"), 2)], payment=ICP)


def _old(maker: Maker) -> Order:
    """Placed 64 days ago and still to be imported: ship it and wait 60 days, or count them from creation (knob)."""
    return maker.order([line_of(product("100001"))], payment=ICP, created=days_ago(maker.now, 64))


def _refund_fails_later(maker: Maker) -> Order:
    order = _refundable(maker)
    order.refund_failure = "Payment provider declined the refund"
    return order


def _crowd(maker: Maker) -> Order:
    """One of many, placed in the last day; the buyers of one in twenty cancel within the next minute."""
    order = maker.mixed(created=maker.now - timedelta(seconds=maker.dice.randint(1, 86_000)))
    if maker.dice.random() < 0.05:
        order.scheduled_cancellation = maker.now + timedelta(seconds=maker.dice.uniform(1, 60))
    return order


def _odd_but_seen(maker: Maker) -> Order:
    order = maker.order([maker.any_line()])
    order.id = old_order_id(maker.dice)
    order.lines[0].delivery_text = "1-2+Werktage"
    order.updated = order.created - timedelta(milliseconds=408)
    return order


def _unknown_status(maker: Maker) -> Order:
    order = _one_parcel(maker)
    order.status = "ON_HOLD"
    return order


def _unknown_payment(maker: Maker) -> Order:
    return maker.order([maker.any_line()], payment="KLARNA_PAY_LATER")


def _unknown_method(maker: Maker) -> Order:
    order = _one_parcel(maker)
    order.method = "PARCEL_LOCKER"
    return order


def _unknown_option(maker: Maker) -> Order:
    order = maker.order([line_of(product("100004"))], method="FORWARDING", options=("TWO_MAN_DELIVERY",))
    order.options.append(("CONNECTION_SERVICE", Decimal("39.00")))
    order.shipping_costs += Decimal("39.00")
    return order


def _extra_keys(maker: Maker) -> Order:
    order = _one_parcel(maker)
    order.extra = {"loyalty": {"points": 12, "tier": None}, "giftWrap": False}
    order.lines[0].extra = {"energyLabel": "A", "bundleParts": []}
    return order


VARIANTS: Final[dict[str, Sequence[Variant]]] = {
    "S1": (_one_parcel,),
    "S2": (_several_lines,),
    "S3": (_freight,),
    "S4": (_download, _letter),
    "S5": (_voucher,),
    "S6": (_two_addresses,),
    "S7": (_bare_address(None), _bare_address("NONE")),
    "S8": (_sku(UNKNOWN_SKU), _sku("BO GSR 12"), _sku("KB/2-45"), _sku("TÜR-ÖSE-8")),
    "S9": (_revoked_before_import, _revoking_before_import),
    "S10": (_two_lines(),),
    "S11": (_two_lines(), _two_lines(ICP)),
    # partial, full, too much; after 60 days; PayPal; accepted and FAILED afterwards
    "S12": (_refundable, _refundable, _refundable, _old, _one_parcel, _refund_fails_later),
    "S13": (_one_parcel,),
    "S14": (_crowd,),
    "S15": (_one_parcel,),
    "S16": (_two_lines(),),
    "S17": (_odd_but_seen,),
    "S18": (_unknown_status, _unknown_payment, _unknown_method, _unknown_option, _extra_keys),
}

CROWD_SIZE: Final = 1200


def usual_count(scenario: str) -> int:
    """How many orders a scenario places when no count is asked for: each variant once, the crowd of S14 whole."""
    return CROWD_SIZE if scenario == "S14" else len(VARIANTS[scenario])


def make(scenario: str, maker: Maker, number: int) -> Order:
    """The `number`-th order (from 0) of a scenario; its variants take turns."""
    variants = VARIANTS[scenario]
    order = variants[number % len(variants)](maker)
    order.scenario = scenario
    return order
