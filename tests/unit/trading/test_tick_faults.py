"""What a tick does when the venue or the caller misbehaves: never a second order, never a loss."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from chalicelib.domain.trading.account import HaltLevel
from chalicelib.domain.trading.order import OrderStatus
from chalicelib.domain.trading.signal import SignalStatus
from tests.trading_floor import TradingFloor, virtual_account

PRICES = {"BTC/USDT": "50000", "ETH/USDT": "2500"}
WEIGHTS = {"btc": "0.2", "eth": "0.25"}


def floor_with(*script: str, **changes) -> TradingFloor:
    """The venue meets the first sends with these faults, in this order."""
    account = virtual_account(options={"faults": {"script": list(script)}}, **changes)
    return TradingFloor(PRICES, WEIGHTS, account=account)


def accepted(floor: TradingFloor) -> int:
    return len(floor.exchange.accepted())


def run(floor: TradingFloor, ticks: int) -> None:
    floor.tick()
    for _ in range(ticks - 1):
        floor.next_minute()


@pytest.mark.parametrize("fault", ["answer_lost", "error_after"])
def test_an_order_that_was_accepted_without_an_answer_is_adopted(fault: str) -> None:
    floor = floor_with(fault)
    entry = floor.alert("btc", "long")
    run(floor, ticks=2)
    assert accepted(floor) == 1
    assert floor.owned("btc") == Decimal("0.04")
    assert floor.outcome(entry)[0] is SignalStatus.EXECUTED


@pytest.mark.parametrize("fault", ["lost", "error_before"])
def test_an_order_that_never_arrived_is_sent_again_once_that_is_proved(fault: str) -> None:
    floor = floor_with(fault)
    entry = floor.alert("btc", "long")
    floor.tick()
    assert (accepted(floor), floor.owned("btc")) == (0, 0)
    assert floor.outcome(entry)[0] is SignalStatus.PLANNED
    run(floor, ticks=4)
    assert accepted(floor) == 1
    assert floor.outcome(entry)[0] is SignalStatus.EXECUTED
    assert floor.orders[0].attempts == 2


def test_an_order_that_arrives_late_is_not_joined_by_a_second_one() -> None:
    floor = floor_with("late")
    floor.alert("btc", "long")
    run(floor, ticks=5)
    assert accepted(floor) == 1
    assert floor.owned("btc") == Decimal("0.04")


def test_a_venue_that_limits_the_rate_gets_the_order_later() -> None:
    floor = floor_with("rate_limited")
    entry = floor.alert("btc", "long")
    floor.tick()
    assert accepted(floor) == 0
    assert floor.orders[0].status is OrderStatus.INITIALIZED
    run(floor, ticks=3)
    assert accepted(floor) == 1
    assert floor.outcome(entry)[0] is SignalStatus.EXECUTED


def test_an_order_lost_three_times_is_held_for_the_owner() -> None:
    floor = floor_with("lost", "lost", "lost")
    entry = floor.alert("btc", "long")
    run(floor, ticks=8)
    assert accepted(floor) == 0
    assert floor.orders[0].status is OrderStatus.HELD
    assert "never seen at the venue" in floor.orders[0].reason
    assert floor.outcome(entry)[0] is SignalStatus.PLANNED
    assert [order.intent.symbol for order in floor.ports.orders.held(5)] == ["BTC/USDT"]


def test_an_order_of_unknown_fate_leaves_the_other_instruments_free() -> None:
    floor = floor_with("lost")
    floor.alert("btc", "long")
    floor.tick()
    other = floor.alert("eth", "long")
    floor.next_minute()
    assert floor.outcome(other)[0] is SignalStatus.EXECUTED


def test_a_venue_that_proves_nothing_never_gets_the_order_twice() -> None:
    traits = {"finds_by_client_id": False}
    account = virtual_account(options={"faults": {"script": ["lost"]}, "traits": traits})
    floor = TradingFloor(PRICES, WEIGHTS, account=account)
    floor.alert("btc", "long")
    run(floor, ticks=10)
    assert accepted(floor) == 0
    assert floor.orders[0].status is OrderStatus.HELD
    assert floor.orders[0].attempts == 1


def test_a_refused_order_ends_the_signal_with_the_words_of_the_venue() -> None:
    floor = floor_with("refused", "refused", "refused")
    entry = floor.alert("btc", "long")
    run(floor, ticks=3)
    status, reason = floor.outcome(entry)
    assert status is SignalStatus.REJECTED
    assert "refused" in reason
    assert floor.owned("btc") == 0


def test_the_same_tick_run_twice_does_everything_once() -> None:
    floor = TradingFloor(PRICES, WEIGHTS)
    floor.alert("btc", "long")
    for _ in range(3):
        floor.tick()
    assert accepted(floor) == 1
    assert len(floor.ports.ledger.entries("paper")) == 2


def test_a_second_executor_finds_the_account_busy() -> None:
    floor = TradingFloor(PRICES, WEIGHTS)
    floor.alert("btc", "long")
    now = floor.clock.now()
    lease = floor.ports.control.acquire("paper", "somebody", now, timedelta(minutes=2))
    assert lease is not None
    assert floor.tick().accounts[0].status == "busy"
    assert accepted(floor) == 0
    floor.ports.control.release(lease)
    floor.next_minute()
    assert accepted(floor) == 1


def test_halting_denies_entries_and_lets_exits_through() -> None:
    floor = TradingFloor(PRICES, WEIGHTS)
    floor.alert("btc", "long")
    floor.tick()
    floor.ports.control.set_halt(HaltLevel.NO_ENTRIES, "test", floor.clock.now())
    floor.clock.pass_time(minutes=5)
    entry, leave = floor.alert("eth", "long"), floor.alert("btc", "flat")
    floor.tick()
    assert floor.outcome(entry)[0] is SignalStatus.DENIED
    assert floor.outcome(leave)[0] is SignalStatus.EXECUTED
    assert (floor.owned("btc"), floor.owned("eth")) == (0, 0)


def test_flattening_sells_everything_the_strategies_own() -> None:
    floor = TradingFloor(PRICES, WEIGHTS)
    for name in WEIGHTS:
        floor.alert(name, "long")
    floor.tick()
    floor.ports.control.set_halt(HaltLevel.FLATTEN, "test", floor.clock.now())
    state = floor.ports.plans.state("paper")
    floor.ports.plans.save_state(replace(state, due_at=floor.clock.now()))
    floor.next_minute()
    assert (floor.owned("btc"), floor.owned("eth")) == (0, 0)
    floor.ports.control.set_halt(HaltLevel.NONE, "test", floor.clock.now())
    assert floor.next_minute().outcome == "idle"


def test_coins_of_the_owner_are_never_sold() -> None:
    account = virtual_account(options={"balances": {"USDT": "10000", "BTC": "3"}})
    floor = TradingFloor(PRICES, WEIGHTS, account=account)
    floor.alert("btc", "long")
    floor.tick()
    floor.clock.pass_time(hours=1)
    floor.alert("btc", "flat")
    floor.tick()
    assert floor.exchange.balances()["BTC"].total == 3
    assert floor.portfolio.amount("unmanaged", "BTC") == 3


def test_only_the_capital_is_the_strategies_to_spend() -> None:
    floor = TradingFloor(PRICES, WEIGHTS, account=virtual_account(capital=Decimal(1000)))
    floor.alert("btc", "long")
    floor.tick()
    assert floor.owned("btc") == Decimal("0.004")
    assert floor.portfolio.amount("unmanaged", "USDT") == 9000


@pytest.mark.parametrize("fault", ["rate_limited", "lost"])
def test_an_exit_takes_back_the_entry_that_has_not_arrived(fault: str) -> None:
    floor = floor_with(fault)
    entry = floor.alert("btc", "long")
    floor.tick()
    floor.clock.pass_time(seconds=30)
    leave = floor.alert("btc", "flat")
    for _ in range(3):
        floor.next_minute()
    assert accepted(floor) == 0
    status, reason = floor.outcome(entry)
    assert status is SignalStatus.DENIED
    assert "OVERTAKEN_BY_EXIT" in reason
    assert floor.outcome(leave) == (SignalStatus.SKIPPED, "already flat")


def test_an_exit_sells_what_is_owned_while_an_addition_is_of_unknown_fate() -> None:
    account = virtual_account(options={"faults": {"script": ["none", "late"]}})
    floor = TradingFloor(PRICES, {"btc": "0.2"}, account=account)
    floor.alert("btc", "long")
    floor.tick()
    floor.clock.pass_time(minutes=1)
    floor.alert("btc", "long", size_ratio=Decimal("1.5"))
    floor.tick()
    floor.clock.pass_time(seconds=1)
    leave = floor.alert("btc", "flat")
    floor.tick()
    assert floor.outcome(leave)[0] is SignalStatus.EXECUTED
    for _ in range(3):
        floor.next_minute()
    assert floor.owned("btc") == 0
    assert floor.exchange.balances()["USDT"].total == 10000


def test_an_order_of_unknown_fate_does_not_keep_the_other_signals_in_the_dark() -> None:
    floor = floor_with("lost")
    lost, good = floor.alert("btc", "long"), floor.alert("eth", "long")
    floor.tick()
    assert floor.outcome(lost)[0] is SignalStatus.PLANNED
    assert floor.outcome(good)[0] is SignalStatus.EXECUTED
    for _ in range(3):
        floor.next_minute()
    assert floor.outcome(lost)[0] is SignalStatus.EXECUTED
