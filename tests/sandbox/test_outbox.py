"""Webhooks on the road: built late, coalesced, dropped, repeated, delayed, shuffled, retried by the store."""

import json
from collections.abc import Callable
from datetime import timedelta

import httpx
import pytest

from sandbox.outbox import Webhook
from sandbox.stores.port import SandboxRefusal
from sandbox.world import World


class Receiver:
    """Where webhooks arrive."""

    def __init__(self, status: int = 202) -> None:
        self.status = status
        self.requests: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        return httpx.Response(self.status)

    @property
    def bodies(self) -> list[str]:
        return [request.content.decode() for request in self.requests]

    def client(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(transport=httpx.MockTransport(self))


def hook(
    body: bytes | Callable[[], bytes] = b"1",
    key: str | None = None,
    on_result: Callable[[int | None], None] | None = None,
) -> Webhook:
    return Webhook(
        kind="toy",
        url="http://bridge/hook",
        headers=[("X-Topic", "t")],
        body=body,
        coalesce_key=key,
        on_result=on_result,
    )


async def test_body_and_signature_are_built_at_delivery(world: World) -> None:
    receiver, state = Receiver(), {"units": 1}
    world.outbox.put(
        Webhook(
            kind="toy",
            url="http://bridge/hook",
            body=lambda: json.dumps(state).encode(),
            headers=lambda body: [("X-Length", str(len(body))), ("X-Twice", "a"), ("X-Twice", "b")],
        )
    )
    state["units"] = 22
    assert await world.outbox.deliver(receiver.client()) == 1
    assert receiver.bodies == ['{"units": 22}']
    assert receiver.requests[0].headers["x-length"] == "13"
    assert receiver.requests[0].headers.get_list("x-twice") == ["a", "b"]
    assert await world.outbox.deliver(receiver.client()) == 0


async def test_waiting_webhooks_of_one_key_coalesce(world: World) -> None:
    receiver = Receiver()
    for number in range(3):
        world.outbox.put(hook(str(number).encode(), key="order/1"))
    world.outbox.put(hook(b"9", key="order/2"))
    assert await world.outbox.deliver(receiver.client()) == 2
    world.outbox.put(hook(b"4", key="order/1"))
    await world.outbox.deliver(receiver.client())
    assert receiver.bodies == ["0", "9", "4"]


async def test_result_is_told_to_the_store_which_may_try_again(world: World) -> None:
    receiver, results = Receiver(500), list[int | None]()

    def again(status: int | None) -> None:
        results.append(status)
        if len(results) < 3:
            later = hook(on_result=again)
            later.due_at = world.now() + timedelta(seconds=60)
            world.outbox.put(later)

    world.outbox.put(hook(on_result=again))
    for _ in range(4):
        await world.outbox.deliver(receiver.client())
        world.advance(60)
    assert results == [500, 500, 500]


async def test_nobody_at_home_is_told_as_none(world: World) -> None:
    def refuse(_: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused")

    results = list[int | None]()
    world.outbox.put(hook(on_result=results.append))
    await world.outbox.deliver(httpx.AsyncClient(transport=httpx.MockTransport(refuse)))
    assert results == [None]
    assert world.outbox.delivered[-1]["outcome"] == "ConnectError: refused"


async def test_drop_loses_a_share_repeatably(world: World) -> None:
    kept: list[list[str]] = []
    for _ in range(2):
        receiver = Receiver()
        world.outbox.set_mode("toy", "drop", share=0.5, seed=11)
        for number in range(20):
            world.outbox.put(hook(str(number).encode()))
        await world.outbox.deliver(receiver.client())
        kept.append(receiver.bodies)
    assert kept[0] == kept[1]
    assert 3 < len(kept[0]) < 17


async def test_repeat_sends_the_same_twice(world: World) -> None:
    receiver = Receiver()
    world.outbox.set_mode("toy", "repeat")
    world.outbox.put(hook())
    assert await world.outbox.deliver(receiver.client()) == 2
    assert receiver.bodies == ["1", "1"]


async def test_delay_holds_by_the_sandbox_clock(world: World) -> None:
    receiver = Receiver()
    world.outbox.set_mode("toy", "delay", seconds=30)
    world.outbox.put(hook())
    assert await world.outbox.deliver(receiver.client()) == 0
    world.advance(30)
    assert await world.outbox.deliver(receiver.client()) == 1


async def test_reorder_shuffles_once_company_has_come(world: World) -> None:
    receiver = Receiver()
    world.outbox.set_mode("toy", "reorder", seed=2)
    for number in range(8):
        world.outbox.put(hook(str(number).encode()))
    assert await world.outbox.deliver(receiver.client(), patience_s=1) == 0
    world.advance(1)
    assert await world.outbox.deliver(receiver.client(), patience_s=1) == 8
    assert receiver.bodies != sorted(receiver.bodies)
    assert sorted(receiver.bodies) == [str(number) for number in range(8)]


async def test_other_kinds_and_deliver_are_left_alone(world: World) -> None:
    receiver = Receiver()
    world.outbox.set_mode("other", "drop")
    world.outbox.put(hook())
    world.outbox.set_mode("toy", "drop")
    world.outbox.set_mode("toy", "deliver")
    world.outbox.put(hook(b"2"))
    await world.outbox.deliver(receiver.client())
    assert receiver.bodies == ["1", "2"]


@pytest.mark.parametrize(("mode", "share", "field"), [("lose", 1.0, "mode"), ("drop", -0.1, "share")])
def test_bad_mode_is_refused(world: World, mode: str, share: float, field: str) -> None:
    with pytest.raises(SandboxRefusal) as refused:
        world.outbox.set_mode("toy", mode, share=share)
    assert refused.value.field == field
