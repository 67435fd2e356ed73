"""The books marked at every moment: equity, and what each strategy has won of it."""

from decimal import Decimal

from chalicelib.domain.bots.candles import Candles
from chalicelib.domain.replay.curves import Curves, closes, curves_of, listed_marks, priced
from chalicelib.domain.replay.orders import ListedOrder
from chalicelib.domain.replay.telling import History
from tests.unit.replay.books import BTC, ETH, booked, hours, marks, move
from tests.unit.replay.lists import at


def test_a_close_is_known_when_the_candle_has_closed() -> None:
    start = hours(0, 1)
    history = History(
        Candles(start, [1.0, 2.0], [3.0] * 2, [1.0] * 2, [2.0, 3.0], [0.0] * 2), 3_600_000
    )
    assert closes(history) == marks((1, 2), (2.0, 3.0))


def test_listed_prices_count_from_their_time_and_of_one_time_the_last() -> None:
    zero = Decimal(0)
    orders = [
        ListedOrder(at(number), "", Decimal(price), zero, zero)
        for number, price in ((2, "4"), (0, "1"), (2, "3"))
    ]
    assert listed_marks(orders) == marks((0, 2), (1.0, 3.0))


def test_the_price_known_last_counts_and_before_the_first_there_is_none() -> None:
    known = marks((1, 3), (10.0, 11.0))
    assert priced(hours(0, 1, 2, 3, 4), known) == [0.0, 10.0, 10.0, 11.0, 11.0]
    assert priced(known.at, known) == [10.0, 11.0]


def test_equity_is_the_cash_and_what_all_strategies_have_won() -> None:
    entries = [
        booked(0.5, move("a", "2", "200", fee="1")),
        booked(2, move("b", "1", "50", symbol=ETH)),
        booked(2.5, move("a", "-1", "-120", fee="0.5"), move("b", "1", "120")),
    ]
    found = curves_of(
        entries,
        {BTC: marks((0, 1, 2, 3), (90, 110, 115, 130)), ETH: marks((1, 4), (40, 60))},
        1000.0,
    )
    assert found == Curves(
        at=hours(0, 1, 2, 3, 4),
        equity=[1000.0, 1019.0, 1019.0, 1048.5, 1068.5],
        profit={
            "a": [0.0, 2 * 110 - 201.0, 2 * 115 - 201.0, 130 - 201 + 119.5, 130 - 201 + 119.5],
            "b": [0.0, 0.0, 40 - 50.0, 40 - 50 + 130 - 120.0, 60 - 50 + 130 - 120.0],
        },
    )
    assert all(
        equity == 1000 + sum(parts)
        for equity, *parts in zip(found.equity, *found.profit.values(), strict=True)
    )


def test_a_fee_in_base_makes_the_holding_smaller_and_costs_no_quote() -> None:
    entries = [booked(0, move("a", "2", "200", fee="10", base="0.1"))]
    found = curves_of(entries, {BTC: marks((0, 1), (100, 110))}, 1000.0)
    assert found.profit["a"] == [1.9 * 100 - 200, 1.9 * 110 - 200]


def test_without_trades_the_cash_stays() -> None:
    assert curves_of([], {BTC: marks((0, 1), (100, 110))}, 5.0) == Curves(
        hours(0, 1), [5.0] * 2, {}
    )
