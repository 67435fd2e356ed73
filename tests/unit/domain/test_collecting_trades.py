"""How far trades were collected, as it is noted; and what the owner hears of the market."""

import gzip
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from chalicelib.domain.errors import SettingsError
from chalicelib.domain.market.bus_message import Message, Position
from chalicelib.domain.market.collecting import (
    Progress,
    decoded,
    encoded,
    in_turn,
    numbered,
    progress_key,
    source_of,
    symbol_named,
)
from chalicelib.domain.market.cutting import GRACE_MS, Cutter
from chalicelib.domain.market.minute import Minute, at_ms, milliseconds, minute_of, trades_key
from chalicelib.domain.operation.market_notices import (
    LONG,
    lines_rejected,
    messages_rejected,
    minute_withheld,
    stage_failing,
    table_unreachable,
)
from chalicelib.domain.operation.notice import Notice, Severity

NOON = datetime(2024, 8, 9, 12, tzinfo=UTC)
SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
FRESH = Progress(venue="binance", since=NOON)


@pytest.mark.parametrize(
    "progress",
    [
        FRESH,
        Progress(venue="binanceus", since=NOON, position=Position(7, "9 1723204800000")),
        Progress(venue="b", since=NOON, retry_at=NOON + SECOND, failing_since=NOON - SECOND),
    ],
)
def test_a_note_says_what_was_written(progress: Progress) -> None:
    assert decoded(encoded(progress), "key") == progress


def test_the_note_can_be_read_by_people() -> None:
    assert json.loads(encoded(Progress(venue="b", since=NOON, position=Position(7, "9 5")))) == {
        "venue": "b",
        "since": "2024-08-09T12:00:00+00:00",
        "next_id": 7,
        "note": "9 5",
        "retry_at": None,
        "failing_since": None,
    }


def test_before_the_first_trade_the_note_names_none() -> None:
    assert json.loads(encoded(FRESH)) == {
        "venue": "binance",
        "since": "2024-08-09T12:00:00+00:00",
        "next_id": None,
        "note": "",
        "retry_at": None,
        "failing_since": None,
    }


@pytest.mark.parametrize("left_out", ["venue", "since", "next_id", "note", "retry_at"])
def test_a_note_that_lacks_something_says_how_to_begin_anew(left_out: str) -> None:
    document = json.loads(encoded(Progress(venue="b", since=NOON, position=Position(7, "9 5"))))
    del document[left_out]
    with pytest.raises(SettingsError) as refusal:
        decoded(json.dumps(document).encode(), "trades/x")
    assert str(refusal.value) == (
        "trades/x cannot be read; begin anew with crypto-bot collect-trades --since TIME"
    )


def test_a_failure_is_noted_with_its_beginning_and_the_rest_that_is_wanted() -> None:
    once = FRESH.failed(NOON, None)
    assert (once.retry_at, once.failing_since) == (None, NOON)
    again = once.failed(NOON + MINUTE, NOON + 2 * MINUTE)
    assert (again.retry_at, again.failing_since) == (NOON + 2 * MINUTE, NOON)
    assert once.may_ask(NOON)
    assert not again.may_ask(NOON + 2 * MINUTE - SECOND)
    assert again.may_ask(NOON + 2 * MINUTE)


def test_names_never_meet_the_archives_and_are_objects_of_the_minute() -> None:
    minute = Minute("BTCUSDT", NOON)
    key = trades_key(minute, source_of("BTCUSDT"), 5)
    assert key == (
        "trades/symbol=BTCUSDT/dt=2024-08-09/hh=12/mm=00/rest-BTCUSDT-00000000000000000005.jsonl.gz"
    )
    assert minute_of(key) == minute
    assert progress_key("BTCUSDT") == "trades/symbol=BTCUSDT/_collected.json"
    assert minute_of(progress_key("BTCUSDT")) is None


@pytest.mark.parametrize("market", ["BTC/USDT", "btcusdt", "btc/usdt"])
def test_a_market_is_named_as_the_venue_does(market: str) -> None:
    assert symbol_named(market, "MARKETS") == "BTCUSDT"


@pytest.mark.parametrize("market", ["", "/", "a/b/c", "../x", "a b", "x" * 41])
def test_what_is_no_market_is_refused(market: str) -> None:
    with pytest.raises(SettingsError) as refusal:
        symbol_named(market, "MARKETS")
    assert str(refusal.value) == (
        f"MARKETS has {market!r}; it must be a market such as BTC/USDT or BTCUSDT"
    )


def test_each_symbol_is_the_first_every_so_many_minutes() -> None:
    symbols = ["a", "b", "c"]
    turns = [in_turn(symbols, NOON + n * MINUTE) for n in range(4)]
    assert sorted(turn[0] for turn in turns[:3]) == symbols
    assert turns[0] == turns[3]
    assert all(sorted(turn) == symbols for turn in turns)
    assert in_turn(symbols, NOON + 59 * SECOND) == turns[0]
    assert in_turn(["a"], NOON) == ["a"]
    assert in_turn([], NOON) == []


def trade(number: int, at: datetime) -> bytes:
    fact = {"e": "aggTrade", "s": "BTCUSDT", "a": number, "f": number, "l": number, "m": True}
    return json.dumps({**fact, "p": "1", "q": "1", "T": milliseconds(at)}).encode()


def test_a_page_is_a_log_whose_offsets_are_ids() -> None:
    page = [trade(5, NOON), trade(9, NOON)]
    assert list(numbered(page, 7)) == [Message(0, 5, 7, page[0]), Message(0, 9, 7, page[1])]


def test_time_goes_on_where_no_marker_can_be_written() -> None:
    cutter = Cutter("rest-BTCUSDT", Position(5))
    for message in numbered([trade(5, NOON), trade(6, NOON + 61 * SECOND)], milliseconds(NOON)):
        assert cutter.take(message) is None
    end = milliseconds(NOON + MINUTE) + GRACE_MS
    assert cutter.let_time_go_on(end - 1) is None
    cut = cutter.let_time_go_on(end)
    assert cut is not None
    [made] = cut.objects
    assert made.key == trades_key(Minute("BTCUSDT", NOON), "rest-BTCUSDT", 5)
    assert gzip.decompress(made.content).splitlines() == [trade(5, NOON)]
    assert cut.position == Position(6, f"7 {end}")
    assert cutter.let_time_go_on(end - 10_000) is None, "time never goes back"
    again = Cutter("rest-BTCUSDT", cut.position)
    [late] = numbered([trade(6, NOON + 61 * SECOND)], end)
    assert again.take(late) is None
    closed = again.let_time_go_on(end + 60_000)
    assert closed is not None
    assert closed.objects[0].key == trades_key(Minute("BTCUSDT", NOON + MINUTE), "rest-BTCUSDT", 6)


def test_milliseconds_and_moments_are_each_others_reverse() -> None:
    at = NOON + timedelta(milliseconds=123)
    assert at_ms(milliseconds(at)) == at


# --- what the owner hears ---

BTC_NOON = Minute("BTCUSDT", NOON + 5 * MINUTE)
NOW = NOON + 30 * MINUTE


def p2(key: str, sentence: str) -> Notice:
    return Notice(key=key, severity=Severity.P2, sentence=sentence, at=NOW)


def same_occasion(first: Notice, second: Notice) -> bool:
    return first.key == second.key


def test_damage_is_one_occasion_a_symbol_and_hour() -> None:
    notice = minute_withheld(BTC_NOON, ["k1", "k2"], NOW)
    assert notice == p2(
        "market withheld BTCUSDT 2024-08-09T12",
        "k1 cannot be read, and the summary of BTCUSDT for 2024-08-09 12:05 waits for it: put it"
        " there again. crypto-bot sweep-summaries names every minute that waits",
    )
    later = Minute("BTCUSDT", NOON + 59 * MINUTE)
    assert same_occasion(notice, minute_withheld(later, ["k3"], NOW + MINUTE))
    for other in (Minute("BTCUSDT", NOON + 60 * MINUTE), Minute("ETHUSDT", NOON)):
        assert not same_occasion(notice, minute_withheld(other, ["k1"], NOW))
    assert not same_occasion(notice, lines_rejected(BTC_NOON, 1, "q/", NOW))


def test_lines_and_messages_that_are_left_out_are_counted() -> None:
    lines = lines_rejected(BTC_NOON, 3, "quarantine/summaries/", NOW)
    assert lines == p2(
        "market rejected BTCUSDT 2024-08-09T12",
        "3 lines of BTCUSDT for 2024-08-09 12:05 are not in its summary; the lake has them with"
        " the reasons in quarantine/summaries/",
    )
    messages = messages_rejected(2, "quarantine/trades/", NOW)
    assert messages == p2(
        "market messages 2024-08-09T12",
        "2 messages of the market are no trades; the lake has them with the reasons in"
        " quarantine/trades/",
    )
    assert same_occasion(messages, messages_rejected(9, "", NOON))
    assert not same_occasion(messages, messages_rejected(2, "", NOW + 30 * MINUTE))


def test_a_failure_is_worth_a_word_after_ten_minutes_and_once() -> None:
    assert stage_failing("it", NOON, "no", NOON + LONG - SECOND) is None
    notice = stage_failing("it", NOON, "no", NOON + LONG)
    assert notice is not None
    assert notice == replace(
        p2(
            "market failing it 2024-08-09T12:00:00",
            "it fails since 2024-08-09 12:00 UTC and tries again: no",
        ),
        at=NOON + LONG,
    )
    later = stage_failing("it", NOON, "no way", NOON + 100 * LONG)
    again = stage_failing("it", NOON + SECOND, "no", NOON + 2 * LONG)
    other = stage_failing("other", NOON, "no", NOON + LONG)
    assert later is not None
    assert again is not None
    assert other is not None
    assert same_occasion(notice, later)
    assert len({notice.key, again.key, other.key}) == 3


def test_a_table_that_cannot_be_reached_is_one_occasion_a_day() -> None:
    notice = table_unreachable("the database is away", NOW)
    assert notice == p2(
        "market table 2024-08-09",
        "minutes cannot be summed up: the database is away. Nothing is lost: the trades are in the"
        " lake, and crypto-bot sweep-summaries --since makes up for what the hourly sweep does not"
        " reach",
    )
    assert same_occasion(notice, table_unreachable("else", NOON + 11 * 60 * MINUTE))
    assert not same_occasion(notice, table_unreachable("else", NOON + 12 * 60 * MINUTE))
