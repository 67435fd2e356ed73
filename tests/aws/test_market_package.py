"""Functions that look into the lake as Lambda runs them: from the package, with nothing else there.

The package is that of a stage that looks into candles: DuckDB is in it, and who trades leaves it
alone.
"""

import gzip
import json
import zipfile
from contextlib import closing
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from urllib.parse import unquote_plus

import pytest

from chalicelib.adapters.candles.parquet import ParquetCandles
from chalicelib.adapters.lakes.s3 import S3Lake
from chalicelib.adapters.series.dynamodb import DynamoDbTimeSeries
from chalicelib.adapters.tables.mysql import MysqlTradeFlow
from chalicelib.deployment.package import MOST_UNZIPPED, MOST_ZIPPED, Package, lay_package
from chalicelib.deployment.vendor import VENDOR, vendored
from chalicelib.domain.market.candle_series import CandleSeries
from chalicelib.domain.market.interval import Interval
from chalicelib.domain.market.minute import Minute
from chalicelib.drivers.dynamodb_table import DynamoDbTable, create_table
from tests.aws.conftest import made_once
from tests.aws.lambda_runtime import Function, LambdaRuntime
from tests.aws.moto import Moto
from tests.aws.moto_server import REGION
from tests.aws.vendoring import clone, made_vendor
from tests.market.floor import SECOND, START, trade
from tests.market.mariadb import mariadb
from tests.market.public_binance import candles_from

# As S3 sends it: the key is encoded as in a form.
CREATED = Path(__file__).parents[1] / "fixtures" / "s3_object_created.json"
SERIES = CandleSeries("binance", "BTC/USDT", Interval.H1)
FUNCTIONS = {
    "crypto_bot-dev-summarize_trades": "app.summarize_trades",
    "crypto_bot-dev-load_candles": "app.load_candles",
    "crypto_bot-dev-work_on_job": "app.work_on_job",
}
EVENT = {
    "version": "0",
    "id": "53dc4d37-cffa-4f76-80c9-8b7d4a4d2eaa",
    "detail-type": "Scheduled Event",
    "source": "aws.events",
    "account": "123456789012",
    "time": "2024-08-03T12:00:00Z",
    "region": REGION,
    "resources": ["arn:aws:events:eu-west-1:123456789012:rule/load_candles-event"],
    "detail": {},
}
# What a handler loads when it is asked; `tick` stands for all of the trading.
LOADED = """
import importlib, json, sys
for name in ("app", "chalicelib.functions.scheduled", "chalicelib.adapters.venues.ccxt.connect"):
    importlib.import_module(name)
print(json.dumps(sorted({"duckdb", "_duckdb", "pymysql"} & set(sys.modules))))
"""


def _make(folder: Path, wheels: Path) -> None:
    made_vendor(folder, wheels, exchanges=["binance"], candles=True)
    lay_package(clone(folder / "clone", vendor=folder / VENDOR))


@pytest.fixture(scope="session")
def package(shared_folder: Path, wheels: Path) -> Package:
    """Made once: it takes longer than all that is done with it."""
    folder = made_once(shared_folder / "with-candles", partial(_make, wheels=wheels))
    made = lay_package(folder / "clone" / "crypto_bot")
    assert made is not None
    return made


@pytest.fixture
def runtime(moto: Moto, tmp_path: Path) -> LambdaRuntime:
    s3, place = moto.client("s3"), {"LocationConstraint": REGION}
    s3.create_bucket(Bucket="lake", CreateBucketConfiguration=place)
    for name in ("state", "series"):
        create_table(moto.client("dynamodb"), name)
    return LambdaRuntime(tmp_path / "functions", moto.url, REGION)


def function(package: Package, name: str, **environment: str) -> Function:
    return Function(
        name=name,
        handler=FUNCTIONS[name],
        code=package.path.read_bytes(),
        environment={
            "CRYPTO_BOT_STAGE": "dev",
            "CRYPTO_BOT_REGION": REGION,
            "TABLE_NAME": "state",
            "LAKE_BUCKET": "lake",
            "SERIES_TABLE": "series",
            "MARKET_FUNCTIONS": "summarize_trades,load_candles",
            "BOT_FUNCTIONS": "work_on_job",
            **environment,
        },
        timeout=120,
        memory=1024,
    )


def test_an_object_in_the_lake_becomes_a_row(
    runtime: LambdaRuntime, package: Package, moto: Moto, tmp_path: Path
) -> None:
    minute = Minute("BTCUSDT", START)
    event = json.loads(CREATED.read_text(encoding="utf-8"))
    key = unquote_plus(event["Records"][0]["s3"]["object"]["key"])
    assert key.startswith(minute.prefix)
    trades = gzip.compress(b"\n".join(trade(n, START + n * SECOND) for n in range(10)))
    moto.client("s3").put_object(Bucket="lake", Key=key, Body=trades)
    with mariadb(tmp_path / "db") as server:
        summarize = function(package, "crypto_bot-dev-summarize_trades", TRADE_FLOW_URL=server.url)
        outcome = runtime.invoke(summarize, event)
        assert not outcome.failed, outcome.log
        with closing(MysqlTradeFlow(server.address)) as table:
            [row] = table.newest(10)
    assert outcome.answer == {"minute": minute.prefix, "trades": 10, "rejected": 0}
    assert (row.minute, row.total_count_b + row.total_count_s) == (minute, 10)


def test_candles_of_the_lake_become_a_time_series(
    runtime: LambdaRuntime, package: Package, moto: Moto
) -> None:
    candles = candles_from(datetime(2024, 8, 1, tzinfo=UTC), 50)
    ParquetCandles(S3Lake(moto.client("s3"), "lake")).write(SERIES, candles)
    outcome = runtime.invoke(function(package, "crypto_bot-dev-load_candles"), EVENT)
    assert not outcome.failed, outcome.log
    assert outcome.answer["trouble"] == 0
    store = DynamoDbTimeSeries(DynamoDbTable(moto.client("dynamodb"), "series"))
    rows = store.read(SERIES, candles[0].start, candles[-1].start + SERIES.interval.length)
    assert [row.candle for row in rows] == candles
    assert rows[-1].derived["sma_20"] is not None


def test_what_there_is_to_try_bots_on_is_told(
    runtime: LambdaRuntime, package: Package, moto: Moto
) -> None:
    candles = candles_from(datetime(2024, 8, 1, tzinfo=UTC), 50)
    ParquetCandles(S3Lake(moto.client("s3"), "lake")).write(SERIES, candles)
    working = function(package, "crypto_bot-dev-work_on_job")
    outcome = runtime.invoke(working, {"ask": "candle_series"})
    assert not outcome.failed, outcome.log
    [row] = outcome.answer["series"]
    assert (row["symbol"], row["first"]) == ("BTC/USDT", "2024-08-01T00:00:00Z")
    assert not runtime.invoke(working, {"job": "00-none"}).failed


def test_it_fits_and_the_trading_leaves_duckdb_alone(package: Package, tmp_path: Path) -> None:
    assert package.zipped < MOST_ZIPPED
    assert package.unzipped < MOST_UNZIPPED / 1.5
    with zipfile.ZipFile(package.path) as archive:
        names = archive.namelist()
    assert any(name.startswith("_duckdb.") for name in names)
    assert not [n for n in names if n.startswith(("duckdb/experimental", "adbc_driver_duckdb"))]
    made_of = vendored(package.path.parents[2])
    assert made_of is not None
    assert made_of.candles
    runtime = LambdaRuntime(tmp_path / "functions", "http://127.0.0.1:9", REGION)
    asked = function(package, "crypto_bot-dev-load_candles")
    assert json.loads(runtime.run(asked, LOADED)) == []
