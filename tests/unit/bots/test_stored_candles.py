"""The candles of a time series as the bus would have them: those that a bot has not seen."""

from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from chalicelib.adapters.series.sqlite import SqliteTimeSeries
from chalicelib.domain.bots.bot import set_up
from chalicelib.domain.bots.setup import Setup
from chalicelib.domain.market.bus_message import Position
from chalicelib.domain.market.candle import Candle
from chalicelib.domain.market.candle_series import CandleSeries
from chalicelib.domain.market.interval import Interval
from chalicelib.domain.market.kline import Kline, parse_kline
from chalicelib.domain.market.series_day import KeptDay, SeriesDay, SeriesRow
from chalicelib.services.bots.stored_candles import StoredCandles, stored_history
from tests.unit.bots.paper_market import BTC, ETH, scripted

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
NAMES = {"BTCUSDT": BTC, "ETHUSDT": ETH}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteTimeSeries]:
    with closing(SqliteTimeSeries(tmp_path / "series.sqlite3")) as made:
        yield made


def keep(store: SqliteTimeSeries, symbol: str, *starts: datetime) -> None:
    for day in sorted({start.date() for start in starts}):
        rows = [
            SeriesRow(Candle(start, *map(Decimal, ("1.5", "3", "1.25", "2", "0"))), {})
            for start in starts
            if start.date() == day
        ]
        series = CandleSeries("kraken", symbol, Interval.H1)
        store.replace(series, SeriesDay(KeptDay(day, {}), tuple(rows)))


def setups(warmup: int = 0) -> list[Setup]:
    return set_up(scripted({}, warmup=warmup), instruments=[BTC, ETH])


def polled(reader: StoredCandles, limit: int = 1000) -> list[Kline]:
    found = []
    for message in reader.poll(limit=limit, wait=0).messages:
        kline = parse_kline(message.value, NOON + 90 * DAY)
        assert kline is not None
        found.append(kline)
        reader.commit(0, Position(message.offset + 1))
    return found


def seen(klines: Sequence[Kline]) -> list[tuple[str, datetime]]:
    return [(NAMES[kline.symbol], kline.candle.start) for kline in klines]


def test_those_of_all_instruments_come_in_the_order_of_time(store: SqliteTimeSeries) -> None:
    keep(store, BTC, NOON - HOUR, NOON, NOON + HOUR, NOON + 2 * HOUR)
    keep(store, ETH, NOON, NOON + HOUR)
    reader = StoredCandles(store, "kraken", setups(), {BTC: NOON, ETH: NOON + HOUR})
    found = polled(reader)
    assert seen(found) == [
        (BTC, NOON),
        (BTC, NOON + HOUR),
        (ETH, NOON + HOUR),
        (BTC, NOON + 2 * HOUR),
    ]
    assert found[0].interval is Interval.H1
    assert found[0].candle == Candle(NOON, *map(Decimal, ("1.5", "3", "1.25", "2", "0")))
    assert polled(reader) == []
    keep(store, ETH, NOON, NOON + HOUR, NOON + 2 * HOUR)
    assert seen(polled(reader)) == [(ETH, NOON + 2 * HOUR)], "it is there now"


def test_few_come_at_once_and_none_is_left_out(store: SqliteTimeSeries) -> None:
    starts = [NOON + number * HOUR for number in range(30)]
    keep(store, BTC, *starts)
    reader = StoredCandles(store, "kraken", setups(), {BTC: NOON})
    assert (len(polled(reader, limit=4)), reader.lag()) == (4, 20)  # of a day
    assert len(polled(reader)) == 10
    assert [start for _, start in seen(polled(reader) + polled(reader) + polled(reader))] == (
        starts[14:]
    )
    reader.close()


def test_that_there_is_nothing_more_is_known_when_it_was_looked_for(
    store: SqliteTimeSeries,
) -> None:
    keep(store, BTC, NOON, NOON + 2 * DAY)
    reader = StoredCandles(store, "kraken", setups(), {BTC: NOON})
    lags = [(len(polled(reader)), reader.lag()) for _ in range(3)]
    assert lags == [(1, 1), (1, 1), (0, 0)]
    keep(store, BTC, NOON, NOON + 2 * DAY, NOON + 2 * DAY + HOUR)
    assert (len(polled(reader)), reader.lag()) == (1, 1)


def test_instruments_that_are_traded_together_come_together(store: SqliteTimeSeries) -> None:
    keep(store, BTC, *(NOON + n * HOUR for n in range(-4, 2)))
    keep(store, ETH, *(NOON + n * HOUR for n in range(-4, 1)))
    pair = set_up(scripted({}, together=True, warmup=1), instruments=[BTC, ETH])
    reader = StoredCandles(store, "kraken", pair, dict.fromkeys([BTC, ETH], NOON))
    batch = reader.poll(limit=9, wait=0)
    assert [message.at_ms for message in batch.messages] == [
        int((NOON + n * HOUR).timestamp() * 1000) for n in (1, 1, 2)
    ], "when it closed"
    shown = stored_history(store, "kraken", pair[0], NOON)
    assert {symbol: len(candles) for symbol, candles in shown.items()} == {BTC: 4, ETH: 4}


@pytest.mark.parametrize("pause", [5 * HOUR, DAY, 2 * DAY - HOUR, 40 * DAY])
def test_a_gap_is_passed(store: SqliteTimeSeries, pause: timedelta) -> None:
    keep(store, BTC, NOON, NOON + HOUR + pause)
    reader = StoredCandles(store, "kraken", setups(), {BTC: NOON})
    assert seen([*polled(reader), *polled(reader)]) == [(BTC, NOON), (BTC, NOON + HOUR + pause)]


def test_an_instrument_that_rests_is_not_read(store: SqliteTimeSeries) -> None:
    keep(store, BTC, NOON)
    assert polled(StoredCandles(store, "kraken", setups(), {})) == []
    assert polled(StoredCandles(store, "binance", setups(), {BTC: NOON})) == []


def test_a_bot_that_begins_is_shown_four_warm_ups_that_had_closed(store: SqliteTimeSeries) -> None:
    keep(store, BTC, *(NOON + number * HOUR for number in range(-11, 3)))
    first, _ = setups(warmup=2)
    shown = stored_history(store, "kraken", first, NOON)
    assert [candle.start for candle in shown[BTC]] == [NOON - n * HOUR for n in range(8, 0, -1)]
    shown = stored_history(store, "kraken", first, NOON + timedelta(minutes=59))
    assert shown[BTC][-1].start == NOON - HOUR, "that of noon is open still"
    assert stored_history(store, "kraken", setups()[0], NOON) == {}
