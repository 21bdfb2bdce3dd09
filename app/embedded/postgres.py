"""Postgres as a child process: makes the cluster once, starts it, restarts it after a crash, stops it."""

import os
import re
import shutil
import signal
import subprocess
import time
from pathlib import Path

from pydantic import SecretStr

from app.embedded.place import Place, advice, advised, postgres_binaries
from app.embedded.process import EmbeddedError, clean_environment, end, end_orphan, free_port, open_log, spawn, tail

USER = "bridge"
DATABASE = "bridge"
START_PATIENCE_S = 120  # a crash recovery reads the log since the last checkpoint
# Said by a postmaster whose predecessor, or the predecessor's last child, is still leaving.
PREDECESSOR_LEAVES = ("shared memory block", "postmaster.pid")
PORT_IS_TAKEN = "could not bind"


class Postgres:
    """One cluster under `servers_dir/postgres`, on a free port of the loopback interface, SCRAM passwords only.

    With `durable=False` (tests) a crash of the machine may lose what was committed.
    """

    def __init__(self, place: Place, password: SecretStr, *, durable: bool = True) -> None:
        self._place = place
        self._password = password
        self._durable = durable
        self._folder = place.servers_dir / "postgres"
        self._log_path = place.data_dir / "logs" / "postgres.log"
        self._binaries: Path | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._port: int | None = None

    @property
    def url(self) -> str:
        """`postgresql://user:password@127.0.0.1:port/bridge`; stays the same across a restart."""
        return f"postgresql://{USER}:{self._password.get_secret_value()}@127.0.0.1:{self._port}/{DATABASE}"

    @property
    def alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    def start(self) -> None:
        """Returns when the server takes connections. Also restarts a server that died, on the same port.

        Raises:
            EmbeddedError: it did not start; the text carries Postgres' own reason.
        """
        self._binaries = self._binaries or postgres_binaries(self._place)
        with advised("starting Postgres", self._place.servers_dir):
            if not self._folder.exists():
                self._make_cluster(self._binaries)
            self._check_version(self._binaries)
            self._end_orphan()
            self._launch_until_ready(self._binaries)

    def stop(self) -> None:
        """Fast shutdown: open transactions are rolled back, everything committed is on disk."""
        if self._process is not None:
            end(self._process, [(signal.SIGINT, 10), (signal.SIGQUIT, 3), (signal.SIGKILL, 5)])

    def _make_cluster(self, binaries: Path) -> None:
        """A cluster appears under its name only when it is complete; what an interrupted start left is removed."""
        for leftover in self._place.servers_dir.glob("postgres.unfinished*"):
            shutil.rmtree(leftover, ignore_errors=True)  # its initdb may still be writing; this one has its own name
        unfinished = self._place.servers_dir / f"postgres.unfinished-{os.getpid()}"
        unfinished.mkdir(mode=0o700)
        self._place.identity.owns(unfinished)
        flags = [
            "-D",
            str(unfinished),
            "-U",
            USER,
            "-E",
            "UTF8",
            "--locale=C",
            "-A",
            "scram-sha-256",
            "--data-checksums",
        ]
        if _major_version(self._run(binaries, "postgres", "--version")) >= 17:
            flags += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]  # sorts alike on every machine
        if not self._durable:
            flags.append("--no-sync")
        reader, writer = os.pipe()
        try:
            if self._place.identity.popen_arguments():
                os.fchown(reader, self._place.identity.uid, self._place.identity.gid)
            os.write(writer, self._password.get_secret_value().encode())
            os.close(writer)
            self._run(binaries, "initdb", *flags, f"--pwfile=/dev/fd/{reader}", pass_fds=(reader,))
        finally:
            os.close(reader)
        single = ("--single", "-D", str(unfinished), *([] if self._durable else ["-c", "fsync=off"]), "postgres")
        self._run(binaries, "postgres", *single, standard_input=f"CREATE DATABASE {DATABASE};\n")
        unfinished.rename(self._folder)

    def _run(
        self, binaries: Path, program: str, *arguments: str, pass_fds: tuple[int, ...] = (), standard_input: str = ""
    ) -> str:
        identity = self._place.identity
        ran: subprocess.CompletedProcess[bytes] = subprocess.run(
            [*identity.prefix, str(binaries / program), *arguments],
            cwd="/",
            env=clean_environment(),
            input=standard_input.encode(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            pass_fds=pass_fds,
            check=False,
            start_new_session=True,  # Ctrl-C is ours to answer, not initdb's
            **identity.popen_arguments(),
        )
        said = ran.stdout.decode(errors="replace")
        if ran.returncode != 0:
            raise self._failure(program, said)
        return said

    def _failure(self, what: str, said: str) -> EmbeddedError:
        """One line out of Postgres' many: its first complaint, and what to do about it."""
        lines = [line.strip() for line in said.splitlines() if line.strip()]
        complaints = [line for line in lines if re.search(r"\b(error|FATAL|PANIC|could not)\b", line)]
        reason = re.sub(r"^.*?\b(FATAL|PANIC):\s*", "", (complaints or lines or ["it said nothing"])[0])
        return EmbeddedError(
            f"Postgres: {what} failed: {reason}{advice(said, self._place.servers_dir)} (log: {self._log_path})"
        )

    def _check_version(self, binaries: Path) -> None:
        found = _major_version(self._run(binaries, "postgres", "--version"))
        made_by = int((self._folder / "PG_VERSION").read_text(encoding="ascii"))
        if found != made_by:
            raise EmbeddedError(
                f"{self._folder} was made by Postgres {made_by}, this is {found}: set PG_BIN_DIR to the programs"
                f" of Postgres {made_by}, or dump it with them and load the dump into a new BRIDGE_DATA_DIR"
            )

    def _end_orphan(self) -> None:
        if pid := self._pid_file()[:1]:
            end_orphan(int(pid[0]), str(self._folder), signal.SIGINT)

    def _pid_file(self) -> list[str]:
        """The lines of postmaster.pid: first the process, eighth its state; none while it is written or absent."""
        try:
            lines = (self._folder / "postmaster.pid").read_text(encoding="utf-8", errors="replace").splitlines()
        except FileNotFoundError:
            return []
        return [line.strip() for line in lines] if lines and lines[0].strip().isdigit() else []

    def _launch_until_ready(self, binaries: Path) -> None:
        fixed, deadline = self._port is not None, time.monotonic() + START_PATIENCE_S
        while True:
            self._port = self._port if fixed and self._port else free_port()
            said = self._launch(binaries, self._port, deadline)
            if said is None:
                return
            passing = any(words in said for words in (*PREDECESSOR_LEAVES, PORT_IS_TAKEN))
            if not passing or time.monotonic() > deadline - START_PATIENCE_S + 15:
                raise self._failure("start", said)
            time.sleep(0.2)

    def _launch(self, binaries: Path, port: int, deadline: float) -> str | None:
        """Starts the server once. Returns None when it is ready, else what it said before it ended."""
        log_start = self._log_path.stat().st_size if self._log_path.exists() else 0
        settings = ["listen_addresses=127.0.0.1", "unix_socket_directories="]
        if not self._durable:
            settings += ["fsync=off", "synchronous_commit=off", "full_page_writes=off"]
        arguments = [argument for setting in settings for argument in ("-c", setting)]
        with open_log(self._log_path) as log:
            self._process = spawn(
                [binaries / "postgres", "-D", self._folder, "-p", str(port), *arguments],
                identity=self._place.identity,
                cwd=Path("/"),
                log=log,
                stop_signal=signal.SIGINT,
            )
        while self._process.poll() is None:
            lines = self._pid_file()
            if len(lines) >= 8 and lines[0] == str(self._process.pid) and lines[7] == "ready":
                return None
            if time.monotonic() > deadline:
                self.stop()
                return f"not ready after {START_PATIENCE_S} s\n{tail(self._log_path, log_start)}"
            time.sleep(0.005)
        return tail(self._log_path, log_start)


def _major_version(said: str) -> int:
    found = re.search(r"\(PostgreSQL\) (\d+)", said)
    if found is None:
        raise EmbeddedError(f"postgres --version said {said.strip()[:80]!r}, which names no version")
    return int(found[1])
