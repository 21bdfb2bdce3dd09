"""Runs the stories side by side and prints each order's timeline while it grows."""

import asyncio
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from app.api.auth import issue_token
from app.config import Settings
from app.demo.hands import Hands
from app.demo.stories import STORIES, Step, Story
from app.domain.errors import Permanent, Retryable
from app.wire.http import open_http

PATIENCE_S = 30
LOOK_EVERY_S = 0.15
Say = Callable[[str], None]


async def show(settings: Settings, api_url: str, sandbox_url: str, kind: str, say: Say) -> bool:
    """Connects the sandbox's store if there is none and runs the stories; False when one did not come to its end.

    With a store connected already it only says what the ledger holds: yesterday's data stays as it is.
    """
    token = issue_token(settings, ["read", "operate", "configure"], timedelta(minutes=15), "demo")
    http = open_http("demo", _unobserved, allow_private=True)
    hands = Hands(http, api_url, sandbox_url, token, kind)
    try:
        stores = (await hands.admin("GET", "/stores"))["items"]
        if stores:
            await _say_what_is_there(hands, stores, say)
            return True
        return await _all_stories(hands, say)
    except (Retryable, Permanent) as e:
        say(f"The stories broke off: {e}")
        return False
    finally:
        await http.aclose()


def _unobserved(side: str, method: str, outcome: str, seconds: float) -> None:
    """The demonstration's own calls are not counted."""


async def _say_what_is_there(hands: Hands, stores: list[dict[str, Any]], say: Say) -> None:
    orders = (await hands.admin("GET", "/orders?limit=200"))["items"]
    counts: dict[str, int] = {}
    for order in orders:
        counts[order["state"]] = counts.get(order["state"], 0) + 1
    states = ", ".join(f"{count} {state}" for state, count in sorted(counts.items())) or "none yet"
    say(f"{len(stores)} store(s) connected, orders: {states}")


async def _all_stories(hands: Hands, say: Say) -> bool:
    store_id = await hands.connect()
    say(f"Connected the sandbox's {hands.kind} store; placing {len(STORIES)} orders at the sandbox's idealo")
    placed = [await hands.place([{"sku": sku, "quantity": n} for sku, n in story.lines]) for story in STORIES]
    await hands.admin("POST", f"/stores/{store_id}/poll")
    tellers = [
        _Teller(hands, number, story, order_id, store_id, say)
        for number, (story, order_id) in enumerate(zip(STORIES, placed, strict=True), 1)
    ]
    ended = await asyncio.gather(*(teller.tell() for teller in tellers))
    say(f"{sum(ended)} of {len(ended)} stories came to their end")
    return all(ended)


class _Teller:
    """Lives through one story and prints what the ledger writes about it."""

    def __init__(self, hands: Hands, number: int, story: Story, order_id: str, store_id: str, say: Say) -> None:
        self._hands = hands
        self._name = f"{number} {story.title}"
        self._story = story
        self._order_id = order_id
        self._store_id = store_id
        self._say = say
        self._said: set[tuple[int, int]] = set()

    async def tell(self) -> bool:
        """True when every step led to a settled event in time."""
        if not await self._until("order.imported"):
            return False
        for step in self._story.steps:
            await self._act(step)
            if not await self._until(step.until):
                return False
        return True

    async def _act(self, step: Step) -> None:
        self._say(f"  [{self._name}] {step.actor}: {step.action}")
        if step.actor == "merchant":
            await self._hands.merchant(step.action, self._order_id, step.body)
            return
        await self._hands.sandbox("POST", f"/idealo/orders/{self._order_id}/{step.action}", step.body or {})
        await self._hands.admin("POST", f"/stores/{self._store_id}/poll")

    async def _until(self, event_type: str) -> bool:
        end = time.monotonic() + PATIENCE_S
        while time.monotonic() < end:
            order = await self._hands.order(self._order_id)
            if order is not None:
                self._print_new(order)
                if any(e["type"] == event_type and e["state"] in {"done", "skipped"} for e in order["timeline"]):
                    return True
            await asyncio.sleep(LOOK_EVERY_S)
        self._say(f"  [{self._name}] no settled {event_type} within {PATIENCE_S} s; see the console")
        return False

    def _print_new(self, order: dict[str, Any]) -> None:
        for event in order["timeline"]:
            for attempt in event["attempts"]:
                if (event["id"], attempt["number"]) not in self._said:
                    self._said.add((event["id"], attempt["number"]))
                    action = (attempt["action"] or {}).get("name", "nothing to send")
                    what = f"{event['type']} {event['key']}"
                    told = f"{action}: {attempt['outcome']} ({attempt['detail']}, {attempt['duration_ms']} ms)"
                    self._say(f"  [{self._name}] {order['idealo_order_id']}  {what}  ->  {told}")
