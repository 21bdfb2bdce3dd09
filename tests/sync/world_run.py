"""One seeded run: merchants, buyers, webhooks, faults and kills in random order, then calm, then the check."""

import random
from collections.abc import Awaitable, Callable, Sequence

from app.config import Settings
from app.sync.reconcile import sweep
from tests.clock import Clock
from tests.sync import choices
from tests.sync.agreement import disagreements
from tests.sync.grim import Grim, Killed
from tests.sync.reconciled import left_over
from tests.town import SHOP_ID, Town

STEPS = 16
CALM = (3, 70, 400, 800, 800)
"""Minutes between rounds at the end: every retry has had its turn after them."""


async def run(seed: int, settings: Settings, kinds: Sequence[str], steps: int = STEPS) -> list[str]:
    """What is wrong after a run with this seed over stores of these kinds in one town; empty when all is well."""
    grim = Grim()
    first = await Town.build(settings, Clock(), kind=kinds[0], seed=seed, grim=grim)
    chance = random.Random(seed)
    try:
        towns = [first]
        for number, kind in enumerate(kinds[1:], start=1):
            towns.append(await first.beside(kind, SHOP_ID + number))
        if "shopify" in kinds and seed % 5 == 0:
            await first.raw("PUT", "/stores/shopify/_options", {"job_seconds": 0.5})
        for _ in range(steps):
            await _living(towns, grim, chance)
        return await _calm(towns, grim)
    finally:
        await first.aclose()


async def _living(towns: Sequence[Town], grim: Grim, chance: random.Random) -> None:
    """Something happens around one of the stores; all of them are worked on by the same process."""
    action = chance.choices(list(_ACTIONS), weights=[w for _, w in _ACTIONS.values()])[0]
    town = chance.choice(towns)
    await _ACTIONS[action][0](town, chance)
    town.clock.pass_time(seconds=chance.choice((1, 5, 30, 200, 900)))
    if chance.random() < 0.35:
        grim.strike_after(chance.randint(1, 25))
    await _working(towns, grim, chance)


async def _working(towns: Sequence[Town], grim: Grim, chance: random.Random) -> None:
    first = towns[0]
    try:
        if chance.random() < 0.7:
            await first.deliver()
        if chance.random() < 0.1:
            first.queue.lose()
        for town in towns:
            if chance.random() < 0.5:
                await town.poll()
        if chance.random() < 0.3:
            await sweep(first.bridge.deps)
        await first.work()
    except Killed:
        grim.revive()
        if chance.random() < 0.5:
            first.queue.lose()


async def _calm(towns: Sequence[Town], grim: Grim) -> list[str]:
    """The last fault is over; after that everything must come to rest by itself."""
    grim.revive()
    first = towns[0]
    await first.control("DELETE", "/faults")
    for town in towns:
        await town.control("POST", f"/stores/{town.kind}/webhooks", mode="deliver")
    for minutes in CALM:
        first.clock.pass_time(minutes=minutes)
        for town in towns:
            await town.poll()
        await sweep(first.bridge.deps)
        await first.settle()
    return [f"{town.kind}: {text}" for town in towns for text in [*await disagreements(town), *await left_over(town)]]


async def _place(town: Town, chance: random.Random) -> None:
    await town.place(**choices.placement(chance))


async def _merchant(town: Town, chance: random.Random) -> None:
    orders = [o for i in town.placed for o in await town.in_store_all(i)]
    if not orders:
        return
    order = chance.choice(orders)
    action, body = choices.merchant_action(order, chance)
    path = f"/_sandbox/stores/{town.kind}/orders/{order['store_order_id']}/{action}"
    # A merchant may try what the shop refuses; that is the shop's answer to him, not ours.
    answer = await town.raw("POST", path, body)
    assert answer.status_code in {200, 409, 422}, answer.text


async def _buyer(town: Town, chance: random.Random) -> None:
    if not town.placed:
        return
    order = chance.choice(town.placed)
    if (await town.at_idealo(order))["status"] in choices.CANCELLABLE:
        await town.raw("POST", f"/_sandbox/idealo/orders/{order}/buyer-cancels", {})


async def _weather(town: Town, chance: random.Random) -> None:
    await town.control("POST", f"/stores/{town.kind}/webhooks", **choices.weather(chance))


async def _lost_answer(town: Town, chance: random.Random) -> None:
    await town.control("POST", "/faults", **choices.lost_answer(town.kind, chance))


async def _fault(town: Town, chance: random.Random) -> None:
    await town.control("POST", "/faults", **choices.fault(town.kind, chance))


_Act = Callable[[Town, random.Random], Awaitable[None]]
_ACTIONS: dict[str, tuple[_Act, int]] = {
    "place": (_place, 4),
    "merchant": (_merchant, 8),
    "buyer": (_buyer, 1),
    "weather": (_weather, 2),
    "lost answer": (_lost_answer, 5),
    "fault": (_fault, 3),
}
