"""Notices, bulletins, channels, horizons and the daily sentence, each by its numbers."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from chalicelib.domain.errors import SettingsError
from chalicelib.domain.operation.channel import (
    Channel,
    ChannelKind,
    ChannelRecord,
    Dispatch,
    Notifications,
)
from chalicelib.domain.operation.configuration import check_channel
from chalicelib.domain.operation.notice import Bulletin, Notice, Severity, bulletin_of
from chalicelib.domain.operation.observation import AccountTrouble, Observation, TickEnd
from chalicelib.domain.operation.summary import summary_of
from chalicelib.domain.operation.watch import Horizon, Watch
from chalicelib.domain.trading.signal import SignalStatus
from tests.situations import NOON, a_signal

P1, P2 = Severity.P1, Severity.P2


def minute(count: float) -> datetime:
    return NOON + timedelta(minutes=count)


def notice(key: str, severity: Severity = P2, at: float = 0, sentence: str = "it is so") -> Notice:
    return Notice(key=key, severity=severity, sentence=sentence, at=minute(at))


# --- bulletins ------------------------------------------------------------------------------


def test_the_gravest_come_first_then_the_oldest_then_by_key() -> None:
    given = [notice("d"), notice("c", at=-1), notice("b", P1, 5), notice("a", P1, 5)]
    bulletin = bulletin_of(given, "prod")
    assert [n.key for n in bulletin.notices] == ["a", "b", "c", "d"]
    assert (bulletin.stage, bulletin.more, bulletin.severity) == ("prod", 0, P1)
    assert bulletin.subject == "crypto-bot prod P1: 4 notices"


def test_ten_have_a_line_and_the_rest_is_counted() -> None:
    ten = [notice(f"{n:02}") for n in range(10)]
    assert (len(bulletin_of(ten, "dev").notices), bulletin_of(ten, "dev").more) == (10, 0)
    twelve = bulletin_of([*ten, notice("10"), notice("11", P1)], "dev")
    assert [n.key for n in twelve.notices] == ["11", *(f"{n:02}" for n in range(9))]
    assert (twelve.more, twelve.subject) == (2, "crypto-bot dev P1: 12 notices")
    assert twelve.text(10_000).endswith("\nand 2 more: crypto-bot notify lists them")


def test_one_notice_and_none() -> None:
    one = bulletin_of([notice("a")], "dev")
    assert one.text(1000) == "crypto-bot dev P2: 1 notice\nP2 12:00 it is so"
    assert Bulletin(stage="dev", notices=()).severity is P2
    assert Bulletin(stage="dev", notices=(), more=1).subject == "crypto-bot dev P2: 1 notice"


def test_a_line_has_no_breaks_and_at_most_400_letters() -> None:
    broken = notice("a", sentence="two\nlines\tand \u2028 more")
    assert bulletin_of([broken], "dev").text(1000).splitlines()[1:] == [
        "P2 12:00 two lines and   more"
    ]
    whole = "x" * (400 - len("P2 12:00 "))
    for sentence, ending in ((whole, "xxxx"), (whole + "x", "x...")):
        line = bulletin_of([notice("a", sentence=sentence)], "dev").text(9999).splitlines()[1]
        assert (len(line), line[-4:]) == (400, ending)


def test_what_does_not_fit_is_counted_and_the_first_is_cut() -> None:
    three = bulletin_of([notice(key, sentence=f"{key} " + "x" * 60) for key in "abc"], "dev")
    whole = three.text(1000)
    assert three.text(len(whole)) == whole
    assert three.text(len(whole) - 1).splitlines()[1:] == [
        *whole.splitlines()[1:3],
        "and 1 more: crypto-bot notify lists them",
    ]
    one = "\n".join([*whole.splitlines()[:2], "and 2 more: crypto-bot notify lists them"])
    assert three.text(len(one)) == one
    assert three.text(50) == one[:47] + "..."


# --- channels -------------------------------------------------------------------------------


def test_a_channel_wants_what_is_as_grave_as_its_least() -> None:
    everything = Channel(name="mail", kind=ChannelKind.SNS)
    grave = replace(everything, least=P1)
    assert [c.wants(s) for c in (everything, grave) for s in (P1, P2)] == [True, True, True, False]


def test_a_channel_keeps_its_place_and_a_new_one_comes_last() -> None:
    mail, phone, chat = (Channel(name=n, kind=ChannelKind.SLACK) for n in ("mail", "phone", "chat"))
    known = Notifications(channels=(mail, phone), most_per_hour=5, version=3)
    assert (known.channel("phone"), known.channel("chat")) == (phone, None)
    assert known.with_channel(chat) == replace(known, channels=(mail, phone, chat))
    grave = replace(mail, least=P1)
    assert known.with_channel(grave) == replace(known, channels=(grave, phone))
    assert known.without_channel("mail") == replace(known, channels=(phone,))
    assert known.without_channel("chat") == known


def test_only_a_webhook_may_have_another_field_in_its_secret() -> None:
    assert {kind: kind.takes for kind in ChannelKind if kind.takes} == {
        ChannelKind.WEBHOOK: ("authorization",)
    }


TOPIC = "arn:aws:sns:eu-west-1:123456789012:alarms"


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (
            {"name": "é" * 90},
            f"the channel's name is '{'é' * 80}', but must be up to 64 letters, digits, dots,"
            " dashes or underscores",
        ),
        (
            {"kind": ChannelKind.SLACK, "topic": TOPIC},
            "a topic is for sns, and channel it is slack",
        ),
        (
            {"topic": "x" * 90},
            f"topic is '{'x' * 80}', but must be the topic's name as AWS has it: \"{TOPIC}\"",
        ),
    ],
)
def test_a_channel_that_would_be_wrong_in_a_file_is_refused(
    words: dict[str, Any], sentence: str
) -> None:
    usual = Channel(name="it", kind=ChannelKind.SNS)
    for right in (usual, replace(usual, topic=TOPIC), replace(usual, kind=ChannelKind.SLACK)):
        check_channel(right)
    with pytest.raises(SettingsError) as refused:
        check_channel(replace(usual, **words))
    assert str(refused.value) == sentence


def sent(*ago: float) -> ChannelRecord:
    return ChannelRecord(sent=tuple(minute(-count) for count in ago))


@pytest.mark.parametrize(
    ("record", "severity", "most", "room"),
    [
        (sent(), P2, 1, True),
        (sent(1), P2, 1, False),
        (sent(1), P1, 1, False),
        (sent(1), P1, 2, True),
        (sent(1), P2, 2, False),  # half of the room, rounded up, is for anybody
        (sent(1), P2, 3, True),
        (sent(1, 2), P2, 3, False),
        (sent(60), P2, 1, True),
        (sent(59.9), P2, 1, False),
        (sent(), P1, 0, False),
    ],
)
def test_half_of_the_room_is_kept_for_what_is_grave(
    record: ChannelRecord, severity: Severity, most: int, *, room: bool
) -> None:
    assert record.has_room(severity, most, NOON) is room


def test_after_a_failure_the_channel_rests_twice_as_long_each_time_up_to_an_hour() -> None:
    record, pauses = sent(1), []
    for _ in range(9):
        record = record.failed(NOON, "no answer")
        assert record.retry_at is not None
        pauses.append((record.retry_at - NOON) // timedelta(minutes=1))
    assert pauses == [1, 2, 4, 8, 16, 32, 60, 60, 60]
    assert record == replace(sent(1), failures=9, retry_at=minute(60), trouble="no answer")
    assert not record.has_room(P1, 20, minute(59))
    assert record.has_room(P1, 20, minute(60))


def test_a_success_forgets_the_failures_and_what_is_an_hour_old() -> None:
    record = sent(90, 60, 59, 1).failed(NOON, "no answer").succeeded(NOON)
    assert record == sent(59, 1, 0)


def test_a_channel_that_sent_nothing_has_an_empty_record() -> None:
    dispatch = Dispatch(records={"mail": sent(1)})
    assert dispatch.record("mail") == sent(1)
    assert dispatch.record("chat") == ChannelRecord()


# --- horizons -------------------------------------------------------------------------------


def test_before_the_first_look_nothing_is_new() -> None:
    first = Horizon()
    assert first.reaches_to is None
    assert not first.is_new("a", minute(99))


def test_rows_near_the_newest_are_remembered_so_that_stragglers_are_found() -> None:
    horizon = Horizon().moved([("b", minute(-2)), ("a", minute(-1)), ("old", minute(-2.1))], NOON)
    assert horizon == Horizon(newest=NOON, seen=("a", "b"))
    assert horizon.reaches_to == minute(-2)
    assert [horizon.is_new(row, minute(at)) for row, at in (("c", -2), ("c", -2.1), ("a", 5))] == [
        True,
        False,
        False,
    ]


def test_a_horizon_moves_with_the_newest_row_but_not_beyond_now_and_never_back() -> None:
    start = Horizon(newest=minute(-10), seen=("x",))
    assert start.moved([("a", minute(-5))], NOON).newest == minute(-5)
    assert start.moved([("a", minute(7)), ("b", minute(-9))], NOON) == Horizon(
        newest=NOON, seen=("a",)
    )
    assert start.moved([("a", minute(-30))], NOON) == Horizon(newest=minute(-10), seen=())
    assert start.moved(iter([("a", minute(-11))]), NOON).seen == ("a",)
    assert start.moved([], NOON) == Horizon(newest=minute(-10))


# --- the day in one sentence ----------------------------------------------------------------


def summary(*statuses: SignalStatus, troubles: int = 0, at_least: bool = False) -> Notice:
    seen = Observation(
        at=datetime(2026, 3, 2, 7, 30, tzinfo=UTC),
        tick=TickEnd(
            troubles=tuple(
                AccountTrouble(account=f"n{n}", status="refused", detail="no")
                for n in range(troubles)
            )
        ),
        before=Watch(),
        watch=Watch(),
        ended=(replace(a_signal("a"), status=SignalStatus.DENIED),),  # told, and not urgent
    )
    signals = [replace(a_signal("a"), status=status) for status in statuses]
    return summary_of(seen, signals, at_least=at_least)


def test_a_quiet_day_is_a_message_too() -> None:
    assert summary() == Notice(
        key="summary#2026-03-02",
        severity=P2,
        sentence="daily summary: no alert in 24 hours; all quiet, nothing waits for you",
        at=datetime(2026, 3, 2, 7, 30, tzinfo=UTC),
    )


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        (
            {},
            "daily summary: 3 alerts in 24 hours (1 DENIED, 2 EXECUTED); "
            "all quiet, nothing waits for you",
        ),
        (
            {"at_least": True, "troubles": 1},
            "daily summary: more than 3 alerts in 24 hours (1 DENIED, 2 EXECUTED); "
            "1 urgent matter waits for you",
        ),
        (
            {"troubles": 2},
            "daily summary: 3 alerts in 24 hours (1 DENIED, 2 EXECUTED); "
            "2 urgent matters wait for you",
        ),
    ],
)
def test_a_day_is_counted_by_endings_with_what_is_urgent(
    changes: dict[str, Any], sentence: str
) -> None:
    found = summary(SignalStatus.EXECUTED, SignalStatus.DENIED, SignalStatus.EXECUTED, **changes)
    assert found.sentence == sentence
