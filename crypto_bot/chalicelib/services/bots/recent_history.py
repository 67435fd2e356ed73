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
) -> Sequence[Candle]:
    """Four warm-ups of them; none where the last ended so long ago that too much would be missing:
    more than three hours, or than three candles.
    """
    if not setup.bot.warmup:
        return []
    length = setup.interval.length
    series = CandleSeries(venue, setup.instruments[0], setup.interval)
    last = lake.last(series)
    if last is None or now - last.start - length > max(_OLDEST, _INTERVALS * length):
        return []
    count = _WARMUPS * setup.bot.warmup
    return lake.read(series, last.start - (count - 1) * length, last.start + length)
