"""Which orders of a backtest come first at one candle, what a fill brings about, what it ends."""

from collections.abc import Mapping, Sequence
from decimal import Decimal

from chalicelib.domain.bots.backtest import Backtest, Terms, backtest
from chalicelib.domain.bots.bot import set_up
from chalicelib.domain.bots.candles import Candles
from chalicelib.domain.bots.context import Context
from chalicelib.domain.bots.desk import OpenOrder
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
SINKING = (100.0, 100.0, 80.0, 85.0)


def together(
    script: Mapping[int, Act], prices: Mapping[str, Sequence[float]]
) -> list[tuple[str, str, Decimal]]:
    """Fills of a bot that trades both with 1,000, each candle at one price; it may go short."""
    (setup,) = set_up(scripted(script, together=True), instruments=list(prices))
    series = {symbol: candles(*[(price,) for price in of]) for symbol, of in prices.items()}
    terms = Terms({symbol: instrument(symbol) for symbol in prices}, Decimal(1000), FREE)
    test = backtest(setup, series, terms._replace(allows_short=True))
    return [(fill.symbol, fill.side.value, fill.quantity) for fill in test.fills]


def left_waiting(
    script: Mapping[int, Act], *rows: Sequence[float], allows_short: bool = False
) -> list[OpenOrder]:
    """What the bot sees of its orders at the last candle."""
    seen: list[OpenOrder] = []
    last = len(rows) - 1
    looking = {**script, last: lambda ctx: seen.extend(ctx.open_orders)}
    trade(looking, *rows, allows_short=allows_short)
    return seen


def in_short(orders: Sequence[OpenOrder]) -> list[tuple[str, str, float | None]]:
    return [(order.id, order.side, order.quantity) for order in orders]


STILL = {BTC: [100.0] * 3, ETH: [10.0] * 3}


def test_a_bot_sees_side_size_and_price_of_all_that_waits() -> None:
    def ask(ctx: Context) -> None:
        ctx.buy(2, stop_loss=90, trail_stop=0.2, take_profit=120)
        ctx.buy(1, limit=80)
        ctx.sell(stop=85)

    assert left_waiting({0: ask}, CALM, CALM) == [
        OpenOrder("2", BTC, "buy", 1.0, Decimal(80), None),
        OpenOrder("3", BTC, "sell", None, None, Decimal(85)),  # all that there will be
        OpenOrder("1.stop", BTC, "sell", 2.0, None, Decimal(90)),
        OpenOrder("1.trail", BTC, "sell", 2.0, None, Decimal(80)),
        OpenOrder("1.profit", BTC, "sell", 2.0, Decimal(120), None),
    ]


def test_a_sale_pays_for_all_of_what_was_enlarged_before_it() -> None:
    script: dict[int, Act] = {
        0: lambda c: (c.buy(4.5, symbol=BTC), c.buy(45, symbol=ETH)),
        1: lambda c: (c.buy(3, symbol=BTC), c.sell(symbol=ETH)),
    }
    assert together(script, STILL)[2:] == [(ETH, "sell", 45), (BTC, "buy", 3)]


def test_a_short_position_is_covered_before_another_one_is_bought() -> None:
    script: dict[int, Act] = {
        0: lambda c: c.target(-0.5, symbol=BTC),
        1: lambda c: (c.target(0.5, symbol=ETH), c.target(0, symbol=BTC)),
    }
    assert together(script, STILL)[1:] == [(BTC, "buy", 5), (ETH, "buy", 50)]


def test_a_position_is_sold_before_another_one_is_sold_short() -> None:
    script: dict[int, Act] = {
        0: lambda c: c.target(0.5, symbol=BTC),
        1: lambda c: (c.target(-0.5, symbol=ETH), c.target(0, symbol=BTC)),
    }
    assert together(script, STILL)[1:] == [(BTC, "sell", 5), (ETH, "sell", 50)]


def test_within_a_candle_the_stop_comes_before_a_purchase_that_was_asked_for_first() -> None:
    script: dict[int, Act] = {
        0: lambda c: c.buy(1),
        1: lambda c: (c.buy(1, limit=90), c.sell(stop=95)),
    }
    assert told(trade(script, CALM, CALM, SINKING))[1:] == [(2, "sell", 1, 95), (2, "buy", 1, 90)]


def test_one_order_is_taken_back_and_the_others_wait_on() -> None:
    script: dict[int, Act] = {
        0: lambda c: [c.buy(1, limit=price) for price in (90, 80, 70)],
        1: lambda c: c.cancel("2"),
    }
    assert in_short(left_waiting(script, CALM, CALM, CALM)) == [("1", "buy", 1), ("3", "buy", 1)]


def test_of_two_stops_of_one_purchase_one_sells_it() -> None:
    script: dict[int, Act] = {
        0: lambda c: (c.buy(1), c.buy(1, stop_loss=95, trail_stop=0.02)),
    }
    test = trade(script, CALM, CALM, SINKING)
    assert told(test)[2:] == [(2, "sell", 1, 95)]
    assert test.positions == {BTC: 1}


def test_a_position_that_turns_round_takes_its_protection_along() -> None:
    script: dict[int, Act] = {
        0: lambda c: c.buy(1, stop_loss=90),
        1: lambda c: c.target(-0.2, stop_loss=110),
    }
    assert left_waiting(script, CALM, CALM, CALM, allows_short=True) == [
        OpenOrder("2.stop", BTC, "buy", 2.0, None, Decimal(110))
    ]


def test_what_protects_a_purchase_is_as_large_as_the_purchase() -> None:
    script: dict[int, Act] = {0: lambda c: c.buy(2), 1: lambda c: c.buy(1, stop_loss=90)}
    assert in_short(left_waiting(script, CALM, CALM, CALM)) == [("2.stop", "sell", 1)]


def test_a_sale_of_a_part_ends_no_protection() -> None:
    script: dict[int, Act] = {0: lambda c: c.buy(1, stop_loss=90), 1: lambda c: c.sell(0.5)}
    assert in_short(left_waiting(script, CALM, CALM, CALM)) == [("1.stop", "sell", 1)]


def test_orders_of_the_bots_own_outlive_the_position() -> None:
    script: dict[int, Act] = {0: lambda c: (c.buy(1, stop_loss=95), c.buy(1, limit=50))}
    assert in_short(left_waiting(script, CALM, CALM, SINKING)) == [("2", "buy", 1)]


def test_a_stop_that_follows_a_short_position_comes_down_with_the_price() -> None:
    script: dict[int, Act] = {0: lambda c: c.target(-0.5, trail_stop=0.1)}
    rows = [CALM, (100, 100, 80, 80), (80, 87.99, 80, 85), (85, 88, 85, 86)]
    test = trade(script, *rows, allows_short=True)
    assert told(test) == [(1, "sell", 5, 100), (3, "buy", 5, 88)]


def test_a_sale_may_be_said_as_a_value() -> None:
    script: dict[int, Act] = {0: lambda c: c.buy(2), 1: lambda c: c.sell(value=50)}
    test: Backtest = trade(script, CALM, CALM, (200.0,))
    assert told(test)[1:] == [(2, "sell", Decimal("0.25"), 200)]


def test_what_a_value_buys_is_worked_out_at_the_price_of_its_order() -> None:
    for act, row in (
        (lambda c: c.buy(value=95, limit=95), (100, 100, 94, 96)),
        (lambda c: c.buy(value=110, stop=110), (100, 111, 100, 100)),
        (lambda c: c.buy(fraction=0.11, stop=110), (100, 111, 100, 100)),
    ):
        assert [fill[2] for fill in told(trade({0: act}, CALM, row))] == [1]


def test_a_sale_of_everything_has_no_size_before_there_is_something() -> None:
    assert left_waiting({0: lambda c: c.sell(stop=50)}, CALM, CALM) == [
        OpenOrder("1", BTC, "sell", None, None, Decimal(50))
    ]


def test_what_has_no_price_does_not_wait() -> None:
    assert not left_waiting({0: lambda c: c.buy(value=5, limit=0.004)}, CALM, CALM)


def test_what_is_asked_for_after_a_cancellation_is_asked_for() -> None:
    def think_again(ctx: Context) -> None:
        ctx.cancel()
        ctx.buy(2)

    script: dict[int, Act] = {0: lambda c: c.buy(1, limit=90), 1: think_again}
    assert told(trade(script, CALM, CALM, SINKING)) == [(2, "buy", 2, 100)]


def test_one_order_of_the_second_instrument_is_filled_at_its_open() -> None:
    assert together({0: lambda c: c.buy(1, symbol=ETH)}, STILL) == [(ETH, "buy", 1)]


def test_an_order_for_one_candle_is_met_by_its_open() -> None:
    test = trade({0: lambda c: c.buy(1, limit=100, expires=1)}, CALM, CALM)
    assert told(test) == [(1, "buy", 1, 100)]


def test_what_expired_in_a_gap_waits_no_longer() -> None:
    seen: list[int] = []
    row = [100.0] * 4
    script: dict[int, Act] = {
        1: lambda c: c.buy(1, limit=200, expires=2),
        2: lambda c: seen.append(len(c.open_orders)),
    }
    (setup,) = set_up(scripted(script))
    series = Candles([0, HOUR, 5 * HOUR, 6 * HOUR], row, row, row, row, row)
    test = backtest(setup, {BTC: series}, Terms({BTC: instrument()}, Decimal(1000), FREE))
    assert (seen, test.fills) == ([0], [])
