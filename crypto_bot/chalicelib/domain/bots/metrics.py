"""What a backtest amounts to. Each formula stands at its figure; what is undefined is None.

Markets are open every day, so returns are those of UTC days, 365 to a year, and days on which
nothing was traded count:

    E_d   equity at the last close of day d; on a day without candles, that of the day before
    r_d   E_d / E_(d-1) - 1, where E_(-1) is the cash that the test began with
"""

from collections.abc import Sequence
from math import fsum, sqrt
from statistics import fmean
from typing import Any, Final, NamedTuple

from chalicelib.domain.bots.backtest import Backtest
from chalicelib.domain.bots.paper_ledger import PaperFill, RoundTrip

_DAY: Final = 86_400_000
_HOUR: Final = 3_600_000
_YEAR: Final = 365
_DAYS_OF_A_YEAR: Final = 365.25
_FEWEST_DAYS: Final = 30
_MOST_FOR_SQN: Final = 100


class Metrics(NamedTuple):
    """Returns and shares are fractions: 0.05 is 5 %."""

    days: float  # from the first candle's start to the last one's
    total_return: float | None  # E_T / E_0 - 1
    cagr: float | None  # (E_T / E_0) ^ (365.25 / days) - 1; None below 30 days
    volatility: float | None  # stdev(r_d) * sqrt(365), of the sample
    sharpe: float | None  # mean(r_d) / stdev(r_d) * sqrt(365)
    sortino: float | None  # mean(r_d) / sqrt(mean(min(r_d, 0)^2)) * sqrt(365), over all days
    max_drawdown: float | None  # least of E / (highest E before) - 1, at every candle's close
    max_drawdown_days: float | None  # longest time from a highest E until it is back, or to the end
    calmar: float | None  # cagr / -max_drawdown
    exposure: float | None  # candles that close with a position / all candles
    round_trips: int  # positions that were closed
    win_rate: float | None  # round trips with a profit / round trips
    profit_factor: float | None  # sum of profits / sum of losses; None without a loss
    payoff: float | None  # mean profit / mean loss
    expectancy: float | None  # mean profit of a round trip, losses below zero, in quote
    sqn: float | None  # sqrt(min(n, 100)) * mean(profit) / stdev(profit)
    best: float | None  # highest profit / entry value
    worst: float | None  # lowest profit / entry value
    hold_hours: float | None  # mean time from first to last fill
    turnover: float | None  # sum of all fills' notionals / mean equity
    fees: float  # in quote
    fees_of_profits: float | None  # fees of all fills / sum of profits before fees
    buy_and_hold: float | None  # the benchmark's last / first - 1
    beta: float | None  # cov(r, b) / var(b) with the benchmark's daily returns b
    alpha: float | None  # (mean(r) - beta * mean(b)) * 365


def measure(test: Backtest, cash: float, benchmark: Sequence[float] = ()) -> Metrics:
    """`cash` is what it began with; `benchmark` has a price for each value of the equity."""
    returns = daily_returns(test.start, test.equity, cash)
    of_returns = measure_returns(test.start, test.equity, returns, cash)
    cagr = of_returns["cagr"]
    deepest, longest = _drawdown(test.start, test.equity, cash)
    against = daily_returns(test.start, benchmark, benchmark[0]) if benchmark else []
    beta, alpha = _beside(returns, against)
    fees = float(sum(fill.fee for fill in test.fills))
    profits = [float(trip.profit) for trip in test.round_trips]
    return Metrics(
        days=_days(test.start),
        max_drawdown=deepest,
        max_drawdown_days=longest,
        calmar=calmar_of(cagr, deepest),
        exposure=_exposure(test.start, test.fills),
        turnover=_turnover(test),
        fees=fees,
        fees_of_profits=_ratio(
            fees, fsum(max(0.0, float(t.profit + t.fees)) for t in test.round_trips)
        ),
        buy_and_hold=benchmark[-1] / benchmark[0] - 1 if benchmark else None,
        beta=beta,
        alpha=alpha,
        **of_returns,
        **measure_profits(profits),
        **_of_round_trips(test.round_trips, profits),
    )


def measure_returns(
    start: Sequence[int], equity: Sequence[float], returns: Sequence[float], cash: float
) -> dict[str, Any]:
    """The metrics that need no more than the equity and its daily returns."""
    days = _days(start)
    last = equity[-1] if equity else cash
    cagr = None
    if days >= _FEWEST_DAYS and last > 0:
        cagr = (last / cash) ** (_DAYS_OF_A_YEAR / days) - 1
    volatility = _spread(returns)
    return {
        "total_return": last / cash - 1 if equity else None,
        "cagr": cagr,
        "volatility": None if volatility is None else volatility * sqrt(_YEAR),
        "sharpe": _ratio(fmean(returns) * sqrt(_YEAR), volatility) if returns else None,
        "sortino": _sortino(returns),
    }


def measure_profits(profits: Sequence[float]) -> dict[str, Any]:
    """The metrics that need no more than what the round trips have brought."""
    gains = [profit for profit in profits if profit > 0]
    losses = [-profit for profit in profits if profit < 0]
    return {
        "round_trips": len(profits),
        "win_rate": _ratio(len(gains), len(profits)),
        "profit_factor": _ratio(fsum(gains), fsum(losses)),
        "payoff": _ratio(fmean(gains), fmean(losses)) if gains and losses else None,
        "expectancy": fmean(profits) if profits else None,
    }


def calmar_of(cagr: float | None, deepest: float | None) -> float | None:
    """`deepest` is the drawdown, 0 or below."""
    return None if cagr is None or not deepest else cagr / -deepest


def daily_returns(start: Sequence[int], equity: Sequence[float], cash: float) -> list[float]:
    """r_d of every day from the first to the last."""
    at_end: dict[int, float] = {}
    for at, value in zip(start, equity, strict=True):
        at_end[at // _DAY] = value
    if not at_end:
        return []
    returns: list[float] = []
    before = cash
    for day in range(min(at_end), max(at_end) + 1):
        value = at_end.get(day, before)
        if before <= 0:  # all is lost: from there on there is nothing to compare with
            break
        returns.append(value / before - 1)
        before = value
    return returns


def sharpe_of(returns: Sequence[float]) -> float | None:
    """By the year, of daily returns."""
    return _ratio(fmean(returns) * sqrt(_YEAR), _spread(returns)) if returns else None


def _days(start: Sequence[int]) -> float:
    return (start[-1] - start[0]) / _DAY if start else 0.0


def _of_round_trips(trips: Sequence[RoundTrip], profits: Sequence[float]) -> dict[str, Any]:
    shares = [float(trip.profit / trip.entry_value) for trip in trips]
    count = len(profits)
    return {
        "sqn": _ratio(sqrt(min(count, _MOST_FOR_SQN)) * fmean(profits), _spread(profits))
        if profits
        else None,
        "best": max(shares, default=None),
        "worst": min(shares, default=None),
        "hold_hours": fmean((t.left_at - t.entered_at) / _HOUR for t in trips) if trips else None,
    }


def _sortino(returns: Sequence[float]) -> float | None:
    if not returns:
        return None
    downward = sqrt(fmean(min(value, 0.0) ** 2 for value in returns))
    return _ratio(fmean(returns) * sqrt(_YEAR), downward)


def _drawdown(
    start: Sequence[int], equity: Sequence[float], cash: float
) -> tuple[float | None, float | None]:
    if not equity:
        return None, None
    highest, since, deepest, longest = cash, start[0], 0.0, 0
    is_below = False
    for at, value in zip(start, equity, strict=True):
        was_below, is_below = is_below, value < highest
        if was_below or is_below:  # until it is back: that candle counts, and a gap before it
            longest = max(longest, at - since)
        if is_below:
            deepest = min(deepest, value / highest - 1)
        else:
            highest, since = value, at
    return deepest, longest / _DAY


def _exposure(start: Sequence[int], fills: Sequence[PaperFill]) -> float | None:
    if not start:
        return None
    held: set[str] = set()
    place = inside = 0
    ordered = sorted(fills, key=lambda fill: fill.at)
    for at in start:
        while place < len(ordered) and ordered[place].at <= at:
            fill = ordered[place]
            (held.add if fill.position else held.discard)(fill.symbol)
            place += 1
        inside += bool(held)
    return inside / len(start)


def _turnover(test: Backtest) -> float | None:
    if not test.equity:
        return None
    return _ratio(float(sum(f.price * f.quantity for f in test.fills)), fmean(test.equity))


def _beside(returns: Sequence[float], others: Sequence[float]) -> tuple[float | None, float | None]:
    count = min(len(returns), len(others))
    if count < 2:  # noqa: PLR2004 - of one day there is no variance
        return None, None
    mine, theirs = returns[:count], others[:count]
    mean, other = fmean(mine), fmean(theirs)
    together = fsum((a - mean) * (b - other) for a, b in zip(mine, theirs, strict=True))
    beta = _ratio(together, fsum((b - other) ** 2 for b in theirs))
    return beta, None if beta is None else (mean - beta * other) * _YEAR


def _spread(values: Sequence[float]) -> float | None:
    """The sample's standard deviation; `statistics.stdev` takes five times as long for it."""
    count = len(values)
    if count < 2:  # noqa: PLR2004 - of one value there is none
        return None
    mean = fmean(values)
    return sqrt(fsum((value - mean) ** 2 for value in values) / (count - 1))


def _ratio(above: float, below: float | None) -> float | None:
    return above / below if below else None
