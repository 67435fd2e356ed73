"""All that can be said of one backtest: what was tried on what, what came of it, day by day."""

from collections.abc import Mapping, Sequence
from datetime import date
from itertools import pairwise
from math import fsum
from typing import Final, NamedTuple

from chalicelib.domain.bots.backtest import Backtest, Terms, backtest
from chalicelib.domain.bots.candles import Candles, length_ms, moment
from chalicelib.domain.bots.metrics import Metrics, measure
from chalicelib.domain.bots.setup import Setup
from chalicelib.domain.bots.views import Views
from chalicelib.domain.market.candle_gaps import Gap

_DAY: Final = 86_400_000


class BacktestReport(NamedTuple):
    """`benchmark` is equal parts of each instrument, bought at its first close and kept: a value
    for each of the equity, 1 at the beginning. `trials` says how many runs it was chosen from."""

    setup: Setup
    venue: str
    candles: Mapping[str, Candles]
    terms: Terms
    test: Backtest
    benchmark: list[float]
    metrics: Metrics
    gaps: Mapping[str, list[Gap]]
    trials: int


class Day(NamedTuple):
    """Both at the last close of the UTC day; the benchmark as if the same cash had been put in."""

    day: date
    equity: float
    benchmark: float


class Month(NamedTuple):
    """What the equity gained over it, as a fraction; None where there was none left before."""

    year: int
    month: int
    gain: float | None


def report_on(
    setup: Setup,
    venue: str,
    candles: Mapping[str, Candles],
    terms: Terms,
    views: Views | None = None,
) -> BacktestReport:
    """Runs it. `candles` are checked ones, at least one of each instrument."""
    return report_of(setup, venue, candles, terms, backtest(setup, candles, terms, views))


def report_of(
    setup: Setup, venue: str, candles: Mapping[str, Candles], terms: Terms, test: Backtest
) -> BacktestReport:
    """On one that was run, with all its candles."""
    benchmark = _bought_and_kept(test.start, candles)
    return BacktestReport(
        setup=setup,
        venue=venue,
        candles=candles,
        terms=terms,
        test=test,
        benchmark=benchmark,
        metrics=measure(test, float(terms.cash), benchmark),
        gaps={
            symbol: _gaps(series, length_ms(setup.interval)) for symbol, series in candles.items()
        },
        trials=1,
    )


def days_of(report: BacktestReport) -> list[Day]:
    """Those that have candles."""
    test, cash = report.test, float(report.terms.cash)
    found: dict[int, tuple[float, float]] = {}
    for at, equity, kept in zip(test.start, test.equity, report.benchmark, strict=True):
        found[at // _DAY] = (equity, kept * cash)
    return [Day(moment(day * _DAY).date(), *values) for day, values in found.items()]


def months_of(report: BacktestReport) -> list[Month]:
    """Those that have candles; the first counts from the cash that the test began with."""
    ends = {(day.day.year, day.day.month): day.equity for day in days_of(report)}
    before, found = float(report.terms.cash), []
    for (year, month), equity in ends.items():
        found.append(Month(year, month, equity / before - 1 if before > 0 else None))
        before = equity
    return found


def _bought_and_kept(start: Sequence[int], candles: Mapping[str, Candles]) -> list[float]:
    """An instrument without a candle yet counts as the cash that waits for it."""
    parts = [_growth(start, series) for series in candles.values()]
    if len(parts) == 1:
        return parts[0]
    return [fsum(values) / len(values) for values in zip(*parts, strict=True)]


def _growth(start: Sequence[int], candles: Candles) -> list[float]:
    closes = dict(zip(candles.start, candles.close, strict=True))
    first, last = candles.close[0], candles.close[0]
    grown = []
    for at in start:
        last = closes.get(at, last)
        grown.append(last / first)
    return grown


def _gaps(candles: Candles, length: int) -> list[Gap]:
    return [
        Gap(moment(before + length), moment(after))
        for before, after in pairwise(candles.start)
        if after - before > length
    ]
