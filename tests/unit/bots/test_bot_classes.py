"""What a bot's class may be, and what start may leave on it."""

from typing import Any, ClassVar

import pytest

from chalicelib.domain.bots import Bot
from chalicelib.domain.bots.bot import make, seal, set_up
from chalicelib.domain.bots.context import Context
from chalicelib.domain.bots.refusals import BotRefused
from chalicelib.domain.bots.setup import Setup
from chalicelib.domain.market.interval import Interval
from tests.unit.bots.paper_market import BTC, ETH


class Plain(Bot):
    instruments: ClassVar = (BTC, ETH)
    interval = "1h"

    def on_candle(self, ctx: Context) -> None:
        """Look on."""


def begun(**kept: Any) -> Bot:
    """With what start has set on it."""
    bot = make(set_up(Plain)[0])
    for name, value in kept.items():
        setattr(bot, name, value)
    seal(bot)
    return bot


def test_what_is_not_chosen_the_class_says() -> None:
    assert set_up(Plain) == [
        Setup(Plain, (BTC,), Interval.H1, {}, 0),
        Setup(Plain, (ETH,), Interval.H1, {}, 0),
    ]
    assert set_up(Plain, instruments=["A/B"], interval="5m", seed=7) == [
        Setup(Plain, ("A/B",), Interval.M5, {}, 7)
    ]


def test_a_portfolio_is_known_by_all_of_its_instruments() -> None:
    (setup,) = set_up(type("Portfolio", (Plain,), {"together": True}))
    assert (setup.name, setup.instruments, setup.on) == (
        "Portfolio",
        (BTC, ETH),
        "BTC/USDT ETH/USDT",
    )


def test_an_instrument_that_is_named_twice_is_refused_with_all_of_them() -> None:
    with pytest.raises(BotRefused) as refused:
        set_up(Plain, instruments=[BTC, ETH, BTC])
    assert str(refused.value) == "Plain names an instrument twice: BTC/USDT, ETH/USDT, BTC/USDT"


def test_it_warms_up_with_a_hundred_thousand_candles_at_most() -> None:
    def warming(count: int) -> type[Bot]:
        return type("Warming", (Plain,), {"warmup": count})

    assert len(set_up(warming(100_000))) == 2
    with pytest.raises(BotRefused) as refused:
        set_up(warming(100_001))
    assert str(refused.value) == "warmup is 100001; it must be from 0 to 100000 candles"


def test_what_start_leaves_can_be_read_and_not_changed() -> None:
    bot: Any = begun(names={"a"}, levels=[1, [2]], sizes={"a": [1]}, label="x")
    assert (bot.names, bot.levels, bot.label) == (frozenset({"a"}), (1, (2,)), "x")
    assert bot.sizes == {"a": (1,)}
    with pytest.raises(TypeError):
        bot.sizes["a"] = 2
    with pytest.raises(BotRefused) as refused:
        bot.label = "y"
    assert str(refused.value) == (
        "self.label is set after start: what a bot remembers from candle to candle belongs in"
        ' ctx.state["label"], else it is forgotten where the bot runs live'
    )


@pytest.mark.parametrize("tools", [object(), [1, object()], {"a": {"b": object()}}])
def test_what_could_change_is_refused_wherever_it_is(tools: object) -> None:
    with pytest.raises(BotRefused) as refused:
        begun(tools=tools)
    assert str(refused.value) == (
        "self.tools is a object: start may keep indicators, numbers and texts on self; what changes"
        " belongs in ctx.state"
    )
