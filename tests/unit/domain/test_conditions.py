"""Which facts are worth a notice, under which key, how grave, in which words; and the figures."""

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from chalicelib.domain.operation.conditions import open_breakers, unknown_since, worth_saying
from chalicelib.domain.operation.figures import FIGURES, FigureName, figures_of
from chalicelib.domain.operation.notice import Notice, Severity
from chalicelib.domain.operation.observation import (
    AccountTrouble,
    Observation,
    Silence,
    TickEnd,
)
from chalicelib.domain.operation.watch import Watch
from chalicelib.domain.trading.account import Halt, HaltLevel
from chalicelib.domain.trading.alerts.quarantine import QuarantinedAlert
from chalicelib.domain.trading.order import Order, OrderStatus
from chalicelib.domain.trading.plan import AccountState, Breaker, Stance
from chalicelib.domain.trading.side import Side
from chalicelib.domain.trading.signal import SignalStatus
from chalicelib.domain.trading.stranger import OpenOrder, Stranger
from chalicelib.domain.trading.strategy import Strategy
from chalicelib.domain.trading.stuck import Act, stuck_after
from tests.contract.stores.records import order as an_order
from tests.situations import BTC, ETH, NOON, a_signal

P1, P2 = Severity.P1, Severity.P2
AT = "2026-03-02T12:00:00+00:00"


def minute(count: float) -> datetime:
    return NOON + timedelta(minutes=count)


def observation(**changes: Any) -> Observation:
    usual: dict[str, Any] = {"at": NOON, "tick": TickEnd(), "before": Watch(), "watch": Watch()}
    return Observation(**{**usual, **changes})


def told(**changes: Any) -> list[tuple[str, Severity, str, str]]:
    found = list(worth_saying(observation(**changes)))
    assert all(notice.at == NOON for notice in found)
    return [(n.key, n.severity, n.sentence, n.signal_id) for n in found]


def test_a_good_tick_in_a_quiet_world_is_not_worth_a_word() -> None:
    assert told() == []


def test_a_notice_is_new_and_without_credentials() -> None:
    tick = TickEnd(good=False, failure="Refused: GET https://x.test/?token=abcdef failed")
    [notice] = worth_saying(observation(tick=tick))
    assert notice == Notice(
        key="tick#Refused#2026-03-02T12",
        severity=P1,
        sentence="a tick failed and is tried again: Refused: "
        "GET https://x.test/?token=[blanked] failed",
        at=NOON,
    )


# --- ticks ----------------------------------------------------------------------------------

STALLED = "no tick has ended well since 2026-03-02 11:54 UTC: see the log, then crypto-bot tick"


@pytest.mark.parametrize(
    ("tick", "last", "said"),
    [
        (TickEnd(good=False, interval=timedelta(minutes=1)), -6, True),
        (TickEnd(good=False, interval=timedelta(minutes=1)), -5, False),
        (TickEnd(good=True, interval=timedelta(minutes=1)), -6, False),
        (TickEnd(good=False), -6, False),
        (TickEnd(good=False, interval=timedelta(minutes=3)), -6, False),
        (TickEnd(good=False, interval=timedelta(minutes=2.9)), -6, True),
        (TickEnd(good=False, interval=timedelta(minutes=1)), None, False),
    ],
)
def test_a_missing_heartbeat_is_told_after_five_minutes_or_two_ticks(
    tick: TickEnd, last: float | None, *, said: bool
) -> None:
    at = None if last is None else minute(last)
    expected = [("stalled#2026-03-02T11:54:00+00:00", P1, STALLED, "")] if said else []
    assert told(tick=tick, last_good_tick=at) == expected


def test_a_failure_and_a_missing_heartbeat_are_two_notices() -> None:
    tick = TickEnd(good=False, failure="OSError: gone", interval=timedelta(minutes=1))
    assert [key for key, *_ in told(tick=tick, last_good_tick=minute(-60))] == [
        "tick#OSError#2026-03-02T12",
        "stalled#2026-03-02T11:00:00+00:00",
    ]


def test_without_news_only_what_stands_is_seen_again() -> None:
    order, signal = an_order(), a_signal("a")
    alert = QuarantinedAlert(
        id="q", strategy="", received_at=NOON, status=401, reason="no", excerpt="", digest=""
    )
    stands: dict[str, Any] = {"waiting": (signal,), "held": (order,), "last_good_tick": minute(-1)}
    before = observation(**stands, ended=(signal,), refused=(order,), quarantined=(alert,))
    tick = TickEnd(good=True, interval=timedelta(minutes=1))
    assert before.without_news(minute(1), tick) == observation(**stands, at=minute(1), tick=tick)


# --- strangers ------------------------------------------------------------------------------


def test_a_stranger_that_bars_purchases_is_told_every_day() -> None:
    resting = OpenOrder(
        venue_order_id="7",
        client_order_id="8f0ff51c-93ea-5b9d-a2e4-4d0a2f0a4b5c",
        symbol=BTC,
        side=Side.BUY,
        quantity=Decimal("0.50"),
        limit_price=Decimal(90),
    )
    sure = Stranger(order=resting, seen_at=minute(-5), confirmed=True)
    known = replace(sure, mine=True)
    states = (AccountState(account="main", strangers=(sure, known)),)
    sentence = (
        "account main: nothing is bought of BTC/USDT, order 7 to buy 0.5 at 90 rests at the venue "
        "under an id like the bot's (8f0ff51c-93ea-5b9d-a2e4-4d0a2f0a4b5c) and is in no plan of "
        "its: does another bot trade with these keys? crypto-bot accounts strangers main"
    )
    assert told(states=states) == [("stranger#main#7#2026-03-02", P1, sentence, "")]


# --- what is stuck --------------------------------------------------------------------------


def test_what_cannot_be_booked_or_concluded_is_told_every_day() -> None:
    faults = {("p", BTC): "KeyError: 'fee' (x.py:7)"}
    stuck = stuck_after((), Act.BOOKED, faults, minute(-9))
    state = AccountState(account="main", stuck=stuck_after(stuck, Act.CONCLUDED, faults, NOON))
    reasons = [
        f"what plan p did cannot be {act}: KeyError: 'fee' (x.py:7); every tick tries it again"
        for act in ("booked", "concluded")
    ]
    assert told(states=(state,)) == [
        (
            f"stuck#main#p#BTC/USDT#{act}#2026-03-02",
            P1,
            f"account main: nothing is bought of BTC/USDT, {reason}",
            "",
        )
        for act, reason in zip(("booked", "concluded"), reasons, strict=True)
    ]
    assert state.barred == {BTC: "; ".join(reasons)}
    assert figures_of(observation(states=(state,)))[FigureName.LEDGER_DRIFT] == 1


def test_what_is_stuck_keeps_its_first_moment_until_it_is_mended() -> None:
    first = stuck_after((), Act.BOOKED, {("p", BTC): "one", ("q", ETH): "two"}, NOON)
    again = stuck_after(first, Act.BOOKED, {("p", BTC): "other", ("p", ETH): "new"}, minute(5))
    assert [(s.plan_id, s.symbol, s.why, s.since) for s in again] == [
        ("p", BTC, "other", NOON),
        ("p", ETH, "new", minute(5)),
    ]
    assert stuck_after(again, Act.CONCLUDED, {}, minute(6)) == again
    assert stuck_after(again, Act.BOOKED, {}, minute(6)) == ()


# --- the switch -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("level", "ago", "expected"),
    [
        (HaltLevel.NONE, 1440, (P2, "trading goes on, the halt has ended: why not")),
        (HaltLevel.NONE, 1441, None),
        (
            HaltLevel.NO_ENTRIES,
            9999,
            (P1, "trading is halted (no_entries): why not; crypto-bot resume ends it"),
        ),
        (
            HaltLevel.FLATTEN,
            0,
            (P1, "trading is halted (flatten): why not; crypto-bot resume ends it"),
        ),
    ],
)
def test_the_switch(level: HaltLevel, ago: float, expected: tuple[Severity, str] | None) -> None:
    halt = Halt(level=level, reason="why not", at=minute(-ago))
    key = f"halt#{halt.at.isoformat()}"
    assert told(halt=halt) == ([] if expected is None else [(key, *expected, "")])


# --- orders ---------------------------------------------------------------------------------


def order(status: OrderStatus, **changes: Any) -> Order:
    return an_order(status=status, created_at=NOON, updated_at=NOON, **changes)


WHAT = "account main: order to buy 0.1 BTC/USD"


def test_an_order_refused_for_its_keys_is_told_once_a_day() -> None:
    refused = order(OrderStatus.REJECTED, code="AUTHENTICATION_FAILED", reason="bad key")
    assert told(refused=(refused,)) == [
        (
            "keys#main#2026-03-02",
            P1,
            f"{WHAT} was refused for its keys (AUTHENTICATION_FAILED): bad key",
            "",
        )
    ]


def test_a_held_order_is_told_with_the_command_that_helps() -> None:
    held = order(OrderStatus.HELD)
    identity = held.intent.id
    sentence = (
        f"{WHAT} is HELD, whether it was placed cannot be known: crypto-bot resolve {identity}"
    )
    assert told(held=(held,)) == [(f"held#{identity}", P1, sentence, "")]


@pytest.mark.parametrize(("ago", "said"), [(10, False), (11, True)])
def test_an_order_of_unknown_fate_is_told_after_ten_minutes(ago: float, *, said: bool) -> None:
    sent = order(OrderStatus.SUBMITTED, first_sent_at=minute(-ago))
    identity = sent.intent.id
    sentence = f"{WHAT} was sent at 2026-03-02 11:49 UTC and not seen since"
    assert told(unknown=(sent,)) == ([(f"unknown#{identity}", P1, sentence, "")] if said else [])


def test_unknown_since_the_first_sending_or_where_that_is_lost_the_making() -> None:
    made = order(OrderStatus.SUBMITTED)
    assert unknown_since(made) == NOON
    assert unknown_since(replace(made, first_sent_at=minute(3), sent_at=minute(5))) == minute(3)


# --- accounts -------------------------------------------------------------------------------


def breaker(code: str, until: datetime | None = None) -> Breaker:
    return Breaker(code=code, reason="lost too much", opened_at=NOON, until=until)


def test_what_is_frozen_is_told_by_name_once_a_day() -> None:
    state = AccountState(account="main", frozen={ETH: "second", BTC: "first"})
    assert told(states=(state,)) == [
        (
            "frozen#main#BTC/USDT#2026-03-02",
            P1,
            "account main: BTC/USDT is frozen, first",
            "",
        ),
        (
            "frozen#main#ETH/USDT#2026-03-02",
            P1,
            "account main: ETH/USDT is frozen, second",
            "",
        ),
    ]


def test_breakers_are_told_while_they_are_open() -> None:
    open_one, over = breaker("DRAWDOWN_EXCEEDED"), breaker("ACCOUNT_LOSS_EXCEEDED", NOON)
    state = AccountState(account="main", breakers=(over, open_one))
    sentence = "account main buys nothing: lost too much (DRAWDOWN_EXCEEDED)"
    assert told(states=(state,)) == [(f"breaker#main#DRAWDOWN_EXCEEDED#{AT}", P1, sentence, "")]
    assert open_breakers(state, NOON) == (open_one,)
    assert open_breakers(state, minute(-1)) == (over, open_one)


@pytest.mark.parametrize(
    ("until", "because", "sentence"),
    [
        (2, "too many requests", None),
        (None, "too many requests", None),
        (5, "banned", "account main: the venue wants silence until 2026-03-02 12:05 UTC: banned"),
        (
            5,
            "",
            "account main: the venue wants silence until 2026-03-02 12:05 UTC: no reason given",
        ),
    ],
)
def test_a_ban_is_silence_for_more_than_two_minutes(
    until: float | None, because: str, sentence: str | None
) -> None:
    at = None if until is None else minute(until)
    state = AccountState(account="main", blocked_until=at, blocked_because=because)
    expected = [] if sentence is None else [("ban#main#2026-03-02T12", P1, sentence, "")]
    assert told(states=(state,)) == expected


def test_what_became_of_a_stop_is_told_with_its_signal() -> None:
    left = Stance(strategy="a", symbol=BTC, signal_id="s1", left_by="STOP_LOSS_HIT")
    bare = Stance(strategy="b", symbol=ETH, signal_id="s2", stop_refused="no such order type")
    state = AccountState(account="main", stances=(left, bare, Stance(strategy="c", symbol=BTC)))
    assert told(states=(state,)) == [
        ("left#main#s1", P2, "account main: a left BTC/USDT by itself: STOP_LOSS_HIT", "s1"),
        (
            "unguarded#main#s2",
            P2,
            "account main: b has no stop for ETH/USDT at the venue and is watched instead: "
            "no such order type",
            "s2",
        ),
    ]


def trouble(status: str, account: str = "main") -> AccountTrouble:
    return AccountTrouble(account=account, status=status, detail="it says so")


def test_an_account_that_cannot_be_worked_on_is_told_unless_its_venue_wants_silence() -> None:
    tick = TickEnd(
        troubles=(
            trouble("refused"),
            trouble("blocked"),
            trouble("busy"),
            trouble("unavailable"),
            trouble("refused", "silent"),
        )
    )
    silent = AccountState(account="silent", blocked_until=minute(1))
    due = AccountState(account="main", blocked_until=NOON)
    assert told(tick=tick, states=(silent, due)) == [
        (
            "keys#main#2026-03-02",
            P1,
            "account main: the venue refuses its keys: it says so",
            "",
        ),
        ("blocked#main#2026-03-02", P1, "account main does not trade: it says so", ""),
    ]


# --- alerts ---------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [s for s in SignalStatus if s.is_final])
def test_an_alert_that_ended_as_wished_is_no_news(status: SignalStatus) -> None:
    ended = replace(a_signal("a", id="s"), status=status, reason="because")
    sentence = f"alert of a for BTCUSDT (long) ended {status}: because"
    fine = status in {SignalStatus.EXECUTED, SignalStatus.SUPERSEDED}
    assert told(ended=(ended,)) == ([] if fine else [("signal#s", P2, sentence, "s")])


def test_what_waits_is_told_at_once_for_a_yes_and_after_ten_minutes_otherwise() -> None:
    asked = a_signal("a", id="asked", at=minute(-60))
    late, soon = a_signal("b", id="late", at=minute(-11)), a_signal("b", id="soon", at=minute(-10))
    assert told(waiting=(asked, late, soon), approvals=(asked,)) == [
        (
            "approval#asked",
            P2,
            "alert of a for BTCUSDT (long) waits for your yes: crypto-bot approve asked",
            "asked",
        ),
        (
            "late#late",
            P2,
            "alert of b for BTCUSDT (long) has been due since 2026-03-02 11:49 UTC "
            "and is not done yet",
            "late",
        ),
    ]


def test_a_quarantined_alert_says_whose_it_is_where_that_is_known() -> None:
    alert = QuarantinedAlert(
        id="q",
        strategy="a",
        received_at=NOON,
        status=422,
        reason="no such ticker",
        excerpt="",
        digest="",
    )
    unnamed = replace(alert, id="r", strategy="")
    assert told(quarantined=(alert, unnamed)) == [
        ("quarantine#q", P2, "an alert of a could not become a signal (422): no such ticker", ""),
        (
            "quarantine#r",
            P2,
            "an alert of an unnamed strategy could not become a signal (422): no such ticker",
            "",
        ),
    ]


def test_silence_is_told_by_the_time_of_the_last_word() -> None:
    strategy = Strategy(name="a", instruments={}, timeframe="4h", silence_after=3)
    assert told(silences=(Silence(strategy=strategy, heard_at=NOON),)) == [
        (
            f"silence#a#{AT}",
            P1,
            "strategy a has been silent since 2026-03-02 12:00 UTC, longer than 3 candles of 4h: "
            "is its alert still active on TradingView?",
            "",
        )
    ]


# --- figures --------------------------------------------------------------------------------

QUIET = {
    FigureName.OLDEST_OPEN_SIGNAL_SEC: 0,
    FigureName.ORDERS_HELD: 0,
    FigureName.UNKNOWN_ORDER_AGE_SEC: 0,
    FigureName.LEDGER_DRIFT: 0,
    FigureName.BREAKER_OPEN: 0,
    FigureName.KEY_AUTH_ERRORS: 0,
    FigureName.SIGNALS_QUARANTINED: 0,
    FigureName.DAILY_LOSS_STOP: 0,
}


def test_figures_of_a_quiet_world_and_of_a_tick_that_failed() -> None:
    assert figures_of(observation()) == {FigureName.TICK_HEARTBEAT: 1, **QUIET}
    assert figures_of(observation(tick=TickEnd(good=False))) == QUIET


def test_every_figure_counts_its_own() -> None:
    states = (
        AccountState(
            account="main",
            frozen={BTC: "x", ETH: "x"},
            breakers=(
                breaker("DRAWDOWN_EXCEEDED"),
                breaker("ACCOUNT_LOSS_EXCEEDED"),
                breaker("DAILY_LOSS_EXCEEDED", NOON),  # over
            ),
        ),
        AccountState(
            account="second",
            frozen={BTC: "x"},
            blocked_until=minute(1),
            breakers=(breaker("DRAWDOWN_EXCEEDED"),),
        ),
        AccountState(account="third", blocked_until=NOON),
    )
    asked = a_signal("a", id="asked", at=minute(-60))
    ended = [
        replace(a_signal("a", id=reason), status=SignalStatus.DENIED, reason=reason)
        for reason in ("lost (DAILY_LOSS_EXCEEDED)", "lost (ACCOUNT_LOSS_EXCEEDED)", "else")
    ]
    seen = observation(
        tick=TickEnd(good=False, troubles=(trouble("refused"), trouble("busy"), trouble("busy"))),
        states=states,
        waiting=(asked, a_signal("b", at=minute(-2)), a_signal("c", at=minute(-1.5))),
        approvals=(asked,),
        held=(order(OrderStatus.HELD),) * 2,
        unknown=(
            order(OrderStatus.SUBMITTED, first_sent_at=minute(-1)),
            order(OrderStatus.SUBMITTED, first_sent_at=minute(-3)),
        ),
        refused=(order(OrderStatus.REJECTED),) * 3,
        ended=tuple(ended),
    )
    assert figures_of(seen) == {
        FigureName.OLDEST_OPEN_SIGNAL_SEC: 120,
        FigureName.ORDERS_HELD: 2,
        FigureName.UNKNOWN_ORDER_AGE_SEC: 180,
        FigureName.LEDGER_DRIFT: 3,
        FigureName.BREAKER_OPEN: 4,
        FigureName.KEY_AUTH_ERRORS: 4,
        FigureName.SIGNALS_QUARANTINED: 0,
        FigureName.DAILY_LOSS_STOP: 3,
    }


def test_every_figure_has_a_meaning_and_a_unit() -> None:
    assert [figure.name for figure in FIGURES] == list(FigureName)
    in_seconds = {figure.name for figure in FIGURES if figure.unit == "Seconds"}
    assert in_seconds == {FigureName.OLDEST_OPEN_SIGNAL_SEC, FigureName.UNKNOWN_ORDER_AGE_SEC}
    assert {figure.unit for figure in FIGURES} == {"Seconds", "Count"}
