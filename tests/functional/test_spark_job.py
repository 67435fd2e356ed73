"""The job for Spark, run by Spark on this machine, makes of a lake what `load_candles` makes of it.

It is started as Glue starts it, as a program, with the release that `make deploy` would bring.
"""

import gzip
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from importlib.util import find_spec
from pathlib import Path

import duckdb
import pytest

from chalicelib.adapters.candles.files import MarketFile
from chalicelib.adapters.candles.parquet import ParquetCandles
from chalicelib.adapters.lakes.folder import FolderLake
from chalicelib.adapters.series.sqlite import SqliteTimeSeries
from chalicelib.deployment.host_release import pack_release
from chalicelib.domain.market.candle import Candle
from chalicelib.domain.market.candle_series import CandleSeries
from chalicelib.domain.market.interval import Interval
from chalicelib.domain.market.series_day import SeriesRow
from chalicelib.services.market.load_candles import REJECTED, Loading, load_candles
from tests.market.recorded import REPOSITORY

JOB = REPOSITORY / "infra/modules/spark_job/files/transform_candles.py"
OUTAGES = "BTC-USDT.1h.2017-08-17.2022-10-25.with-outage-gaps.parquet"
# One core, and no more memory than needed, beside the other tests.
SPARK = (
    "--master local[1] --driver-memory 512m --conf spark.ui.enabled=false"
    " --conf spark.driver.host=127.0.0.1 --conf spark.driver.bindAddress=127.0.0.1"
    " --conf spark.ui.showConsoleProgress=false --conf spark.sql.adaptive.enabled=false"
    " --conf spark.sql.sources.parallelPartitionDiscovery.threshold=1000"
    ' --driver-java-options "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC" pyspark-shell'
)
SECONDS = 300
INTERVALS = (Interval.M5, Interval.H1, Interval.H4, Interval.D1, Interval.W1)
INDICATORS = ("sma:5", "ema:9", "macd:12:26:9", "bollinger:20:2.5", "vwap", "supertrend:2:5")
HOURS = CandleSeries("binance", "BTC/USDT", Interval.H1)
MINUTES = CandleSeries("kraken", "ETH/USDT", Interval.M1)
OWN_HOURS = MINUTES._replace(interval=Interval.H1)
RECORDED = HOURS._replace(symbol="BTC/USD")
MONDAY = datetime(2024, 6, 24, tzinfo=UTC)
EVER = (datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))


def candles(step: timedelta, *numbers: int) -> list[Candle]:
    """A price that wanders, by the number of the interval."""
    found = []
    for n in numbers:
        opened = Decimal(60_000 + n * 7919 % 997) / 7
        closed = round(Decimal(60_000 + n * 104_729 % 991) / 7, 18)
        opened = round(opened, 18)
        high, low = max(opened, closed) + n % 13, min(opened, closed) - n % 7
        found.append(Candle(MONDAY + n * step, opened, high, low, closed, Decimal(n % 5) / 8))
    return found


def fill(lake: FolderLake) -> None:
    """Outages, corrections beside compacted files, what is odd, and what is none of ours."""
    stored, hour, minute = ParquetCandles(lake), Interval.H1.length, Interval.M1.length
    hours = candles(hour, *(n for n in range(900) if not 100 <= n < 131))
    hours[40] = hours[40]._replace(high=hours[40].low)  # below its close
    hours[300] = hours[300]._replace(high=hours[300].high * 100)  # far away
    stored.write(HOURS, [c._replace(volume=Decimal(99)) for c in hours])
    outdated = lake.get(HOURS.key(datetime(2024, 7, 1, tzinfo=UTC)))
    assert outdated is not None
    stored.write(HOURS, hours)
    assert stored.compact(HOURS, datetime(2024, 1, 1, tzinfo=UTC)) == 2
    stored.write(HOURS, [c._replace(volume=Decimal(77)) for c in hours[200:210]])
    lake.put(f"{HOURS.prefix}dt=2024-07-01/compacted.parquet", outdated)  # no year begins then
    lake.put(f"{HOURS.prefix}dt=2024-05-01/_candles.parquet.damaged", b"PAR1")
    lake.put(f"{HOURS.prefix}dt=2024-05-01/notes.txt", b"by hand")
    stored.write(MINUTES, candles(minute, *(n for n in range(10_000, 11_500) if n % 700 > 9)))
    stored.write(OWN_HOURS, candles(hour, *range(160, 220)))
    recorded = REPOSITORY.parent / "shared/data/candles" / OUTAGES
    named = os.environ.get("CRYPTO_BOT_TEST_DATA")  # noqa: TID251 - where the data is
    recorded = Path(named) / "candles" / OUTAGES if named else recorded
    if recorded.is_file():
        first, *_ = MarketFile(recorded).candles()
        stored.write(RECORDED, first[:6000])  # the longest outage is among them


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A lake after the job."""
    if shutil.which("java") is None:
        pytest.skip("no Spark: there is no java on the path (17, for instance)")
    pyspark = find_spec("pyspark")
    if pyspark is None or pyspark.origin is None:
        pytest.skip("no Spark: pyspark is not installed")
    folder = tmp_path_factory.mktemp("spark")
    release = folder / "release.tar.gz"
    release.write_bytes(pack_release(REPOSITORY))
    with closing(FolderLake(folder / "lake")) as lake:
        fill(lake)
    run(folder, Path(pyspark.origin).parents[1])
    return folder


def run(folder: Path, libraries: Path) -> None:
    words = {
        "--JOB_NAME": "crypto-bot-prod-spark-job",  # Glue's own
        "--lake": str(folder / "lake"),
        "--release": str(folder / "release.tar.gz"),
        "--intervals": " ".join(INTERVALS),
        "--indicators": " ".join(INDICATORS),
    }
    # Outside of the virtual environment: of this project there is what the release brings, no more.
    python = str(Path(sys.executable).resolve())
    environment = {name: os.environ[name] for name in ("PATH", "HOME")}  # noqa: TID251 - java's
    done = subprocess.run(
        [python, JOB, *(word for pair in words.items() for word in pair)],
        cwd=folder,
        env={
            **environment,
            "PYTHONPATH": str(libraries),
            "PYSPARK_SUBMIT_ARGS": SPARK,
            "PYSPARK_PYTHON": python,
            "SPARK_LOCAL_IP": "127.0.0.1",
            "SPARK_LOCAL_DIRS": str(folder),
        },
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-5000:]


@pytest.fixture(scope="module")
def work(folder: Path) -> Iterator[Loading]:
    """The same lake, loaded one series after the other."""
    lake, store = FolderLake(folder / "lake"), SqliteTimeSeries(folder / "series.sqlite3")
    with closing(lake), closing(store):
        stored = ParquetCandles(lake)
        work = Loading(
            candles=stored, lake=lake, store=store, intervals=INTERVALS, indicators=INDICATORS
        )
        for series in stored.series():
            first = stored.first(series)
            assert first is not None
            load_candles(series, work, since=first.start)
        yield work


def made_by_spark(folder: Path) -> dict[CandleSeries, list[SeriesRow]]:
    found: dict[CandleSeries, list[SeriesRow]] = {}
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        rows = connection.execute(
            "SELECT venue, symbol, interval, epoch_ms(start), open, high, low, close, volume,"
            " return, indicators FROM read_parquet(?, hive_partitioning = true) ORDER BY ALL",
            [str(folder / "lake/series/*/*/*/*/*.parquet")],
        ).fetchall()
    for venue, symbol, interval, ms, *amounts, change, indicators in rows:
        series = CandleSeries(venue, symbol.replace("-", "/"), Interval(interval))
        candle = Candle(datetime.fromtimestamp(ms / 1000, UTC), *amounts)
        found.setdefault(series, []).append(SeriesRow(candle, {"return": change, **indicators}))
    return found


@pytest.mark.slow
def test_spark_makes_the_rows_that_loading_makes(folder: Path, work: Loading) -> None:
    spark = made_by_spark(folder)
    loaded = {
        series: rows
        for whole in (HOURS, MINUTES, RECORDED)
        for series in (whole._replace(interval=interval) for interval in Interval)
        if (rows := work.store.read(series, *EVER))
    }
    assert set(loaded) >= {HOURS._replace(interval=Interval.W1), MINUTES, OWN_HOURS}
    assert set(spark) == set(loaded)
    for series, rows in loaded.items():
        assert spark[series] == rows, series
    corrected = [row for row in spark[HOURS] if row.candle.volume == 77]
    assert len(corrected) == 10, "what was written beside a compacted file counts"


def rejected(folder: Path, prefix: str) -> list[bytes]:
    files = (folder / "lake" / prefix).rglob("*.gz")
    lines = [line for file in files for line in gzip.decompress(file.read_bytes()).splitlines()]
    return sorted(lines)


@pytest.mark.slow
@pytest.mark.usefixtures("work")
def test_it_sets_the_same_candles_aside_for_the_same_reasons(folder: Path) -> None:
    found = rejected(folder, "quarantine/series/")
    assert len(found) == 2
    assert found == rejected(folder, REJECTED)
