"""How likely a Sharpe ratio is more than the luck of having tried often.

Bailey and Lopez de Prado, "The Deflated Sharpe Ratio: Correcting for Selection Bias, Backtest
Overfitting and Non-Normality", Journal of Portfolio Management 40 (5), 2014:

    SR0 = sqrt(V) * ((1 - g) * Z^-1(1 - 1 / N) + g * Z^-1(1 - 1 / (N * e)))
    DSR = Z((SR - SR0) * sqrt(T - 1) / sqrt(1 - s * SR + (k - 1) / 4 * SR^2))

SR of the chosen one per day, not per year; V the variance of the ratios of all N trials, also per
day; g Euler's constant; Z the normal distribution; T the number of daily returns, s their skewness
and k their kurtosis (3 for a normal one). SR0 is the best ratio that N trials without any merit are
to be expected to bring. The trials count as independent, which neighbouring parameters are not: the
result errs on the side of caution.
"""

from collections.abc import Sequence
from math import e, fsum, sqrt
from statistics import NormalDist
from typing import Final

_EULER: Final = 0.5772156649015329
_FEWEST: Final = 2
_NORMAL: Final = NormalDist()


def expected_best(variance: float, trials: int) -> float:
    """SR0; 0 where only one was tried: nothing was chosen."""
    if trials < _FEWEST:
        return 0.0
    usual = _NORMAL.inv_cdf(1 - 1 / trials)
    rare = _NORMAL.inv_cdf(1 - 1 / (trials * e))
    return sqrt(variance) * ((1 - _EULER) * usual + _EULER * rare)


def probability(
    sharpe: float, *, expected: float, returns: int, skewness: float, kurtosis: float
) -> float | None:
    """DSR, from its terms; None where they cannot be those of any returns."""
    spread = 1 - skewness * sharpe + (kurtosis - 1) / 4 * sharpe**2
    if returns < _FEWEST or spread <= 0:
        return None
    return _NORMAL.cdf((sharpe - expected) * sqrt(returns - 1) / sqrt(spread))


def deflated_sharpe(returns: Sequence[float], tried: Sequence[float], trials: int) -> float | None:
    """Of the chosen one's daily returns; `tried` are the daily ratios of all trials that have one.

    `trials` counts the others too. None where the returns are too few or all the same.
    """
    count = len(returns)
    if count < _FEWEST:
        return None
    mean = fsum(returns) / count
    second = fsum((value - mean) ** 2 for value in returns) / count
    if not second:
        return None
    third = fsum((value - mean) ** 3 for value in returns) / count
    fourth = fsum((value - mean) ** 4 for value in returns) / count
    return probability(
        mean / sqrt(second * count / (count - 1)),
        expected=expected_best(_variance(tried), trials),
        returns=count,
        skewness=third / second**1.5,
        kurtosis=fourth / second**2,
    )


def _variance(values: Sequence[float]) -> float:
    """Of the sample."""
    if len(values) < _FEWEST:
        return 0.0
    mean = fsum(values) / len(values)
    return fsum((value - mean) ** 2 for value in values) / (len(values) - 1)
