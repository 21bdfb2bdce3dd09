"""Where `bridge` begins: what lasts starts as it is, every other command after all of them are put together."""

import sys

from app.cli.lasting import LASTING
from app.config import SettingsError


def main() -> None:
    """Exit status 0 only when it did what was asked; 2 for a setting or an argument that is wrong, 1 otherwise."""
    try:
        _run()
    except SettingsError as e:
        sys.stderr.write(f"bridge: {e}\n")
        sys.exit(2)
    except BrokenPipeError:
        # The reader of our output (head, less) has seen enough; nothing is left to be said to it.
        sys.stderr.close()
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)


def _run() -> None:
    lasting = LASTING.get(sys.argv[1]) if len(sys.argv) == 2 else None
    if lasting:
        lasting()
        return
    from app.cli.application import app

    app()
