"""[lake, candles] -> checked, resampled, with their derived columns, as Parquet below series/.

A job for Spark, on Glue or elsewhere: of all candles of the lake at once, what `load_candles` makes
of one series after the other. What becomes of a candle is decided by the same functions: they come
out of the release that `make deploy` puts into the lake, and run in Spark's workers.

Each series is read in its order by one worker, a candle at a time, so that its length is no matter
of memory. Nothing of what was there before goes until all has been worked out anew.
"""

import argparse
import io
import sys
import tarfile
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, TypeAlias

from pyspark import StorageLevel
from pyspark.sql import DataFrame, SparkSession

if TYPE_CHECKING:  # what the release brings is there once it is unpacked
    from chalicelib.domain.market.candle import Candle
    from chalicelib.domain.market.candle_series import CandleSeries
    from chalicelib.domain.market.derived import Derivation
    from chalicelib.domain.market.interval import Interval

SETTINGS = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",  # Spark's own is of its own
    "spark.sql.parquet.compression.codec": "zstd",
    "spark.hadoop.mapreduce.fileoutputcommitter.marksuccessfuljobs": "false",
}
AMOUNTS = ["open", "high", "low", "close", "volume"]
SERIES = ["venue", "symbol", "interval"]  # names of folders, as is dt
CANDLE = f"start TIMESTAMP, {', '.join(f'{name} DECIMAL(38, 18)' for name in AMOUNTS)}"
STORED = f"{CANDLE}, venue STRING, symbol STRING, interval STRING, dt STRING"
# One column for all indicators: those of tomorrow may be others, and tables stay as they are.
MADE = f"{STORED}, return DOUBLE, indicators MAP<STRING, DOUBLE>, rejected STRING"
KEPT = ["start", *AMOUNTS, "return", "indicators", *SERIES, "dt"]
# Of rows with one start the last counts: a compacted file was made before the part beside it.
WEIGHT = ["start_ms", "dt", "is_part"]
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MS = timedelta(milliseconds=1)

Row: TypeAlias = tuple[Any, ...]
# By the series in the lake: what is to be made of it, itself first.
Plan: TypeAlias = Mapping[Row, Sequence["Interval"]]


def main() -> None:
    """Glue has words of its own among those of the job."""
    words = argparse.ArgumentParser(allow_abbrev=False)
    words.add_argument("--lake", required=True)
    words.add_argument("--release", required=True)
    words.add_argument("--intervals", default="")
    words.add_argument("--indicators", default="")
    given, _ = words.parse_known_args()
    builder = SparkSession.builder.appName("transform_candles")
    with TemporaryDirectory() as folder, builder.config(map=SETTINGS).getOrCreate() as spark:
        take_along(given.release, Path(folder), spark)
        chosen = {"SERIES_INTERVALS": given.intervals, "SERIES_INDICATORS": given.indicators}
        rows, rejected = transform(given.lake.rstrip("/"), chosen, spark)
    sys.stdout.write(f"series/ has {rows} rows; {rejected} candles were set aside\n")


def take_along(release: str, folder: Path, spark: SparkSession) -> None:
    """From here on its code can be imported, here and in the workers."""
    packed = spark.sparkContext.binaryFiles(release).values().first()
    path = folder / "release.zip"
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive, zipfile.ZipFile(path, "w") as code:
        for entry in archive:
            top, _, name = entry.name.partition("/")
            content = archive.extractfile(entry)
            if content and top == "crypto_bot" and name.endswith(".py"):
                code.writestr(name, content.read())
    spark.sparkContext.addPyFile(str(path))


def transform(lake: str, chosen: Mapping[str, str], spark: SparkSession) -> tuple[int, int]:
    """How many rows there are now, and how many candles are in none."""
    from chalicelib.series_settings import SeriesSettings

    settings = SeriesSettings.from_environment(chosen)
    stored = stored_candles(f"{lake}/candles/", spark)
    plan = plan_for(map(tuple, stored.select(SERIES).distinct().collect()), settings.intervals)
    ordered = stored.repartition(max(1, 4 * len(plan)), *SERIES).sortWithinPartitions(
        *SERIES, *WEIGHT
    )
    rows = ordered.rdd.mapPartitions(lambda those: made_of(those, plan, settings.indicators))
    made = spark.createDataFrame(rows, MADE, verifySchema=False).persist(StorageLevel.DISK_ONLY)
    series, rejected = made.where("rejected IS NULL"), made.where("rejected IS NOT NULL")
    # What has no rows now stays: the lake forgets no candle by itself.
    series.select(KEPT).sortWithinPartitions(*SERIES, "dt", "start").write.option(
        "partitionOverwriteMode", "dynamic"
    ).partitionBy(*SERIES, "dt").parquet(f"{lake}/series", mode="overwrite")
    rejected.select("rejected", *SERIES).write.partitionBy(*SERIES).option(
        "compression", "gzip"
    ).mode("overwrite").text(f"{lake}/quarantine/series")
    return series.count(), rejected.count()


def stored_candles(folder: str, spark: SparkSession) -> DataFrame:
    """Every row of every file; one that was set aside as damaged has another name."""
    files = spark.read.schema(STORED).option("pathGlobFilter", "{candles,compacted}.parquet")
    return files.parquet(folder).selectExpr(
        *SERIES,
        "unix_millis(start) AS start_ms",
        *AMOUNTS,
        "dt",
        "_metadata.file_name = 'candles.parquet' AS is_part",
    )


def plan_for(there: Iterable[Row], intervals: Sequence["Interval"]) -> Plan:
    """An interval that was collected is not resampled, and one that was not is made only once."""
    from chalicelib.domain.market.resample import source_of

    plan: dict[Row, list[Interval]] = {}
    named = ((names, series) for names in there if (series := series_of(names)) is not None)
    for _, those in groupby(sorted(named), key=lambda one: one[0][:2]):
        own = {series.interval: names for names, series in those}
        plan |= {names: [interval] for interval, names in own.items()}
        for interval in intervals:
            source = source_of(interval, own)
            if source is not None:
                plan[own[source]].append(interval)
    return plan


def series_of(names: Row) -> "CandleSeries | None":
    """None for a folder that somebody else made."""
    from chalicelib.domain.market.candle_series import candle_series

    venue, symbol, interval = names
    try:
        return candle_series(venue, "/".join(symbol.rsplit("-", 1)), interval)
    except ValueError:
        return None


def made_of(stored: Iterable[Row], plan: Plan, indicators: Sequence[str]) -> Iterator[Row]:
    """In a worker: some series whole, one after the other, each in its order."""
    for names, rows in groupby(stored, key=itemgetter(slice(3))):
        source = series_of(names)
        if source is not None and names in plan:
            yield from rows_of(source, plan[names], indicators, candles_in(rows, source))


def candles_in(rows: Iterable[Row], series: "CandleSeries") -> Iterator["Candle"]:
    """Each start once."""
    from chalicelib.domain.market.candle import Candle

    counts: dict[Row, bool] = {}
    for start_ms, those in groupby(rows, key=itemgetter(3)):
        found = None
        for row in those:
            file = row[-2:]
            if file not in counts:
                counts[file] = series.file_of(key_of(series, *file)) is not None
            found = row if counts[file] else found
        if found is not None:
            yield Candle(EPOCH + start_ms * MS, *found[4:9])


def key_of(series: "CandleSeries", dt: str, is_part: bool) -> str:  # noqa: FBT001 - as in a row
    """The object that a row was in."""
    from chalicelib.domain.market.candle_series import CANDLES_NAME, COMPACTED_NAME

    return f"{series.prefix}dt={dt}/{CANDLES_NAME if is_part else COMPACTED_NAME}"


def rows_of(
    source: "CandleSeries",
    intervals: Sequence["Interval"],
    indicators: Sequence[str],
    candles: Iterable["Candle"],
) -> Iterator[Row]:
    """As `load_candles` does it: what is odd is set aside, closed candles become rows."""
    from chalicelib.domain.market.candle_rules import flaw_of
    from chalicelib.domain.market.derived import Derivation
    from chalicelib.domain.market.plausibility import Plausibility
    from chalicelib.domain.market.resample import Resampler
    from chalicelib.services.market.load_candles import rejected_line

    judge = Plausibility()
    made = [
        (
            source._replace(interval=interval),
            Resampler(source.interval, interval),
            Derivation(interval, indicators),
        )
        for interval in intervals
    ]
    for candle in candles:
        flaw = flaw_of(candle, source.interval) or judge.flaw_of(candle)
        for series, resampler, derivation in made:
            closed = [resampler.opened_before(candle.start)]
            if not flaw:
                closed.append(resampler.add(candle))
            yield from (row_of(series, derivation, one) for one in closed if one is not None)
        if flaw:
            line = rejected_line(candle, flaw).decode()
            yield (None,) * 6 + names_of(source) + (None, None, None, line)


def row_of(series: "CandleSeries", derivation: "Derivation", candle: "Candle") -> Row:
    """With the columns of `MADE`."""
    from chalicelib.domain.market.derived import RETURN

    derived = dict(derivation.derive(candle).derived)
    change = derived.pop(RETURN)
    day = f"{series.period_of(candle.start):%Y-%m-%d}"
    return (*candle, *names_of(series), day, change, derived, None)


def names_of(series: "CandleSeries") -> Row:
    """As folders have them."""
    return (series.venue, series.symbol.replace("/", "-"), str(series.interval))


if __name__ == "__main__":
    main()
