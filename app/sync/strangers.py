"""Orders in the store that carry an idealo id and that the ledger does not follow: twins, strays, lost links."""

from dataclasses import dataclass, field
from datetime import timedelta

from app.domain import events as e
from app.domain.difference import Difference
from app.domain.errors import Permanent, Retryable
from app.domain.orders import StoreOrder
from app.sync.difference import Sight, differs
from app.sync.sighting import UNREAD_MOST, Eyes, SideUnread

MOST_READ = 500
"""A shop has other customers too; their orders are read to see whether they carry an idealo id, the newest first."""
MOST_LISTED = 20_000
AT_ONCE = 500


@dataclass
class Strangers:
    """What was found among the store's orders that are not ours, and what was not looked at."""

    differences: list[Difference] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    """idealo ids the ledger has never seen; reading them at idealo may bring them in line."""
    unlinked: list[tuple[StoreOrder, Difference]] = field(default_factory=list)
    """Orders this bridge began to create and gave up, and the store has; asking again may link them."""
    notes: list[str] = field(default_factory=list)


async def find_strangers(eyes: Eyes, days: int, named: set[str]) -> Strangers:
    """Looks at the store's orders that changed within so many days. `named` are idealo ids found missing already.

    Raises SideUnread.
    """
    found = Strangers()
    unread = 0
    for store_order_id in await _not_ours(eyes, days, found):
        try:
            stray, _ = await eyes.store_order(store_order_id)
        except SideUnread as error:
            unread += 1
            if error.lasting or unread > UNREAD_MOST:
                raise
            # Any order of the shop, most likely none of ours; what stands in the others must be said all the same.
            found.notes.append(f"order {store_order_id} of the shop could not be searched for a twin: {error}")
            continue
        if stray is None or stray.idealo_order_id is None or _over(stray) or stray.idealo_order_id in named:
            continue
        await _judge(eyes, stray, stray.idealo_order_id, found)
    return found


async def _not_ours(eyes: Eyes, days: int, found: Strangers) -> list[str]:
    listed: list[str] = []
    try:
        async for store_order_id in eyes.adapter.changed_orders(eyes.deps.now() - timedelta(days=days)):
            listed.append(store_order_id)
            if len(listed) == MOST_LISTED:
                found.notes.append(f"more than {MOST_LISTED} orders of the shop changed; the rest was not searched")
                break
    except (Retryable, Permanent) as error:
        raise SideUnread("store", str(error), lasting=True) from error
    listed = list(dict.fromkeys(listed))
    ours: set[str] = set()
    async with eyes.deps.ledger() as ledger:
        for start in range(0, len(listed), AT_ONCE):
            ours |= await ledger.linked_among(eyes.store.id, listed[start : start + AT_ONCE])
    others = sorted((i for i in listed if i not in ours), key=lambda i: (len(i), i), reverse=True)
    if len(others) > MOST_READ:
        found.notes.append(
            f"{len(others)} orders of the shop are not from idealo; the newest {MOST_READ} were searched for twins"
        )
    return others[:MOST_READ]


async def _judge(eyes: Eyes, stray: StoreOrder, idealo_order_id: str, found: Strangers) -> None:
    sight = await eyes.recorded(idealo_order_id)
    if sight.order is None:
        found.differences += await _unknown(eyes, sight, stray, found)
        return
    one = stray_of(sight, stray)
    if one and one.mendable and one.verdict == "open":
        found.unlinked.append((stray, one))
    elif one:
        found.differences.append(one)


def stray_of(sight: Sight, stray: StoreOrder) -> Difference | None:
    """What is wrong about a store order that names an order of the ledger; None where the ledger follows it."""
    order = sight.order
    if order is None or order.store_order_id == stray.store_order_id:
        return None
    shown = f"store order {stray.number}"
    if order.store_order_id is None:
        one = differs(
            sight, "not_linked", expected="no order in the store", found=shown,
            verdict=sight.explained(sight.events(e.OrderPlaced)), mendable=order.placing_at is not None,
        )  # fmt: skip
    else:
        one = differs(
            sight,
            "two_store_orders",
            about=stray.number,
            expected=f"only order {order.store_order_number}",
            found=shown,
        )
    return _of(one, stray)


async def _unknown(eyes: Eyes, sight: Sight, stray: StoreOrder, found: Strangers) -> list[Difference]:
    """Orders from before the connection belong to whoever imported them."""
    seen = await eyes.look(sight.idealo_order_id, None)
    if seen.order is not None:
        return []
    if seen.at_idealo is None:
        why = seen.idealo_trouble or "nothing"
        return [_of(differs(sight, "order_not_at_idealo", expected="an order at idealo", found=why), stray)]
    if seen.at_idealo.purchase.placed_at < eyes.store.created_at:
        return []
    found.unknown.append(sight.idealo_order_id)
    one = differs(sight, "order_not_in_ledger", expected="an order at idealo and in the store", found="none")
    return [_of(one, stray)]


def _of(difference: Difference, stray: StoreOrder) -> Difference:
    return difference.model_copy(update={"store_order_id": stray.store_order_id})


def _over(stray: StoreOrder) -> bool:
    """A cancelled twin is what a person makes of one: nothing can follow from it any more."""
    return stray.cancelled or all(line.quantity <= line.cancelled + line.returned for line in stray.lines)
