"""Random schedules of kills and faults: no duplicate, nothing lost, books equal the venue's.

A laptop plays 60 schedules; CRYPTO_BOT_TEST_SEEDS raises it. `make simulate SEEDS=10000` is the
whole run, with a progress bar and the floors of what a run has to meet.
"""

import os
from collections import Counter
from typing import Final

import pytest

from tests.simulation.schedule import FLOOR, missing, play, required

SEEDS: Final = int(os.environ.get("CRYPTO_BOT_TEST_SEEDS", "60"))  # noqa: TID251 - a test's size
PARTS: Final = 6
ENOUGH: Final = 300  # fewer schedules cannot be expected to meet the rarest things
seen: Counter[str] = Counter()


@pytest.mark.parametrize("part", range(PARTS))
def test_no_schedule_breaks_an_invariant(part: int) -> None:
    met: Counter[str] = Counter()
    effects = 0
    seeds = range(part, SEEDS, PARTS)
    for seed in seeds:
        verdict = play(seed)
        assert not verdict.violations, f"make simulate SEED={seed} replays it"
        met.update(verdict.seen)
        effects += verdict.effects
    assert effects >= 500 * len(seeds)
    if len(seeds) >= ENOUGH:
        assert not missing(met, len(seeds) // 20), "never met, or nearly so"


def test_a_seed_is_played_the_same_way_every_time() -> None:
    first, second = play(7), play(7)

    assert (first.effects, first.fingerprint) == (second.effects, second.fingerprint)
    assert play(8).fingerprint != first.fingerprint


def test_a_run_that_has_not_met_everything_says_what_is_missing() -> None:
    enough = Counter({name: int(1000 * FLOOR) for name in required()})
    assert not missing(enough, 1000)

    enough["SUBMITTED -> HELD"] -= 1

    assert missing(enough, 1000) == [f"SUBMITTED -> HELD: {int(1000 * FLOOR) - 1}"]
