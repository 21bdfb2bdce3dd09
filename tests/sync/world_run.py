"""One seeded run: merchants, buyers, webhooks, faults and kills in random order, then calm, then the check."""

import random
from collections.abc import Awaitable, Callable

from app.config import Settings
from app.sync.reconcile import sweep
from tests.clock import Clock
from tests.sync.agreement import disagreements
from tests.sync.grim import Grim, Killed
from tests.town import Town

STEPS = 16
SKUS = ("100000", "100001", "100002", "100005", "SHIRT-100-BL-M", "KB/2-45")
SCENARIOS = ("S1", "S2", "S3", "S5", "S6", "S9", "S11", "S16", "S17")
FAULTS = ("status", "timeout", "reset", "truncate", "after_success", "html_502", "rate_limit")
WRITES = (
    ("{kind}", "POST", None),
    ("{kind}", "PUT", None),
    ("idealo", "POST", "*/merchant-order-number"),
    ("idealo", "POST", "*/fulfillment"),
    ("idealo", "POST", "*/revocations"),
    ("idealo", "POST", "*/refunds"),
)
CALM = (3, 70, 400, 800, 800)
"""Minutes between rounds at the end: every retry has had its turn after them."""


async def run(seed: int, settings: Settings, kind: str = "woocommerce", steps: int = STEPS) -> list[str]:
    """What is wrong after a run with this seed; empty when all is well."""
    grim = Grim()
    town = await Town.build(settings, Clock(), kind=kind, seed=seed, grim=grim)
    chance = random.Random(seed)
    try:
        for _ in range(steps):
            await _living(town, grim, chance)
        return await _calm(town, grim)
    finally:
        await town.aclose()


async def _living(town: Town, grim: Grim, chance: random.Random) -> None:
    action = chance.choices(list(_ACTIONS), weights=[w for _, w in _ACTIONS.values()])[0]
    await _ACTIONS[action][0](town, chance)
    town.clock.pass_time(seconds=chance.choice((1, 5, 30, 200, 900)))
    if chance.random() < 0.35:
        grim.strike_after(chance.randint(1, 25))
    await _working(town, grim, chance)


async def _working(town: Town, grim: Grim, chance: random.Random) -> None:
    try:
        if chance.random() < 0.7:
            await town.deliver()
        if chance.random() < 0.1:
            town.queue.lose()
        if chance.random() < 0.5:
            await town.poll()
        if chance.random() < 0.3:
            await sweep(town.bridge.deps)
        await town.work()
    except Killed:
        grim.revive()
        if chance.random() < 0.5:
            town.queue.lose()


async def _calm(town: Town, grim: Grim) -> list[str]:
    """The last fault is over; after that everything must come to rest by itself."""
    grim.revive()
    await town.control("DELETE", "/faults")
    await town.control("POST", f"/stores/{town.kind}/webhooks", mode="deliver")
    for minutes in CALM:
        town.clock.pass_time(minutes=minutes)
        await town.poll()
        await sweep(town.bridge.deps)
        await town.settle()
    return await disagreements(town)


async def _place(town: Town, chance: random.Random) -> None:
    if chance.random() < 0.4:
        await town.place(scenario=chance.choice(SCENARIOS), count=1, seed=chance.randrange(10**6))
        return
    skus = chance.sample(SKUS, chance.randint(1, 3))
    lines = [{"sku": sku, "quantity": chance.randint(1, 4)} for sku in skus]
    await town.place(lines=lines, seed=chance.randrange(10**6))


async def _merchant(town: Town, chance: random.Random) -> None:
    orders = [o for i in town.placed for o in await town.in_store_all(i)]
    if not orders:
        return
    order = chance.choice(orders)
    action, body = _merchant_action(order, chance)
    path = f"/_sandbox/stores/{town.kind}/orders/{order['store_order_id']}/{action}"
    # A merchant may try what the shop refuses; that is the shop's answer to him, not ours.
    answer = await town.raw("POST", path, body)
    assert answer.status_code in {200, 409, 422}, answer.text


def _merchant_action(order: dict[str, object], chance: random.Random) -> tuple[str, dict[str, object]]:
    lines = order["lines"]
    assert isinstance(lines, list)
    line = chance.choice(lines)
    some = [{"sku": line["sku"], "quantity": chance.randint(1, line["quantity"])}]
    code = f"0034043416109{chance.randrange(10**7):07d}"
    parcel = {"carrier": chance.choice(("DHL", "DPD", "GLS")), "tracking_code": code}
    actions: dict[str, tuple[str, dict[str, object]]] = {
        "ship": ("ship", {"parcels": [parcel] if chance.random() < 0.8 else []}),
        "ship part": ("ship", {"lines": some, "parcels": [parcel]}),
        "track": ("track", dict(parcel)),
        "cancel": ("cancel", {}),
        "cancel part": ("cancel", {"lines": some}),
        "return": ("return", {"lines": some}),
        "refund": ("refund", {"amount": chance.choice(("1.00", "2.50"))}),
        "refund lines": ("refund", {"lines": some}),
    }
    # Money is where doubling hurts most: small equal amounts come up often.
    return actions[chance.choice([*actions, "refund", "refund", "ship"])]


async def _buyer(town: Town, chance: random.Random) -> None:
    if not town.placed:
        return
    order = chance.choice(town.placed)
    if (await town.at_idealo(order))["status"] in {"PROCESSING", "PARTIALLY_REVOKED"}:
        await town.raw("POST", f"/_sandbox/idealo/orders/{order}/buyer-cancels", {})


async def _weather(town: Town, chance: random.Random) -> None:
    mode = chance.choice(("deliver", "drop", "repeat", "delay", "reorder"))
    await town.control(
        "POST", f"/stores/{town.kind}/webhooks", mode=mode, share=chance.choice((0.5, 1.0)), seed=chance.randrange(999)
    )


async def _lost_answer(town: Town, chance: random.Random) -> None:
    """The next write somewhere takes effect, and nobody hears of it."""
    side, method, path = chance.choice(WRITES)
    kind = chance.choice(("after_success", "after_success", "truncate", "timeout"))
    await town.fault(side.format(kind=town.kind), kind, method=method, path=path, times=chance.randint(1, 2))


async def _fault(town: Town, chance: random.Random) -> None:
    await town.fault(
        chance.choice(("idealo", town.kind)),
        chance.choice(FAULTS),
        method=chance.choice(("GET", "POST", "PUT", None)),
        times=chance.randint(1, 4),
        after=chance.randint(0, 5),
        status=chance.choice((500, 503)),
    )


_Act = Callable[[Town, random.Random], Awaitable[None]]
_ACTIONS: dict[str, tuple[_Act, int]] = {
    "place": (_place, 4),
    "merchant": (_merchant, 8),
    "buyer": (_buyer, 1),
    "weather": (_weather, 2),
    "lost answer": (_lost_answer, 5),
    "fault": (_fault, 3),
}
