"""What a venue tells everybody: filters, prices and daily closes, behind a synchronous face."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextlib import suppress
from decimal import Decimal
from typing import Any, TypeVar

from chalicelib.adapters.venues.ccxt import parsing
from chalicelib.adapters.venues.ccxt.errors import refuses_keys
from chalicelib.adapters.venues.ccxt.loop_thread import LoopThread
from chalicelib.adapters.venues.ccxt.markets import MarketCache
from chalicelib.adapters.venues.ccxt.silence import Silence
from chalicelib.adapters.venues.ccxt.venue import Venue, make_venue
from chalicelib.adapters.venues.ccxt.venue_table import venue_row
from chalicelib.domain.errors import ExchangeUnavailable, KeysRefused
from chalicelib.domain.trading.instrument import Instrument, Ticker
from chalicelib.ports import Clock

T = TypeVar("T")


class MarketData:
    """A venue's public side. Any thread may call any method; `close` ends it."""

    def __init__(self, venue: Venue, clock: Clock) -> None:
        self._venue = venue
        self._clock = clock
        self._redactor = venue.redactor()
        self._silence = Silence(clock)
        venue.client.silence = self._silence
        self._thread = LoopThread(f"ccxt-{venue.id}")
        self._markets = MarketCache(venue, clock)
        self._unusable: dict[str, str] = {}

    def close(self) -> None:
        """Sessions and thread; nothing may be asked afterwards."""
        if self._thread.is_closed:
            return
        with suppress(*self._venue.failures):
            self._thread.run(self._venue.client.close)
        self._thread.close()

    def instruments(self, symbols: Sequence[str]) -> Mapping[str, Instrument]:
        """Filters of the symbols that exist and can be traded, an hour old at most."""
        return self._read("its filters", lambda: self._instruments(symbols))

    def unusable(self) -> Mapping[str, str]:
        """What `instruments` has left out, though it exists, and why."""
        return dict(self._unusable)

    def tickers(self, symbols: Sequence[str]) -> Mapping[str, Ticker]:
        """Prices of the symbols that have one."""
        return self._read("its prices", lambda: self._tickers(symbols))

    def daily_closes(self, symbol: str, days: int) -> list[Decimal]:
        """Closing prices of the last finished UTC days, oldest first."""
        return self._read(f"daily candles of {symbol}", lambda: self._daily_closes(symbol, days))

    def _read(self, what: str, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
        try:
            return self._thread.run(work)
        except self._venue.failures as error:
            text = self._redactor.clean(f"{type(error).__name__}: {error}")
            # Without the cause: its text holds addresses and signatures.
            kind = KeysRefused if refuses_keys(error) else ExchangeUnavailable
            raise kind(
                f"{self._venue.id} did not give {what}: {text}", retry_at=self._silence.asked_for
            ) from None

    async def _instruments(self, symbols: Sequence[str]) -> dict[str, Instrument]:
        markets = await self._existing(symbols)
        mode, field = self._venue.client.precisionMode, self._venue.row.tick_field
        found, odd = parsing.instruments(markets, mode, field)
        fine = {name: why for name, why in self._unusable.items() if name not in symbols}
        self._unusable = {**fine, **odd}
        return found

    async def _existing(self, symbols: Sequence[str]) -> dict[str, parsing.Unified]:
        await self._markets.ensure(symbols)
        known = self._venue.client.markets
        return {name: known[name] for name in symbols if name in known and known[name]["spot"]}

    async def _tickers(self, symbols: Sequence[str]) -> dict[str, Ticker]:
        existing = list(await self._existing(symbols))
        if not existing:
            return {}
        client = self._venue.client
        if client.has.get("fetchTickers") is True:
            unified = await client.fetch_tickers(existing)
        else:
            answers = await asyncio.gather(*(client.fetch_ticker(name) for name in existing))
            unified = dict(zip(existing, answers, strict=True))
        now = self._clock.now()
        found = {
            name: parsing.ticker(name, unified[name], now) for name in existing if name in unified
        }
        return {name: ticker for name, ticker in found.items() if ticker is not None}

    async def _daily_closes(self, symbol: str, days: int) -> list[Decimal]:
        await self._markets.ensure([symbol])
        candles = await self._venue.client.fetch_ohlcv(symbol, "1d", None, days + 1)
        return parsing.finished_closes(candles, self._clock.now(), days)


class PublicTickers(MarketData):
    """A venue's prices without an account there, for virtual accounts that follow them."""

    def __init__(self, exchange_id: str, options: Mapping[str, Any], clock: Clock) -> None:
        super().__init__(make_venue(exchange_id, venue_row(exchange_id), dict(options)), clock)
