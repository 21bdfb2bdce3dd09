"""A new order in the fake shop: its facts, its total in every tax setting, SKUs, shortages, odd buyers."""

import random
from decimal import Decimal
from typing import Any

import pytest

from app.domain.errors import Permanent, Problem, Retryable
from app.domain.orders import DeliveryOption
from app.domain.tax import TaxRate
from app.stores.woocommerce.settings import Settings
from tests.factories import PLACED, a_buyer, a_line, an_address
from tests.stores.asked import BUCH, KAFFEE, KANNE, SHIRT, an_order
from tests.stores.woocommerce.shops import FakeShop

SINCE = PLACED
BOOKS = TaxRate(sku_pattern="1000*", rate=Decimal(7))


async def test_a_new_order_carries_idealos_facts_and_total() -> None:
    shop = FakeShop()
    promised = a_line(KANNE, 2, "24.95", delivery_promise="2-3 Werktage", seller_name="Nord GmbH")
    placed = an_order(promised, a_line(SHIRT, 1, "17.95"), shipping="4.95", voucher="HERBST")
    made = await shop.adapter().create_order(placed, a_buyer(phone="+49 30 1234567"))
    assert made.total == placed.purchase.total
    assert made.idealo_order_id == placed.purchase.idealo_order_id
    assert [(x.sku, x.idealo_sku, x.quantity) for x in made.lines] == [(KANNE, KANNE, 2), (SHIRT, SHIRT, 1)]
    assert not made.contradictions
    shown = shop.order(made)
    assert shown["status"] == "processing"
    assert shown["transaction_id"] == placed.purchase.transaction_id
    assert shown["payment_method_title"] == "idealo (PayPal)"
    assert shown["created_via"] == "idealo"
    assert shown["billing"]["email"] == ""
    assert shown["billing"]["last_name"] == "Großkopf"
    assert shown["line_items"][1]["variation_id"] > shown["line_items"][1]["product_id"] > 0
    assert {"idealo Lieferzusage", "idealo Verkäufer"} <= {m["key"] for m in shown["line_items"][0]["meta_data"]}
    note = "\n".join(shop.notes(made))
    assert all(word in note for word in ("2-3 Werktage", "HERBST", "PayPal", placed.purchase.idealo_order_id))


async def test_creating_takes_few_calls() -> None:
    shop = FakeShop()
    adapter = shop.adapter()
    await adapter.create_order(an_order(a_line(KANNE)), a_buyer())
    first = len(shop.sent)
    await adapter.create_order(an_order(a_line(KANNE), idealo_order_id="OTHER"), a_buyer())
    assert first == 6  # products, three of the tax tables, the order, its note
    assert len(shop.sent) - first == 3
    shop.sent.clear()
    await adapter.fetch_order(shop.store.orders("OTHER", None)[0].store_order_id)
    assert shop.sent == ["GET 200"]


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"round_at_subtotal": True},
        {"prices_include_tax": False},
        {"calc_taxes": False},
        {"tax_based_on": "base", "round_at_subtotal": True},
        {"shipping_tax_class": "reduced-rate"},
        {"tax_rates": [{"rate": "19.0000", "shipping": False}, {"rate": "7.0000", "tax_class": "reduced-rate"}]},
        {"tax_rates": []},
    ],
    ids=str,
)
async def test_random_baskets_reach_idealos_total_in_every_tax_setting(options: dict[str, Any]) -> None:
    shop = FakeShop(**options)
    adapter = shop.adapter(Settings(tax_rates=(BOOKS,)) if options.get("round_at_subtotal") else None)
    seed = 4711
    print(f"seed {seed}")
    dice = random.Random(seed)
    for number in range(12):
        lines = [
            a_line(sku, dice.randint(1, 9), f"{dice.randint(99, 59999) / 100:.2f}")
            for sku in dice.sample([KANNE, KAFFEE, BUCH, SHIRT], dice.randint(1, 4))
        ]
        rates = adapter._settings.tax_rates
        shipping = f"{dice.choice([0, 495, 1290, dice.randint(1, 3000)]) / 100:.2f}"
        placed = an_order(*lines, rates=rates, shipping=shipping, idealo_order_id=f"N{number}")
        made = await adapter.create_order(placed, a_buyer())
        assert made.total == placed.purchase.total
        assert not made.contradictions
        assert not [note for note in made.notes if "corrected" in note]


async def test_the_shops_own_rate_is_used_unless_the_merchant_configured_one() -> None:
    shop = FakeShop()
    own = await shop.adapter().create_order(an_order(a_line(BUCH, 1, "29.90"), shipping="0.00"), a_buyer())
    assert shop.order(own)["total_tax"] == "1.96"
    rates = (TaxRate(sku_pattern=BUCH, rate=Decimal(19)),)
    placed = an_order(a_line(BUCH, 1, "29.90"), rates=rates, shipping="0.00", idealo_order_id="X")
    made = await shop.adapter(Settings(tax_rates=rates)).create_order(placed, a_buyer())
    assert shop.order(made)["total_tax"] == "4.77"
    assert made.total == Decimal("29.90")


async def test_a_configured_rate_the_shop_does_not_know_is_told_and_the_total_stays_exact() -> None:
    rates = (TaxRate(sku_pattern=KANNE, rate=Decimal(16)),)
    placed = an_order(a_line(KANNE, 3, "24.95"), rates=rates)
    made = await FakeShop().adapter(Settings(tax_rates=rates)).create_order(placed, a_buyer())
    assert made.total == placed.purchase.total
    assert any("16 %" in note and KANNE in note for note in made.notes)


async def test_mixed_shipping_is_split_into_shipping_line_and_fee() -> None:
    shop = FakeShop()
    rates = (TaxRate(sku_pattern=KAFFEE, rate=Decimal(7)), TaxRate(sku_pattern="*", rate=Decimal(19)))
    option = DeliveryOption(kind="TWO_MAN_DELIVERY", price=Decimal("10.00"))
    placed = an_order(
        a_line(KAFFEE, 1, "20.00"),
        a_line(KANNE, 1, "60.00"),
        rates=rates,
        shipping="18.00",
        delivery="FORWARDING",
        delivery_options=(option,),
    )
    made = await shop.adapter(Settings(tax_rates=rates)).create_order(placed, a_buyer())
    shown = shop.order(made)
    assert made.total == Decimal("98.00")
    names = ["Spedition (idealo)", "Lieferung an den Verwendungsort"]
    assert [x["method_title"] for x in shown["shipping_lines"]] == names
    assert [x["name"] for x in shown["fee_lines"]] == names
    assert {x["tax_class"] for x in shown["fee_lines"]} == {"reduced-rate"}


@pytest.mark.parametrize("off", ["1.00", "-1.00", "0.01", "-0.01"])
async def test_a_sum_of_idealos_that_disagrees_gets_a_line_of_its_own(off: str) -> None:
    shop = FakeShop()
    base = an_order(a_line(KANNE, 2, "24.95"))
    total = base.purchase.total + Decimal(off)
    placed = base.model_copy(update={"purchase": base.purchase.model_copy(update={"total": total})})
    made = await shop.adapter().create_order(placed, a_buyer())
    assert made.total == total
    assert shop.order(made)["fee_lines"][0]["name"] == "Differenz laut idealo"


async def test_a_total_that_is_far_off_is_held_and_shown_to_a_person() -> None:
    shop = FakeShop()
    adapter = shop.adapter()
    await adapter._shop.taxes()
    shop.store.set_options({"tax_rates": [{"rate": "25.0000"}]})
    placed = an_order(a_line(KANNE, 2, "24.95"))
    made = await adapter.create_order(placed, a_buyer())
    assert [c.rule for c in made.contradictions] == ["total_differs"]
    assert shop.order(made)["status"] == "on-hold"
    assert any("Angehalten" in note for note in shop.notes(made))
    for seen in (await adapter.find_order("00K7MPX24R", SINCE), await adapter.fetch_order(made.store_order_id)):
        assert seen is not None
        assert seen.contradictions == made.contradictions
    kept = shop.store.shop.orders[int(made.store_order_id)]
    kept.status = "processing"
    shop.world.advance(3600)
    kept.modified = shop.world.now()
    assert (await adapter.fetch_order(made.store_order_id)).contradictions == ()


async def test_a_total_that_is_far_off_is_seen_even_when_the_answer_to_the_creation_was_lost() -> None:
    shop = FakeShop()
    adapter = shop.adapter()
    await adapter._shop.taxes()
    shop.store.set_options({"tax_rates": [{"rate": "25.0000"}]})
    shop.world.faults.add(method="POST", path="*/wc/v3/orders", kind="after_success")
    with pytest.raises(Retryable):
        await adapter.create_order(an_order(a_line(KANNE, 2, "24.95")), a_buyer())
    found = await adapter.find_order("00K7MPX24R", SINCE)
    assert found is not None
    assert [c.rule for c in found.contradictions] == ["total_differs"]
    shop.store.shop.orders[int(found.store_order_id)].lines[0].quantity = 1
    assert (await adapter.fetch_order(found.store_order_id)).contradictions == ()


async def test_a_total_off_by_a_cent_is_corrected_by_a_line() -> None:
    shop = FakeShop()
    adapter = shop.adapter()
    await adapter._shop.taxes()
    shop.store.set_options({"tax_rates": [{"rate": "19.1000"}]})
    placed = an_order(a_line(KANNE, 1, "24.95"), shipping="0.00")
    made = await adapter.create_order(placed, a_buyer())
    assert made.total == Decimal("24.95")
    assert shop.order(made)["fee_lines"][0]["name"] == "Rundung idealo"
    assert any("corrected by -0.02" in note for note in made.notes)


async def test_unknown_skus_are_all_named_and_nothing_is_created() -> None:
    shop = FakeShop()
    before = len(shop.store.orders(None, None))
    placed = an_order(a_line(KANNE), a_line("NOPE-1"), a_line("kb/2-45"), a_line("SHIRT-100"), a_line("A,B"))
    with pytest.raises(Permanent) as caught:
        await shop.adapter().create_order(placed, a_buyer())
    assert caught.value.problem is Problem.UNKNOWN_SKU
    assert all(sku in str(caught.value) for sku in ("NOPE-1", "kb/2-45", "SHIRT-100", "A,B"))
    assert len(shop.store.orders(None, None)) == before


async def test_an_alias_is_looked_up_instead_of_idealos_sku() -> None:
    shop = FakeShop()
    placed = an_order(a_line("IDEALO-9"), aliases={"IDEALO-9": KANNE})
    made = await shop.adapter().create_order(placed, a_buyer())
    assert [(x.sku, x.idealo_sku) for x in made.lines] == [(KANNE, "IDEALO-9")]


async def test_a_shortage_is_imported_and_told() -> None:
    made = await FakeShop().adapter().create_order(an_order(a_line(KANNE, 121)), a_buyer())
    assert made.notes == (f"{KANNE}: 121 sold, 120 in stock at import",)


async def test_odd_buyers_do_not_cost_the_address() -> None:
    shop = FakeShop()
    odd = an_address(line2="c/o Groß \ud83d", first_name="Jör\x00g 🎁", country_code="de")
    buyer = a_buyer(phone="+49 " + "1" * 150, email="not an address", billing=odd, shipping=odd)
    adapter = shop.adapter(Settings(buyer_mail="relay", address_line2="company"))
    made = await adapter.create_order(an_order(a_line(KANNE)), buyer)
    shown = shop.order(made)
    assert not made.contradictions
    assert len(shown["billing"]["phone"]) == 100
    assert (shown["billing"]["email"], shown["billing"]["company"]) == ("", "c/o Groß")
    assert (shown["shipping"]["first_name"], shown["shipping"]["country"]) == ("Jörg 🎁", "DE")


async def test_the_relay_address_is_entered_only_on_request() -> None:
    shop = FakeShop()
    made = await shop.adapter(Settings(buyer_mail="relay")).create_order(an_order(a_line(KANNE)), a_buyer())
    assert shop.order(made)["billing"]["email"] == a_buyer().email
    quiet = await shop.adapter().create_order(an_order(a_line(KANNE), idealo_order_id="Q"), a_buyer())
    assert {"_idealo_buyer_email"} <= {m["key"] for m in shop.order(quiet)["meta_data"]}


async def test_a_failed_creation_leaves_no_draft_behind() -> None:
    shop = FakeShop(fail_creates=1)
    with pytest.raises(Permanent) as caught:
        await shop.adapter().create_order(an_order(a_line(KANNE)), a_buyer())
    assert caught.value.problem is Problem.REJECTED
    assert shop.store.orders(None, None) == []


@pytest.mark.parametrize("status", [403, 500])
async def test_a_note_that_fails_is_told_and_the_order_stands(status: int) -> None:
    shop = FakeShop()
    shop.world.faults.add(method="POST", path="*/notes", kind="status", status=status)
    made = await shop.adapter().create_order(an_order(a_line(KANNE)), a_buyer())
    assert any("note on the order could not be written" in note for note in made.notes)
