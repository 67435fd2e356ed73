"""A venue that has asked for silence is not asked again, by any step of the tick, before its time.

Asking on is what makes a short ban a long one. A price that cannot be one is left out, so that it
stops nothing but its own instrument.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import TypeVar

from chalicelib.domain.errors import ExchangeUnavailable, OrderNotPlaced
from chalicelib.domain.trading.instrument import Balance, Instrument, Ticker
from chalicelib.domain.trading.order import OrderIntent, OrderReport
from chalicelib.domain.trading.stranger import OpenOrder
from chalicelib.ports import (
    Clock,
    Exchange,
    ShowsClock,
    ShowsOpenOrders,
    ShowsUnusable,
    VenueTraits,
)

T = TypeVar("T")


class QuietExchange:
    """`Exchange` around another one. `until` and `because` are what that one has asked for."""

    def __init__(self, exchange: Exchange, clock: Clock) -> None:
        self._exchange = exchange
        self._clock = clock
        self.until: datetime | None = None
        self.because = ""

    @property
    def is_silent(self) -> bool:
        """Whether every question would be refused now, without reaching the venue."""
        return self.until is not None and self._clock.now() < self.until

    def traits(self) -> VenueTraits:
        """See `Exchange.traits`."""
        return self._exchange.traits()

    def instruments(self, symbols: Sequence[str]) -> Mapping[str, Instrument]:
        """See `Exchange.instruments`."""
        return self._ask(lambda: self._exchange.instruments(symbols))

    def tickers(self, symbols: Sequence[str]) -> Mapping[str, Ticker]:
        """See `Exchange.tickers`; a price that cannot be one is none."""
        found = self._ask(lambda: self._exchange.tickers(symbols))
        return {symbol: ticker for symbol, ticker in found.items() if ticker.is_priced}

    def balances(self) -> Mapping[str, Balance]:
        """See `Exchange.balances`."""
        return self._ask(self._exchange.balances)

    def find(self, intent: OrderIntent, since: datetime) -> OrderReport | None:
        """See `Exchange.find`."""
        return self._ask(lambda: self._exchange.find(intent, since))

    def cancel(self, intent: OrderIntent, venue_order_id: str) -> None:
        """See `Exchange.cancel`."""
        self._ask(lambda: self._exchange.cancel(intent, venue_order_id))

    def daily_closes(self, symbol: str, days: int) -> list[Decimal]:
        """See `Exchange.daily_closes`."""
        return self._ask(lambda: self._exchange.daily_closes(symbol, days))

    def clock_skew(self) -> timedelta | None:
        """See `ShowsClock.clock_skew`; None for an exchange that has no clock to show."""
        inner = self._exchange
        return self._ask(inner.clock_skew) if isinstance(inner, ShowsClock) else None

    def unusable(self) -> Mapping[str, str]:
        """See `ShowsUnusable.unusable`; empty for an exchange that does not tell."""
        inner = self._exchange
        return inner.unusable() if isinstance(inner, ShowsUnusable) else {}

    @property
    def lists_open_orders(self) -> bool:
        """Whether `open_orders` may have an answer; no call to the venue."""
        return isinstance(self._exchange, ShowsOpenOrders)

    def open_orders(self, symbols: Sequence[str]) -> Sequence[OpenOrder] | None:
        """See `ShowsOpenOrders.open_orders`; None for an exchange without such a list."""
        inner = self._exchange
        if not isinstance(inner, ShowsOpenOrders):
            return None
        return self._ask(partial(inner.open_orders, symbols))

    def submit(self, intent: OrderIntent, permit_until: datetime) -> OrderReport:
        """See `Exchange.submit`."""
        if self.is_silent:
            raise OrderNotPlaced(self.because, retry_at=self.until)
        try:
            return self._exchange.submit(intent, permit_until)
        except OrderNotPlaced as refusal:
            self._heed(refusal.retry_at, str(refusal))
            raise

    def _ask(self, question: Callable[[], T]) -> T:
        if self.is_silent:
            raise ExchangeUnavailable(self.because, retry_at=self.until)
        try:
            return question()
        except ExchangeUnavailable as trouble:
            self._heed(trouble.retry_at, str(trouble))
            raise

    def _heed(self, until: datetime | None, because: str) -> None:
        if until is not None and (self.until is None or until > self.until):
            self.until, self.because = until, because
