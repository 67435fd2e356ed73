"""One script on the same candles: what a backtest and a live bot's reckoning make of it."""

from collections.abc import Mapping, Sequence
from decimal import Decimal

import pytest

from chalicelib.domain.bots.backtest import Terms, backtest
from chalicelib.domain.bots.bot import set_up
from chalicelib.domain.bots.candles import Candles
from chalicelib.domain.bots.context import Context
from chalicelib.domain.bots.live import begin, follow
from tests.unit.bots.live_orders import START, candle
from tests.unit.bots.paper_market import BTC, FREE, HOUR, Act, instrument, scripted

CALM = (100, 100, 100, 100)
Row = Sequence[float] | None  # open, high, low, close; None where the candle is missing
Left = tuple[Decimal, Decimal]


def tried(script: Mapping[int, Act], *rows: Row) -> Left:
    """Quantity and cash that a backtest has left of 1,000."""
    (setup,) = set_up(scripted(script))
    there = [(number * HOUR, *map(float, row), 1.0) for number, row in enumerate(rows) if row]
    series = Candles(*map(list, zip(*there, strict=True)))
    test = backtest(setup, {BTC: series}, Terms({BTC: instrument()}, Decimal(1000), FREE))
    return test.positions[BTC], test.cash


def lived(script: Mapping[int, Act], *rows: Row) -> Left:
    """The same of a live bot."""
    (setup,) = set_up(scripted(script))
    bot = begin(setup, None, since=START, cash=Decimal(1000))
    for number, row in enumerate(rows):
        if row:
            bot = follow(setup, bot, {BTC: candle(number, row)}).bot
    standing = bot.reckoning.on(BTC, {})
    return standing.quantity, standing.cash


def turn_round(ctx: Context) -> None:
    ctx.close_position()
    ctx.buy(1)


def turn_and_wait(ctx: Context) -> None:
    ctx.close_position()
    ctx.buy(1, limit=95)


def think_better(ctx: Context) -> None:
    ctx.buy(1)
    ctx.cancel()


def think_better_of_one(ctx: Context) -> None:
    first = ctx.buy(1)
    ctx.buy(2)
    ctx.cancel(first)


def leave_after_all(ctx: Context) -> None:
    ctx.buy(1)
    ctx.close_position()


def cancel_and_leave(ctx: Context) -> None:
    ctx.cancel()
    ctx.close_position()


@pytest.mark.parametrize(
    ("script", "rows", "left"),
    [
        pytest.param(
            {0: lambda c: c.buy(1, stop=105, stop_loss=103)},
            [CALM, (100, 110, 100, 110)],
            (0, 998),
            id="a-stop-whose-position-was-bought-after-the-open",
        ),
        pytest.param(
            {0: lambda c: c.buy(1, stop=105, trail_stop=0.01)},
            [CALM, (100, 110, 100, 110)],
            (0, Decimal("998.95")),
            id="a-trailing-stop-whose-position-was-bought-after-the-open",
        ),
        pytest.param(
            {0: lambda c: c.buy(1, stop=105, stop_loss=103)},
            [CALM, (104, 110, 104, 110), (101, 110, 101, 110)],
            (0, 996),
            id="and-later-at-a-worse-open",
        ),
        pytest.param(
            {0: lambda c: c.buy(1, stop=105, take_profit=110)},
            [CALM, (115, 120, 114, 118), CALM],
            (0, 1000),
            id="bought-beyond-its-target",
        ),
        pytest.param(
            {0: lambda c: c.buy(1, stop=105, take_profit=115)},
            [CALM, (115, 115, 114, 114), CALM],
            (0, 1000),
            id="bought-at-its-target",
        ),
        pytest.param(
            {0: lambda c: c.buy(1, stop=105, take_profit=110, stop_loss=90)},
            [CALM, (115, 120, 80, 85), CALM],
            (0, 1000),
            id="what-has-reached-its-target-has-no-stop-any-more",
        ),
        pytest.param(
            {0: lambda c: c.buy(2), 1: turn_round},
            [CALM] * 4,
            (1, 900),
            id="given-up-and-bought-again",
        ),
        pytest.param(
            {0: lambda c: c.buy(2), 1: turn_and_wait},
            [CALM, CALM, CALM, (100, 100, 90, 92)],
            (1, 905),
            id="given-up-and-a-new-order-waits",
        ),
        pytest.param(
            {0: lambda c: c.buy(1, limit=90), 1: turn_round},
            [CALM, CALM, CALM, (100, 100, 80, 85)],
            (1, 900),
            id="what-waited-before-is-taken-back",
        ),
        pytest.param({0: think_better}, [CALM] * 3, (0, 1000), id="taken-back-at-the-same-close"),
        pytest.param({0: think_better_of_one}, [CALM] * 3, (2, 800), id="one-of-two-taken-back"),
        pytest.param({0: leave_after_all}, [CALM] * 3, (0, 1000), id="given-up-at-the-same-close"),
        pytest.param(
            {0: lambda c: c.buy(1), 1: cancel_and_leave}, [CALM] * 3, (0, 1000), id="nothing-waits"
        ),
        pytest.param(
            {0: lambda c: c.buy(1, limit=95, expires=2)},
            [CALM, CALM, None, None, (100, 100, 90, 92)],
            (0, 1000),
            id="ended-where-candles-are-missing",
        ),
        pytest.param(
            {0: lambda c: c.buy(1, limit=95, expires=4)},
            [CALM, CALM, None, None, (100, 100, 90, 92)],
            (1, 905),
            id="ends-with-the-candle-after-the-gap",
        ),
        pytest.param(
            {0: lambda c: c.buy(1), 1: lambda c: c.sell(stop=95), 2: lambda c: c.buy(1)},
            [CALM, CALM, CALM, CALM, (100, 100, 90, 92)],
            (0, 990),
            id="a-sale-of-everything-that-there-is-when-its-price-comes",
        ),
        pytest.param(
            {0: lambda c: c.buy(2), 1: lambda c: c.sell(fraction=0.5, stop=95)},
            [CALM, CALM, CALM, (100, 100, 90, 92)],
            (1, 895),
            id="a-part-of-what-is-held",
        ),
        pytest.param(
            {
                0: lambda c: c.buy(2),
                1: lambda c: c.sell(fraction=0.5, stop=95),
                2: lambda c: c.buy(2),
            },
            [CALM, CALM, CALM, CALM, (100, 100, 90, 92)],
            (3, 695),
            id="a-part-of-what-was-held-when-it-was-placed",
        ),
    ],
)
def test_both_make_the_same_of_it(script: dict[int, Act], rows: list[Row], left: Left) -> None:
    assert tried(script, *rows) == left
    assert lived(script, *rows) == left


def test_both_show_the_bot_where_its_stops_stand() -> None:
    rows = [CALM, (100, 120, 100, 118), (118, 119, 115, 116)]
    seen: list[list[tuple[str, Decimal | None]]] = []
    script = {
        0: lambda c: c.buy(1, trail_stop=0.1, stop_loss=80),
        2: lambda c: seen.append(sorted((each.id, each.stop) for each in c.open_orders)),
    }
    tried(script, *rows)
    lived(script, *rows)
    assert seen == [[("1.stop", 80), ("1.trail", 108)]] * 2


def test_orders_of_another_instrument_stay() -> None:
    def change(ctx: Context) -> None:
        ctx.buy(1, symbol="ETH/USDT")
        ctx.buy(1, limit=95, symbol="ETH/USDT")
        ctx.close_position(symbol=BTC)

    (setup,) = set_up(scripted({0: change}, together=True, instruments=(BTC, "ETH/USDT")))
    bot = begin(setup, None, since=START, cash=Decimal(1000))
    done = follow(setup, bot, {BTC: candle(0, CALM), "ETH/USDT": candle(0, CALM)})
    assert done.bot.reckoning.quantity("ETH/USDT") == 1
    assert [order.limit for order in done.bot.waiting] == [95]
