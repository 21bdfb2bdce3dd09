"""Puts the `bridge` command together."""

import typer

from app.cli import (
    buyers,
    doctor,
    events,
    exporting,
    ledger,
    orders,
    processes,
    reconcile,
    reseal,
    retention,
    stores,
    tokens,
)

app = typer.Typer(
    name="bridge",
    help="Carries orders between idealo's marketplace checkout and merchants' shops.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
processes.register(app)
tokens.register(app)
doctor.register(app)
app.add_typer(stores.app, name="stores")
app.add_typer(orders.app, name="orders")
app.add_typer(events.app, name="events")
exporting.register(app)
app.add_typer(ledger.app, name="ledger")
app.add_typer(buyers.app, name="buyers")
retention.register(app)
reseal.register(app)
reconcile.register(app)
