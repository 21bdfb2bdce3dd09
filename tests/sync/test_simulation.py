"""Two hundred random lives; whatever happens, both sides agree in the end and nothing happens twice."""

import os

import pytest

from app.config import Settings
from app.registry import ADAPTERS
from tests.sync.world_run import run

FIRST = int(os.environ.get("BRIDGE_TEST_SEED", "1"))
KINDS = sorted(ADAPTERS)
COUNT = int(os.environ.get("BRIDGE_TEST_SEEDS", "200"))


@pytest.mark.parametrize("seed", range(FIRST, FIRST + COUNT))
async def test_both_sides_agree_in_the_end(seed: int, settings: Settings) -> None:
    kind = KINDS[seed % len(KINDS)]
    wrong = await run(seed, settings, kind)
    again = f"replay: BRIDGE_TEST_SEED={seed} BRIDGE_TEST_SEEDS=1 pytest tests/sync/test_simulation.py"
    assert not wrong, "\n".join([f"seed {seed}, {kind}", *wrong, again])
