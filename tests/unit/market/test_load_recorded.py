"""Five years of hours with the outages of the exchange, as they were recorded."""

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import groupby, pairwise
from pathlib import Path

import duckdb
import pytest

from chalicelib.adapters.candles.parquet import ParquetCandles
from chalicelib.adapters.lakes.folder import FolderLake
from chalicelib.adapters.series.sqlite import SqliteTimeSeries
from chalicelib.domain.market.candle import Candle
from chalicelib.domain.market.candle_series import CandleSeries
from chalicelib.domain.market.interval import Interval
from chalicelib.services.market.load_candles import Loading, load_candles
from tests.unit.indicators.candles import data

BTC = CandleSeries("binance", "BTC/USDT", Interval.H1)
HOUR = timedelta(hours=1)
EVER = (datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))


@pytest.fixture
def hours() -> list[Candle]:
    (file,) = data("candles").glob("BTC-USDT.1h.*with-outage-gaps.parquet")
    with closing(duckdb.connect(":memory:")) as connection:
        rows = connection.execute(
            "SELECT time_ms, open, high, low, close, volume FROM read_parquet(?) ORDER BY time_ms",
            [str(file)],
        ).fetchall()
    return [
        Candle(datetime.fromtimestamp(ms / 1000, UTC), *(Decimal(repr(value)) for value in values))
        for ms, *values in rows
    ]


@pytest.fixture
def work(tmp_path: Path) -> Iterator[Loading]:
    lake, store = FolderLake(tmp_path / "lake"), SqliteTimeSeries(tmp_path / "series.sqlite3")
    with closing(lake), closing(store):
        yield Loading(
            candles=ParquetCandles(lake),
            lake=lake,
            store=store,
            intervals=(Interval.D1,),
            indicators=("sma:24",),
        )


@pytest.mark.slow
def test_outages_stay_gaps_and_days_are_made_of_what_there_is(
    hours: list[Candle], work: Loading
) -> None:
    work.candles.write(BTC, hours)
    hourly, daily = load_candles(BTC, work, since=hours[0].start)
    assert (hourly.rows, hourly.rejected) == (len(hours), 0)

    rows = work.store.read(BTC, *EVER)
    assert [row.candle for row in rows] == hours
    after_gaps = [b.start for a, b in pairwise(hours) if b.start - a.start != HOUR]
    assert len(after_gaps) > 10
    without_return = [row.candle.start for row in rows if row.derived["return"] is None]
    assert without_return == [hours[0].start, *after_gaps]
    for number in range(23, len(rows), 997):
        average = sum(float(c.close) for c in hours[number - 23 : number + 1]) / 24
        assert rows[number].derived["sma_24"] == pytest.approx(average, rel=1e-9)

    days = [list(those) for _, those in groupby(hours, lambda candle: candle.start.date())]
    if days[-1][-1].start.hour != 23:  # not over yet
        days.pop()
    assert daily.rows == len(days)
    found = work.store.read(BTC._replace(interval=Interval.D1), *EVER)
    assert [row.candle for row in found] == [
        Candle(
            those[0].start.replace(hour=0),
            those[0].open,
            max(candle.high for candle in those),
            min(candle.low for candle in those),
            those[-1].close,
            sum((candle.volume for candle in those), Decimal(0)),
        )
        for those in days
    ]
