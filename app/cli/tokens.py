"""bridge token: a bearer token for the admin API and the console."""

import re
import sys
from datetime import timedelta
from typing import Annotated

import typer

from app.cli.session import AsJson, actor, settings_here

LONGEST = timedelta(days=366)
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def register(app: typer.Typer) -> None:
    app.command()(token)


def token(
    scope: Annotated[str, typer.Option(help="Comma-separated: read, operate, configure.")],
    ttl: Annotated[str, typer.Option(help="How long it is good: 30m, 8h, 7d.")] = "8h",
    subject: Annotated[str | None, typer.Option(help="Goes on record as the actor; default is this user.")] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Print a token; hand it to nobody: whoever has it may do what its scopes allow."""
    from app.api.auth import SCOPES, issue_token
    from app.cli.output import print_json

    wanted = [one.strip() for one in scope.split(",") if one.strip()]
    unknown = [one for one in wanted if one not in SCOPES]
    if unknown or not wanted:
        raise typer.BadParameter(f"{', '.join(unknown) or 'nothing'} is no scope; choose from {', '.join(SCOPES)}")
    life = duration(ttl)
    made = issue_token(settings_here(), [one for one in SCOPES if one in wanted], life, subject or actor())
    if as_json:
        print_json({"token": made, "scopes": wanted, "expires_in": int(life.total_seconds())})
    else:
        sys.stdout.write(f"{made}\n")


def duration(text: str) -> timedelta:
    """`90s`, `30m`, `8h`, `7d`. Raises typer.BadParameter."""
    found = re.fullmatch(r"(\d{1,9})([smhd])", text.strip())
    life = timedelta(**{_UNITS[found[2]]: int(found[1])}) if found else timedelta(0)
    if not timedelta(0) < life <= LONGEST:
        raise typer.BadParameter(f"{text!r} is no time between 1s and 366d; write it as 30m, 8h or 7d")
    return life
