"""Where the servers live when their user cannot reach the data directory, and that nobody's rights are changed."""

import os
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.embedded import EmbeddedError, EmbeddedServers
from app.embedded.place import find_place, reaches


def modes(folder: Path) -> dict[Path, int]:
    return {path: stat.S_IMODE(path.stat().st_mode) for path in (folder, *folder.parents)}


@pytest.fixture
def private(tmp_path: Path) -> Iterator[Path]:
    """A data directory below a folder that only we may enter; what root had to put elsewhere is removed."""
    (tmp_path / "private").mkdir(mode=0o700)
    data_dir = tmp_path / "private" / "data"
    yield data_dir
    note = data_dir / "servers_dir"
    if note.exists():
        shutil.rmtree(note.read_text().strip())


def test_a_private_parent_is_left_as_it_is(private: Path) -> None:
    before = modes(private.parent)
    with EmbeddedServers(private, durable=False) as servers:
        servers.start_postgres()
        servers.start_valkey()
    assert modes(private.parent) == before
    assert (servers.place.servers_dir != private) == (os.geteuid() == 0)
    assert stat.S_IMODE((servers.place.servers_dir / "postgres").stat().st_mode) == 0o700


def test_a_moved_data_directory_still_finds_its_servers(private: Path) -> None:
    before = find_place(private)
    moved = private.rename(private.with_name("moved"))
    after = find_place(moved)
    moved.rename(private)
    assert after.servers_dir == (before.servers_dir if os.geteuid() == 0 else moved)


def test_servers_never_run_as_root(private: Path) -> None:
    with EmbeddedServers(private, durable=False) as servers:
        servers.start_postgres()
        servers.start_valkey()
        for pid in (servers.postgres.pid, servers.valkey.pid):
            owner = Path(f"/proc/{pid}").stat().st_uid if Path("/proc/self").exists() else os.geteuid()
            assert owner != 0
            assert owner == servers.place.identity.uid


def test_files_of_another_user_are_named(private: Path) -> None:
    """Root can make them and then runs as their owner; an ordinary user is refused in one line."""
    place = find_place(private)
    cluster = place.servers_dir / "postgres"
    if os.geteuid() == 0:
        cluster.mkdir(mode=0o700)
        os.chown(cluster, 65534, 65534)
        assert find_place(private).identity.uid == 65534
        cluster.rmdir()
    else:
        cluster.symlink_to("/")
        with pytest.raises(EmbeddedError, match="belongs to root: start as root or root"):
            find_place(private)
        cluster.unlink()


def test_reaching_is_found_out_by_trying(private: Path) -> None:
    identity = find_place(private).identity
    assert reaches(identity, Path("/"))
    assert not reaches(identity, private / "absent")
