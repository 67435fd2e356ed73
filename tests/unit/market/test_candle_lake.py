"""Candles as Parquet: exact, the same bytes for the same candles, and whole or set aside."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
from moto import mock_aws

from chalicelib.adapters.candles.parquet import ParquetCandles
from chalicelib.adapters.lakes.folder import FolderLake
from chalicelib.adapters.lakes.s3 import S3Lake
from chalicelib.domain.errors import StoreUnavailable
from chalicelib.domain.market.candle import Candle
from chalicelib.domain.market.candle_gaps import Gap
from chalicelib.domain.market.candle_series import candle_series
from chalicelib.domain.market.interval import Interval
from chalicelib.drivers.boto3_session import aws_client
from chalicelib.market_ports.lake import Lake
from tests.market.public_binance import candles_from

START = datetime(2024, 8, 8, 23, tzinfo=UTC)
FOREVER = datetime(2100, 1, 1, tzinfo=UTC)
MINUTES = candle_series("binance", "BTC/USDT", "1m")
HOURS = candle_series("binance", "BTC/USDT", "1h")


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[FolderLake]:
    lake = FolderLake(tmp_path / "lake")
    yield lake
    lake.close()


@pytest.fixture
def s3() -> Iterator[S3Lake]:
    with mock_aws():
        client = aws_client("s3", region="us-east-1")
        client.create_bucket(Bucket="lake")
        yield S3Lake(client, "lake")
        client.close()


@pytest.fixture(params=["folder", "s3"])
def lake(request: pytest.FixtureRequest) -> Lake:
    chosen: Lake = request.getfixturevalue(request.param)
    return chosen


def all_of(candles: ParquetCandles, series: Any = MINUTES) -> list[Candle]:
    return candles.read(series, START, FOREVER)


def test_candles_come_back_as_they_were(lake: Lake) -> None:
    candles = ParquetCandles(lake)
    written = candles_from(START, 150, Interval.M1)  # across a midnight
    odd = ("0.000000000000000001", "99999999999999999999.999999999999999999", "1E-18", "1E+19")
    exact = Candle(START + timedelta(days=3), *map(Decimal, (*odd, "0")))
    candles.write(MINUTES, [exact, *reversed(written)])
    assert all_of(candles) == [*written, exact]
    assert candles.read(MINUTES, written[10].start, written[90].start) == written[10:90]
    assert candles.read(MINUTES, START - timedelta(days=9), START) == []
    assert candles.first(MINUTES) == written[0]
    assert candles.last(MINUTES) == exact
    assert candles.last(HOURS) is None
    assert candles.read(HOURS, START, FOREVER) == []
    others = [HOURS, candle_series("kraken", "A-B/EUR", "1w")]
    for series in others:
        candles.write(series, [exact._replace(start=datetime(2024, 1, 8, tzinfo=UTC))])
    assert candles.series() == [HOURS, MINUTES, others[1]]


def test_other_readers_find_hive_partitions_and_decimals(
    folder: FolderLake, tmp_path: Path
) -> None:
    candles = ParquetCandles(folder)
    candles.write(MINUTES, candles_from(START, 90, Interval.M1))
    files = str(tmp_path / "lake/candles/**/*.parquet")
    with duckdb.connect() as connection:
        found = connection.execute(
            "SELECT venue, symbol, interval, CAST(dt AS VARCHAR), typeof(start), typeof(close),"
            " count(*) FROM read_parquet(?, hive_partitioning = true) GROUP BY ALL ORDER BY 4",
            [files],
        ).fetchall()
    kinds = ("TIMESTAMP WITH TIME ZONE", "DECIMAL(38,18)")
    assert found == [
        ("binance", "BTC-USDT", "1m", "2024-08-08", *kinds, 60),
        ("binance", "BTC-USDT", "1m", "2024-08-09", *kinds, 30),
    ]


def test_the_way_to_the_same_candles_does_not_show(folder: FolderLake, tmp_path: Path) -> None:
    written = candles_from(START, 150, Interval.M1)
    other = FolderLake(tmp_path / "other")
    ParquetCandles(folder).write(MINUTES, written)
    pieces = ParquetCandles(other)
    pieces.write(MINUTES, written[100:])
    pieces.write(MINUTES, [candle._replace(close=candle.high) for candle in written[:70]])
    pieces.write(MINUTES, written[:120])
    keys = [key for key, _ in folder.objects("")]
    assert keys == [key for key, _ in other.objects("")]
    assert [folder.get(key) for key in keys] == [other.get(key) for key in keys]
    other.close()


def test_what_is_there_already_is_not_written_again(folder: FolderLake) -> None:
    candles = ParquetCandles(folder)
    written = candles_from(START, 90, Interval.M1)
    candles.write(MINUTES, written)
    folder.seen(folder.changes(99))
    candles.write(MINUTES, written[20:80])
    candles.write(MINUTES, [])
    candles.mark_gaps(MINUTES, [])
    assert folder.changes(99) == []
    candles.write(MINUTES, [written[80]._replace(volume=Decimal(77))])
    (change,) = folder.changes(99)
    assert change.key == MINUTES.key(datetime(2024, 8, 9, tzinfo=UTC))


def test_gaps_are_kept_beside_the_candles(lake: Lake) -> None:
    candles = ParquetCandles(lake)
    gap = Gap(START, START + timedelta(hours=2), 1)
    assert candles.gaps(HOURS) == []
    candles.mark_gaps(HOURS, [gap])
    assert candles.gaps(HOURS) == [gap]
    assert candles.gaps(MINUTES) == []
    candles.mark_gaps(HOURS, [])
    assert candles.gaps(HOURS) == []
    assert candles.series() == []
    lake.put(HOURS.gaps_key, b"rubbish")
    with pytest.raises(StoreUnavailable, match=r"gaps\.json cannot be read"):
        candles.gaps(HOURS)


@pytest.mark.parametrize("left", [None, 500, 0])
def test_a_damaged_part_is_set_aside_and_becomes_a_gap(lake: Lake, left: int | None) -> None:
    candles = ParquetCandles(lake)
    written = candles_from(START, 90, Interval.M1)
    candles.write(MINUTES, written)
    key = MINUTES.key(datetime(2024, 8, 8, tzinfo=UTC))
    whole = lake.get(key) or b""
    damaged = b"rubbish" if left is None else whole[:left]
    lake.put(key, damaged)
    with pytest.raises(StoreUnavailable, match=rf"{key} could not be read and is set aside"):
        all_of(candles)
    assert all_of(candles) == written[60:]
    assert candles.gaps(MINUTES) == [Gap(START.replace(hour=0), START.replace(hour=0, day=9))]
    assert lake.get(key) is None
    assert lake.get(key.replace("candles.parquet", "_candles.parquet.damaged")) == damaged
    candles.write(MINUTES, written[:60])
    assert all_of(candles) == written


def test_a_file_of_other_columns_is_damaged_too(folder: FolderLake, tmp_path: Path) -> None:
    candles = ParquetCandles(folder)
    with duckdb.connect() as connection:
        connection.sql("SELECT 1 AS other").write_parquet(str(tmp_path / "other.parquet"))
    key = MINUTES.key(START.replace(hour=0))
    folder.put(key, (tmp_path / "other.parquet").read_bytes())
    with pytest.raises(StoreUnavailable, match="set aside"):
        candles.write(MINUTES, candles_from(START, 1, Interval.M1))
    candles.write(MINUTES, candles_from(START, 1, Interval.M1))
    assert len(all_of(candles)) == 1
