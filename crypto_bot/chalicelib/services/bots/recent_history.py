"""[lake of candles] -> what a bot that begins on live candles is shown first."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from chalicelib.domain.bots.setup import Setup
from chalicelib.domain.market.candle import Candle
from chalicelib.domain.market.candle_series import CandleSeries
from chalicelib.market_ports.candles import CandleLake

_WARMUPS: Final = 4  # of one, indicators that remember for long are not quite what they will be
_OLDEST: Final = timedelta(hours=3)
_INTERVALS: Final = 3


def recent_history(
    lake: CandleLake, setup: Setup, *, venue: str, now: datetime
) -> dict[str, Sequence[Candle]]:
    """Four warm-ups of each instrument's candles, up to the last that all of them have; none of one
    whose last ended so long ago that too much would be missing: more than three hours, or than
    three candles.
    """
    if not setup.bot.warmup:
        return {}
    length = setup.interval.length
    ends = {}
    for symbol in setup.instruments:
        last = lake.last(CandleSeries(venue, symbol, setup.interval))
        if last is not None and now - last.start - length <= max(_OLDEST, _INTERVALS * length):
            ends[symbol] = last.start + length
    if not ends:
        return {}
    end = min(ends.values())
    since = end - _WARMUPS * setup.bot.warmup * length
    return {
        symbol: lake.read(CandleSeries(venue, symbol, setup.interval), since, end)
        for symbol in ends
    }
