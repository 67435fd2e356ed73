"""Candles of the lake become rows, and however they are loaded, they become the same rows."""

import gzip
import json
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path

import pytest

from chalicelib.adapters.candles.parquet import ParquetCandles
from chalicelib.adapters.lakes.folder import FolderLake
from chalicelib.adapters.series.sqlite import SqliteTimeSeries
from chalicelib.domain.errors import StoreUnavailable
from chalicelib.domain.market.candle import Candle
from chalicelib.domain.market.candle_gaps import Gap
from chalicelib.domain.market.candle_series import CandleSeries
from chalicelib.domain.market.interval import Interval
from chalicelib.domain.market.series_day import SeriesDay, SeriesRow
from chalicelib.services.market.load_candles import Loading, LoadReport, load_candles

H1 = CandleSeries("binance", "BTC/USDT", Interval.H1)
H4, D1, W1 = (H1._replace(interval=i) for i in (Interval.H4, Interval.D1, Interval.W1))
M30 = H1._replace(interval=Interval.M30)
MONDAY = datetime(2024, 7, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
EVER = (datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))
OUTAGE = range(100, 131)  # over a day: one day of the series has nothing at all
INDICATORS = ("sma:5", "ema:9", "rsi:7", "vwap", "supertrend:2:5")


@dataclass
class Desk:
    """A lake in a folder and a time series in a file."""

    lake: FolderLake
    store: SqliteTimeSeries
    work: Loading

    @property
    def candles(self) -> ParquetCandles:
        return ParquetCandles(self.lake)

    def load(self, *, since: datetime | None = None) -> dict[CandleSeries, LoadReport]:
        reports = load_candles(H1, self.work, since=since)
        return {report.series: report for report in reports}

    def rows(self, series: CandleSeries = H1) -> list[SeriesRow]:
        return self.store.read(series, *EVER)

    def everything(self) -> list[object]:
        kept = [self.store.first(s, MONDAY.date()) for s in (H1, H4, D1, W1)]
        return [*kept, *(self.rows(s) for s in (H1, H4, D1, W1))]


def a_desk(folder: Path) -> Desk:
    lake, store = FolderLake(folder / "lake"), SqliteTimeSeries(folder / "series.sqlite3")
    work = Loading(
        candles=ParquetCandles(lake),
        lake=lake,
        store=store,
        intervals=(Interval.H4, Interval.D1, Interval.W1),
        indicators=INDICATORS,
    )
    return Desk(lake, store, work)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = a_desk(tmp_path / "desk")
    with closing(desk.lake), closing(desk.store):
        yield desk


@pytest.fixture
def other(tmp_path: Path) -> Iterator[Desk]:
    desk = a_desk(tmp_path / "other")
    with closing(desk.lake), closing(desk.store):
        yield desk


def hours(*numbers: int) -> list[Candle]:
    """A price that wanders, by the number of the hour."""
    found = []
    for n in numbers:
        opened = Decimal(60_000 + n * 7919 % 997)
        closed = Decimal(60_000 + n * 104_729 % 991)
        high, low = max(opened, closed) + n % 13, min(opened, closed) - n % 7
        found.append(Candle(MONDAY + n * HOUR, opened, high, low, closed, Decimal(n % 5) / 8))
    return found


def all_hours(count: int = 400) -> list[Candle]:
    return hours(*(n for n in range(count) if n not in OUTAGE))


def test_candles_become_rows_with_what_is_derived_from_them(desk: Desk) -> None:
    candles = hours(0, 1, 2, 3, 4, 5, 8, 9)
    desk.candles.write(H1, candles)
    assert desk.load()[H1] == LoadReport(
        series=H1,
        since=MONDAY.date(),
        days=1,
        rows=8,
        rejected=0,
        finished=True,
        end=MONDAY + 10 * HOUR,
    )
    rows = desk.rows()
    assert [row.candle for row in rows] == candles
    closes = [float(candle.close) for candle in candles]
    expected = [None if n in {0, 6} else closes[n] / closes[n - 1] - 1 for n in range(8)]
    assert [row.derived["return"] for row in rows] == [
        None if value is None else pytest.approx(value, rel=1e-9) for value in expected
    ]
    assert [row.derived["sma_5"] for row in rows[:4]] == [None] * 4
    assert rows[7].derived["sma_5"] == pytest.approx(sum(closes[3:]) / 5)
    assert set(rows[0].derived) == {
        *("return", "sma_5", "ema_9", "rsi_7", "vwap"),
        *("supertrend_2_5_line", "supertrend_2_5_direction"),
    }


def test_longer_candles_are_there_once_they_are_over(desk: Desk) -> None:
    desk.candles.write(H1, all_hours())
    reports = desk.load()
    assert {s.interval: r.rows for s, r in reports.items()} == {
        Interval.H1: 369,
        Interval.H4: 93,  # of a hundred, seven lay within the outage
        Interval.D1: 16,
        Interval.W1: 2,
    }
    day = desk.rows(D1)[4]  # it was out until 131, which is in the sixth day
    within = [c for c in all_hours() if MONDAY + 96 * HOUR <= c.start < MONDAY + 120 * HOUR]
    assert len(within) == 4
    assert day.candle == Candle(
        MONDAY + 96 * HOUR,
        within[0].open,
        max(c.high for c in within),
        min(c.low for c in within),
        within[-1].close,
        sum((c.volume for c in within), Decimal(0)),
    )
    assert desk.rows(H4)[-1].derived["rsi_7"] is not None


@pytest.mark.parametrize("pieces", [(399,), (1, 23, 24, 25, 99, 131, 200), (60, 61, 250, 252)])
def test_in_however_many_pieces_the_rows_are_the_same(
    desk: Desk, other: Desk, pieces: Sequence[int]
) -> None:
    candles = all_hours()
    desk.candles.write(H1, candles)
    desk.load()
    written = 0
    for piece in (*pieces, len(candles)):
        other.candles.write(H1, candles[written:piece])
        other.load()
        written = piece
    assert other.everything() == desk.everything()
    for series in (H1, H4, D1, W1):
        assert other.store.last(series) == desk.store.last(series)


def test_loading_again_changes_nothing(desk: Desk) -> None:
    desk.candles.write(H1, all_hours())
    desk.load()
    before = desk.everything()
    assert desk.load()[H1].rows == 16  # the last day alone
    assert desk.everything() == before
    for since in (MONDAY + 110 * HOUR, MONDAY + 30 * HOUR, MONDAY - 900 * HOUR):
        desk.load(since=since)
        assert desk.everything() == before


def test_a_gap_that_was_filled_is_loaded_by_itself(desk: Desk, other: Desk) -> None:
    desk.candles.write(H1, all_hours())
    start, end = (MONDAY + n * HOUR for n in (OUTAGE.start, OUTAGE.stop))
    desk.candles.mark_gaps(H1, [Gap(start, end)])
    desk.load()
    desk.candles.write(H1, hours(*range(110, 121)))
    desk.candles.mark_gaps(H1, [Gap(start, start + 10 * HOUR), Gap(end - 10 * HOUR, end)])
    report = desk.load()[H1]
    assert report.since == (MONDAY + 110 * HOUR).date()
    other.candles.write(H1, hours(*(n for n in range(400) if n not in OUTAGE or 110 <= n < 121)))
    other.load()
    for series in (H1, H4, D1, W1):
        assert desk.rows(series) == other.rows(series)
    assert desk.load()[H1].rows == 16  # and then no more


def test_a_load_that_broke_off_is_taken_up_where_it_was(
    desk: Desk, other: Desk, tmp_path: Path
) -> None:
    class Breaking(SqliteTimeSeries):
        left = 7

        def replace(self, series: CandleSeries, day: SeriesDay) -> None:
            if not self.left:
                raise StoreUnavailable("the disk is full")
            self.left -= 1
            super().replace(series, day)

    for each in (desk, other):
        each.candles.write(H1, all_hours())
    desk.load()
    breaking = Breaking(tmp_path / "other" / "series.sqlite3")
    with closing(breaking), pytest.raises(StoreUnavailable):
        load_candles(H1, replace(other.work, store=breaking))
    assert len(other.rows()) < len(desk.rows())
    other.load()
    assert other.everything() == desk.everything()


def test_other_indicators_are_derived_for_every_day(desk: Desk, other: Desk) -> None:
    for each in (desk, other):
        each.candles.write(H1, all_hours())
    other.load()
    for each in (desk, other):
        each.work = replace(each.work, indicators=("rsi:14", "wma:3"))
        each.load()
    assert other.everything() == desk.everything()
    assert set(other.rows()[0].derived) == {"return", "rsi_14", "wma_3"}


def load_in_turns(desk: Desk) -> int:
    """Runs of which each has time for two days and a half; how many it took."""
    for run in range(1, 30):
        looks = iter([False] * 60)
        hurried = replace(desk.work, is_over=partial(next, looks, True))
        if all(report.finished for report in load_candles(H1, hurried)):
            return run
    pytest.fail("it is never done")


def test_where_time_is_up_the_next_run_goes_on(desk: Desk, other: Desk) -> None:
    for each in (desk, other):
        each.work = replace(each.work, intervals=(Interval.H4, Interval.D1))
        each.candles.write(H1, all_hours())
    desk.load()
    assert load_in_turns(other) > 5
    assert other.everything() == desk.everything()


def test_other_indicators_are_derived_in_as_many_runs_as_it_takes(desk: Desk, other: Desk) -> None:
    for each in (desk, other):
        each.work = replace(each.work, intervals=(Interval.H4, Interval.D1))
        each.candles.write(H1, all_hours())
        each.load()
        each.work = replace(each.work, indicators=("rsi:14", "wma:3"))
    desk.load()
    assert load_in_turns(other) > 5
    assert other.everything() == desk.everything()


def test_an_interval_that_the_lake_has_is_not_resampled(desk: Desk) -> None:
    desk.candles.write(H1, all_hours())
    own = Candle(MONDAY, *map(Decimal, (1, 4, 1, 2, 9)))
    desk.candles.write(H4, [own])
    assert set(desk.load()) == {H1}
    assert {report.series for report in load_candles(H4, desk.work)} == {H4, D1, W1}
    assert [row.candle for row in desk.rows(H4)] == [own]


@pytest.mark.parametrize("sources", [(M30, H1), (H1, M30), (M30, H1, M30)])
def test_of_two_that_the_lake_has_the_longer_is_resampled(
    desk: Desk, other: Desk, sources: Sequence[CandleSeries]
) -> None:
    """In whichever order they are loaded: prices of minutes and of hours may differ in a gap."""
    other.candles.write(H1, all_hours())
    other.load()
    halves = [c._replace(start=c.start + n * HOUR / 2) for c in all_hours(90) for n in (0, 1)]
    desk.candles.write(M30, [c._replace(volume=Decimal(7)) for c in halves])
    desk.candles.write(H1, all_hours())
    made = {source: {r.series for r in load_candles(source, desk.work)} for source in sources}
    assert made == {M30: {M30}, H1: {H1, H4, D1, W1}}
    assert desk.everything() == other.everything()


def test_a_report_says_how_far_the_rows_go(desk: Desk) -> None:
    desk.candles.write(H1, hours(*range(30)))
    reports = desk.load()
    ends = {series: reports[series].end for series in (H1, H4, D1, W1)}
    assert ends == {
        H1: MONDAY + 30 * HOUR,
        H4: MONDAY + 28 * HOUR,
        D1: MONDAY + 24 * HOUR,
        W1: None,
    }


def test_absurd_candles_are_set_aside_with_the_reason(desk: Desk) -> None:
    candles = hours(*range(60))
    candles[30] = candles[30]._replace(high=Decimal("1e9"))
    candles[50] = candles[50]._replace(low=Decimal("0.01"))
    desk.candles.write(H1, candles)
    report = desk.load()[H1]
    assert (report.rows, report.rejected) == (58, 2)
    assert not {30, 50} & {(row.candle.start - MONDAY) // HOUR for row in desk.rows()}
    key = "quarantine/candles/venue=binance/symbol=BTC-USDT/interval=1h/dt=2024-07-02.jsonl.gz"
    content = desk.lake.get(key)
    (line,) = gzip.decompress(content or b"").splitlines()
    fact = json.loads(line)
    assert fact["reason"].startswith("high is 1000000000; it must be within 10 times")
    assert (fact["start"], fact["high"]) == ("2024-07-02T06:00:00Z", "1000000000")
    assert len(desk.lake.objects("quarantine/")) == 2
    # Of four hours one is missing: the candle is made of the other three.
    assert max(row.candle.high for row in desk.rows(H4)) < 70_000


def test_the_first_time_takes_the_last_90_days_or_what_is_asked_for(desk: Desk) -> None:
    days = [c._replace(start=MONDAY + n * 24 * HOUR) for n, c in enumerate(hours(*range(200)))]
    desk.candles.write(D1, days)
    (report, *_) = load_candles(D1, desk.work)
    assert (report.rows, report.since) == (91, (MONDAY + 109 * 24 * HOUR).date())
    (report, *_) = load_candles(D1, desk.work, since=MONDAY + 20 * 24 * HOUR)
    assert report.rows == 180
    assert [row.candle for row in desk.rows(D1)] == days[20:]
    assert desk.rows(D1)[89].derived["sma_5"] is not None


def test_days_that_are_no_more_in_the_lake_are_no_more_in_the_store(desk: Desk) -> None:
    desk.candles.write(H1, hours(*range(100)))
    desk.load()
    keys = [found.key for found in desk.lake.objects(H1.prefix)]
    for key in keys:
        desk.lake.delete(key)
    kept = hours(*range(20), *range(80, 110))
    desk.candles.write(H1, kept)
    desk.load(since=MONDAY)
    assert [row.candle for row in desk.rows()] == kept


def test_of_what_there_is_nothing_there_is_nothing_to_load(desk: Desk) -> None:
    assert desk.load() == {}
