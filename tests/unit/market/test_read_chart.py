"""Pages of a chart: each candle once, whatever the pages' size and wherever gaps are."""

from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from chalicelib.adapters.candles.parquet import ParquetCandles
from chalicelib.adapters.series.sqlite import SqliteTimeSeries
from chalicelib.bootstrap.series import SERIES_FILE
from chalicelib.domain.market.candle import Candle
from chalicelib.domain.market.candle_series import CandleSeries
from chalicelib.domain.market.interval import Interval
from chalicelib.market_ports.charts import ChartSource
from chalicelib.services.market.read_chart import ChartPage, LakeChart, SeriesChart, read_chart
from tests.market.shown import BTC, HOUR, START, candles, collect, lake_of, load

SHORT = timedelta(minutes=1)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def sources(home: Path) -> Iterator[list[ChartSource]]:
    with closing(lake_of(home)) as lake, closing(SqliteTimeSeries(home / SERIES_FILE)) as store:
        yield [LakeChart(lambda: ParquetCandles(lake)), SeriesChart(store)]


def pages(
    sources: list[ChartSource],
    limit: int,
    series: CandleSeries = BTC,
    since: datetime | None = None,
) -> list[ChartPage]:
    """From the newest to the oldest, as who scrolls to the left gets them."""
    found = [read_chart(series, sources, limit=limit, since=since)]
    while (older := found[-1].older) is not None:
        found.append(read_chart(series, sources, limit=limit, since=since, until=older))
        assert len(found) < 300
    return found


def joined(found: list[ChartPage]) -> list[Candle]:
    return [row.candle for page in reversed(found) for row in page.rows]


@pytest.mark.parametrize("limit", [1, 7, 100, 101, 5_000])
def test_pages_together_are_the_whole(home, sources, limit):
    whole = candles(100)
    collect(home, whole)

    found = pages(sources, limit)

    assert joined(found) == whole
    assert all(len(page.rows) <= limit for page in found)
    assert len(found) == -(-100 // limit)


@pytest.mark.parametrize("limit", [3, 50])
def test_a_long_gap_is_crossed(home, sources, limit):
    early, late = candles(20), candles(30, START + 2_000 * HOUR)
    collect(home, early + late)

    found = pages(sources, limit)

    assert joined(found) == early + late
    assert all(page.rows for page in found)


def test_a_gap_of_months_is_crossed_in_a_few_looks(home, sources, monkeypatch):
    collect(home, candles(2) + candles(2, START + 3_000 * HOUR))
    looks: list[datetime] = []
    read = ParquetCandles.read

    def counted(
        lake: ParquetCandles, series: CandleSeries, start: datetime, end: datetime
    ) -> list[Candle]:
        looks.append(start)
        return read(lake, series, start, end)

    monkeypatch.setattr(ParquetCandles, "read", counted)

    assert len(read_chart(BTC, sources, limit=4).rows) == 4
    assert len(looks) < 10


def test_without_a_candle_there_is_an_empty_page(sources):
    assert read_chart(BTC, sources, limit=10) == ChartPage(rows=(), older=None)


def test_before_the_first_candle_there_is_an_empty_page(home, sources):
    collect(home, candles(5))

    assert read_chart(BTC, sources, limit=10, until=START) == ChartPage(rows=(), older=None)


def test_until_leaves_out_what_starts_then(home, sources):
    collect(home, candles(10))

    found = read_chart(BTC, sources, limit=2, until=START + 5 * HOUR)

    assert [row.candle.start for row in found.rows] == [START + 3 * HOUR, START + 4 * HOUR]
    assert found.older == START + 3 * HOUR


def test_since_is_where_the_pages_end(home, sources):
    whole = candles(50)
    collect(home, whole)

    found = pages(sources, 8, since=START + 29 * HOUR + SHORT)

    assert joined(found) == whole[30:]


def test_what_is_loaded_has_its_indicators_and_what_is_older_has_none(home, sources):
    """Only the last ninety days are loaded at first."""
    whole = candles(24 * 100)
    collect(home, whole)
    load(home, "sma:3")

    newest = read_chart(BTC, sources, limit=5)
    oldest = read_chart(BTC, sources, limit=5, until=START + 5 * HOUR)

    assert newest.columns == ["return", "sma_3"]
    last = [float(candle.close) for candle in whole[-3:]]
    assert newest.rows[-1].derived["sma_3"] == pytest.approx(sum(last) / 3)
    assert (oldest.columns, [row.candle for row in oldest.rows]) == ([], whole[:5])
    assert joined(pages(sources, 1_000)) == whole


def test_what_was_collected_since_it_was_loaded_is_there(home, sources):
    whole = candles(80)
    collect(home, whole[:70])
    load(home, "sma:3")
    collect(home, whole[70:])

    found = read_chart(BTC, sources, limit=20)

    assert [row.candle for row in found.rows] == whole[60:]
    assert [bool(row.derived) for row in found.rows] == [True] * 10 + [False] * 10


def test_a_made_interval_is_known_to_the_time_series_alone(home, sources):
    collect(home, candles(48))
    load(home)
    four_hours = BTC._replace(interval=Interval.H4)

    found = pages(sources, 5, four_hours)

    starts = [candle.start for candle in joined(found)]
    assert starts == [START + number * 4 * HOUR for number in range(12)]
