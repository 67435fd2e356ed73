"""Figures over time, one per account, strategy and instant."""

from datetime import timedelta
from decimal import Decimal

import pytest

from chalicelib.adapters.stores.analytics import TableAnalyticsStore
from chalicelib.domain.trading.performance import PerformancePoint
from chalicelib.drivers.table import Table
from tests.contract.stores.records import minutes


@pytest.fixture
def analytics(table: Table) -> TableAnalyticsStore:
    return TableAnalyticsStore(table)


def point(at: float, strategy: str = "", equity: str = "1.0", account: str = "main"):
    return PerformancePoint(
        account=account,
        strategy=strategy,
        at=minutes(at),
        equity=Decimal(equity),
        realized=Decimal("-0.50"),
        unrealized=Decimal(0),
        fees=Decimal("1E-8"),
    )


def test_points_are_listed_newest_first_per_strategy(analytics: TableAnalyticsStore) -> None:
    analytics.add([point(2), point(1), point(3), point(4, "trend"), point(5, account="other")])
    assert analytics.performance("main", "", 10) == [point(3), point(2), point(1)]
    assert analytics.performance("main", "", 1) == [point(3)]
    assert analytics.performance("main", "trend", 10) == [point(4, "trend")]
    assert analytics.performance("main", "unknown", 10) == []


def test_points_since_a_time_include_that_instant(analytics: TableAnalyticsStore) -> None:
    analytics.add([point(1), point(2), point(3)])
    assert analytics.performance("main", "", 10, since=minutes(2)) == [point(3), point(2)]
    later = minutes(2) + timedelta(microseconds=1)
    assert analytics.performance("main", "", 10, since=later) == [point(3)]


def test_a_point_of_the_same_instant_is_replaced(analytics: TableAnalyticsStore) -> None:
    analytics.add([point(1, equity="1")])
    analytics.add([point(1, equity="2.00")])
    assert [str(each.equity) for each in analytics.performance("main", "", 10)] == ["2.00"]
