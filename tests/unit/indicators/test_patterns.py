"""Candles drawn by hand, each at the end of a fall or of a rise: which of them have a name."""

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, NamedTuple

import pytest

from chalicelib.domain.bots import Bot, every
from chalicelib.domain.bots.backtest import Terms, backtest
from chalicelib.domain.bots.bot import set_up
from chalicelib.domain.bots.context import Context
from chalicelib.domain.bots.indicators.named import NamedIndicator, Prices
from chalicelib.domain.bots.indicators.patterns import PATTERNS
from chalicelib.domain.bots.step import AccountView, step
from tests.unit.bots.paper_market import BTC, HOUR, candles, instrument, told
from tests.unit.indicators import whole_series as whole
from tests.unit.indicators.candles import charted, fed

FALL, RISE = -1.0, 1.0
BEFORE = 59


class Drawn(NamedTuple):
    """A candle whose body is `body` long, downwards below zero. The fractions have no rounding."""

    body: float
    below: float
    above: float


def trend(way: float, start: float = 200) -> list[Prices]:
    """Candles with a body of 1 each."""
    opens = [start + way * number for number in range(BEFORE)]
    return [Prices(o, max(o, o + way), min(o, o + way), o + way, 1.0, 0) for o in opens]


def after(way: float, drawn: Drawn) -> list[Prices]:
    before = trend(way)
    opened = before[-1].close
    close = opened + drawn.body
    high, low = max(opened, close) + drawn.above, min(opened, close) - drawn.below
    return [*before, Prices(opened, high, low, close, 1.0, 0)]


def found(series: list[Prices]) -> dict[str, float]:
    """What the last candle is."""
    values = {name: fed(kind(), series)[-1] for name, kind in PATTERNS.items()}
    return {name: value for name, value in values.items() if value}


SHADOW_BELOW = [
    Drawn(body=0.5, below=1.0, above=0.0),  # just twice the body
    Drawn(body=-0.5, below=1.0, above=0.0),  # the colour does not matter
    Drawn(body=0.5, below=4.0, above=0.015625),  # 3 % of the body
    Drawn(body=0.984375, below=3.0, above=0.0),  # a little smaller than the others
    Drawn(body=-0.015625, below=3.0, above=0.0),
]
NOTHING = [
    Drawn(body=0.5, below=0.984375, above=0.0),  # the shadow is too short
    Drawn(body=0.5, below=4.0, above=0.03125),  # 6 % of the body on the other side
    Drawn(body=1.0, below=3.0, above=0.0),  # the body is as large as the others
    Drawn(body=0.0, below=3.0, above=0.0),  # no body at all
    Drawn(body=0.5, below=2.0, above=2.0),
    Drawn(body=0.5, below=0.0, above=0.0),
]


@pytest.mark.parametrize("drawn", SHADOW_BELOW)
@pytest.mark.parametrize(
    ("way", "below", "above"),
    [
        (FALL, {"hammer": 1.0}, {"inverted_hammer": 1.0}),
        (RISE, {"hanging_man": -1.0}, {"shooting_star": -1.0}),
    ],
)
def test_the_trend_and_the_side_of_the_shadow_give_the_name(
    drawn: Drawn, way: float, below: Mapping[str, float], above: Mapping[str, float]
) -> None:
    assert found(after(way, drawn)) == below
    assert found(after(way, turned(drawn))) == above


@pytest.mark.parametrize("drawn", NOTHING)
@pytest.mark.parametrize("way", [FALL, RISE])
def test_what_misses_by_a_little_has_no_name(drawn: Drawn, way: float) -> None:
    assert not found(after(way, drawn))
    assert not found(after(way, turned(drawn)))


@pytest.mark.parametrize(("above", "expected"), [(1.0, {"hammer": 1.0}), (1.0625, {})])
def test_next_to_no_shadow_is_a_twentieth_of_the_body(
    above: float, expected: Mapping[str, float]
) -> None:
    large = [
        Prices(40 * one.open, 40 * one.high, 40 * one.low, 40 * one.close, 1.0, 0)
        for one in trend(FALL)
    ]
    top = large[-1].close
    last = Prices(top - 20, top + above, top - 80, top, 1.0, 0)  # a body of 20
    assert found([*large, last]) == expected


def turned(drawn: Drawn) -> Drawn:
    """Upside down."""
    return Drawn(-drawn.body, drawn.above, drawn.below)


def test_without_a_trend_there_is_no_pattern() -> None:
    series = after(FALL, SHADOW_BELOW[2])
    # A close is its own average of one.
    assert {fed(kind(1), series)[-1] for kind in PATTERNS.values()} == {0.0}


def test_the_trend_is_as_long_as_one_says() -> None:
    series = [*trend(RISE, start=50), *after(FALL, SHADOW_BELOW[0])[-20:]]
    assert [fed(PATTERNS["hammer"](length), series)[-1] for length in (20, 79)] == [1.0, 0.0]


@pytest.mark.parametrize(("length", "first"), [(50, 50), (14, 14), (3, 14)])
def test_nothing_is_said_before_it_is_known(length: int, first: int) -> None:
    for kind in PATTERNS.values():
        values = fed(kind(length), trend(FALL))
        assert values == [None] * (first - 1) + [0.0] * (BEFORE - first + 1)


def test_wherever_it_is_cut_it_says_the_same() -> None:
    falls, rises = (
        [*after(way, SHADOW_BELOW[0]), *after(way, turned(SHADOW_BELOW[0]))] for way in (FALL, RISE)
    )
    series = [*falls, *rises]
    for name, kind in PATTERNS.items():
        values = fed(kind(), series)
        assert any(values), name
        for cut in range(0, len(series), 7):
            first = kind()
            assert fed(first, series[:cut]) == values[:cut]
            taken_up = kind.from_state(json.loads(json.dumps(first.state())))
            assert fed(taken_up, series[cut:]) == values[cut:]


def test_on_recorded_candles_it_finds_what_the_formula_finds() -> None:
    series = [prices for _, prices in charted()[:1000]]
    bodies = whole.ema([abs(one.close - one.open) for one in series], 14)
    middles = whole.sma([one.close for one in series], 50)
    expected: dict[str, list[int]] = {name: [] for name in PATTERNS}
    for number, (one, usual, middle) in enumerate(zip(series, bodies, middles, strict=True)):
        top, bottom = max(one.open, one.close), min(one.open, one.close)
        body, half = top - bottom, (one.high + one.low) / 2
        if usual is None or middle is None or not 0 < body < usual:
            continue
        above, below = one.high - top, bottom - one.low
        if bottom > half and below >= 2 * body and above <= body * 5 / 100:
            names = ("hammer", "hanging_man")
        elif top < half and above >= 2 * body and below <= body * 5 / 100:
            names = ("inverted_hammer", "shooting_star")
        else:
            continue
        if one.close != middle:
            expected[names[one.close > middle]].append(number)
    seen = {
        name: [number for number, value in enumerate(fed(kind(), series)) if value]
        for name, kind in PATTERNS.items()
    }
    assert seen == expected
    assert all(expected.values())


def test_a_time_series_can_have_it_as_a_column() -> None:
    named = NamedIndicator("inverted_hammer")
    assert (named.name, named.columns) == ("inverted_hammer:50", ("inverted_hammer_50",))
    series = after(FALL, turned(SHADOW_BELOW[0]))
    assert [list(named.update(one)) for one in series][-2:] == [[0.0], [1.0]]


@every("1h", BTC, using=["hammer:50", "shooting_star:50"])
def catcher(state: dict[str, Any], data: Context) -> None:
    """Buys at a hammer, sells at a shooting star."""
    state["seen"] = state.get("seen", 0) + 1
    if data.hammer().value:
        data.target(1.0)
    elif data.shooting_star().value:
        data.target(0)


class AllOfThem(Bot):
    """Keeps what each of them says, by the name it asked for."""

    instruments = (BTC,)
    interval = "1h"

    def start(self, ctx: Context) -> None:
        self.patterns = {name: getattr(ctx, name)() for name in PATTERNS}

    def on_candle(self, ctx: Context) -> None:
        ctx.state.update({name: line.value for name, line in self.patterns.items()})


@pytest.mark.parametrize("way", [FALL, RISE])
def test_a_bot_asks_for_each_by_its_name(way: float) -> None:
    (setup,) = set_up(AllOfThem)
    for drawn in (SHADOW_BELOW[0], turned(SHADOW_BELOW[0])):
        series = after(way, drawn)
        rows = candles(*(tuple(one[:4]) for one in series))
        said = step(setup, None, {BTC: rows}, AccountView(Decimal(1000), {})).state["bot"]
        assert said == {name: found(series).get(name, 0.0) for name in PATTERNS}


def test_a_bot_trades_by_them_and_its_chart_shows_them_by_itself() -> None:
    fall = after(FALL, SHADOW_BELOW[0])
    bottom = fall[-1].close
    rows = [tuple(one[:4]) for one in fall]
    rows += [(bottom + n, bottom + n + 1, bottom + n, bottom + n + 1) for n in range(60)]
    top = rows[-1][3]
    rows += [(top, top + 2, top - 0.5, top - 0.5), (top,), (top,)]
    series = candles(*rows)
    (setup,) = set_up(catcher)
    test = backtest(setup, {BTC: series}, Terms({BTC: instrument()}, Decimal(1000)))

    assert [fill[:2] for fill in told(test)] == [(60, "buy"), (121, "sell")]
    drawn = {plot.name: plot for plot in test.plots}
    hammer = drawn[f"{BTC} hammer(50)"]
    star = drawn[f"{BTC} shooting_star(50)"]
    assert {hammer.panel, star.panel} == {"patterns"}
    assert [at // HOUR for at, value in zip(hammer.start, hammer.values, strict=True) if value] == [
        BEFORE
    ]
    assert (star.values[48], star.values[49], star.values[120]) == (None, 0.0, -1.0)

    state, asked = None, []
    for number in range(len(series.start)):
        account = AccountView(Decimal(1000), {})
        done = step(setup, state, {BTC: series.between(number, number + 1)}, account)
        state = json.loads(json.dumps(done.state))
        asked += [number] * len(done.orders)
    assert asked == [59, 120]
    assert state == test.state
