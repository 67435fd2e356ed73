"""Random schedules of kills and faults: no duplicate, nothing lost, books equal the venue's.

A laptop plays 60 schedules; CRYPTO_BOT_TEST_SEEDS raises it. `make simulate SEEDS=10000` is the
whole run, with a progress bar and the floors of what a run has to meet.
"""

import os
from collections import Counter
from decimal import ROUND_HALF_UP, Context, localcontext
from typing import Final

import pytest

from tests.simulation.kernel import Kernel, Trouble
from tests.simulation.schedule import (
    ENOUGH,
    LEAST_EFFECTS,
    WHOLE_RUN,
    play,
    required,
    shortcomings,
)
from tests.simulation.setting import draw

SEEDS: Final = int(os.environ.get("CRYPTO_BOT_TEST_SEEDS", "60"))  # noqa: TID251 - a test's size
PARTS: Final = 6


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
    assert effects >= LEAST_EFFECTS * len(seeds)
    assert not shortcomings(met, effects, len(seeds))


def test_a_seed_is_played_the_same_way_every_time() -> None:
    first, second = play(7), play(7)

    assert (first.effects, first.fingerprint) == (second.effects, second.fingerprint)
    assert play(8).fingerprint != first.fingerprint


def test_a_seed_does_not_depend_on_the_arithmetic_that_it_finds() -> None:
    """As after a call of ccxt, which changes the thread's."""
    usual = [draw(seed) for seed in range(100)]
    with localcontext(Context(rounding=ROUND_HALF_UP)):
        assert [draw(seed) for seed in range(100)] == usual


def test_a_whole_run_that_has_not_met_something_a_thousand_times_says_so() -> None:
    met, effects = Counter(dict.fromkeys(required(), 1000)), LEAST_EFFECTS * WHOLE_RUN
    assert not shortcomings(met, effects, WHOLE_RUN)

    met["SUBMITTED -> HELD"] -= 1

    assert shortcomings(met, effects, WHOLE_RUN) == [
        "SUBMITTED -> HELD: 999 times, at least 1,000 are wanted"
    ]


def test_kills_before_and_after_a_step_have_a_floor_each() -> None:
    met = Counter(dict.fromkeys(required(), 1000))
    met["kill: write plan before"] += met.pop("kill: write plan after")

    assert shortcomings(met, LEAST_EFFECTS * WHOLE_RUN, WHOLE_RUN) == [
        "kill: write plan after: 0 times, at least 1,000 are wanted"
    ]


def test_a_short_run_is_forgiven_bad_luck_but_not_that_something_never_happens() -> None:
    met = Counter(dict.fromkeys(required(), ENOUGH // 20))
    assert not shortcomings(met, LEAST_EFFECTS * ENOUGH, ENOUGH)

    del met["crosses"]

    assert [line.split(":")[0] for line in shortcomings(met, LEAST_EFFECTS * ENOUGH, ENOUGH)] == [
        "crosses"
    ]


def test_a_run_of_schedules_in_which_little_happens_says_so() -> None:
    met = Counter(dict.fromkeys(required(), 1000))

    assert shortcomings(met, 400 * WHOLE_RUN, WHOLE_RUN) == [
        "400 effects in a schedule on average, at least 500 are wanted"
    ]


def test_a_task_at_the_end_of_a_run_goes_on_in_the_next() -> None:
    kernel = Kernel(1, Trouble())
    awake = []

    def sleeper() -> None:
        for _ in range(3):
            kernel.sleep(10.0)
            awake.append(kernel.now)

    kernel.spawn(0.0, sleeper, "sleeper")
    kernel.run(10.0)
    assert (kernel.now, awake) == (10.0, [10.0])

    kernel.run(25.0)
    assert (kernel.now, awake) == (25.0, [10.0, 20.0])

    kernel.run(30.0)
    assert (kernel.now, awake) == (30.0, [10.0, 20.0, 30.0])
