"""What we ourselves bought and sold, for marks on a chart."""

from dataclasses import replace
from datetime import timedelta

import pytest

from chalicelib.ports import OrderStore
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


def test_orders_of_one_instant_on_both_sides_of_a_pages_edge_are_all_found(floor, monkeypatch):
    """Those of one plan are made at one instant: two for each of five plans."""
    orders = floor.ports.orders
    [first] = [o for o in orders.recent(9) if o.intent.symbol == "ETH/USDT"]
    for number in range(10):
        orders.save(
            replace(
                first,
                intent=replace(first.intent, id=f"p{number // 2}#ETH/USDT#{number % 2}"),
                plan_id=f"p{number // 2}",
                created_at=LATER + timedelta(minutes=number // 2),
                version=0,
            )
        )
    monkeypatch.setattr(module, "_LOOKED_AT", 3)
    assert len(all_pages(orders, "ETH/USDT")) == 11
    # More at one instant than are looked at: what is left out is left out, and the pages end.
    monkeypatch.setattr(module, "_LOOKED_AT", 1)
    assert len(all_pages(orders, "ETH/USDT")) == 6


def all_pages(orders: OrderStore, symbol: str) -> set[str]:
    found: list[str] = []
    until = None
    for _ in range(20):
        page = list_fills(orders, symbol, since=MORNING, until=until)
        found += [own.order.intent.id for own in page.fills]
        until = page.older
        if until is None:
            assert len(found) == len(set(found))
            return set(found)
    raise AssertionError("the pages do not end")
