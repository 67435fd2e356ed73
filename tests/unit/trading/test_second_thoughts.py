"""What the owner says while a tick runs holds for every purchase that has not left yet."""

from typing import Any

import pytest

from chalicelib.domain.trading.account import HaltLevel
from chalicelib.domain.trading.order import OrderStatus
from chalicelib.domain.trading.side import Side
from chalicelib.domain.trading.signal import SignalStatus
from chalicelib.drivers.sqlite_table import SqliteTable
from chalicelib.services.trading.halt_trading import halt_trading
from chalicelib.services.trading.pause_strategy import pause_strategy
from tests.counted_table import CountedTable
from tests.trading_floor import TradingFloor
from tests.unit.trading.strict_venue import put_in_between

PRICES = {"BTC/USDT": "50000", "ETH/USDT": "2500", "SOL/USDT": "100"}
WEIGHTS = {"btc": "0.2", "eth": "0.25", "sol": "0.5"}


def purchases_sent(floor: TradingFloor) -> int:
    return sum(order.attempts for order in floor.orders if order.intent.side is Side.BUY)


def three_entries() -> tuple[TradingFloor, Any, list[str]]:
    floor = TradingFloor(PRICES, WEIGHTS)
    venue = put_in_between(floor)
    return floor, venue, [floor.alert(name, "long") for name in WEIGHTS]


@pytest.mark.parametrize("level", [HaltLevel.NO_ENTRIES, HaltLevel.FLATTEN])
def test_a_halt_during_a_tick_stops_the_purchases_that_have_not_left(level: HaltLevel) -> None:
    floor, venue, signals = three_entries()
    venue.meanwhile["submit"] = lambda: halt_trading(floor.ports, level, "the owner")
    floor.tick()
    floor.next_minute()
    assert purchases_sent(floor) == 1
    statuses = [floor.outcome(signal)[0] for signal in signals]
    assert sorted(statuses) == sorted(
        [SignalStatus.EXECUTED, SignalStatus.DENIED, SignalStatus.DENIED]
    )
    held = [name for name in WEIGHTS if floor.owned(name)]
    assert len(held) == (0 if level is HaltLevel.FLATTEN else 1)


def test_a_pause_during_a_tick_stops_the_purchases_that_have_not_left() -> None:
    floor, venue, signals = three_entries()
    store = floor.ports.strategies
    venue.meanwhile["submit"] = lambda: pause_strategy(
        store, strategy="eth", account=None, paused=True
    )
    floor.tick()
    outcomes = [floor.outcome(signal) for signal in signals]
    assert [status for status, _ in outcomes] == [
        SignalStatus.EXECUTED,
        SignalStatus.DENIED,
        SignalStatus.EXECUTED,
    ]
    assert "STRATEGY_PAUSED" in outcomes[1][1]


def test_without_second_thoughts_the_configuration_is_read_once() -> None:
    """However many purchases there are: each looks at the version alone."""
    counted: Any = CountedTable(SqliteTable(":memory:"))
    floor = TradingFloor(PRICES, WEIGHTS, table=counted)
    signals = [floor.alert(name, "long") for name in WEIGHTS]
    counted.take()
    floor.tick()
    assert {floor.outcome(signal)[0] for signal in signals} == {SignalStatus.EXECUTED}
    assert counted.partitions["query", "config"] == 1
    assert counted.partitions["get", "config"] == len(signals)


def test_a_subscription_that_ends_during_a_tick_takes_its_purchase_along() -> None:
    floor, venue, _ = three_entries()
    store = floor.ports.strategies
    venue.meanwhile["submit"] = lambda: store.apply(
        expected_version=store.configuration().version,
        removed_subscriptions=[("paper", "sol")],
    )
    floor.tick()
    [order] = [o for o in floor.orders if o.intent.symbol == "SOL/USDT"]
    assert (order.status, order.code) == (OrderStatus.DENIED, "STRATEGY_NOT_FOLLOWED")
    assert floor.owned("sol") == 0
