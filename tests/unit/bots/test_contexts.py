"""What a bot sees and leaves through its context: logs, curves, views, and when it is called."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from chalicelib.domain.bots import Bot
from chalicelib.domain.bots.bot import set_up
from chalicelib.domain.bots.context import Context, LogLine, Plot
from chalicelib.domain.bots.refusals import BotFailed
from chalicelib.domain.bots.step import AccountView, Step, step
from chalicelib.domain.bots.views import Timeline, Views
from tests.unit.bots.paper_market import BTC, ETH, HOUR, candles, scripted

NOTHING = AccountView(Decimal(1000), {})
Act = Callable[[Context], Any]


def after(script: dict[int, Act], *, views: Views | None = None) -> Step:
    """Two candles of one price."""
    (setup,) = set_up(scripted(script))
    return step(setup, None, {BTC: candles([100.0], [100.0])}, NOTHING, views)


def test_a_log_has_ten_thousand_lines_and_says_that_it_is_full() -> None:
    def say(ctx: Context) -> None:
        for number in range(9_999):
            ctx.log(number)

    def go_on(ctx: Context) -> None:
        ctx.log("x" * 1_001)
        ctx.log("lost")
        ctx.log("lost, too")

    lines = after({0: say, 1: go_on}).logs
    assert lines[:9_999] == [LogLine(0, str(number)) for number in range(9_999)]
    assert lines[9_999:] == [
        LogLine(HOUR, "x" * 1_000),
        LogLine(HOUR, "more than 10000 lines: no more is kept"),
    ]


def test_a_curve_stands_over_the_prices_or_where_the_bot_says() -> None:
    def draw(ctx: Context) -> None:
        ctx.plot("price", ctx.close)
        ctx.plot("count", 1, panel="counts")
        ctx.plot("count", 2, panel="counts")

    assert after({0: draw, 1: draw}).plots == [
        Plot("price", "price", [0, HOUR], [100.0, 100.0]),
        Plot("count", "counts", [0, HOUR], [2, 2]),
    ]


def test_views_are_as_old_as_the_close_and_no_newer() -> None:
    seen: list[Any] = []
    look = [(0, "before"), (HOUR, "then"), (HOUR + 1, "after")]
    views = Views(*(Timeline((at, f"{what} {said}") for at, said in look) for what in "aru"))
    after({0: lambda ctx: seen.extend([ctx.analytics, ctx.ranking, ctx.universe])}, views=views)
    assert seen == ["a then", "r then", "u then"]


def test_before_there_is_a_candle_there_is_nothing() -> None:
    class Curious(Bot):
        instruments = (BTC,)
        interval = "1h"

        def start(self, ctx: Context) -> None:
            ctx.state["begun"] = [ctx.cash, len(ctx.open_orders)]

        def on_candle(self, ctx: Context) -> None:
            """Look on."""

    assert step(set_up(Curious)[0], None, {}, NOTHING).state["bot"] == {"begun": [0.0, 0]}


class Waking(Bot):
    instruments = (BTC, ETH)
    interval = "1h"

    def start(self, ctx: Context) -> None:
        ctx.only_when()

    def on_candle(self, ctx: Context) -> None:
        ctx.only_when(ctx.sma(2).crosses(1))


class Late(Waking):
    def start(self, ctx: Context) -> None:
        self.line = ctx.sma(2)

    def on_candle(self, ctx: Context) -> None:
        ctx.only_when(self.line.crosses(1))


class Numbered(Waking):
    def start(self, ctx: Context) -> None:
        ctx.only_when(ctx.sma(2).crosses(1), 7)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("bot", "sentence"),
    [
        (Waking, "ctx.only_when takes crossings, such as self.fast.crosses(self.slow)"),
        (Numbered, "ctx.only_when takes crossings, such as self.fast.crosses(self.slow)"),
        (Late, "ctx.only_when is said in start, before there is a candle"),
        (
            type("Pair", (Waking,), {"together": True}),
            "ctx.only_when: a bot with several instruments decides at every close",
        ),
    ],
    ids=["nothing", "a number", "too late", "several instruments"],
)
def test_when_it_is_called_is_said_once_and_in_crossings(bot: type[Bot], sentence: str) -> None:
    with pytest.raises(BotFailed) as refused:
        step(set_up(bot)[0], None, {BTC: candles([100.0])}, NOTHING)
    assert str(refused.value).partition(": ")[2] == sentence
