"""What every operator's command needs: settings, a bridge, and errors told in one line."""

import asyncio
import getpass
import os
import sys
from collections.abc import Awaitable, Callable
from typing import Annotated, NoReturn, TypeVar

import typer

from app.api.errors import ApiError
from app.api.state import ApiState
from app.bootstrap import Bridge
from app.config import Settings, SettingsError, load_local_settings, load_settings
from app.domain.errors import Permanent, Retryable
from app.ledger.session import LedgerUnavailable
from app.ledger.stores import ShopTakenError
from app.sync.change import OtherShopError
from app.sync.connect import SideRefusedError
from app.wire.vault import SealBrokenError

AsJson = Annotated[bool, typer.Option("--json", help="JSON for programs instead of a table.")]
T = TypeVar("T")


def settings_here() -> Settings:
    """The environment's settings, completed by those of the `bridge up` that runs with this data directory."""
    if not os.environ.get("BRIDGE_DATABASE_URL"):
        for name, value in (_of_running() or {}).items():
            os.environ.setdefault(name, value)
    try:
        return load_settings()
    except SettingsError as e:
        raise SettingsError(f"{e} (or start everything on this machine with: bridge up)") from None


def _of_running() -> dict[str, str] | None:
    try:
        from app.embedded import EmbeddedError, environment_of_running
    except ImportError:  # a service image is installed without the embedded servers
        return None
    try:
        return environment_of_running(load_local_settings().data_dir)
    except EmbeddedError as e:
        raise SettingsError(str(e)) from e


def actor() -> str:
    """Who goes on record for a decision made in the terminal."""
    try:
        return f"cli:{getpass.getuser()}"
    except (KeyError, OSError):  # a container may run under a number without a name
        return f"cli:{os.getuid()}"


def with_bridge(work: Callable[[ApiState], Awaitable[T]]) -> T:
    """Runs one command's work with an open bridge; every expected error becomes one line on stderr and status 1."""
    from app.cli.output import log_quietly
    from app.main import state_for

    settings = settings_here()
    log_quietly(settings)

    async def run() -> T:
        bridge = Bridge(settings)
        try:
            return await work(state_for(bridge))
        finally:
            await bridge.aclose()

    try:
        return asyncio.run(run())
    except ApiError as e:
        advice = "".join(f"\n  {one.field}: {one.message}. {one.advice}".rstrip(" .") for one in e.errors)
        fail(f"{e}{advice}" if len(e.errors) > 1 else f"{e}{'; ' + e.errors[0].advice if e.errors else ''}")
    except SideRefusedError as e:
        fail(f"nothing was kept: {e}")
    except (ShopTakenError, OtherShopError, SealBrokenError, LedgerUnavailable, Retryable, Permanent) as e:
        fail(str(e))


def fail(why: str) -> NoReturn:
    """Says why on stderr and ends with status 1."""
    sys.stderr.write(f"bridge: {why}\n")
    raise typer.Exit(1)
