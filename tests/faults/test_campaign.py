"""The short form of the fault campaign, and what it stands on: roads, quota, facts, and a defect for every rule."""

import asyncio
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg
import pytest

from app.domain.difference import Difference, Verdict
from tests.faults.clocks import Clocks
from tests.faults.facts import Facts
from tests.faults.house import ROOT
from tests.faults.network import Promises, Road
from tests.faults.quota import LimitedQuota
from tests.faults.trial import uncovered
from tests.sync.reconciled import not_at_rest

SEED = os.environ.get("BRIDGE_TEST_SEED", "1")
PATIENCE_S = 300


def test_everything_is_right_after_everything_broke() -> None:
    """In a process of its own: a campaign starts servers and must own the main thread."""
    command = [sys.executable, "-P", "-m", "tests.faults", "--short", "--first", SEED]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    ran = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=PATIENCE_S
    )
    assert ran.returncode == 0, f"seed {SEED}\n{ran.stdout[-8000:]}\n{ran.stderr[-4000:]}"
    print(ran.stdout)


def test_every_rule_has_a_defect_that_it_must_find() -> None:
    assert uncovered() == set()


async def test_an_accepted_delivery_is_heard_even_when_its_answer_comes_in_pieces() -> None:
    promises = Promises()
    listen = promises.tap()
    for piece in (b'HTTP/1.1 202 Accepted\r\n\r\n{"status": "acce', b'pted", "delivery_id": 12', b"3}HTTP/1.1 202\r\n"):
        listen(piece)
    assert promises.delivery_ids == {123}


@pytest.mark.parametrize("how", ["cut", "blocked"])
async def test_a_troubled_road_carries_nothing_until_it_is_cleared(how: str) -> None:
    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(await reader.read(100))
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    road = Road(server.sockets[0].getsockname()[1])
    port = await road.build()
    await road.trouble(how)
    with pytest.raises((TimeoutError, OSError)):
        await _heard_back(port)
    await road.clear()
    assert await _heard_back(port) == b"hello"
    await road.close()
    server.close()


async def _heard_back(port: int) -> bytes:
    async with asyncio.timeout(0.5):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            writer.write(b"hello")
            answer = await reader.read(100)
        finally:
            writer.transport.abort()
    if not answer:
        raise ConnectionResetError
    return answer


def test_without_a_mount_the_quota_limits_the_servers_files(tmp_path: Path) -> None:
    grow = "import sys,signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN); input(); open('f','wb').write(b'x'*9000)"
    writing = [sys.executable, "-c", grow]
    with subprocess.Popen(writing, cwd=tmp_path, stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        LimitedQuota(tmp_path).fill([process.pid])
        _, said = process.communicate("\n", timeout=20)
    assert "File too large" in said


async def test_a_changed_and_a_vanished_fact_are_noticed(database_url: str) -> None:
    connection = await asyncpg.connect(database_url)
    try:
        await connection.execute("SET session_replication_role = replica")
        for number in (1, 2):
            await connection.execute(
                "INSERT INTO attempts (event_id, number, actor, outcome, detail, started_at, ended_at)"
                " VALUES (7, $1, 'bridge', 'done', '', now(), now())",
                number,
            )
        facts = Facts()
        await facts.note(connection)
        await connection.execute("UPDATE attempts SET detail = 'other' WHERE number = 1")
        await connection.execute("DELETE FROM attempts WHERE number = 2")
        await facts.note(connection)
    finally:
        await connection.close()
    assert sorted(wrong.text.rpartition(" ")[2] for wrong in facts.broken()) == ["changed", "vanished"]


def test_only_stamps_of_a_clock_that_was_off_are_in_doubt(tmp_path: Path) -> None:
    clocks = Clocks(tmp_path.joinpath)
    before = datetime.now(UTC)
    assert clocks.doubt(before) == timedelta(0)
    clocks.put_off("api", -30)
    clocks.leap(4200)
    assert clocks.doubt(before - timedelta(seconds=30), before) == timedelta(seconds=30)
    for right in (before, before + timedelta(seconds=4200), before + timedelta(seconds=4170)):
        assert clocks.doubt(right) == timedelta(0)
    clocks.put_off("worker-1", 30)
    assert float((tmp_path / "worker-1").read_text()) == 4230
    assert clocks.doubt(datetime.now(UTC) + timedelta(seconds=4230)) == timedelta(seconds=30)


@pytest.mark.parametrize(
    ("verdict", "wrong"), [("open", 1), ("mended", 1), ("under_way", 1), ("waiting", 0), ("known", 0)]
)
def test_what_a_reconciliation_mended_was_wrong_at_rest_all_the_same(verdict: Verdict, wrong: int) -> None:
    difference = Difference(
        rule="event_not_in_ledger",
        sides=("ledger",),
        expected="recorded",
        found="none",
        verdict=verdict,
        mendable=True,
        advice="",
    )
    assert len(not_at_rest([difference])) == wrong
