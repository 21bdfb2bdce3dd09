"""bridge events: dead, preview, replay, dismiss."""

from typing import Annotated

import typer

from app.api.state import ApiState
from app.cli.orders import print_event
from app.cli.output import print_json, print_table, say
from app.cli.session import AsJson, actor, fail, with_bridge
from app.domain.errors import Problem
from app.ledger.records import EventRecord
from app.ledger.views import EventFilter, EventView, Page, Views
from app.sync.replay import Preview, dismiss, preview, replay

app = typer.Typer(help="Facts about orders; dead ones need a person.", no_args_is_help=True)
Reason = Annotated[str, typer.Option(help="Why; goes on record with this user's name.")]
EventId = Annotated[int, typer.Argument(min=1, max=2**63 - 1)]


@app.command("dead")
def dead_events(
    problem: Annotated[str | None, typer.Option(help=f"One of {', '.join(Problem)}.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000)] = 50,
    *,
    as_json: AsJson = False,
) -> None:
    """What needs a person, newest first."""
    if problem is not None and problem not in list(Problem):
        raise typer.BadParameter(f"{problem!r} is no problem; choose from {', '.join(Problem)}")
    which = EventFilter.model_validate({"state": "dead", "problem": problem})

    async def read(state: ApiState) -> Page[EventView]:
        async with state.deps.statements() as ledger:
            return await Views(ledger).events(which, limit)

    page = with_bridge(read)
    if as_json:
        print_json(page)
        return
    print_table(
        ("ID", "IDEALO ORDER", "STORE ORDER", "TYPE", "PROBLEM", "WHY"),
        [
            (
                e.id,
                e.idealo_order_id,
                e.store_order_number,
                e.type,
                e.problem,
                e.attempts[-1].detail if e.attempts else None,
            )
            for e in page.items
        ],
        "nothing needs a person",
    )


@app.command("preview")
def preview_event(event_id: EventId, *, as_json: AsJson = False) -> None:
    """What would be done about an event now, and why; sends nothing."""

    async def ask(state: ApiState) -> Preview | None:
        return await preview(state.deps, event_id)

    shown = with_bridge(ask)
    if shown is None:
        fail(f"there is no event {event_id}, or retention took its content away")
    if as_json:
        print_json(shown)
        return
    action = f"{shown.action.name}: " if shown.action else ""
    say(f"{shown.decision}: {action}{shown.reason}")


@app.command("replay")
def replay_event(event_id: EventId, reason: Reason, *, as_json: AsJson = False) -> None:
    """Try a dead event again."""
    _decide("replay", event_id, reason, as_json=as_json)


@app.command("dismiss")
def dismiss_event(event_id: EventId, reason: Reason, *, as_json: AsJson = False) -> None:
    """A dead event needs nothing."""
    _decide("dismiss", event_id, reason, as_json=as_json)


def _decide(what: str, event_id: int, reason: str, *, as_json: bool) -> None:
    said = reason.strip()
    if not said or len(said) > 500 or "\0" in said:
        raise typer.BadParameter("--reason must say why, in at most 500 characters")

    async def work(state: ApiState) -> tuple[EventRecord | None, EventView | None]:
        how = replay if what == "replay" else dismiss
        done = await how(state.deps, event_id, actor(), said)
        async with state.deps.statements() as ledger:
            return done, await Views(ledger).event_view(event_id)

    done, event = with_bridge(work)
    if event is None:
        fail(f"there is no event {event_id}")
    if done is None:
        fail(f"event {event_id} is {event.state}, not dead; only dead events can be replayed or dismissed")
    if as_json:
        print_json(event)
    else:
        print_event(event)
