"""Do both sides agree in the end, and did everything happen once? The rules, asked of a town in this process."""

from tests.sync.rules import Sides, Told, broken
from tests.town import Town


async def disagreements(town: Town) -> list[str]:
    """One sentence per thing that is wrong; empty when all is well."""
    found: list[str] = []
    for idealo_order_id in town.placed:
        found += [f"{idealo_order_id}: {wrong.text}" for wrong in broken(await _sides(town, idealo_order_id))]
    return found


async def _sides(town: Town, idealo_order_id: str) -> Sides:
    return Sides(
        kind=town.kind,
        idealo=await town.at_idealo(idealo_order_id),
        in_store=await town.in_store_all(idealo_order_id),
        events=[
            Told(r.event.type, r.event.key, r.state, str(r.problem) if r.problem else None)
            for r in await town.events(idealo_order_id)
        ],
    )
