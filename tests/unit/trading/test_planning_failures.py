"""One signal that planning fails on: the others trade on, it is tried again, then given up."""

import re
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

import pytest

from chalicelib.domain.trading.account import HaltLevel, OrderStyle
from chalicelib.domain.trading.order import OrderStatus
from chalicelib.domain.trading.signal import SignalStatus, Size, SizeUnit
from chalicelib.drivers.sqlite_table import SqliteTable
from chalicelib.drivers.table import Row
from chalicelib.services.trading.preview_plan import preview_plan
from tests.trading_floor import TradingFloor, virtual_account
from tests.unit.trading.failing_floor import (
    ENDLESS,
    PRICES,
    WEIGHTS,
    count,
    give,
    invested,
    odd_venue,
)


class Killed(BaseException):
    """The process is gone: nothing catches it."""


class Mortal(SqliteTable):
    """A store on which whoever is about to write such a row dies."""

    dies_at = ""

    def write(self, rows: Sequence[Row]) -> None:
        if self.dies_at and any(row.sort.startswith(self.dies_at) for row in rows):
            raise Killed
        super().write(rows)


# --- one signal ------------------------------------------------------------------------------


def test_the_others_enter_and_leave_in_the_same_tick() -> None:
    floor = invested("btc")
    give(floor, "eth", ENDLESS)
    bad = floor.alert("eth", "long")
    leave, enter = floor.alert("btc", "flat"), floor.alert("sol", "long")
    [report] = floor.tick().accounts
    assert (floor.owned("btc"), floor.owned("eth"), floor.owned("sol")) == (0, 0, 20)
    for signal_id in (leave, enter):
        assert floor.outcome(signal_id)[0] is SignalStatus.EXECUTED
        assert floor.signal(signal_id).failures == ()
    assert (report.status, report.detail) == ("worked", "signals that planning fails on: 1")
    assert floor.outcome(bad) == (SignalStatus.RECEIVED, "")
    [failed] = floor.signal(bad).failing
    assert (failed.account, failed.count, failed.at) == ("paper", 1, floor.clock.now())
    assert re.fullmatch(r"OverflowError: .+ \(strategy\.py:\d+\)", failed.why)


def test_the_fifth_failure_is_the_last_word() -> None:
    floor = invested("btc")
    give(floor, "eth", ENDLESS)
    bad = floor.alert("eth", "long")
    floor.tick()
    for failures in range(2, 6):
        assert floor.outcome(bad) == (SignalStatus.RECEIVED, "")
        floor.next_minute()
        assert count(floor, bad) == failures
    status, reason = floor.outcome(bad)
    assert status is SignalStatus.QUARANTINED
    assert reason.startswith("planning has failed on it 5 of 5 times: OverflowError: ")
    assert floor.next_minute().outcome == "idle"
    assert floor.ports.plans.state("paper").stance("eth", "ETH/USDT").signal_id == ""


def test_a_moment_of_oddity_is_counted_once_however_many_ticks_it_has() -> None:
    floor = invested("eth")
    venue = odd_venue(floor)
    venue.filters["ETH/USDT"] = {"price_tick": Decimal(0)}
    leave = floor.alert("eth", "flat")
    for _ in range(10):
        floor.tick()
        floor.clock.pass_time(seconds=2.9)
    assert count(floor, leave) == 1
    floor.clock.pass_time(seconds=1)
    floor.tick()
    assert count(floor, leave) == 2
    venue.filters.clear()
    floor.tick()
    assert floor.outcome(leave)[0] is SignalStatus.EXECUTED
    assert floor.owned("eth") == 0


def test_an_exit_of_the_same_strategy_runs_though_the_entry_after_it_fails() -> None:
    floor = invested("eth")
    give(floor, "eth", ENDLESS)
    leave = floor.alert("eth", "flat")
    floor.clock.pass_time(seconds=1)
    again = floor.alert("eth", "long")
    floor.tick()
    assert floor.outcome(leave)[0] is SignalStatus.EXECUTED
    assert floor.owned("eth") == 0
    assert count(floor, again) == 1


def test_nothing_is_bought_for_a_strategy_whose_newer_signal_fails() -> None:
    floor = invested("eth")
    more = floor.alert("eth", "long", size_ratio=Decimal("1.2"))
    floor.clock.pass_time(seconds=1)
    give(floor, "eth", ENDLESS)
    absurd = floor.alert("eth", "long", size_ratio=Decimal("2"))
    floor.tick()
    assert floor.owned("eth") == 1
    assert (count(floor, more), count(floor, absurd)) == (1, 1)


def test_a_partial_exit_before_the_signal_that_fails_is_executed() -> None:
    floor = invested("eth")
    give(floor, "eth", ENDLESS)
    less = floor.alert("eth", "long", size_ratio=Decimal("0.5"))
    floor.clock.pass_time(seconds=1)
    more = floor.alert("eth", "long", size_ratio=Decimal("3"))
    floor.tick()
    assert floor.outcome(less)[0] is SignalStatus.EXECUTED
    assert floor.owned("eth") == Decimal("0.5")
    assert count(floor, more) == 1


def test_an_exit_takes_its_purchase_back_whatever_other_signals_say() -> None:
    account = virtual_account(order_style=OrderStyle.LIMIT, unfilled_timeout=3600)
    floor = TradingFloor(PRICES, WEIGHTS, account=account)
    venue = odd_venue(floor)
    venue.prices["BTC/USDT"] = "49000"  # so the purchase rests below the market
    floor.alert("btc", "long")
    floor.tick()
    [resting] = floor.orders
    assert resting.status is OrderStatus.ACCEPTED
    floor.clock.pass_time(minutes=1)
    absurd = [
        floor.alert("eth", "long", size_ratio=Decimal("9e999999"), order_id=name) for name in "ab"
    ]
    leave = floor.alert("btc", "flat")
    for _ in range(3):
        floor.next_minute()
    assert floor.orders[0].status is OrderStatus.CANCELED
    assert floor.outcome(leave)[0] is SignalStatus.SKIPPED
    assert all(count(floor, signal_id) == 3 for signal_id in absurd)


def test_of_two_that_do_not_go_together_the_newer_waits_for_the_next_tick() -> None:
    floor = TradingFloor(PRICES, WEIGHTS, account=virtual_account(policy="signal_sized"))
    huge = Size(amount=Decimal("6e999999"), unit=SizeUnit.NOTIONAL)
    older = floor.alert("eth", "long", size=huge)
    floor.clock.pass_time(seconds=1)
    newer = floor.alert("btc", "long", size=huge)
    floor.tick()
    assert floor.outcome(older)[0] is SignalStatus.EXECUTED
    assert floor.outcome(newer) == (SignalStatus.RECEIVED, "")
    assert count(floor, newer) == 1
    floor.next_minute()
    assert floor.outcome(newer)[0] is SignalStatus.EXECUTED  # on the cash that was left
    assert count(floor, newer) == 1


def test_what_is_counted_and_not_planned_is_planned_by_the_next_tick() -> None:
    table = Mortal(":memory:")
    floor = invested("btc", table=table)
    give(floor, "eth", ENDLESS)
    bad, leave = floor.alert("eth", "long"), floor.alert("btc", "flat")
    table.dies_at = "plan"
    with pytest.raises(Killed):
        floor.tick()
    table.dies_at = ""
    assert count(floor, bad) == 1
    assert floor.outcome(leave) == (SignalStatus.RECEIVED, "")
    assert floor.owned("btc") > 0
    floor.clock.pass_time(minutes=6)  # the lease of who was killed runs out
    floor.tick()
    assert floor.outcome(leave)[0] is SignalStatus.EXECUTED
    assert floor.owned("btc") == 0
    assert count(floor, bad) == 2


def test_the_preview_shows_what_goes_on() -> None:
    floor = invested("btc")
    give(floor, "eth", ENDLESS)
    bad, leave = floor.alert("eth", "long"), floor.alert("btc", "flat")
    [plan] = preview_plan(floor.ports, "paper")
    assert [verdict.signal_id for verdict in plan.verdicts] == [leave]
    assert [intent.symbol for intent in plan.intents] == ["BTC/USDT"]
    assert floor.signal(bad).failures == ()


# --- whole instruments -----------------------------------------------------------------------


def test_exits_go_on_while_an_instrument_cannot_be_planned_at_all() -> None:
    floor = invested("btc", "eth")
    venue = odd_venue(floor)
    venue.filters["SOL/USDT"] = {"quantity_step": Decimal(0)}
    leave, enter = floor.alert("btc", "flat"), floor.alert("eth", "long", size_ratio=Decimal(2))
    odd = floor.alert("sol", "long")
    before = floor.ports.control.last_beat()
    for _ in range(6):
        with pytest.raises(ValueError, match="step 0 must be above zero"):
            floor.next_minute()
    assert floor.outcome(leave)[0] is SignalStatus.EXECUTED
    assert (floor.owned("btc"), floor.owned("eth")) == (0, 1)
    assert floor.ports.control.last_beat() == before
    for signal_id in (enter, odd):
        assert floor.outcome(signal_id) == (SignalStatus.RECEIVED, "")
        assert floor.signal(signal_id).failures == ()
    floor.ports.control.set_halt(HaltLevel.FLATTEN, "test", floor.clock.now())
    with pytest.raises(ValueError, match="step 0 must be above zero"):
        floor.next_minute()
    assert floor.owned("eth") == 0
    floor.ports.control.set_halt(HaltLevel.NONE, "test", floor.clock.now())
    venue.filters.clear()
    floor.next_minute()
    assert floor.outcome(odd)[0] is SignalStatus.EXECUTED


def test_an_account_stays_due_while_an_instrument_cannot_be_planned() -> None:
    floor = invested("btc")
    state = floor.ports.plans.state("paper")
    floor.ports.plans.save_state(replace(state, due_at=floor.clock.now()))
    venue = odd_venue(floor)
    venue.filters["SOL/USDT"] = {"quantity_step": Decimal(0)}
    for _ in range(3):
        with pytest.raises(ValueError, match="step 0 must be above zero"):
            floor.next_minute()
    assert floor.ports.plans.state("paper").due_at is not None
    venue.filters.clear()
    floor.next_minute()
    assert floor.next_minute().outcome == "idle"


def test_an_exit_of_unknown_fate_hides_no_failure() -> None:
    account = virtual_account(options={"faults": {"script": ["none", "lost"]}})
    floor = invested("btc", account=account)
    odd_venue(floor).filters["SOL/USDT"] = {"quantity_step": Decimal(0)}
    leave = floor.alert("btc", "flat")
    with pytest.raises(ValueError, match="step 0 must be above zero"):
        floor.tick()
    assert floor.outcome(leave)[0] is SignalStatus.PLANNED


def test_a_stop_sells_while_another_instrument_cannot_be_planned() -> None:
    account = virtual_account(options={"traits": {"has_stop_orders": False}})
    floor = TradingFloor(PRICES, WEIGHTS, account=account)
    floor.alert("btc", "long", stop_loss=Decimal(45000))
    floor.tick()
    odd_venue(floor).filters["SOL/USDT"] = {"quantity_step": Decimal(0)}
    floor.clock.pass_time(minutes=5)
    floor.prices.set("BTC/USDT", Decimal(44000))
    with pytest.raises(ValueError, match="step 0 must be above zero"):
        floor.tick()
    assert floor.owned("btc") == 0


def test_a_failing_exit_is_counted_though_an_instrument_cannot_be_planned() -> None:
    floor = invested("btc", "eth")
    venue = odd_venue(floor)
    venue.filters["SOL/USDT"] = {"quantity_step": Decimal(0)}
    venue.filters["ETH/USDT"] = {"price_tick": Decimal(0)}
    bad, leave = floor.alert("eth", "flat"), floor.alert("btc", "flat")
    with pytest.raises(ValueError, match="step 0 must be above zero"):
        floor.tick()
    assert floor.outcome(leave)[0] is SignalStatus.EXECUTED
    assert count(floor, bad) == 1


@pytest.mark.parametrize("price", ["NaN", "sNaN", "Infinity", "0", "-1"])
def test_a_price_that_cannot_be_one_stops_only_its_own_instrument(price: str) -> None:
    account = virtual_account(daily_loss_stop=Decimal("0.5"), rebalance_band=Decimal("0.1"))
    floor = invested("eth", account=account)
    venue = odd_venue(floor)
    venue.prices["ETH/USDT"] = price
    waits, enter = floor.alert("eth", "flat"), floor.alert("btc", "long")
    floor.tick()
    assert floor.outcome(enter)[0] is SignalStatus.EXECUTED
    assert floor.outcome(waits) == (SignalStatus.RECEIVED, "")
    assert floor.signal(waits).failures == ()
    venue.prices.clear()
    floor.next_minute()
    assert floor.outcome(waits)[0] is SignalStatus.EXECUTED
    assert floor.owned("eth") == 0
