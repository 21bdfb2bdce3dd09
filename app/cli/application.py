"""Puts the `bridge` command together."""

import sys

import typer

from app.cli import processes
from app.config import SettingsError

app = typer.Typer(
    name="bridge",
    help="Carries orders between idealo's marketplace checkout and merchants' shops.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
processes.register(app)


def _add_the_rest() -> None:
    """What operators do. A process that serves for weeks does not carry it in its memory."""
    from app.cli import buyers, doctor, events, exporting, ledger, orders, reconcile, retention, stores, tokens

    tokens.register(app)
    doctor.register(app)
    app.add_typer(stores.app, name="stores")
    app.add_typer(orders.app, name="orders")
    app.add_typer(events.app, name="events")
    exporting.register(app)
    app.add_typer(ledger.app, name="ledger")
    app.add_typer(buyers.app, name="buyers")
    retention.register(app)
    reconcile.register(app)


def main() -> None:
    """Exit status 0 only when it did what was asked; 2 for a setting or an argument that is wrong, 1 otherwise."""
    if sys.argv[1:2] not in ([name] for name in processes.LASTING):
        _add_the_rest()
    try:
        app()
    except SettingsError as e:
        sys.stderr.write(f"bridge: {e}\n")
        sys.exit(2)
    except BrokenPipeError:
        # The reader of our output (head, less) has seen enough; nothing is left to be said to it.
        sys.stderr.close()
        sys.exit(1)
