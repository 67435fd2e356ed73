"""Athena's tables are the lake's folders, and its views say what the stages say.

Athena itself is not here: the views' SQL runs on DuckDB, where the few functions that have another
name there get Athena's.
"""

import base64
import gzip
import json
import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from chalicelib.adapters.candles.parquet import ParquetCandles
from chalicelib.adapters.lakes.folder import FolderLake
from chalicelib.adapters.tables.columns import PROMISED
from chalicelib.domain.market.candle import Candle
from chalicelib.domain.market.candle_series import candle_series
from chalicelib.domain.market.interval import Interval
from chalicelib.domain.market.minute import Minute, trades_key
from chalicelib.domain.market.minute_summary import summarize
from chalicelib.domain.market.trade import parse_trade
from tests.market.floor import START, trade

GLUE = "module.lakehouse[0].aws_glue_catalog_table"
BUCKET = "s3://crypto-bot-prod-lake-123456789012/"
# Athena's word, and DuckDB's.
ATHENA = """
    SET integer_division = true;
    CREATE MACRO json_extract_scalar(document, path) AS json_extract_string(document, path);
    CREATE MACRO from_unixtime(seconds) AS epoch_ms(seconds * 1000);
"""
MINUTE = timedelta(minutes=1)
SERIES = candle_series("binance", "BTC/USDT", "1m")


@pytest.fixture
def tables(plans) -> dict[str, Any]:
    found = plans["everything"].all("aws_glue_catalog_table").values()
    return {table["name"]: table for table in found}


def located(table: Any, key: str) -> dict[str, str]:
    """The partition in which Athena finds the object; it reads everything below a location."""
    template = re.escape(table["parameters"]["storage.location.template"]).replace("\\$", "$")
    pattern = re.sub(r"\$\\\{(\w+)\\\}", r"(?P<\1>[^/]+)", template)
    found = re.match(pattern, BUCKET + key)
    assert found is not None, (template, key)
    return found.groupdict()


def assert_projected(table: Any, partition: dict[str, str]) -> None:
    """Each value is one that Athena would come upon, or is told by the query."""
    said = table["parameters"]
    assert said["projection.enabled"] == "true"
    assert list(partition) == [key["name"] for key in table["partition_keys"]]
    for name, value in partition.items():
        match said[f"projection.{name}.type"]:
            case "injected":
                pass
            case "enum":
                assert value in said[f"projection.{name}.values"].split(",")
            case "integer":
                first, last = map(int, said[f"projection.{name}.range"].split(","))
                assert first <= int(value) <= last
                assert len(value) == int(said[f"projection.{name}.digits"])
            case "date":
                first_day, _ = said[f"projection.{name}.range"].split(",")
                assert date.fromisoformat(first_day) <= date.fromisoformat(value)
            case other:
                pytest.fail(f"Athena knows no projection {other}")


@pytest.mark.parametrize("hour", [0, 23])
def test_trades_are_where_the_table_looks_for_them(tables, hour):
    minute = Minute("BTCUSDT", datetime(2024, 8, 8, hour, 59, tzinfo=UTC))
    partition = located(tables["trades"], trades_key(minute, "p0", 8426))
    assert_projected(tables["trades"], partition)
    assert partition == {"symbol": "BTCUSDT", "dt": "2024-08-08", "hh": f"{hour:02}"}


@pytest.mark.parametrize("interval", list(Interval))
def test_candles_of_every_interval_are_where_the_table_looks_for_them(tables, interval):
    series = candle_series("binance", "BTC/USDT", interval)
    key = series.key(series.part_of(datetime(2024, 8, 8, 5, tzinfo=UTC)))
    partition = located(tables["candles"], key)
    assert_projected(tables["candles"], partition)
    assert partition["interval"] == interval
    assert partition["symbol"] == "BTC-USDT"


def view(table: Any) -> Any:
    """As Athena reads it out of the catalogue."""
    encoded = re.fullmatch(r"/\* Presto View: (\S+) \*/", table["view_original_text"])
    assert encoded is not None
    assert table["table_type"] == "VIRTUAL_VIEW"
    assert table["parameters"]["presto_view"] == "true"
    return json.loads(base64.b64decode(encoded[1]))


def asked(database: duckdb.DuckDBPyConnection, table: Any) -> list[dict[str, Any]]:
    """The view's rows; names and types of its columns must be those that it claims."""
    described = view(table)
    database.execute(ATHENA)
    rows = database.sql(described["originalSql"])
    claimed = [(column["name"], column["type"].upper()) for column in described["columns"]]
    assert [(n, str(kind)) for n, kind in zip(rows.columns, rows.types, strict=True)] == claimed
    in_glue = [column["name"] for column in table["storage_descriptor"][0]["columns"]]
    assert in_glue == rows.columns
    return [dict(zip(rows.columns, row, strict=True)) for row in rows.fetchall()]


def test_the_view_of_minutes_says_what_the_stage_says(tables, tmp_path: Path):
    lake = FolderLake(tmp_path)
    expected = {}
    for number in range(3):
        minute = Minute("BTCUSDT", START + number * MINUTE)
        lines = [
            trade(100 * number + n, minute.start + n * timedelta(seconds=1), q=f"0.{n + 1}")
            for n in range(9 if number else 1)
        ]
        expected[minute.start] = summarize(minute, map(parse_trade, lines)).summary
        twice = [lines, lines[:4]]  # a stream, and what was collected beside it
        for source, messages in zip(("p0", "rest"), twice, strict=True):
            key = trades_key(minute, source, 0)
            lake.put(key, gzip.compress(b"\n".join([*messages, b'{"e":"archiveCut"}', b""])))
    database = duckdb.connect()
    database.execute("CREATE TABLE trades (message TEXT, symbol TEXT, dt TEXT, hh TEXT)")
    for key, _ in lake.objects("trades/"):
        partition = located(tables["trades"], key)
        told = gzip.decompress(lake.get(key) or b"").decode().splitlines()
        database.executemany(
            "INSERT INTO trades VALUES (?, ?, ?, ?)", [[m, *partition.values()] for m in told]
        )
    rows = asked(database, tables["minute_summary"])
    assert tuple(rows[0])[: len(PROMISED)] == PROMISED
    assert {row["timestamp"].replace(tzinfo=UTC) for row in rows} == set(expected)
    for row in rows:
        summary = expected[row["timestamp"].replace(tzinfo=UTC)]
        assert (row["symbol"], row["dt"]) == ("BTCUSDT", f"{row['timestamp']:%Y-%m-%d}")
        for name in PROMISED[2:8]:
            assert row[name] == getattr(summary, name), name
        for name in ("avg_b", "avg_s"):
            exact = getattr(summary, name)
            assert row[name] == (None if exact is None else pytest.approx(float(exact)))
    assert [row["avg_b"] for row in rows].count(None) == 1, "a side without trades has no price"


def test_the_view_of_candles_has_each_once_and_what_the_lake_says(tables, tmp_path: Path):
    lake = FolderLake(tmp_path)
    candles = ParquetCandles(lake)
    candles.write(SERIES, [candle(n, close=5) for n in range(3)])
    written = SERIES.key(SERIES.part_of(START))
    lake.put(f"{SERIES.prefix}dt=2024-08-01/compacted.parquet", lake.get(written) or b"")
    lake.delete(written)
    candles.write(SERIES, [candle(1, close=6), candle(3, close=7)])  # later, and right
    database = duckdb.connect()
    database.execute(
        "CREATE TABLE candles (start TIMESTAMP, open DECIMAL(38, 18), high DECIMAL(38, 18),"
        " low DECIMAL(38, 18), close DECIMAL(38, 18), volume DECIMAL(38, 18), venue TEXT,"
        ' symbol TEXT, "interval" TEXT, dt TEXT, "$path" TEXT)'
    )
    for key, _ in lake.objects("candles/"):
        partition = located(tables["candles"], key)
        assert_projected(tables["candles"], partition)
        database.execute(
            "INSERT INTO candles SELECT start AT TIME ZONE 'UTC', open, high, low, close, volume,"
            " ?, ?, ?, ?, ? FROM read_parquet(?)",
            [*partition.values(), BUCKET + key, str(tmp_path / key)],
        )
    rows = sorted(asked(database, tables["closed_candles"]), key=lambda row: row["start"])
    assert [row["close"] for row in rows] == [5, 6, 5, 7]
    assert [
        Candle(row["start"].replace(tzinfo=UTC), *(row[name] for name in Candle._fields[1:]))
        for row in rows
    ] == candles.read(SERIES, START, START + 9 * MINUTE)
    assert {(row["venue"], row["symbol"], row["interval"]) for row in rows} == {
        ("binance", "BTC-USDT", "1m")
    }


def candle(number: int, close: int) -> Candle:
    amounts = (Decimal(value) for value in ("5", "9", "4.000000000000000001", close, "12.5"))
    return Candle(START + number * MINUTE, *amounts)


def test_a_query_cannot_cost_more_than_cents_and_answers_lie_in_the_lake(plans):
    [group] = plans["everything"].all("aws_athena_workgroup").values()
    [configuration] = group["configuration"]
    assert configuration["enforce_workgroup_configuration"]
    assert configuration["bytes_scanned_cutoff_per_query"] == 10 * 1024**3
    [result] = configuration["result_configuration"]
    assert result["output_location"] == f"{BUCKET}athena/results/"
    assert not group["force_destroy"], "prod's"
    [lifecycle] = plans["everything"].all("aws_s3_bucket_lifecycle_configuration").values()
    [answers] = [r for r in lifecycle["rule"] if r["filter"][0].get("prefix") == "athena/"]
    assert answers["expiration"][0]["days"] == 7, "and they are forgotten"
