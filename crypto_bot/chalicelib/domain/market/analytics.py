"""Closes and minutes -> how much a price moves, which way, together with what, and who pushes it.

Estimates in floats. None stands where there is too little to go by; it is never 0 instead.
"""

from collections.abc import Mapping, Sequence
from math import fsum, log1p, sqrt
from statistics import fmean, stdev
from typing import Final

FEWEST: Final = 10  # values, below which a deviation or a correlation says nothing


def volatility(changes: Sequence[float]) -> float | None:
    """The standard deviation of the sample of log returns, as sizing has it; per step.

    A change is close / close before - 1.
    """
    return stdev(map(log1p, changes)) if len(changes) >= FEWEST else None


def momentum(closes: Mapping[int, float], steps: int) -> float | None:
    """The last close against that of so many steps before; None where that one is missing."""
    if not closes:
        return None
    last = max(closes)
    before = closes.get(last - steps)
    return closes[last] / before - 1 if before else None


def correlation(xs: Sequence[float], ys: Sequence[float]) -> float | None:
    """Pearson's; None for few pairs, or where one of the two never changes."""
    if len(xs) < FEWEST:
        return None
    mean_x, mean_y = fmean(xs), fmean(ys)
    off_x, off_y = [x - mean_x for x in xs], [y - mean_y for y in ys]
    size = sqrt(fsum(x * x for x in off_x)) * sqrt(fsum(y * y for y in off_y))
    if not size:
        return None
    return fsum(x * y for x, y in zip(off_x, off_y, strict=True)) / size


def imbalance(bought: float, sold: float) -> float | None:
    """From -1, where takers only sold, to 1, where they only bought."""
    return (bought - sold) / (bought + sold) if bought + sold else None


def spread(average_bought: float | None, average_sold: float | None) -> float | None:
    """How much more takers paid than they got, as a part of the price between."""
    if average_bought is None or average_sold is None:
        return None
    return 2 * (average_bought - average_sold) / (average_bought + average_sold)


def foretold(
    signs: Mapping[int, float | None], closes: Mapping[int, float], ahead: int
) -> float | None:
    """How a minute's sign goes with the return of the `ahead` minutes after it.

    Both by the number of the minute; the close of a minute is known as it ends, as its sign is.
    Minutes of which one of the three is missing are left out.
    """
    pairs = [
        (sign, closes[minute + ahead] / closes[minute] - 1)
        for minute, sign in signs.items()
        if sign is not None and minute in closes and minute + ahead in closes
    ]
    return correlation([sign for sign, _ in pairs], [change for _, change in pairs])


def correlations(changes: Mapping[str, Mapping[int, float]]) -> dict[str, dict[str, float | None]]:
    """Of each pair over the days that both have; under the name that sorts first."""
    names = sorted(changes)
    return {
        one: {other: _over_common_days(changes[one], changes[other]) for other in names[number:]}
        for number, one in enumerate(names[:-1], 1)
    }


def ranked(values: Mapping[str, float | None]) -> dict[str, int]:
    """1 for the highest; those without a value have no rank, and equals go by name."""
    known = [(-value, name) for name, value in values.items() if value is not None]
    return {name: rank for rank, (_, name) in enumerate(sorted(known), 1)}


def _over_common_days(one: Mapping[int, float], other: Mapping[int, float]) -> float | None:
    days = sorted(one.keys() & other.keys())
    return correlation([one[day] for day in days], [other[day] for day in days])
