"""The document of a new order: exact to the cent, complete in both currencies, inside Magento's limits."""

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.errors import Permanent, Problem
from app.domain.orders import PurchaseLine
from app.domain.tax import Draft, TaxRate
from app.stores.magento2.addresses import addresses
from app.stores.magento2.client import encoded
from app.stores.magento2.mapping import expected_total
from app.stores.magento2.placed import contradictions
from app.stores.magento2.placing import Shop, order_entity
from app.stores.magento2.products import Product, batches, chosen, shortages
from app.stores.magento2.settings import Settings
from app.stores.magento2.wording import storable
from tests.factories import a_buyer, a_line, an_address
from tests.stores.asked import an_order, with_difference
from tests.stores.magento2.recordings import answer, request

SHOP = Shop(store_id=1, website_id=1, currency="EUR")
SEVEN = TaxRate(rate=Decimal(7), sku_pattern="BOOK-*")


def a_product(sku: str, **more: Any) -> Product:
    return Product(
        **{"product_id": "7", "sku": sku, "name": f"Name of {sku}", "kind": "simple", "enabled": True, **more}
    )


def entity(placed: Draft, chosen_settings: Settings | None = None, **buyer: Any) -> dict[str, Any]:
    products = {line.store_sku: a_product(line.store_sku) for line in placed.lines}
    return order_entity(placed, addresses(a_buyer(**buyer)), products, SHOP, chosen_settings or Settings())


def adds_up(order: dict[str, Any]) -> None:
    parts = [order[n] for n in ("subtotal", "shipping_amount", "tax_amount", "discount_amount")]
    assert sum(parts, Decimal(0)) == order["grand_total"] == order["total_due"]
    assert order["subtotal_incl_tax"] == sum(i["row_total_incl_tax"] for i in order["items"])
    assert order["shipping_incl_tax"] == order["shipping_amount"] + order["shipping_tax_amount"]
    assert order["tax_amount"] == order["shipping_tax_amount"] + sum(i["tax_amount"] for i in order["items"])
    assert -order["discount_amount"] == sum(i["discount_amount"] for i in order["items"])
    for item in order["items"]:
        assert item["row_total"] + item["tax_amount"] == item["row_total_incl_tax"]
    for holder in (order, order["payment"], *order["items"]):
        for name in [n for n in holder if n.startswith("base_") and f"{n[5:]}" in holder]:
            assert holder[name] == holder[name[5:]]


def test_the_recorded_order_is_built_as_the_shop_took_it() -> None:
    sent = entity(an_order(a_line("LAB-001", 3, "18.49"), shipping="3.35", idealo_order_id="D1B2C3D4"))
    recorded = request("025")["entity"]
    names = (
        "ext_order_id", "grand_total", "base_grand_total", "subtotal", "subtotal_incl_tax", "tax_amount",
        "shipping_amount", "shipping_tax_amount", "shipping_incl_tax", "total_qty_ordered", "total_item_count",
        "order_currency_code", "store_id", "state", "status", "customer_is_guest",
    )  # fmt: skip
    assert {n: sent[n] for n in names} == {n: recorded[n] for n in names}
    item, kept = sent["items"][0], recorded["items"][0]
    same = (
        "sku",
        "qty_ordered",
        "price",
        "price_incl_tax",
        "row_total",
        "row_total_incl_tax",
        "tax_percent",
        "tax_amount",
    )
    assert {n: item[n] for n in same} == {n: kept[n] for n in same}
    assert sent["payment"]["method"] == recorded["payment"]["method"]
    assert sent["payment"]["po_number"] == "idealo-D1B2C3D4"
    adds_up(sent)


PRICES = st.decimals(min_value="0.01", max_value="9999.99", places=2)
LINES = st.lists(st.tuples(st.integers(1, 9), PRICES, st.booleans()), min_size=1, max_size=5)


@settings(max_examples=300, deadline=None)
@given(LINES, st.decimals(min_value="0", max_value="99.99", places=2), st.integers(-400, 400))
def test_every_basket_adds_up_to_idealos_total(
    lines: list[tuple[int, Decimal, bool]], shipping: Decimal, cents: int
) -> None:
    bought = [
        a_line(f"{'BOOK' if reduced else 'SKU'}-{n}", quantity, str(price))
        for n, (quantity, price, reduced) in enumerate(lines)
    ]
    placed = an_order(*bought, rates=[SEVEN], shipping=str(shipping))
    goods = placed.purchase.total - shipping
    difference = max(Decimal(cents) / 100, Decimal("0.01") - shipping - goods)
    placed = with_difference(placed, f"{difference:.2f}")
    order = entity(placed)
    assert order["grand_total"] == placed.purchase.total
    adds_up(order)


def test_rates_stand_on_each_line_and_shipping_follows_the_mix() -> None:
    order = entity(an_order(a_line("BOOK-1", 1, "50.00"), a_line("SKU-2", 1, "50.00"), rates=[SEVEN], shipping="10.00"))
    assert [(i["tax_percent"], i["tax_amount"]) for i in order["items"]] == [
        (Decimal(7), Decimal("3.27")),
        (Decimal(19), Decimal("7.98")),
    ]
    assert order["shipping_tax_amount"] == Decimal("0.33") + Decimal("0.80")


def test_amounts_travel_as_numbers_without_ever_being_floats() -> None:
    text = encoded(entity(an_order(a_line("SKU-A", 3, "18.49"))))
    assert '"grand_total":60.42' in text
    assert json.loads(text, parse_float=Decimal)["items"][0]["price"] == Decimal("15.5378")


def test_the_comment_names_the_total_a_later_look_compares() -> None:
    placed = an_order(a_line("SKU-A", 3, "18.49"), voucher="SPAR5")
    histories = entity(placed)["status_histories"]
    assert expected_total({"status_histories": histories}, "order 1") == placed.purchase.total
    assert "Gutschein: SPAR5" in histories[0]["comment"]
    assert (histories[0]["is_customer_notified"], histories[0]["is_visible_on_front"]) == (0, 0)


def test_settings_choose_method_state_and_shipping() -> None:
    chosen_settings = Settings(
        payment_method="banktransfer", shipping_method="dhl_paket", order_state="processing", order_status="idealo_neu"
    )
    order = entity(an_order(a_line()), chosen_settings)
    assert (order["state"], order["status"], order["payment"]["method"]) == ("processing", "idealo_neu", "banktransfer")
    assert "po_number" not in order["payment"]
    assert order["extension_attributes"]["shipping_assignments"][0]["shipping"]["method"] == "dhl_paket"


@pytest.mark.parametrize(
    ("raw", "kept"),
    [
        ("idealo-Bestellung – „Grüße“ 🎁", "idealo-Bestellung – „Grüße“"),
        ("👩‍💻 Ada", "Ada"), ("\U0001d409\U0001d428\U0001d42b\U0001d420", "Jorg"), ("東京 𠮷野", "東京 野"),
        ("plain  text", "plain  text"), ("Größe\x00", "Größe"), ("a\ud800b", "ab"), ("", ""),
    ],
)  # fmt: skip
def test_what_magento_would_turn_into_question_marks_is_left_out(raw: str, kept: str) -> None:
    assert storable(raw) == kept


@given(st.text())
def test_whatever_is_stored_fits_three_byte_utf8(raw: str) -> None:
    kept = storable(raw)
    assert all(c <= "\uffff" for c in kept)
    assert kept.encode().decode() == kept
    assert storable(kept) == kept


def test_addresses_stay_inside_what_magento_takes() -> None:
    odd = an_address(first_name="  ", last_name="Müller|<b>", line1="x" * 300, line2="Tür 5; rechts", city="Köln*")
    made = addresses(a_buyer(billing=odd, phone="+49 (341) 12 34 56-78 Durchwahl 99"))
    billing = made.billing
    assert (billing["firstname"], billing["lastname"], billing["city"]) == ("-", "Müller b", "Köln")
    assert billing["street"] == ["x" * 242, "Tür 5 rechts"]
    assert billing["telephone"] == "+49 (341) 12 34 56-7"
    assert made.shipping["firstname"] == "Jördis"
    assert any("Müller|<b>" in text for text in made.changed)
    assert addresses(a_buyer()).changed == ()
    assert addresses(a_buyer()).billing["telephone"] == "000"


@pytest.mark.parametrize(("first", "second"), [(300, 300), (255, 1), (100, 154), (154, 100), (10, 400)])
def test_both_lines_of_a_street_fit_the_one_column_they_share(first: int, second: int) -> None:
    given = an_address(line1="x" * first, line2="y" * second)
    made = addresses(a_buyer(shipping=given))
    assert len("\n".join(made.shipping["street"])) <= 255
    assert (made.changed == ()) is (first + second + 1 <= 255)
    if not made.changed:
        assert made.shipping["street"] == ["x" * first, "y" * second]


def test_what_the_orders_narrower_columns_would_cut_is_cut_or_refused_before() -> None:
    long = an_address(first_name="x" * 200, last_name="y" * 200)
    order = entity(an_order(a_line()), billing=long)
    assert (len(order["customer_firstname"]), len(order["billing_address"]["firstname"])) == (128, 200)
    entity(an_order(a_line(), idealo_order_id="A" * 32))
    with pytest.raises(Permanent, match="32 characters"):
        entity(an_order(a_line(), idealo_order_id="A" * 33))


def test_skus_are_found_without_regard_to_case_and_nothing_else() -> None:
    found = [
        {"id": 1, "sku": "lab-001", "type_id": "simple", "status": 2},
        {"id": 2, "sku": "CONF", "type_id": "configurable"},
    ]
    assert chosen(found, ["LAB-001"])["LAB-001"].sku == "lab-001"
    with pytest.raises(Permanent, match="alias it to a variant") as caught:
        chosen(found, ["LAB-001", "CONF", "LAB-0010", "LAB-001 "])
    assert caught.value.problem is Problem.UNKNOWN_SKU
    assert "'LAB-0010'" in str(caught.value)
    assert "'LAB-001 '" in str(caught.value)


def test_a_sku_with_a_comma_asks_alone() -> None:
    assert batches(["A", "B,C", "A", "D"]) == [["A", "D"], ["B,C"]]
    assert [len(b) for b in batches(str(n) for n in range(90))] == [40, 40, 10]


def test_what_is_short_or_disabled_is_told() -> None:
    products = {"A": a_product("A"), "B": a_product("B", enabled=False)}
    said = shortages(products, {"A": 5, "B": 1}, {"A": Decimal("2.0000")})
    assert said == ["A: 5 sold, 2 in stock at import", "B: the product is disabled in the shop"]


def test_what_the_shop_made_of_it_is_compared() -> None:
    sent = entity(an_order(a_line("LAB-001", 3, "18.49"), shipping="3.35"))
    kept = answer("028")["items"][0]
    assert contradictions(kept, sent) == []
    assert [c.rule for c in contradictions({**kept, "grand_total": Decimal("58.81")}, sent)] == ["total_differs"]
    assert [c.rule for c in contradictions({**kept, "order_currency_code": "USD"}, sent)] == ["currency_differs"]
    lost = {**kept["billing_address"], "street": []}
    assert [(c.rule, c.about) for c in contradictions({**kept, "billing_address": lost}, sent)] == [
        ("address_lost", "billing")
    ]
    garbled = {**kept["billing_address"], "lastname": "M????"}
    assert [c.about for c in contradictions({**kept, "billing_address": garbled}, sent)] == ["billing"]


def test_lines_of_one_sku_stay_apart() -> None:
    lines: list[PurchaseLine] = [a_line("A", 1, "10.00"), a_line("A", 2, "9.00")]
    order = entity(an_order(*lines))
    assert [(i["sku"], i["qty_ordered"], i["row_total_incl_tax"]) for i in order["items"]] == [
        ("A", 1, Decimal("10.00")),
        ("A", 2, Decimal("18.00")),
    ]
