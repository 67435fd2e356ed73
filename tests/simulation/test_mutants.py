"""Each defence is missed as soon as it is taken away: the simulation is not blind.

The seeds in pinned.json were found by `python -m tests.simulation pin`; where the services have
changed so that a seed sees something else now, that command finds new ones.
"""

import json
import os
from pathlib import Path
from typing import Final

import pytest

from tests.simulation.mutants import LAYERS, MUTANTS
from tests.simulation.schedule import Verdict, play
from tests.simulation.setting import draw, without_owner

PINNED: Final = json.loads(Path(__file__).with_name("pinned.json").read_text())
SEEDS: Final = int(os.environ.get("CRYPTO_BOT_TEST_SEEDS", "60"))  # noqa: TID251 - a test's size
ALONE: Final = range(max(40, SEEDS // 16))


def invariants(verdict: Verdict) -> set[str]:
    return {violation.split(maxsplit=1)[0] for violation in verdict.violations}


@pytest.mark.parametrize("name", sorted(MUTANTS))
def test_a_pinned_seed_catches_the_mutant_and_passes_the_program(name: str) -> None:
    assert PINNED[name], "no seed is pinned: python -m tests.simulation pin"
    for seed in PINNED[name]:
        assert invariants(play(seed, MUTANTS[name])) & set(MUTANTS[name].expected)
        assert not play(seed).violations


@pytest.mark.parametrize("name", sorted(LAYERS))
def test_the_other_layers_of_defence_hold_without_it(name: str) -> None:
    for seed in ALONE:
        # The owner's commands do not take the lease: compare-and-set is all that orders them.
        setting = without_owner(draw(seed))
        assert not play(seed, LAYERS[name], setting).violations, f"seed {seed}"
