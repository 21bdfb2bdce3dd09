"""bridge export: the ledger as lines of JSON or CSV."""

import sys
from datetime import UTC, datetime
from typing import Annotated, Literal

import typer

from app.api.export import csv_lines, json_lines, pages
from app.api.state import ApiState
from app.cli.session import with_bridge


def register(app: typer.Typer) -> None:
    app.command("export")(export)


def export(
    since: Annotated[str | None, typer.Option("--from", help="Recorded from this date or moment (UTC) on.")] = None,
    until: Annotated[str | None, typer.Option("--to", help="Recorded before this date or moment (UTC).")] = None,
    store: Annotated[str | None, typer.Option(help="Id of the store.")] = None,
    form: Annotated[Literal["ndjson", "csv"], typer.Option("--format")] = "ndjson",
) -> None:
    """Write events with their orders and attempts to stdout; never personal data."""
    first, last = moment(since), moment(until)

    async def write(state: ApiState) -> None:
        source = pages(state.deps, store, first, last, exact=form == "csv")
        lines = (csv_lines if form == "csv" else json_lines)(await anext(source), source)
        async for text in lines:
            sys.stdout.write(text)

    with_bridge(write)


def moment(text: str | None) -> datetime | None:
    """A date or moment; without a zone it is UTC. Raises typer.BadParameter."""
    if text is None:
        return None
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is no date; write it as 2026-11-23 or 2026-11-23T09:00:00Z") from None
    return read if read.tzinfo else read.replace(tzinfo=UTC)
