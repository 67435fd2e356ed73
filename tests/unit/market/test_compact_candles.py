"""Files of months that are over become one; whoever reads sees each candle once all the time."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
from moto import mock_aws

from chalicelib.adapters.candles.parquet import ParquetCandles
from chalicelib.adapters.clock import ReplayClock
from chalicelib.adapters.lakes.folder import FolderLake
from chalicelib.adapters.lakes.s3 import S3Lake
from chalicelib.domain.errors import StoreUnavailable
from chalicelib.domain.market.candle import Candle
from chalicelib.domain.market.candle_gaps import MOST_ASKED, Gap
from chalicelib.domain.market.candle_series import candle_series
from chalicelib.domain.market.interval import Interval
from chalicelib.drivers.boto3_session import aws_client
from chalicelib.market_ports.lake import Lake
from chalicelib.services.market.compact_candles import CompactionReport, compact_candles
from tests.market.public_binance import candles_from

HALVES = candle_series("binance", "BTC/USDT", "30m")
HOURS = candle_series("binance", "BTC/USDT", "1h")
DAYS = candle_series("binance", "BTC/USDT", "1d")
DAY = timedelta(days=1)
AUGUST = datetime(2024, 8, 1, tzinfo=UTC)
SEPTEMBER = datetime(2024, 9, 1, tzinfo=UTC)
LATER = SEPTEMBER + 8 * DAY
EVER = (datetime(2020, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))
# The last three days of August, and the first of September.
MADE = candles_from(SEPTEMBER - 3 * DAY, 4 * 48, Interval.M30)
WHOLE = f"{HALVES.prefix}dt=2024-08-01/compacted.parquet"


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


class Watched:
    """A lake that tells of each call before it is made."""

    def __init__(self, lake: Lake, before: Callable[[str], None]) -> None:
        self._lake = lake
        self._before = before

    def __getattr__(self, name: str) -> Any:
        def call(*given: Any) -> Any:
            self._before(name)
            return getattr(self._lake, name)(*given)

        return call


class Killed(Exception):
    """The process is gone."""


def at_call(number: int, do: Callable[[], object], names: frozenset[str]) -> Callable[[str], None]:
    """`do` it before the call of this number, counted among those of `names`."""
    left = number

    def before(name: str) -> None:
        nonlocal left
        if name in names:
            left -= 1
            if left == -1:
                do()

    return before


def die() -> None:
    raise Killed


def keys(lake: Lake) -> list[str]:
    return [key for key, _ in lake.objects("candles/")]


def all_of(lake: Lake, series: Any = HALVES) -> list[Candle]:
    return ParquetCandles(lake).read(series, *EVER)


def compacted(lake: Lake, now: datetime = LATER, until: datetime | None = None) -> CompactionReport:
    return compact_candles(ParquetCandles(lake), ReplayClock(now), until=until)


def test_a_month_of_minutes_and_a_year_of_hours_become_one_file(lake: Lake) -> None:
    candles = ParquetCandles(lake)
    hours = candles_from(datetime(2023, 11, 29, tzinfo=UTC), 24 * 50)
    days = candles_from(datetime(2022, 12, 30, tzinfo=UTC), 500, Interval.D1)
    for series, made in ((HALVES, MADE), (HOURS, hours), (DAYS, days)):
        candles.write(series, made)
    years = [key for key in keys(lake) if key.startswith(DAYS.prefix)]
    assert compacted(lake) == CompactionReport(merged=5, periods=2, trouble=(), finished=True)
    assert keys(lake) == [
        *years,
        f"{HOURS.prefix}dt=2023-01-01/compacted.parquet",
        f"{HOURS.prefix}dt=2024-01-01/candles.parquet",
        WHOLE,
        f"{HALVES.prefix}dt=2024-09-01/candles.parquet",
    ]
    for series, made in ((HALVES, MADE), (HOURS, hours), (DAYS, days)):
        assert candles.read(series, *EVER) == made
        assert (candles.first(series), candles.last(series)) == (made[0], made[-1])
    assert candles.read(HALVES, MADE[20].start, MADE[150].start) == MADE[20:150]
    assert compacted(lake) == CompactionReport(merged=0, periods=0, trouble=(), finished=True)


def test_other_readers_find_the_same_columns(folder: FolderLake, tmp_path: Path) -> None:
    ParquetCandles(folder).write(HALVES, MADE)
    compacted(folder)
    with duckdb.connect() as connection:
        found = connection.execute(
            "SELECT CAST(dt AS VARCHAR), typeof(start), typeof(close), count(*)"
            " FROM read_parquet(?, hive_partitioning = true) GROUP BY ALL ORDER BY 1",
            [str(tmp_path / "lake/candles/**/*.parquet")],
        ).fetchall()
    kinds = ("TIMESTAMP WITH TIME ZONE", "DECIMAL(38,18)")
    assert found == [("2024-08-01", *kinds, 144), ("2024-09-01", *kinds, 48)]


def test_what_is_written_later_counts_and_is_taken_in_the_next_night(
    folder: FolderLake, tmp_path: Path
) -> None:
    candles = ParquetCandles(folder)
    candles.write(HALVES, MADE[:100] + MADE[110:])
    compacted(folder)
    corrected = MADE[50]._replace(volume=Decimal(77))
    candles.write(HALVES, [corrected, *MADE[100:110]])
    mended = [*MADE[:50], corrected, *MADE[51:]]
    assert len(keys(folder)) == 4  # a day with the correction, one with the filled gap
    assert all_of(folder) == mended
    early = candles_from(AUGUST, 1, Interval.M30)
    candles.write(HALVES, early)
    assert candles.first(HALVES) == early[0]
    assert compacted(folder).merged == 3
    assert len(keys(folder)) == 2
    assert all_of(folder) == [*early, *mended]
    other = FolderLake(tmp_path / "other")  # all of it in one night
    ParquetCandles(other).write(HALVES, [*early, *mended])
    compacted(other)
    assert other.get(WHOLE) == folder.get(WHOLE)
    other.close()
    candles.write(HALVES, [early[0]._replace(volume=Decimal(5))])  # of the file's own first day
    assert candles.read(HALVES, AUGUST, SEPTEMBER)[0].volume == 5


@pytest.mark.parametrize("number", range(4))
def test_a_kill_between_two_steps_costs_nothing(
    folder: FolderLake, tmp_path: Path, number: int
) -> None:
    ParquetCandles(folder).write(HALVES, MADE)
    dying = Watched(folder, at_call(number, die, frozenset({"put", "delete"})))
    with pytest.raises(Killed):
        compacted(dying)
    assert (WHOLE in keys(folder)) == (number > 0)
    assert all_of(folder) == MADE
    compacted(folder)
    assert all_of(folder) == MADE
    assert len(keys(folder)) == 2
    other = FolderLake(tmp_path / "other")
    ParquetCandles(other).write(HALVES, MADE)
    compacted(other)
    assert other.get(WHOLE) == folder.get(WHOLE)
    other.close()


READING = frozenset({"get", "objects", "folders"})


@pytest.mark.parametrize("number", range(6))
@pytest.mark.parametrize("killed_at", [2, 9])
def test_whoever_reads_meanwhile_sees_each_candle_once(
    folder: FolderLake, number: int, killed_at: int
) -> None:
    ParquetCandles(folder).write(HALVES, MADE)

    def compaction() -> None:
        dying = Watched(folder, at_call(killed_at, die, frozenset({"put", "delete"})))
        with suppress(Killed):
            compacted(dying)

    reader = ParquetCandles(Watched(folder, at_call(number, compaction, READING)))
    assert reader.read(HALVES, *EVER) == MADE
    assert WHOLE in keys(folder)


def test_a_listing_that_shows_two_moments_is_not_believed(folder: FolderLake) -> None:
    """Of many objects S3 lists a page after another, and a folder is walked."""
    ParquetCandles(folder).write(HALVES, MADE)
    before = keys(folder)

    class TwoPages(Watched):
        def objects(self, prefix: str) -> list[Any]:
            if keys(folder) != before:
                return folder.objects(prefix)
            compacted(folder)  # after the first page, on which there was no compacted file yet
            return [found for found in folder.objects(prefix) if found.key != WHOLE]

    reader = ParquetCandles(TwoPages(folder, lambda _name: None))
    assert reader.read(HALVES, *EVER) == MADE


def test_a_part_that_is_written_meanwhile_stays(folder: FolderLake) -> None:
    candles = ParquetCandles(folder)
    candles.write(HALVES, MADE)
    corrected = MADE[60]._replace(volume=Decimal(77))
    hook = at_call(0, lambda: candles.write(HALVES, [corrected]), frozenset({"put"}))
    compacted(Watched(folder, hook))
    assert HALVES.key(HALVES.part_of(corrected.start)) in keys(folder)
    assert all_of(folder) == [*MADE[:60], corrected, *MADE[61:]]
    compacted(folder)
    assert len(keys(folder)) == 2
    assert all_of(folder) == [*MADE[:60], corrected, *MADE[61:]]


OPEN = Gap(SEPTEMBER - 30 * DAY, SEPTEMBER - 29 * DAY, MOST_ASKED - 1)


@pytest.mark.parametrize(
    ("now", "count", "gap", "periods"),
    [
        (LATER, 192, None, 1),
        (SEPTEMBER + 7 * DAY, 192, None, 1),
        (SEPTEMBER + 7 * DAY - timedelta(seconds=1), 192, None, 0),
        (LATER, 144, None, 0),  # nothing came after it yet
        (LATER, 192, OPEN, 0),
        (LATER, 192, OPEN._replace(asked=MOST_ASKED), 1),
        (LATER, 192, Gap(SEPTEMBER, SEPTEMBER + DAY), 1),
    ],
)
def test_only_what_is_settled_is_touched(
    folder: FolderLake, now: datetime, count: int, gap: Gap | None, periods: int
) -> None:
    candles = ParquetCandles(folder)
    candles.write(HALVES, MADE[:count])
    candles.mark_gaps(HALVES, [gap] if gap else [])
    assert compacted(folder, now).periods == periods


def test_a_damaged_file_does_not_stop_the_others(folder: FolderLake) -> None:
    candles = ParquetCandles(folder)
    other = candle_series("binance", "ETH/USDT", "30m")
    for series in (HALVES, other):
        candles.write(series, MADE)
    day = HALVES.key(SEPTEMBER - 2 * DAY)
    folder.put(day, b"rubbish")
    report = compacted(folder)
    assert (report.merged, report.finished) == (3, True)
    [told] = report.trouble
    assert told.startswith(f"{day} could not be read and is set aside")
    gap = Gap(SEPTEMBER - 2 * DAY, SEPTEMBER - DAY)
    assert candles.gaps(HALVES) == [gap]
    candles.mark_gaps(HALVES, [gap._replace(asked=MOST_ASKED)])  # the venue has it no more
    assert compacted(folder).merged == 2
    folder.put(WHOLE, b"rubbish")
    with pytest.raises(StoreUnavailable, match=r"compacted\.parquet could not be read"):
        all_of(folder)
    assert candles.gaps(HALVES) == [Gap(AUGUST, SEPTEMBER)]
    assert all_of(folder) == MADE[144:]
    candles.write(HALVES, MADE)  # collected again
    assert all_of(folder) == MADE


def test_nothing_is_begun_when_time_is_up(folder: FolderLake) -> None:
    ParquetCandles(folder).write(HALVES, MADE)
    assert compacted(folder, until=LATER) == CompactionReport(0, 0, (), finished=False)
    assert WHOLE not in keys(folder)
