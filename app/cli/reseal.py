"""bridge reseal: the last step of rotating the master key."""

import typer

from app.api.state import ApiState
from app.cli.output import print_json, print_table, say
from app.cli.session import AsJson, fail, with_bridge
from app.sync.reseal import Resealed, reseal


def register(app: typer.Typer) -> None:
    app.command("reseal")(reseal_all)


def reseal_all(*, as_json: AsJson = False) -> None:
    """Seal everything under the first of BRIDGE_MASTER_KEYS, so that the keys behind it can be taken away."""

    async def work(api: ApiState) -> list[Resealed]:
        return await reseal(api.deps)

    done = with_bridge(work)
    if as_json:
        print_json(done)
    else:
        rows = [(one.kind, one.records, one.resealed, one.unreadable) for one in done]
        print_table(("SEALED", "RECORDS", "SEALED ANEW", "UNREADABLE"), rows, "nothing")
    if unreadable := sum(one.unreadable for one in done):
        fail(
            f"no key in BRIDGE_MASTER_KEYS opens {unreadable} records; add the key they were sealed with behind the "
            "first one and run this again"
        )
    if not as_json:
        say("everything is sealed under the first key; the others can go once every process has been restarted")
