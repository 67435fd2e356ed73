"""Cutting the log into objects: whatever is read again gives the same names and the same bytes."""

import gzip
import json
from collections import Counter
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.market.bus_message import Message, Position
from chalicelib.domain.market.cutting import AHEAD_MS, GRACE_MS, Cut, Cutter, cut_marker
from chalicelib.domain.market.minute import MINUTE_MS, minute_of

START = 1_723_161_300_000  # 2024-08-08T23:55:00Z
PARTITION = 3
SYMBOLS = ("BTCUSDT", "ETHUSDT", "XRPETH")
END_OF_TIME = START + 600 * MINUTE_MS


def trade(number: int, symbol: str, at_ms: int) -> bytes:
    fact = {"e": "aggTrade", "s": symbol, "a": number, "p": "1.5", "q": "2", "f": 1, "l": 2}
    return json.dumps({**fact, "T": at_ms, "m": number % 2 == 0, "M": True}).encode()


# Mostly in order, sometimes late by seconds or by many minutes, with gaps, and rubbish in between.
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["trade"] * 8 + ["late", "rubbish", "marker", "ahead"]),
        st.sampled_from(SYMBOLS),
        st.integers(0, 30_000),
        st.integers(0, 20 * MINUTE_MS),
    ),
    max_size=80,
)


@st.composite
def logs(draw: st.DrawFn) -> list[Message]:
    now, messages = START, []
    for offset, (kind, symbol, pause, back) in enumerate(draw(STEPS)):
        now += pause
        value = {
            "trade": trade(offset, symbol, now),
            "late": trade(offset, symbol, now - back),
            "rubbish": b'{"e":"kline"}',
            "marker": cut_marker(now),
            "ahead": trade(offset, symbol, now + AHEAD_MS + 1),
        }[kind]
        messages.append(Message(PARTITION, offset, now, value))
    end = len(messages)
    return [*messages, Message(PARTITION, end, END_OF_TIME, cut_marker(END_OF_TIME))]


def cuts_of(messages: list[Message], position: Position) -> list[Cut]:
    cutter = Cutter(PARTITION, position)
    taken = (cutter.take(message) for message in messages if message.offset >= position.offset)
    return [cut for cut in taken if cut is not None]


def objects_of(cuts: list[Cut]) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    for cut in cuts:
        for made in cut.objects:
            assert found.setdefault(made.key, made.content) == made.content, made.key
    return found


@given(log=logs())
def test_every_message_is_in_one_object_once(log: list[Message]) -> None:
    lines: Counter[bytes] = Counter()
    for content in objects_of(cuts_of(log, Position(0))).values():
        for line in gzip.decompress(content).splitlines():
            fact = json.loads(line)
            lines[fact["value"].encode() if "reason" in fact else line] += 1
    assert lines == Counter(m.value for m in log if b"archiveCut" not in m.value)


@given(log=logs())
def test_an_object_holds_one_minute_of_one_symbol_in_the_order_of_the_log(
    log: list[Message],
) -> None:
    offsets = {message.value: message.offset for message in log}
    for key, content in objects_of(cuts_of(log, Position(0))).items():
        minute = minute_of(key)
        if minute is None:
            assert key.startswith("quarantine/trades/p3-")
            continue
        lines = gzip.decompress(content).splitlines()
        facts = [json.loads(line) for line in lines]
        assert {fact["s"] for fact in facts} == {minute.symbol}
        assert {fact["T"] // MINUTE_MS * MINUTE_MS for fact in facts} == {minute.start_ms}
        places = [offsets[line] for line in lines]
        assert places == sorted(places)
        assert key.endswith(f"/p{PARTITION}-{places[0]:020}.jsonl.gz")


@given(log=logs())
def test_trades_that_come_in_time_make_one_object_a_minute(log: list[Message]) -> None:
    latest = 0
    punctual = []
    for message in log:
        fact = json.loads(message.value)
        if fact.get("e") == "aggTrade" and fact["T"] <= message.at_ms + AHEAD_MS:
            if fact["T"] < latest - GRACE_MS:
                continue
            latest = max(latest, fact["T"])
            punctual.append(message)
    again = [Message(PARTITION, n, m.at_ms, m.value) for n, m in enumerate(punctual)]
    again.append(log[-1]._replace(offset=len(again)))
    minutes = Counter(minute_of(key) for key in objects_of(cuts_of(again, Position(0))))
    assert all(number == 1 for number in minutes.values())


@given(log=logs())
def test_whoever_begins_at_any_commit_writes_the_same_objects(log: list[Message]) -> None:
    """A crash after a commit, and before any of those that follow."""
    cuts = cuts_of(log, Position(0))
    whole = objects_of(cuts)
    for number, cut in enumerate(cuts):
        written = objects_of(cuts[: number + 1])
        again = cuts_of(log, cut.position)
        assert [(c.objects, c.position) for c in again] == [
            (c.objects, c.position) for c in cuts[number + 1 :]
        ]
        assert written | objects_of(again) == whole


@given(log=logs(), dice=st.randoms(use_true_random=False))
def test_crashes_and_redeliveries_change_no_object(log: list[Message], dice: Any) -> None:
    """Killed anywhere, before and after the commit; what was delivered may come twice."""
    lake: dict[str, bytes] = {}
    position = Position(0)
    for _ in range(8):
        position = live_for_a_while(log, position, lake, dice)
    assert lake | objects_of(cuts_of(log, position)) == objects_of(cuts_of(log, Position(0)))


def live_for_a_while(
    log: list[Message], position: Position, lake: dict[str, bytes], dice: Any
) -> Position:
    """Until a crash between two writes, or before the commit; what was committed last."""
    cutter = Cutter(PARTITION, position)
    for message in log[position.offset :]:
        cuts = [cutter.take(message) for _ in range(dice.choice((1, 1, 1, 2)))]
        for cut in filter(None, cuts):
            for made in cut.objects:
                assert lake.setdefault(made.key, made.content) == made.content
                if dice.random() < 0.1:
                    return position
            position = cut.position
    return position


@given(log=logs(), start=st.integers(0, 80))
def test_an_offset_set_by_hand_loses_nothing_behind_it(log: list[Message], start: int) -> None:
    begun = min(start, len(log) - 1)
    found = objects_of(cuts_of(log, Position(begun)))
    lines = sum(len(gzip.decompress(content).splitlines()) for content in found.values())
    assert lines == sum(b"archiveCut" not in message.value for message in log[begun:])
