"""What ranking and candles need: lists of coins, a venue's public side, and the candle lake."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from chalicelib import bootstrap
from chalicelib.bootstrap.market import lake
from chalicelib.domain.errors import SettingsError
from chalicelib.domain.market.candle_series import candle_series
from chalicelib.domain.market.interval import Interval
from chalicelib.domain.market.ranking import RankingRules
from chalicelib.market_ports.candles import CandleLake, CandleSource
from chalicelib.market_ports.ranking import RankingSource
from chalicelib.services.market.collect_candles import Collecting
from chalicelib.services.market.collect_round import CandleRound
from chalicelib.services.market.rank_markets import last_ranking

if TYPE_CHECKING:
    from chalicelib.adapters.venues.ccxt.public_markets import PublicMarkets
    from chalicelib.candle_settings import CandleSettings

LOOK_BACK: Final = timedelta(days=30)
_KEY_FIELD: Final = "api_key"


@bootstrap.made_once
def candle_settings() -> "CandleSettings":
    """The environment, read once."""
    from chalicelib.candle_settings import CandleSettings, read_candle_environment

    given = bootstrap.choices().environment
    return read_candle_environment() if given is None else CandleSettings.from_environment(given)


def candle_lake() -> CandleLake:
    """In the same lake as the trades."""
    from chalicelib.adapters.candles.parquet import ParquetCandles

    return ParquetCandles(lake())


def public_markets(venue: str) -> "PublicMarkets":
    """Of any of ccxt's exchanges; SettingsError if it is none. The caller closes it."""
    from chalicelib.adapters.venues.ccxt.public_markets import PublicMarkets

    settings = candle_settings()
    options = settings.venue_options if venue == settings.venue else {}
    return PublicMarkets(venue, options, bootstrap.clock())


def candle_round(source: CandleSource, until: datetime | None = None) -> CandleRound:
    """The configured symbols, else those that were ranked last. SettingsError where there is none.

    Nothing more is asked after `until`.
    """
    settings, now = candle_settings(), bootstrap.clock().now()
    symbols = settings.symbols or _ranked_symbols()
    for symbol in symbols:
        _check(settings.venue, symbol)
    return CandleRound(
        venue=settings.venue,
        symbols=symbols,
        intervals=settings.intervals,
        collecting=Collecting(
            source=source,
            lake=candle_lake(),
            clock=bootstrap.clock(),
            since=settings.since or now - LOOK_BACK,
            until=until,
        ),
    )


def ranking_sources() -> list[RankingSource]:
    """In the order in which they are asked."""
    from chalicelib.adapters.rankings.binance_lists import BinanceProducts, BinanceSymbols
    from chalicelib.adapters.rankings.coingecko import CoinGecko

    settings, clock = candle_settings(), bootstrap.clock()
    return [
        CoinGecko(settings.coingecko_url, _coingecko_key(), clock),
        BinanceSymbols(settings.binance_lists_url, clock),
        BinanceProducts(settings.binance_lists_url, clock),
    ]


def ranking_rules() -> RankingRules:
    """Ranked are markets of the currency in which the bot keeps its money."""
    settings = candle_settings()
    return RankingRules(
        quote=bootstrap.settings().quote_currency,
        size=settings.ranking_size,
        least_volume=settings.least_volume,
    )


def _ranked_symbols() -> tuple[str, ...]:
    ranking = last_ranking(lake())
    if ranking is None:
        raise SettingsError(
            "CANDLE_SYMBOLS is not set and no markets are ranked yet; set it to such as"
            " BTC/USDT,ETH/USDT or run crypto-bot rank-markets"
        )
    return tuple(item.market for item in ranking.items)


def _check(venue: str, symbol: str) -> None:
    try:
        candle_series(venue, symbol, Interval.H1)
    except ValueError as error:
        raise SettingsError(f"candles cannot be kept: {error}") from None


def _coingecko_key() -> str:
    name = candle_settings().coingecko_secret
    if not name:
        return ""
    fields = bootstrap.secrets().secret(name)
    if _KEY_FIELD not in fields:
        raise SettingsError(f"the secret {name} has no field {_KEY_FIELD}")
    return fields[_KEY_FIELD]
