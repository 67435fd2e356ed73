"""Plain lines of what the stores say: every change once, and nothing from before the start."""

import io
from dataclasses import replace
from datetime import timedelta

import pytest

from chalicelib.adapters.stores.quarantine import SLOTS
from chalicelib.cli.terminal_view import PlainView
from chalicelib.domain.trading.account import HaltLevel
from chalicelib.domain.trading.alerts.quarantine import QuarantinedAlert
from chalicelib.local.snapshot import Watch
from chalicelib.local.tally import Tally
from chalicelib.local.view import Trouble
from chalicelib.local.waiting import what_waits
from chalicelib.services.trading.halt_trading import halt_trading
from tests.trading_floor import TradingFloor


@pytest.fixture
def floor() -> TradingFloor:
    return TradingFloor({"BTC/USDT": "50000"}, {"btc": "0.2"})


class Lines:
    """A run's plain view, looked at step by step."""

    def __init__(self, floor: TradingFloor) -> None:
        self.tally = Tally()
        self._watch = Watch(ports=floor.ports, analytics=floor.analytics, tally=self.tally)
        self._stream = io.StringIO()
        self._view = PlainView(self._stream)
        self._view.snapshot(self._watch.look(is_old=True))

    def next(self) -> list[str]:
        before = len(self._stream.getvalue())
        self._view.snapshot(self._watch.look())
        return self._stream.getvalue()[before:].splitlines()


def quarantined(floor: TradingFloor, number: int) -> None:
    floor.ports.signals.quarantine(
        QuarantinedAlert(
            id=f"{number}",
            strategy="btc",
            received_at=floor.clock.now(),
            status=422,
            reason=f"ticker 'X{number}' is unknown",
            excerpt="",
            digest="",
        )
    )


def test_what_was_there_before_the_start_is_not_told_again(floor: TradingFloor) -> None:
    floor.alert("btc", "long")
    floor.tick()
    quarantined(floor, 1)
    lines = Lines(floor)
    assert lines.next() == []


def test_what_waited_before_the_start_is_told_when_it_moves(floor: TradingFloor) -> None:
    floor.alert("btc", "long")
    lines = Lines(floor)
    floor.tick()
    told, order = lines.next()
    assert told.endswith("signal btc BTCUSDT long EXECUTED: bought 0.04 BTC at 50000")
    assert "order paper buy 0.04" in order


def test_a_burst_is_told_whole_and_so_is_its_end(floor: TradingFloor) -> None:
    lines = Lines(floor)
    for number in range(100):
        floor.alert("btc", "long", order_id=str(number))
        floor.clock.pass_time(milliseconds=1)
    assert len([line for line in lines.next() if line.endswith("long RECEIVED")]) == 100
    floor.clock.pass_time(minutes=1)
    floor.tick()
    final = [line for line in lines.next() if " signal btc " in line]
    assert len(final) == 100
    assert lines.next() == []


def test_a_signal_that_waits_behind_many_others_is_told_when_it_moves(floor: TradingFloor) -> None:
    lines = Lines(floor)
    old = floor.alert("btc", "long", due_at=floor.clock.now() + timedelta(days=1))
    lines.next()
    for number in range(40):
        floor.clock.pass_time(minutes=1)
        floor.alert("btc", "flat", order_id=str(number))
    lines.next()
    floor.ports.signals.update(replace(floor.signal(old), reason="moved at last"))
    assert [line.endswith("long RECEIVED: moved at last") for line in lines.next()] == [True]


def test_a_quarantined_alert_is_told_once_however_many_there_are(floor: TradingFloor) -> None:
    lines = Lines(floor)
    for number in range(SLOTS):
        quarantined(floor, number)
    told = lines.next()
    assert len(told) == SLOTS
    assert "2026-03-02T08:00:00Z alert quarantined btc 422: ticker 'X7' is unknown" in told
    assert lines.next() == []


def test_a_trouble_is_told_when_it_begins_changes_and_ends(floor: TradingFloor) -> None:
    stream = io.StringIO()
    view = PlainView(stream)
    watch = Watch(ports=floor.ports, analytics=floor.analytics, tally=Tally())
    snapshot = watch.look()
    down = Trouble(account="paper", status="unavailable", detail="no answer")
    blocked = Trouble(account="paper", status="blocked", detail="no secret")
    for troubles in ((), (down,), (down,), (blocked,), (), (), (down,)):
        view.snapshot(replace(snapshot, troubles=troubles))
    assert stream.getvalue().splitlines() == [
        "2026-03-02T08:00:00Z account paper is unavailable: no answer",
        "2026-03-02T08:00:00Z account paper is blocked: no secret",
        "2026-03-02T08:00:00Z account paper works again",
        "2026-03-02T08:00:00Z account paper is unavailable: no answer",
    ]


def test_a_halt_is_new_work_even_for_an_account_that_is_due_anyway(floor: TradingFloor) -> None:
    halt_trading(floor.ports, HaltLevel.NO_ENTRIES, "test")
    before = what_waits(floor.ports)
    assert ("account", "paper") in before
    assert what_waits(floor.ports) <= before
    halt_trading(floor.ports, HaltLevel.FLATTEN, "test")
    assert not what_waits(floor.ports) <= before
