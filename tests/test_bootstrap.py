"""What a process holds open, it closes when nobody uses it any more."""

import asyncio
import subprocess
import sys

import pytest

from app import bootstrap
from app.bootstrap import OpenSides
from app.sync.change import change
from app.sync.keys import open_keys
from tests.town import Town


@pytest.mark.parametrize("kind", ["woocommerce"], indirect=True)
async def test_replaced_sides_are_closed_once_they_are_unused(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    sides = town.bridge.sides
    old = sides.adapter(town.store)
    deps = town.bridge.deps
    keys = open_keys(deps.vault, town.store.sealed)
    await change(deps, town.store, keys=keys, check=False)
    async with deps.ledger() as ledger:
        changed = await ledger.store(town.store.id)
    assert changed is not None

    new = sides.adapter(changed)
    assert new is not old
    assert sides.adapter(changed) is new
    assert _held(sides) > 1, "somebody may be in the middle of a call with the old one"

    monkeypatch.setattr(bootstrap, "UNUSED_S", -1.0)
    again = sides.adapter(changed.model_copy(update={"version": changed.version + 1}))
    await asyncio.sleep(0)
    assert _held(sides) == 1
    assert [order_id async for order_id in again.changed_orders(town.clock())] == [], "the one in use answers"


def test_api_and_worker_carry_nothing_of_the_other_commands() -> None:
    """In a process of its own: in this one the suite has loaded everything already."""
    asked = "import sys, app.cli, app.main, workers.main; print(sorted({'typer', 'app.supervisor'} & set(sys.modules)))"
    found = subprocess.run([sys.executable, "-P", "-c", asked], capture_output=True, text=True, check=True, timeout=60)
    assert found.stdout.strip() == "[]"


def _held(sides: OpenSides) -> int:
    return len(sides._open) + len(sides._worn)
