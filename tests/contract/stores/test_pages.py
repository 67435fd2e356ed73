"""Lists page by page, on every table: each row once, however many share an instant or a shelf."""

from collections.abc import Callable
from typing import Any

import pytest

from chalicelib.adapters.stores.analytics import TableAnalyticsStore
from chalicelib.adapters.stores.orders import TableOrderStore
from chalicelib.adapters.stores.signals import TableSignalStore
from chalicelib.domain.money import ZERO
from chalicelib.domain.trading.order import OrderStatus
from chalicelib.domain.trading.performance import PerformancePoint
from chalicelib.domain.trading.signal import SignalStatus
from chalicelib.drivers.table import Table
from tests.contract.stores.records import minutes, order, signal

Page = Callable[..., list[tuple[str, Any]]]

# Two share each instant, so that a page can end between them.
MOST_PAGES = 20
TIMES = [minutes(number // 2) for number in range(7)]


def all_pages(page: Page, size: int, **bounds: Any) -> list[Any]:
    found: list[Any] = []
    before: str | None = None
    for _ in range(MOST_PAGES):
        rows = page(size, before, **bounds)
        if not rows:
            return found
        assert len(rows) <= size
        found += [record for _, record in rows]
        before = rows[-1][0]
    raise AssertionError(f"the list has no end: {found}")


def orders_page(table: Table) -> Page:
    orders = TableOrderStore(table)
    for number, at in enumerate(TIMES):
        status = OrderStatus.HELD if number % 3 == 0 else OrderStatus.FILLED
        orders.save(order(f"p{number}", created_at=at, updated_at=at, status=status))
    return orders.page


def signals_page(table: Table) -> Page:
    signals = TableSignalStore(table)
    for number, at in enumerate(TIMES):
        status = SignalStatus.RECEIVED if number % 3 == 0 else SignalStatus.EXECUTED
        # What waits is due in another order than it has arrived in.
        due = minutes(60 - number)
        signals.add(signal(f"s{number}", received_at=at, due_at=due, status=status))
    return signals.page


@pytest.mark.parametrize("fill", [orders_page, signals_page])
@pytest.mark.parametrize("size", [1, 2, 3, 100])
def test_pages_hold_each_row_once_the_newest_first(table: Table, fill: Any, size: int) -> None:
    page = fill(table)
    names = [str(getattr(r, "plan_id", None) or r.id)[1:] for r in all_pages(page, size)]
    assert names == ["6", "5", "4", "3", "2", "1", "0"]


@pytest.mark.parametrize("fill", [orders_page, signals_page])
def test_bounds_are_included(table: Table, fill: Any) -> None:
    page = fill(table)
    found = all_pages(page, 2, first=minutes(1), last=minutes(2))
    assert [str(getattr(r, "plan_id", None) or r.id)[1:] for r in found] == ["5", "4", "3", "2"]
    assert page(9, first=minutes(4)) == []
    assert page(9, last=minutes(-1)) == []


def test_what_is_open_is_found_however_much_has_ended_since(table: Table) -> None:
    page = signals_page(table)
    found = all_pages(page, 2, only_open=True)
    assert [signal.id for signal in found] == ["s6", "s3", "s0"]


def test_figures_are_found_as_they_stood_at_a_time(table: Table) -> None:
    analytics = TableAnalyticsStore(table)
    for number in range(4):
        figures = {"equity": ZERO, "realized": ZERO, "unrealized": ZERO, "fees": ZERO}
        at = minutes(number)
        analytics.add([PerformancePoint(account="main", strategy="", at=at, **figures)])
    found = analytics.performance("main", "", 2, until=minutes(2))
    assert [point.at for point in found] == [minutes(2), minutes(1)]
    found = analytics.performance("main", "", 9, since=minutes(1), until=minutes(2.5))
    assert [point.at for point in found] == [minutes(2), minutes(1)]
    assert analytics.performance("main", "", 1, until=minutes(-1)) == []
