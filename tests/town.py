"""A whole town for stories: sandbox idealo and shops, a bridge between them, one clock, everything in this process."""

import dataclasses
from dataclasses import dataclass, field
from typing import Any

import httpx

from app.bootstrap import Bridge
from app.config import Settings
from app.ledger.records import AttemptRecord, EventRecord, OrderRecord, StoreRecord
from app.main import create_app
from app.sync.connect import NewStore, connect
from app.sync.keys import IdealoKeys, StoreKeys
from app.sync.reconcile import PollFailed, look_after_webhooks, poll_idealo, poll_store, sweep
from sandbox.inprocess import SandboxTransport
from sandbox.world import World
from tests.clock import Clock
from tests.fakes.queue import MemoryQueue
from tests.sync.grim import Grim, GrimTransport
from workers.rounds import webhook_url

SHOP_ID = 318204
"""The idealo shop of a town's first store; stores that are connected beside it take the numbers after it."""
IDEALO_URL = "http://sandbox.test"
JOBS_AT_ONCE = {"shopify": {"job_seconds": 0}}
"""The bridge waits real seconds for a job while this clock stands still: tests/stores and some random lives let it."""
WEBHOOK_SECRET = "aWebhookSecretOfForty8LettersAndDigits0123456789"


@dataclass
class Town:
    """Moves the world by hand: `settle` lets webhooks travel and the bridge work until nothing moves any more."""

    clock: Clock
    world: World
    bridge: Bridge
    queue: MemoryQueue
    store: StoreRecord
    kind: str
    _control: httpx.AsyncClient
    _webhooks: httpx.AsyncClient
    shop_id: int = SHOP_ID
    placed: list[str] = field(default_factory=list)

    @classmethod
    async def build(
        cls,
        settings: Settings,
        clock: Clock,
        *,
        kind: str = "woocommerce",
        seed: int = 1,
        grim: Grim | None = None,
        **store_settings: Any,
    ) -> "Town":
        world = World(seed=seed, clock=clock)
        transport = SandboxTransport(world)
        queue = MemoryQueue()
        grim = grim or Grim()
        bridge = Bridge(settings, queue=queue, now=clock, transport=GrimTransport(transport, grim))
        deps = bridge.deps
        ledger, statements = grim.ledger(deps.ledger), grim.ledger(deps.statements)
        bridge.deps = dataclasses.replace(deps, ledger=ledger, statements=statements)
        control = httpx.AsyncClient(transport=transport, base_url=IDEALO_URL)
        webhooks = httpx.AsyncClient(transport=httpx.ASGITransport(create_app(bridge)), base_url="http://bridge.test")
        store = await _open_shop(bridge, world, control, kind, SHOP_ID, store_settings)
        town = cls(clock, world, bridge, queue, store, kind, control, webhooks)
        await town._begin()
        return town

    async def beside(self, kind: str, shop_id: int) -> "Town":
        """Another store in the same world and at the same bridge, with a shop of its own at idealo."""
        store = await _open_shop(self.bridge, self.world, self._control, kind, shop_id, {})
        town = dataclasses.replace(self, store=store, kind=kind, shop_id=shop_id, placed=[])
        await town._begin()
        return town

    async def connected_anew(self) -> "Town":
        """The store is archived and connected again at once."""
        async with self.bridge.deps.ledger() as ledger:
            await ledger.change_store(self.store.id, archived_at=self.clock())
        return await self.beside(self.kind, self.shop_id)

    async def _begin(self) -> None:
        self.world.outbox.clear()
        self.clock.pass_time(seconds=5)
        await look_after_webhooks(self.bridge.deps, self.store.id, webhook_url(self.bridge.settings, self.store))
        await self.settle()

    async def aclose(self) -> None:
        await self._control.aclose()
        await self._webhooks.aclose()
        await self.bridge.aclose()

    # -- the hands of idealo, buyers and merchants ------------------------------------------------------------------

    async def control(self, method: str, path: str, /, **body: Any) -> Any:
        """One call under /_sandbox; raises on a refusal, with its text."""
        answer = await self._control.request(method, f"/_sandbox{path}", json=body or None)
        if answer.is_error:
            msg = f"{method} {path}: {answer.status_code} {answer.text}"
            raise AssertionError(msg)
        return answer.json()

    async def raw(self, method: str, path: str, body: dict[str, Any]) -> httpx.Response:
        """One call whose refusal is an answer like any other."""
        return await self._control.request(method, path, json=body)

    async def place(self, **what: Any) -> list[str]:
        """Places orders at idealo; answers their ids."""
        ids: list[str] = (await self.control("POST", "/idealo/orders", shop_id=self.shop_id, **what))["ids"]
        self.placed += ids
        return ids

    async def merchant(self, action: str, idealo_order_id: str, /, **body: Any) -> Any:
        """ship, track, cancel, return or refund, as the merchant."""
        order = await self.in_store(idealo_order_id)
        return await self.control("POST", f"/stores/{self.kind}/orders/{order['store_order_id']}/{action}", **body)

    async def in_store_all(self, idealo_order_id: str) -> list[dict[str, Any]]:
        found = await self.control("GET", f"/stores/{self.kind}/orders?idealo_order_id={idealo_order_id}")
        orders: list[dict[str, Any]] = found["orders"]
        return orders

    async def in_store(self, idealo_order_id: str) -> dict[str, Any]:
        """The one order the store holds for this idealo order, in neutral words."""
        orders = await self.in_store_all(idealo_order_id)
        assert len(orders) == 1, f"the store holds {len(orders)} orders for {idealo_order_id}"
        return orders[0]

    async def at_idealo(self, idealo_order_id: str) -> dict[str, Any]:
        order: dict[str, Any] = await self.control("GET", f"/idealo/orders/{idealo_order_id}")
        return order

    async def fault(self, side: str, kind: str, **more: Any) -> None:
        await self.control("POST", "/faults", side=side, kind=kind, **more)

    # -- the bridge at work -----------------------------------------------------------------------------------------

    async def work(self) -> int:
        """Drains the bell."""
        return await self.queue.drain(self.bridge.deps)

    async def deliver(self) -> int:
        """Lets the shops' webhooks travel to the bridge's real endpoint."""
        return await self.world.outbox.deliver(self._webhooks)

    async def poll(self) -> None:
        """Polls both sides; a poll that breaks off is part of life."""
        for read in (poll_idealo, poll_store):
            try:
                await read(self.bridge.deps, self.store.id)
            except PollFailed:
                continue

    async def settle(self) -> None:
        """Webhooks travel, the bridge works, until nothing moves."""
        for _ in range(200):
            if not (await self.deliver() + await self.work()):
                return
        msg = "the town does not come to rest"
        raise AssertionError(msg)

    async def import_new(self) -> None:
        """A poll and everything that follows."""
        await self.poll()
        await self.settle()

    async def hours(self, how_many: float = 30, step_minutes: float = 30) -> None:
        """Time passes with polls and sweeps, so that every retry has its turn."""
        for _ in range(int(how_many * 60 / step_minutes)):
            self.clock.pass_time(minutes=step_minutes)
            await self.poll()
            await sweep(self.bridge.deps)
            await self.settle()

    # -- what the ledger says ---------------------------------------------------------------------------------------

    async def order(self, idealo_order_id: str) -> OrderRecord:
        async with self.bridge.deps.statements() as ledger:
            order = await ledger.known_order(self.store.id, idealo_order_id)
        assert order is not None, f"the ledger does not know {idealo_order_id}"
        return order

    async def events(self, idealo_order_id: str) -> list[EventRecord]:
        order = await self.order(idealo_order_id)
        async with self.bridge.deps.ledger() as ledger:
            return await ledger.history(order.id)

    async def attempts(self, idealo_order_id: str) -> list[AttemptRecord]:
        async with self.bridge.deps.ledger() as ledger:
            return await ledger.attempts((await self.order(idealo_order_id)).id)

    async def story(self, idealo_order_id: str) -> list[str]:
        """`type key state [problem]` per event, oldest first: what a test compares."""
        return [
            f"{r.event.type} {r.event.key} {r.state}" + (f" {r.problem}" if r.problem else "")
            for r in await self.events(idealo_order_id)
        ]


async def _open_shop(
    bridge: Bridge,
    world: World,
    control: httpx.AsyncClient,
    kind: str,
    shop_id: int,
    store_settings: dict[str, Any],
) -> StoreRecord:
    shop = {"shop_id": shop_id, "client_id": f"client-{shop_id}", "client_secret": "secret"}
    (await control.post("/_sandbox/idealo/shops", json=shop)).raise_for_status()
    credentials = {**world.stores[kind].credentials(), "base_url": f"{IDEALO_URL}/stores/{kind}"}
    if options := JOBS_AT_ONCE.get(kind):
        (await control.put(f"/stores/{kind}/_options", json=options)).raise_for_status()
    keys = StoreKeys(
        credentials=credentials,
        idealo=IdealoKeys(client_id=f"client-{shop_id}", client_secret="secret", base_url=IDEALO_URL),
        webhook_secrets=(WEBHOOK_SECRET,),
    )
    new = NewStore(kind=kind, name="Town shop", keys=keys, settings=store_settings)
    return await connect(bridge.deps, new, check=True)
