"""bridge stores: list, add, check."""

import getpass
import json
import os
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import ValidationError

from app.api.errors import field_errors
from app.api.state import ApiState
from app.api.store_entry import StoreEntry, adapter_of, new_store
from app.api.store_shapes import Checked, CreatedStore, StoreShape, checked_shape, health_of, shape
from app.cli.output import print_json, print_table, say
from app.cli.session import AsJson, fail, with_bridge
from app.ledger.records import StoreRecord
from app.sync.connect import check_sides, connect
from app.sync.keys import open_keys

app = typer.Typer(help="Connected stores.", no_args_is_help=True)
SECRET_WORDS = ("secret", "token", "key", "password")


@app.command("list")
def list_stores(*, archived: bool = False, as_json: AsJson = False) -> None:
    """Every connected store, its polls and its webhooks."""

    async def read(state: ApiState) -> list[StoreShape]:
        async with state.deps.statements() as ledger:
            stores = await ledger.stores(archived=archived)
        health = await health_of(state, stores)
        return [shape(state, store, health) for store in stores]

    stores = with_bridge(read)
    if as_json:
        print_json({"items": stores})
        return
    heads = ("ID", "KIND", "NAME", "STATUS", "IDEALO SHOP", "LAST WEBHOOK", "TROUBLE")
    print_table(
        heads,
        [(s.id, s.kind, s.name, s.status, s.idealo_shop_id, s.last_webhook_at, _trouble(s)) for s in stores],
        "no store is connected; connect one with: bridge stores add",
    )


def _trouble(store: StoreShape) -> str | None:
    polls = [f"{stream}: {poll.trouble}" for stream, poll in store.polls.items() if poll.failures]
    said = [store.webhooks_problem] if store.webhooks_problem else []
    if store.webhooks and store.webhooks.silent:
        said.append(f"webhooks are silent: {store.webhooks.advice}")
    if store.reconciliation and store.reconciliation.open:
        said.append(f"{store.reconciliation.open} differences at the last reconciliation")
    return "; ".join([*said, *polls]) or None


@app.command("add")
def add_store(
    file: Annotated[str | None, typer.Option(help="JSON as POST /admin/v1/stores takes it; - reads stdin.")] = None,
    kind: Annotated[str | None, typer.Option(help="Kind of store; asked for when not given.")] = None,
    name: Annotated[str | None, typer.Option(help="What to call it; asked for when not given.")] = None,
    *,
    check: Annotated[bool, typer.Option(help="Ask both sides first.")] = True,
    as_json: AsJson = False,
) -> None:
    """Connect a store, from a file, from stdin, or asking for each field.

    A field that is not in a file is taken from BRIDGE_ENTER_<FIELD> or asked for; secrets are not shown.
    """
    entry = _entry(_read(file) if file else _ask(kind, name))

    async def add(state: ApiState) -> CreatedStore:
        store = await connect(state.deps, new_store(entry), check=check)
        made = None if entry.webhook_secrets else open_keys(state.deps.vault, store.sealed).webhook_secrets[0]
        return CreatedStore(**shape(state, store).model_dump(), webhook_secret=made)

    created = with_bridge(add)
    if as_json:
        print_json(created)
        return
    say(f"connected {created.name!r} as {created.id}; idealo shop {created.idealo_shop_id or 'not asked yet'}")
    say(f"webhooks go to {created.webhook_url}; the worker makes them in the shop where it can")
    if created.webhook_secret:
        say(f"webhook secret, shown this once: {created.webhook_secret}")


@app.command("check")
def check_store(store_id: str, *, as_json: AsJson = False) -> None:
    """Ask both sides of a store with real calls that change nothing."""

    async def ask(state: ApiState) -> Checked:
        return checked_shape((await check_sides(state.deps, await _store(state, store_id)))[0])

    checked = with_bridge(ask)
    if as_json:
        print_json(checked)
    else:
        for side in checked.sides:
            for f in side.findings:
                say(f"{'ok  ' if f.ok else 'FAIL'}  {side.side}: {f.name}: {f.detail}")
                if f.advice and not f.ok:
                    say(f"      -> {f.advice}")
    if not checked.ok:
        raise typer.Exit(1)


async def _store(state: ApiState, store_id: str) -> StoreRecord:
    """By id, or by a name only one live store has."""
    async with state.deps.statements() as ledger:
        stores = await ledger.stores()
    found = [s for s in stores if s.id == store_id] or [s for s in stores if s.name == store_id]
    if len(found) != 1:
        fail(f"{len(found)} live stores are called {store_id!r}; see: bridge stores list")
    return found[0]


def _entry(content: Any) -> StoreEntry:
    try:
        return StoreEntry.model_validate(content)
    except ValidationError as e:
        errors = field_errors(e.errors(include_url=False, include_input=False))
        fail("; ".join(f"{one.field}: {one.message}" for one in errors))


def _read(file: str) -> Any:
    try:
        return json.loads(sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8"))
    except OSError as e:
        fail(f"{file} cannot be read: {e.strerror}")
    except ValueError as e:
        fail(f"{file} is not JSON: {e}")


def _ask(kind: str | None, name: str | None) -> dict[str, Any]:
    from app.registry import ADAPTERS

    kind = kind or _field("kind", f"kind ({', '.join(sorted(ADAPTERS))})")
    if kind not in ADAPTERS:
        fail(f"there is no kind {kind!r}; choose from {', '.join(sorted(ADAPTERS))}")
    fields = adapter_of(kind).Credentials.model_fields
    credentials = {field: _field(field, field) for field, how in fields.items() if how.is_required()}
    idealo = {"client_id": _field("idealo_client_id"), "client_secret": _field("idealo_client_secret")}
    if os.environ.get("BRIDGE_ENTER_IDEALO_BASE_URL"):
        idealo["base_url"] = os.environ["BRIDGE_ENTER_IDEALO_BASE_URL"]
    return {"kind": kind, "name": name or _field("name"), "credentials": credentials, "idealo": idealo}


def _field(field: str, prompt: str = "") -> str:
    given = os.environ.get(f"BRIDGE_ENTER_{field.upper()}")
    if given:
        return given
    if not sys.stdin.isatty():
        fail(f"{field} is missing: set BRIDGE_ENTER_{field.upper()}, or give everything with --file")
    label = f"{prompt or field.replace('_', ' ')}: "
    return getpass.getpass(label) if any(word in field for word in SECRET_WORDS) else input(label)
