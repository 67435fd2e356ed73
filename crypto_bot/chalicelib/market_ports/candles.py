"""Where candles come from and where they are kept."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from chalicelib.domain.market.candle import Candle
from chalicelib.domain.market.candle_gaps import Gap
from chalicelib.domain.market.candle_series import CandleSeries
from chalicelib.domain.market.interval import Interval


class CandleLake(Protocol):
    """Closed candles per venue, symbol and interval. StoreUnavailable where it fails."""

    def write(self, series: CandleSeries, candles: Sequence[Candle]) -> None:
        """Each takes the place of the one with its start; the others stay. One writer a series."""
        ...

    def read(self, series: CandleSeries, start: datetime, end: datetime) -> list[Candle]:
        """Oldest first, from `start` to before `end`. What is missing is left out."""
        ...

    def first(self, series: CandleSeries) -> Candle | None:
        """The one that started before all others."""
        ...

    def last(self, series: CandleSeries) -> Candle | None:
        """The one that started last."""
        ...

    def series(self, venue: str = "", symbol: str = "") -> list[CandleSeries]:
        """All of which there are candles, sorted; of one venue, and of one symbol, if named."""
        ...

    def loose_periods(self, series: CandleSeries) -> list[datetime]:
        """When the months or years begin that are not in one file yet, oldest first."""
        ...

    def compact(self, series: CandleSeries, period: datetime) -> int:
        """Make one file of a period that is over; how many were merged into it.

        Never for the newest one. Whoever reads meanwhile, or after it broke off, sees each candle
        once; what was written later counts.
        """
        ...

    def gaps(self, series: CandleSeries) -> list[Gap]:
        """As they were marked last, oldest first."""
        ...

    def mark_gaps(self, series: CandleSeries, gaps: Sequence[Gap]) -> None:
        """From now on these, and no others."""
        ...


class CandleSource(Protocol):
    """A venue's candles, as it tells them to everybody. ExchangeUnavailable where it does not."""

    def existing(self, symbols: Sequence[str]) -> frozenset[str]:
        """Those of the symbols that are spot markets there."""
        ...

    def page_length(self, interval: Interval) -> int:
        """How many candles come at once at most; SettingsError for an interval it has not."""
        ...

    def candles(self, symbol: str, interval: Interval, start: datetime) -> list[Candle]:
        """One page from `start` on, oldest first; the last may be open still.

        None where the venue has none in the time that a page spans, or none until now.
        """
        ...
