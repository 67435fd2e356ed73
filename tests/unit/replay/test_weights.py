"""Weights: equal ones, drawn ones, and which trial is best."""

from decimal import Decimal
from math import sqrt

import pytest

from chalicelib.domain.bots.backtest import Backtest
from chalicelib.domain.bots.deflated_sharpe import deflated_sharpe
from chalicelib.domain.bots.metrics import daily_returns, measure
from chalicelib.domain.replay.curves import Curves
from chalicelib.domain.replay.result import PolicyResult
from chalicelib.domain.replay.weights import (
    Trial,
    deflated,
    drawn_weights,
    equal_weights,
    trial_of,
)

WHOLE = Decimal("0.98")


def held(*equity: float) -> Backtest:
    """A test of which only the curve is known, a value a day."""
    start = [number * 86_400_000 for number in range(len(equity))]
    return Backtest(start, list(equity), [], [], [], Decimal(0), {}, [], [], {}, 0)


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


def test_a_seed_draws_what_it_has_always_drawn() -> None:
    (drawn,) = drawn_weights("ab", WHOLE, 1, seed=1)
    assert drawn == {"a": Decimal("0.157"), "b": Decimal("0.822")}


def test_a_trial_keeps_what_its_weights_came_to() -> None:
    metrics = measure(held(110.0, 99.0, 121.0), 100.0)
    weights = {"a": Decimal("0.4")}
    found = trial_of(PolicyResult("fixed", weights, Curves([], [], {}), metrics, (), (), ()))
    assert (found.weights, found.sharpe) == (weights, metrics.sharpe)
    assert (found.total_return, found.max_drawdown) == pytest.approx((0.21, -0.1))


def test_the_best_of_many_is_less_likely_to_be_more_than_luck() -> None:
    equity = [100.0 * 1.001**n * (1.004 if n % 2 else 1.0) for n in range(200)]
    days = [n * 86_400_000 for n in range(200)]
    metrics = measure(held(*equity), 100.0)
    best = PolicyResult("fixed", {}, Curves(days, equity, {}), metrics, (), (), ())
    others = [Trial({}, metrics.sharpe - n, 0.1, None) for n in range(1, 9)]  # type: ignore[operator]
    once = deflated(best, [trial_of(best)], 100.0)
    often = deflated(best, [trial_of(best), *others, Trial({}, None, None, None)], 100.0)
    returns = daily_returns(days, equity, 100.0)
    daily = [trial.sharpe / sqrt(365) for trial in (trial_of(best), *others)]  # type: ignore[operator]
    assert once == deflated_sharpe(returns, daily[:1], 1)
    assert often == deflated_sharpe(returns, daily, 10)
    assert 0 < (often or 0) < (once or 0)


def test_the_best_has_the_highest_sharpe_ratio_then_the_highest_return() -> None:
    def trial(sharpe: float | None, won: float | None) -> Trial:
        return Trial({}, sharpe, won, None)

    ordered = [
        *(trial(None, None), trial(None, 0.5), trial(-1, 0.9)),
        *(trial(0.0, 0.8), trial(1, 0.1), trial(1, 0.2)),
    ]
    turned = ordered[::-1]
    assert sorted(turned, key=lambda each: each.rank) == ordered
