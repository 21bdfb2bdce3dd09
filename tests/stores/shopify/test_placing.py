"""The input of a new order: exact money, tax of every part, addresses, facts for staff; and the variant per SKU."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.buyer import Buyer
from app.domain.errors import Permanent, Problem
from app.domain.orders import DeliveryOption, PurchaseLine
from app.domain.tax import TaxRate, draft
from app.stores.shopify.placing import Placement, expected_tax, placement
from app.stores.shopify.products import Variant, chosen, shortages
from app.stores.shopify.settings import Settings
from tests.factories import a_buyer, a_line, a_purchase, an_address

RATES = (TaxRate(sku_pattern="BOOK*", rate=Decimal(7)), TaxRate(sku_pattern="FREE*", rate=Decimal(0)))


def a_variant(sku: str, number: int = 301, **more: Any) -> Variant:
    return Variant(
        **{"sku": sku, "variant_id": f"gid://shopify/ProductVariant/{number}", "active": True, "stock": 5, **more}
    )


def placed(
    *lines: PurchaseLine,
    settings: Settings | None = None,
    buyer: Buyer | None = None,
    kind: str | None = "id",
    total: str | None = None,
    **more: Any,
) -> Placement:
    bought = a_purchase(*lines, **more)
    if total is not None:
        bought = bought.model_copy(update={"total": Decimal(total)})
    variants = {line.sku: a_variant(line.sku) for line in bought.lines}
    return placement(draft(bought, "DE", RATES, {}), buyer or a_buyer(), variants, kind, settings or Settings())


def amount(part: dict[str, Any]) -> Decimal:
    return Decimal(part["priceSet"]["shopMoney"]["amount"])


def total_of(order: dict[str, Any]) -> Decimal:
    lines = sum((amount(line) * line["quantity"] for line in order["lineItems"]), Decimal(0))
    off = order.get("discountCode", {}).get("itemFixedDiscountCode")
    less = Decimal(off["amountSet"]["shopMoney"]["amount"]) if off else Decimal(0)
    return lines + sum((amount(line) for line in order["shippingLines"]), Decimal(0)) - less


def test_an_order_carries_idealos_facts() -> None:
    promised = a_line("A", 2, "49.90", delivery_promise="2-3 Werktage", seller_name="Nord GmbH")
    order = placed(promised, shipping="4.99", voucher="HERBST").order
    assert (order["sourceIdentifier"], order["currency"], order["taxesIncluded"]) == ("00K7MPX24R", "EUR", True)
    assert order["processedAt"] == "2026-11-23T08:00:00Z"
    assert order["tags"] == ["idealo", "idealo-00K7MPX24R", "idealo PayPal"]
    assert order["metafields"] == [{"namespace": "idealo", "key": "order_id", "type": "id", "value": "00K7MPX24R"}]
    facts = {entry["key"]: entry["value"] for entry in order["customAttributes"]}
    assert (facts["idealo_order_id"], facts["idealo_total"], facts["idealo_voucher"]) == (
        "00K7MPX24R",
        "104.79",
        "HERBST",
    )
    assert (facts["idealo_payment_method"], facts["idealo_transaction_id"]) == ("PAYPAL", "8HX42917KT553201B")
    assert "Gutschein: HERBST" in order["note"]
    line = order["lineItems"][0]
    assert {p["name"]: p["value"] for p in line["properties"]} == {
        "_idealo_sku": "A",
        "idealo Lieferzusage": "2-3 Werktage",
        "idealo Verkäufer": "Nord GmbH",
    }
    assert (line["variantId"], line["quantity"], line["requiresShipping"]) == (
        "gid://shopify/ProductVariant/301",
        2,
        True,
    )


def test_it_is_paid_takes_stock_and_mails_nobody() -> None:
    made = placed(a_line("A", 2, "49.90"), shipping="4.99")
    (sale,) = made.order["transactions"]
    assert (sale["kind"], sale["status"], sale["gateway"]) == ("SALE", "SUCCESS", "idealo")
    assert (sale["authorizationCode"], sale["amountSet"]["shopMoney"]["amount"]) == ("8HX42917KT553201B", "104.79")
    assert made.options == {
        "inventoryBehaviour": "DECREMENT_IGNORING_POLICY",
        "sendReceipt": False,
        "sendFulfillmentReceipt": False,
    }
    assert "email" not in made.order
    assert "customer" not in made.order


def test_the_relay_address_is_entered_only_if_wanted_and_only_if_shopify_takes_it() -> None:
    assert placed(settings=Settings(buyer_mail="relay")).order["email"] == "m-4kq8z1t7wv0b2nxd@checkout.idealo.de"
    assert "email" not in placed(settings=Settings(buyer_mail="relay"), buyer=a_buyer(email="no mail")).order


def test_every_part_states_the_tax_in_its_gross_price() -> None:
    made = placed(a_line("A", 2, "49.90"), a_line("BOOK-1", 1, "20.00"), shipping="6.00")
    taxes = [line["taxLines"] for line in made.order["lineItems"]]
    assert [(t["rate"], t["priceSet"]["shopMoney"]["amount"]) for (t,) in taxes] == [
        ("0.19", "15.93"),
        ("0.07", "1.31"),
    ]
    (shipping,) = made.order["shippingLines"]
    assert [(t["rate"], t["priceSet"]["shopMoney"]["amount"]) for t in shipping["taxLines"]] == [
        ("0.19", "0.80"),
        ("0.07", "0.07"),
    ]
    assert expected_tax(made) == Decimal("18.11")


def test_a_rate_of_zero_states_no_tax() -> None:
    (line,) = placed(a_line("FREE-1")).order["lineItems"]
    assert (line["taxLines"], line["taxable"]) == ([], False)


def test_delivery_options_are_lines_of_their_own_and_a_free_delivery_shows_its_kind() -> None:
    option = DeliveryOption(kind="TWO_MAN_DELIVERY", price=Decimal("29.00"))
    order = placed(a_line("A"), shipping="34.00", delivery="FORWARDING", delivery_options=(option,)).order
    shown = [(line["title"], line["code"], str(amount(line))) for line in order["shippingLines"]]
    assert shown == [
        ("Spedition (idealo)", "idealo-FORWARDING", "5.00"),
        ("Lieferung an den Verwendungsort", "idealo-TWO_MAN_DELIVERY", "29.00"),
    ]
    free = placed(a_line("A"), shipping="0.00").order["shippingLines"]
    assert [(line["title"], str(amount(line)), line["taxLines"]) for line in free] == [("Versand (idealo)", "0.00", [])]


def test_what_idealos_total_has_beyond_its_parts_is_booked_both_ways() -> None:
    more = placed(a_line("A", 1, "10.00"), shipping="0.00", total="10.03").order
    assert [(x["title"], str(amount(x))) for x in more["shippingLines"]][-1] == ("Differenz laut idealo", "0.03")
    less = placed(a_line("A", 1, "10.00"), shipping="0.00", total="9.50").order
    assert less["discountCode"]["itemFixedDiscountCode"]["amountSet"]["shopMoney"]["amount"] == "0.50"
    assert (total_of(more), total_of(less)) == (Decimal("10.03"), Decimal("9.50"))


cents = st.integers(1, 99_999).map(lambda c: Decimal(c) / 100)


@given(
    st.lists(st.tuples(st.sampled_from(["A", "BOOK-1", "FREE-1"]), st.integers(1, 9), cents), min_size=1, max_size=6),
    cents,
    st.integers(-50, 50),
)
def test_parts_and_payment_make_idealos_total_to_the_cent(
    basket: list[tuple[str, int, Decimal]], shipping: Decimal, off: int
) -> None:
    lines = [a_line(sku, quantity, str(price)) for sku, quantity, price in basket]
    total = sum((line.total for line in lines), shipping) + Decimal(off) / 100
    order = placed(*lines, shipping=str(shipping), total=str(total)).order
    assert total_of(order) == total
    assert Decimal(order["transactions"][0]["amountSet"]["shopMoney"]["amount"]) == total


def test_both_addresses_are_sent_and_empty_fields_are_not() -> None:
    buyer = a_buyer(phone=" +49 30 1 ", shipping=an_address(line2="c/o Muster", city="Köln 🌊\x00"))
    order = placed(buyer=buyer).order
    assert order["billingAddress"] == {
        "firstName": "Jördis", "lastName": "Großkopf", "address1": "Lindenstraße 14a", "zip": "04317",
        "city": "Leipzig", "countryCode": "DE", "phone": "+49 30 1",
    }  # fmt: skip
    assert (order["shippingAddress"]["address2"], order["shippingAddress"]["city"]) == ("c/o Muster", "Köln 🌊")
    company = placed(buyer=buyer, settings=Settings(address_line2="company")).order["shippingAddress"]
    assert company["company"] == "c/o Muster"


def test_without_a_definition_the_metafield_is_left_out() -> None:
    assert "metafields" not in placed(kind=None).order


def shown(sku: str, number: int = 1, **more: Any) -> dict[str, Any]:
    return {
        "id": f"gid://shopify/ProductVariant/{number}", "sku": sku, "inventoryPolicy": "DENY", "inventoryQuantity": 3,
        "inventoryItem": {"tracked": True}, "product": {"id": "p", "title": "t", "status": "ACTIVE"}, **more,
    }  # fmt: skip


def test_a_sku_is_compared_exactly() -> None:
    found = [shown("sku-a", 1), shown("SKU-A ", 2), shown("SKU-A", 3), shown("", 4), {**shown("x", 5), "sku": None}]
    assert chosen(found, ["SKU-A"], {})["SKU-A"].variant_id.endswith("/3")
    with pytest.raises(Permanent) as caught:
        chosen(found, ["SKU-A", "SKU-B", "x"], {})
    assert caught.value.problem is Problem.UNKNOWN_SKU
    assert "'SKU-B'" in str(caught.value)
    assert "'x'" in str(caught.value)


def test_of_several_variants_with_one_sku_the_only_active_one_counts_else_none() -> None:
    archived = shown("A", 2, product={"status": "ARCHIVED"})
    assert chosen([shown("A", 1), archived, shown("A", 1)], ["A"], {})["A"].variant_id.endswith("/1")
    with pytest.raises(Permanent, match="several variants") as caught:
        chosen([shown("A", 1), shown("A", 2)], ["A"], {})
    assert caught.value.problem is Problem.UNKNOWN_SKU
    with pytest.raises(Permanent, match="several variants"):
        chosen([archived, shown("A", 3, product={"status": "DRAFT"})], ["A"], {})


def test_what_is_short_is_told_and_what_is_not_counted_is_not() -> None:
    known = {
        "A": a_variant("A", stock=1),
        "B": a_variant("B", stock=None),
        "C": a_variant("C", stock=-2),
        "D": a_variant("D", stock=2),
    }
    assert shortages(known, {"A": 2, "B": 9, "C": 1, "D": 2}) == [
        "A: 2 ordered, the store had 1",
        "C: 1 ordered, the store had 0",
    ]
    untracked = chosen(
        [shown("A", inventoryItem={"tracked": False}), shown("B", 2, inventoryPolicy="CONTINUE")], "AB", {}
    )
    assert [v.stock for v in untracked.values()] == [None, None]
