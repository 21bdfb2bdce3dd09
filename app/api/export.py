"""The ledger's events as lines of JSON or CSV; one page at a time, so that memory and transactions stay small."""

import csv
import io
import json
from collections.abc import AsyncIterator
from datetime import datetime

from app.ledger.views import ExportedEvent, Part, Views
from app.sync.deps import Deps

COLUMNS = (
    "event_id", "recorded_at", "store_id", "order_id", "idealo_order_id", "store_order_id", "store_order_number",
    "type", "key", "data", "state", "problem", "found_by", "reduced_at", "chain_no", "hash",
    "attempts", "last_outcome", "last_action", "last_detail", "last_actor",
)  # fmt: skip
_RUNS = ("=", "+", "-", "@", "\t", "\r")
"""A spreadsheet takes a cell that starts like this for a formula (OWASP, CSV injection)."""


async def pages(
    deps: Deps, store_id: str | None, since: datetime | None, until: datetime | None, *, exact: bool = False
) -> AsyncIterator[list[ExportedEvent]]:
    """Pages of events, store by store in the order of the chain, each read in a transaction of its own; at least one.

    Every store's part is an unbroken stretch, so that it can be verified; with `exact`, only what was recorded between
    the two moments.
    """
    async with deps.statements() as ledger:
        parts = await Views(ledger).parts(store_id, since, until)
    between = (since, until) if exact else (None, None)
    for part in parts:
        rest: Part | None = part
        while rest is not None:
            async with deps.statements() as ledger:
                page = await Views(ledger).exported(rest, *between)
            yield page
            last = page[-1].chain_no if page else part.last
            rest = part.model_copy(update={"first": last + 1}) if last < part.last else None
    yield []


async def json_lines(first: list[ExportedEvent], rest: AsyncIterator[list[ExportedEvent]]) -> AsyncIterator[str]:
    """One JSON object per line."""
    yield "".join(f"{event.model_dump_json()}\n" for event in first)
    async for page in rest:
        yield "".join(f"{event.model_dump_json()}\n" for event in page)


async def csv_lines(first: list[ExportedEvent], rest: AsyncIterator[list[ExportedEvent]]) -> AsyncIterator[str]:
    """A header line, then one line per event (RFC 4180)."""
    yield _csv([list(COLUMNS)]) + _csv([cells(event) for event in first])
    async for page in rest:
        yield _csv([cells(event) for event in page])


def cells(event: ExportedEvent) -> list[str]:
    """One event as the cells of COLUMNS, none of which a spreadsheet runs."""
    last = event.attempts[-1] if event.attempts else None
    action = last.action or {} if last else {}
    values = {
        **event.model_dump(mode="json", exclude={"data", "attempts"}),
        "data": json.dumps(event.data, ensure_ascii=False, sort_keys=True),
        "attempts": len(event.attempts),
        "last_outcome": last.outcome if last else "",
        "last_action": action.get("name", ""),
        "last_detail": last.detail if last else "",
        "last_actor": last.actor if last else "",
    }
    return [harmless("" if values[name] is None else str(values[name])) for name in COLUMNS]


def harmless(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_RUNS) else cell


def _csv(rows: list[list[str]]) -> str:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue()
