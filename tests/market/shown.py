"""Market data in a home folder, for those who look at it: candles, minutes, a ranking, analyses."""

from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from chalicelib.adapters.candles.parquet import ParquetCandles
from chalicelib.adapters.lakes.folder import FolderLake
from chalicelib.adapters.series.analyses_sqlite import SqliteAnalyses
from chalicelib.adapters.series.sqlite import SqliteTimeSeries
from chalicelib.adapters.tables.sqlite import SqliteTradeFlow
from chalicelib.bootstrap.market import LAKE_FOLDER, SUMMARIES_FILE
from chalicelib.bootstrap.series import SERIES_FILE
from chalicelib.domain.market.analysis import Analysis
from chalicelib.domain.market.candle import Candle
from chalicelib.domain.market.candle_series import CandleSeries, candle_series
from chalicelib.domain.market.interval import Interval
from chalicelib.domain.market.minute import Minute
from chalicelib.domain.market.minute_summary import MinuteSummary
from chalicelib.domain.market.ranking import LATEST, RankedMarket, Ranking, ranking_document
from chalicelib.services.market.load_candles import Loading, load_candles

BTC = candle_series("binance", "BTC/USDT", "1h")
START = datetime(2026, 3, 2, tzinfo=UTC)
HOUR = timedelta(hours=1)


def candles(count: int, start: datetime = START, length: timedelta = HOUR) -> list[Candle]:
    """A market that goes up and down by itself, with prices that can be told apart."""
    found = []
    for number in range(count):
        middle = Decimal(60_000 + 900 * (number % 40) - 700 * (number % 17))
        found.append(
            Candle(
                start=start + number * length,
                open=middle,
                high=middle + 300,
                low=middle - 250,
                close=middle + (number % 5 - 2) * 100,
                volume=Decimal(number % 23 + 1) / 10,
            )
        )
    return found


def lake_of(home: Path) -> FolderLake:
    return FolderLake(home / LAKE_FOLDER)


def collect(home: Path, found: Sequence[Candle], series: CandleSeries = BTC) -> None:
    """As `candles download` leaves them."""
    with closing(lake_of(home)) as lake:
        ParquetCandles(lake).write(series, found)


def load(home: Path, *indicators: str, series: CandleSeries = BTC) -> None:
    """As `load-candles` does."""
    with closing(lake_of(home)) as lake, closing(SqliteTimeSeries(home / SERIES_FILE)) as store:
        work = Loading(
            candles=ParquetCandles(lake),
            lake=lake,
            store=store,
            intervals=[Interval.H4],
            indicators=indicators,
        )
        load_candles(series, work)


def sum_up(home: Path, count: int, symbol: str = "BTCUSDT", start: datetime = START) -> None:
    """Minutes of trades; in every tenth nobody sells."""
    with closing(SqliteTradeFlow(home / SUMMARIES_FILE)) as table:
        for number in range(count):
            one_sided = number % 10 == 9
            table.replace(
                MinuteSummary(
                    minute=Minute(symbol, start + number * timedelta(minutes=1)),
                    total_count_b=number + 2,
                    total_count_s=0 if one_sided else 3,
                    total_btc_b=Decimal("1.5"),
                    total_btc_s=Decimal(0) if one_sided else Decimal("0.5"),
                    total_usd_b=Decimal(90_015),
                    total_usd_s=Decimal(0) if one_sided else Decimal(30_000),
                    avg_b=Decimal(60_010),
                    avg_s=None if one_sided else Decimal(60_000 + number),
                ),
                "test",
            )


def rank(home: Path) -> None:
    items = tuple(
        RankedMarket(
            rank=number,
            symbol=name,
            id=name.lower(),
            market=f"{name}/USDT",
            market_cap=None if name == "SOL" else Decimal(10**12) / number,
            price=Decimal(60_000) / number,
            volume_24h=Decimal(2_000_000_000) / number,
        )
        for number, name in enumerate(("BTC", "ETH", "SOL"), 1)
    )
    ranking = Ranking(as_of=START, source="coingecko", quote="USDT", items=items)
    with closing(lake_of(home)) as lake:
        lake.put(LATEST, ranking_document(ranking))


def analyse(home: Path) -> None:
    figures = {"volatility_day": 0.0213, "trend": {"slope": None, "above_sma": 1.5}}
    with closing(SqliteAnalyses(home / SERIES_FILE)) as kept:
        kept.add([Analysis("binance BTC/USDT", START, figures)])
