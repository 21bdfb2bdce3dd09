"""Orders are placed in the fake shop, by both ways in: prices, stock, addresses, doubles and lost answers."""

from decimal import Decimal

import pytest

from app.domain.errors import Permanent, Problem, Retryable
from app.domain.orders import DeliveryOption
from app.domain.tax import TaxRate
from app.stores.magento2.settings import Settings
from tests.factories import PLACED, a_buyer, a_line, an_address
from tests.stores.asked import KAFFEE, KANNE, an_order, with_difference
from tests.stores.magento2.shops import FakeShop

DIRECT = Settings(import_route="direct")
UNBILLED = Settings(invoice=False)


@pytest.mark.parametrize("settings", [Settings(), DIRECT, UNBILLED], ids=["module", "direct", "no invoice"])
async def test_an_order_is_placed_with_idealos_prices_and_found_again(settings: Settings) -> None:
    shop = FakeShop()
    placed = an_order(a_line(KANNE, 3, "18.49"), a_line(KAFFEE, 1, "7.07"), shipping="3.35")
    made = await shop.adapter(settings).create_order(placed, a_buyer())
    assert (made.total, made.currency, made.contradictions) == (placed.purchase.total, "EUR", ())
    assert [(x.sku, x.idealo_sku, x.quantity) for x in made.lines] == [(KANNE, KANNE, 3), (KAFFEE, KAFFEE, 1)]
    found = await shop.adapter(settings).find_order(placed.purchase.idealo_order_id, PLACED)
    assert found is not None
    assert (found.store_order_id, found.number, found.total) == (made.store_order_id, made.number, made.total)
    assert shop.state(made) == ("processing" if settings.invoice else "new")


async def test_the_module_reserves_stock_and_a_direct_import_does_not() -> None:
    for settings, left in ((Settings(), 115), (DIRECT, 120)):
        shop = FakeShop()
        made = await shop.adapter(settings).create_order(an_order(a_line(KANNE, 5)), a_buyer())
        answer = await shop.adapter(settings)._rest.get(f"/V1/inventory/get-product-salable-quantity/{KANNE}/1")
        assert answer == left
        assert any("reserved no stock" in note for note in made.notes) is (settings is DIRECT)


@pytest.mark.parametrize("settings", [Settings(), DIRECT], ids=["module", "direct"])
@pytest.mark.parametrize("fault", ["after_success", "truncate"])
async def test_a_lost_answer_after_creation_is_found_again(settings: Settings, fault: str) -> None:
    shop = FakeShop()
    placed = an_order(a_line(KANNE))
    method, path = ("PUT", "*/V1/orders/create") if settings is DIRECT else ("POST", "*/idealo-connector/orders")
    shop.world.faults.add(method=method, path=path, kind=fault)
    with pytest.raises(Retryable):
        await shop.adapter(settings).create_order(placed, a_buyer())
    found = await shop.adapter(settings).find_order(placed.purchase.idealo_order_id, PLACED)
    assert found is not None
    assert (found.total, found.contradictions) == (placed.purchase.total, ())
    assert len(shop.store.orders(None, None)) == 1
    assert bool(found.notes) is (settings is DIRECT)


async def test_the_modules_import_twice_makes_no_twin() -> None:
    shop = FakeShop()
    placed = an_order(a_line(KANNE))
    first = await shop.adapter().create_order(placed, a_buyer())
    assert (await shop.adapter().create_order(placed, a_buyer())).store_order_id == first.store_order_id
    assert len(shop.store.orders(None, None)) == 1


async def test_find_is_exact_among_many_orders() -> None:
    shop = FakeShop()
    adapter = shop.adapter(UNBILLED)
    for name in ("AB1", "ab1", "AB10", "AB1 "):
        await adapter.create_order(an_order(a_line("100008"), idealo_order_id=name), a_buyer())
    for wanted in ("AB1", "ab1", "AB10"):
        found = await adapter.find_order(wanted, PLACED)
        assert found is not None
        assert found.idealo_order_id == wanted
    assert await adapter.find_order("AB", PLACED) is None
    assert await adapter.find_order("aB1", PLACED) is None


async def test_unknown_skus_are_all_named_before_anything_is_created() -> None:
    shop = FakeShop()
    with pytest.raises(Permanent) as caught:
        await shop.adapter().create_order(an_order(a_line("NO-1"), a_line(KANNE), a_line("NO,2")), a_buyer())
    assert caught.value.problem is Problem.UNKNOWN_SKU
    assert "NO-1" in str(caught.value)
    assert "NO,2" in str(caught.value)
    assert shop.store.orders(None, None) == []


async def test_an_alias_names_the_shops_product_and_the_line_keeps_idealos() -> None:
    shop = FakeShop()
    made = await shop.adapter().create_order(an_order(a_line("X-1"), aliases={"X-1": KANNE}), a_buyer())
    assert [(x.sku, x.idealo_sku) for x in made.lines] == [(KANNE, "X-1")]


async def test_too_little_stock_is_told_and_imported() -> None:
    shop = FakeShop()
    for settings in (Settings(), DIRECT):
        placed = an_order(a_line(KANNE, 500), idealo_order_id=settings.import_route)
        made = await shop.adapter(settings).create_order(placed, a_buyer())
        assert [x.quantity for x in made.lines] == [500]
        assert any("500 sold" in note for note in made.notes)


async def test_too_little_stock_is_told_by_a_shop_without_sources_too() -> None:
    shop = FakeShop(msi=False)
    made = await shop.adapter(DIRECT).create_order(an_order(a_line(KANNE, 500)), a_buyer())
    assert any("500 sold, 120 in stock" in note for note in made.notes)


async def test_emoji_and_odd_characters_reach_no_question_marks() -> None:
    shop = FakeShop()
    address = an_address(first_name="Jörg 🎁", last_name="Müller|Lüdenscheidt", line2="c/o \U0001d406roß")
    made = await shop.adapter().create_order(an_order(a_line(KANNE)), a_buyer(billing=address, shipping=address))
    assert made.contradictions == ()
    kept = await shop.adapter()._rest.get(f"/V1/orders/{made.store_order_id}")
    assert (kept["billing_address"]["firstname"], kept["billing_address"]["lastname"]) == (
        "Jörg",
        "Müller Lüdenscheidt",
    )
    assert kept["billing_address"]["street"] == ["Lindenstraße 14a", "c/o Groß"]
    comment = kept["status_histories"][-1]["comment"]
    assert "??" not in comment
    assert "Müller|Lüdenscheidt" in comment
    assert any("adapted" in note for note in made.notes)


async def test_no_mail_is_asked_for_and_the_comment_is_for_staff() -> None:
    shop = FakeShop()
    made = await shop.adapter().create_order(an_order(a_line(KANNE), voucher="SPAR5"), a_buyer())
    kept = await shop.adapter()._rest.get(f"/V1/orders/{made.store_order_id}")
    ours = kept["status_histories"][-1]
    assert (ours["is_customer_notified"], ours["is_visible_on_front"]) == (0, 0)
    assert "Gutschein: SPAR5" in ours["comment"]
    assert not kept.get("email_sent")


@pytest.mark.parametrize("difference", ["0.03", "-0.03", "-6.00", "2.50"])
async def test_a_total_that_is_not_the_sum_of_its_parts_is_kept_all_the_same(difference: str) -> None:
    shop = FakeShop()
    lines = (a_line(KANNE, 3, "18.49"), a_line(KAFFEE, 2, "5.99"))
    placed = with_difference(an_order(*lines), difference)
    total = placed.purchase.total
    made = await shop.adapter().create_order(placed, a_buyer())
    assert (made.total, made.contradictions) == (total, ())


async def test_rates_and_options_are_booked() -> None:
    shop = FakeShop()
    rates = [TaxRate(rate=Decimal(7), sku_pattern=KAFFEE)]
    options = (DeliveryOption(kind="TWO_MAN_DELIVERY", price=Decimal("3.00")),)
    placed = an_order(a_line(KANNE, 1, "50.00"), a_line(KAFFEE, 1, "50.00"), rates=rates, delivery_options=options)
    made = await shop.adapter().create_order(placed, a_buyer())
    kept = await shop.adapter()._rest.get(f"/V1/orders/{made.store_order_id}")
    assert [item["tax_percent"] for item in kept["items"]] == [19, 7]
    assert [Decimal(str(item["tax_amount"])) for item in kept["items"]] == [Decimal("7.98"), Decimal("3.27")]
    assert "Lieferung an den Verwendungsort" in kept["shipping_description"]
    parts = [kept[name] for name in ("subtotal", "shipping_amount", "tax_amount")]
    assert sum((Decimal(str(part)) for part in parts), Decimal(0)) == made.total
