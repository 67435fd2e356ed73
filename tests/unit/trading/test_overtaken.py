"""Alerts that catch up with each other, and orders that could not be sent in their time."""

from decimal import Decimal

import pytest

from chalicelib.domain.trading.signal import OWNER_CLOSE, SignalStatus
from chalicelib.services.trading.pause_strategy import pause_strategy
from tests.trading_floor import TradingFloor, virtual_account

PRICES = {"BTC/USDT": "50000", "ETH/USDT": "2500"}


def holding(subscription: dict | None = None) -> TradingFloor:
    floor = TradingFloor(PRICES, {"btc": "0.2"}, subscription=subscription)
    floor.alert("btc", "long")
    floor.tick()
    floor.clock.pass_time(minutes=1)
    return floor


@pytest.mark.parametrize("pauses", [True, False])
def test_the_owner_gets_out_whatever_the_strategy_says_meanwhile(pauses: bool) -> None:  # noqa: FBT001
    floor = holding()
    if pauses:
        pause_strategy(floor.ports.strategies, strategy="btc", account=None, paused=True)
    close = floor.alert("btc", "flat", order_id=OWNER_CLOSE)
    floor.clock.pass_time(seconds=1)
    repeated = floor.alert("btc", "long")
    floor.tick()
    assert floor.outcome(close)[0] is SignalStatus.EXECUTED
    assert floor.signal(repeated).status.is_final
    sides = [order.intent.side.value for order in floor.orders]
    assert sides == ["buy", "sell"] if pauses else ["buy", "sell", "buy"]


def test_an_exit_stands_when_the_entry_after_it_is_refused() -> None:
    floor = holding({"max_slippage": Decimal("0.01")})
    leave = floor.alert("btc", "flat")
    floor.clock.pass_time(seconds=1)
    entry = floor.alert("btc", "long", price=Decimal(40000))
    floor.tick()
    assert floor.owned("btc") == 0
    assert floor.outcome(leave)[0] is SignalStatus.EXECUTED
    assert "PRICE_TOO_FAR" in floor.outcome(entry)[1]


def test_an_exit_and_a_re_entry_that_is_good_trade_nothing() -> None:
    floor = holding()
    leave = floor.alert("btc", "flat")
    floor.clock.pass_time(seconds=1)
    entry = floor.alert("btc", "long")
    floor.tick()
    assert len(floor.orders) == 1
    assert floor.outcome(leave)[0] is SignalStatus.SUPERSEDED
    assert floor.outcome(entry) == (SignalStatus.SKIPPED, "already long")


def test_an_approval_outlives_a_repetition_of_the_alert() -> None:
    floor = TradingFloor(PRICES, {"btc": "0.2"}, subscription={"approval": True})
    floor.alert("btc", "long", approved=True)
    floor.clock.pass_time(seconds=1)
    repeated = floor.alert("btc", "long")
    floor.tick()
    assert floor.outcome(repeated)[0] is SignalStatus.EXECUTED
    assert floor.owned("btc") > 0


def test_an_entry_that_could_not_be_sent_in_time_is_not_sent_at_all() -> None:
    account = virtual_account(options={"faults": {"script": ["rate_limited"]}})
    floor = TradingFloor(PRICES, {"btc": "0.2"}, account=account, strategy={"max_lag": 600})
    entry = floor.alert("btc", "long")
    floor.tick()
    floor.clock.pass_time(hours=5)
    floor.tick()
    assert not floor.exchange.accepted()
    assert "ENTRY_TOO_LATE" in floor.outcome(entry)[1]


def test_a_pause_stops_an_entry_that_was_lost_on_its_way() -> None:
    account = virtual_account(options={"faults": {"script": ["lost"]}})
    floor = TradingFloor(PRICES, {"btc": "0.2"}, account=account)
    entry = floor.alert("btc", "long")
    floor.tick()
    pause_strategy(floor.ports.strategies, strategy="btc", account=None, paused=True)
    for _ in range(3):
        floor.next_minute()
    assert not floor.exchange.accepted()
    assert "STRATEGY_PAUSED" in floor.outcome(entry)[1]
