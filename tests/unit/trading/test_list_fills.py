"""What we ourselves bought and sold, for marks on a chart."""

from datetime import timedelta

import pytest

from chalicelib.services.trading import list_fills as module
from chalicelib.services.trading.list_fills import list_fills
from tests.trading_floor import MORNING, TradingFloor

LATER = MORNING + timedelta(hours=1)


@pytest.fixture
def floor() -> TradingFloor:
    """BTC is bought, then ETH, then BTC is sold, a minute apart."""
    floor = TradingFloor({"BTC/USDT": "100", "ETH/USDT": "10"}, {"btc": "0.5", "eth": "0.3"})
    for strategy, state in (("btc", "long"), ("eth", "long"), ("btc", "flat")):
        floor.clock.pass_time(minutes=1)
        floor.alert(strategy, state)
        floor.tick()
    return floor


def shown(found: module.OwnFills) -> list[tuple[str, str, int]]:
    return [
        (own.order.intent.symbol, own.order.intent.side, (own.fill.at - MORNING).seconds // 60)
        for own in found.fills
    ]


def test_fills_of_one_symbol_oldest_first(floor):
    found = list_fills(floor.ports.orders, "BTC/USDT", since=MORNING)

    assert shown(found) == [("BTC/USDT", "buy", 1), ("BTC/USDT", "sell", 3)]
    assert found.older is None


def test_only_those_of_the_time_asked_for(floor):
    orders = floor.ports.orders
    third = MORNING + timedelta(minutes=3)

    assert shown(list_fills(orders, "BTC/USDT", since=third)) == [("BTC/USDT", "sell", 3)]
    until = list_fills(orders, "BTC/USDT", since=MORNING, until=third)
    assert shown(until) == [("BTC/USDT", "buy", 1)]
    assert list_fills(orders, "BTC/USDT", since=LATER).fills == ()


def test_many_orders_are_looked_through_a_page_at_a_time(floor, monkeypatch):
    monkeypatch.setattr(module, "_LOOKED_AT", 1)
    orders, until, sides = floor.ports.orders, None, []
    for _ in range(4):
        found = list_fills(orders, "BTC/USDT", since=MORNING, until=until)
        sides += [own.order.intent.side for own in found.fills]
        until = found.older
        if until is None:
            break
    assert sides == ["sell", "buy"]
