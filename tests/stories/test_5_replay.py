"""Story 5: a person looks at a dead event, previews it, and replays or dismisses it."""

from app.sync.replay import dismiss, preview, replay
from tests.town import Town


async def test_preview_sends_nothing_and_replay_does_the_rest(town: Town) -> None:
    [order] = await town.place(scenario="S8", count=1)
    await town.import_new()
    [dead] = await town.events(order)
    assert (dead.state, dead.problem) == ("dead", "unknown_sku")
    async with town.bridge.deps.ledger() as ledger:
        await ledger.put_alias(town.store.id, "NICHT-IM-SHOP-1", "100000", town.clock())
    shown = await preview(town.bridge.deps, dead.id)
    assert shown is not None
    assert shown.action is not None
    assert (shown.decision, shown.action.name) == ("act", "create_store_order")
    assert await town.in_store_all(order) == []
    await replay(town.bridge.deps, dead.id, "anna", "the alias is entered")
    await town.settle()
    assert len(await town.in_store_all(order)) == 1
    assert [(a.actor, a.outcome) for a in await town.attempts(order)] == [
        ("bridge", "dead"),
        ("anna", "replayed"),
        ("bridge", "done"),
        ("bridge", "done"),
    ]


async def test_a_dismissed_event_stays_skipped(town: Town) -> None:
    [order] = await town.place(scenario="S8", count=1)
    await town.import_new()
    [waiting] = await town.events(order)
    assert await dismiss(town.bridge.deps, waiting.id, "anna", "handled by hand")
    await town.hours(6)
    assert await town.story(order) == ["order.placed order skipped"]
