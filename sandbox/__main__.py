"""`python -m sandbox`: serves the sandbox by itself."""

import argparse
import sys
from pathlib import Path

from sandbox.server import serve
from sandbox.world import World


def main(arguments: list[str] | None = None) -> int:
    """Read the command line and serve."""
    parser = argparse.ArgumentParser(prog="python -m sandbox", description="A faithful idealo and fake stores.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8100)
    parser.add_argument("--data", type=Path, metavar="FILE", help="SQLite file that keeps the state over restarts")
    parser.add_argument("--seed", type=int, default=1, help="makes everything random repeatable (default 1)")
    chosen = parser.parse_args(arguments)
    sys.stdout.write(f"sandbox on http://{chosen.host}:{chosen.port}/_sandbox/\n")
    sys.stdout.flush()
    serve(chosen.host, chosen.port, World(seed=chosen.seed, store_path=chosen.data))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
