"""Every word that a bot's author may write, as the engine has them, for an editor to offer."""

from collections.abc import Callable, Iterator
from inspect import Parameter, cleandoc, isfunction, signature
from typing import Any, Final, NamedTuple

from chalicelib.domain.bots.bot import Bot
from chalicelib.domain.bots.context import Context
from chalicelib.domain.bots.desk import OpenOrder
from chalicelib.domain.bots.handler import every
from chalicelib.domain.bots.lines import Line
from chalicelib.domain.bots.parameters import Param

CONTEXT: Final = "ctx"
INDICATOR: Final = "indicator"
CLASS: Final = "class"
MODULE: Final = "module"
ORDER: Final = "order"

_OF_THE_ENGINE: Final = frozenset({"explain", "lacks", "show", "plots"})
# Attributes have no place for a sentence in the engine, where each costs a candle's time.
_ATTRIBUTES: Final = {
    CONTEXT: {
        "close": "The close of the candle that has just closed.",
        "start": "When that candle began, in ms since 1970.",
        "position": "How much of the instrument is held, in base; below zero when sold short.",
        "average_price": "What one of it cost; None where nothing is held.",
        "cash": "What is not invested, in quote.",
        "state": "A dict of the bot's own, kept from candle to candle; it must be JSON.",
        "params": "The numbers of its parameters, by name.",
        "random": "Dice that a run can be repeated with, such as ctx.random.uniform(0, 1).",
        "symbol": "The instrument, such as BTC/USDT.",
        "is_fresh": "Whether the instrument had a candle at this close.",
    },
    INDICATOR: {
        "value": "Of the candle that has just closed; None while it warms up.",
        "previous": "Of the candle before.",
    },
    CLASS: {
        "instruments": 'What it trades, such as ("BTC/USDT",).',
        "interval": 'Of its candles, such as "1h".',
        "warmup": "How many candles it sees before it decides.",
        "together": "True for one bot with all instruments, a portfolio.",
    },
}


class Word(NamedTuple):
    """`of` says where it stands: behind ctx, behind an indicator, in a class, or alone."""

    of: str
    name: str
    signature: str
    told: str


def vocabulary() -> list[Word]:
    """By where they stand, then by name."""
    words = [
        *_members(CONTEXT, Context),
        *_members(INDICATOR, Line),
        *_members(CLASS, Bot),
        *_fields(ORDER, OpenOrder),
        _called(MODULE, "Param", Param.__init__, Param.__doc__),
        _called(MODULE, "every", every, every.__doc__),
        Word(MODULE, "Bot", "", _first(Bot.__doc__)),
        Word(MODULE, CONTEXT, "", "All that a bot gets; its wishes leave by it."),
    ]
    for of, known in _ATTRIBUTES.items():
        words += [Word(of, name, "", told) for name, told in known.items()]
    return sorted(words)


def _members(of: str, kind: type) -> Iterator[Word]:
    for owner in kind.__mro__[:-1]:
        for name, value in vars(owner).items():
            if name.startswith("_") or name in _OF_THE_ENGINE or not value.__doc__:
                continue
            if isfunction(value):
                yield _called(of, name, value, value.__doc__)
            elif isinstance(value, property):
                yield Word(of, name, "", _first(value.__doc__))


def _fields(of: str, kind: Any) -> Iterator[Word]:
    for name in kind._fields:
        yield Word(of, name, "", "")


def _called(of: str, name: str, function: Callable[..., Any], told: str | None) -> Word:
    given = signature(function).parameters.values()
    shown = ", ".join(_shown(each) for each in given if _is_said(each))
    return Word(of, name, f"({shown})", _first(told))


def _is_said(given: Parameter) -> bool:
    return given.name != "self" and given.kind is not Parameter.VAR_KEYWORD


def _shown(given: Parameter) -> str:
    if given.kind is Parameter.VAR_POSITIONAL:
        return f"*{given.name}"
    if given.default is Parameter.empty:
        return given.name
    return f"{given.name}={given.default!r}"


def _first(told: str | None) -> str:
    """Its first paragraph."""
    return cleandoc(told or "").split("\n\n")[0]
