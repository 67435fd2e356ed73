"""The prices that a list of trades names, each of which stands until the next one: where the user
has no candles, nothing else is known of the market.
"""

from bisect import bisect_right
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from chalicelib.domain.trading.instrument import Ticker


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedSeries:
    """Of one symbol, by time, ascending; of two at one time the later counts."""

    symbol: str
    times: tuple[datetime, ...]
    prices: tuple[Decimal, ...]

    def ticker(self, now: datetime) -> Ticker | None:
        """None before the first. What stands is never stale."""
        price = self._at(now)
        return None if price is None else Ticker(symbol=self.symbol, last=price, at=now)

    def close_between(self, _start: datetime, end: datetime) -> Decimal | None:
        """What stood just before `end`, however long already."""
        return self._at(end - timedelta(microseconds=1))

    def _at(self, now: datetime) -> Decimal | None:
        place = bisect_right(self.times, now) - 1
        return self.prices[place] if place >= 0 else None
