"""Merchants and buyers at work while everything breaks: seeded, through the controls of the sandbox."""

import asyncio
import random
from collections import Counter
from typing import Any

import httpx

from tests.faults.operator import KINDS, shop_of
from tests.sync import choices

REFUSALS = {200, 201, 409, 422}
"""What a control may answer: a merchant may try what the shop refuses."""
HELD_S = (1, 3, 8)
"""How long a call without an answer is held; the bridge's own patience is 30 s."""


class Load:
    """`run` until cancelled. What went wrong with the load itself stands in `trouble`."""

    def __init__(self, sandbox_url: str, seed: int, *, pause_s: float, troubles: bool = True) -> None:
        self._client = httpx.AsyncClient(base_url=sandbox_url, timeout=20, trust_env=False)
        self._chance = random.Random(seed)
        self._pause_s = pause_s
        self._actions = dict(_ACTIONS) if troubles else {a: w for a, w in _ACTIONS.items() if a not in _TROUBLES}
        self.done: Counter[str] = Counter()
        self.trouble: list[str] = []

    async def run(self) -> None:
        """One action after the other; while the sandbox is away nothing happens in the town."""
        while True:
            action = self._chance.choices(list(self._actions), list(self._actions.values()))[0]
            try:
                await self._act(action, self._chance.choice(KINDS))
            except httpx.HTTPError:
                self.done["nobody answered"] += 1
            await asyncio.sleep(self._pause_s * self._chance.uniform(0.3, 1.7))

    async def aclose(self) -> None:
        await self._client.aclose()

    async def _act(self, action: str, kind: str) -> None:
        match action:
            case "place":
                await self._post(
                    action, "/idealo/orders", {"shop_id": shop_of(kind), **choices.placement(self._chance)}
                )
            case "merchant":
                await self._merchant(kind)
            case "buyer":
                await self._buyer(kind)
            case "weather":
                await self._post(action, f"/stores/{kind}/webhooks", choices.weather(self._chance))
            case _:
                draw = choices.lost_answer if action == "lost answer" else choices.fault
                body = draw(kind, self._chance) | {"seconds": self._chance.choice(HELD_S)}
                await self._post(action, "/faults", body)

    async def _merchant(self, kind: str) -> None:
        orders = (await self._get(f"/stores/{kind}/orders")).get("orders")
        if orders:
            order = self._chance.choice(orders)
            action, body = choices.merchant_action(order, self._chance)
            await self._post(action, f"/stores/{kind}/orders/{order['store_order_id']}/{action}", body)

    async def _buyer(self, kind: str) -> None:
        orders = (await self._get(f"/idealo/orders?shop_id={shop_of(kind)}")).get("orders")
        open_ones = [o for o in orders or () if o["status"] in choices.CANCELLABLE]
        if open_ones:
            order = self._chance.choice(open_ones)
            await self._post("buyer-cancels", f"/idealo/orders/{order['id']}/buyer-cancels", {})

    async def _get(self, path: str) -> dict[str, Any]:
        answer = await self._client.get(f"/_sandbox{path}")
        found: dict[str, Any] = answer.json() if answer.is_success else {}
        return found

    async def _post(self, what: str, path: str, body: dict[str, Any]) -> None:
        answer = await self._client.post(f"/_sandbox{path}", json=body)
        self.done[what if answer.is_success else f"{what} refused"] += 1
        if answer.status_code not in REFUSALS:
            self.trouble.append(f"POST {path} {body}: {answer.status_code} {answer.text[:300]}")


_TROUBLES = ("weather", "lost answer", "fault")
_ACTIONS = {"place": 4, "merchant": 8, "buyer": 1, "weather": 1, "lost answer": 3, "fault": 2}
