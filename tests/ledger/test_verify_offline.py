"""Verifying a file needs nothing but the file; heads kept elsewhere, signed or not, tell what the file cannot."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from app.bootstrap import Bridge
from app.config import Settings
from app.sync.erase import erase
from app.sync.retention import Keep, retain
from app.sync.verify import as_head
from tests.clock import Clock
from tests.command import status_of
from tests.ledger.books import a_year_later, two_stores
from tests.ledger.test_chain import exported

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Run:
    """`bridge` in an empty folder, without a single setting."""
    monkeypatch.chdir(tmp_path)
    for name in ("DATABASE_URL", "REDIS_URL", "MASTER_KEYS", "JWT_SECRET"):
        monkeypatch.delenv(f"BRIDGE_{name}", raising=False)

    def run(*arguments: str) -> tuple[int, str, str]:
        capsys.readouterr()
        status = status_of(monkeypatch, *arguments)
        said = capsys.readouterr()
        return status, said.out, said.err

    return run


def a_key(folder: Path, name: str) -> Path:
    key = Ed25519PrivateKey.generate()
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (folder / f"{name}.pub").write_bytes(public)
    (folder / f"{name}.pem").write_bytes(private)
    return folder / f"{name}.pem"


async def heads_of(bridge: Bridge, clock: Clock, folder: Path, key: Path | None = None) -> Path:
    async with bridge.deps.ledger() as book:
        records = await book.heads(clock())
    heads = [as_head(record, key).model_dump(mode="json") for record in records]
    file = folder / "heads.json"
    file.write_text(json.dumps({"heads": heads}))
    return file


async def test_an_export_verifies_after_erasure_and_retention(
    bridge: Bridge, clock: Clock, tmp_path: Path, run: Run
) -> None:
    [one, two, three] = await two_stores(bridge, clock)
    key = a_key(tmp_path, "ours")
    heads = await heads_of(bridge, clock, tmp_path, key)
    await a_year_later(bridge, [one, two], clock)
    await erase(bridge.deps, one, "erika", "asked for")
    await retain(bridge.deps, Keep(deliveries=30, buyers=180, events=200), apply=True)
    file = await exported(bridge, tmp_path)
    head = ("--head", str(heads), "--public-key", str(tmp_path / "ours.pub"))
    status, out, err = run("ledger", "verify", str(file), *head)
    assert (status, err) == (0, "")
    assert "store shop-1: facts 1 to 12 hold (2026-11-23 to 2026-11-23, 6 reduced)" in out
    assert "store shop-2: facts 1 to 6 hold (2026-11-23 to 2026-11-23, 6 reduced)" in out
    assert "heads met: 2" in out
    alone = json.loads(run("ledger", "verify", str(file), "--store", "shop-2", "--json")[1])
    assert [(s["store_id"], s["facts"]) for s in alone["stretches"]] == [("shop-2", 6)]
    assert ["6 facts are reduced" in alone["notes"][0], "cut-off end" in alone["notes"][1]] == [True, True]
    half = json.loads(heads.read_text())
    half["heads"] = [head for head in half["heads"] if head["store_id"] == "shop-1"]
    heads.write_text(json.dumps(half))
    notes = json.loads(run("ledger", "verify", str(file), "--head", str(heads), "--json")[1])["notes"]
    assert "no head was given of shop-2: a cut-off end would not show" in notes
    assert three.closed_at is None


async def test_what_is_wrong_with_a_file_is_said(bridge: Bridge, clock: Clock, tmp_path: Path, run: Run) -> None:
    await two_stores(bridge, clock)
    heads = str(await heads_of(bridge, clock, tmp_path))
    lines = (await exported(bridge, tmp_path)).read_text().splitlines(keepends=True)

    def verify(content: list[str], *more: str) -> tuple[int, str]:
        file = tmp_path / "changed.ndjson"
        file.write_text("".join(content))
        status, _, err = run("ledger", "verify", str(file), *more)
        return status, err

    assert verify(lines) == (0, "")
    assert verify(lines[:3] + lines[4:]) == (1, "bridge: store shop-1, fact 4: this fact is missing\n")
    assert "fact 4: this fact is missing" in verify([*lines[:3], lines[4], lines[3], *lines[5:]])[1]
    assert "shown twice, or out of order" in verify([*lines[:4], lines[3], *lines[4:]])[1]
    byte = lines[4].replace('"amount":"14.95"', '"amount":"14.96"')
    assert byte != lines[4]
    assert verify([*lines[:4], byte, *lines[5:]]) == (
        1,
        "bridge: store shop-1, fact 5 (event 5): its data is not what was recorded\n",
    )
    assert verify(lines[:-2])[0] == 0, "a cut-off end does not show by itself"
    assert "counts 6 facts, these end at 4" in verify(lines[:-2], "--head", heads)[1]
    assert verify([]) == (1, "bridge: there is no fact to verify\n")
    assert "line 2 is not JSON" in verify([lines[0], "{"])[1]
    assert "line 1: event_id: Field required" in verify(["{}"])[1]
    assert "stands twice" in verify(['{"event_id": 1, "event_id": 2}'])[1]
    assert "cannot be read" in run("ledger", "verify", str(tmp_path / "none"))[2]


async def test_a_head_is_worth_what_its_signature_is(bridge: Bridge, clock: Clock, tmp_path: Path, run: Run) -> None:
    await two_stores(bridge, clock)
    file = str(await exported(bridge, tmp_path))
    ours, theirs = a_key(tmp_path, "ours"), a_key(tmp_path, "theirs")
    heads = await heads_of(bridge, clock, tmp_path, ours)
    check = ("ledger", "verify", file, "--head", str(heads), "--public-key")
    assert run(*check, str(tmp_path / "ours.pub"))[0] == 0
    assert "was not signed with this key" in run(*check, str(tmp_path / "theirs.pub"))[2]
    assert "holds no public key" in run(*check, str(theirs))[2]
    assert "signatures were not checked" in run(*check[:-1])[1]
    changed = json.loads(heads.read_text())
    changed["heads"][0]["length"] = 11
    heads.write_text(json.dumps(changed))
    assert "was not signed with this key, or was changed" in run(*check, str(tmp_path / "ours.pub"))[2]
    assert "fact 11 (event 17): is not the fact that the head" in run(*check[:-1])[2]
    changed["heads"][0]["signature"] = None
    heads.write_text(json.dumps(changed))
    assert "carries no signature" in run(*check, str(tmp_path / "ours.pub"))[2]
    assert run("ledger", "verify", file, "--public-key", str(ours))[0] == 2
    other = X25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (tmp_path / "other.pem").write_bytes(other)
    (tmp_path / "heads.json").write_text("{}")
    assert "holds no heads" in run(*check[:-1])[2]


async def test_the_operators_commands(
    bridge: Bridge, clock: Clock, tmp_path: Path, run: Run, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """head, verify of the database, buyers and retention against a live ledger."""
    [one, two, _] = await two_stores(bridge, clock)
    await a_year_later(bridge, [one], clock)
    for name in ("database_url", "redis_url", "master_keys", "jwt_secret"):
        monkeypatch.setenv(f"BRIDGE_{name.upper()}", getattr(settings, name).get_secret_value())
    key = a_key(tmp_path, "ours")

    async def bridge_(*arguments: str) -> tuple[int, str, str]:
        return await asyncio.to_thread(run, *arguments)

    assert "no head was noted" in (await bridge_("ledger", "head", "--day", "2026-11-22"))[2]
    status, signed, _ = await bridge_("ledger", "head", "--note", "--sign", str(key))
    assert (status, [head["length"] for head in json.loads(signed)["heads"]]) == (0, [12, 6])
    (tmp_path / "heads.json").write_text(signed)
    assert "shop-1  12" in (await bridge_("ledger", "head"))[1]
    check = ("ledger", "verify", "--head", "heads.json", "--public-key", "ours.pub", "--json")
    status, out, err = await bridge_(*check)
    assert (status, json.loads(out)["heads_met"]) == (0, 6), err
    assert "Lindenstraße" in (await bridge_("buyers", "show", "--order", "A1"))[1]
    assert "settle event" in (await bridge_("buyers", "erase", "--order", "B1", "--reason", "r", "--yes"))[2]
    assert (await bridge_("buyers", "erase", "--order", str(one.id), "--reason", " ", "--yes"))[0] == 2
    because = ("--reason", "asked for", "--yes", "--json")
    status, out, _ = await bridge_("buyers", "erase", "--order", str(one.id), *because)
    assert (status, json.loads(out)["done"]) == (0, True)
    assert (
        "was erased before"
        in (await bridge_("buyers", "erase", "--order", "A1", "--store", "shop-1", "--reason", "x", "--yes"))[1]
    )
    assert "erased on" in (await bridge_("buyers", "show", "--order", "A1"))[1]
    assert "there is no order" in (await bridge_("buyers", "show", "--order", "A1", "--store", "shop-2"))[2]
    monkeypatch.setenv("BRIDGE_KEEP_EVENTS_DAYS", "1")
    status, out, _ = await bridge_("retention", "--json")
    assert (status, [(o["kind"], o["days"], o["done"]) for o in json.loads(out)]) == (
        0,
        [("deliveries", 30, 0), ("buyers", 180, 0), ("events", 1, 0)],
    )
    assert (await bridge_("retention", "--apply"))[0] == 0
    assert (await bridge_("ledger", "verify"))[0] == 0
    monkeypatch.setenv("BRIDGE_KEEP_EVENTS_DAYS", "-1")
    assert "BRIDGE_KEEP_EVENTS_DAYS" in (await bridge_("retention"))[2]
    assert two.closed_at is None
