"""What a backtest writes down of each fill, each position and each order that came to nothing."""

from decimal import Decimal
from typing import Any

import pytest

from chalicelib.domain.bots.context import Context
from chalicelib.domain.bots.fill_model import Costs
from chalicelib.domain.bots.paper_desk import Denied
from chalicelib.domain.bots.paper_ledger import PaperFill, PaperLedger, RoundTrip
from chalicelib.domain.trading.side import Side
from tests.unit.bots.paper_market import (
    BTC,
    HOUR,
    Act,
    instrument,
    told,
    trade,
)

CALM = (100.0,)
FEE = Decimal("0.01")
BUY, SELL = Side.BUY, Side.SELL


def fill(order: str, side: Side, at: int, figures: str, *, is_maker: bool = False) -> PaperFill:
    """Quantity, price and fee; cash and position after it."""
    quantity, price, fee, cash, position = map(Decimal, figures.split())
    return PaperFill(order, BTC, side, quantity, price, fee, at, is_maker, cash, position)


def trip(side: Side, entered_at: int, left_at: int, figures: str) -> RoundTrip:
    """Quantity, value of the entry and of the exit; fees and profit."""
    quantity, entry, left, fees, profit = map(Decimal, figures.split())
    return RoundTrip(BTC, side, quantity, entered_at, entry, left_at, left, fees, profit)


def book(
    ledger: PaperLedger, order: str, at: int, quantity: int, price: int, *, is_maker: bool = False
) -> None:
    ledger.book(order, BTC, Decimal(quantity), Decimal(price), FEE, at, is_maker=is_maker)


def test_each_fill_is_written_down_with_what_there_is_after_it() -> None:
    ledger = PaperLedger([BTC], Decimal(1000))
    book(ledger, "1", 10, 2, 100)
    book(ledger, "2", 20, 1, 130, is_maker=True)
    book(ledger, "3", 30, -1, 150)
    book(ledger, "4", 40, -5, 200)
    book(ledger, "5", 50, 3, 180)
    assert ledger.fills == [
        fill("1", BUY, 10, "2 100 2 798 2"),
        fill("2", BUY, 20, "1 130 1.3 666.7 3", is_maker=True),
        fill("3", SELL, 30, "1 150 1.5 815.2 2"),
        fill("4", SELL, 40, "5 200 10 1805.2 -3"),
        fill("5", BUY, 50, "3 180 5.4 1259.8 0"),
    ]
    # Of the fourth, two fifths ended the first position, and the rest began the second.
    assert ledger.round_trips == [
        trip(BUY, 10, 40, "3 330 550 8.8 211.2"),
        trip(SELL, 40, 50, "3 600 540 11.4 48.6"),
    ]


def test_the_average_price_is_that_of_what_was_bought() -> None:
    ledger = PaperLedger([BTC], Decimal(1000))
    averages = []
    for quantity, price in ((1, 100), (3, 200), (-2, 300), (-2, 300), (-1, 50)):
        book(ledger, "1", 0, quantity, price)
        averages.append(ledger.holdings[BTC].average_price)
    assert averages == [100.0, 175.0, 175.0, None, 50.0]


def test_a_backtest_pays_slippage_and_fees_of_either_kind() -> None:
    seen: list[float] = []

    def enter(ctx: Context) -> None:
        seen.append(ctx.cash)
        ctx.target(0.5)

    script: dict[int, Act] = {
        0: enter,
        1: lambda c: c.target(0),
        2: lambda c: c.buy(1, limit=101),
        3: lambda c: c.sell(limit=105),
    }
    costs = Costs(Decimal("0.001"), Decimal("0.002"), slippage_bps=Decimal(10))
    rows = [CALM, CALM, CALM, CALM, CALM, (100, 106, 100, 100)]
    assert trade(script, *rows, costs=costs).fills == [
        fill("1", BUY, HOUR, "4.995 100.1 0.999999 499.000501 4.995"),
        fill("2", SELL, 2 * HOUR, "4.995 99.9 0.998001 997.003 0"),
        fill("3", BUY, 3 * HOUR, "1 100 0.2 896.803 1"),
        fill("4", SELL, 5 * HOUR, "1 105 0.105 1001.698 0", is_maker=True),
    ]
    assert seen == [1000.0]


@pytest.mark.parametrize(
    ("script", "prices", "denied"),
    [
        ({0: lambda c: c.buy(value=40)}, (100, 100), ("1", HOUR, "NOTIONAL_BELOW_MINIMUM")),
        ({0: lambda c: c.sell()}, (100, 100), ("1", HOUR, "NOTHING_TO_TRADE_WITH")),
        ({0: lambda c: c.close_position()}, (100, 100), None),
        ({0: lambda c: c.target(0)}, (100, 100), None),
        (
            {0: lambda c: c.buy(1), 1: lambda c: c.close_position()},
            (100, 100, 40),
            ("2", 2 * HOUR, "NOTIONAL_BELOW_MINIMUM"),
        ),
        (
            {0: lambda c: c.buy(1, stop_loss=45)},
            (100, 100, 40),
            ("1.stop", 2 * HOUR, "NOTIONAL_BELOW_MINIMUM"),
        ),
    ],
    ids=["too little", "nothing", "nothing to close", "at its target", "dust", "a stop of dust"],
)
def test_an_order_that_came_to_nothing_is_written_down_with_its_reason(
    script: dict[int, Act], prices: tuple[float, ...], denied: tuple[str, int, str] | None
) -> None:
    minimum = {BTC: instrument(minimum_notional=Decimal(50))}
    test = trade(script, *[(price,) for price in prices], instruments=minimum)
    expected = [] if denied is None else [Denied(denied[0], BTC, denied[1], denied[2])]
    assert test.denied == expected


def test_a_target_that_is_off_by_less_than_the_minimum_is_reached() -> None:
    minimum = {BTC: instrument(minimum_notional=Decimal(50))}
    script: dict[int, Act] = {
        0: lambda c: c.target(0.5),
        1: lambda c: c.target(0.501),
        2: lambda c: c.target(0.499),
    }
    test = trade(script, *[CALM] * 4, instruments=minimum)
    assert (told(test), test.denied) == ([(1, "buy", 5, 100)], [])


@pytest.mark.parametrize(
    ("script", "fills"),
    [
        ({0: lambda c: c.buy(5)}, [(1, "buy", 2, 100)]),
        ({0: lambda c: c.buy(1)}, [(1, "buy", 1, 100)]),
        (
            {0: lambda c: c.buy(2), 1: lambda c: c.buy(1), 2: lambda c: c.sell()},
            [(1, "buy", 2, 100), (2, "buy", 1, 100), (3, "sell", 2, 100)],
        ),
    ],
)
def test_no_order_is_larger_than_the_venue_takes(script: dict[int, Act], fills: Any) -> None:
    largest = {BTC: instrument(maximum_quantity=Decimal(2))}
    assert told(trade(script, *[CALM] * 4, instruments=largest)) == fills


def test_a_short_sale_is_covered_by_the_equity_at_its_own_price() -> None:
    script: dict[int, Act] = {0: lambda c: c.buy(5), 1: lambda c: c.sell(50)}
    test = trade(script, CALM, CALM, (120.0,), allows_short=True)
    # 500 of cash and 5 at 120 are worth 9.166 at 120: so much short, after the 5 are sold.
    assert told(test)[1:] == [(2, "sell", Decimal("14.166"), 120)]


def test_a_band_leaves_alone_what_is_off_by_less() -> None:
    def moved(share: float, band: float) -> list[tuple[int, str, Decimal, Decimal]]:
        script: dict[int, Act] = {
            0: lambda c: c.target(0.5),
            1: lambda c: c.target(share, band=band),
        }
        return told(trade(script, CALM, CALM, CALM))[1:]

    assert moved(0.54, 0.05) == moved(0.46, 0.05) == []
    assert moved(0.55, 0.05) == [(2, "buy", Decimal("0.5"), 100)]
    assert moved(0.2, 0.05) == [(2, "sell", 3, 100)]


def test_who_has_no_cash_sells_nothing_by_buying() -> None:
    costs = Costs(maker_fee=Decimal("0.05"), taker_fee=Decimal(0))
    script: dict[int, Act] = {0: lambda c: c.buy(fraction=1, limit=99), 2: lambda c: c.buy(1)}
    test = trade(script, CALM, (100, 100, 98, 98), CALM, CALM, costs=costs)
    assert {fill.side for fill in test.fills} == {BUY}
