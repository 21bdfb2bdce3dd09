"""up, api, worker, sandbox, migrate: what runs."""

import importlib.util
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from app.cli.lasting import LASTING
from app.config import load_local_settings, load_settings

if TYPE_CHECKING:
    from app.supervisor import Running

ROOT = Path(__file__).resolve().parents[2]
DEMO_KIND = "woocommerce"


def register(app: typer.Typer) -> None:
    for command in (up, *LASTING.values(), sandbox, migrate):
        app.command()(command)


def up() -> None:
    """Start everything on this machine, show the main job with sandbox orders, stay until Ctrl-C."""
    from app.supervisor import run

    settings = load_local_settings()
    raise typer.Exit(run(settings, _demonstrate if settings.sandbox else None))


async def _demonstrate(running: "Running") -> None:
    from app.cli.output import say
    from app.demo import show

    if running.sandbox_url is None:
        return
    os.environ.update(running.environment)
    kind = os.environ.get("BRIDGE_DEMO_STORE", DEMO_KIND)
    await show(load_settings(), running.api_url, running.sandbox_url, kind, say)


def sandbox() -> None:
    """Serve the sandbox: idealo and one shop of each kind, for trying things out."""
    settings = load_local_settings()
    if importlib.util.find_spec("sandbox") is None:
        sys.stderr.write("bridge: the sandbox is not part of this installation; run it from a checkout\n")
        raise typer.Exit(1)
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    safe_path = ["-P"] if sys.flags.safe_path else []
    given = ["--port", str(settings.sandbox_port), "--data", str(settings.data_dir / "sandbox.sqlite")]
    # Not imported: the sandbox is a stranger to the bridge, and takes the place of this process.
    os.execv(sys.executable, [sys.executable, *safe_path, "-m", "sandbox", *given])  # noqa: S606 - own arguments


def migrate() -> None:
    """Bring the database to what this version needs; harmless to repeat, safe with several at once."""
    from alembic import command
    from alembic.config import Config

    from app.cli.output import say
    from app.cli.session import settings_here

    settings = settings_here()
    config = Config()
    config.set_main_option("script_location", str(ROOT / "alembic").replace("%", "%%"))
    config.attributes["database_url"] = settings.sqlalchemy_url
    command.upgrade(config, "head")
    say("the database is at what this version needs")
