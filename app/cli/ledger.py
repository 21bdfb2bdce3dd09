"""bridge ledger: head, verify."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from app.api.state import ApiState
from app.cli.output import print_json, print_table, say
from app.cli.session import AsJson, fail, with_bridge
from app.ledger.records import HeadRecord
from app.sync.verify import (
    Head,
    Heads,
    Unverifiable,
    Verdict,
    as_head,
    check_signatures,
    read_heads,
    verify_export,
    verify_ledger,
)
from app.wire.ed25519 import KeyUnusable

app = typer.Typer(help="The chain of facts: where it ends, and whether it holds.", no_args_is_help=True)
Store = Annotated[str | None, typer.Option(help="Id of the store; all of them unless given.")]


@app.command("head")
def head(
    store: Store = None,
    day: Annotated[datetime | None, typer.Option(help="The daily head of this day.", formats=["%Y-%m-%d"])] = None,
    key: Annotated[Path | None, typer.Option("--sign", help="Sign with this Ed25519 key (PEM) and print JSON.")] = None,
    *,
    note: Annotated[bool, typer.Option("--note", help="Note today's daily heads now, if they are not yet.")] = False,
    as_json: AsJson = False,
) -> None:
    """Where every store's chain ends now: keep it elsewhere, so that nobody can write the chain anew unseen."""

    async def read(api: ApiState) -> list[HeadRecord]:
        async with api.deps.ledger() as ledger:
            if note:
                await ledger.note_heads(api.deps.now().date(), api.deps.now())
            if day is not None:
                return await ledger.noted_heads(day.date(), day.date(), store)
            return await ledger.heads(api.deps.now(), store)

    records = with_bridge(read)
    if not records:
        fail("no head was noted that day" if day else "there are no facts yet")
    try:
        heads = [as_head(record, key) for record in records]
    except KeyUnusable as e:
        fail(str(e))
    if as_json or key:
        print_json(Heads(heads=tuple(heads)))
        return
    rows = [(one.store_id, one.length, one.noted_at) for one in heads]
    print_table(("STORE", "FACTS", "AT"), rows, "no head")
    for one in heads:
        say(f"{one.store_id} {one.hash.hex()}")


@app.command("verify")
def verify(
    file: Annotated[Path | None, typer.Argument(help="An export as NDJSON; without it the database is read.")] = None,
    head_file: Annotated[
        Path | None, typer.Option("--head", help="Heads that were kept elsewhere (bridge ledger head --json).")
    ] = None,
    public_key: Annotated[
        Path | None, typer.Option(help="The heads must be signed with the key this one (PEM) belongs to.")
    ] = None,
    store: Store = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Check every fact and name the first one that was changed, taken out or put in; a FILE needs no database."""
    if public_key and not head_file:
        raise typer.BadParameter("--public-key checks the signatures of --head; give both")
    try:
        heads = tuple(h for h in (read_heads(head_file) if head_file else ()) if store in {None, h.store_id})
        if head_file and not heads:
            fail(f"{head_file} holds no head{' of this store' if store else ''}")
        forged = check_signatures(heads, public_key) if public_key else None
        verdict = Verdict(holds=False, wrong=forged) if forged else _verdict(file, heads, store)
    except (Unverifiable, KeyUnusable) as e:
        fail(str(e))
    if not public_key and any(one.signature for one in heads):
        verdict = verdict.model_copy(update={"notes": (*verdict.notes, "signatures were not checked (--public-key)")})
    _tell(verdict, as_json=as_json)


def _verdict(file: Path | None, heads: tuple[Head, ...], store: str | None) -> Verdict:
    if file is not None:
        return verify_export(file, heads, store)

    async def check(api: ApiState) -> Verdict:
        return await verify_ledger(api.deps, store, heads)

    return with_bridge(check)


def _tell(verdict: Verdict, *, as_json: bool) -> None:
    if as_json:
        print_json(verdict)
    else:
        for part in verdict.stretches:
            more = f", {part.reduced} reduced" if part.reduced else ""
            between = f"{part.recorded_from:%Y-%m-%d} to {part.recorded_to:%Y-%m-%d}"
            say(f"store {part.store_id}: facts {part.first} to {part.last} hold ({between}{more})")
            say(f"  {part.head.hex()}")
        if verdict.heads_met:
            say(f"heads met: {verdict.heads_met}")
        for note in verdict.notes:
            say(f"note: {note}")
    if not verdict.holds:
        fail(verdict.wrong or "it does not hold")
