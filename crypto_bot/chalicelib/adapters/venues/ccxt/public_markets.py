"""A venue's public side for the collectors: all markets with their volume, and candles by page."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from chalicelib.adapters.venues.ccxt import parsing
from chalicelib.adapters.venues.ccxt.market_data import MarketData
from chalicelib.adapters.venues.ccxt.venue import make_venue
from chalicelib.adapters.venues.ccxt.venue_table import venue_row
from chalicelib.domain.errors import SettingsError
from chalicelib.domain.market.candle import Candle
from chalicelib.domain.market.interval import Interval
from chalicelib.domain.market.ranking import TradableMarket
from chalicelib.ports import Clock

_USUAL_PAGE: Final = 500
_LONGEST_PAGE: Final = 1000


class PublicMarkets(MarketData):
    """`CandleSource` and `TradableMarkets` of one of ccxt's exchanges; no account is needed."""

    def __init__(self, exchange_id: str, options: Mapping[str, Any], clock: Clock) -> None:
        super().__init__(make_venue(exchange_id, venue_row(exchange_id), dict(options)), clock)

    def tradable(self, quote: str) -> list[TradableMarket]:
        """See `TradableMarkets.tradable`."""
        return self._read("its markets", lambda: self._tradable(quote))

    def existing(self, symbols: Sequence[str]) -> frozenset[str]:
        """See `CandleSource.existing`."""
        return frozenset(self._read("its markets", lambda: self._existing(symbols)))

    def page_length(self, interval: Interval) -> int:
        """See `CandleSource.page_length`."""
        client = self._venue.client
        offered = client.timeframes or {}
        if interval not in offered:
            names = ", ".join(name for name in Interval if name in offered)
            raise SettingsError(
                f"{self._venue.id} has no candles of {interval}; it has {names or 'none at all'}"
            )
        said = client.features.get("spot", {}) if client.features else {}
        longest = ((said or {}).get("fetchOHLCV") or {}).get("limit") or _USUAL_PAGE
        return min(int(longest), _LONGEST_PAGE)

    def candles(self, symbol: str, interval: Interval, start: datetime) -> list[Candle]:
        """See `CandleSource.candles`."""
        limit = self.page_length(interval)
        rows = self._read(
            f"candles of {symbol}", lambda: self._candles(symbol, interval, start, limit)
        )
        return [candle for candle in rows if candle.start >= start]

    async def _tradable(self, quote: str) -> list[TradableMarket]:
        client = self._venue.client
        await client.load_markets(reload=True)
        markets = [m for m in client.markets.values() if _is_open(m) and m["quote"] == quote]
        if client.has.get("fetchTickers") is True:
            tickers = await client.fetch_tickers()
        else:
            tickers = {m["symbol"]: await client.fetch_ticker(m["symbol"]) for m in markets}
        return [
            _market(market, tickers[market["symbol"]])
            for market in markets
            if tickers.get(market["symbol"], {}).get("last")
        ]

    async def _candles(
        self, symbol: str, interval: Interval, start: datetime, limit: int
    ) -> list[Candle]:
        await self._markets.ensure([symbol])
        since = parsing.milliseconds(start)
        rows = await self._venue.client.fetch_ohlcv(symbol, str(interval), since, limit)
        return sorted(_candle(row, start) for row in rows)


def _is_open(market: parsing.Unified) -> bool:
    """A venue that says nothing of it has no closed ones in its list."""
    return bool(market["spot"]) and market.get("active") is not False


def _market(market: parsing.Unified, ticker: parsing.Unified) -> TradableMarket:
    last = parsing.amount(ticker["last"])
    volume = ticker.get("quoteVolume")
    if volume is None:
        volume = last * parsing.amount(ticker.get("baseVolume"))
    return TradableMarket(
        symbol=market["symbol"], base=market["base"], price=last, volume=parsing.amount(volume)
    )


def _candle(row: Sequence[object], otherwise: datetime) -> Candle:
    amounts = [Decimal(str(value)) for value in row[1:6]]
    return Candle(parsing.instant(row[0], otherwise), *amounts)
