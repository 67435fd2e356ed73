"""What the owner sees of the time series."""

import json
from contextlib import closing
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from moto import mock_aws

from chalicelib.adapters.candles.parquet import ParquetCandles
from chalicelib.adapters.lakes.folder import FolderLake
from chalicelib.domain.market.candle import Candle
from chalicelib.domain.market.candle_series import CandleSeries
from chalicelib.domain.market.interval import Interval
from chalicelib.drivers.boto3_session import aws_client
from chalicelib.drivers.dynamodb_table import create_table
from tests.functional.cli.owner_desk import Desk
from tests.market.timestream import DATABASE, REGION, TABLE, timestream

BTC = CandleSeries("binance", "BTC/USDT", Interval.H1)
ETH = CandleSeries("binance", "ETH/USDT", Interval.H1)
START = datetime(2026, 3, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)


def lay_candles(desk: Desk, series: CandleSeries, first: int, end: int) -> None:
    """Of one price each, one more every hour."""
    candles = [
        Candle(START + n * HOUR, *(Decimal(100 + n),) * 4, volume=Decimal(1))
        for n in range(first, end)
    ]
    with closing(FolderLake(desk.home / "lake")) as lake:
        ParquetCandles(lake).write(series, candles)


def test_loading_says_what_it_wrote_and_the_rows_can_be_seen(desk: Desk) -> None:
    lay_candles(desk, BTC, 0, 30)
    lay_candles(desk, ETH, 0, 3)
    assert desk.run("load-candles").stdout.splitlines() == [
        "binance BTC/USDT 1h: 30 rows, 2 days from 2026-03-01 on",
        "binance BTC/USDT 4h: 7 rows, 2 days from 2026-03-01 on",
        "binance BTC/USDT 1d: 1 rows, 1 days from 2026-03-01 on",
        "binance ETH/USDT 1h: 3 rows, 1 days from 2026-03-01 on",
        "binance ETH/USDT 4h: 0 rows, 0 days from 2026-03-01 on",
        "binance ETH/USDT 1d: 0 rows, 0 days from 2026-03-01 on",
    ]
    newest, before = desk.read("series", "binance", "BTC/USDT", "--limit", "2")
    assert (newest["start"], newest["close"]) == ("2026-03-02T05:00:00Z", "129")
    assert newest["return"] == pytest.approx(129 / 128 - 1)
    assert newest["sma_20"] == sum(range(110, 130)) / 20
    assert before["start"] == "2026-03-02T04:00:00Z"
    (day,) = desk.read("series", "binance", "BTC/USDT", "--interval", "1d")
    assert (day["open"], day["high"], day["volume"]) == ("100", "123", "24")
    assert "sma 20" in desk.run("series", "binance", "BTC/USDT").stdout


def test_as_many_of_the_newest_rows_are_shown_as_asked_for(desk: Desk) -> None:
    lay_candles(desk, BTC, 0, 2)
    lay_candles(desk, BTC, 24 * 20, 24 * 40)
    desk.run("load-candles")
    assert len(desk.read("series", "binance", "BTC/USDT", "--limit", "40")) == 40
    assert len(desk.read("series", "binance", "BTC/USDT", "--interval", "1d", "--limit", "5")) == 5


def test_what_came_is_added_and_one_symbol_can_be_loaded_alone(desk: Desk) -> None:
    for series in (BTC, ETH):
        lay_candles(desk, series, 0, 26)
    desk.run("load-candles", "--symbol", "ETH/USDT")
    assert desk.read("series", "binance", "BTC/USDT") == []
    lay_candles(desk, ETH, 26, 28)
    assert desk.run("load-candles", "--symbol", "ETH/USDT").stdout.splitlines()[0] == (
        "binance ETH/USDT 1h: 4 rows, 1 days from 2026-03-02 on"
    )
    again = desk.run("load-candles", "--symbol", "ETH/USDT", "--since", "2026-03-01T05:00Z")
    assert again.stdout.startswith("binance ETH/USDT 1h: 28 rows, 2 days from 2026-03-01 on")


def test_where_a_table_is_named_the_series_are_in_dynamodb(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    monkeypatch.setenv("SERIES_TABLE", "crypto-bot-dev-market")
    lay_candles(desk, BTC, 0, 60)
    with mock_aws():
        client = aws_client("dynamodb", region="eu-west-1")
        create_table(client, "crypto-bot-dev-market")
        desk.run("load-candles")
        desk.run("analyse-instruments")
        assert desk.read("series", "binance", "BTC/USDT", "--limit", "1")[0]["close"] == "159"
        (analysis,) = desk.read("analyses", "binance", "BTC/USDT")
        assert analysis["figures"]["close"] == 147
        assert client.scan(TableName="crypto-bot-dev-market")["Count"] == 3 + 3 + 2 + 1
        client.close()
    assert not (desk.home / "series.sqlite3").exists()


def test_a_damaged_file_does_not_keep_the_other_series_waiting(desk: Desk) -> None:
    for series in (BTC, ETH):
        lay_candles(desk, series, 0, 3)
    with closing(FolderLake(desk.home / "lake")) as lake:
        (damaged,) = lake.objects(BTC.prefix)
        lake.put(damaged.key, b"PAR1 but not for long")
    result = desk.run("load-candles", code=1)
    assert "binance ETH/USDT 1h: 3 rows" in result.stdout
    assert result.stderr.startswith(f"crypto-bot: binance BTC/USDT 1h: {damaged.key}")


def test_refused_candles_are_counted(desk: Desk) -> None:
    lay_candles(desk, BTC, 0, 20)
    absurd = Candle(START + 20 * HOUR, *(Decimal(10_000),) * 4, volume=Decimal(1))
    with closing(FolderLake(desk.home / "lake")) as lake:
        ParquetCandles(lake).write(BTC, [absurd])
    assert desk.run("load-candles").stdout.splitlines()[0] == (
        "binance BTC/USDT 1h: 20 rows, 1 days from 2026-03-01 on, 1 refused"
    )


def test_what_is_not_copied_is_said_by_both_ways_of_loading(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    lay_candles(desk, BTC, 0, 3)
    monkeypatch.setenv("SERIES_TIMESTREAM", f"{DATABASE}.{TABLE}")
    monkeypatch.setenv("SERIES_INTERVALS", "none")
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    with timestream(monkeypatch) as there:
        desk.run("load-candles")
        assert len(there.seen(*map(str, BTC))) == 3
        there.is_away = True
        sentence = "binance BTC/USDT 1h: rows from 2026-03-01 on are not copied, and will be tried"
        assert sentence in desk.run("load-candles", code=1).stderr
        [run] = json.loads(desk.run("pipeline", "run", "load_candles", "--json", code=1).stdout)
        assert sentence in str(run)


def test_before_anything_is_loaded_the_verbs_say_so(desk: Desk) -> None:
    assert desk.run("load-candles").stdout == ""
    shown = desk.run("series", "binance", "BTC/USDT", "--interval", "5m").stdout
    assert shown == "Nothing is loaded of binance BTC/USDT 5m yet.\n"
    refused = desk.refusal("series", "binance", "BTCUSDT")
    assert refused.startswith("symbol is 'BTCUSDT'; it must be")
    assert desk.refusal("load-candles", "--since", "soon").startswith("--since is 'soon'; it must")
