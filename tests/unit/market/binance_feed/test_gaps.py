"""What the stream left out comes over REST, in its place, or it is said."""

import json
import logging
import time
from collections.abc import Callable
from dataclasses import replace

import pytest

from chalicelib.domain.market.stream_gap import Numbered
from tests.market.binance_frames import text_of
from tests.market.binance_streams import MINUTE_MS, BinanceStreams
from tests.market.feed_reader import QUICK, Reader
from tests.trading_floor import HandClock
from tests.venues.loopback import Answer, json_answer


def test_what_happens_before_the_connection_is_open_is_not_lost(
    venue: BinanceStreams,
    make_reader: Callable[..., Reader],
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, "chalicelib")
    venue.trade()
    venue.refuses_connections = True
    reader = make_reader()
    reader.poll()
    assert "btcusdt@aggTrade begins anew, after 1000" in caplog.text
    venue.trade(5, told=False)
    venue.refuses_connections = False
    reader.connect()
    venue.trade()
    reader.poll_until(lambda: len(reader.trades) == 6)
    assert reader.ids == [1001, 1002, 1003, 1004, 1005, 1006]


def test_a_gap_is_fetched_before_anything_else_goes_on(reader: Reader) -> None:
    reader.venue.trade(3)
    reader.venue.trade(4, told=False)
    reader.venue.trade(3)
    reader.read_all()
    assert reader.venue.asked_from() == [1003]
    fetched = json.loads(reader.trades[4])
    assert fetched == {n: v for n, v in reader.venue.trades[4].items() if n != "E"}


def test_a_long_gap_takes_several_pages(reader: Reader) -> None:
    reader.venue.trade(1)
    reader.venue.trade(2500, told=False)
    reader.venue.trade(1)
    reader.read_all()
    assert reader.venue.asked_from() == [1001, 2001, 3001]


def test_what_comes_late_by_itself_is_not_asked_for(
    make_reader: Callable[..., Reader], venue: BinanceStreams
) -> None:
    reader = make_reader(timing=replace(QUICK, gap_patience=5.0))
    reader.connect()
    first, second, third = (fact for _ in range(3) for fact in venue.trade(told=False))
    venue.tell(first)
    venue.tell(third)
    for _ in range(10):
        reader.poll()
    assert reader.ids == [first["a"]]
    venue.tell(second)
    reader.read_all()
    assert venue.asked_from() == []


def test_numbers_that_the_venue_never_gave_are_no_gap_for_ever(reader: Reader) -> None:
    reader.venue.trade(2)
    reader.venue.trade(1, a=1010)
    reader.venue.trade(1)
    reader.read_all()
    assert reader.ids == [1000, 1001, 1010, 1011]


def test_a_list_that_lags_behind_the_stream_is_asked_again(reader: Reader) -> None:
    reader.venue.trade(2)
    reader.venue.newest_known = 1001
    reader.venue.trade(2, told=False)
    reader.venue.trade(1)
    reader.poll_until(lambda: len(reader.venue.asked_from()) == 3)
    assert reader.ids == [1000, 1001]
    reader.venue.newest_known = None
    reader.read_all()


def test_what_the_venue_does_not_have_after_all_is_said_and_passed(
    reader: Reader, caplog: pytest.LogCaptureFixture
) -> None:
    reader.venue.trade(2)
    reader.venue.newest_known = 1001
    reader.venue.trade(2, told=False)
    reader.venue.trade(2)
    reader.poll_until(lambda: len(reader.trades) == 4)
    assert reader.ids == [1000, 1001, 1004, 1005]
    assert "btcusdt@aggTrade: the venue has no messages 1002 to 1003" in caplog.text


@pytest.mark.parametrize(
    "trouble",
    [
        Answer(status=502, body="<html>"),
        Answer(status=200, body="[{"),
        Answer(status=200, body='{"code":-1,"msg":"busy"}'),
    ],
)
def test_while_rest_fails_later_trades_wait(
    reader: Reader, trouble: Answer, caplog: pytest.LogCaptureFixture
) -> None:
    reader.venue.trade(2)
    reader.read_all()
    reader.venue.answers = [trouble, trouble]
    reader.venue.trade(2, told=False)
    reader.venue.trade(2)
    reader.poll_until(lambda: not reader.venue.answers)
    assert reader.ids == [1000, 1001]
    assert "btcusdt@aggTrade waits for 2 missing messages" in caplog.text
    reader.read_all()


def test_a_venue_that_asks_for_a_pause_gets_it(reader: Reader) -> None:
    reader.venue.trade(1)
    reader.read_all()
    reader.venue.answers = [json_answer({}, status=418, headers={"Retry-After": "1"})]
    reader.venue.trade(1, told=False)
    reader.venue.trade(1)
    reader.poll_until(lambda: not reader.venue.answers)
    before, since = len(reader.venue.asked), time.monotonic()
    reader.read_all()
    assert time.monotonic() - since > 0.9
    assert len(reader.venue.asked) == before + 1


def test_half_of_what_the_venue_allows_is_left_to_the_trading(
    make_reader: Callable[..., Reader],
) -> None:
    clock = HandClock()
    reader = make_reader(clock=clock)
    reader.connect()
    reader.venue.trade(1)
    reader.read_all()
    reader.venue.answers = [
        json_answer([], headers={"X-MBX-USED-WEIGHT-1M": "600"}),
    ]
    reader.venue.trade(1, told=False)
    reader.venue.trade(1)
    reader.poll_until(lambda: not reader.venue.answers)
    asked, since = len(reader.venue.asked), time.monotonic()
    while time.monotonic() - since < 0.5:
        reader.poll()
    assert len(reader.venue.asked) == asked
    clock.pass_time(minutes=1)  # what is counted begins anew
    reader.read_all()


def test_memory_is_bounded_while_a_gap_waits(reader: Reader) -> None:
    """More than what may be held comes behind the gap: the rest is fetched with it."""
    reader.venue.trade(1)
    reader.read_all()
    reader.venue.answers = [Answer(status=503)] * 3
    reader.venue.trade(1, told=False)
    reader.venue.trade(2500)
    reader.read_all()
    assert reader.venue.asked_from()[-1] > 1002


def test_closed_candles_alone_go_on_and_missing_ones_are_fetched(reader: Reader) -> None:
    venue = reader.venue
    first = venue.candle(told=False)
    venue.tell_candle(first, x=False)
    venue.tell_candle(first)
    venue.tell_candle(first)
    venue.candle(told=False)
    venue.candle(told=False)
    venue.candle()
    reader.poll_until(lambda: len(reader.candles) == 4)
    reader.poll(0.1)
    told = [json.loads(text) for text in reader.candles]
    assert {fact["e"] for fact in told} == {"kline"}
    assert [fact["k"] for fact in told] == venue.candles
    starts = [fact["k"]["t"] for fact in told]
    assert starts == list(range(starts[0], starts[0] + 4 * MINUTE_MS, MINUTE_MS))


def test_a_feed_goes_on_after_what_is_published(
    venue: BinanceStreams, make_reader: Callable[..., Reader]
) -> None:
    published, *_ = venue.trade(4, told=False)
    reader = make_reader(after=Numbered(published["a"], published["T"], text_of(published)))
    reader.connect()
    venue.trade(1)
    reader.poll_until(lambda: len(reader.trades) == 4)
    assert reader.ids == [1001, 1002, 1003, 1004]


def test_what_is_too_far_back_is_said_and_left_out(
    venue: BinanceStreams,
    make_reader: Callable[..., Reader],
    caplog: pytest.LogCaptureFixture,
) -> None:
    venue.trade(1, a=6_000_000)
    reader = make_reader(after=Numbered(10, 0, b""))
    reader.connect()
    venue.trade(2)
    reader.poll_until(lambda: len(reader.trades) == 2)
    assert reader.ids == [6_000_001, 6_000_002]
    assert "5999990 messages came since the last one on the bus" in caplog.text
