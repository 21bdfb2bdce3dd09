"""Writes `locks/*.txt` from `pyproject.toml`: every platform, every hash, no registry's host (needs uv)."""

import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
EXTRAS = {"service": [], "local": ["embedded"], "dev": ["embedded", "dev"]}


def main() -> int:
    uv = shutil.which("uv") or str(Path(sys.executable).parent / "uv")
    if not Path(uv).exists():
        print("make: writing locks needs uv (any recent one): pip install uv", file=sys.stderr)
        return 1
    for name, extras in EXTRAS.items():
        chosen = [argument for extra in extras for argument in ("--extra", extra)]
        flags = ["--universal", "--python-version", "3.11", "--generate-hashes"]
        silent = ["--no-header", "--no-emit-index-url", "--no-annotate", "--quiet"]
        goal = ROOT / "locks" / f"{name}.txt"
        # An existing lock is read as a preference: only what pyproject.toml asks for moves.
        subprocess.run(
            [uv, "pip", "compile", *flags, *silent, *chosen, "pyproject.toml", "-o", str(goal), *sys.argv[1:]],
            check=True,
            cwd=ROOT,
            stdout=subprocess.DEVNULL,
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
