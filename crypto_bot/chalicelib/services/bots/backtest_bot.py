"""[candles, rankings, analyses] -> a bot's backtest on those of one venue between two times."""

from datetime import datetime
from typing import NamedTuple

from chalicelib.domain.bots.backtest import Terms
from chalicelib.domain.bots.backtest_report import BacktestReport, report_on
from chalicelib.domain.bots.candles import Candles, candles_of, moment
from chalicelib.domain.bots.setup import Setup
from chalicelib.domain.errors import CryptoBotError
from chalicelib.domain.market.candle_series import CandleSeries
from chalicelib.market_ports.candles import CandleLake
from chalicelib.services.bots.past_views import Findings, past_views


class CandlesMissing(CryptoBotError):
    """The lake has no candle of the series between the two times."""

    def __init__(self, series: CandleSeries) -> None:
        super().__init__(f"there are no candles of {series} in the lake")
        self.series = series


class Past(NamedTuple):
    """Where it is kept."""

    candles: CandleLake
    findings: Findings


def backtest_bot(
    setup: Setup, terms: Terms, past: Past, *, venue: str, since: datetime | None, until: datetime
) -> BacktestReport:
    """By the candles that start from `since` (else the first there is) to before `until`.

    The bot knows the rankings and analyses that were there at the time. CandlesMissing where an
    instrument has none; what the bot does wrong comes as BotFailed.
    """
    candles = candles_kept(setup, past.candles, venue=venue, since=since, until=until)
    begin = moment(min(series.start[0] for series in candles.values()))
    views = past_views(past.findings, setup, venue, begin, until)
    return report_on(setup, venue, candles, terms, views)


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
