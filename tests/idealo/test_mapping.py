"""idealo's order JSON becomes our snapshot; what is broken is named, what is new is kept."""

import copy
import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.errors import Permanent
from app.domain.orders import DeliveryOption, IdealoOrder, Parcel
from app.idealo.mapping import delivery_promise, entries_of, read_entry, read_order, read_refunds
from tests.idealo.orders import ADDRESS, a_freight_order, a_line, a_refund, an_order


def test_parcel_order_arrives_verbatim() -> None:
    order = read_order(an_order())
    purchase = order.purchase
    assert order.idealo_order_id == "00K7MPX24R"
    assert purchase.placed_at == datetime(2022, 3, 1, 8, 14, 7, tzinfo=UTC)
    assert (purchase.goods, purchase.shipping, purchase.total) == (
        Decimal("129.80"), Decimal("4.95"), Decimal("134.75"),
    )  # fmt: skip
    assert purchase.difference == 0
    assert purchase.ordered() == {"BO-GSR12-15": 1, "WE-BIT-30": 2}
    assert purchase.lines[0].price_adjustment == Decimal("2.00")
    assert purchase.lines[1].price_adjustment is None
    assert not purchase.refundable
    assert (order.shipped, order.revoked, order.revocation_wanted, order.status_known) == (False, False, False, True)
    assert order.buyer.shipping.postal_code == "04317"
    assert order.buyer.phone is None
    assert order.merchant_order_number is None


def test_freight_order_arrives_with_options_parcels_refund_and_voucher() -> None:
    order = read_order(a_freight_order())
    assert order.purchase.delivery == "FORWARDING"
    assert order.purchase.delivery_options == (
        DeliveryOption(kind="TWO_MAN_DELIVERY", price=Decimal(25)),
        DeliveryOption(kind="PICKUP_SERVICE", price=Decimal(10)),
    )
    assert order.purchase.refundable
    assert order.purchase.voucher == "WINTER10 (10 %, max. 20 EUR)"
    assert order.purchase.lines[0].seller_id == "haushalt-nord"
    assert order.parcels == (Parcel(carrier="Cargo", code="SP-88120937"),)
    assert order.shipped
    assert order.merchant_order_number == "SH-2022-10417"
    assert order.buyer.phone == "0341 5557812"
    assert order.refunds[0].amount == Decimal("20.00")
    assert not order.refunds[0].failed


@pytest.mark.parametrize(
    ("status", "known", "wanted", "revoked", "shipped"),
    [
        ("PROCESSING", True, False, False, False),
        ("COMPLETED", True, False, False, True),
        ("REVOKING", True, True, False, False),
        ("REVOKED", True, False, True, False),
        ("PARTIALLY_REVOKED", True, False, False, False),
        ("ON_HOLD", False, False, False, False),
    ],
)
def test_status_becomes_statements(status: str, known: bool, wanted: bool, revoked: bool, shipped: bool) -> None:  # noqa: FBT001
    order = read_order(an_order(status=status))
    assert (order.status, order.status_known) == (status, known)
    assert (order.revocation_wanted, order.revoked, order.shipped) == (wanted, revoked, shipped)


def test_tracking_means_shipped_whatever_the_status_says() -> None:
    fulfillment = {"method": "POSTAL", "tracking": [{"code": "0034", "carrier": None}]}
    order = read_order(an_order(status="PARTIALLY_REVOKED", fulfillment=fulfillment))
    assert order.shipped
    assert order.parcels == (Parcel(carrier=None, code="0034"),)


@pytest.mark.parametrize(
    ("status", "given", "expected"),
    [
        ("PROCESSING", None, 2),
        ("REVOKED", None, 0),
        ("PARTIALLY_REVOKED", 1, 1),
        ("REVOKING", 2, 2),
        ("REVOKED", "0", 0),
    ],
)
def test_remaining_units(status: str, given: int | str | None, expected: int) -> None:
    order = read_order(an_order(status=status, lineItems=[a_line(remainingQuantity=given)]))
    assert order.remaining == {"WE-BIT-30": expected}


def test_one_sku_on_two_lines_is_summed() -> None:
    order = read_order(an_order(lineItems=[a_line(), a_line(quantity=3, remainingQuantity=1)]))
    assert order.purchase.ordered() == {"WE-BIT-30": 5}
    assert order.remaining == {"WE-BIT-30": 3}


def test_null_is_taken_for_absent_and_unknown_keys_are_ignored() -> None:
    order = an_order(fulfillment={"method": "POSTAL", "options": None}, brandNew={"a": [1]})
    order |= {"merchantOrderNumber": None, "voucher": None, "refunds": None, "billingAddress": None}
    order["customer"] |= {"phone": None}
    order["lineItems"][0] |= {"priceRangeAmount": None, "merchantId": None, "formerPrice": "3.00"}
    read = read_order(order)
    assert read.buyer.billing == read.buyer.shipping
    assert read.purchase.delivery_options == ()
    assert read.refunds == ()


def test_amounts_and_counts_come_as_text_or_number() -> None:
    flipped = an_order(
        grossPrice=Decimal("134.75"), shippingCosts=5, offersPrice="129.8", refunds=[a_refund(refundAmount="20.00")]
    )
    flipped["lineItems"][0]["quantity"] = "1"
    order = read_order(flipped)
    assert order.purchase.total == Decimal("134.75")
    assert order.purchase.shipping == Decimal("5.00")
    assert str(order.purchase.goods) == "129.80"
    assert order.refunds[0].amount == Decimal("20.00")


def test_sums_that_disagree_are_kept_and_shown() -> None:
    assert read_order(an_order(grossPrice="135.00")).purchase.difference == Decimal("0.25")


def test_unknown_words_are_kept_as_text() -> None:
    order = read_order(
        an_order(
            status="FROZEN",
            payment={"paymentMethod": "BARTER", "transactionId": "x"},
            fulfillment={"method": "DRONE", "options": [{"forwardOption": "BALCONY", "price": "1.00"}] * 2},
            shippingAddress=ADDRESS | {"salutation": "DIVERS"},
            refunds=[a_refund(status="WHO_KNOWS")],
        )
    )
    assert not order.status_known
    assert (order.purchase.payment_method, order.purchase.delivery) == ("BARTER", "DRONE")
    assert [option.kind for option in order.purchase.delivery_options] == ["BALCONY", "BALCONY"]
    assert order.buyer.shipping.salutation == "DIVERS"
    assert not order.refunds[0].failed


@pytest.mark.parametrize("salutation", ["NONE", None, ""])
def test_no_salutation_is_none(salutation: str | None) -> None:
    assert read_order(an_order(shippingAddress=ADDRESS | {"salutation": salutation})).buyer.shipping.salutation is None


@pytest.mark.parametrize(
    ("refund", "failed"),
    [
        (a_refund(status="FAILED"), True),
        (a_refund(status="SUCCESSFUL"), False),
        (a_refund(status="SUCCESSFUL", failureReason="Initial payment was not handled by idealo"), True),
        (a_refund(status=None), False),
    ],
)
def test_refund_fails_by_status_or_reason(refund: dict[str, Any], failed: bool) -> None:  # noqa: FBT001
    assert read_refunds([refund], "00K7MPX24R")[0].failed is failed


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("1-2+Werktage", "1-2 Werktage"),
        ("1-2%20Werktage", "1-2 Werktage"),
        ("f%C3%BCr+Sie%2B", "für Sie+"),
        ("Lieferung + Aufbau", "Lieferung + Aufbau"),
        ("Abholung%2E Dann los", "Abholung. Dann los"),
        ("10% Rabatt", "10% Rabatt"),
        ("100%ab Lager", "100%ab Lager"),
        ("%00", "%00"),
        ("%E4rger", "%E4rger"),
        ("", ""),
    ],
)
def test_delivery_text_loses_its_url_debris_only(raw: str, expected: str) -> None:
    assert delivery_promise(raw) == expected


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("2022-03-01T08:14:07Z", datetime(2022, 3, 1, 8, 14, 7, tzinfo=UTC)),
        ("2022-03-01T08:14Z", datetime(2022, 3, 1, 8, 14, tzinfo=UTC)),
        ("2022-03-01T08:14:07.5Z", datetime(2022, 3, 1, 8, 14, 7, 500_000, tzinfo=UTC)),
        ("2022-03-01T08:14:07.123456789Z", datetime(2022, 3, 1, 8, 14, 7, 123_456, tzinfo=UTC)),
        ("2022-03-01T08:14:07", datetime(2022, 3, 1, 8, 14, 7, tzinfo=UTC)),
        ("2022-03-01T08:14:07.000+01:00", datetime(2022, 3, 1, 7, 14, 7, tzinfo=UTC)),
    ],
)
def test_times_become_utc(given: str, expected: datetime) -> None:
    assert read_order(an_order(created=given)).purchase.placed_at == expected


def test_update_before_creation_is_no_reason_to_complain() -> None:
    read_order(an_order(created="2022-03-01T08:14:08Z", updated="2022-03-01T08:14:07.512Z"))


@pytest.mark.parametrize("sku", [" BO 12/ü ", "00012", "a" * 255])
def test_skus_stay_as_they_are(sku: str) -> None:
    assert read_order(an_order(lineItems=[a_line(sku=sku)])).purchase.lines[0].sku == sku


def test_control_characters_leave_titles() -> None:
    order = read_order(an_order(lineItems=[a_line(title="Bit\x00Satz \ud800")]))
    assert order.purchase.lines[0].title == "BitSatz ?"


def test_duplicate_ids_with_leading_zeros_stay_text() -> None:
    assert read_order(an_order(idealoOrderId="00000001")).idealo_order_id == "00000001"


@pytest.mark.parametrize(
    ("raw", "count"),
    [([], 0), ([{}], 1), ({"content": []}, 0), ({"content": [{}, {}]}, 2), ({"idealoOrderId": "A"}, 1)],
)
def test_lists_come_bare_wrapped_or_single(raw: object, count: int) -> None:
    entries = entries_of(raw)
    assert entries is not None
    assert len(entries) == count


@pytest.mark.parametrize("raw", [None, "x", {}, {"content": 3}, {"message": "maintenance"}])
def test_what_is_no_list_is_none(raw: object) -> None:
    assert entries_of(raw) is None


def test_refunds_that_are_no_list_are_refused() -> None:
    assert read_refunds(None, "A") == ()
    with pytest.raises(Permanent, match="refunds are not a list"):
        read_refunds({"message": "no"}, "00K7MPX24R")


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.decimals() | st.floats() | st.text(max_size=12)
    | st.sampled_from(["-0.00", "1e9", "2022-03-01T08:14:07Z", "REVOKED", "\ud800", "\x00", "99999999999", "NaN"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)  # fmt: skip


def places(raw: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    keys = raw.keys() if isinstance(raw, dict) else range(len(raw)) if isinstance(raw, list) else ()
    return [place for key in keys for place in [(*path, key), *places(raw[key], (*path, key))]]


@given(data=st.data(), freight=st.booleans())
@settings(max_examples=400, deadline=None, print_blob=True)
def test_mutated_order_is_read_or_refused_but_never_crashes(data: st.DataObject, freight: bool) -> None:  # noqa: FBT001
    order = copy.deepcopy(a_freight_order() if freight else an_order())
    for _ in range(data.draw(st.integers(1, 3))):
        *parents, last = data.draw(st.sampled_from(places(order)))
        target: Any = order
        for step in parents:
            target = target[step]
        if data.draw(st.booleans()):
            target[last] = data.draw(ANYTHING)
        else:
            del target[last]
    entry = read_entry(order)
    if isinstance(entry, IdealoOrder):
        assert all(0 <= left <= entry.purchase.ordered()[sku] for sku, left in entry.remaining.items())
        entry.model_dump_json()
    else:
        assert "Großkopf" not in entry.reason
        json.loads(entry.raw)
