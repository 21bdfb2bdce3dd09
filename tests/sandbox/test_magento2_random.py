"""Whatever a merchant does in the fake Magento, units, money and stock add up."""

import random
from decimal import Decimal

import pytest

from sandbox.stores.port import LineQuantity, NeutralOrder, Parcel, SandboxRefusal
from tests.sandbox.magento2_lab import Lab

STOCK = {"100000": 120, "100001": 35, "100002": 400}
ACTIONS = ("ship", "ship_some", "track", "cancel", "cancel_some", "return", "return_some", "refund", "refund_lines")


def _act(lab: Lab, dice: random.Random, order: NeutralOrder, step: int) -> str:
    shop, number = lab.magento, order.store_order_id
    line = dice.choice(list(order.lines))
    some = [LineQuantity(sku=line.sku, quantity=dice.randint(1, line.quantity))]
    parcel = Parcel(carrier="DHL", tracking_code=f"JJD{step:06d}")
    action = dice.choice(ACTIONS)
    match action:
        case "ship":
            shop.ship(number, None, [parcel])
        case "ship_some":
            shop.ship(number, some, [parcel] * dice.randint(0, 1))
        case "track":
            shop.track(number, parcel)
        case "cancel":
            shop.cancel(number, None, restock=True)
        case "cancel_some":
            shop.cancel(number, some, restock=True)
        case "return":
            shop.return_(number, None)
        case "return_some":
            shop.return_(number, some)
        case "refund":
            shop.refund(number, amount=Decimal(dice.randint(1, 900)) / 100, lines=None, shipping=None)
        case "refund_lines":
            shop.refund(number, amount=None, lines=some, shipping=None)
    return action


@pytest.mark.parametrize("seed", range(25))
async def test_units_money_and_stock_add_up_after_every_action(seed: int) -> None:
    print(f"seed {seed}")
    dice = random.Random(seed)
    lab = Lab()
    lines = [(sku, dice.randint(1, 4)) for sku in dice.sample(sorted(STOCK), dice.randint(1, 3))]
    await lab.imported(lines, invoice=dice.random() < 0.5)
    done = []
    for step in range(12):
        order = lab.magento.orders(None, "1")[0]
        try:
            done.append(_act(lab, dice, order, step))
        except SandboxRefusal:
            continue
        after = lab.magento.orders(None, "1")[0]
        for line in after.lines:
            assert line.shipped + line.cancelled <= line.quantity, (done, line)
            assert 0 <= line.returned <= line.shipped, (done, line)
            gone = line.quantity - line.cancelled - line.returned
            assert await lab.salable(line.sku) == STOCK[line.sku] - gone, (done, line)
        shown = await lab.ok("GET", "/orders/1")
        paid, refunded = Decimal(str(shown.get("total_paid", 0))), Decimal(str(shown.get("total_refunded", 0)))
        assert refunded <= paid <= after.total, done
        assert sum((refund.amount for refund in after.refunds), Decimal(0)) == refunded, done
        assert refunded == sum((Decimal(str(memo)) for memo in await _memos(lab)), Decimal(0)), done
    assert done, "no action was possible at all"


async def _memos(lab: Lab) -> list[float]:
    body = await lab.ok("GET", "/creditmemos", params=[("searchCriteria[pageSize]", "100")])
    return [memo["grand_total"] for memo in body["items"]]
