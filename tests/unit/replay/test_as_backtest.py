"""The books in a backtest's words: fills at the venue, round trips, and what is left."""

from decimal import Decimal

from chalicelib.domain.bots.backtest import Backtest
from chalicelib.domain.bots.fill_model import BUYS, SELLS
from chalicelib.domain.bots.paper_ledger import PaperFill, RoundTrip
from chalicelib.domain.replay.as_backtest import as_backtest
from chalicelib.domain.replay.curves import Curves
from chalicelib.domain.trading.ledger import EntryKind
from chalicelib.domain.trading.side import Side
from tests.unit.replay.books import BTC, ETH, booked, hours, move

CASH = Decimal(1000)
CURVES = Curves(hours(0, 1), [1000.0, 1001.0], {})


def fill(order: str, hour: float, side: Side, amounts: str, *, symbol: str = BTC) -> PaperFill:
    """Quantity, price, fee, then the cash and the position that are left."""
    quantity, price, fee, cash, position = (Decimal(amount) for amount in amounts.split())
    (at,) = hours(hour)
    return PaperFill(order, symbol, side, quantity, price, fee, at, False, cash, position)


def round_trip(entered: float, left: float, amounts: str) -> RoundTrip:
    """Quantity, what it has cost, what it brought, fees and profit."""
    quantity, cost, proceeds, fees, profit = (Decimal(amount) for amount in amounts.split())
    first, last = hours(entered, left)
    return RoundTrip(BTC, BUYS, quantity, first, cost, last, proceeds, fees, profit)


def test_what_strategies_take_over_from_each_other_is_no_fill_and_ends_a_round_trip() -> None:
    entries = [
        booked(0, move("one", "2", "200", fee="1"), reference="a"),
        booked(1, move("other", "0.8", "40", fee="0.4", base="0.008", symbol=ETH), reference="b"),
        booked(2, move("one", "-1", "-120"), move("two", "1", "120"), kind=EntryKind.CROSS),
        booked(
            3,
            move("one", "-0.5", "-45", fee="0.5"),
            move("two", "-1", "-90", fee="1"),
            reference="c",
        ),
    ]
    assert as_backtest(entries, CURVES, CASH) == Backtest(
        start=hours(0, 1),
        equity=[1000.0, 1001.0],
        fills=[
            fill("a", 0, BUYS, "2 100 1 799 2"),
            fill("b", 1, BUYS, "0.8 50 0.4 759 0.792", symbol=ETH),  # its fee came out of the coins
            fill("c", 3, SELLS, "0.5 90 0.5 803.5 1.5"),
            fill("c", 3, SELLS, "1 90 1 892.5 0.5"),
        ],
        round_trips=[
            round_trip(0, 2, "1 100 120 0.5 19.5"),
            round_trip(0, 3, "0.5 50 45 0.75 -5.75"),
            round_trip(2, 3, "1 120 90 1 -31"),
        ],
        denied=[],
        cash=Decimal("892.5"),
        positions={BTC: Decimal("0.5"), ETH: Decimal("0.792")},
        logs=[],
        plots=[],
        state={},
        missing=0,
    )


def test_what_was_sold_beyond_the_books_was_held_for_no_time() -> None:
    test = as_backtest([booked(5, move("one", "-1", "-90"))], CURVES, CASH)
    assert test.round_trips == [round_trip(5, 5, "1 0 90 0 90")]


def test_without_trades_the_cash_is_there() -> None:
    test = as_backtest([], CURVES, CASH)
    assert (test.cash, test.positions, test.fills, test.round_trips) == (CASH, {}, [], [])
