"""However a run is cut into pieces, and whichever loop runs it, a bot does the same."""

import json
from decimal import Decimal
from itertools import pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.bots import Bot, Param
from chalicelib.domain.bots.backtest import Backtest, BacktestRun, Terms, backtest
from chalicelib.domain.bots.bot import set_up
from chalicelib.domain.bots.candles import Candles, check_candles
from chalicelib.domain.bots.context import LogLine
from chalicelib.domain.bots.desk import Bar
from chalicelib.domain.bots.fill_model import Costs
from chalicelib.domain.bots.indicators.averages import SMA
from chalicelib.domain.bots.intent import Intent
from chalicelib.domain.bots.standing import Held
from chalicelib.domain.bots.step import AccountView, step
from chalicelib.domain.market.interval import Interval
from chalicelib.domain.money import exact_arithmetic
from chalicelib.domain.trading.instrument import Instrument

BTC, ETH = "BTC/USDT", "ETH/USDT"
MINUTE = 60_000
COSTS = Costs(Decimal("0.001"), Decimal("0.002"), Decimal(3))


class Everything(Bot):
    """Uses whatever must survive from one candle to the next."""

    instruments = (BTC,)
    interval = "5m"
    warmup = 4
    fast = Param(2, 1, 5)

    def start(self, ctx) -> None:
        self.lines = [ctx.sma(self.fast), ctx.ema(3), ctx.rsi(3), ctx.sma(2, interval="15m")]
        self.macd = ctx.macd(2, 4, 2)
        ctx.state["asked"] = 0

    def on_candle(self, ctx) -> None:
        sma, ema, rsi, larger = self.lines
        ctx.plot("sma", sma.value)
        ctx.plot("reach", ctx.history(3).close[0])
        ctx.log(f"{rsi.value} {rsi.previous} {larger.value} {larger.previous} {ctx.equity:.6f}")
        if sma.crossed_above(ema) or self.macd.macd.crossed_above(0):
            ctx.state["asked"] += 1
            ctx.buy(fraction=ctx.random.uniform(0.1, 0.9), stop_loss=ctx.close * 0.97)
        elif sma.crossed_below(ema):
            ctx.target(0)
        elif ctx.random.integer(0, 4) == 0:
            ctx.buy(value=20, limit=ctx.low * 0.99, expires=3, take_profit=ctx.close * 1.02)
        if ctx.open_orders and ctx.random.random() < 0.2:
            ctx.cancel(ctx.open_orders[0].id)


class EverythingTogether(Everything):
    together = True

    def on_candle(self, ctx) -> None:
        Everything.on_candle(self, _Only(ctx))


class _Only:
    """The context of a portfolio of one, read as that of a bot with one instrument."""

    def __init__(self, ctx) -> None:
        self._ctx = ctx

    def __getattr__(self, name: str) -> Any:
        of_market = {"close", "low", "history", "position"}
        return getattr(self._ctx[BTC] if name in of_market else self._ctx, name)


def instruments() -> dict[str, Instrument]:
    return {
        symbol: Instrument(
            symbol=symbol,
            base=symbol[:3],
            quote="USDT",
            quantity_step=Decimal("0.0001"),
            price_tick=Decimal("0.01"),
            minimum_notional=Decimal(5),
        )
        for symbol in (BTC, ETH)
    }


@st.composite
def series(draw: st.DrawFn) -> Candles:
    """Prices that move by up to some percent, with gaps."""
    rows = draw(
        st.lists(
            st.tuples(
                st.integers(-60, 60),
                st.integers(-60, 60),
                st.integers(0, 30),
                st.integers(0, 30),
                st.sampled_from([1, 1, 1, 1, 2, 5]),
            ),
            min_size=1,
            max_size=60,
        )
    )
    columns = Candles([], [], [], [], [], [])
    at, price = 0, 100.0
    for move, gap, above, below, steps in rows:
        at += steps
        opened = round(price * (1 + gap / 4000), 2)
        price = round(opened * (1 + move / 1000), 2)
        high = round(max(opened, price) * (1 + above / 2000), 2)
        low = round(min(opened, price) * (1 - below / 2000), 2)
        row = (opened, high, low, price, float(above))
        columns.start.append(at * 5 * MINUTE)
        for column, value in zip(columns.prices, row, strict=True):
            column.append(value)
    check_candles(BTC, Interval.M5, columns)
    return columns


def terms() -> Terms:
    return Terms(instruments(), Decimal(1000), COSTS)


def told(test: Backtest) -> tuple[Any, ...]:
    return (test.fills, test.round_trips, test.denied, test.logs, test.state, test.positions)


@given(candles=series(), cuts=st.sets(st.integers(1, 59), max_size=5))
def test_a_backtest_in_pieces_is_the_same_backtest(candles: Candles, cuts: set[int]) -> None:
    (setup,) = set_up(Everything)
    whole = backtest(setup, {BTC: candles}, terms())
    run = BacktestRun(setup, terms())
    edges = [0, *sorted(cut for cut in cuts if cut < len(candles.start)), len(candles.start)]
    for first, end in pairwise(edges):
        run.feed({BTC: candles.between(first, end)})
    assert told(run.result()) == told(whole)
    assert run.result().equity == whole.equity


@given(candles=series())
def test_step_by_step_through_json_is_the_same_backtest(candles: Candles) -> None:
    """The virtual desk is the account; of the bot there is nothing between two steps but JSON."""
    (setup,) = set_up(Everything)
    whole = BacktestRun(setup, terms())
    asked: list[Intent] = []
    watch(whole, asked)
    whole.feed({BTC: candles})

    desk = BacktestRun(setup, terms()).desk
    state, orders, logs = None, list[Intent](), list[LogLine]()
    curve: dict[str, list[Any]] = {}
    for number in range(len(candles.start)):
        one = candles.between(number, number + 1)
        with exact_arithmetic():
            if desk.waiting:
                desk.match([Bar(BTC, one.start[0], one.open[0], one.high[0], one.low[0])])
        holding = desk.ledger.holdings[BTC]
        average = holding.cost / holding.quantity if holding.quantity else None
        account = AccountView(
            desk.ledger.cash, {BTC: Held(holding.quantity, average)}, desk.open_orders()
        )
        done = step(setup, state, {BTC: one}, account)
        state = json.loads(json.dumps(done.state, allow_nan=False))
        desk.accept(done.orders)
        orders += done.orders
        logs += done.logs
        for plot in done.plots:
            curve.setdefault(plot.name, []).extend(zip(plot.start, plot.values, strict=True))
    result = whole.result()
    assert orders == asked
    assert desk.ledger.fills == result.fills
    assert logs == result.logs
    assert state == result.state
    assert curve == {
        plot.name: list(zip(plot.start, plot.values, strict=True)) for plot in result.plots
    }


def watch(run: BacktestRun, asked: list[Intent]) -> None:
    """Note what the bot asks for on its way to the desk."""
    accept = run.desk.accept

    def noting(intents) -> None:
        asked.extend(intents)
        accept(intents)

    run.desk.accept = noting  # type: ignore[method-assign]


@given(candles=series())
def test_the_loop_for_one_instrument_does_what_the_general_one_does(candles: Candles) -> None:
    (alone,), (together,) = set_up(Everything), set_up(EverythingTogether)
    one = backtest(alone, {BTC: candles}, terms())
    general = backtest(together, {BTC: candles}, terms())
    assert told(one) == told(general)
    assert (one.start, one.plots) == (general.start, general.plots)
    assert [round(value, 6) for value in one.equity] == [round(v, 6) for v in general.equity]


@given(candles=series(), shift=st.integers(0, 3))
def test_what_comes_later_changes_nothing_before(candles: Candles, shift: int) -> None:
    """A prefix of the candles gives a prefix of the run: nothing can look ahead."""
    (setup,) = set_up(Everything)
    whole = backtest(setup, {BTC: candles}, terms())
    cut = max(1, len(candles.start) // 2 + shift)
    part = backtest(setup, {BTC: candles.between(0, cut)}, terms())
    assert part.logs == whole.logs[: len(part.logs)]
    assert part.fills == whole.fills[: len(part.fills)]
    assert part.equity == whole.equity[: len(part.equity)]


@given(candles=series())
def test_money_is_where_the_fills_have_put_it(candles: Candles) -> None:
    (setup,) = set_up(Everything)
    test = backtest(setup, {BTC: candles}, terms())
    cash, held = Decimal(1000), Decimal(0)
    for fill in test.fills:
        sign = 1 if fill.side == "buy" else -1
        cash -= sign * fill.quantity * fill.price + fill.fee
        held += sign * fill.quantity
        assert cash >= 0
        assert held >= 0
        assert fill.quantity % Decimal("0.0001") == 0
        assert (fill.cash, fill.position) == (cash, held)
    assert (test.cash, test.positions[BTC]) == (cash, held)
    if not held:
        profit = sum(trip.profit for trip in test.round_trips)
        assert abs(Decimal(1000) + profit - cash) < Decimal("1e-20")


@given(
    length=st.integers(1, 9),
    values=st.lists(st.floats(0.01, 1e6), max_size=60),
    cut=st.integers(0, 60),
)
def test_a_column_of_averages_is_what_one_after_the_other_gives(length, values, cut) -> None:
    one, many = SMA(length), SMA(length)
    expected = [one.update(value) for value in values]
    assert many.over(values[:cut]) + many.over(values[cut:]) == expected
    assert many.state() == one.state()
