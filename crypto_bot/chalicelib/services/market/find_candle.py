"""A venue's longest candles -> where the next shorter one can be, in few requests."""

from datetime import datetime
from typing import Final

from chalicelib.domain.errors import SettingsError
from chalicelib.domain.market.candle_series import CandleSeries
from chalicelib.domain.market.interval import Interval
from chalicelib.market_ports.candles import CandleSource

# One page of weeks is ten years, and one of days more than one.
_LONGEST: Final = (Interval.W1, Interval.D1)


def find_candle(
    series: CandleSeries, source: CandleSource, start: datetime, end: datetime
) -> datetime:
    """Of the series there is no candle from `start` to before this, which is before `end`."""
    found = start
    for interval in _LONGEST:
        if interval.length > series.interval.length and _is_offered(interval, source):
            found = _first_within(series.symbol, interval, source, found, end)
    return max(start, series.interval.start_of(found))


def _is_offered(interval: Interval, source: CandleSource) -> bool:
    try:
        source.page_length(interval)
    except SettingsError:
        return False
    return True


def _first_within(
    symbol: str, interval: Interval, source: CandleSource, start: datetime, end: datetime
) -> datetime:
    page = source.page_length(interval) * interval.length
    cursor = start - interval.length  # a candle that began before may last until now
    while cursor < end:
        found = source.candles(symbol, interval, cursor)
        if found:
            return max(start, found[0].start)
        cursor += page
    return max(start, end - interval.length)  # the open one may not be told yet
