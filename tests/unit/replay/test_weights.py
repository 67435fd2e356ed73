"""Weights: equal ones, drawn ones, and which trial is best."""

from decimal import Decimal

import pytest

from chalicelib.domain.replay.weights import Trial, drawn_weights, equal_weights

WHOLE = Decimal("0.98")


def test_equal_weights_round_down() -> None:
    assert equal_weights(["a", "b", "c"], WHOLE) == dict.fromkeys("abc", Decimal("0.326"))


def test_drawn_weights_fill_the_whole_and_never_more() -> None:
    drawn = list(drawn_weights(list("abcd"), WHOLE, 200, seed=1))
    assert len(drawn) == 200
    assert all(WHOLE - Decimal("0.004") < sum(weights.values()) <= WHOLE for weights in drawn)
    means = [float(sum(weights[name] for weights in drawn)) / 200 for name in "abcd"]
    assert means == pytest.approx([0.245] * 4, abs=0.03)
    assert max(weights["a"] for weights in drawn) > Decimal("0.6")


def test_the_same_seed_draws_the_same_and_another_others() -> None:
    one, again, other = (list(drawn_weights("ab", WHOLE, 3, seed)) for seed in (1, 1, 2))
    assert one == again
    assert one != other


def test_the_best_has_the_highest_sharpe_ratio_then_the_highest_return() -> None:
    def trial(sharpe: float | None, won: float | None) -> Trial:
        return Trial({}, sharpe, won, None)

    ordered = [trial(None, None), trial(None, 0.5), trial(-1, 0.9), trial(1, 0.1), trial(1, 0.2)]
    shuffled = [ordered[place] for place in (3, 0, 4, 2, 1)]
    assert sorted(shuffled, key=lambda each: each.rank) == ordered
