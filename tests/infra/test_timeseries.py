"""Timestream: kept as told, made known to the functions, and priced by what is really written."""

import re
from collections.abc import Iterable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import pytest

from chalicelib.adapters.candles.parquet import ParquetCandles
from chalicelib.adapters.lakes.folder import FolderLake
from chalicelib.adapters.series.sqlite import SqliteTimeSeries
from chalicelib.adapters.series.timestream import TimestreamCopy
from chalicelib.domain.market.candle import Candle
from chalicelib.domain.market.candle_series import candle_series
from chalicelib.series_settings import SeriesSettings
from chalicelib.services.market.load_candles import Loading, load_candles
from tests.infra.costs import PRICES
from tests.market.timestream import DATABASE, TABLE, Timestream, timestream
from tests.trading_floor import HandClock

TIMESERIES = "module.timeseries[0]"
HOUR = timedelta(hours=1)
BTC = candle_series("binance", "BTC/USDT", "1h")
START = datetime(2024, 7, 1, tzinfo=UTC)
INSTRUMENTS, HOURS_A_MONTH = 10, 730
PER_MILLION = Decimal("0.50")


def test_the_table_takes_what_comes_late_and_forgets_as_told(plans):
    plan = plans["everything"]
    table = plan.one(f"{TIMESERIES}.aws_timestreamwrite_table.candles")
    database = plan.one(f"{TIMESERIES}.aws_timestreamwrite_database.series")
    assert table["database_name"] == database["database_name"] == "crypto-bot-prod"
    [late] = table["magnetic_store_write_properties"]
    assert late["enable_magnetic_store_writes"]
    [kept] = table["retention_properties"]
    assert kept == {
        "memory_store_retention_period_in_hours": 48,
        "magnetic_store_retention_period_in_days": 365,
    }


def test_the_functions_are_told_where_it_is(plans):
    said = plans["everything"].outputs["series_timestream"]
    settings = SeriesSettings.from_environment({"SERIES_TIMESTREAM": said})
    assert settings.timestream == ("crypto-bot-prod", "candles")
    assert plans["prod"].outputs["series_timestream"] == ""
    assert not plans["prod"].all("aws_timestreamwrite_table")


@pytest.fixture
def there(monkeypatch: pytest.MonkeyPatch) -> Iterator[Timestream]:
    with timestream(monkeypatch) as made:
        yield made


def metered(request: Any) -> int:
    """KB of one request, as AWS's guide to metering counts: what is alike once, then rounded up."""
    alike = request["CommonAttributes"]
    size = sum(len(one["Name"]) + len(one["Value"]) for one in alike["Dimensions"])
    for record in request["Records"]:
        size += 8 + len(alike["MeasureName"])
        size += sum(len(measure["Name"]) + 8 for measure in record["MeasureValues"])
    return -(-size // 1024)


def candles(first: int, end: int) -> Iterable[Candle]:
    for n in range(first, end):
        price = Decimal(60_000 + n * 7919 % 997)
        yield Candle(START + n * HOUR, price, price + 9, price - 9, price, Decimal(1))


def test_its_price_is_that_of_what_ten_instruments_write_each_hour(
    there: Timestream, tmp_path: Path
):
    clock, settings = HandClock(), SeriesSettings.from_environment({})
    with (
        closing(FolderLake(tmp_path / "lake")) as lake,
        closing(SqliteTimeSeries(tmp_path / "series.sqlite3")) as store,
        there.client() as client,
    ):
        work = Loading(
            candles=ParquetCandles(lake),
            lake=lake,
            store=store,
            intervals=settings.intervals,
            indicators=settings.indicators,
            copy=TimestreamCopy(client, DATABASE, TABLE, now=clock.now),
        )
        known = 96
        work.candles.write(BTC, list(candles(0, known)))
        load_candles(BTC, work)
        there.asked.clear()
        for hour in range(24):
            work.candles.write(BTC, list(candles(known + hour, known + hour + 1)))
            load_candles(BTC, work)
    day = sum(map(metered, there.asked))
    month = Decimal(day * INSTRUMENTS * HOURS_A_MONTH) / 24
    [price] = [price for price in PRICES if price.variable == "timestream"]
    [(words, usd)] = price.made_of.items()
    [writes] = re.findall(r"^([\d,]+) writes of 1 KB at \$0\.50 a million$", words)
    assert int(writes.replace(",", "")) == month.quantize(Decimal(1), ROUND_HALF_UP)
    assert usd == (month * PER_MILLION / 1_000_000).quantize(Decimal("0.01"), ROUND_HALF_UP)
