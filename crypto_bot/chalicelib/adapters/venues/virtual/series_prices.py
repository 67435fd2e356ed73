"""Prices of a replay or backtest, at the time its clock shows, whatever is known of each symbol."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Protocol

from chalicelib.adapters.venues.virtual.prices import default_instrument
from chalicelib.domain.trading.instrument import Instrument, Ticker
from chalicelib.ports import Clock


class PriceSeries(Protocol):
    """What is known of one symbol's price by time."""

    @property
    def symbol(self) -> str:
        """Such as BTC/USDT."""
        ...

    def ticker(self, now: datetime) -> Ticker | None:
        """What could be known at that time, nothing from later; None before the first."""
        ...

    def close_between(self, start: datetime, end: datetime) -> Decimal | None:
        """The last price of that time; None where there is none."""
        ...


class SeriesPrices:
    """`PriceSource`."""

    def __init__(self, series: Iterable[PriceSeries], clock: Clock) -> None:
        self._series = {one.symbol: one for one in series}
        self._clock = clock

    def instruments(self, symbols: Sequence[str]) -> Mapping[str, Instrument]:
        """Default filters of the symbols that a price is known of at some time."""
        return {s: default_instrument(s) for s in symbols if s in self._series}

    def tickers(self, symbols: Sequence[str]) -> Mapping[str, Ticker]:
        """What is known at this time; nothing before a symbol's first price."""
        now = self._clock.now()
        found = (self._series[s].ticker(now) for s in symbols if s in self._series)
        return {ticker.symbol: ticker for ticker in found if ticker is not None}

    def daily_closes(self, symbol: str, days: int) -> list[Decimal]:
        """The last price of each finished UTC day; a day without one is left out."""
        if symbol not in self._series:
            return []
        today = self._clock.now().replace(hour=0, minute=0, second=0, microsecond=0)
        starts = [today - timedelta(days=n) for n in range(days, 0, -1)]
        series = self._series[symbol]
        closes = (series.close_between(start, start + timedelta(days=1)) for start in starts)
        return [close for close in closes if close is not None]
