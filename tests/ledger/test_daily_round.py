"""What a worker does once a day: note the heads, say what has had its time, and take it away only when told to."""

from app.bootstrap import Bridge
from app.sync.erase import show_buyer
from tests.clock import Clock
from tests.ledger.books import a_year_later, two_stores
from workers import jobs


async def test_heads_are_noted_once_a_day_by_whichever_round_comes_first(bridge: Bridge, clock: Clock) -> None:
    await two_stores(bridge, clock)
    for _ in range(3):
        await jobs.note_heads({"deps": bridge.deps, "settings": bridge.settings})
        clock.pass_time(hours=7)
    async with bridge.deps.ledger() as book:
        assert [(head.store_id, head.length) for head in await book.noted_heads()] == [("shop-1", 12), ("shop-2", 6)]
        clock.pass_time(hours=7)
        assert await book.note_heads(clock().date(), clock()) == 2, "another day"


async def test_retention_takes_something_away_only_when_told_to(bridge: Bridge, clock: Clock) -> None:
    [order, *_] = await two_stores(bridge, clock)
    await a_year_later(bridge, [order], clock)
    for word, erased_by in (("off", None), ("dry-run", None), ("apply", "retention")):
        settings = bridge.settings.model_copy(update={"retention": word})
        await jobs.retention({"deps": bridge.deps, "settings": settings})
        assert (await show_buyer(bridge.deps, order, "erika")).erased_by == erased_by, word
