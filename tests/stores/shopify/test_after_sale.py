"""After the sale, where Shopify's own counts mislead: pick-up shelves, late shipments, exchanges, two currencies."""

from decimal import Decimal
from typing import Any

import pytest

from app.stores.shopify.mapping import store_order
from app.stores.shopify.settings import Settings
from tests.stores.shopify.shapes import a_return, about, bag, fulfillment, line, order, page, paid, refund, track

PLAIN = Settings()
Units = tuple[int, int, int]


def units(shown: dict[str, Any], chosen: Settings = PLAIN) -> list[Units]:
    return [(x.shipped, x.cancelled, x.returned) for x in store_order(shown, chosen).lines]


@pytest.mark.parametrize(
    "waiting",
    [
        {"displayStatus": "READY_FOR_PICKUP"},
        {"status": "PENDING", "displayStatus": "SUBMITTED"},
        {"status": "OPEN"},
        {"status": "ERROR"},
        {"status": "FAILURE"},
    ],
    ids=str,
)
def test_units_in_a_parcel_that_has_not_left_are_not_cancelled(waiting: dict[str, Any]) -> None:
    """Shopify counts them as fulfilled already, so nothing is unfulfilled any more."""
    parcel = fulfillment(5, about(9001, 2), tracking=[track("A1")], **waiting)
    shown = order(line(quantity=3, unfulfilledQuantity=1), fulfillments=[parcel])
    assert units(shown) == [(0, 0, 0)]
    assert not store_order(shown, PLAIN).cancelled


def test_goodwill_on_a_unit_that_waits_for_its_buyer_cancels_nothing() -> None:
    waits = fulfillment(5, about(9001, 2), displayStatus="READY_FOR_PICKUP")
    kept = refund(61, about(9001, 1, restockType="NO_RESTOCK"), money=[paid("3.0")])
    lines = line(quantity=3, currentQuantity=2, unfulfilledQuantity=1)
    assert units(order(lines, fulfillments=[waits], refunds=[kept], totalRefundedSet=bag("3.0"))) == [(0, 0, 0)]


def test_a_unit_refunded_as_return_before_anything_left_is_no_return_once_the_rest_is_shipped() -> None:
    """A refund of type RETURN on an unfulfilled order takes the unit out (captured 2026-06-22)."""
    back = refund(61, about(9001, 1, restockType="RETURN"), money=[paid("10.0")])
    before = order(line(quantity=3, currentQuantity=2, unfulfilledQuantity=2), refunds=[back])
    assert units(before) == [(0, 1, 0)]
    rest = fulfillment(5, about(9001, 2))
    after = order(line(quantity=3, currentQuantity=2, unfulfilledQuantity=0), refunds=[back], fulfillments=[rest])
    assert units(after) == [(2, 1, 0)]


def test_a_real_return_stays_one_when_the_open_rest_is_cancelled_with_the_order() -> None:
    back = refund(61, about(9001, 1, restockType="RETURN"), money=[paid("10.0")])
    part = fulfillment(5, about(9001, 2))
    shown = order(
        line(quantity=3, currentQuantity=0, unfulfilledQuantity=0),
        refunds=[back],
        fulfillments=[part],
        cancelledAt="2026-11-23T08:00:00Z",
    )
    assert units(shown) == [(2, 1, 1)]


def test_units_that_came_back_without_a_refund_take_nothing_from_what_is_still_open() -> None:
    """Also where the current quantity counts them out."""
    part = fulfillment(5, about(9001, 2))
    back = a_return(1, "OPEN", (9001, 1, 1))
    shown = order(line(quantity=4, currentQuantity=3, unfulfilledQuantity=2), fulfillments=[part], returns=page(back))
    assert units(shown) == [(2, 0, 1)]


EXCHANGE = a_return(71, "OPEN", (9001, 1, 1), exchangeLineItems={"nodes": [{"id": "x"}]})


@pytest.mark.parametrize(
    ("money", "means", "returned"),
    [("", "nothing", 0), ("", "return", 1), ("10.0", "nothing", 1)],
)
def test_a_part_given_in_exchange_is_returned_only_with_money_or_by_the_merchants_rule(
    money: str, means: Any, returned: int
) -> None:
    """Processing an exchange books a refund of the part without any transaction."""
    booked = refund(
        61,
        about(9001, 1, restockType="RETURN"),
        money=[paid(money)] if money else [],
        **{"return": {"id": "gid://shopify/Return/71"}},
    )
    shown = order(
        line(quantity=1, currentQuantity=0, unfulfilledQuantity=0),
        fulfillments=[fulfillment(5, about(9001, 1))],
        refunds=[booked],
        returns=page(EXCHANGE),
        totalRefundedSet=bag(money or "0.0"),
    )
    assert units(shown, Settings(exchange_means=means)) == [(1, 0, returned)]


def in_two(shop: str, presentment: str) -> dict[str, Any]:
    return {
        "shopMoney": {"amount": shop, "currencyCode": "CHF"},
        "presentmentMoney": {"amount": presentment, "currencyCode": "EUR"},
    }


def test_money_is_what_the_buyer_paid_in_not_what_the_shop_counts_in() -> None:
    given = {"kind": "REFUND", "status": "SUCCESS", "gateway": "idealo", "amountSet": in_two("9.53", "10.0")}
    seen = store_order(
        order(
            totalPriceSet=in_two("99.83", "104.79"),
            totalRefundedSet=in_two("9.53", "10.0"),
            refunds=[refund(61, money=[given])],
        ),
        PLAIN,
    )
    assert (seen.total, seen.currency) == (Decimal("104.79"), "EUR")
    assert [(r.amount, r.currency) for r in seen.refunds] == [(Decimal("10.00"), "EUR")]
    assert seen.contradictions == ()


@pytest.mark.parametrize("status", ["PENDING", "AWAITING_RESPONSE", "UNKNOWN"])
def test_a_refund_is_told_once_and_whole_whatever_order_its_transactions_end_in(status: str) -> None:
    def seen(*money: dict[str, Any], total: str) -> list[Decimal]:
        snapshot = store_order(order(refunds=[refund(61, money=list(money))], totalRefundedSet=bag(total)), PLAIN)
        assert snapshot.contradictions == ()
        return [r.amount for r in snapshot.refunds]

    assert seen(paid("5.0", status), total="0.0") == []
    assert seen(paid("5.0"), paid("1.5", status), total="5.0") == []
    assert seen(paid("5.0"), paid("1.5"), total="6.5") == [Decimal("6.50")]
    assert seen(paid("5.0"), paid("1.5", "FAILURE"), paid("1.5", "ERROR"), total="5.0") == [Decimal("5.00")]
    assert seen(paid("5.0", "FAILURE"), total="0.0") == []


def test_store_credit_beside_money_is_told_apart_however_the_total_counts_it() -> None:
    both = refund(61, money=[paid("5.0"), paid("2.0", gateway="shopify_store_credit")])
    for total in ("7.0", "5.0"):
        seen = store_order(order(refunds=[both], totalRefundedSet=bag(total)), PLAIN)
        assert [r.amount for r in seen.refunds] == [Decimal("5.00")]
        assert [c.rule for c in seen.contradictions] == ["refund_as_store_credit"]


@pytest.mark.parametrize(
    ("number", "codes"),
    [
        ("1Z 999 AA1 01 2345 6784", ("1Z999AA10123456784",)),
        ("JJD 0001 4634 5678 90", ("JJD00014634567890",)),
        (" 0034 0434 1610 9404 2557 ", ("00340434161094042557",)),
        ("00340434161094042557 00340434161094042564", ("00340434161094042557", "00340434161094042564")),
        ("01505112345678; H1003500020000111", ("01505112345678", "H1003500020000111")),
        ("DHL 00340434161094042557", ("00340434161094042557",)),
        ("https://www.dhl.de/de/privatkunden.html?piececode=00340434161094042557", ("00340434161094042557",)),
        ("RX 123 456 789 DE, RX 123 456 790 DE", ("RX123456789DE", "RX123456790DE")),
    ],
)
def test_a_number_printed_in_groups_is_one_code(number: str, codes: tuple[str, ...]) -> None:
    """Shopify keeps one number per entry of trackingInfo; what staff paste into one may still hold several."""
    parcel = fulfillment(5, about(9001, 1), tracking=[track(number)])
    seen = store_order(order(line(unfulfilledQuantity=0), fulfillments=[parcel]), PLAIN)
    assert [s.codes for s in seen.shipments] == [codes]
