"""One answer of a shop or of idealo is broken, any of them: nothing but Permanent and Retryable comes out."""

import contextlib
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from itertools import count
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from app.domain.errors import Permanent, Retryable
from app.domain.orders import StoreOrder
from app.idealo import IdealoClient, IdealoCredentials
from app.ports import StoreAdapter
from app.wire.http import Http, open_http
from sandbox.inprocess import SandboxTransport
from sandbox.world import World
from tests.stores.shapes import STRANGE, TORN, as_body, dropped, examples, places, replaced
from tests.stores.shop import ROOT, SINCE, Shop, connected

SHOP_ID = 318204
LOOPS = 150
"""More calls than any use makes: an answer that says there is always another page ends here."""
SETTINGS = settings(
    max_examples=examples(50),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)


@dataclass(frozen=True)
class Damage:
    """What happens to one answer, whatever that answer is; drawn before the call, so that a failure can be repeated."""

    nth: int
    status: int | None
    torn: bytes | None
    cut: float | None
    changes: list[tuple[float, bool, Any]]

    def done_to(self, original: bytes) -> bytes:
        if self.torn is not None:
            return self.torn
        if self.cut is not None:
            return original[: int(self.cut * len(original))]
        try:
            document = json.loads(original, parse_float=Decimal)
        except ValueError:
            return original[1:]
        for where, drop, value in self.changes:
            if at := places(document):
                place = at[int(where * len(at))]
                document = dropped(document, place) if drop else replaced(document, place, value)
        return as_body(document)


_SHARE = st.floats(0, 1, exclude_max=True)
DAMAGES = st.builds(
    Damage,
    nth=st.integers(1, 6),
    status=st.sampled_from([None] * 6 + [200, 301, 400, 404, 422, 429, 500]),
    torn=st.none() | st.none() | st.none() | TORN,
    cut=st.none() | st.none() | st.none() | _SHARE,
    changes=st.lists(st.tuples(_SHARE, st.booleans(), STRANGE), min_size=1, max_size=3),
)


class Breaking(httpx.AsyncBaseTransport):
    """Lets calls through to the sandbox and damages the nth answer on its way back."""

    def __init__(self, inner: httpx.AsyncBaseTransport) -> None:
        self._inner = inner
        self._calls = 0
        self._damage: Damage | None = None

    def arm(self, damage: Damage) -> None:
        self._calls, self._damage = 0, damage

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self._calls += 1
        if self._calls > LOOPS:
            return httpx.Response(500, request=request)
        answer = await self._inner.handle_async_request(request)
        if self._damage is None or self._calls != self._damage.nth:
            return answer
        content = self._damage.done_to(await answer.aread())
        status = self._damage.status or answer.status_code
        return httpx.Response(status, headers={"content-type": "application/json"}, content=content)


@dataclass
class Broken:
    """A shop with an order that was shipped and partly given back, and an adapter that hears it badly."""

    shop: Shop
    transport: Breaking
    adapter: StoreAdapter
    order: StoreOrder
    numbers: "count[int]"

    @property
    def uses(self) -> list[Callable[[], Awaitable[object]]]:
        a, order = self.adapter, self.order
        return [
            lambda: a.fetch_order(order.store_order_id),
            lambda: a.fetch_order(order.store_order_id),  # twice as often as the others
            lambda: a.find_order("00K7MPX24R", SINCE),
            self._changed,
            self._create,
            lambda: a.cancel_order(order.store_order_id),
            lambda: a.ensure_webhooks("https://bridge.example/webhooks/x/y"),
            a.check,
        ]

    async def _changed(self) -> list[str]:
        return [order_id async for order_id in self.adapter.changed_orders(SINCE)]

    async def _create(self) -> StoreOrder:
        name = f"00K7M{next(self.numbers):05}"
        return await self.adapter.create_order(self.shop.draft(name), self.shop.buyer())


def _http(side: str, transport: httpx.AsyncBaseTransport) -> Http:
    return open_http(side, lambda *_: None, allow_private=True, transport=transport)


@pytest.fixture
async def broken(kind: str) -> Broken:
    shop = Shop.open(kind)
    order = await shop.create()
    shop.ship(order, "00340434161094015902")
    shop.take_back(order, order.lines[0].sku or "")
    shop.refund(order, "3.00")
    transport = Breaking(SandboxTransport(shop.world))
    adapter = connected(kind, shop.world, _http(kind, transport))
    return Broken(shop, transport, adapter, order, count(1))


@SETTINGS
@given(use=st.integers(0, 7), damage=DAMAGES)
async def test_a_shop_that_answers_nonsense_causes_errors_of_ours_only(
    broken: Broken, use: int, damage: Damage
) -> None:
    broken.transport.arm(damage)
    with contextlib.suppress(Permanent, Retryable):
        await broken.uses[use]()


@dataclass
class Deaf:
    """An idealo with an order of each common scenario, and a client that hears it badly."""

    world: World
    transport: Breaking
    client: IdealoClient
    ids: list[str]

    @property
    def uses(self) -> list[Callable[[str], Awaitable[object]]]:
        c = self.client
        return [
            lambda _: self._listed(),
            lambda _: self._new(),
            c.order,
            c.order,
            c.refunds,
            lambda one: c.set_merchant_order_number(one, "17"),
            lambda one: c.send_fulfillment(one, "DHL", ["00340434161094015902"]),
            lambda one: c.send_refund(one, Decimal("1.00"), "EUR"),
            lambda _: c.check(),
            lambda _: c.shop_id(),
        ]

    async def _listed(self) -> list[object]:
        return [entry async for entry in self.client.orders(self.world.now() - timedelta(days=30))]

    async def _new(self) -> list[object]:
        return [entry async for entry in self.client.new_orders()]


@pytest.fixture
async def deaf() -> Deaf:
    world = World(seed=7, manual_time=True, stores=lambda _: {})
    world.idealo.register_shop(SHOP_ID, "client", "secret")
    inner = SandboxTransport(world)
    ids: list[str] = []
    async with httpx.AsyncClient(transport=inner, base_url=ROOT) as hands:
        for scenario in ("S1", "S2", "S5", "S9"):
            body = {"shop_id": SHOP_ID, "seed": 11, "scenario": scenario}
            ids += (await hands.post("/_sandbox/idealo/orders", json=body)).raise_for_status().json()["ids"]
    transport = Breaking(inner)
    credentials = IdealoCredentials(client_id="client", client_secret=SecretStr("secret"), base_url=ROOT)
    return Deaf(
        world, transport, IdealoClient(credentials, _http("idealo", transport), world.now, shop_system="x"), ids
    )


@SETTINGS
@given(use=st.integers(0, 9), about=st.integers(0, 3), damage=DAMAGES)
async def test_an_idealo_that_answers_nonsense_causes_errors_of_ours_only(
    deaf: Deaf, use: int, about: int, damage: Damage
) -> None:
    deaf.transport.arm(damage)
    with contextlib.suppress(Permanent, Retryable):
        await deaf.uses[use](deaf.ids[about])
