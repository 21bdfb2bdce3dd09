"""bridge retention: what has had its time, and taking it away."""

from typing import Annotated

import typer

from app.api.state import ApiState
from app.cli.output import print_json, print_table, say
from app.cli.session import AsJson, with_bridge
from app.sync.retention import Outcome, keep_of, retain


def register(app: typer.Typer) -> None:
    app.command("retention")(retention)


def retention(
    *,
    apply: Annotated[bool, typer.Option("--apply", help="Take it away; without this only count.")] = False,
    as_json: AsJson = False,
) -> None:
    """Say per class what has had its time (BRIDGE_KEEP_…_DAYS), and with --apply take it away."""

    async def work(api: ApiState) -> list[Outcome]:
        return await retain(api.deps, keep_of(api.bridge.settings), apply=apply)

    outcomes = with_bridge(work)
    if as_json:
        print_json(outcomes)
        return
    rows = [
        (one.kind, f"{one.days} days" if one.days else "for good", one.due, one.oldest, one.done) for one in outcomes
    ]
    print_table(("CLASS", "KEPT", "DUE", "OLDEST", "TAKEN"), rows, "nothing")
    if not apply and any(one.due for one in outcomes):
        say("nothing was taken away; do it with --apply")
