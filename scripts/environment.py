"""Makes `.venv` what a lock file says: `python scripts/environment.py service|local|dev`; quick when nothing changed.

Runs under any Python from 3.11 on with nothing installed. Two at once wait for each other.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"

# `bridge` by its place, not by an absolute path: the checkout may be moved, and may have a space in its name.
LAUNCHER = """\
#!/bin/sh
exec "$(dirname -- "$0")/python" -P -m app.cli "$@"
"""


def main(lock_name: str) -> int:
    if lock_name == "local" and os.environ.get("BRIDGE_DATABASE_URL") and os.environ.get("BRIDGE_REDIS_URL"):
        lock_name = "service"  # given servers: no embedded ones, also where their wheels do not exist
    lock = ROOT / "locks" / f"{lock_name}.txt"
    with (ROOT / ".venv.lock").open("w") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        if not _usable():
            _say("making .venv")
            shutil.rmtree(VENV, ignore_errors=True)
            subprocess.run([sys.executable, "-m", "venv", str(VENV)], check=True)
        stamp, wanted = VENV / f"installed-{lock_name}", hashlib.sha256(lock.read_bytes()).hexdigest()
        if not stamp.exists() or stamp.read_text() != wanted:
            _say(f"installing what locks/{lock.name} says")
            if not _install(lock):
                _say("the packages could not be installed (the reason stands above)")
                _say("wheels exist for Linux with glibc 2.28 or newer and macOS 11 or newer; elsewhere set")
                _say("BRIDGE_DATABASE_URL and BRIDGE_REDIS_URL: the embedded servers are then left out")
                return 1
            stamp.write_text(wanted)
        _link_project()
    return 0


def _usable() -> bool:
    """False for a missing environment, one whose Python has gone, and one that was interrupted before it had pip."""
    check = [str(PYTHON), "-c", "import sys, pip; sys.exit(sys.version_info < (3, 11))"]
    return PYTHON.exists() and subprocess.run(check, capture_output=True, check=False).returncode == 0


def _install(lock: Path) -> bool:
    """Wheels only, each against its hash. uv when it is there, pip when it is not or fails."""
    wheels = ["--require-hashes", "--only-binary", ":all:", "-r", str(lock)]
    if uv := shutil.which("uv"):
        command = [uv, "pip", "install", "--quiet", "--python", str(PYTHON), *wheels]
        if subprocess.run(command, check=False, cwd=ROOT).returncode == 0:
            return True
    quiet = ["--quiet", "--no-input", "--disable-pip-version-check", "--root-user-action=ignore"]
    command = [str(PYTHON), "-m", "pip", "install", *quiet, *wheels]
    return subprocess.run(command, check=False, cwd=ROOT).returncode == 0


def _link_project() -> None:
    """Puts the checkout on the environment's path and `bridge` beside its Python."""
    found = [str(PYTHON), "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]
    if (stamp := VENV / "linked").exists() and stamp.read_text() == str(ROOT):
        return
    site = Path(subprocess.run(found, capture_output=True, check=True, text=True).stdout.strip())
    (site / "idealo_bridge.pth").write_text(f"{ROOT}\n")
    launcher = VENV / "bin" / "bridge"
    launcher.write_text(LAUNCHER)
    launcher.chmod(0o755)
    stamp.write_text(str(ROOT))


def _say(line: str) -> None:
    print(f"make: {line}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
