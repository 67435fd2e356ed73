"""A bot: a class whose methods get a context and nothing else, and whose wishes leave through it.

class SmaCross(Bot):
    instruments = ("BTC/USDT",)
    interval = "5m"
    warmup = 30
    fast = Param(10, 2, 50)
    slow = Param(30, 10, 200)

    def start(self, ctx):
        self.f, self.s = ctx.sma(self.fast), ctx.sma(self.slow)

    def on_candle(self, ctx):
        if self.f.crossed_above(self.s):
            ctx.target(1.0)
        elif self.f.crossed_below(self.s):
            ctx.target(0)
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, ClassVar, Final

from chalicelib.domain.bots.context import Context
from chalicelib.domain.bots.lines import Line, LineGroup
from chalicelib.domain.bots.parameters import chosen
from chalicelib.domain.bots.refusals import BotRefused
from chalicelib.domain.bots.setup import Setup
from chalicelib.domain.market.interval import Interval

_MOST_WARMUP: Final = 100_000
_SEALED: Final = "_sealed"


class Bot:
    """`warmup`: candles to see before it decides; `history` reaches back as far.

    By default a bot works on one instrument, and on N there are N of it that know nothing of each
    other. With `together` there is one with all of them: a portfolio.
    """

    instruments: ClassVar[Sequence[str]] = ()
    interval: ClassVar[str] = ""
    warmup: ClassVar[int] = 0
    together: ClassVar[bool] = False

    def start(self, ctx: Context) -> None:
        """Declare the indicators, and set what `ctx.state` begins with."""

    def on_candle(self, ctx: Context) -> None:
        """Decide, once for every candle that closes."""
        raise NotImplementedError

    def __setattr__(self, name: str, value: object) -> None:
        if _SEALED in self.__dict__:
            raise BotRefused(
                f"self.{name} is set after start: what a bot remembers from candle to candle"
                f' belongs in ctx.state["{name}"], else it is forgotten where the bot runs live'
            )
        object.__setattr__(self, name, value)


def set_up(
    bot: type[Bot],
    *,
    instruments: Sequence[str] = (),
    interval: str = "",
    parameters: Mapping[str, object] | None = None,
    seed: int = 0,
) -> list[Setup]:
    """One per instrument, or one for all of them together. What is left out, the class says."""
    _check_class(bot)
    symbols = tuple(instruments or bot.instruments)
    if isinstance(instruments or bot.instruments, str) or not symbols:
        raise BotRefused(f'{bot.__name__} needs instruments, such as ("BTC/USDT",)')
    if len(set(symbols)) != len(symbols):
        raise BotRefused(f"{bot.__name__} names an instrument twice: {', '.join(symbols)}")
    asked = interval or bot.interval
    if asked not in set(Interval):
        raise BotRefused(f"interval is {asked!r}; it must be one of {', '.join(Interval)}")
    values = chosen(bot, parameters or {})
    groups = [symbols] if bot.together else [(symbol,) for symbol in symbols]
    return [Setup(bot, group, Interval(asked), values, seed) for group in groups]


def _check_class(bot: type[Bot]) -> None:
    if bot.__init__ is not object.__init__:
        raise BotRefused(f"{bot.__name__} has an __init__; a bot begins in start(self, ctx)")
    if bot.on_candle is Bot.on_candle:
        raise BotRefused(f"{bot.__name__} has no on_candle(self, ctx): it would never decide")
    if type(bot.warmup) is not int or not 0 <= bot.warmup <= _MOST_WARMUP:
        raise BotRefused(f"warmup is {bot.warmup!r}; it must be from 0 to {_MOST_WARMUP} candles")


def make(setup: Setup) -> Bot:
    """An instance with its parameters, not started."""
    bot: Bot = setup.bot()
    for name, value in setup.parameters.items():
        setattr(bot, name, value)
    return bot


def seal(bot: Bot) -> None:
    """After start: nothing on it can be set, and lists and dicts on it cannot change."""
    for name, value in list(vars(bot).items()):
        object.__setattr__(bot, name, _unchanging(f"self.{name}", value))
    bot.__dict__[_SEALED] = True


def _unchanging(name: str, value: Any) -> Any:
    if value is None or isinstance(value, bool | int | float | str | Line | LineGroup):
        return value
    if isinstance(value, list | tuple):
        return tuple(_unchanging(name, held) for held in value)
    if isinstance(value, set | frozenset):
        return frozenset(value)
    if isinstance(value, dict):
        return MappingProxyType({key: _unchanging(name, held) for key, held in value.items()})
    raise BotRefused(
        f"{name} is a {type(value).__name__}: start may keep indicators, numbers and texts on self;"
        " what changes belongs in ctx.state"
    )
