"""The latest candles of the bus: kept by start, in a circle, on every table."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from chalicelib.adapters.stores.klines import TableKlines
from chalicelib.domain.market.candle import Candle
from chalicelib.domain.market.interval import Interval
from chalicelib.domain.market.kline import Kline
from chalicelib.drivers.table import Table

START = datetime(2026, 3, 2, 8, tzinfo=UTC)
KEPT = 360
M1, H1, W1 = Interval.M1, Interval.H1, Interval.W1


def opened(table: Table) -> TableKlines:
    return TableKlines(table, lambda: None, kept=KEPT)


def kline(
    number: int, symbol: str = "BTCUSDT", interval: Interval = M1, close: str = "61837.230"
) -> Kline:
    amounts = ("61000", "62000.5", "60999.99", close, "0.00001")
    start = interval.start_of(START) + number * interval.length
    return Kline(symbol, interval, Candle(start, *map(Decimal, amounts)))


def starts(store: TableKlines, limit: int = 99, since: datetime | None = None) -> list[int]:
    found = store.newest("BTCUSDT", M1, limit, since)
    return [(candle.start - START) // M1.length for candle in found]


def test_candles_come_back_newest_first_with_every_digit(table: Table) -> None:
    store = opened(table)
    assert store.newest("BTCUSDT", M1, 5) == []
    store.add([])
    store.add([kline(n) for n in (3, 1, 2)])
    assert opened(table).newest("BTCUSDT", M1, 2) == [kline(3).candle, kline(2).candle]
    assert starts(store) == [3, 2, 1]
    assert starts(store, since=START + 2 * M1.length) == [3, 2]


def test_symbols_and_intervals_are_told_apart(table: Table) -> None:
    store = opened(table)
    store.add([kline(1), kline(5, "ETHUSDT"), kline(7, interval=H1), kline(3, interval=W1)])
    assert starts(store) == [1]
    assert store.newest("ETHUSDT", M1, 9) == [kline(5, "ETHUSDT").candle]
    assert store.newest("BTCUSDT", H1, 9) == [kline(7, interval=H1).candle]
    assert store.newest("BTCUSDT", W1, 9) == [kline(3, interval=W1).candle]


def test_the_same_candle_again_is_one_and_the_later_word_counts(table: Table) -> None:
    store = opened(table)
    store.add([kline(1), kline(1)])
    opened(table).add([kline(1, close="5")])
    assert [candle.close for candle in store.newest("BTCUSDT", M1, 9)] == [Decimal(5)]


def test_neighbours_across_sixty_and_gaps_keep_their_order(table: Table) -> None:
    store = opened(table)
    for number in (59, 60, 200, 61, 50, 58):
        store.add([kline(number)])
    assert starts(opened(table)) == [200, 61, 60, 59, 58, 50]
    opened(table).add([kline(250), kline(-5)])
    assert starts(store) == [250, 200, 61, 60, 59, 58, 50, -5]


def test_a_circle_later_the_old_ones_are_gone(table: Table) -> None:
    store = opened(table)
    store.add([kline(n) for n in (0, 1, 70)])
    store.add([kline(KEPT + 1)])  # where 1 was
    # 0 still lies beside it, and is a circle too old; 70 is within reach.
    assert starts(store) == [KEPT + 1, 70]
    assert starts(opened(table)) == [KEPT + 1, 70]


@pytest.mark.parametrize("anew", [False, True])
def test_what_is_too_old_takes_no_place(table: Table, *, anew: bool) -> None:
    store = opened(table)
    store.add([kline(KEPT + 70)])
    store = opened(table) if anew else store
    store.add([kline(70), kline(130)])
    assert starts(store) == [KEPT + 70, 130]
