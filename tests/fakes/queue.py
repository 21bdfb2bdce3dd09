"""A bell in memory: rings are listed, worked off by drain(), or lost on purpose."""

from app.sync.deps import Deps
from workers.alone import answer


class MemoryQueue:
    """Implements app.ports.Queue."""

    def __init__(self) -> None:
        self.rings: list[tuple[str, int | str]] = []

    async def look(self, delivery_id: int) -> None:
        self.rings.append(("look", delivery_id))

    async def advance(self, order_id: int) -> None:
        self.rings.append(("advance", order_id))

    async def poll(self, store_id: str) -> None:
        self.rings.append(("poll", store_id))

    async def drain(self, deps: Deps) -> int:
        """Works everything off, what is rung meanwhile included; answers how many rings there were."""
        count = 0
        while self.rings:
            job, argument = self.rings.pop(0)
            await answer(deps, job, argument)
            count += 1
        return count

    def lose(self) -> int:
        """Redis was emptied."""
        lost = len(self.rings)
        self.rings.clear()
        return lost
