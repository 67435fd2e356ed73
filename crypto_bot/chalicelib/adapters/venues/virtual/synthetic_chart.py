"""The candles of a made-up market: what its prices were, looked at a few times per candle."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from chalicelib.adapters.venues.virtual.synthetic import SyntheticPrices
from chalicelib.domain.market.candle import Candle
from chalicelib.domain.market.candle_series import CandleSeries
from chalicelib.domain.market.series_day import SeriesRow
from chalicelib.domain.money import ZERO
from chalicelib.ports import Clock

_LOOKS: Final = 4
# A price takes longer to make up than to read, so there is no endless past of them.
_CANDLES: Final = 1_000


class SyntheticChart:
    """market_ports.charts.ChartSource. Nobody trades there, so the volume is 0."""

    def __init__(self, prices: SyntheticPrices, clock: Clock) -> None:
        self._prices = prices
        self._clock = clock

    def span(self, series: CandleSeries) -> tuple[datetime, datetime] | None:
        """The newest one is under way, and its price is the one that orders get now."""
        length = series.interval.length
        end = series.interval.start_of(self._clock.now()) + length
        return end - _CANDLES * length, end

    def rows(self, series: CandleSeries, start: datetime, end: datetime) -> list[SeriesRow]:
        """See `ChartSource.rows`."""
        span = self.span(series)
        if span is None:
            return []
        length, rows = series.interval.length, []
        at = series.interval.start_of(max(start, span[0]))
        at = at if at >= start else at + length
        while at < min(end, span[1]):
            rows.append(SeriesRow(self._candle(series.symbol, at, length), {}))
            at += length
        return rows

    def _candle(self, symbol: str, start: datetime, length: timedelta) -> Candle:
        now = self._clock.now()
        looks = [start + length * n / _LOOKS for n in range(_LOOKS + 1)]
        seen = [self._price(symbol, at) for at in looks if at < now]
        if looks[-1] >= now:
            seen.append(self._prices.price(symbol, now))
        return Candle(start, seen[0], max(seen), min(seen), seen[-1], ZERO)

    def _price(self, symbol: str, at: datetime) -> Decimal:
        return self._prices.price(symbol, at)
