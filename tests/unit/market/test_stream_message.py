"""Frames of a stream and rows of REST -> messages with their numbers."""

import json
from typing import Any

import pytest

from chalicelib.domain.market.interval import Interval
from chalicelib.domain.market.stream_gap import Numbered
from chalicelib.domain.market.stream_message import (
    News,
    Told,
    announces_end,
    from_rest,
    read_frame,
    read_message,
    start_ms_of,
)
from chalicelib.domain.market.stream_plan import Subject
from chalicelib.domain.market.trade import MalformedTrade, Trade, parse_trade
from tests.market.binance_frames import fact_of, framed, text_of

TRADES = Subject("BTCUSDT")
SINGLE = Subject("BTCUSDT", "trade")
HOURS = Subject("BTCUSDT", "aggTrade", Interval.H1)
WEEKS = Subject("BTCUSDT", "aggTrade", Interval.W1)
MONDAY_MS = 1_759_708_800_000  # 2025-10-06
WANTED = {b"btcusdt@aggTrade": TRADES, b"btcusdt@kline_1h": HOURS}
CANDLE = {
    "t": 1_759_708_800_000,
    "T": 1_759_712_399_999,
    "s": "BTCUSDT",
    "i": "1h",
    "o": "1",
    "h": "2",
    "l": "0.5",
    "c": "1.5",
    "v": "0",
    "x": True,
}


def candle(**other: Any) -> bytes:
    return text_of({"e": "kline", "s": "BTCUSDT", "k": CANDLE | other})


def test_a_message_is_cut_out_of_its_frame_as_it_stands() -> None:
    spaced = b'{"stream":"btcusdt@aggTrade","data":' + json.dumps(fact_of(7)).encode() + b"}"
    told = read_frame(spaced, WANTED.get)
    assert isinstance(told, Told)
    assert told.subject == TRADES
    assert (told.message.number, told.message.at_ms) == (7, fact_of(7)["T"])
    assert told.message.text == json.dumps(fact_of(7)).encode()


def test_what_a_message_itself_says_does_not_cut_it() -> None:
    text = text_of({"x": "y", "data": {}} | fact_of(7))
    told = read_frame(b'{"stream":"btcusdt@aggTrade","data":' + text + b"}", WANTED.get)
    assert told == Told(TRADES, Numbered(7, fact_of(7)["T"], text))


def test_trades_are_read_by_whom_the_caller_names() -> None:
    read: list[bytes] = []

    def read_trade(text: bytes) -> Trade:
        read.append(text)
        return parse_trade(text)

    assert isinstance(read_frame(framed(fact_of(7)).encode(), WANTED.get, read_trade), Told)
    assert read == [text_of(fact_of(7))]


def test_a_closed_candle_is_told_and_an_open_one_is_nothing() -> None:
    frame = b'{"stream":"btcusdt@kline_1h","data":%s}'
    told = read_frame(frame % candle(), WANTED.get)
    assert told == Told(HOURS, Numbered(488_808, 1_759_712_399_999, candle()))
    assert read_frame(frame % candle(x=False), WANTED.get) is News.NOTHING


@pytest.mark.parametrize(
    ("frame", "news"),
    [
        ('{"stream":"btcusdt@depth","data":{"e":"depthUpdate"}}', News.NOTHING),
        ('{"result":null,"id":1}', News.NOTHING),
        ('{"lastUpdateId":1,"bids":[' + "9" * 9000, News.NOTHING),
        (framed(fact_of(1)) + "}", News.MALFORMED),
        (framed(fact_of(1))[:-1], News.MALFORMED),
        (framed(fact_of(1) | {"s": "ETHUSDT"}), News.MALFORMED),
        (framed(fact_of(1))[:-2], News.MALFORMED),
        ('{"stream":"btcusdt@aggTrade"}', News.MALFORMED),
        ('{"stream":","data":{}}', News.MALFORMED),
        ('{"strome":"btcusdt@aggTrade","data":{}}', News.MALFORMED),
        (f'{{"stream":"{"x" * 80}","data":{{}}}}', News.MALFORMED),
        ('{"e":"serverShutdown"}', News.NOTHING),
        ("rubbish", News.MALFORMED),
    ],
)
def test_other_frames_are_nothing_or_malformed(frame: str, news: News) -> None:
    assert read_frame(frame.encode(), WANTED.get) is news


@pytest.mark.parametrize(
    ("frame", "is_end"),
    [
        ('{"e":"serverShutdown","E":5}', True),
        ('{"stream":"x","data":{"e":"serverShutdown"}}', True),
        ('{"event":{"e":"serverShutdown"},"data":5}', True),
        ('{"e":"aggTrade","note":"serverShutdown"}', False),
        ('{"other":{"e":"serverShutdown"}}', False),
        ('["serverShutdown"]', False),
        ('{"e":"serverShutdown"', False),
        ('{"e":"aggTrade"}', False),
    ],
)
def test_the_server_may_say_that_it_ends(frame: str, is_end: bool) -> None:  # noqa: FBT001
    assert announces_end(frame.encode()) is is_end


def test_candles_are_numbered_one_by_one() -> None:
    first = read_message(candle(), HOURS)
    later = read_message(candle(t=MONDAY_MS + 3_600_000), HOURS)
    assert first is not None
    assert later is not None
    assert list(range(first.number, later.number + 1)) == [first.number, later.number]
    assert start_ms_of(first.number, Interval.H1) == MONDAY_MS
    week = read_message(candle(i="1w"), WEEKS)
    assert week is not None
    assert start_ms_of(week.number, Interval.W1) == MONDAY_MS


def test_an_open_candle_is_no_message() -> None:
    assert read_message(candle(x=False), HOURS) is None


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (
            {"t": MONDAY_MS + 1},
            f"t is {MONDAY_MS + 1}; it must be the ms at which a candle opens",
        ),
        ({"t": "1759"}, "t is '1759'; it must be the ms at which a candle opens"),
        ({"T": None}, f"t is {MONDAY_MS}; it must be the ms at which a candle opens"),
        ({"i": "1m"}, "a candle of 'BTCUSDT' among those of BTCUSDT 1h"),
        ({"s": "ETHUSDT"}, "a candle of 'ETHUSDT' among those of BTCUSDT 1h"),
        ({"o": "NaN"}, "o is 'NaN'; it must be text with a decimal number"),
        ({"h": "-1"}, "h is '-1'; it must be text with a decimal number"),
        ({"l": "0"}, "l is '0'; it must be text with a decimal number"),
        ({"c": 1.5}, "c is 1.5; it must be text with a decimal number"),
        ({"v": "much"}, "v is 'much'; it must be text with a decimal number"),
    ],
)
def test_a_malformed_candle_is_refused(wrong: dict[str, Any], said: str) -> None:
    with pytest.raises(MalformedTrade) as refusal:
        read_message(candle(**wrong), HOURS)
    assert str(refusal.value) == said


@pytest.mark.parametrize(
    ("text", "subject", "said"),
    [
        (
            text_of({"e": "trade", "k": CANDLE}),
            HOURS,
            "e is 'trade'; it must be kline, with an object k",
        ),
        (
            text_of({"e": "kline", "k": 5}),
            HOURS,
            "e is 'kline'; it must be kline, with an object k",
        ),
        (
            text_of(fact_of(1) | {"s": "ETHUSDT"}),
            TRADES,
            "aggTrade of ETHUSDT among aggTrade of BTCUSDT",
        ),
        (text_of(fact_of(1)), SINGLE, "aggTrade of BTCUSDT among trade of BTCUSDT"),
    ],
)
def test_a_message_of_something_else_is_refused(text: bytes, subject: Subject, said: str) -> None:
    with pytest.raises(MalformedTrade) as refusal:
        read_message(text, subject)
    assert str(refusal.value) == said


def test_a_row_of_a_candle_becomes_one_that_is_closed() -> None:
    row = [MONDAY_MS, "1", "2", "0.5", "1.5", "9", MONDAY_MS + 3_599_999, "12", 3, "4", "6", "0"]
    text = from_rest(row, HOURS)
    assert text.decode() == (
        '{"e":"kline","s":"BTCUSDT","k":{"s":"BTCUSDT","i":"1h","x":true,"t":1759708800000,'
        '"o":"1","h":"2","l":"0.5","c":"1.5","v":"9","T":1759712399999,"q":"12","n":3,"V":"4",'
        '"Q":"6"}}'
    )
    assert read_message(text, HOURS) == Numbered(488_808, MONDAY_MS + 3_599_999, text)


def test_rows_of_rest_are_put_into_the_words_of_the_stream() -> None:
    row = {"a": 5, "p": "1.0", "q": "2.0", "f": 9, "l": 9, "T": MONDAY_MS, "m": True, "M": True}
    message = read_message(from_rest(row, TRADES), TRADES)
    assert message is not None
    assert json.loads(message.text) == {"e": "aggTrade", "s": "BTCUSDT", **row}
    past = {
        "id": 28457,
        "price": "4.00000100",
        "qty": "12.00000000",
        "quoteQty": "48.000012",
        "time": MONDAY_MS,
        "isBuyerMaker": True,
        "isBestMatch": True,
    }
    single = read_message(from_rest(past, SINGLE), SINGLE)
    assert single is not None
    assert single.number == 28457
    assert json.loads(single.text) == {
        "e": "trade",
        "s": "BTCUSDT",
        "t": 28457,
        "p": "4.00000100",
        "q": "12.00000000",
        "T": MONDAY_MS,
        "m": True,
        "M": True,
    }


@pytest.mark.parametrize("row", [None, 5, "text", [], {}, [1, 2], {"a": "1"}])
@pytest.mark.parametrize("subject", [TRADES, SINGLE, HOURS])
def test_rows_that_are_none_are_refused(row: Any, subject: Subject) -> None:
    with pytest.raises(MalformedTrade):
        read_message(from_rest(row, subject), subject)
