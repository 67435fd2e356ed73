"""[candles, rankings, analyses] -> a bot's backtest on those of one venue between two times."""

from collections.abc import Callable, Mapping
from datetime import datetime
from itertools import count
from typing import NamedTuple

from chalicelib.domain.bots.backtest import Terms
from chalicelib.domain.bots.backtest_report import BacktestReport, report_on
from chalicelib.domain.bots.candles import Candles, candles_of, moment
from chalicelib.domain.bots.counted import counted
from chalicelib.domain.bots.setup import Setup
from chalicelib.domain.bots.views import Views
from chalicelib.domain.errors import CryptoBotError
from chalicelib.domain.market.candle_series import CandleSeries
from chalicelib.market_ports.candles import CandleLake
from chalicelib.services.bots.past_views import Findings, past_views


class CandlesMissing(CryptoBotError):
    """The lake has no candle of the series between the two times."""

    def __init__(self, series: CandleSeries) -> None:
        super().__init__(f"there are no candles of {series} in the lake")
        self.series = series


Rehearse = Callable[[Setup, Mapping[str, Candles], Terms, Views | None], None]


class Past(NamedTuple):
    """Where it is kept."""

    candles: CandleLake
    findings: Findings


def backtest_bot(  # noqa: PLR0913 - which part of the past, and who waits for it
    setup: Setup,
    terms: Terms,
    past: Past,
    *,
    venue: str,
    since: datetime | None,
    until: datetime,
    moved: Callable[[int, int], None] | None = None,
    rehearse: Rehearse | None = None,
) -> BacktestReport:
    """By the candles that start from `since` (else the first there is) to before `until`.

    The bot knows the rankings and analyses that were there at the time. CandlesMissing where an
    instrument has none; what the bot does wrong comes as BotFailed. `moved` is told at each candle
    how many were decided on, and of how many; it costs speed. `rehearse` is told on what a bot will
    be run that runs elsewhere.
    """
    candles = candles_kept(setup, past.candles, venue=venue, since=since, until=until)
    begin = moment(min(series.start[0] for series in candles.values()))
    views = past_views(past.findings, setup, venue, begin, until)
    if rehearse is not None:
        rehearse(setup, candles, terms, views)
    watched = setup if moved is None else _watched(setup, candles, moved)
    return report_on(watched, venue, candles, terms, views)


def _watched(
    setup: Setup, candles: Mapping[str, Candles], moved: Callable[[int, int], None]
) -> Setup:
    starts = {start for series in candles.values() for start in series.start}
    total = max(0, len(starts) - setup.bot.warmup)
    done = count(1)
    return counted(setup, lambda: moved(next(done), total))


def candles_kept(
    setup: Setup, lake: CandleLake, *, venue: str, since: datetime | None, until: datetime
) -> dict[str, Candles]:
    """Of each of its instruments; CandlesMissing where one has none."""
    candles = {}
    for symbol in setup.instruments:
        series = CandleSeries(venue, symbol, setup.interval)
        first = lake.first(series)
        found = lake.read(series, since or first.start, until) if first else []
        if not found:
            raise CandlesMissing(series)
        candles[symbol] = candles_of(symbol, setup.interval, found)
    return candles


def venues_with(lake: CandleLake, setup: Setup) -> list[str]:
    """Those that have candles of all its instruments at its interval."""
    of_each = [
        {found.venue for found in lake.series(symbol=symbol) if found.interval == setup.interval}
        for symbol in setup.instruments
    ]
    return sorted(set.intersection(*of_each))
