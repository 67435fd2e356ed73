"""The prices that a list of trades names, each of which stands until the next one: where the user
has no candles, nothing else is known of the market.
"""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from chalicelib.adapters.venues.virtual.prices import default_instrument
from chalicelib.domain.trading.instrument import Instrument, Ticker
from chalicelib.ports import Clock


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedSeries:
    """Of one symbol, by time, ascending; of two at one time the later counts."""

    symbol: str
    times: tuple[datetime, ...]
    prices: tuple[Decimal, ...]

    def at(self, now: datetime) -> Decimal | None:
        """None before the first."""
        place = bisect_right(self.times, now) - 1
        return self.prices[place] if place >= 0 else None


class ListedPrices:
    """`PriceSource` at the time that its clock shows. What stands is never stale."""

    def __init__(self, series: Sequence[ListedSeries], clock: Clock) -> None:
        self._series = {one.symbol: one for one in series}
        self._clock = clock

    def instruments(self, symbols: Sequence[str]) -> Mapping[str, Instrument]:
        """Default filters of the symbols that a price is known of at some time."""
        return {s: default_instrument(s) for s in symbols if s in self._series}

    def tickers(self, symbols: Sequence[str]) -> Mapping[str, Ticker]:
        """As of now; nothing before a symbol's first price."""
        now = self._clock.now()
        known = {s: self._series[s].at(now) for s in symbols if s in self._series}
        return {s: Ticker(symbol=s, last=p, at=now) for s, p in known.items() if p is not None}

    def daily_closes(self, symbol: str, days: int) -> list[Decimal]:
        """What stood at the end of each finished UTC day."""
        if symbol not in self._series:
            return []
        today = self._clock.now().replace(hour=0, minute=0, second=0, microsecond=0)
        ends = [today - timedelta(days=n, microseconds=1) for n in range(days - 1, -1, -1)]
        closes = (self._series[symbol].at(end) for end in ends)
        return [close for close in closes if close is not None]
