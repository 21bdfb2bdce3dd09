"""`bridge up` as a whole: it starts, heals and stops together, and says in one line why it cannot."""

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.config import LocalSettings, load_local_settings
from app.embedded import environment_of_running
from app.embedded.process import command_of, free_port
from app.supervisor import StartError, run
from app.supervisor.child import Child, end_left_over
from app.supervisor.network import check_port, get, reachable

ROOT = Path(__file__).resolve().parent.parent

UP = """
import sys
from app.config import load_local_settings
from app.supervisor import Running, run

async def on_ready(running: Running) -> None:
    print("HOOK", running.api_url, running.sandbox_url, flush=True)

sys.exit(run(load_local_settings(), on_ready))
"""


@contextlib.contextmanager
def up(folder: Path) -> Iterator[tuple[subprocess.Popen[str], int, str]]:
    """A `bridge up` of its own with free ports; yields it when it is ready, its API port and what it said."""
    port = free_port()
    given = {
        "BRIDGE_DATA_DIR": str(folder / "data"),
        "BRIDGE_API_PORT": str(port),
        "BRIDGE_SANDBOX_PORT": str(free_port()),
    }
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("BRIDGE_")}
    process = subprocess.Popen(
        [sys.executable, "-c", UP],
        cwd=ROOT,
        env=inherited | given,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout is not None
    said = ""
    try:
        for line in process.stdout:
            said += line
            if line.startswith("READY "):
                break
        assert "READY " in said, said
        yield process, port, said
    finally:
        process.send_signal(signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.communicate(timeout=20)
        process.kill()
        process.communicate()


def status_of(port: int) -> int:
    return get(f"http://127.0.0.1:{port}/readyz")[0]


def wait_for(condition: object, seconds: float = 30) -> None:
    assert callable(condition)
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.05)


def processes_below(pid: int) -> dict[str, int]:
    """The direct children of a process: api, worker, sandbox and postgres, with their pids."""
    found = subprocess.run(["ps", "-A", "-ww", "-o", "pid=,ppid=,args="], capture_output=True, text=True, check=False)
    rows = [line.split(None, 2) for line in found.stdout.splitlines()]
    named = re.compile(r"-m (?:app\.cli )?(api|worker|sandbox)\b|bin/(postgres) -D")
    return {
        match[1] or match[2]: int(child)
        for child, parent, args in rows
        if int(parent) == pid and (match := named.search(args))
    }


def test_up_serves_heals_and_stops_with_status_0_within_5_seconds(folder: Path) -> None:
    with up(folder) as (process, port, said):
        assert re.search(r"^HOOK http://127\.0\.0\.1:\d+ http://127\.0\.0\.1:\d+$", said, re.MULTILINE)
        assert "token --scope read,operate,configure" in said
        environment = environment_of_running(folder / "data")
        assert environment is not None
        assert environment["BRIDGE_API_PORT"] == str(port)
        assert not [value for name, value in environment.items() if name.endswith(("KEYS", "SECRET")) and value in said]

        before = processes_below(process.pid)
        for name in ("api", "worker", "sandbox", "postgres"):
            os.kill(before[name], signal.SIGKILL)
        wait_for(lambda: {"api", "worker", "sandbox", "postgres"} <= processes_below(process.pid).keys())
        after = processes_below(process.pid)
        assert not set(before.values()) & {after[name] for name in ("api", "worker", "sandbox", "postgres")}
        wait_for(lambda: status_of(port) == 200)

        began = time.monotonic()
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=20)
        assert process.returncode == 0
        assert time.monotonic() - began < 5
        assert not [command_of(pid) for pid in after.values() if command_of(pid)]
        assert environment_of_running(folder / "data") is None


def test_a_second_up_is_refused_and_a_killed_one_leaves_nothing(folder: Path) -> None:
    with up(folder) as (process, port, _):
        second = subprocess.run(
            [sys.executable, "-c", UP],
            cwd=ROOT,
            env=os.environ | {"BRIDGE_DATA_DIR": str(folder / "data")},
            capture_output=True,
            text=True,
            check=False,
        )
        assert second.returncode == 1
        assert f"in use by another bridge (process {process.pid})" in second.stderr
        assert second.stderr.count("\n") == 1
        assert status_of(port) == 200
        children = processes_below(process.pid)
        process.kill()
        process.communicate()
        if sys.platform == "linux":
            wait_for(lambda: not any(command_of(pid) for pid in children.values()))
    with up(folder) as (_, port, _):
        assert status_of(port) == 200


def settings_in(folder: Path, monkeypatch: pytest.MonkeyPatch, **given: str) -> LocalSettings:
    monkeypatch.chdir(folder)
    for name in [name for name in os.environ if name.startswith("BRIDGE_")]:
        monkeypatch.delenv(name)
    for name, value in ({"BRIDGE_DATA_DIR": str(folder / "data")} | given).items():
        monkeypatch.setenv(name, value)
    return load_local_settings()


def test_a_port_in_use_is_one_line_that_names_the_variable(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        assert run(settings_in(folder, monkeypatch, BRIDGE_API_PORT=port, BRIDGE_SANDBOX="off")) == 1
        said = capsys.readouterr().err
        assert said == f"bridge up: port {port} is in use: stop what uses it, or set BRIDGE_API_PORT to another port\n"
        free = str(free_port())
        assert run(settings_in(folder, monkeypatch, BRIDGE_API_PORT=free, BRIDGE_SANDBOX_PORT=port)) == 1
        assert "set BRIDGE_SANDBOX_PORT to another port" in capsys.readouterr().err


def test_a_host_that_is_not_ours_is_named() -> None:
    with pytest.raises(StartError, match=r"198\.51\.100\.1:8000 cannot be used .* BRIDGE_API_HOST"):
        check_port("198.51.100.1", 8000, "BRIDGE_API_PORT")


def test_a_migration_that_fails_ends_the_start_with_its_reason(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    given = {"BRIDGE_DATABASE_URL": f"postgresql://u:s3cret@127.0.0.1:{free_port()}/d", "BRIDGE_REDIS_URL": "redis://h"}
    free = {"BRIDGE_API_PORT": str(free_port()), "BRIDGE_SANDBOX": "off"}
    assert run(settings_in(folder, monkeypatch, **given, **free)) == 1
    said = capsys.readouterr().err
    assert said.startswith("bridge up: the migration failed: ConnectionRefusedError")
    assert "s3cret" not in said


def test_wildcard_addresses_are_called_on_this_machine() -> None:
    assert [reachable(host) for host in ("0.0.0.0", "::", "bridge.example.com")] == [
        "127.0.0.1",
        "[::1]",
        "bridge.example.com",
    ]


def test_a_child_is_started_again_with_growing_pauses(tmp_path: Path) -> None:
    said: list[str] = []
    child = Child(
        "worker", [sys.executable, "-c", "print('gone wrong'); exit(3)"], {}, tmp_path / "worker.log", tmp_path / "pid"
    )
    deadline = time.monotonic() + 20
    while len(said) < 3 and time.monotonic() < deadline:
        child.heal(said.append)
        time.sleep(0.01)
    log = tmp_path / "worker.log"
    assert said[:2] == [
        f"worker ended (3), starting it again in {pause} s: gone wrong (log: {log})" for pause in ("0.2", "1")
    ]
    assert log.read_text().count("gone wrong") == 3


def test_a_child_that_ignores_sigterm_is_killed_in_time(tmp_path: Path) -> None:
    stubborn = (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('on', flush=True); time.sleep(60)"
    )
    child = Child("api", [sys.executable, "-c", stubborn], {}, tmp_path / "api.log", tmp_path / "pid")
    wait_for(lambda: "on" in (tmp_path / "api.log").read_text())
    began = time.monotonic()
    child.stop(0.3)
    assert child.status == -signal.SIGKILL
    assert time.monotonic() - began < 2


def test_a_child_left_by_a_killed_run_is_ended_and_a_stranger_is_not(tmp_path: Path) -> None:
    sleep = "import time; time.sleep(60)"
    child = Child("api", [sys.executable, "-c", sleep, "app.cli", "api"], {}, tmp_path / "api.log", tmp_path / "pid")
    end_left_over(tmp_path / "pid", "app.cli worker")
    wait_for(lambda: "app.cli api" in command_of(child.pid))  # until exec the fork still shows our own command
    (tmp_path / "pid").write_text(str(child.pid))
    end_left_over(tmp_path / "pid", "app.cli api")
    wait_for(lambda: not child.alive, 5)  # its command line goes a moment before it can be waited for
    end_left_over(tmp_path / "pid", "app.cli api")


def test_secrets_reach_a_child_by_environment_only(tmp_path: Path) -> None:
    show = "import os; print(os.environ['BRIDGE_JWT_SECRET'], flush=True)"
    child = Child(
        "api", [sys.executable, "-c", show], {"BRIDGE_JWT_SECRET": "s3cret"}, tmp_path / "api.log", tmp_path / "pid"
    )
    assert "s3cret" not in command_of(child.pid)
    child.wait()
    assert "s3cret" in (tmp_path / "api.log").read_text()
    assert (tmp_path / "api.log").stat().st_mode & 0o777 == 0o600
