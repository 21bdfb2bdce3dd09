"""A data directory that can run full: a small file system of its own where mounting is allowed, else a size limit."""

import contextlib
import os
import resource
import subprocess
import tempfile
from collections.abc import Iterable
from pathlib import Path

import psutil

SIZE_MB = 400
_LEFT_BYTES = 4096
"""The limit on files that stands for a full disk: nothing of Postgres or Valkey is that small."""


class Quota:
    """`fill` leaves no room in `folder`, `free` gives it back. `how` says by what means."""

    how: str

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def fill(self, pids: Iterable[int]) -> None:
        raise NotImplementedError

    def free(self, pids: Iterable[int]) -> None:
        raise NotImplementedError

    def close(self) -> None:
        """Gives back what was taken from the machine."""


class MountedQuota(Quota):
    """A tmpfs of fixed size; filled by a file that takes all that is left."""

    how = f"a tmpfs of {SIZE_MB} MB, filled to the last byte"

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        options = f"size={SIZE_MB}m,mode=0711"
        subprocess.run(["mount", "-t", "tmpfs", "-o", options, "bridge-faults", str(folder)], check=True)

    def fill(self, pids: Iterable[int]) -> None:
        with contextlib.suppress(OSError), self._ballast.open("ab", buffering=0) as ballast:
            for size in (2**20, 4096, 1):
                with contextlib.suppress(OSError):
                    while True:
                        ballast.write(b"\0" * size)

    def free(self, pids: Iterable[int]) -> None:
        self._ballast.unlink(missing_ok=True)

    def close(self) -> None:
        # Lazily: a server that was killed a moment ago may still hold a file.
        subprocess.run(["umount", "--lazy", str(self.folder)], check=True)

    @property
    def _ballast(self) -> Path:
        return self.folder / "ballast"


class LimitedQuota(Quota):
    """No file of the servers may grow beyond a page: the kernel answers EFBIG where a full disk says ENOSPC."""

    how = "a file size limit on the servers' processes (mounting is not permitted here)"

    def fill(self, pids: Iterable[int]) -> None:
        self._limit(pids, _LEFT_BYTES)

    def free(self, pids: Iterable[int]) -> None:
        self._limit(pids, resource.RLIM_INFINITY)

    @staticmethod
    def _limit(pids: Iterable[int], size: int) -> None:
        for pid in pids:
            with contextlib.suppress(psutil.NoSuchProcess, ProcessLookupError):
                family = [pid, *(child.pid for child in psutil.Process(pid).children(recursive=True))]
                for one in family:
                    _, hard = resource.prlimit(one, resource.RLIMIT_FSIZE)
                    resource.prlimit(one, resource.RLIMIT_FSIZE, (size, hard))


def make_quota(parent: Path) -> Quota:
    """The best this machine permits, over a new folder in `parent`."""
    folder = Path(tempfile.mkdtemp(prefix="data-", dir=parent))
    folder.chmod(0o711)
    if os.geteuid() == 0:
        with contextlib.suppress(subprocess.CalledProcessError, OSError):
            return MountedQuota(folder)
    return LimitedQuota(folder)
