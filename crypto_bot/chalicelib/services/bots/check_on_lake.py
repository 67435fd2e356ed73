"""[lake of candles] -> what a check of a bot finds on the newest of them."""

from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

from chalicelib.domain.bots.candles import Candles, candles_of
from chalicelib.domain.bots.checks.check import check_bot
from chalicelib.domain.bots.checks.finding import BotCheck
from chalicelib.domain.bots.setup import Setup
from chalicelib.domain.market.candle_series import CandleSeries
from chalicelib.market_ports.candles import CandleLake
from chalicelib.services.bots.backtest_bot import venues_with

_FEWEST: Final = 1_000
_WARMUPS: Final = 6  # the check looks at four of them before the candles that it compares


# What looks at a bot that runs elsewhere, in place of `check_bot`.
CheckThere = Callable[[Setup, Mapping[str, Candles]], BotCheck]


class CheckedOn(NamedTuple):
    """`venue` is whose candles they were, '' where there are none: then nothing was checked."""

    setup: Setup
    venue: str
    check: BotCheck | None


def check_on_lake(
    load: Callable[[], Setup],
    lake: CandleLake,
    *,
    venue: str,
    source: str,
    there: CheckThere | None = None,
) -> CheckedOn:
    """On candles of `venue` where it has them, else of the first that has."""
    setup = load()
    venues = venues_with(lake, setup)
    if not venues:
        return CheckedOn(setup, "", None)
    chosen = venue if venue in venues else venues[0]
    count = max(_FEWEST, _WARMUPS * setup.bot.warmup)
    candles = {}
    for symbol in setup.instruments:
        series = CandleSeries(chosen, symbol, setup.interval)
        last = lake.last(series)
        if last is None:
            return CheckedOn(setup, "", None)
        end = last.start + setup.interval.length
        rows = lake.read(series, end - count * setup.interval.length, end)
        candles[symbol] = candles_of(symbol, setup.interval, rows)
    found = check_bot(load, candles, source=source) if there is None else there(setup, candles)
    return CheckedOn(setup, chosen, found)
