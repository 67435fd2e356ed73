"""Frames of a stream and rows of REST -> messages with their numbers."""

import json
from typing import Any

import pytest

from chalicelib.domain.market.interval import Interval
from chalicelib.domain.market.stream_message import (
    News,
    Told,
    from_rest,
    read_frame,
    read_message,
    start_ms_of,
)
from chalicelib.domain.market.stream_plan import Subject
from chalicelib.domain.market.trade import MalformedTrade
from tests.market.binance_streams import fact_of, framed, text_of

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


@pytest.mark.parametrize(
    ("frame", "news"),
    [
        ('{"stream":"btcusdt@depth","data":{"e":"depthUpdate"}}', News.NOTHING),
        ('{"result":null,"id":1}', News.NOTHING),
        ('{"lastUpdateId":1,"bids":[' + "9" * 9000, News.NOTHING),
        (framed(fact_of(1)) + "}", News.MALFORMED),
        (framed(fact_of(1))[:-1], News.MALFORMED),
        (framed(fact_of(1) | {"s": "ETHUSDT"}), News.MALFORMED),
        ('{"stream":"btcusdt@aggTrade"}', News.MALFORMED),
    ],
)
def test_other_frames_are_nothing_or_malformed(frame: str, news: News) -> None:
    assert read_frame(frame.encode(), WANTED.get) is news


def test_candles_are_numbered_one_by_one() -> None:
    first = read_message(candle(), HOURS)
    later = read_message(candle(t=MONDAY_MS + 3_600_000), HOURS)
    assert first is not None
    assert later is not None
    assert later.number == first.number + 1
    assert start_ms_of(first.number, Interval.H1) == MONDAY_MS
    week = read_message(candle(i="1w"), WEEKS)
    assert week is not None
    assert start_ms_of(week.number, Interval.W1) == MONDAY_MS


def test_an_open_candle_is_no_message() -> None:
    assert read_message(candle(x=False), HOURS) is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"t": 1_759_708_800_001},
        {"t": "1759708800000"},
        {"T": None},
        {"i": "1m"},
        {"s": "ETHUSDT"},
        {"o": "NaN"},
        {"h": "-1"},
        {"l": "0"},
        {"c": 1.5},
        {"v": "much"},
    ],
)
def test_a_malformed_candle_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(MalformedTrade):
        read_message(candle(**wrong), HOURS)


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
