"""A bot that is asked at crossings alone trades as one that is asked at every candle."""

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any, ClassVar

import pytest

from chalicelib.domain.bots.backtest import Backtest, Terms, backtest
from chalicelib.domain.bots.bot import Bot, set_up
from chalicelib.domain.bots.candles import Candles
from chalicelib.domain.bots.context import Context
from chalicelib.domain.bots.dice import dice_for
from chalicelib.domain.bots.lines import Line
from chalicelib.domain.bots.refusals import BotFailed
from chalicelib.domain.bots.tracks import Column, Shared
from chalicelib.domain.bots.waking import awake
from tests.unit.bots.bot_prices import moving
from tests.unit.bots.paper_market import BTC, FREE, candles, instrument, trade
from tests.unit.bots.step_by_step import in_one_go, step_by_step

Declare = Callable[[Context], tuple[Line, Line | float]]

DECLARED: dict[str, Declare] = {
    "two averages": lambda ctx: (ctx.sma(2), ctx.sma(4)),
    "a level": lambda ctx: (ctx.rsi(3), 50.0),
    "a whole number": lambda ctx: (ctx.sma(2), 100),
    "a line of a larger interval": lambda ctx: (ctx.sma(2), ctx.sma(2, interval="4h")),
    "a line that is unknown at first": lambda ctx: (ctx.ema(2), ctx.ema(40)),
}


def coarse(words: str, count: int = 400) -> Candles:
    """Whole prices in a narrow band: lines touch often, and meet without crossing."""
    dice, price, rows = dice_for(3, words), 100, []
    for _ in range(count):
        opened, price = price, min(103, max(97, price + dice.integer(-1, 1)))
        rows.append((opened, max(opened, price) + 1, min(opened, price) - 1, price))
    return candles(*rows)


def asked(declare: Declare, *, alone: bool, warmup: int = 0) -> type[Bot]:
    """Notes each crossing, buys and sells with orders that wait."""

    class Crosser(Bot):
        instruments: ClassVar = (BTC,)
        interval = "1h"

        def start(self, ctx: Context) -> None:
            self.line, self.other = declare(ctx)
            if alone:
                ctx.only_when(self.line.crosses(self.other))

        def on_candle(self, ctx: Context) -> None:
            up, down = self.line.crossed_above(self.other), self.line.crossed_below(self.other)
            if not (up or down):
                return
            ctx.log(f"{up} {ctx.close} {ctx.position} {ctx.cash:.6f} {ctx.open_orders}")
            if up and not ctx.position:
                ctx.cancel()
                ctx.buy(
                    fraction=0.5, limit=ctx.close * 0.995, stop_loss=ctx.close * 0.97, expires=9
                )
            elif down:
                ctx.sell(trailing=0.01) if ctx.position else ctx.target(0.2)

    Crosser.warmup = warmup
    return Crosser


def run(bot: type[Bot], prices: Candles) -> Backtest:
    (setup,) = set_up(bot)
    return backtest(setup, {BTC: prices}, terms())


def terms() -> Terms:
    return Terms({BTC: instrument()}, Decimal(1000), FREE)


@pytest.mark.parametrize("warmup", [0, 7, 41])
@pytest.mark.parametrize("prices", [moving(400), coarse("a"), coarse("b")], ids=["fine", "a", "b"])
@pytest.mark.parametrize("declare", DECLARED.values(), ids=list(DECLARED))
def test_it_trades_the_same(declare: Declare, prices: Candles, warmup: int) -> None:
    always = run(asked(declare, alone=False, warmup=warmup), prices)
    at_crossings = run(asked(declare, alone=True, warmup=warmup), prices)
    assert at_crossings == always
    assert len(always.logs) > 2


@pytest.mark.parametrize("warmup", [0, 7, 41])
@pytest.mark.parametrize("prices", [moving(400), coarse("a")], ids=["fine", "a"])
@pytest.mark.parametrize("declare", DECLARED.values(), ids=list(DECLARED))
def test_it_trades_the_same_where_columns_are_shared(
    declare: Declare, prices: Candles, warmup: int
) -> None:
    (setup,) = set_up(asked(declare, alone=True, warmup=warmup))
    shared = Shared()
    by_itself = backtest(setup, {BTC: prices}, terms())
    for _ in range(2):
        test = backtest(setup, {BTC: prices}, terms(), shared=shared)
        # An indicator whose columns come from elsewhere has seen no candle.
        assert test._replace(state={}) == by_itself._replace(state={})


@pytest.mark.parametrize("declare", DECLARED.values(), ids=list(DECLARED))
def test_it_is_the_same_candle_by_candle(declare: Declare) -> None:
    (setup,) = set_up(asked(declare, alone=True, warmup=2))
    prices = {BTC: coarse("c", 120)}
    whole, steps = in_one_go(setup, prices, terms()), step_by_step(setup, prices, terms())
    assert steps == whole
    assert whole.orders


def test_it_is_asked_nowhere_else() -> None:
    class Counter(Bot):
        instruments: ClassVar = (BTC,)
        interval = "1h"

        def start(self, ctx: Context) -> None:
            average = ctx.sma(1)
            ctx.only_when(average.crosses(10), average.crosses(20))
            ctx.only_when(average.crosses(30))

        def on_candle(self, ctx: Context) -> None:
            ctx.log(ctx.close)

    #           -    -    10  -    10, 20, 30  -   30, 20, 10  -   touched  10
    closes = (9.0, 10.0, 11.0, 10.0, 35.0, 40.0, 8.0, 9.0, 10.0, 12.0)
    test = run(Counter, candles(*((close,) for close in closes)))
    assert [float(line.text) for line in test.logs] == [11.0, 35.0, 8.0, 12.0]
    assert json.loads(json.dumps(test.state)) == test.state


def test_what_is_unknown_for_a_while_has_crossed_nothing() -> None:
    line, other = Line("line"), Line("other")
    line.value, other.value = 3.0, 2.0
    columns: dict[Line, Column] = {
        line: [9.0, 1.0, None, 3.0, 1.0, 2.0, 3.0, 3.0, 1.0],
        other: [9.0, 2.0, 2.0, 2.0, 2.0, 2.0, 2.0, None, 2.0],
    }
    assert awake([line.crosses(other)], columns, 1, 9) == [1, 4, 6]
    assert awake([line.crosses(other)], columns, 1, 6) == [1, 4]


def test_a_line_below_zero_crosses_where_columns_are_shared_too() -> None:
    line, other = Line("line"), Line("other")
    columns: dict[Line, Column] = {
        line: [None, 1.0, -1.0, 1.0, 2.0, 2.0, -3.0],
        other: [0.5, 0.5, 0.5, 0.5, 2.0, 1.0, 1.0],
    }
    for crossing in (line.crosses(other), other.crosses(line)):
        assert awake([crossing], columns, 0, 7, Shared()) == [2, 3, 5, 6]


@pytest.mark.parametrize(
    ("said", "why"),
    [
        (lambda _line: (), "takes crossings, such as self.fast.crosses(self.slow)"),
        (lambda line: (line,), "takes crossings, such as self.fast.crosses(self.slow)"),
        (lambda line: (line.crosses("30"),), "cannot cross '30': a line or a number is meant"),
    ],
    ids=["nothing", "a line", "of a line and a text"],
)
def test_what_is_no_crossing_is_refused(said: Callable[[Line], Any], why: str) -> None:
    class Wrong(Bot):
        instruments: ClassVar = (BTC,)
        interval = "1h"

        def start(self, ctx: Context) -> None:
            ctx.only_when(*said(ctx.sma(2)))

        def on_candle(self, ctx: Context) -> None: ...

    with pytest.raises(BotFailed, match=r"Wrong\.start.*") as refused:
        run(Wrong, moving(5))
    assert why in str(refused.value)


def test_it_is_said_in_start() -> None:
    with pytest.raises(BotFailed, match=r"only_when is said in start"):
        trade({1: lambda ctx: ctx.only_when()}, (1,), (2,), (3,))


def test_several_instruments_together_decide_at_every_close() -> None:
    class Portfolio(Bot):
        instruments: ClassVar = (BTC, "ETH/USDT")
        interval = "1h"
        together = True

        def start(self, ctx: Context) -> None:
            ctx.only_when(ctx.sma(2, symbol=BTC).crosses(3))

        def on_candle(self, ctx: Context) -> None: ...

    (setup,) = set_up(Portfolio)
    both = {BTC: instrument(), "ETH/USDT": instrument("ETH/USDT")}
    with pytest.raises(BotFailed, match="several instruments decides at every close"):
        backtest(setup, {BTC: moving(5), "ETH/USDT": moving(5)}, Terms(both, Decimal(1), FREE))
