"""The books marked at every moment: equity, and what each strategy has won of it."""

from decimal import Decimal

from chalicelib.domain.bots.candles import Candles
from chalicelib.domain.replay.curves import Curves, Span, closes, curves_of, listed_marks, priced
from chalicelib.domain.replay.orders import ListedOrder
from chalicelib.domain.replay.telling import History
from tests.unit.replay.books import BTC, ETH, booked, hours, marks, move
from tests.unit.replay.lists import at


def test_a_close_is_known_when_the_candle_has_closed() -> None:
    start = hours(0, 1)
    history = History(
        Candles(start, [1.0, 2.0], [3.0] * 2, [1.0] * 2, [2.0, 3.0], [0.0] * 2), 3_600_000
    )
    assert closes(history)[:2] == marks((1, 2), (2.0, 3.0))[:2]


def test_between_the_closes_the_open_of_the_candle_is_known() -> None:
    start = hours(0, 1, 4)
    opens, ends = [1.0, 2.0, 7.0], [1.5, 2.5, 7.5]
    history = History(Candles(start, opens, opens, opens, ends, [0.0] * 3), 3_600_000)
    grid = hours(-1, 0, 0.5, 1, 1.5, 2, 3, 4, 4.5, 5, 6)
    known = [0.0, 1.0, 1.0, 1.5, 2.0, 2.5, 2.5, 7.0, 7.0, 7.5, 7.5]
    assert priced(grid, closes(history)) == known
    assert [priced([at], closes(history)) for at in grid] == [[price] for price in known]


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


def test_a_fill_after_the_last_mark_has_a_moment_of_its_own() -> None:
    entries = [
        booked(0, move("a", "2", "200")),
        booked(1.5, move("a", "-1", "-108")),
        booked(1.7),  # nothing was filled
    ]
    found = curves_of(entries, {BTC: marks((0, 1), (100, 110))}, 1000.0)
    assert found == Curves(
        at=hours(0, 1, 1.5),
        equity=[1000.0, 1020.0, 1018.0],
        profit={"a": [0.0, 20.0, 18.0]},
    )


def test_in_a_span_the_prices_around_it_are_known_too() -> None:
    entries = [booked(1.5, move("a", "1", "110")), booked(3, move("a", "1", "125"))]
    known = {BTC: marks((0, 1, 2, 4), (100, 110, 120, 140)), ETH: marks((1.5, 9), (1, 2))}
    found = curves_of(entries, known, 1000.0, Span(at(1.5), at(2.5)))
    assert found.at == hours(1.5, 2, 3)  # the last one's, after the span
    assert found.equity == [1000.0, 1010.0, 1000 + 2 * 120 - 235.0]


def test_a_part_of_a_span_never_goes_beyond_it() -> None:
    span = Span(at(1), at(3))
    assert span.part(None, None) == span
    assert span.part(at(0), at(4)) == span
    assert span.part(at(2), at(2.5)) == Span(at(2), at(2.5))
    assert Span().part(None, at(2)) == Span(None, at(2))
    assert [span.holds(at(hour)) for hour in (0.9, 1, 2.9, 3)] == [False, True, True, False]
