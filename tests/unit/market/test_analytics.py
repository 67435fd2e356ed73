"""The figures of the analyses, each against its formula worked out by hand or in fractions."""

from math import exp, sqrt

import pytest

from chalicelib.domain.market.analytics import (
    correlation,
    correlations,
    foretold,
    imbalance,
    momentum,
    ranked,
    spread,
    volatility,
)


def test_volatility_is_the_deviation_of_the_sample() -> None:
    changes = [exp(0.01) - 1, exp(-0.01) - 1] * 5  # 0.01 up and down, as log returns
    assert volatility(changes) == pytest.approx(0.01 * sqrt(10 / 9))
    assert volatility(changes[:9]) is None


def test_momentum_is_against_the_very_day() -> None:
    closes = {10: 100.0, 11: 90.0, 13: 110.0}
    assert momentum(closes, 3) == pytest.approx(0.1)
    assert momentum(closes, 2) == pytest.approx(110 / 90 - 1)
    assert momentum(closes, 1) is None  # that day is missing
    assert momentum(closes, 9) is None
    assert momentum({}, 1) is None


def test_correlation_goes_from_minus_one_to_one() -> None:
    xs = [float(n * n % 17) for n in range(20)]
    assert correlation(xs, [3 * x + 7 for x in xs]) == pytest.approx(1)
    assert correlation(xs, [-x for x in xs]) == pytest.approx(-1)
    assert correlation([0, 0, 1, 1] * 3, [0, 1, 1, 0] * 3) == pytest.approx(0)
    # Off their means 1/2 and 1/4: the products add up to 1.5, the squares to 3 and 2.25.
    half = correlation([0, 0, 1, 1] * 3, [0, 0, 0, 1] * 3)
    assert half == pytest.approx(1.5 / sqrt(3 * 2.25))
    assert correlation(xs[:10], xs[:10]) == pytest.approx(1)
    assert correlation(xs[:9], xs[:9]) is None
    assert correlation(xs, [5.0] * 20) is None


def test_imbalance_and_spread_of_what_takers_did() -> None:
    assert imbalance(30, 10) == 0.5
    assert imbalance(10, 10) == 0
    assert imbalance(0, 10) == -1
    assert imbalance(0, 0) is None
    assert spread(101, 99) == pytest.approx(0.02)
    assert spread(None, 99) is None
    assert spread(101, None) is None


def test_a_sign_foretells_what_comes_after_its_minute_and_not_within_it() -> None:
    signs = [((n * 7) % 5 - 2) / 2 for n in range(60)]
    closes, price = {}, 100.0
    for n in range(60):
        closes[n] = price  # what minute n says shows in the close of minute n + 1
        price *= 1 + signs[n] / 1000
    by_minute: dict[int, float | None] = dict(enumerate(signs))
    assert foretold(by_minute, closes, 1) == pytest.approx(1)
    two_ahead = foretold(by_minute, closes, 2)
    assert two_ahead is not None
    assert two_ahead < 0.9
    gone = {n: close for n, close in closes.items() if n % 10}
    assert foretold(by_minute | {5: None}, gone, 1) == pytest.approx(1)
    assert foretold(by_minute, {}, 1) is None


def test_pairs_are_compared_over_the_days_that_both_have() -> None:
    rising = {day: 0.01 * (day % 3) for day in range(20)}
    against = {day: -0.01 * (day % 3) for day in range(5, 25)}
    few = dict.fromkeys(range(3), 0.02)
    found = correlations({"C": few, "B": against, "A": rising})
    assert found == {"A": {"B": pytest.approx(-1), "C": None}, "B": {"C": None}}
    assert correlations({"A": rising}) == {}


def test_the_highest_is_first_and_the_unknown_has_no_rank() -> None:
    values = {"A": 0.1, "B": None, "C": 0.3, "D": 0.1, "E": -2.0}
    assert ranked(values) == {"C": 1, "A": 2, "D": 3, "E": 4}
