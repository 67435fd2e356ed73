"""Equity and profit, per strategy and for the whole account, from the books and the marks."""

from dataclasses import replace
from decimal import Decimal

import pytest

from chalicelib.domain.errors import ExchangeUnavailable
from chalicelib.domain.trading.account import Account
from chalicelib.domain.trading.performance import PerformancePoint, performance_points
from chalicelib.ports import Exchange
from chalicelib.services.trading.report_performance import report_performance
from tests.trading_floor import OpenExchanges, TradingFloor, virtual_account

PRICES = {"BTC/USDT": "50000", "ETH/USDT": "2500"}
WEIGHTS = {"btc": "0.2", "eth": "0.25"}


def traded() -> TradingFloor:
    """BTC bought at 50,000 and still held; ETH bought at 2,500 and sold at 3,000."""
    floor = TradingFloor(
        PRICES, WEIGHTS, account=virtual_account(options={"fee": "0.01"}, reserve=Decimal(0))
    )
    for name in WEIGHTS:
        floor.alert(name, "long")
    floor.tick()
    floor.clock.pass_time(hours=1)
    floor.prices.set("ETH/USDT", Decimal(3000))
    floor.alert("eth", "flat")
    floor.tick()
    floor.prices.set("BTC/USDT", Decimal(60000))
    return floor


def figures(point: PerformancePoint) -> list[Decimal]:
    return [point.equity, point.realized, point.unrealized, point.fees]


def test_each_strategy_and_the_account_in_exact_figures() -> None:
    floor = traded()
    points = {p.strategy: p for p in report_performance(floor.ports, floor.analytics)}
    assert figures(points["btc"]) == [2400, 0, Decimal(380), Decimal(20)]
    assert figures(points["eth"]) == [0, Decimal(445), 0, Decimal(55)]
    assert figures(points[""]) == [Decimal(10_825), Decimal(445), Decimal(380), Decimal(75)]
    assert points[""].equity == 10_000 + points[""].realized + points[""].unrealized


def test_the_points_are_stored_and_stored_once_for_one_time() -> None:
    floor = traded()
    report_performance(floor.ports, floor.analytics)
    points = report_performance(floor.ports, floor.analytics)
    assert floor.analytics.performance("paper", "", 10) == [points[-1]]
    floor.clock.pass_time(hours=1)
    report_performance(floor.ports, floor.analytics)
    assert len(floor.analytics.performance("paper", "btc", 10)) == 2


def test_an_account_that_never_traded_has_no_points() -> None:
    floor = TradingFloor(PRICES, WEIGHTS)
    assert report_performance(floor.ports, floor.analytics) == []


class Deaf(OpenExchanges):
    """Gives no prices."""

    def open(self, account: Account) -> Exchange:
        raise ExchangeUnavailable(f"{account.name}: no answer")


def test_an_account_without_prices_is_left_out() -> None:
    floor = traded()
    ports = replace(floor.ports, exchanges=Deaf({}))
    assert report_performance(ports, floor.analytics) == []
    assert floor.analytics.performance("paper", "", 10) == []


def test_a_holding_without_a_price_is_an_error_of_the_caller() -> None:
    floor = traded()
    with pytest.raises(KeyError):
        performance_points(floor.portfolio, {}, floor.clock.now())
