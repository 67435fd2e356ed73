"""Where the candles of a chart come from."""

from datetime import datetime
from typing import Protocol

from chalicelib.domain.market.candle_series import CandleSeries
from chalicelib.domain.market.series_day import SeriesRow


class ChartSource(Protocol):
    """Candles to look at. StoreUnavailable where it fails."""

    def span(self, series: CandleSeries) -> tuple[datetime, datetime] | None:
        """When the first candle starts and the last one ends, or further; None where are none."""
        ...

    def rows(self, series: CandleSeries, start: datetime, end: datetime) -> list[SeriesRow]:
        """Oldest first, from `start` to before `end`; nothing derived where nothing is known."""
        ...
