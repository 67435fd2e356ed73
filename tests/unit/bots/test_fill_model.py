"""Orders of a backtest are filled as `ASSUMPTIONS` says, one scenario for each sentence."""

from collections.abc import Mapping, Sequence
from decimal import Decimal

import pytest

from chalicelib.domain.bots.backtest import Backtest, Terms, backtest
from chalicelib.domain.bots.bot import set_up
from chalicelib.domain.bots.candles import Candles
from chalicelib.domain.bots.context import Context
from chalicelib.domain.bots.fill_model import Costs
from tests.unit.bots.paper_market import (
    BTC,
    ETH,
    FREE,
    HOUR,
    Act,
    candles,
    instrument,
    scripted,
    told,
    trade,
)

CALM = (100.0,)


def test_a_market_order_is_filled_at_the_next_open() -> None:
    test = trade({0: lambda c: c.buy(2)}, (90, 99, 80, 95), (101, 110, 100, 105))
    assert told(test) == [(1, "buy", 2, 101)]
    assert test.equity == [1000.0, 1000 - 2 * 101 + 2 * 105]


def test_what_is_asked_for_on_the_last_candle_is_not_filled() -> None:
    test = trade({1: lambda c: c.buy(2)}, CALM, CALM)
    assert told(test) == []


def test_fees_are_paid_both_ways_and_in_quote() -> None:
    costs = Costs(maker_fee=Decimal("0.001"), taker_fee=Decimal("0.002"))
    test = trade({0: lambda c: c.buy(1), 1: lambda c: c.sell()}, CALM, CALM, CALM, costs=costs)
    assert [fill.fee for fill in test.fills] == [Decimal("0.2"), Decimal("0.2")]
    assert test.cash == Decimal("999.6")
    assert test.round_trips[0].profit == Decimal("-0.4")


def test_slippage_moves_against_whoever_takes() -> None:
    costs = Costs(Decimal(0), Decimal(0), slippage_bps=Decimal(10))
    test = trade({0: lambda c: c.buy(1), 1: lambda c: c.sell()}, CALM, CALM, CALM, costs=costs)
    assert [fill.price for fill in test.fills] == [Decimal("100.1"), Decimal("99.9")]


def test_a_limit_order_that_waits_pays_the_makers_fee_and_no_slippage() -> None:
    costs = Costs(Decimal("0.001"), Decimal("0.002"), slippage_bps=Decimal(10))
    test = trade({0: lambda c: c.buy(1, limit=99)}, CALM, (100, 100, 98, 99), costs=costs)
    assert told(test) == [(1, "buy", 1, 99)]
    assert (test.fills[0].fee, test.fills[0].is_maker) == (Decimal("0.099"), True)


def test_a_limit_order_is_not_filled_by_a_touch() -> None:
    test = trade(
        {0: lambda c: c.buy(1, limit=99)}, CALM, (100, 100, 99, 99), (99.5, 100, 98.99, 99)
    )
    assert told(test) == [(2, "buy", 1, 99)]


def test_a_limit_order_that_the_open_is_beyond_is_filled_there_and_takes() -> None:
    test = trade({0: lambda c: c.buy(1, limit=99)}, CALM, (97, 98, 96, 97))
    assert told(test) == [(1, "buy", 1, 97)]
    assert not test.fills[0].is_maker


def test_a_limit_sale_waits_for_more_than_its_price() -> None:
    script = {0: lambda c: c.buy(1), 1: lambda c: c.sell(limit=105)}
    test = trade(script, CALM, CALM, (100, 105, 100, 100), (100, 105.01, 100, 100))
    assert told(test)[1:] == [(3, "sell", 1, 105)]


@pytest.mark.parametrize(
    ("row", "price"),
    [
        pytest.param((100, 100, 94, 96), 95, id="within"),
        pytest.param((100, 100, 95, 96), 95, id="a-touch-is-enough"),
        pytest.param((92, 96, 90, 91), 92, id="the-candle-begins-below-it"),
    ],
)
def test_a_stop_is_filled_at_its_price_or_at_a_worse_open(row, price) -> None:
    test = trade({0: lambda c: c.buy(1), 1: lambda c: c.sell(stop=95)}, CALM, CALM, row)
    assert told(test)[1:] == [(2, "sell", 1, price)]
    assert not test.fills[1].is_maker


def test_a_stop_that_is_not_reached_waits() -> None:
    test = trade(
        {0: lambda c: c.buy(1), 1: lambda c: c.sell(stop=95)}, CALM, CALM, (97, 97, 95.01, 96)
    )
    assert len(test.fills) == 1


@pytest.mark.parametrize(
    ("row", "price"), [((100, 106, 100, 104), 105), ((107, 108, 106, 107), 107)]
)
def test_a_buy_stop_enters_at_its_price_or_at_a_higher_open(row, price) -> None:
    assert told(trade({0: lambda c: c.buy(1, stop=105)}, CALM, row)) == [(1, "buy", 1, price)]


def test_inside_one_candle_the_stop_comes_before_the_target() -> None:
    test = trade(
        {0: lambda c: c.buy(1, stop_loss=95, take_profit=105)}, CALM, (100, 110, 90, 108), CALM
    )
    assert told(test)[1:] == [(1, "sell", 1, 95)]
    assert test.positions[BTC] == 0


def test_finer_candles_say_which_came_first() -> None:
    quarters = candles(
        *[(100, 100, 90, 100)] * 4,  # before it was bought
        *[(100, 106, 100, 106), (106, 110, 106, 107), (107, 107, 90, 91), (91, 108, 91, 108)],
        interval="15m",
    )
    test = trade(
        {0: lambda c: c.buy(1, stop_loss=95, take_profit=105)},
        *(CALM, (100, 110, 90, 108)),
        finer={BTC: quarters},
    )
    assert told(test)[1:] == [(1, "sell", 1, 105)]


def test_where_finer_candles_are_missing_the_candle_itself_counts() -> None:
    nothing = Candles([], [], [], [], [], [])
    script = {0: lambda c: c.buy(1, stop_loss=95, take_profit=105)}
    test = trade(script, CALM, (100, 110, 90, 108), finer={BTC: nothing})
    assert told(test)[1:] == [(1, "sell", 1, 95)]


def test_stop_and_target_cancel_each_other() -> None:
    script = {0: lambda c: c.buy(1, stop_loss=95, take_profit=105), 2: lambda c: c.buy(1)}
    test = trade(script, CALM, CALM, (100, 106, 100, 104), CALM, (100, 100, 90, 92))
    assert told(test) == [(1, "buy", 1, 100), (2, "sell", 1, 105), (3, "buy", 1, 100)]


def test_protection_ends_with_the_position() -> None:
    script = {
        0: lambda c: c.buy(1, stop_loss=95),
        1: lambda c: c.target(0),
        2: lambda c: c.buy(1),
    }
    test = trade(script, CALM, CALM, CALM, CALM, (100, 100, 90, 92))
    assert [side for _, side, _, _ in told(test)] == ["buy", "sell", "buy"]


def test_an_entry_inside_a_candle_may_be_stopped_in_it_but_not_take_its_profit() -> None:
    script = {0: lambda c: c.buy(1, limit=99, stop_loss=95, take_profit=105)}
    stopped = trade(script, CALM, (100, 110, 94, 100))
    assert told(stopped) == [(1, "buy", 1, 99), (1, "sell", 1, 95)]
    later = trade(script, CALM, (100, 110, 98, 100), (100, 106, 98, 100))
    assert told(later) == [(1, "buy", 1, 99), (2, "sell", 1, 105)]


def test_a_trailing_stop_follows_the_best_price_of_earlier_candles() -> None:
    script = {0: lambda c: c.buy(1, trail_stop=0.1)}
    test = trade(
        script,
        *(CALM, (100, 120, 100, 118)),  # bought at 100; stop at 90, afterwards at 108
        *((118, 125, 109, 110), (113, 113, 112, 112)),  # not hit, 112.5 afterwards; then hit
    )
    assert told(test)[1:] == [(3, "sell", 1, Decimal("112.5"))]


def test_a_trailing_sale_may_be_placed_later() -> None:
    script = {0: lambda c: c.buy(1), 1: lambda c: c.sell(trailing=0.05)}
    test = trade(script, CALM, CALM, (100, 110, 99, 110), (110, 110, 104, 105))
    assert told(test)[1:] == [(3, "sell", 1, Decimal("104.5"))]


def test_a_trailing_stop_is_in_ticks_beyond_its_price() -> None:
    filters = {BTC: instrument(price_tick=Decimal("0.5"))}
    rows = [CALM, CALM, (100, 110.3, 100, 110), (110, 110, 104, 105)]
    script = {0: lambda c: c.buy(1), 1: lambda c: c.sell(trailing=0.05)}
    sold = trade(script, *rows, instruments=filters)
    assert told(sold)[1:] == [(3, "sell", 1, Decimal("104.5"))]  # 104.785
    fallen = [CALM, CALM, (100, 100, 89.7, 90), (90, 96, 90, 95)]
    short = {0: lambda c: c.target(-0.1, trail_stop=0.05)}
    bought = trade(short, *fallen, instruments=filters, allows_short=True)
    assert told(bought)[1:] == [(3, "buy", 1, Decimal("94.5"))]  # 94.185


def test_a_limit_of_less_than_a_tick_sizes_nothing() -> None:
    for act in (lambda c: c.buy(fraction=0.5, limit=0.004), lambda c: c.buy(value=5, limit=0.004)):
        test = trade({0: act}, CALM, CALM, CALM)
        assert [(denied.at, denied.code) for denied in test.denied] == [(HOUR, "PRICE_BELOW_TICK")]
        assert not test.fills


def test_what_opens_beyond_its_target_is_sold_there_at_once_and_takes() -> None:
    costs = Costs(maker_fee=Decimal("0.001"), taker_fee=Decimal("0.002"))
    script = {0: lambda c: c.buy(1, take_profit=110)}
    test = trade(script, CALM, (115, 115, 114, 114), CALM, costs=costs)
    assert told(test) == [(1, "buy", 1, 115), (1, "sell", 1, 115)]
    assert [fill.fee for fill in test.fills] == [Decimal("0.23")] * 2
    short = {0: lambda c: c.target(-0.1, take_profit=90)}
    covered = trade(short, CALM, (80, 85, 80, 85), CALM, allows_short=True)
    assert [(side, price) for _, side, _, price in told(covered)] == [("sell", 80), ("buy", 80)]


def test_an_order_expires_after_its_candles() -> None:
    script = {0: lambda c: c.buy(1, limit=90, expires=2)}
    assert told(trade(script, CALM, CALM, (100, 100, 89, 95)))
    assert not told(trade(script, CALM, CALM, CALM, (100, 100, 89, 95)))


def test_a_cancelled_order_is_not_filled() -> None:
    def cancel(ctx) -> None:
        (order,) = ctx.open_orders
        assert (order.id, order.side, order.quantity, order.limit) == ("1", "buy", 1.0, 90)
        ctx.cancel(order.id)

    test = trade({0: lambda c: c.buy(1, limit=90), 1: cancel}, CALM, CALM, (100, 100, 80, 85))
    assert not test.fills


def test_quantities_round_down_and_minimums_deny() -> None:
    filters = {BTC: instrument(quantity_step=Decimal("0.1"), minimum_notional=Decimal(50))}
    script = {0: lambda c: c.buy(value=88), 1: lambda c: c.buy(value=49)}
    test = trade(script, CALM, CALM, CALM, instruments=filters)
    assert told(test) == [(1, "buy", Decimal("0.8"), 100)]
    assert [denied.code for denied in test.denied] == ["NOTIONAL_BELOW_MINIMUM"]


def test_prices_are_in_ticks_on_the_promises_side() -> None:
    filters = {BTC: instrument(price_tick=Decimal("0.5"))}
    test = trade(
        {0: lambda c: c.buy(1, limit=98.7)}, CALM, (100, 100, 98.6, 99), instruments=filters
    )
    assert not test.fills  # the limit is 98.5, and was not traded through
    test = trade(
        {0: lambda c: c.buy(1, limit=98.7)}, CALM, (100, 100, 98.4, 99), instruments=filters
    )
    assert told(test) == [(1, "buy", 1, Decimal("98.5"))]


def test_a_stop_is_in_ticks_beyond_its_price() -> None:
    filters = {BTC: instrument(price_tick=Decimal("0.5"))}
    script = {0: lambda c: c.buy(1, stop=101.2), 1: lambda c: c.sell(stop=98.7)}
    test = trade(script, CALM, (100, 102, 100, 100), (100, 100, 98, 99), instruments=filters)
    assert [price for _, _, _, price in told(test)] == [Decimal("101.5"), Decimal("98.5")]


def test_what_cash_does_not_cover_is_not_bought() -> None:
    costs = Costs(Decimal(0), Decimal("0.01"))
    test = trade({0: lambda c: c.buy(50)}, CALM, CALM, costs=costs)
    assert told(test) == [(1, "buy", Decimal("9.900"), 100)]
    assert 0 <= test.cash < 1


def test_cash_covers_the_larger_fee_of_an_order_that_may_wait() -> None:
    costs = Costs(maker_fee=Decimal("0.003"), taker_fee=Decimal("0.001"))
    script = {0: lambda c: c.buy(fraction=1, limit=99)}
    test = trade(script, CALM, (100, 100, 98, 99), costs=costs)
    assert test.fills[0].is_maker
    assert 0 <= test.cash < 1


def test_a_sale_ends_at_nothing() -> None:
    test = trade(
        {0: lambda c: c.buy(1), 1: lambda c: c.sell(5), 2: lambda c: c.sell()}, *[CALM] * 4
    )
    assert told(test)[1:] == [(2, "sell", 1, 100)]
    assert [denied.code for denied in test.denied] == ["NOTHING_TO_TRADE_WITH"]


def test_short_positions_are_only_for_tests_that_allow_them() -> None:
    script = {0: lambda c: c.target(-1), 1: lambda c: c.target(1)}
    rows = [CALM, CALM, (50.0,), (60.0,)]
    assert told(trade(script, *rows)) == [(2, "buy", 20, 50)]
    test = trade(script, *rows, allows_short=True)
    assert told(test) == [(1, "sell", 10, 100), (2, "buy", 40, 50)]
    (short,) = test.round_trips
    assert (short.side.value, short.quantity, short.profit) == ("sell", 10, 500)
    assert test.equity == [1000, 1000, 1500, 1800]


def test_one_average_is_kept_of_several_purchases() -> None:
    seen: list[float | None] = []
    script = {
        0: lambda c: c.buy(1),
        1: lambda c: c.buy(3),
        2: lambda c: seen.append(c.average_price),
        3: lambda c: c.sell(fraction=0.5),
        4: lambda c: seen.append(c.average_price),
        5: lambda c: c.close_position(),
    }
    test = trade(script, (100,), (100,), (200,), (200,), (300,), (300,), (400,))
    assert seen == [175, 175]
    (trip,) = test.round_trips
    assert (trip.quantity, trip.entry_price, trip.exit_price) == (4, 175, 350)
    assert trip.profit == 2 * 300 + 2 * 400 - 100 - 600


def test_an_open_position_is_valued_and_not_sold() -> None:
    test = trade({0: lambda c: c.target(1)}, CALM, CALM, (120.0,))
    assert test.equity[-1] == 1200
    assert (test.positions[BTC], test.cash, test.round_trips) == (10, 0, [])


def test_a_target_is_a_share_of_the_equity_and_a_band_leaves_it_alone() -> None:
    script = {
        0: lambda c: c.target(0.5),
        2: lambda c: c.target(0.5, band=0.1),
        3: lambda c: c.target(0.5),
    }
    test = trade(script, CALM, CALM, (120.0,), (120.0,), (120.0,))
    assert told(test) == [(1, "buy", 5, 100), (4, "sell", Decimal("0.416"), 120)]


def with_gap(script) -> Backtest:
    """Candles 0, 1 and 5."""
    row = [100.0, 100.0, 100.0]
    series = Candles([0, HOUR, 5 * HOUR], row, row, row, row, [1.0] * 3)
    (setup,) = set_up(scripted(script))
    return backtest(setup, {BTC: series}, Terms({BTC: instrument()}, Decimal(1000), FREE))


def test_nothing_is_filled_where_candles_are_missing_and_they_are_counted() -> None:
    test = with_gap({1: lambda c: c.buy(1)})
    assert told(test) == [(5, "buy", 1, 100)]
    assert test.missing == 3


def test_a_limit_order_is_never_filled_beyond_its_price() -> None:
    costs = Costs(Decimal(0), Decimal(0), slippage_bps=Decimal(100))
    test = trade({0: lambda c: c.buy(1, limit=100)}, CALM, CALM, costs=costs)
    assert told(test) == [(1, "buy", 1, 100)]


def test_a_sale_may_wait_for_what_a_purchase_brings() -> None:
    def both(ctx) -> None:
        ctx.sell(1, limit=110)
        ctx.sell(stop=50)
        ctx.buy(2, limit=90)

    test = trade({0: both}, CALM, (100, 100, 89, 100), (100, 111, 100, 100), (60, 60, 40, 45))
    assert told(test) == [(1, "buy", 2, 90), (2, "sell", 1, 110), (3, "sell", 1, 50)]


def test_protection_never_turns_a_position_round() -> None:
    script = {0: lambda c: c.buy(2, stop_loss=90), 1: lambda c: c.sell(1)}
    test = trade(script, CALM, CALM, CALM, (95, 95, 80, 85), allows_short=True)
    assert told(test)[1:] == [(2, "sell", 1, 100), (3, "sell", 1, 90)]
    short = {0: lambda c: c.target(-0.2, stop_loss=110), 1: lambda c: c.buy(1)}
    test = trade(short, CALM, CALM, CALM, (100, 120, 100, 115), allows_short=True)
    assert told(test) == [(1, "sell", 2, 100), (2, "buy", 1, 100), (3, "buy", 1, 110)]


def test_a_fee_of_a_reversal_is_shared_by_both_positions() -> None:
    costs = Costs(Decimal(0), Decimal("0.01"))
    script = {0: lambda c: c.buy(1), 1: lambda c: c.sell(3), 2: lambda c: c.close_position()}
    test = trade(script, *[CALM] * 5, costs=costs, allows_short=True)
    assert [trip.fees for trip in test.round_trips] == [2, 4]
    assert test.cash == 1000 - 6


def test_closing_withdraws_what_waits() -> None:
    script = {0: lambda c: [c.buy(1), c.buy(1, limit=80)], 1: lambda c: c.close_position()}
    test = trade(script, CALM, CALM, CALM, (100, 100, 70, 100))
    assert [side for _, side, _, _ in told(test)] == ["buy", "sell"]


def together(script: Mapping[int, Act], prices: Mapping[str, Sequence[float]]) -> Backtest:
    """Several instruments of one bot, whose candles stand still."""
    (setup,) = set_up(scripted(script, together=True), instruments=list(prices))
    series = {symbol: candles(*[(price,) for price in of]) for symbol, of in prices.items()}
    terms = Terms({symbol: instrument(symbol) for symbol in prices}, Decimal(1000), FREE)
    return backtest(setup, series, terms)


def test_to_close_one_instrument_leaves_the_orders_of_the_others() -> None:
    def change(ctx: Context) -> None:
        ctx.close_position(symbol=BTC)
        ctx.target(1.0, symbol=ETH)

    script: dict[int, Act] = {0: lambda c: c.buy(fraction=1.0, symbol=BTC), 1: change}
    test = together(script, {BTC: [100] * 3, ETH: [10] * 3})
    assert [(fill.symbol, fill.side) for fill in test.fills[1:]] == [(BTC, "sell"), (ETH, "buy")]
    waiting: dict[int, Act] = {
        0: lambda c: c.buy(1, limit=9, symbol=ETH),
        1: lambda c: c.buy(1, limit=90, symbol=BTC),
        2: lambda c: c.cancel(symbol=BTC),
    }
    kept = together(waiting, {BTC: [100, 100, 100, 80], ETH: [10, 10, 10, 8]})
    assert [fill.symbol for fill in kept.fills] == [ETH]


def test_at_one_open_sales_pay_for_purchases_that_were_asked_for_first() -> None:
    def change(ctx: Context) -> None:
        ctx.target(0.6, symbol=BTC)
        ctx.target(0.4, symbol=ETH)

    script: dict[int, Act] = {
        0: lambda c: (c.target(0.5, symbol=BTC), c.target(0.5, symbol=ETH)),
        1: change,
    }
    test = together(script, {BTC: [100] * 3, ETH: [10] * 3})
    assert [(fill.symbol, fill.side, fill.quantity) for fill in test.fills[2:]] == [
        (ETH, "sell", 10),
        (BTC, "buy", 1),
    ]


def test_a_short_sale_is_covered_by_the_equity() -> None:
    test = trade({0: lambda c: c.sell(50)}, CALM, CALM, allows_short=True)
    assert told(test) == [(1, "sell", 10, 100)]


def test_a_target_takes_its_stop_along_and_leaves_the_rest_of_the_position() -> None:
    script = {0: lambda c: c.buy(1, stop_loss=95, take_profit=105), 1: lambda c: c.buy(1)}
    test = trade(script, CALM, CALM, CALM, (100, 106, 100, 104), (100, 100, 90, 92))
    assert told(test)[2:] == [(3, "sell", 1, 105)]
    assert test.positions[BTC] == 1


def test_an_order_that_expires_in_a_gap_is_not_filled_after_it() -> None:
    script = {1: lambda c: [c.buy(1, limit=200, expires=2), c.buy(2)]}
    assert told(with_gap(script)) == [(5, "buy", 2, 100)]


def test_finer_candles_of_the_next_candle_do_not_count_in_this_one() -> None:
    quarters = candles(*[CALM] * 8, *[(100, 106, 94, 106)] * 4, interval="15m")
    script = {0: lambda c: c.buy(1, stop_loss=95, take_profit=105)}
    assert len(trade(script, CALM, CALM, finer={BTC: quarters}).fills) == 1


def test_a_quantity_that_waits_is_as_it_was_said() -> None:
    script = {0: lambda c: c.buy(1), 1: lambda c: c.sell(2, limit=110), 2: lambda c: c.buy(1)}
    test = trade(script, CALM, CALM, CALM, CALM, (100, 111, 100, 100))
    assert told(test)[2:] == [(4, "sell", 2, 110)]
