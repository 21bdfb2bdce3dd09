"""The body of a new order, the shop's tax tables, SKU look-ups and addresses; without a shop."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from app.domain.errors import Permanent, Problem
from app.domain.money import to_cents
from app.domain.tax import TaxRate
from app.stores.woocommerce.addresses import addresses, valid_mail
from app.stores.woocommerce.placing import Placement, order_body
from app.stores.woocommerce.products import Product, batches, chosen, product, shortages
from app.stores.woocommerce.rates import Place, TaxTable, tax_table
from app.stores.woocommerce.settings import Credentials, Settings, TrackingRule
from tests.factories import a_buyer, a_line, an_address
from tests.stores.asked import an_order

GENERAL = {"woocommerce_calc_taxes": "yes", "woocommerce_default_country": "DE:DE-BE"}
TAX = {
    "woocommerce_tax_based_on": "shipping",
    "woocommerce_shipping_tax_class": "inherit",
    "woocommerce_tax_classes": "Reduced rate\nZero rate\nErmäßigt (alt)",
}


def row(rate: str, tax_class: str = "standard", country: str = "DE", **more: Any) -> dict[str, Any]:
    defaults = {"priority": 1, "compound": False, "shipping": True, "order": 0, "postcodes": [], "cities": []}
    return {"id": 1, "country": country, "state": "", "rate": rate, "class": tax_class, **defaults, **more}


ROWS = [row("19.0000"), row("7.0000", "reduced-rate")]


def table(rows: list[dict[str, Any]] | None = None, **settings: str) -> TaxTable:
    return tax_table(ROWS if rows is None else rows, {**GENERAL, **TAX, **settings})


def sold(sku: str, tax_class: str = "", **more: Any) -> Product:
    defaults: dict[str, Any] = {"variation_id": 0, "taxed": True, "taxes_shipping": True, "published": True}
    return Product(sku=sku, product_id=14, tax_class=tax_class, **{**defaults, "stock": None, **more})


def body(*products: Product, shop: TaxTable | None = None, settings: Settings | None = None, **order: Any) -> Placement:
    chosen_settings = settings or Settings()
    placed = an_order(*order.pop("lines"), rates=chosen_settings.tax_rates, **order)
    both = addresses(a_buyer(), chosen_settings)
    known = {p.sku: p for p in products}
    return order_body(placed, both, valid_mail(a_buyer()), known, shop or table(), chosen_settings)


BERLIN = Place(country="DE", postcode="10115", city="Berlin")


def test_rates_follow_country_class_and_place() -> None:
    rows = [
        *ROWS,
        row("20.0000", country="AT"),
        row("0.0000", country="DE", postcodes=["27498", "78266"]),
        row("5", country=""),
    ]
    shop = table(rows)
    assert shop.rate("", BERLIN) == 19
    assert shop.rate("reduced-rate", BERLIN) == 7
    assert shop.rate("zero-rate", BERLIN) == 0
    assert shop.rate("", Place(country="AT")) == 20
    assert shop.rate("", Place(country="FR")) == 5
    assert shop.rate("", Place(country="DE", postcode="27498")) == 0
    assert table(woocommerce_calc_taxes="no").rate("", BERLIN) == 0


@pytest.mark.parametrize(
    ("rule", "postcode", "fits"),
    [("10*", "10115", True), ("20*", "10115", False), ("10000...10999", "10115", True), ("10115", " 10115 ", True)],
)
def test_postcode_rules_are_read(rule: str, postcode: str, fits: bool) -> None:  # noqa: FBT001 - a table's column
    shop = table([row("1", postcodes=[rule])])
    assert shop.rate("", Place(country="DE", postcode=postcode)) == (1 if fits else 0)


def test_priorities_add_up_and_compound_rates_come_on_top() -> None:
    shop = table([row("10"), row("12", order=1), row("5", priority=2), row("10", priority=3, compound=True)])
    assert shop.rate("", BERLIN) == Decimal("26.5")


def test_shipping_inherits_the_first_class_in_the_shops_order() -> None:
    shop = table()
    assert shop.shipping_rate(["reduced-rate"], BERLIN) == 7
    assert shop.shipping_rate(["reduced-rate", ""], BERLIN) == 19
    assert shop.shipping_rate([], BERLIN) == 0
    assert table(woocommerce_shipping_tax_class="reduced-rate").shipping_rate([""], BERLIN) == 7
    assert table([row("19", shipping=False)]).shipping_rate([""], BERLIN) == 0


def test_the_address_that_decides_is_the_shops_choice() -> None:
    austria = Place(country="AT")
    assert table().place(BERLIN, austria) == austria
    assert table(woocommerce_tax_based_on="billing").place(BERLIN, austria) == BERLIN
    assert table(woocommerce_tax_based_on="base").place(austria, austria).country == "DE"
    assert table().place(BERLIN, Place(country="")) == BERLIN


@given(st.integers(1, 9_999_99), st.integers(1, 50), st.sampled_from(["19.0000", "7.0000", "0", "8.1000", "20"]))
def test_a_net_of_six_decimals_comes_back_to_the_gross_cent(cents: int, quantity: int, rate: str) -> None:
    price = Decimal(cents) / 100
    made = body(sold("A"), shop=table([row(rate)]), lines=[a_line("A", quantity, str(price))], shipping="4.95").body
    for part, gross in ((made["line_items"][0], price * quantity), (made["shipping_lines"][0], Decimal("4.95"))):
        net = Decimal(part["total"])
        tax = net * Decimal(rate) / 100
        assert to_cents(net) + to_cents(tax) == gross or to_cents(net + tax) == gross
        assert abs(net + tax - gross) < Decimal("0.00001")


def test_gross_goes_in_as_it_is_where_the_shop_adds_no_tax() -> None:
    untaxed = body(sold("A", taxed=False, taxes_shipping=False), lines=[a_line("A", 2, "10.00")], shipping="4.95").body
    assert untaxed["line_items"][0]["total"] == "20.000000"
    assert untaxed["shipping_lines"][0]["total"] == "4.950000"
    small = body(sold("A"), shop=table(woocommerce_calc_taxes="no"), lines=[a_line("A", 2, "10.00")]).body
    assert small["line_items"][0]["total"] == "20.000000"


def test_a_configured_rate_chooses_a_class_of_the_shop() -> None:
    rates = (TaxRate(sku_pattern="A", rate=Decimal(7)), TaxRate(sku_pattern="B", rate=Decimal(19)))
    made = body(sold("A"), sold("B"), settings=Settings(tax_rates=rates), lines=[a_line("A"), a_line("B")]).body
    assert [line.get("tax_class") for line in made["line_items"]] == ["reduced-rate", None]
    assert made["line_items"][0]["total"] == "9.345794"


def test_the_class_a_merchant_names_wins_among_equal_ones() -> None:
    shop = table([*ROWS, row("7.0000", "books")])
    rates = (TaxRate(sku_pattern="A", rate=Decimal(7), tax_class="books"),)
    made = body(sold("A"), shop=shop, settings=Settings(tax_rates=rates), lines=[a_line("A")]).body
    assert made["line_items"][0]["tax_class"] == "books"


def test_variations_carry_both_ids_and_an_order_without_shipping_price_a_method() -> None:
    made = body(sold("A", variation_id=16), lines=[a_line("A")], shipping="0.00").body
    assert (made["line_items"][0]["product_id"], made["line_items"][0]["variation_id"]) == (14, 16)
    assert [(x["method_title"], x["total"]) for x in made["shipping_lines"]] == [("Versand (idealo)", "0.000000")]


def test_the_first_status_is_the_shops_or_the_merchants() -> None:
    assert body(sold("A"), lines=[a_line("A")]).body["set_paid"] is True
    assert "status" not in body(sold("A"), lines=[a_line("A")]).body
    held = body(sold("A"), settings=Settings(order_status="on-hold"), lines=[a_line("A")]).body
    assert (held["status"], held["set_paid"]) == ("on-hold", False)
    with pytest.raises(ValidationError, match="cannot start as pending"):
        Settings(order_status="pending")


def found(sku: str, **more: Any) -> dict[str, Any]:
    return {"id": 11, "type": "simple", "status": "publish", "sku": sku, "parent_id": 0, "tax_class": "", **more}


def test_skus_are_asked_for_in_lists_and_those_with_commas_alone() -> None:
    asked = batches([*(f"S{i}" for i in range(41)), "S1", "A,B"])
    assert [len(value.split(",")) for value in asked] == [40, 1, 2]
    assert asked[-1] == "A,B"


def test_a_sku_is_compared_exactly() -> None:
    listed = [found("lab-001", id=1), found("LAB-001", id=2), found("LAB-001 ", id=3)]
    assert chosen(listed, ["LAB-001"])["LAB-001"]["id"] == 2


@pytest.mark.parametrize(
    ("listed", "word"),
    [
        ([], "no product's SKU"),
        ([found("A", id=1), found("A", id=2)], r"several products \(1, 2\)"),
        ([found("A", type="variable")], "not sold itself"),
        ([found("a")], "no product's SKU"),
    ],
)
def test_a_sku_without_exactly_one_product_is_refused_with_advice(listed: list[dict[str, Any]], word: str) -> None:
    with pytest.raises(Permanent, match=word) as caught:
        chosen(listed, ["A"])
    assert caught.value.problem is Problem.UNKNOWN_SKU


def test_a_variation_beside_its_parent_with_the_same_sku_is_chosen() -> None:
    listed = [found("A", id=14, type="variable"), found("A", id=16, type="variation", parent_id=14, tax_class="parent")]
    entry = chosen(listed, ["A"])["A"]
    made = product("A", entry, {14: {"id": 14, "tax_class": "reduced-rate"}})
    assert (made.product_id, made.variation_id, made.tax_class) == (14, 16, "reduced-rate")


@pytest.mark.parametrize(
    ("fields", "stock"),
    [
        ({"manage_stock": True, "stock_quantity": 4}, 4),
        ({"manage_stock": "parent", "stock_quantity": 2}, 2),
        ({"manage_stock": True, "stock_quantity": None, "stock_status": "outofstock"}, 0),
        ({"manage_stock": True, "stock_quantity": Decimal("2.5")}, 2),
        ({"manage_stock": True, "stock_quantity": -3}, -3),
        ({"manage_stock": True, "stock_quantity": 1, "backorders_allowed": True}, None),
        ({"manage_stock": False, "stock_status": "instock"}, None),
    ],
)
def test_stock_is_read_in_all_its_shapes(fields: dict[str, Any], stock: int | None) -> None:
    assert product("A", found("A", **fields), {}).stock == stock


def test_shortages_count_all_lines_of_a_sku_and_name_unpublished_products() -> None:
    products = {"A": sold("A", stock=3), "B": sold("B", published=False)}
    assert shortages(products, {"A": 4, "B": 1}) == [
        "A: 4 sold, 3 in stock at import",
        "B: the product is not published in the shop",
    ]


@pytest.mark.parametrize(
    ("mail", "valid"),
    [
        ("m-4kq8@checkout.idealo.de", True),
        ("a@b", False),
        ("ä@b.de", False),
        ("a b@c.de", False),
        ("a@-b.de", False),
        ("a" * 320 + "@b.de", False),
        ("", False),
    ],
)
def test_only_mail_wordpress_takes_is_sent(mail: str, valid: bool) -> None:  # noqa: FBT001 - a table's column
    assert bool(valid_mail(a_buyer(email=mail))) is valid


def test_packstation_and_second_lines_go_where_the_merchant_wants_them() -> None:
    buyer = a_buyer(shipping=an_address(line1="Packstation 123", line2="98765432"))
    assert addresses(buyer, Settings())[1]["address_2"] == "98765432"
    company = addresses(buyer, Settings(address_line2="company"))[1]
    assert (company["company"], company["address_2"]) == ("98765432", "")


@pytest.mark.parametrize(
    ("entered", "kept"),
    [
        ("https://shop.example/", "https://shop.example"),
        ("shop.example", "https://shop.example"),
        (" https://shop.example/de/wp-json/wc/v3 ", "https://shop.example/de"),
        ("https://shop.example/wp-admin/", "https://shop.example"),
    ],
)
def test_an_address_is_taken_as_people_enter_it(entered: str, kept: str) -> None:
    assert Credentials(base_url=entered, consumer_key="ck_1", consumer_secret="cs_1").base_url == kept


def test_bad_settings_are_refused_and_keys_do_not_show() -> None:
    for address in ("ftp://shop.example", "https://user:pw@shop.example", "https://shop.example?x=1"):
        with pytest.raises(ValidationError):
            Credentials(base_url=address, consumer_key="ck_1", consumer_secret="cs_1")
    with pytest.raises(ValidationError, match="regular expression"):
        TrackingRule(meta_key="x", pattern="(")
    assert "cs_1" not in repr(Credentials(base_url="shop.example", consumer_key="ck_1", consumer_secret="cs_1"))
