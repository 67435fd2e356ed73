"""Candles of several instruments, until a bot can decide on those of one close."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from chalicelib.domain.bots.gathering import Gathering, Places
from chalicelib.domain.market.bus_message import Message
from chalicelib.domain.market.candle import Candle
from tests.unit.bots.paper_market import BTC, ETH

SOL = "SOL/USDT"
START = datetime(2026, 3, 2, 8, tzinfo=UTC)
ONE = Decimal(1)


def candle(number: int, close: str = "1") -> Candle:
    price = Decimal(close)
    return Candle(START + timedelta(hours=number), price, price, price, price, ONE)


def message(offset: int, partition: int = 0, at_ms: int = 0) -> Message:
    return Message(partition, offset, at_ms, b"")


def basket() -> Gathering:
    return Gathering((BTC, ETH, SOL))


def test_of_one_instrument_nothing_is_waited_for() -> None:
    alone = Gathering((BTC,))
    assert alone.next() is None
    alone.add(BTC, candle(0), message(0))
    assert alone.next() == {BTC: candle(0)}
    assert alone.next() is None


def test_a_close_is_whole_when_the_last_candle_of_it_is_there() -> None:
    found = basket()
    found.add(SOL, candle(0), message(0))
    found.add(BTC, candle(0), message(1))
    assert found.next() is None
    found.add(ETH, candle(0), message(2))
    assert found.next() == {SOL: candle(0), BTC: candle(0), ETH: candle(0)}
    assert found.next() is None


def test_an_instrument_that_has_a_later_candle_has_none_at_this_close() -> None:
    found = basket()
    for symbol in (BTC, ETH):
        found.add(symbol, candle(0), message(0))
        found.add(symbol, candle(1), message(1))
    assert found.next() is None
    found.add(SOL, candle(1), message(2))
    assert found.next() == {BTC: candle(0), ETH: candle(0)}
    assert found.next() == {symbol: candle(1) for symbol in (BTC, ETH, SOL)}


def test_a_later_close_does_not_overtake_an_earlier_one() -> None:
    found = basket()
    found.add(BTC, candle(0), message(0))
    for symbol in (BTC, ETH):
        found.add(symbol, candle(1), message(1))
    assert found.next() is None, "SOL may have both"


def test_what_was_on_the_bus_long_enough_waits_no_longer() -> None:
    found = basket()
    found.add(BTC, candle(0), message(0, at_ms=100))
    found.add(ETH, candle(0), message(1, at_ms=200))
    assert (found.is_late(199), found.next(199)) == (False, None)
    assert (found.is_late(200), found.next()) == (True, None)
    assert found.next(200) == {BTC: candle(0), ETH: candle(0)}
    assert (found.is_late(200), found.next(200)) == (False, None)


def test_of_two_candles_of_one_time_the_first_counts() -> None:
    alone = Gathering((BTC, ETH))
    alone.add(BTC, candle(0, "1"), message(0))
    alone.add(BTC, candle(0, "2"), message(1))
    alone.add(ETH, candle(0), message(2))
    assert alone.next() == {BTC: candle(0, "1"), ETH: candle(0)}


def test_what_somebody_else_reads_is_forgotten() -> None:
    found = Gathering((BTC, ETH))
    found.add(BTC, candle(0), message(0, partition=1))
    found.add(BTC, candle(1), message(1, partition=2))
    found.forget({1})
    found.add(ETH, candle(1), message(0, partition=3))
    assert found.next() == {BTC: candle(1), ETH: candle(1)}


def test_what_somebody_else_reads_is_waited_for_when_it_comes_back() -> None:
    found = Gathering((BTC, ETH))
    found.add(BTC, candle(0), message(0, partition=1))
    found.add(ETH, candle(0), message(0, partition=2))
    found.forget({2})
    assert found.next() is None
    found.add(ETH, candle(0), message(0, partition=2))
    assert found.next() == {BTC: candle(0), ETH: candle(0)}


def test_an_older_candle_that_comes_once_more_makes_no_later_one_forgotten() -> None:
    found = basket()
    found.add(SOL, candle(2), message(0))
    found.add(SOL, candle(0), message(1))
    for symbol in (BTC, ETH):
        found.add(symbol, candle(1), message(2))
    assert found.next() == {SOL: candle(0)}
    assert found.next() == {BTC: candle(1), ETH: candle(1)}


def test_a_place_that_was_forgotten_is_said_anew() -> None:
    places = Places()
    places.forget([7])
    places.read(message(5))
    assert places.moved([]) == {0: 6}
    places.forget([0])
    assert places.moved([]) == {}
    places.read(message(5))
    assert places.moved([]) == {0: 6}


def test_after_a_crash_it_is_read_from_the_first_that_is_still_needed() -> None:
    found, places = basket(), Places()
    for number, symbol in enumerate((BTC, ETH, BTC, ETH)):
        places.read(message(number))
        found.add(symbol, candle(number // 2), message(number))
    places.read(message(7, partition=1))
    assert places.moved([found]) == {0: 0, 1: 8}
    assert places.moved([found]) == {}, "said once"
    found.next(0)
    assert places.moved([found]) == {0: 2}
    found.next(0)
    assert places.moved([found, basket()]) == {0: 4}
    places.forget([0, 1])
    assert places.moved([found]) == {}
