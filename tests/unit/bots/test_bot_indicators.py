"""The words by which a bot declares indicators, and which ones it gets for them."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any, ClassVar

import pytest

from chalicelib.domain.bots import Bot
from chalicelib.domain.bots.bot import set_up
from chalicelib.domain.bots.candles import Candles
from chalicelib.domain.bots.context import Context, Plot
from chalicelib.domain.bots.indicators.named import NamedIndicator, Prices
from chalicelib.domain.bots.lines import Line, LineGroup
from chalicelib.domain.bots.refusals import BotFailed, BotRefused
from chalicelib.domain.bots.step import AccountView, step
from tests.unit.bots.paper_market import BTC, ETH, HOUR, candles
from tests.unit.indicators.candles import generated

NOTHING = AccountView(Decimal(1000), {})
Declare = Callable[[Context], Any]

# What a word without parameters stands for, and the lines that it has.
USUAL = {
    "sma": "sma(20)",
    "ema": "ema(20)",
    "wma": "wma(20)",
    "rma": "rma(14)",
    "rsi": "rsi(14)",
    "roc": "roc(9)",
    "stddev": "stddev(20)",
    "atr": "atr(14)",
    "psar": "psar(0.02, 0.02, 0.2)",
    "vwap": "vwap()",
    "obv": "obv()",
    "hammer": "hammer(50)",
    "inverted_hammer": "inverted_hammer(50)",
    "hanging_man": "hanging_man(50)",
    "shooting_star": "shooting_star(50)",
    "macd": "macd(12, 26, 9): macd signal histogram",
    "bollinger": "bollinger(20, 2): middle upper lower",
    "stochastic": "stochastic(14, 1, 3): k d",
    "donchian": "donchian(20): middle upper lower",
    "keltner": "keltner(20, 2): middle upper lower",
    "adx": "adx(14, 14): plus minus adx",
    "supertrend": "supertrend(3, 10): line direction",
    "ichimoku": "ichimoku(9, 26, 52, 26): conversion base lead_a lead_b cloud_a cloud_b",
}
CHOSEN: dict[str, tuple[tuple[float, ...], str]] = {
    **{
        word: ((5,), f"{word}(5)")
        for word in ("sma", "ema", "wma", "rma", "rsi", "roc", "stddev", "atr", "hammer")
    },
    "inverted_hammer": ((6,), "inverted_hammer(6)"),
    "hanging_man": ((7,), "hanging_man(7)"),
    "shooting_star": ((8,), "shooting_star(8)"),
    "psar": ((0.01, 0.03, 0.3), "psar(0.01, 0.03, 0.3)"),
    "vwap": ((), "vwap()"),
    "obv": ((), "obv()"),
    "macd": ((3, 5, 2), "macd(3, 5, 2)"),
    "bollinger": ((5, 1.5), "bollinger(5, 1.5)"),
    "stochastic": ((5, 2, 4), "stochastic(5, 2, 4)"),
    "donchian": ((6,), "donchian(6)"),
    "keltner": ((5, 2.5), "keltner(5, 2.5)"),
    "adx": ((5, 4), "adx(5, 4)"),
    "supertrend": ((2.5, 4), "supertrend(2.5, 4)"),
    "ichimoku": ((2, 3, 4, 2), "ichimoku(2, 3, 4, 2)"),
}


def declaring(declare: Declare, **attributes: Any) -> type[Bot]:
    """A bot that does nothing else."""

    class Declaring(Bot):
        instruments: ClassVar = (BTC,)
        interval = "1h"

        def start(self, ctx: Context) -> None:
            declare(ctx)

        def on_candle(self, ctx: Context) -> None: ...

    return type("Declaring", (Declaring,), attributes)


def hours(count: int) -> tuple[list[Prices], Candles]:
    """The same ones twice, from the beginning of a day on."""
    rows = generated(count)
    columns: Any = [list(column) for column in zip(*(row[:5] for row in rows), strict=True)]
    return rows, Candles([number * HOUR for number in range(count)], *columns)


def drawn(declare: Declare, given: Candles) -> dict[str, Plot]:
    (setup,) = set_up(declaring(declare))
    return {plot.name: plot for plot in step(setup, None, {BTC: given}, NOTHING).plots}


def full_names(said: str) -> list[str]:
    name, _, parts = said.partition(": ")
    return [f"{BTC} {name} {part}" for part in parts.split()] or [f"{BTC} {name}"]


def test_a_word_alone_means_the_usual_parameters() -> None:
    found = drawn(lambda ctx: [getattr(ctx, word)() for word in USUAL], candles((1,)))
    assert list(found) == [name for said in USUAL.values() for name in full_names(said)]


@pytest.mark.parametrize("word", USUAL)
def test_it_is_the_indicator_of_that_name(word: str) -> None:
    rows, given = hours(90)
    named = NamedIndicator(word)
    expected = [list(column) for column in zip(*map(named.update, rows), strict=True)]
    assert any(value is not None for value in expected[0])
    found = drawn(lambda ctx: getattr(ctx, word)(), given)
    assert [plot.values for plot in found.values()] == expected


@pytest.mark.parametrize("word", CHOSEN)
def test_parameters_instrument_and_interval_are_chosen(word: str) -> None:
    parameters, name = CHOSEN[word]
    (setup,) = set_up(
        declaring(
            lambda ctx: getattr(ctx, word)(*parameters, symbol=ETH, interval="4h"),
            instruments=(BTC, ETH),
            together=True,
        )
    )
    assert list(step(setup, None, {}, NOTHING).state["indicators"]) == [f"{ETH} {name} 4h"]


def test_of_another_column_than_the_close() -> None:
    rows, given = hours(30)
    lengths = {"open": 3, "high": 4, "low": 5, "volume": 6}
    found = drawn(lambda ctx: [ctx.sma(of[1], of=of[0]) for of in lengths.items()], given)
    expected = {}
    for column, length in lengths.items():
        named = NamedIndicator(f"sma:{length}")
        values = [
            named.update(row._replace(close=getattr(row, column)))  # as if it had been the close
            for row in rows
        ]
        expected[f"{BTC} sma({length}) of {column}"] = [value for (value,) in values]
    assert {name: plot.values for name, plot in found.items()} == expected


def test_what_is_declared_twice_is_one() -> None:
    same: list[tuple[Any, Any]] = []

    def declare(ctx: Context) -> None:
        same.append((ctx.indicator("rsi", 14), ctx.rsi()))
        same.append((ctx.indicator("macd"), ctx.macd(12, 26, 9)))
        same.append((ctx.sma(5), ctx.sma(5, of="close", interval="1h", symbol=BTC)))
        same.append((ctx.sma(5), ctx.sma(5)))

    found = drawn(declare, candles((1,)))
    assert all(one.name == other.name for one, other in same if isinstance(one, Line))
    assert [type(one) for one, _ in same] == [Line, LineGroup, Line, Line]
    assert all(one is other for one, other in same)
    assert len(found) == 5


INTERVALS = "1m, 3m, 5m, 15m, 30m, 1h, 2h, 4h, 6h, 8h, 12h, 1d, 1w"


@pytest.mark.parametrize(
    ("declare", "sentence"),
    [
        (
            lambda ctx: ctx.indicator("magic", 1),
            "there is no indicator 'magic'; there are adx, atr, bollinger, donchian, ema, hammer,"
            " hanging_man, ichimoku, inverted_hammer, keltner, macd, obv, psar, rma, roc, rsi,"
            " shooting_star, sma, stddev, stochastic, supertrend, vwap, wma",
        ),
        (
            lambda ctx: ctx.sma(0),
            "sma(0): length is 0; it must be a whole number from 1 to 100000",
        ),
        (
            lambda ctx: ctx.indicator("sma", 1, 2),
            "sma(1, 2) has too many parameters; it takes length",
        ),
        (
            lambda ctx: ctx.macd(1, 2, 3, 4),
            "macd(1, 2, 3, 4) has too many parameters; it takes fast, slow, signal",
        ),
        (
            lambda ctx: ctx.indicator("vwap", 1),
            "vwap(1) has too many parameters; it takes no parameters",
        ),
        (
            lambda ctx: ctx.sma(2, of="colour"),
            "sma(2): of is 'colour'; it must be one of open, high, low, close, volume",
        ),
        (
            lambda ctx: ctx.atr(2, of="open"),
            "atr(2) is computed from high, low, close, of nothing else",
        ),
        (
            lambda ctx: ctx.sma(2, interval="7h"),
            f"sma(2): interval is '7h'; one of {INTERVALS}",
        ),
        (
            lambda ctx: ctx.sma(2, interval="30m"),
            "interval is 30m; it must be a multiple of the bot's own, 1h",
        ),
        (
            lambda ctx: ctx.sma(2, symbol=ETH),
            "symbol is 'ETH/USDT'; this bot trades BTC/USDT",
        ),
        (
            lambda ctx: ctx.macd().line,
            "BTC/USDT macd(12, 26, 9) has no line 'line'; it has: macd, signal, histogram",
        ),
        (
            lambda ctx: setattr(ctx.macd(), "macd", 1),
            "the line macd is the engine's: it cannot be set to 1",
        ),
        (
            lambda ctx: ctx.sma(2).crossed_above("x"),
            "BTC/USDT sma(2) cannot cross 'x': a line or a number is meant",
        ),
        (
            lambda ctx: ctx.sma(2).crossed_below(None),
            "BTC/USDT sma(2) cannot cross None: a line or a number is meant",
        ),
    ],
)
def test_what_cannot_be_declared_is_refused_in_a_sentence(declare: Declare, sentence: str) -> None:
    (setup,) = set_up(declaring(declare))
    with pytest.raises(BotFailed) as refused:
        step(setup, None, {}, NOTHING)
    assert str(refused.value).endswith(f": {sentence}")


def test_a_portfolio_says_of_which_instrument() -> None:
    (setup,) = set_up(
        declaring(lambda ctx: ctx.sma(2), instruments=(BTC, ETH), together=True),
    )
    with pytest.raises(BotFailed) as refused:
        step(setup, None, {}, NOTHING)
    assert str(refused.value).endswith(": symbol is ''; this bot trades BTC/USDT, ETH/USDT")


def test_what_is_declared_after_start_would_have_missed_candles() -> None:
    late = declaring(lambda ctx: None, on_candle=lambda self, ctx: ctx.ema(3))  # noqa: ARG005
    (setup,) = set_up(late)
    with pytest.raises(BotFailed) as refused:
        step(setup, None, {BTC: candles((1,))}, NOTHING)
    assert str(refused.value).endswith(
        ": ema(3) is not declared: that is done in start, or by `using`"
    )


def two(ctx: Context) -> None:
    ctx.sma(5)
    ctx.rsi(3)


@pytest.mark.parametrize(
    ("declare", "then", "sentence"),
    [
        (two, lambda _ctx: None, "declares nothing, but what is kept of it has {two}"),
        (lambda _ctx: None, two, "declares {two}, but what is kept of it has nothing"),
    ],
)
def test_a_state_of_other_indicators_is_refused(
    declare: Declare, then: Declare, sentence: str
) -> None:
    (before,), (after,) = set_up(declaring(declare)), set_up(declaring(then))
    kept = step(before, None, {}, NOTHING).state
    with pytest.raises(BotRefused) as refused:
        step(after, kept, {}, NOTHING)
    told = sentence.format(two=f"{BTC} sma(5), {BTC} rsi(3)")
    assert str(refused.value) == f"the bot {told}: begin it anew"
