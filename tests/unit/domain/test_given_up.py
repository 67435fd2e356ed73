"""A signal that planning fails on: counted, given up, told to the owner, taken again."""

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from chalicelib.domain.operation.conditions import worth_saying
from chalicelib.domain.operation.figures import FigureName, figures_of
from chalicelib.domain.operation.notice import Severity
from chalicelib.domain.operation.observation import Observation, TickEnd
from chalicelib.domain.operation.watch import Watch
from chalicelib.domain.trading.instrument import Ticker
from chalicelib.domain.trading.signal import Failures, Outcome, Signal, SignalStatus
from tests.situations import BTC, NOON, a_signal

P1, P2 = Severity.P1, Severity.P2
SIGNAL = a_signal("a")


def minute(count: float) -> datetime:
    return NOON + timedelta(minutes=count)


def said(account: str, status: SignalStatus, at: float = 0) -> Outcome:
    return Outcome(account=account, status=status, reason="so it is", at=minute(at))


def failed(times: int, signal: Signal = SIGNAL) -> Signal:
    for number in range(times):
        signal = signal.with_failure("main", f"E: {number}", minute(number))
    return signal


# --- counting --------------------------------------------------------------------------------


def test_four_failures_are_counted_and_the_fifth_ends_it() -> None:
    four = failed(4)
    assert four.failures == (Failures(account="main", count=4, why="E: 3", at=minute(3)),)
    assert (four.failing, four.outcomes) == (four.failures, ())
    five = failed(5)
    reason = "planning has failed on it 5 of 5 times: E: 4"
    assert five.outcomes == (
        Outcome(account="main", status=SignalStatus.QUARANTINED, reason=reason, at=minute(4)),
    )
    assert (five.quarantined_by, five.failing) == (five.outcomes, ())
    assert five.failures[0].count == 5
    assert failed(9) == five
    settled = five.settled_for(["main"])
    assert (settled.status, settled.reason) == (SignalStatus.QUARANTINED, reason)


def test_each_account_counts_for_itself() -> None:
    both = failed(2).with_failure("other", "F", minute(9))
    assert both.failures == (
        Failures(account="main", count=2, why="E: 1", at=minute(1)),
        Failures(account="other", count=1, why="F", at=minute(9)),
    )
    heard = both.with_outcome(said("main", SignalStatus.PLANNED))
    assert heard.failing == both.failures[1:]
    assert heard.with_failure("main", "G", minute(20)) == heard
    assert [f.account for f in heard.with_failure("other", "G", minute(20)).failing] == ["other"]


@pytest.mark.parametrize(("seconds", "count"), [(-1, 1), (0, 1), (29.9, 1), (30, 2), (90, 2)])
def test_failures_that_follow_fast_are_one(seconds: float, count: int) -> None:
    again = failed(1).with_failure("main", "again", NOON + timedelta(seconds=seconds))
    assert again.failures[0].count == count


def test_what_was_given_up_is_due_again_for_those_who_gave_it_up() -> None:
    ended = failed(5).with_outcome(said("other", SignalStatus.EXECUTED))
    ended = ended.with_outcome(said("third", SignalStatus.QUARANTINED))
    ended = replace(ended.settled_for(["main", "other", "third"]), version=7)
    assert ended.status is SignalStatus.PARTIALLY_EXECUTED
    again = ended.taken_again({"main", "other"}, minute(60))
    assert again == replace(
        ended,
        status=SignalStatus.RECEIVED,
        reason="",
        due_at=minute(60),
        outcomes=(said("other", SignalStatus.EXECUTED), said("third", SignalStatus.QUARANTINED)),
        failures=(),
    )
    others = again.with_failure("main", "E", minute(61)).taken_again({"third"}, minute(62))
    assert [o.account for o in others.outcomes] == ["other"]
    assert [f.account for f in others.failures] == ["main"]


# --- telling ---------------------------------------------------------------------------------


def seen(*ended: Signal, waiting: tuple[Signal, ...] = ()) -> Observation:
    return Observation(
        at=NOON, tick=TickEnd(), before=Watch(), watch=Watch(), ended=ended, waiting=waiting
    )


def told(observation: Observation) -> list[tuple[str, Severity, str, str]]:
    return [(n.key, n.severity, n.sentence, n.signal_id) for n in worth_saying(observation)]


@pytest.mark.parametrize(("state", "severity"), [("long", P2), ("flat", P1), ("short", P1)])
def test_a_signal_that_fails_is_told_at_once_and_an_exit_urgently(
    state: str, severity: Severity
) -> None:
    signal = failed(1, replace(a_signal("a", state=state), id="s"))
    sentence = f"account main: alert of a for BTCUSDT ({state}) cannot be planned: E: 0"
    assert told(seen(waiting=(signal,))) == [("unplanned#s#main", severity, sentence, "s")]
    assert told(seen(waiting=(failed(1, signal),))) == told(seen(waiting=(signal,)))


def test_a_signal_given_up_is_told_urgently_with_what_takes_it_again() -> None:
    signal = failed(5, replace(SIGNAL, id="s"))
    ended = signal.settled_for(["main"])
    expected = [
        (
            "quarantine#s#main#2026-03-02T12:04:00+00:00",
            P1,
            "account main: alert of a for BTCUSDT (long) is in quarantine, planning has failed on "
            "it 5 of 5 times: E: 4; once that is mended: crypto-bot quarantine replay s",
            "s",
        )
    ]
    assert told(seen(ended)) == expected
    # While another account has still to speak.
    assert told(seen(waiting=(signal,))) == expected


def test_signals_given_up_are_counted_when_they_end() -> None:
    ended = failed(5).settled_for(["main"])
    other = failed(5).with_outcome(said("other", SignalStatus.EXECUTED))
    assert figures_of(seen(ended, other, SIGNAL))[FigureName.SIGNALS_QUARANTINED] == 2
    assert figures_of(seen(waiting=(failed(5),)))[FigureName.SIGNALS_QUARANTINED] == 0


# --- prices ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("last", "is_priced"),
    [("0.01", True), ("0", False), ("-1", False), ("NaN", False), ("Infinity", False)],
)
def test_a_price_is_a_number_above_zero(last: str, *, is_priced: bool) -> None:
    assert Ticker(symbol=BTC, last=Decimal(last), at=NOON).is_priced is is_priced
