"""Stands where the bridge's door would be: takes the webhooks that a laboratory's shop lets out."""

import httpx

from sandbox.world import World


class Receiver:
    """Of a laboratory: its world's webhooks arrive here and are answered with `answer_with`."""

    world: World
    answer_with = 202

    async def deliver(self) -> list[httpx.Request]:
        """Let the waiting webhooks out; what arrived."""
        arrived: list[httpx.Request] = []

        def receive(request: httpx.Request) -> httpx.Response:
            arrived.append(request)
            return httpx.Response(self.answer_with)

        async with httpx.AsyncClient(transport=httpx.MockTransport(receive)) as client:
            await self.world.outbox.deliver(client)
        return arrived
