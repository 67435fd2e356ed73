"""Recorded candles and trades of Binance: sums agree, files are imported, outages are gaps."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from chalicelib.adapters.candles.files import MarketFile
from chalicelib.adapters.candles.parquet import ParquetCandles
from chalicelib.adapters.lakes.folder import FolderLake
from chalicelib.domain.market.candle import Candle
from chalicelib.domain.market.candle_series import candle_series
from chalicelib.domain.market.candles_from_trades import candles_from_trades
from chalicelib.domain.market.interval import Interval
from chalicelib.domain.market.trade import parse_trade
from chalicelib.services.market.build_candles import candles_of_archive
from chalicelib.services.market.import_candles import import_candles
from tests.market.floor import market_floor
from tests.market.recorded import aggregated_trades, trades_folder

XRP = "XRP-ETH.1m.2019-10-11.2019-10-13.parquet"
OUTAGES = "BTC-USDT.1h.2017-08-17.2022-10-25.with-outage-gaps.parquet"
START = datetime(2019, 10, 11, tzinfo=UTC)
BINANCE_OUTAGE = datetime(2018, 2, 8, tzinfo=UTC)  # its longest: 33 hours of maintenance


def recorded(name: str) -> Path:
    path = trades_folder().parent / "candles" / name
    if not path.is_file():
        pytest.skip(f"no recorded candles: there is no {path}")
    return path


def rows(path: Path) -> list[Candle]:
    """Without a line of the bot's: what Python prints of each float, and its value exactly."""
    with duckdb.connect() as connection:
        found = connection.execute(
            "SELECT * FROM read_parquet(?) ORDER BY 1", [str(path)]
        ).fetchall()
    return [
        Candle(datetime.fromtimestamp(ms / 1000, UTC), *(Decimal(repr(value)) for value in values))
        for ms, *values in found
    ]


def test_recorded_trades_give_the_recorded_candles() -> None:
    expected = rows(recorded(XRP))
    trades = [parse_trade(message) for message in aggregated_trades()]
    assert (len(trades), len(expected)) == (12_477, 2_469)
    assert candles_from_trades(trades, Interval.M1) == expected


def test_so_do_the_same_trades_from_the_archive_and_from_a_file(tmp_path: Path) -> None:
    expected = rows(recorded(XRP))
    messages = aggregated_trades()
    parsed = [parse_trade(message) for message in messages]
    with market_floor(tmp_path) as floor:
        floor.clock.advance_to(datetime(2019, 10, 14, tzinfo=UTC))
        floor.publish(*messages)
        with floor.archiving() as work:
            from tests.market.floor import work_off

            work_off(work)
            floor.pass_time(60)
            work_off(work)
        end = START + timedelta(days=3)
        built = list(candles_of_archive("XRPETH", floor.lake, start=START, end=end))
    assert [candle for portion in built for candle in portion] == expected
    path = tmp_path / "trades.csv"
    lines = [f"{t.at_ms},{t.id},{t.price},{t.quantity}\n" for t in parsed]
    path.write_text(f"time,id,price,quantity\n{''.join(lines)}")
    made = MarketFile(path).candles_of_trades(Interval.M1)
    assert [candle for portion in made for candle in portion] == expected


def test_real_outages_are_gaps(tmp_path: Path) -> None:
    path = recorded(OUTAGES)
    expected = rows(path)
    series = candle_series("binance", "BTC/USDT", "1h")
    candles = ParquetCandles(FolderLake(tmp_path / "lake"))
    report = import_candles(series, MarketFile(path).candles(), candles)
    assert (report.written, report.refused, len(expected)) == (45_345, 0, 45_345)
    first, last = expected[0].start, expected[-1].start
    assert candles.read(series, first, last + timedelta(hours=1)) == expected
    known = {candle.start for candle in expected}
    hours = (last - first) // timedelta(hours=1)
    missing = [at for n in range(hours) if (at := first + n * timedelta(hours=1)) not in known]
    gaps = candles.gaps(series)
    assert (len(gaps), len(missing)) == (27, 127)
    marked = Counter(
        gap.start + n * timedelta(hours=1) for gap in gaps for n in range(gap.missing(Interval.H1))
    )
    assert marked == Counter(missing)
    longest = max(gaps, key=lambda gap: gap.missing(Interval.H1))
    assert longest.start.date() == BINANCE_OUTAGE.date()
    assert longest.missing(Interval.H1) == 33
