"""What a bot may be and ask for; everything else is refused in a sentence that names it."""

from decimal import Decimal
from math import inf, nan
from typing import Any

import pytest

from chalicelib.domain.bots import Bot, Param, every
from chalicelib.domain.bots.backtest import Terms, backtest
from chalicelib.domain.bots.bot import set_up
from chalicelib.domain.bots.context import Context
from chalicelib.domain.bots.intent import Action, Unit
from chalicelib.domain.bots.refusals import BotFailed, BotRefused, CandlesRefused
from chalicelib.domain.bots.standing import Held
from chalicelib.domain.bots.step import AccountView, step
from chalicelib.domain.bots.views import Timeline, Views
from tests.unit.bots.paper_market import BTC, ETH, HOUR, candles, instrument, scripted, told, trade

CALM = (100.0,)
NOTHING = AccountView(Decimal(1000), {})


def asked(act, *, account: AccountView = NOTHING, **attributes: Any):
    """What leaves the bot when it does this on its only candle."""
    (setup,) = set_up(scripted({0: act}, **attributes))
    return step(setup, None, {BTC: candles(CALM)}, account)


def test_an_intent_says_all_that_was_asked_for() -> None:
    done = asked(lambda c: c.buy(value=50, stop_loss=90, take_profit=120, expires=3))
    (order,) = done.orders
    assert (order.id, order.at, order.symbol) == ("1", 0, BTC)
    assert (order.action, order.amount, order.unit) == (Action.BUY, 50, Unit.VALUE)
    assert (order.stop_loss, order.take_profit, order.expires) == (90, 120, 3)
    assert done.state["orders_made"] == 1


def test_floats_become_the_decimals_that_they_are_printed_as() -> None:
    (order,) = asked(lambda c: c.buy(0.1, limit=99.3)).orders
    assert (order.amount, order.limit) == (Decimal("0.1"), Decimal("99.3"))


@pytest.mark.parametrize(
    ("act", "sentence"),
    [
        (lambda c: c.buy(nan), "buy(quantity=nan): quantity is nan; it must be a finite number"),
        (lambda c: c.buy(value=inf), "buy(value=inf): value is inf; it must be a finite number"),
        (lambda c: c.buy(1e999), "quantity is inf"),
        (lambda c: c.buy(-1), "buy(quantity=-1): quantity is -1; it must be above zero"),
        (lambda c: c.buy(0), "quantity is 0; it must be above zero"),
        (lambda c: c.buy(1e16), "quantity is 1e+16; it must be between 1e-15 and 1e+15"),
        (lambda c: c.buy("1"), "quantity is '1'; it must be a number"),
        (lambda c: c.buy(True), "quantity is True; it must be a number"),
        (lambda c: c.buy(), "buy(): say how much: quantity, value or fraction"),
        (lambda c: c.buy(1, value=2), "quantity and value are both given"),
        (lambda c: c.buy(fraction=1.5), "fraction is 1.5; it must be at most 1"),
        (lambda c: c.buy(1, limit=90, stop=110), "limit and stop are both given"),
        (lambda c: c.buy(1, stop_loss=100), "stop_loss is 100; it must lie below 100"),
        (lambda c: c.buy(1, take_profit=99), "take_profit is 99; it must lie above 100"),
        (lambda c: c.buy(1, take_profit=100), "take_profit is 100; it must lie above 100"),
        (lambda c: c.target(-1, stop_loss=99), "stop_loss is 99; it must lie above 100"),
        (lambda c: c.buy(1, trail_stop=2), "trail_stop is 2; it must be a fraction below 1"),
        (lambda c: c.sell(trailing=nan), "sell(trailing=nan): trailing is nan"),
        (lambda c: c.buy(1, expires=0), "expires is 0; it must be a whole number of candles"),
        (lambda c: c.target(1.5), "target(fraction=1.5, band=0): fraction must be from -1 to 1"),
        (lambda c: c.target(nan), "fraction is nan"),
        (lambda c: c.target(1, band=2), "band must be from 0 to below 1"),
        (lambda c: c.buy(1, symbol=ETH), "symbol is 'ETH/USDT'; this bot trades BTC/USDT"),
        (lambda c: c.cancel(7), "cancel(7): an order's id is a text"),
        (lambda c: [c.buy(1) for _ in range(101)], "more than 100 orders at one close"),
        (lambda c: c.history(1), "history(1): it reaches from 1 to 0 candles"),
        (lambda c: c.plot("x", 1, panel=3), "plot('x', panel=3): both are texts"),
        (lambda c: [c.plot(str(n), 1) for n in range(51)], "there are 50 curves already"),
        (lambda c: setattr(c, "state", []), "ctx.state is a list; it must stay a dict"),
        (lambda c: c.state.update(a={1}), "ctx.state cannot be kept as JSON"),
        (lambda c: c.state.update(a=nan), "cannot be kept as JSON: Out of range float"),
        (lambda c: c.state.update({"a": {1: 2}}), "keys must be texts, and tuples lists"),
        (lambda c: c.state.update(a="x" * 70_000), "at most 65536 are kept"),
        (lambda c: c.log(1 / 0), "ZeroDivisionError: division by zero"),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence(act, sentence) -> None:
    with pytest.raises((BotRefused, BotFailed)) as refused:
        asked(act)
    assert sentence in str(refused.value)


def test_a_failure_names_line_method_and_candle() -> None:
    with pytest.raises(BotFailed) as failure:
        asked(lambda c: c.buy(nan))
    first = asked.__code__.co_firstlineno
    assert failure.value.line > first
    assert (
        f"line {failure.value.line}, Scripted.on_candle at the candle of 1970-01-01 00:00"
        in str(failure.value)
    )


class Forgetful(Bot):
    instruments = (BTC,)
    interval = "1h"

    def on_candle(self, ctx: Context) -> None:
        self.last = ctx.close


class Hoarding(Forgetful):
    def start(self, _ctx: Context) -> None:
        self.seen = [1.0]

    def on_candle(self, ctx: Context) -> None:
        self.seen.append(ctx.close)


class Tooled(Forgetful):
    def start(self, _ctx: Context) -> None:
        self.tool = object()


class Early(Forgetful):
    def start(self, ctx: Context) -> None:
        ctx.buy(1)


class Reaching(Forgetful):
    warmup = 2

    def start(self, ctx: Context) -> None:
        ctx.state["price"] = ctx.history(2).close


class Peeking(Forgetful):
    def start(self, ctx: Context) -> None:
        ctx.state["price"] = ctx.close


@pytest.mark.parametrize(
    ("bot", "sentence"),
    [
        (Forgetful, "self.last is set after start: what a bot remembers from candle to candle"),
        (Hoarding, "AttributeError: 'tuple' object has no attribute 'append'"),
        (Tooled, "self.tool is a object: start may keep indicators, numbers and texts on self"),
        (Early, "start asks for nothing: orders are made in on_candle"),
        (Reaching, "ctx.open is asked for in start: there is no candle yet"),
        (Peeking, "ctx.close is asked for in start: there is no candle yet"),
    ],
)
def test_what_a_bot_remembers_is_in_its_state(bot, sentence) -> None:
    (setup,) = set_up(bot)
    with pytest.raises((BotFailed, BotRefused)) as refused:
        step(setup, None, {BTC: candles(CALM)}, NOTHING)
    assert sentence in str(refused.value)


class Complete(Bot):
    instruments = (BTC, ETH)
    interval = "1h"
    length = Param(10, 2, 50)
    factor = Param(1.5, 0.5, 3.0, step=0.5)

    def on_candle(self, ctx: Context) -> None:
        ctx.state["seen"] = [ctx.symbol, self.length, ctx.params["factor"]]


def _with_init(self: Bot) -> None:
    """A constructor of one's own."""


@pytest.mark.parametrize(
    ("bot", "chosen", "sentence"),
    [
        (Bot, {"instruments": [BTC], "interval": "1h"}, "has no on_candle(self, ctx)"),
        (type("Init", (Complete,), {"__init__": _with_init}), {}, "Init has an __init__"),
        (type("Eager", (Complete,), {"warmup": -1}), {}, "warmup is -1; it must be from 0"),
        (Complete, {"interval": "7m"}, "interval is '7m'; it must be one of 1m, 3m"),
        (Complete, {"instruments": [BTC, BTC]}, "names an instrument twice"),
        (Complete, {"instruments": BTC}, 'needs instruments, such as ("BTC/USDT",)'),
        (Complete, {"parameters": {"length": 1}}, "length is 1; it must be a whole number from 2"),
        (Complete, {"parameters": {"length": 2.5}}, "length is 2.5; it must be a whole number"),
        (Complete, {"parameters": {"factor": nan}}, "factor is nan; it must be a number from 0.5"),
        (Complete, {"parameters": {"size": 1}}, "has no parameter size; it has: length, factor"),
    ],
)
def test_a_setup_is_checked(bot, chosen, sentence) -> None:
    with pytest.raises(BotRefused) as refused:
        set_up(bot, **chosen)
    assert sentence in str(refused.value)


def test_by_default_there_is_one_bot_for_each_instrument() -> None:
    setups = set_up(Complete, parameters={"length": 20})
    states = [
        step(setup, None, {setup.instruments[0]: candles(CALM)}, NOTHING).state["bot"]["seen"]
        for setup in setups
    ]
    assert states == [[BTC, 20, 1.5], [ETH, 20, 1.5]]


class Basket(Bot):
    instruments = (BTC, ETH)
    interval = "1h"
    together = True

    def start(self, ctx: Context) -> None:
        self.averages = {symbol: ctx.sma(2, symbol=symbol) for symbol in (BTC, ETH)}

    def on_candle(self, ctx: Context) -> None:
        seen = ctx.state.setdefault("seen", [])
        fresh = [symbol for symbol, market in ctx.markets.items() if market.is_fresh]
        averages = self.averages.values()
        seen.append([*fresh, *([line.previous, line.value] for line in averages)])
        if len(seen) == 2:
            for symbol in (BTC, ETH):
                ctx.target(0.5, symbol=symbol)


def test_a_portfolio_is_called_once_for_each_close() -> None:
    (setup,) = set_up(Basket)
    given = {
        BTC: candles((98,), (104,), (100,)),
        ETH: candles((10,), (10,), (20,), start=1),
    }
    terms = Terms({BTC: instrument(BTC), ETH: instrument(ETH)}, Decimal(1000))
    test = backtest(setup, given, terms._replace(costs=terms.costs._replace(taker_fee=Decimal(0))))
    assert test.state["bot"]["seen"] == [
        [BTC, [None, None], [None, None]],
        [BTC, ETH, [None, 101], [None, None]],
        [BTC, ETH, [101, 102], [None, 10]],
        [ETH, [102, 102], [10, 15]],
    ]
    assert [(fill.symbol, fill.quantity) for fill in test.fills] == [(BTC, 5), (ETH, 50)]
    assert test.equity == [1000, 1000, 1000, 1500]
    assert test.start == [0, HOUR, 2 * HOUR, 3 * HOUR]


def test_a_portfolio_sells_before_it_buys() -> None:
    class Switch(Basket):
        def start(self, ctx: Context) -> None:
            """Nothing to compute."""

        def on_candle(self, ctx: Context) -> None:
            if ctx.start == 0:
                ctx.target(1, symbol=ETH)
            if ctx.start == HOUR:
                ctx.target(1, symbol=BTC)
                ctx.target(0, symbol=ETH)

    (setup,) = set_up(Switch)
    rows = [CALM] * 3
    terms = Terms({BTC: instrument(BTC), ETH: instrument(ETH)}, Decimal(1000))
    test = backtest(setup, {BTC: candles(*rows), ETH: candles(*rows)}, terms)
    assert [(fill.symbol, fill.side.value) for fill in test.fills] == [
        (ETH, "buy"),
        (ETH, "sell"),
        (BTC, "buy"),
    ]


def test_a_portfolio_may_ask_for_what_is_not_there_yet() -> None:
    class Curious(Basket):
        def on_candle(self, ctx: Context) -> None:
            ctx.log(ctx[ETH].high)

    (setup,) = set_up(Curious)
    with pytest.raises(BotFailed, match="ETH/USDT has had no candle yet: there is no open"):
        step(setup, None, {BTC: candles(CALM)}, NOTHING)


def test_a_portfolio_has_to_say_of_which_instrument() -> None:
    class Vague(Basket):
        def on_candle(self, ctx: Context) -> None:
            ctx.log(ctx.close)

    (setup,) = set_up(Vague)
    with pytest.raises(BotFailed, match=r'Say ctx\["BTC/USDT"\]\.close'):
        step(setup, None, {BTC: candles(CALM)}, NOTHING)


class Larger(Bot):
    instruments = (BTC,)
    interval = "15m"

    def start(self, ctx: Context) -> None:
        self.hour = ctx.sma(1, interval="1h")

    def on_candle(self, ctx: Context) -> None:
        ctx.log(f"{self.hour.value} {self.hour.previous}")


def test_a_larger_candle_counts_once_it_has_closed() -> None:
    (setup,) = set_up(Larger)
    rows = [(float(price),) for price in range(100, 110)]
    done = step(setup, None, {BTC: candles(*rows, interval="15m", start=2)}, NOTHING)
    # It begins in the middle of an hour, whose candle is left out; the next closes with the sixth.
    assert [line.text for line in done.logs] == [
        *["None None"] * 5,
        "105.0 None",
        *["105.0 105.0"] * 3,
        "109.0 105.0",
    ]


class Highs(Larger):
    def start(self, ctx: Context) -> None:
        self.hour = ctx.sma(1, interval="1h", of="high")


def test_a_larger_candle_whose_end_is_missing_closes_with_the_next() -> None:
    (setup,) = set_up(Highs)
    rows = candles(*[(float(price),) for price in (100, 107, 102, 103)], interval="15m")
    later = candles((104.0,), (105.0,), interval="15m", start=4)
    done = step(setup, None, {BTC: rows.between(0, 3)}, NOTHING)
    after = step(setup, done.state, {BTC: later}, NOTHING)
    assert [line.text for line in done.logs] == ["None None"] * 3
    assert [line.text for line in after.logs] == ["107.0 None", "107.0 107.0"]


def test_a_larger_interval_is_a_multiple() -> None:
    class Smaller(Larger):
        def start(self, ctx: Context) -> None:
            ctx.sma(1, interval="5m")

    (setup,) = set_up(Smaller)
    with pytest.raises(BotFailed, match="interval is 5m; it must be a multiple of the bot's own"):
        step(setup, None, {}, NOTHING)


@every("1h", BTC, warmup=2, using=["sma:2", "macd:2:3:2"])
def crossing(state, data) -> None:
    state["seen"] = [data.sma(2).value, data.macd(2, 3, 2).signal.value, data.now.isoformat()]
    if data.close > data.sma(2).value:
        data.target(1.0)


def test_a_function_is_a_bot_too() -> None:
    (setup,) = set_up(crossing)
    assert setup.name == "crossing"
    done = step(setup, None, {BTC: candles((100,), (110,), (120,))}, NOTHING)
    assert done.state["bot"] == {"seen": [115, None, "1970-01-01T03:00:00+00:00"]}
    assert [order.at for order in done.orders] == [2 * HOUR]


def test_a_functions_failure_names_its_line() -> None:
    @every("1h", BTC)
    def broken(state, data) -> None:
        state["a"] = data.nothing

    (setup,) = set_up(broken)
    with pytest.raises(BotFailed, match="Context has no 'nothing'") as failure:
        step(setup, None, {BTC: candles(CALM)}, NOTHING)
    assert failure.value.line == vars(broken)["handler"].__func__.__code__.co_firstlineno + 2


def test_an_indicator_that_is_not_declared_is_refused() -> None:
    @every("1h", BTC, using=["sma:x"])
    def misspelt(state, data) -> None:
        """Never called."""

    (setup,) = set_up(misspelt)
    with pytest.raises(BotFailed, match="using: 'sma:x' is no indicator such as sma:10"):
        step(setup, None, {}, NOTHING)


def test_the_bot_sees_the_account_that_it_is_given() -> None:
    seen: list[Any] = []
    account = AccountView(Decimal(500), {BTC: Held(Decimal(2), Decimal(90))})
    asked(lambda c: seen.extend([c.cash, c.position, c.average_price, c.equity]), account=account)
    assert seen == [500, 2, 90, 700]


def test_history_ends_at_the_closed_candle_and_is_the_readers_own() -> None:
    seen: list[Any] = []

    def look(ctx: Context) -> None:
        history = ctx.history(2)
        seen.append([len(history), history.start, history.close, history.volume])
        history.close.clear()

    trade_rows = [(float(price),) for price in (100, 101, 102, 103)]
    (setup,) = set_up(scripted(dict.fromkeys(range(4), look), warmup=2))
    step(setup, None, {BTC: candles(*trade_rows)}, NOTHING)
    assert seen == [
        [2, [HOUR, 2 * HOUR], [101, 102], [1, 1]],
        [2, [2 * HOUR, 3 * HOUR], [102, 103], [1, 1]],
    ]


def test_views_are_those_of_the_candles_close() -> None:
    seen: list[Any] = []
    ranking = Timeline([(2 * HOUR, {"top": [ETH]}), (HOUR, {"top": [BTC]})])
    (setup,) = set_up(scripted(dict.fromkeys(range(3), lambda c: seen.append(c.ranking))))
    views = Views(ranking=ranking, analytics=Timeline([(HOUR + 1, 5)]))
    step(setup, None, {BTC: candles(CALM, CALM, CALM)}, NOTHING, views)
    assert seen == [{"top": (BTC,)}, {"top": (ETH,)}, {"top": (ETH,)}]
    other: list[Any] = []
    (setup,) = set_up(scripted({0: lambda c: other.append([c.analytics, c.universe])}))
    step(setup, None, {BTC: candles(CALM)}, NOTHING, views)
    assert other == [[None, None]]


def test_the_same_seed_gives_the_same_numbers_and_twins_differ() -> None:
    def numbers(seed: int, symbol: str) -> list[float]:
        drawn: list[float] = []
        act = {0: lambda c: drawn.extend([c.random.random(), c.random.choice([1, 2, 3, 4, 5, 6])])}
        (setup,) = set_up(scripted(act), instruments=[symbol], seed=seed)
        step(setup, None, {symbol: candles(CALM)}, NOTHING)
        return drawn

    assert numbers(1, BTC) == numbers(1, BTC)
    assert len({tuple(numbers(*of)) for of in ((1, BTC), (2, BTC), (1, ETH))}) == 3


def test_candles_that_were_seen_are_not_given_again() -> None:
    (setup,) = set_up(_idle(Forgetful))
    done = step(setup, None, {BTC: candles(CALM, CALM)}, NOTHING)
    with pytest.raises(CandlesRefused, match="begin at 1970-01-01 01:00, but the bot has seen"):
        step(setup, done.state, {BTC: candles(CALM, start=1)}, NOTHING)
    with pytest.raises(CandlesRefused, match="candles of ETH/USDT: this bot trades BTC/USDT"):
        step(setup, done.state, {ETH: candles(CALM, start=5)}, NOTHING)


def _idle(kind: type[Bot]) -> type[Bot]:
    """One that does nothing."""
    return type("Idle", (kind,), {"on_candle": lambda self, ctx: None})  # noqa: ARG005


def test_indicators_are_drawn_without_being_plotted() -> None:
    class Drawn(Complete):
        def start(self, ctx: Context) -> None:
            ctx.sma(2)
            ctx.rsi(2)

    done = step(set_up(Drawn)[0], None, {BTC: candles((100,), (110,), (120,))}, NOTHING)
    drawn = {plot.name: (plot.panel, plot.values) for plot in done.plots}
    assert drawn == {
        f"{BTC} sma(2)": ("price", [None, 105, 115]),
        f"{BTC} rsi(2)": ("rsi(2)", [None, None, 100]),
    }


def test_what_is_no_number_is_not_drawn() -> None:
    done = asked(lambda c: [c.plot("a", nan), c.plot("b", None), c.plot("c", 2), c.plot("d", "x")])
    assert [plot.values for plot in done.plots] == [[None], [None], [2], [None]]


def test_a_portfolio_that_has_had_no_candle_of_an_instrument_cannot_order_it() -> None:
    class Hasty(Basket):
        def on_candle(self, ctx: Context) -> None:
            ctx.target(1, symbol=ETH)

    (setup,) = set_up(Hasty)
    with pytest.raises(BotFailed, match="ETH/USDT has had no candle yet"):
        step(setup, None, {BTC: candles(CALM)}, NOTHING)


def test_before_its_warm_up_a_bot_is_not_asked() -> None:
    calls: list[int] = []
    (setup,) = set_up(scripted(dict.fromkeys(range(9), lambda c: calls.append(c.start)), warmup=3))
    done = step(setup, None, {BTC: candles(CALM, CALM)}, NOTHING)
    step(setup, done.state, {BTC: candles(CALM, CALM, CALM, start=2)}, NOTHING)
    assert calls == [3 * HOUR, 4 * HOUR]
    assert told(trade({}, CALM)) == []
