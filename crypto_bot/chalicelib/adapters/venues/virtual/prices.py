"""Where the virtual venue's prices come from: a protocol, and the sources without machinery."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from threading import Lock
from typing import Final, Protocol

from chalicelib.domain.trading.instrument import Instrument, Ticker
from chalicelib.ports import Clock

DEFAULT_FEE: Final = Decimal("0.001")
_DEFAULT_STEP: Final = Decimal("0.00001")
_DEFAULT_TICK: Final = Decimal("0.00000001")


class PriceSource(Protocol):
    """What the virtual venue asks of the world; the public side of any venue fits."""

    def instruments(self, symbols: Sequence[str]) -> Mapping[str, Instrument]:
        """Filters of those symbols that it can price at all."""
        ...

    def tickers(self, symbols: Sequence[str]) -> Mapping[str, Ticker]:
        """Prices as known now; symbols without one are left out."""
        ...

    def daily_closes(self, symbol: str, days: int) -> list[Decimal]:
        """Closing prices of the last finished UTC days, oldest first."""
        ...


@lru_cache(maxsize=1024)
def default_instrument(symbol: str) -> Instrument:
    """Filters fine enough for any coin, where the source knows none."""
    base, _, quote = symbol.partition("/")
    return Instrument(
        symbol=symbol,
        base=base,
        quote=quote,
        quantity_step=_DEFAULT_STEP,
        price_tick=_DEFAULT_TICK,
        minimum_quantity=_DEFAULT_STEP,
        taker_fee=DEFAULT_FEE,
    )


class FixedPrices:
    """One price per symbol, which stands until somebody sets another."""

    def __init__(self, prices: Mapping[str, Decimal], clock: Clock) -> None:
        self._prices = dict(prices)
        self._clock = clock

    def set(self, symbol: str, price: Decimal) -> None:
        """Move the market."""
        self._prices[symbol] = price

    def instruments(self, symbols: Sequence[str]) -> Mapping[str, Instrument]:
        """Default filters of the symbols with a price."""
        return {s: default_instrument(s) for s in symbols if s in self._prices}

    def tickers(self, symbols: Sequence[str]) -> Mapping[str, Ticker]:
        """The prices that were set, as of now."""
        now = self._clock.now()
        known = {s: self._prices[s] for s in symbols if s in self._prices}
        return {s: Ticker(symbol=s, last=price, at=now) for s, price in known.items()}

    def daily_closes(self, symbol: str, days: int) -> list[Decimal]:
        """The same price every day."""
        return [self._prices[symbol]] * days if symbol in self._prices else []


class OtherVenuePrices:
    """Another venue's public prices, asked for once per `max_age` however many orders come."""

    def __init__(
        self, venue: PriceSource, clock: Clock, max_age: timedelta = timedelta(seconds=1)
    ) -> None:
        self._venue = venue
        self._clock = clock
        self._max_age = max_age
        self._lock = Lock()
        self._tickers: dict[str, tuple[datetime, Ticker]] = {}
        self._instruments: dict[str, Instrument] = {}

    def instruments(self, symbols: Sequence[str]) -> Mapping[str, Instrument]:
        """The other venue's filters and fee, kept as long as this object lives."""
        with self._lock:
            missing = [s for s in symbols if s not in self._instruments]
            if missing:
                self._instruments.update(self._venue.instruments(missing))
            return {s: self._instruments[s] for s in symbols if s in self._instruments}

    def tickers(self, symbols: Sequence[str]) -> Mapping[str, Ticker]:
        """The other venue's prices, at most `max_age` old."""
        with self._lock:
            now = self._clock.now()
            stale = [s for s in symbols if not self._is_fresh(s, now)]
            if stale:
                for symbol, ticker in self._venue.tickers(stale).items():
                    self._tickers[symbol] = (now, ticker)
            return {s: self._tickers[s][1] for s in symbols if self._is_fresh(s, now)}

    def daily_closes(self, symbol: str, days: int) -> list[Decimal]:
        """The other venue's closes."""
        return self._venue.daily_closes(symbol, days)

    def close(self) -> None:
        """End the connections to the other venue, where it holds any."""
        close = getattr(self._venue, "close", None)
        if close is not None:
            close()

    def _is_fresh(self, symbol: str, now: datetime) -> bool:
        kept = self._tickers.get(symbol)
        return kept is not None and now - kept[0] <= self._max_age
