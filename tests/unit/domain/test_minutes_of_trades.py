"""Trades become lines of objects and rows of minutes, to the last byte and the last decimal."""

import gzip
import json
from datetime import UTC, datetime, timedelta
from decimal import Context, Decimal, localcontext
from typing import Any

import pytest

from chalicelib.domain.market.bus_message import Message, Position
from chalicelib.domain.market.cutting import (
    AHEAD_MS,
    GRACE_MS,
    MOST_SET_ASIDE,
    Cut,
    Cutter,
    cut_marker,
)
from chalicelib.domain.market.minute import (
    MINUTE_MS,
    Minute,
    damaged_key,
    milliseconds,
    original_key,
)
from chalicelib.domain.market.minute_summary import MinuteSummary, summarize
from chalicelib.domain.market.trade import LONGEST_MESSAGE, MalformedTrade, Trade, parse_trade

START = 1_723_161_300_000  # 2024-08-08T23:55:00Z, a whole minute
FOLDER = "trades/symbol=BTCUSDT/dt=2024-08-08/hh=23"
RUBBISH = b"\xff{"


def fact(**changes: Any) -> bytes:
    usual = {"e": "aggTrade", "s": "BTCUSDT", "a": 1, "p": "100", "q": "1", "f": 1, "l": 1}
    return json.dumps({**usual, "T": START, "m": False, **changes}).encode()


def told(text: bytes) -> str:
    with pytest.raises(MalformedTrade) as refusal:
        parse_trade(text)
    return str(refusal.value)


# --- one message ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (b"[]", "a JSON list; a trade is an object"),
        (b"{} {}", "not JSON: something follows at character 2"),
        (b'{"a":-Infinity}', "not JSON: -Infinity is no number in JSON"),
        (b" " * 4097, "4097 bytes are no trade; at most 4096 are read"),
        (fact(e="x" * 58), f"e is '{'x' * 58}'; it must be aggTrade or trade"),
        (fact(e="x" * 59), f"e is '{'x' * 59}...; it must be aggTrade or trade"),
        (
            fact(p="1e5"),
            "p is '1e5'; it must be text with a decimal number above zero, of at most 15 digits "
            "and 12 decimals",
        ),
    ],
)
def test_what_is_no_trade_is_told_whole(text: bytes, sentence: str) -> None:
    assert told(text) == sentence


def test_the_longest_message_is_read() -> None:
    assert parse_trade(fact().ljust(LONGEST_MESSAGE)).id == 1


def test_a_trade_took_place_between_2009_and_2100() -> None:
    first, last = 1_230_940_800_000, 4_102_444_799_999
    assert parse_trade(fact(T=first)).at_ms == first
    assert parse_trade(fact(T=last)).at_ms == last
    for outside in (first - 1, last + 1):
        assert told(fact(T=outside)) == (
            f"T is {outside}; it must be milliseconds since 1970, between 2009 and 2100"
        )


def test_milliseconds_are_whole() -> None:
    at = datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC) + timedelta(microseconds=2999)
    assert repr(milliseconds(at)) == "1002"


def test_a_damaged_object_is_set_aside_beside_its_place_and_found_again() -> None:
    key = f"{FOLDER}/mm=55/p0-7.jsonl.gz"
    aside = f"{FOLDER}/mm=55/_p0-7.jsonl.gz.damaged"
    assert damaged_key(key) == aside
    assert original_key(aside) == key
    assert original_key(key) is None
    assert original_key(f"{FOLDER}/_p0-7.jsonl.gz") is None
    assert original_key(f"{FOLDER}/p0-7.jsonl.gz.damaged") is None


# --- one minute -----------------------------------------------------------------------------

MINUTE = Minute("BTCUSDT", datetime(2024, 8, 8, 23, 55, tzinfo=UTC))


def trade(number: int, price: str, quantity: str = "1", **changes: Any) -> Trade:
    return parse_trade(fact(a=number, p=price, q=quantity, f=number * 10, l=number * 10, **changes))


def test_each_side_is_counted_and_weighed() -> None:
    trades = [trade(1, "100"), trade(2, "101", "2"), trade(3, "90", "4", m=True)]
    with localcontext(Context(prec=3)):
        found = summarize(MINUTE, trades)
    assert found.absurd == ()
    assert found.summary == MinuteSummary(
        minute=MINUTE,
        total_count_b=2,
        total_count_s=1,
        total_btc_b=Decimal(3),
        total_btc_s=Decimal(4),
        total_usd_b=Decimal(302),
        total_usd_s=Decimal(360),
        avg_b=Decimal("100.666666666666666667"),
        avg_s=Decimal(90),
    )
    only = summarize(MINUTE, trades[:1]).summary
    assert (only.avg_b, only.avg_s) == (Decimal(100), None)


@pytest.mark.parametrize(
    ("prices", "absurd"),
    [
        (("1", "100"), []),  # of two nobody can say which
        (("100", "100", "1000"), ["1000"]),
        (("50", "60", "100", "150", "151"), ["151"]),
        (("49.999", "50", "100", "150", "150"), ["49.999"]),
        (("50", "100.25", "100.25", "150.3", "151"), ["50", "151"]),
    ],
)
def test_absurd_is_what_is_more_than_half_off_the_middle(
    prices: tuple[str, ...], absurd: list[str]
) -> None:
    trades = [trade(number, price) for number, price in enumerate(prices)]
    with localcontext(Context(prec=3)):
        found = summarize(MINUTE, trades)
    assert sorted(t.price for t in found.absurd) == sorted(map(Decimal, absurd))
    assert found.summary.total_count_b == len(prices) - len(absurd)


def test_a_single_trade_before_all_aggregated_ones_counts() -> None:
    single = fact(e="trade", t=3, p="100", q="5")
    found = summarize(MINUTE, [trade(10, "100"), parse_trade(single)])
    assert found.summary.total_btc_b == 6


# --- the log --------------------------------------------------------------------------------


def message(offset: int, value: bytes, after: int = 0) -> Message:
    """Published at the time that it tells of."""
    return Message(partition=4, offset=offset, at_ms=START + after, value=value)


def at(after: int, **changes: Any) -> bytes:
    return fact(T=START + after, **changes)


def lines_of(cut: Cut | None) -> dict[str, list[bytes]]:
    assert cut is not None
    return {made.key: gzip.decompress(made.content).splitlines() for made in cut.objects}


def test_a_marker_is_one_short_line() -> None:
    assert cut_marker(7) == b'{"e":"archiveCut","T":7}'


def test_a_minute_is_written_by_the_trade_that_passes_it_by_the_grace() -> None:
    cutter = Cutter(4, Position(0))
    last = MINUTE_MS + GRACE_MS
    broken = at(0).replace(b", ", b",\r\n")
    assert cutter.take(message(0, broken)) is None
    assert not cutter.waits_for_time(START + last - 1)
    assert cutter.waits_for_time(START + last)
    assert cutter.take(message(1, at(last - 1), last - 1)) is None
    cut = cutter.take(message(2, at(last), last))
    key = f"{FOLDER}/mm=55/p4-{0:020}.jsonl.gz"
    line = at(0).replace(b", ", b",  ")
    assert lines_of(cut) == {key: [line]}
    assert cut is not None
    assert cut.objects[0].content == gzip.compress(line + b"\n", 6, mtime=0)
    assert cut.objects[0].content[4:8] == bytes(4), "no time, so that equal lines are equal bytes"
    assert (cut.position, cut.rejected) == (Position(1, f"3 {START + last}"), 0)
    assert not cutter.waits_for_time(START + last)


def test_what_is_late_waits_for_the_next_minute_to_end() -> None:
    cutter = Cutter(4, Position(0))
    now = 2 * MINUTE_MS + GRACE_MS
    assert cutter.take(message(0, at(now), now)) is None
    assert not cutter.waits_for_time(START + now)
    assert cutter.take(message(1, at(0), now)) is None
    assert cutter.waits_for_time(START + now)
    cut = cutter.take(message(2, at(now + MINUTE_MS), now + MINUTE_MS))
    assert sorted(lines_of(cut)) == [
        f"{FOLDER}/mm=55/p4-{1:020}.jsonl.gz",
        f"{FOLDER}/mm=57/p4-{0:020}.jsonl.gz",
    ]


def test_what_is_rejected_is_kept_with_its_reason_and_written_at_the_next_marker() -> None:
    cutter = Cutter(4, Position(0))
    assert cutter.take(message(0, at(1000), 1000)) is None
    ahead = at(AHEAD_MS + 3001)
    for offset, value in enumerate([RUBBISH, ahead], 1):
        assert cutter.take(message(offset, value, 3000)) is None
    assert cutter.waits_for_time(START)
    cut = cutter.take(message(3, cut_marker(START + 3000), 3000))
    [rejected] = lines_of(cut).values()
    assert [json.loads(line) for line in rejected] == [
        {
            "offset": 1,
            "at": START + 3000,
            "reason": "not JSON: 'utf-8' codec can't decode byte 0xff in position 0: invalid ",
            "value": "\\xff{",
        },
        {
            "offset": 2,
            "at": START + 3000,
            "reason": f"T is {START + AHEAD_MS + 3001}, 7200 s after the message was published; "
            "it must not be more than 7200 s ahead",
            "value": ahead.decode(),
        },
    ]
    assert list(lines_of(cut)) == [f"quarantine/trades/p4-{1:020}.jsonl.gz"]
    assert cut is not None
    assert (cut.position, cut.rejected) == (Position(0, f"4 {START + 3000}"), 2)
    assert not cutter.waits_for_time(START + 3000)


def test_a_trade_as_far_ahead_as_clocks_may_be_wrong_is_taken() -> None:
    cutter = Cutter(4, Position(0))
    assert cutter.take(message(0, at(AHEAD_MS))) is None
    assert not cutter.waits_for_time(START)


def test_a_trade_that_speaks_of_the_marker_is_a_trade() -> None:
    cutter = Cutter(4, Position(0))
    assert cutter.take(message(0, at(0, s="archiveCut"))) is None
    cut = cutter.take(message(1, cut_marker(START + 2 * MINUTE_MS), 2 * MINUTE_MS))
    assert list(lines_of(cut)) == [
        f"trades/symbol=archiveCut/dt=2024-08-08/hh=23/mm=55/p4-{0:020}.jsonl.gz"
    ]


@pytest.mark.parametrize(("value", "rejected"), [(RUBBISH, MOST_SET_ASIDE), (at(0), 0)])
def test_as_much_as_is_set_aside_at_most_is_written_at_once(value: bytes, rejected: int) -> None:
    cutter = Cutter(4, Position(0))
    now = 2 * MINUTE_MS + GRACE_MS
    assert cutter.take(message(0, at(now), now)) is None
    for turn in range(2):
        first = 1 + turn * MOST_SET_ASIDE
        cuts = [cutter.take(message(first + n, value, now)) for n in range(MOST_SET_ASIDE)]
        assert not any(cuts[:-1])
        [lines] = lines_of(cuts[-1]).values()
        assert len(lines) == MOST_SET_ASIDE
        assert cuts[-1] is not None
        assert cuts[-1].rejected == rejected


def test_the_spread_is_exact_whatever_others_reckon_with() -> None:
    summary = MinuteSummary(
        minute=Minute("BTCUSDT", datetime(2026, 3, 2, tzinfo=UTC)),
        avg_b=Decimal("60010.5"),
        avg_s=Decimal("1.25"),
    )
    with localcontext(Context(prec=3)):
        assert summary.spread == Decimal("60009.25")
