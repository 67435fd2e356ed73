"""What market data costs by the number of symbols, out of the one list of prices."""

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from chalicelib.adapters.candles.parquet import ParquetCandles
from chalicelib.adapters.clock import ReplayClock
from chalicelib.adapters.feeds.binance_history import BinanceTrades
from chalicelib.adapters.lakes.folder import FolderLake
from chalicelib.adapters.series.sqlite import SqliteTimeSeries
from chalicelib.adapters.venues.ccxt.public_markets import PublicMarkets
from chalicelib.domain.market.interval import Interval
from chalicelib.domain.market.minute import minute_of
from chalicelib.market_ports.lake import Lake, LakeObject
from chalicelib.series_settings import SeriesSettings
from chalicelib.services.market import collect_candles as candles
from chalicelib.services.market import collect_trades as trades
from chalicelib.services.market.collect_round import CandleRound, collect_round
from chalicelib.services.market.load_candles import Loading, load_candles
from chalicelib.services.market.summarize_trades import summarize_trades
from tests.infra.costs import PRICES
from tests.infra.market_costs import MARKET, UNITS, lines_of, price_of, table, total
from tests.infra.terraform import INFRA
from tests.market.floor import SECOND, START, market_floor, trade, work_off
from tests.market.public_binance import PublicBinance, candles_from
from tests.market.trades_venue import TradesVenue

DOCUMENT = INFRA.parent / "docs/market-data.md"
CHALICE = INFRA.parent / "crypto_bot/.chalice/config.json"
MINUTES, HOURS = 43_800, 730  # of a month
HOUR = timedelta(hours=1)
BTC = "BTCUSDT"


def amount(part: str, unit: str) -> Mapping[str, Any]:
    [line] = [line for line in MARKET["lines"] if line["part"].startswith(part)]
    [found] = [amount for amount in line["amounts"] if amount["unit"] == unit]
    return dict(found)


def test_the_documentation_shows_the_table():
    assert table() in DOCUMENT.read_text(encoding="utf-8"), (
        "python -m tests.infra.market_costs prints it"
    )


@pytest.mark.parametrize(
    ("unit", "words"),
    [("s3_month", r"1 GB at \$0.023"), ("kafka_in", r"\$0.10 per GB")],
)
def test_a_unit_costs_what_the_other_table_says(unit, words):
    said = " ".join(f"{price.part} {' '.join(price.made_of)}" for price in PRICES)
    assert re.search(words, said)
    assert Decimal(words.rpartition("$")[2].split()[0]) == Decimal(UNITS[unit]["usd"])


def test_a_unit_of_reading_costs_what_the_other_table_says():
    [price] = [price for price in PRICES if price.part.startswith("Each unit of reading")]
    assert Decimal(UNITS["read_unit"]["usd"]).quantize(Decimal("0.01")) == price.usd


def test_what_is_fixed_is_taken_from_the_other_table():
    fixed = {line["row"] for line in MARKET["lines"] if "row" in line}
    assert fixed <= {price.part for price in PRICES}
    [database] = [line for line in MARKET["lines"] if line["part"].startswith("MySQL")]
    assert {price_of(database, n) for n in (1, 100)} == {Decimal("21.68")}


def test_every_line_belongs_to_a_way_and_a_total_is_their_sum():
    assert {way for line in MARKET["lines"] for way in line["ways"]} == set(MARKET["ways"])
    for way in MARKET["ways"]:
        assert total(way, 10) == sum(price_of(line, 10) for line in lines_of(way))


def test_of_functions_only_what_is_above_the_free_is_paid():
    memory = json.loads(CHALICE.read_text(encoding="utf-8"))["lambda_functions"]
    gigabytes = {name: Decimal(own["lambda_memory_size"]) / 1024 for name, own in memory.items()}
    small = gigabytes["collect_trades"]
    assert small == gigabytes["summarize_trades"]
    assert gigabytes["collect_candles"] == gigabytes["load_candles"] == 1
    summing, candle = MINUTES * small / 10, HOURS * 3
    idle = MINUTES * gigabytes["tick"] * 3 + HOURS * 12
    asked = amount("Functions above what is free, with `collect_trades`", "lambda_time")
    streamed = amount("Functions above what is free, with a stream", "lambda_time")
    assert (streamed["at_all"], streamed["each"]) == (idle, summing + candle)
    assert asked["at_all"] == idle + MINUTES * small
    assert asked["each"] == summing + candle + MINUTES * small * Decimal("0.3")
    hourly = 6 * HOURS  # report_performance, sweep_summaries, four of candles
    calls = amount("Functions above what is free, with a stream", "lambda_call")
    assert (calls["at_all"], calls["each"]) == (MINUTES + hourly, MINUTES)
    [line] = [line for line in lines_of("host") if "free" in line["part"]]
    assert price_of(line, 1) == 0
    assert price_of(line, 1000) > price_of(line, 100) > 0


# --- how often the lake is asked ------------------------------------------------------------


@dataclass
class CountedLake:
    """`Lake` over another one; what S3 takes money for, by what it costs."""

    inner: Lake
    asked: Counter[str] = field(default_factory=Counter)

    def put(self, key: str, content: bytes) -> None:
        self.asked["s3_write"] += 1
        self.inner.put(key, content)

    def get(self, key: str) -> bytes | None:
        self.asked["s3_read"] += 1
        return self.inner.get(key)

    def delete(self, key: str) -> None:  # costs nothing
        self.inner.delete(key)

    def objects(self, prefix: str) -> list[LakeObject]:
        self.asked["s3_write"] += 1
        return self.inner.objects(prefix)

    def folders(self, prefix: str) -> list[str]:
        self.asked["s3_write"] += 1
        return self.inner.folders(prefix)

    def taken(self) -> dict[str, int]:
        taken, self.asked = dict(self.asked), Counter()
        return taken


def per_month(part: str, times: int) -> dict[str, Decimal]:
    """How often a line says that it happens each time."""
    return {unit: Decimal(amount(part, unit)["each"]) / times for unit in ("s3_write", "s3_read")}


def test_a_minute_of_trades_is_written_and_summed_up_with_so_many_requests(tmp_path: Path):
    with market_floor(tmp_path) as floor, TradesVenue(now=floor.clock.now) as venue:
        lake = CountedLake(floor.lake)
        with closing(BinanceTrades(venue.url, floor.clock)) as history:
            work = trades.Collecting(venue="binance", history=history, lake=lake, clock=floor.clock)
            written = []
            for _ in range(4):
                lake.taken()
                venue.trade(BTC, floor.clock.now() + SECOND)
                written += trades.collect_trades(work, [BTC])
                floor.pass_time(60)
        assert written[-1].objects == 1
        assert lake.taken() == per_month("`collect_trades`", MINUTES)
        [(key, _), *_] = floor.lake.objects("trades/symbol=BTCUSDT/dt=")
        minute = minute_of(key)
        assert minute is not None
        assert summarize_trades(minute, lake, floor.table).trades == 1
        assert lake.taken() == per_month("`summarize_trades`", MINUTES)


def test_the_archive_writes_a_minute_once(tmp_path: Path):
    with market_floor(tmp_path) as floor:
        lake = CountedLake(floor.lake)
        with floor.archiving(lake) as work:
            floor.publish(*(trade(second, START + second * SECOND) for second in range(0, 70, 5)))
            work_off(work)
        assert lake.taken() == {
            "s3_write": amount("`worker archive`", "s3_write")["each"] / MINUTES
        }


@pytest.fixture
def hourly(tmp_path: Path) -> Iterator[Counter[str]]:
    """What the lake is asked by one hour's run of the stages, of one instrument."""
    start = datetime(2024, 8, 5, tzinfo=UTC)
    clock, asked = ReplayClock(start + 30 * HOUR), Counter[str]()
    folder, store = FolderLake(tmp_path / "lake"), SqliteTimeSeries(tmp_path / "series.sqlite3")
    settings = SeriesSettings.from_environment({})
    with (
        PublicBinance("BTC/USDT") as venue,
        closing(PublicMarkets("binance", venue.options, clock)) as source,
        closing(folder),
        closing(store),
    ):
        lake = CountedLake(folder)
        stored = ParquetCandles(lake)
        for hours in (30, 31):
            clock.advance_to(start + hours * HOUR + 60 * SECOND)
            venue.candles[BTC, "1h"] = candles_from(start, hours + 1)
            lake.taken()
            work = candles.Collecting(source=source, lake=stored, clock=clock, since=start)
            collect_round(
                CandleRound(
                    venue="binance",
                    symbols=("BTC/USDT",),
                    intervals=(Interval.H1,),
                    collecting=work,
                )
            )
            loads = Loading(
                candles=stored,
                lake=lake,
                store=store,
                intervals=settings.intervals,
                indicators=settings.indicators,
            )
            for series in stored.series():  # as load_candles finds what there is
                [own, *_] = load_candles(series, loads)
                assert own.rows
            for _ in ("analyse_instruments", "analyse_markets"):
                stored.series()
        asked.update(lake.taken())
        yield asked


def test_an_hour_of_candles_takes_so_many_requests(hourly: Counter[str]):
    assert hourly == per_month("Candles of hours", HOURS)
