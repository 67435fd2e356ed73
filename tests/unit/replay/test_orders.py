"""Listed trades -> orders: reversals are one, partial exits several, and a position is one."""

from decimal import Decimal

import pytest

from chalicelib.domain.replay.orders import ListedOrder, orders_of
from chalicelib.domain.replay.refusals import TradeListRefused
from chalicelib.domain.replay.trade_list import SHORT
from tests.unit.replay.lists import at, listed, trade


def told(*trades) -> list[tuple[float, str, str, str, str]]:
    """Hour, signal, price, before and after."""
    return [
        (
            (order.at - at(0)).total_seconds() / 3600,
            order.signal,
            str(order.price),
            str(order.before),
            str(order.after),
        )
        for order in orders_of(listed(*trades))
    ]


def test_an_entry_and_an_exit_are_an_order_each() -> None:
    assert orders_of(listed(trade(1, 0, 2))) == [
        ListedOrder(at(0), "In", Decimal(100), Decimal(0), Decimal(1)),
        ListedOrder(at(2), "Out", Decimal(110), Decimal(1), Decimal(0)),
    ]


def test_an_open_trade_is_an_entry_alone() -> None:
    assert told(trade(1, 0, None)) == [(0, "In", "100", "0", "1")]


def test_an_exit_and_an_entry_the_other_way_at_one_price_are_one_reversal() -> None:
    found = told(
        trade(1, 0, 1, signals=("L", "Close")),
        trade(2, 1, 3, side=SHORT, prices=("110", "90"), quantity="2", signals=("S", "Close")),
        trade(3, 3, None, prices=("90", "0"), signals=("L2", "")),
    )
    assert found == [
        (0, "L", "100", "0", "1"),
        (1, "S", "110", "1", "-2"),
        (3, "L2", "90", "-2", "1"),
    ]


def test_they_are_two_where_the_prices_differ_or_the_side_is_the_same() -> None:
    stopped = told(trade(1, 0, 1), trade(2, 1, None, side=SHORT, prices=("111", "0")))
    assert stopped[1:] == [(1, "Out", "110", "1", "0"), (1, "In", "111", "0", "-1")]
    again = told(trade(1, 0, 1), trade(2, 1, None, prices=("110", "0")))
    assert again[1:] == [(1, "Out", "110", "1", "0"), (1, "In", "110", "0", "1")]


def test_an_entry_an_hour_after_the_exit_is_no_reversal() -> None:
    found = told(trade(1, 0, 1), trade(2, 2, None, side=SHORT, prices=("110", "0")))
    assert [order[0] for order in found] == [0, 1, 2]


def test_partial_exits_are_trades_of_one_entry() -> None:
    found = told(
        trade(1, 0, 1, quantity="0.4", signals=("In", "TP1")),
        trade(2, 0, 3, quantity="0.6", prices=("100", "120"), signals=("In", "TP2")),
    )
    assert found == [
        (0, "In", "100", "0", "1.0"),
        (1, "TP1", "110", "1.0", "0.6"),
        (3, "TP2", "120", "0.6", "0.0"),
    ]


def test_two_partial_exits_of_one_time_and_different_prices_are_two_orders() -> None:
    found = told(
        trade(1, 0, 1, signals=("In", "TP")),
        trade(2, 0, 1, prices=("100", "120"), signals=("In", "TP")),
        trade(3, 0, 1, prices=("100", "120"), signals=("In", "TP")),
    )
    assert found[1:] == [(1, "TP", "110", "3", "2"), (1, "TP", "120", "2", "0")]


def test_so_are_two_of_one_price_that_are_called_differently() -> None:
    found = told(
        trade(1, 0, 1, signals=("In", "TP")),
        trade(2, 0, 1, signals=("In", "SL")),
        trade(3, 0, 1, signals=("In", "TP")),
    )
    assert found[1:] == [(1, "TP", "110", "3", "1"), (1, "SL", "110", "1", "0")]


def test_and_two_entries_of_one_price_that_are_called_differently() -> None:
    found = told(trade(1, 0, None, signals=("A", "")), trade(2, 0, None, signals=("B", "")))
    assert found == [(0, "A", "100", "0", "1"), (0, "B", "100", "1", "2")]


def test_an_addition_makes_the_position_larger() -> None:
    found = told(trade(1, 0, 3), trade(2, 1, 3, prices=("105", "110"), signals=("Add", "Out")))
    assert found == [
        (0, "In", "100", "0", "1"),
        (1, "Add", "105", "1", "2"),
        (3, "Out", "110", "2", "0"),
    ]


def test_a_trade_that_ends_in_its_own_candle_is_entered_first() -> None:
    found = told(trade(1, 0, 1), trade(2, 1, 1, prices=("110", "108")), trade(3, 1, None))
    assert found[1:] == [
        (1, "Out", "110", "1", "0"),
        (1, "In", "110", "0", "1"),
        (1, "Out", "108", "1", "0"),
        (1, "In", "100", "0", "1"),
    ]


def test_a_trade_of_one_candle_is_turned_around_by_one_the_other_way() -> None:
    found = told(
        trade(1, 0, 0, prices=("100", "100")),
        trade(2, 0, None, side=SHORT, prices=("100", "0"), quantity="2"),
    )
    assert found == [(0, "In", "100", "0", "1"), (0, "In", "100", "1", "-2")]


def test_a_trade_the_other_way_while_one_is_open_is_refused() -> None:
    with pytest.raises(TradeListRefused) as caught:
        orders_of(listed(trade(1, 0, 3), trade(2, 1, 2, side=SHORT)))
    assert str(caught.value) == (
        "a.csv, line 4: a trade the other way is open, so this is no list of one position"
    )
