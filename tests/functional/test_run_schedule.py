"""The embedded schedule: it ticks when something is due, and goes on after a failure."""

import time
from dataclasses import replace

import pytest

from chalicelib.domain.errors import ExchangeUnavailable
from chalicelib.domain.trading.signal import SignalStatus
from chalicelib.local.schedule import Rhythm, Schedule
from chalicelib.local.tally import Tally
from chalicelib.services.trading.decide_signal import decide_signal
from tests.functional.running import eventually
from tests.trading_floor import TradingFloor


class FailsFirst:
    """The control store of a floor, whose first heartbeats do not get through."""

    def __init__(self, control, failures: int) -> None:
        self._control = control
        self._failures = failures

    def beat(self, heartbeat) -> None:
        if self._failures:
            self._failures -= 1
            raise ConnectionError("the disk is gone")
        self._control.beat(heartbeat)

    def __getattr__(self, name: str):
        return getattr(self._control, name)


class Down:
    """A venue that answers nothing."""

    def __getattr__(self, name: str):
        raise ExchangeUnavailable("the venue is down")


@pytest.fixture
def floor():
    return TradingFloor({"BTC/USDT": "100"}, {"btc": "0.5"})


def schedule_of(floor, ports=None, **seconds):
    return Schedule(
        ports=ports or floor.ports,
        analytics=floor.analytics,
        tally=Tally(),
        owner="test",
        rhythm=Rhythm(**seconds),
    )


def test_an_alert_is_worked_off_long_before_the_next_round(floor):
    schedule = schedule_of(floor, tick=3600)
    schedule.start()
    eventually(lambda: schedule.tally.ticks == 1)
    signal_id = floor.alert("btc", "long")
    schedule.hear("POST", 200)
    eventually(lambda: floor.signal(signal_id).status is SignalStatus.EXECUTED)
    schedule.stop()
    assert (schedule.tally.alerts, schedule.tally.orders, schedule.tally.fills) == (1, 1, 1)


def test_a_tick_that_raises_is_counted_and_followed_by_the_next(floor):
    control = FailsFirst(floor.ports.control, failures=2)
    schedule = schedule_of(floor, replace(floor.ports, control=control), tick=0.01)
    schedule.start()
    eventually(lambda: schedule.tally.ticks >= 1)
    schedule.stop()
    assert schedule.tally.failures == 2


def test_work_that_another_process_left_is_found_without_being_told(floor):
    schedule = schedule_of(floor, tick=3600)
    schedule.start()
    eventually(lambda: schedule.tally.ticks == 1)
    signal_id = floor.alert("btc", "long")
    eventually(lambda: floor.signal(signal_id).status is SignalStatus.EXECUTED)
    schedule.stop()


def test_a_venue_that_is_down_is_asked_ever_more_rarely(floor):
    floor.exchanges.by_account["paper"] = Down()
    floor.alert("btc", "long")
    schedule = schedule_of(floor, tick=3600, look=0.02)
    began = time.monotonic()
    schedule.start()
    eventually(lambda: schedule.tally.ticks >= 5)
    assert time.monotonic() - began > 0.02 * (2 + 4 + 8 + 16)
    schedule.stop()
    [trouble] = schedule.tally.troubles()
    assert trouble.sentence() == "account paper is unavailable: the venue is down"


def test_the_owners_word_is_heard_while_the_schedule_waits_longer_and_longer():
    floor = TradingFloor({"BTC/USDT": "100"}, {"btc": "0.5"}, subscription={"approval": True})
    signal_id = floor.alert("btc", "long")
    schedule = schedule_of(floor, tick=3600, look=0.02)
    schedule.start()
    eventually(lambda: schedule.tally.ticks >= 8)  # the next one after 5.12 s
    approved = time.monotonic()
    floor.clock.pass_time(seconds=1)
    decide_signal(floor.ports, signal_id, approved=True)
    eventually(lambda: floor.signal(signal_id).status is SignalStatus.EXECUTED)
    schedule.stop()
    assert time.monotonic() - approved < 4


def test_figures_are_reported_in_their_own_rhythm(floor):
    floor.alert("btc", "long")
    schedule = schedule_of(floor, tick=0.01, report=0.01)
    schedule.start()
    eventually(lambda: floor.analytics.performance("paper", "", 1))
    schedule.stop()


def test_before_anything_is_booked_the_first_figures_are_taken_soon_and_not_an_hour_later(floor):
    schedule = schedule_of(floor, tick=0.01, report=3600)
    schedule.start()
    eventually(lambda: schedule.tally.ticks >= 3)
    assert not floor.analytics.performance("paper", "", 1)
    floor.alert("btc", "long")
    eventually(lambda: floor.analytics.performance("paper", "", 1))
    taken = floor.analytics.performance("paper", "", 9)
    ticks = schedule.tally.ticks
    eventually(lambda: schedule.tally.ticks >= ticks + 3)
    schedule.stop()
    assert floor.analytics.performance("paper", "", 9) == taken
