"""Two hundred random lives, every fourth with all kinds of store in one town: the sides agree in the end, once each."""

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
    kinds = _kinds(seed)
    wrong = await run(seed, settings, kinds)
    again = f"replay: BRIDGE_TEST_SEED={seed} BRIDGE_TEST_SEEDS=1 pytest tests/sync/test_simulation.py"
    assert not wrong, "\n".join([f"seed {seed}, {', '.join(kinds)}", *wrong, again])


def _kinds(seed: int) -> list[str]:
    """One kind in turn, or all of them at once, so that what one store does is seen not to touch another."""
    return KINDS if seed % 4 == 0 else [KINDS[seed % len(KINDS)]]
