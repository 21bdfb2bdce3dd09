"""The `bridge` command: what it prints, and that its exit status tells the truth."""

import asyncio
import csv
import io
import json
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from typer import BadParameter

from app.api.auth import TokenChecker
from app.bootstrap import utc_now
from app.cli.exporting import moment
from app.cli.output import cell
from app.cli.tokens import duration
from app.config import Settings
from app.main import state_for
from tests.api.client import ENTRY
from tests.command import status_of, surround
from tests.town import Town


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, object]:
        content: dict[str, object] = json.loads(self.out)
        return content


Run = Callable[..., Awaitable[Ended]]


@pytest.fixture
def kind() -> str:
    """The commands are the same for every kind; the stories run with all of them."""
    return "woocommerce"


@pytest.fixture
def run(settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Run:
    """Runs `bridge` with the test's servers as its environment."""
    surround(monkeypatch, settings, PUBLIC_URL="http://bridge.test", DATA_DIR=str(tmp_path))
    monkeypatch.chdir(tmp_path)

    async def run(*arguments: str, stdin: str = "") -> Ended:
        capsys.readouterr()
        monkeypatch.setattr(sys, "stdin", io.StringIO(stdin))
        status = await asyncio.to_thread(status_of, monkeypatch, *arguments)
        said = capsys.readouterr()
        return Ended(status, said.out, said.err)

    return run


async def add(run: Run, **changes: object) -> Ended:
    return await run("stores", "add", "--file", "-", "--no-check", "--json", stdin=json.dumps({**ENTRY, **changes}))


async def waiting_order(town: Town) -> str:
    """An order that needs a person."""
    (order_id,) = await town.place(lines=[{"sku": "NOT-IN-SHOP", "quantity": 1}], seed=3)
    await town.import_new()
    return order_id


async def test_help_lists_every_command(run: Run) -> None:
    shown = await run("--help")
    for name in (
        "up",
        "api",
        "worker",
        "sandbox",
        "migrate",
        "token",
        "doctor",
        "stores",
        "orders",
        "events",
        "export",
    ):
        assert f"  {name} " in shown.out, name


async def test_token_is_good_for_the_scopes_asked_for(run: Run, settings: Settings, town: Town) -> None:
    made = await run("token", "--scope", "read,operate", "--ttl", "5m", "--subject", "erika")
    assert made.status == 0
    checker: TokenChecker = state_for(town.bridge).tokens
    caller = await checker.check(made.out.strip())
    assert (caller.subject, caller.scopes) == ("erika", frozenset({"read", "operate"}))
    assert (await run("token", "--scope", "read", "--json")).json["expires_in"] == 8 * 3600
    for wrong in (("--scope", "admin"), ("--scope", ""), ("--scope", "read", "--ttl", "soon"), ()):
        assert (await run("token", *wrong)).status == 2, wrong


@pytest.mark.parametrize("text", ["", "8", "h", "-1h", "0m", "400d", "1.5h"])
def test_odd_lifetimes_are_refused(text: str) -> None:
    with pytest.raises(BadParameter):
        duration(text)
    assert duration("90s") == timedelta(seconds=90)


async def test_missing_setting_is_one_line_and_status_2(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BRIDGE_DATABASE_URL")
    for command in (("orders", "list"), ("doctor",), ("api",), ("worker",)):
        ended = await run(*command)
        assert ended.status == 2, command
        assert ended.err.startswith("bridge: BRIDGE_DATABASE_URL is missing")
        assert ended.err.count("\n") == 1
        assert ended.out == ""


async def test_postgres_away_is_one_line_and_status_1(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BRIDGE_DATABASE_URL", "postgresql://nobody:nothing@127.0.0.1:1/nowhere")
    ended = await run("orders", "list")
    assert ended.status == 1
    assert ended.err.startswith("bridge: Postgres is not available")
    assert "nothing" not in ended.err
    assert "nothing" not in ended.out
    examined = await run("doctor")
    assert examined.status == 1
    assert "FAIL  database" in examined.out
    assert "-> start Postgres" in examined.out


async def test_store_is_added_from_stdin_and_listed_without_secrets(run: Run) -> None:
    added = await add(run)
    assert added.status == 0, added.err
    assert added.json["webhook_secret"]
    listed = await run("stores", "list")
    assert "Shoe shop" in listed.out
    whole = await run("stores", "list", "--json")
    for secret in ("ck_hidden_key", "cs_hidden_s", "hidden-idealo-secret", str(added.json["webhook_secret"])):
        assert secret not in listed.out + whole.out


async def test_wrong_entry_names_its_fields_and_keeps_nothing(run: Run) -> None:
    refused = await add(run, credentials={"base_url": "https://shop.example"})
    assert refused.status == 1
    assert "credentials.consumer_key" in refused.err
    assert (await add(run, kind="nosuch")).status == 1
    assert (await run("stores", "add", "--file", "no-such-file.json")).status == 1
    assert (await run("stores", "add", "--file", "-", stdin="{")).status == 1
    assert (await run("stores", "add", "--kind", "woocommerce", "--name", "x")).status == 1
    assert (await run("stores", "list", "--json")).json["items"] == []


async def test_fields_come_from_the_environment(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    fields = {**ENTRY["credentials"], "idealo_client_id": "a", "idealo_client_secret": "b"}
    for name, value in fields.items():
        monkeypatch.setenv(f"BRIDGE_ENTER_{name.upper()}", value)
    ended = await run("stores", "add", "--kind", "woocommerce", "--name", "Boots", "--no-check")
    assert ended.status == 0, ended.err
    assert "webhook secret, shown this once" in ended.out


async def test_check_of_a_shop_that_does_not_answer_fails(run: Run) -> None:
    await add(run, credentials={**ENTRY["credentials"], "base_url": "https://nothing.invalid"}, idealo={
        "client_id": "a", "client_secret": "b", "base_url": "https://nothing.invalid"})  # fmt: skip
    checked = await run("stores", "check", "Shoe shop")
    assert checked.status == 1
    assert "FAIL  woocommerce" in checked.out
    assert "FAIL  idealo" in checked.out
    assert (await run("stores", "check", "nosuch")).status == 1


async def test_doctor_names_what_is_wrong_and_what_to_do(run: Run, town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BRIDGE_REDIS_URL", "redis://127.0.0.1:1/0")
    monkeypatch.setenv("BRIDGE_MASTER_KEYS", "b3RoZXIga2V5IG9mIHRoaXJ0eS10d28gYnl0ZXMgISE=")
    ended = await run("doctor")
    assert ended.status == 1
    for line in (
        "ok    database",
        "ok    migration",
        "FAIL  redis",
        "FAIL  worker",
        "FAIL  store Town shop (woocommerce): keys",
    ):
        assert line in ended.out, line
    assert "-> start one with: bridge worker" in ended.out
    assert (await run("doctor", "--json")).json["ok"] is False


async def test_doctor_is_content_when_there_is_nothing_to_complain_about(run: Run, town: Town) -> None:
    await town.bridge.sides.aclose()
    async with town.bridge.deps.ledger() as ledger:
        await ledger.beat("worker/h/1", "worker", {}, utc_now())
        await ledger.change_store(town.store.id, archived_at=utc_now())
    ended = await run("doctor")
    assert ended.status == 0, ended.out


async def test_orders_are_listed_filtered_and_shown_by_any_of_their_names(run: Run, town: Town) -> None:
    await waiting_order(town)
    (order_id,) = await town.place(lines=[{"sku": "100000", "quantity": 1}], seed=4)
    await town.import_new()
    listed = await run("orders", "list", "--state", "open", "--json")
    (order,) = json.loads(listed.out)["items"]
    assert order["idealo_order_id"] == order_id
    for name in (order_id, order["store_order_number"], str(order["id"])):
        shown = await run("orders", "show", name)
        assert shown.status == 0, name
        assert "create_store_order done by bridge" in shown.out
    assert (await run("orders", "list", "--state", "lost")).status == 2
    assert (await run("orders", "list", "--problem", "sad")).status == 2
    assert (await run("orders", "show", "nosuch")).status == 1
    assert "unknown_sku" in (await run("orders", "list")).out


async def test_dead_event_is_decided_once_and_on_record(run: Run, town: Town) -> None:
    await waiting_order(town)
    assert "unknown_sku" in (await run("events", "dead")).out
    (event,) = json.loads((await run("events", "dead", "--json")).out)["items"]
    number = str(event["id"])
    assert (await run("events", "dismiss", number, "--reason", "  ")).status == 2
    assert (await run("events", "dismiss", number)).status == 2
    assert (await run("events", "replay", number, "--reason", "the product is there now")).status == 0
    assert (await run("events", "replay", number, "--reason", "again")).status == 1
    town.clock.pass_time(seconds=(utc_now() - town.clock()).total_seconds() + 1)
    await town.bridge.deps.queue.advance(event["order_id"])
    await town.settle()
    dismissed = await run("events", "dismiss", number, "--reason", "never sold", "--json")
    assert dismissed.status == 0
    last = json.loads(dismissed.out)["attempts"][-1]
    assert (last["outcome"], last["detail"]) == ("dismissed", "never sold")
    assert last["actor"].startswith("cli:")
    assert (await run("events", "dead")).out == "nothing needs a person\n"
    for what in (("preview", "999"), ("replay", "999", "--reason", "x"), ("dismiss", "999", "--reason", "x")):
        assert (await run("events", *what)).status == 1, what


async def test_export_writes_lines_of_json_or_csv(run: Run, town: Town) -> None:
    await waiting_order(town)
    lines = (await run("export")).out.splitlines()
    assert [json.loads(line)["type"] for line in lines] == ["order.placed"]
    rows = list(csv.DictReader(io.StringIO((await run("export", "--format", "csv", "--from", "2026-01-01")).out)))
    assert rows[0]["problem"] == "unknown_sku"
    assert (await run("export", "--to", "2020-01-01")).out == ""
    assert (await run("export", "--from", "yesterday")).status == 2
    with pytest.raises(BadParameter):
        moment("23.11.2026")


async def test_migrate_is_harmless_to_repeat(run: Run) -> None:
    assert (await run("migrate")).status == 0


def test_cells_hold_no_control_characters_and_are_short() -> None:
    assert cell("a\x1b[31mb\nc") == "a [31mb c"
    assert len(cell("x" * 500)) == 60
    assert cell(None) == "-"
