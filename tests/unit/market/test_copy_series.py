"""What is loaded is copied, too; what could not be copied is copied later, and nothing waits."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from chalicelib.adapters.candles.parquet import ParquetCandles
from chalicelib.adapters.lakes.folder import FolderLake
from chalicelib.adapters.series.sqlite import SqliteTimeSeries
from chalicelib.adapters.series.timestream import TimestreamCopy
from chalicelib.domain.market.candle import Candle
from chalicelib.domain.market.candle_series import CandleSeries
from chalicelib.domain.market.interval import Interval
from chalicelib.services.market.load_candles import Loading, LoadReport, load_candles
from tests.market.timestream import DATABASE, TABLE, Seen, Timestream, timestream
from tests.trading_floor import HandClock

H1 = CandleSeries("binance", "BTC/USDT", Interval.H1)
D1 = H1._replace(interval=Interval.D1)
MONDAY = datetime(2024, 7, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
EVER = (datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))


@pytest.fixture
def there(monkeypatch: pytest.MonkeyPatch) -> Iterator[Timestream]:
    with timestream(monkeypatch) as made:
        yield made


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def work(tmp_path: Path, there: Timestream, clock: HandClock) -> Iterator[Loading]:
    with (
        closing(FolderLake(tmp_path / "lake")) as lake,
        closing(SqliteTimeSeries(tmp_path / "series.sqlite3")) as store,
        there.client(attempts=1) as client,
    ):
        yield Loading(
            candles=ParquetCandles(lake),
            lake=lake,
            store=store,
            intervals=(Interval.D1,),
            indicators=("sma:5",),
            copy=TimestreamCopy(client, DATABASE, TABLE, now=clock.now),
        )


def collected(work: Loading, first: int, end: int) -> None:
    prices = [Decimal(60_000 + n * 7919 % 997) for n in range(first, end)]
    made = [Candle(MONDAY + (first + n) * HOUR, p, p, p, p, p) for n, p in enumerate(prices)]
    work.candles.write(H1, made)


def loaded(work: Loading, clock: HandClock, since: datetime | None = None) -> list[LoadReport]:
    clock.pass_time(hours=1)
    return load_candles(H1, work, since=since)


def wanted(work: Loading, series: CandleSeries) -> Seen:
    """What the time series has, as Timestream would show it."""
    return {
        row.candle.start: {name: float(getattr(row.candle, name)) for name in Candle._fields[1:]}
        | {name: value for name, value in row.derived.items() if value is not None}
        for row in work.store.read(series, *EVER)
    }


def assert_copied(work: Loading, there: Timestream) -> None:
    for series in (H1, D1):
        assert there.seen(series.venue, series.symbol, series.interval) == wanted(work, series)


def test_the_copy_has_what_the_time_series_has(
    work: Loading, there: Timestream, clock: HandClock
) -> None:
    for first, end in ((0, 30), (30, 31), (31, 80)):
        collected(work, first, end)
        assert [report.not_copied for report in loaded(work, clock)] == ["", ""]
        assert_copied(work, there)
    assert len(wanted(work, H1)) == 80
    there.asked.clear()
    loaded(work, clock)
    assert len(there.seen(*map(str, H1))) == 8, "the last day, and no other"


def test_an_outage_of_days_holds_nothing_up_and_is_made_good(
    work: Loading, there: Timestream, clock: HandClock
) -> None:
    collected(work, 0, 30)
    loaded(work, clock)
    there.is_away = True
    for end in (50, 75, 100):
        collected(work, end - 25, end)
        hourly, _ = loaded(work, clock)
        assert hourly.not_copied.startswith(
            "rows from 2024-07-02 on are not copied, and will be tried again: Timestream's "
        )
    assert len(wanted(work, H1)) == 100, "the time series did not wait"
    there.is_away = False
    assert [report.not_copied for report in loaded(work, clock)] == ["", ""]
    assert_copied(work, there)
    there.asked.clear()
    loaded(work, clock)
    assert len(there.seen(*map(str, H1))) == 4, "what was made good is not repeated"


def test_a_copy_that_does_not_answer_is_asked_once_a_load(
    work: Loading, there: Timestream, clock: HandClock
) -> None:
    away = (500, {"__type": "InternalServerException", "message": "made up"})
    there.refusals = [away] * 9
    collected(work, 0, 100)
    loaded(work, clock)
    assert len(there.asked) == 1


def test_without_a_copy_a_hole_in_one_is_forgotten(
    work: Loading, there: Timestream, clock: HandClock
) -> None:
    collected(work, 0, 30)
    there.is_away = True
    loaded(work, clock)
    hourly, _ = loaded(replace(work, copy=None), clock)
    assert (hourly.since, hourly.not_copied) == (MONDAY.date() + timedelta(days=1), "")


def test_rows_that_are_refused_for_good_are_told_and_not_tried_again(
    work: Loading, there: Timestream, clock: HandClock
) -> None:
    refused = [{"RecordIndex": n, "Reason": "too old"} for n in range(24)]
    said = {"__type": "RejectedRecordsException", "RejectedRecords": refused}
    one = {**said, "RejectedRecords": refused[:1]}
    there.refusals = [(419, said), (419, one), (419, one)]  # hours, a day, and hours again
    collected(work, 0, 60)
    hourly, daily = loaded(work, clock)
    assert hourly.not_copied == (
        "Timestream's crypto-bot-prod.candles refused 25 rows for good, such as that of"
        " 2024-07-01T00:00Z: too old"
    )
    assert hourly.rows == 60
    assert "refused 1 rows for good" in daily.not_copied
    there.asked.clear()
    hourly, _ = loaded(work, clock)
    assert (hourly.not_copied, hourly.since) == ("", MONDAY.date() + timedelta(days=2))
