"""The deflated Sharpe ratio: the example of its paper, and a case worked out by hand."""

from math import sqrt
from statistics import NormalDist, stdev

import pytest

from chalicelib.domain.bots.deflated_sharpe import deflated_sharpe, expected_best, probability

# Bailey and Lopez de Prado (2014), section "A numerical example": an analyst's strategy with a
# yearly ratio of 2.5 over 1,250 days, 250 to a year; the trials' ratios have a variance of 1/2.
DAYS, YEAR = 1_250, 250
DAILY = 2.5 / sqrt(YEAR)
VARIANCE = 0.5 / YEAR


def test_the_best_of_a_hundred_trials_without_merit() -> None:
    assert expected_best(VARIANCE, 100) == pytest.approx(0.1132, abs=5e-5)


@pytest.mark.parametrize(
    ("trials", "skewness", "kurtosis", "expected"),
    [(100, -3, 10, 0.9004), (46, -3, 10, 0.9505), (88, 0, 3, 0.9505)],
)
def test_the_example_of_the_paper(
    trials: int, skewness: float, kurtosis: float, expected: float
) -> None:
    found = probability(
        DAILY,
        expected=expected_best(VARIANCE, trials),
        returns=DAYS,
        skewness=skewness,
        kurtosis=kurtosis,
    )
    assert found == pytest.approx(expected, abs=5e-5)


def test_of_returns_by_their_moments() -> None:
    returns = [0.03, -0.01, 0.02, -0.02, 0.01, 0.03]
    tried = [0.1, 0.3, 0.5, -0.1]
    mean = 0.01
    deviations = [0.02, -0.02, 0.01, -0.03, 0.0, 0.02]
    second = sum(each**2 for each in deviations) / 6
    skewness = sum(each**3 for each in deviations) / 6 / second**1.5
    kurtosis = sum(each**4 for each in deviations) / 6 / second**2
    sharpe = mean / stdev(returns)
    normal = NormalDist()
    best = stdev(tried) * (
        0.4227843350984671 * normal.inv_cdf(1 - 1 / 5)
        + 0.5772156649015329 * normal.inv_cdf(1 - 1 / (5 * 2.718281828459045))
    )
    spread = 1 - skewness * sharpe + (kurtosis - 1) / 4 * sharpe**2
    expected = normal.cdf((sharpe - best) * sqrt(5) / sqrt(spread))
    assert deflated_sharpe(returns, tried, 5) == pytest.approx(expected, rel=1e-12)
    assert 0.05 < expected < 0.95


def test_nothing_is_deflated_where_nothing_was_chosen() -> None:
    returns = [0.01, 0.03]
    sharpe = 0.02 / stdev(returns)
    alone = NormalDist().cdf(sharpe / sqrt(1 + sharpe**2 * 0))  # kurtosis 1 and skewness 0
    assert deflated_sharpe(returns, [sharpe], 1) == pytest.approx(alone)
    assert expected_best(4.0, 1) == 0
    assert expected_best(4.0, 2) > 0
    assert deflated_sharpe(returns, [sharpe, sharpe], 2) == pytest.approx(alone)
    assert deflated_sharpe(returns, [sharpe], 2) == pytest.approx(alone)  # the other one has none
    apart = deflated_sharpe(returns, [sharpe, 0.0], 2)
    assert apart is not None
    assert apart < alone - 0.1


@pytest.mark.parametrize("returns", [[], [0.1], [0.02, 0.02, 0.02]])
def test_what_is_not_defined_is_none(returns: list[float]) -> None:
    assert deflated_sharpe(returns, [0.1, 0.2], 2) is None


def test_terms_that_no_returns_have() -> None:
    assert probability(1.0, expected=0.0, returns=1, skewness=0, kurtosis=3) is None
    assert probability(1.0, expected=0.0, returns=9, skewness=3, kurtosis=3) is None
    assert probability(1.0, expected=0.0, returns=9, skewness=2, kurtosis=5) is None
    narrow = probability(1.0, expected=0.0, returns=2, skewness=1, kurtosis=3)  # spread 1/2
    assert narrow == pytest.approx(NormalDist().cdf(sqrt(2)))
