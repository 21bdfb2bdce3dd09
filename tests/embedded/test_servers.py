"""The embedded servers start, keep, restart and stop, also at odd places and after kill -9."""

import asyncio
import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import asyncpg
import pytest
from redis.asyncio import Redis

from app.embedded import EmbeddedError, EmbeddedServers, environment_of_running
from app.embedded.process import command_of

ROOT = Path(__file__).resolve().parents[2]


@contextmanager
def started(data_dir: Path) -> Iterator[EmbeddedServers]:
    with EmbeddedServers(data_dir, durable=False) as servers:
        servers.start_postgres()
        servers.start_valkey()
        yield servers
    if servers.place.servers_dir != servers.place.data_dir and not data_dir.exists():
        shutil.rmtree(servers.place.servers_dir)


async def add_row(url: str) -> int:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute("CREATE TABLE IF NOT EXISTS kept (n int)")
        await connection.execute("INSERT INTO kept VALUES (1)")
        return int(await connection.fetchval("SELECT count(*) FROM kept"))
    finally:
        await connection.close()


async def add_key(url: str) -> int:
    async with Redis.from_url(url) as redis:
        return int(await redis.incr("kept"))


def gone(pid: int) -> bool:
    return not command_of(pid)


def wait_until_gone(*pids: int) -> None:
    deadline = time.monotonic() + 20
    while not all(gone(pid) for pid in pids):
        assert time.monotonic() < deadline, f"still there: {[command_of(pid) for pid in pids]}"
        time.sleep(0.02)


def kill_and_reap(servers: EmbeddedServers) -> None:
    for server in (servers.postgres, servers.valkey):
        assert server.pid is not None
        os.kill(server.pid, signal.SIGKILL)
        while server.alive:
            time.sleep(0.01)


async def test_data_survives_a_stop_at_a_path_with_spaces_and_umlauts(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LC_ALL", "de_DE.ISO-8859-15")  # not installed where this runs: initdb must not see it
    monkeypatch.setenv("PGPORT", "1")
    for times in (1, 2):
        with started(folder / "Müller & Söhne" / "data dir") as servers:
            assert await add_row(servers.database_url) == times
            assert await add_key(servers.redis_url) == times


async def test_text_sorts_and_folds_alike_on_every_machine(folder: Path) -> None:
    with started(folder / "data") as servers:
        connection = await asyncpg.connect(servers.database_url)
        assert (
            await connection.fetchval("SELECT string_agg(w, '' ORDER BY w) FROM unnest('{b,ä,a,Z}'::text[]) w")
            == "Zabä"
        )
        assert await connection.fetchval("SELECT upper('münchen')") == "MÜNCHEN"
        assert await connection.fetchval("SHOW data_checksums") == "on"
        await connection.close()


def test_secrets_are_for_the_owner_and_on_no_command_line(folder: Path) -> None:
    with started(folder / "data") as servers:
        keys = servers.place.data_dir / "keys.json"
        assert keys.stat().st_mode & 0o777 == 0o600
        assert (servers.place.servers_dir / "valkey" / "valkey.conf").stat().st_mode & 0o777 == 0o600
        secrets = [value.get_secret_value() for value in vars(servers.keys).values()]
        for pid in (servers.postgres.pid, servers.valkey.pid):
            assert pid is not None
            assert not [secret for secret in secrets if secret in command_of(pid)]
        logs = "".join(path.read_text() for path in (servers.place.data_dir / "logs").iterdir())
        assert not [secret for secret in secrets if secret in logs]


async def test_a_wrong_password_is_refused_and_only_loopback_listens(folder: Path) -> None:
    with started(folder / "data") as servers:
        with pytest.raises(asyncpg.InvalidPasswordError):
            await asyncpg.connect(servers.database_url, password="wrong")
        connection = await asyncpg.connect(servers.database_url)
        assert await connection.fetchval("SHOW listen_addresses") == "127.0.0.1"
        assert await connection.fetchval("SHOW unix_socket_directories") == ""
        await connection.close()
        async with Redis.from_url(servers.redis_url) as redis:
            assert (await redis.config_get("bind"))["bind"] == "127.0.0.1"


async def test_killed_servers_come_back_on_their_port_with_their_data(folder: Path) -> None:
    with started(folder / "data") as servers:
        before = servers.database_url, servers.redis_url
        await add_row(servers.database_url)
        await add_key(servers.redis_url)
        await asyncio.sleep(1.2)  # the append-only file is synced every second
        kill_and_reap(servers)
        assert (servers.start_postgres(), servers.start_valkey()) == before
        assert await add_row(servers.database_url) == 2
        assert await add_key(servers.redis_url) == 2


async def test_a_damaged_append_only_file_is_set_aside(folder: Path) -> None:
    with started(folder / "data") as servers:
        await add_key(servers.redis_url)
    for part in (servers.place.servers_dir / "valkey" / "appendonlydir").glob("*.incr.aof"):
        part.write_bytes(b"*2\r\n$6\r\nNOTHING" * 4)
    with started(folder / "data") as servers:
        assert await add_key(servers.redis_url) == 1
        assert (servers.place.servers_dir / "valkey" / "appendonlydir.broken").exists()


def test_a_second_start_is_told_who_runs_and_does_no_harm(folder: Path) -> None:
    with started(folder / "data") as servers:
        with pytest.raises(EmbeddedError, match=rf"in use by another bridge \(process {os.getpid()}\)"):
            EmbeddedServers(folder / "data")
        assert servers.postgres.alive
        assert servers.valkey.alive
    with EmbeddedServers(folder / "data"):
        pass


SUPERVISOR = """
import sys, time
from pathlib import Path
from app.embedded import EmbeddedServers
servers = EmbeddedServers(Path(sys.argv[1]), durable=False)
servers.start_postgres(), servers.start_valkey()
print(servers.postgres.pid, servers.valkey.pid, flush=True)
time.sleep(60)
"""


def start_elsewhere(data_dir: Path) -> tuple[subprocess.Popen[str], list[int]]:
    process = subprocess.Popen(
        [sys.executable, "-c", SUPERVISOR, str(data_dir)], stdout=subprocess.PIPE, text=True, cwd=ROOT
    )
    assert process.stdout is not None
    return process, [int(pid) for pid in process.stdout.readline().split()]


async def test_a_killed_owner_leaves_no_server_and_no_damage(folder: Path) -> None:
    owner, pids = start_elsewhere(folder / "data")
    owner.kill()
    owner.communicate()
    if sys.platform == "linux":  # elsewhere the next start ends them, below
        wait_until_gone(*pids)
    with started(folder / "data") as servers:
        assert await add_row(servers.database_url) == 1
    wait_until_gone(*pids)


async def test_orphans_are_ended_by_the_next_start(folder: Path) -> None:
    with EmbeddedServers(folder / "data", durable=False) as first:
        first.start_postgres()
        first.start_valkey()
        pids = [pid for pid in (first.postgres.pid, first.valkey.pid) if pid]
        first._lock.close()  # as after a kill -9 on a system without a parent-death signal
        with started(folder / "data") as servers:
            assert not first.postgres.alive
            assert not first.valkey.alive
            assert await add_row(servers.database_url) == 1
    assert all(gone(pid) for pid in pids)


def test_a_stale_pid_file_never_ends_a_stranger(folder: Path) -> None:
    with started(folder / "data") as servers:
        pass
    stranger = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    try:
        (servers.place.servers_dir / "valkey" / "valkey.pid").write_text(str(stranger.pid))
        with started(folder / "data"):
            assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_an_interrupted_first_start_is_begun_anew(folder: Path) -> None:
    unfinished = folder / "data" / "postgres.unfinished-1" / "base"
    unfinished.mkdir(parents=True)
    (folder / "data").chmod(0o711)
    with started(folder / "data") as servers:
        assert servers.postgres.alive
        assert not unfinished.exists()


def test_missing_keys_beside_a_database_are_not_replaced(folder: Path) -> None:
    with started(folder / "data"):
        pass
    (folder / "data" / "keys.json").unlink()
    with pytest.raises(EmbeddedError, match=r"keys\.json is missing.*put it back"):
        EmbeddedServers(folder / "data")


def test_damaged_keys_are_reported_without_their_content(folder: Path) -> None:
    with EmbeddedServers(folder / "data") as servers:
        secret = servers.keys.master_key.get_secret_value()
    path = folder / "data" / "keys.json"
    path.write_text(path.read_text().replace("jwt_secret", "jwt_sec"))
    with pytest.raises(EmbeddedError, match="is damaged") as refused:
        EmbeddedServers(folder / "data")
    assert secret not in str(refused.value)


def test_a_full_disk_is_said_in_one_line_and_recovers(folder: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1024 * 1024, hard))  # no file beyond 1 MiB: the write-ahead log is 16
    try:
        with EmbeddedServers(folder / "data") as servers, pytest.raises(EmbeddedError) as refused:
            servers.start_postgres()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert "free some space" in str(refused.value)
    assert "\n" not in str(refused.value)
    with started(folder / "data") as servers:
        assert servers.postgres.alive


def test_another_major_version_is_refused_before_it_touches_anything(folder: Path) -> None:
    with started(folder / "data") as servers:
        pass
    (servers.place.servers_dir / "postgres" / "PG_VERSION").write_text("15\n")
    with (
        EmbeddedServers(folder / "data") as later,
        pytest.raises(EmbeddedError, match="was made by Postgres 15, this is"),
    ):
        later.start_postgres()


def test_given_programs_that_do_not_run_are_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PG_BIN_DIR", str(folder))
    with (
        EmbeddedServers(folder / "data") as servers,
        pytest.raises(EmbeddedError, match=r"PG_BIN_DIR: .* does not run"),
    ):
        servers.start_postgres()


def test_a_data_directory_that_cannot_be_made_is_named(folder: Path) -> None:
    (folder / "file").touch()
    with pytest.raises(EmbeddedError, match=r"making the data directory failed at .*file"):
        EmbeddedServers(folder / "file" / "data")


def test_running_settings_are_readable_while_they_run_only(folder: Path) -> None:
    data_dir = folder / "data"
    with EmbeddedServers(data_dir) as servers:
        assert environment_of_running(data_dir) is None
        servers.announce({"BRIDGE_API_PORT": "8000"})
        assert (data_dir / "environment.json").stat().st_mode & 0o777 == 0o600
        assert environment_of_running(data_dir) == {"BRIDGE_API_PORT": "8000"}
    assert environment_of_running(data_dir) is None


def test_settings_left_by_a_killed_run_are_not_believed(folder: Path) -> None:
    with EmbeddedServers(folder / "data"):
        pass
    (folder / "data" / "environment.json").write_text("{}")
    assert environment_of_running(folder / "data") is None
