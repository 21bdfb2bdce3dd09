"""A shop sends several webhooks about one change: one look serves those that came in before it began."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from app.domain.errors import Retryable
from app.sync.observe import look_at_delivery
from tests.sync.agreement import disagreements
from tests.town import Town


class SlowShop:
    """The adapter's reads of an order, counted, each as slow as a shop's."""

    def __init__(self, town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
        adapter = town.bridge.sides.adapter(town.store)
        self._fetch = adapter.fetch_order
        self.reads = 0
        self.trouble: str | None = None
        self.meanwhile: list[Callable[[], Awaitable[object]]] = []
        """Done once the shop has answered and before the answer is here."""
        monkeypatch.setattr(adapter, "fetch_order", self)

    async def __call__(self, order_id: str) -> Any:
        self.reads += 1
        read = await self._fetch(order_id)
        await asyncio.sleep(0.02)
        while self.meanwhile:
            await self.meanwhile.pop()()
        if self.trouble:
            raise Retryable(self.trouble)
        return read


async def rung(town: Town) -> list[int]:
    """The deliveries about an order that came in since."""
    await town.deliver()
    rings = [int(of) for job, of in town.queue.rings if job == "look"]
    town.queue.lose()
    async with town.bridge.deps.ledger() as ledger:
        found = [await ledger.delivery(one) for one in rings]
    return [one for one, row in zip(rings, found, strict=True) if row and row.store_order_id]


async def changed_thrice(town: Town) -> tuple[str, list[int]]:
    [order] = await town.place(lines=[{"sku": "100000", "quantity": 3}])
    await town.import_new()
    await town.merchant("cancel", order, lines=[{"sku": "100000", "quantity": 1}])
    deliveries = await rung(town)
    await town.merchant("ship", order, parcels=[{"carrier": "DHL", "tracking_code": "00340434161094042557"}])
    deliveries += await rung(town)
    await town.merchant("refund", order, amount="2.00")
    deliveries += await rung(town)
    assert len(deliveries) >= 3
    return order, deliveries


async def look_at_all(town: Town, deliveries: list[int]) -> list[BaseException | None]:
    looks = (look_at_delivery(town.bridge.deps, one) for one in deliveries)
    return await asyncio.gather(*looks, return_exceptions=True)


async def test_webhooks_that_come_in_together_take_one_look(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    _, deliveries = await changed_thrice(town)
    shop = SlowShop(town, monkeypatch)
    assert await look_at_all(town, deliveries) == [None] * len(deliveries)
    assert shop.reads == 1
    await town.settle()
    assert await disagreements(town) == []
    assert shop.reads == 1, "every delivery counts as looked at"


async def test_a_change_during_a_look_takes_another(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    order, [first, *_] = await changed_thrice(town)
    shop = SlowShop(town, monkeypatch)
    late: list[asyncio.Task[None]] = []

    async def one_more() -> None:
        await town.merchant("refund", order, amount="1.00")
        late.extend(asyncio.create_task(look_at_delivery(town.bridge.deps, one)) for one in await rung(town))

    shop.meanwhile.append(one_more)
    await look_at_delivery(town.bridge.deps, first)
    await asyncio.gather(*late)
    assert (len(late) > 0, shop.reads) == (True, 2)
    await town.settle()
    assert await disagreements(town) == []


async def test_looks_at_a_shop_in_trouble_do_not_wait_for_each_other(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, deliveries = await changed_thrice(town)
    shop = SlowShop(town, monkeypatch)
    shop.trouble = "no answer in time"
    ends = await look_at_all(town, deliveries)
    assert [str(end) for end in ends] == ["no answer in time"] * len(deliveries)
    assert shop.reads == 1
    shop.trouble = None
    assert await look_at_all(town, deliveries) == [None] * len(deliveries)
    assert shop.reads == 2, "nothing was marked as looked at before, and everything is now"
    await town.settle()
    assert await disagreements(town) == []
