"""What a check of a bot has found."""

from enum import StrEnum
from typing import NamedTuple


class Cause(StrEnum):
    """Why a backtest of it would be worth nothing."""

    STOPS = "stops"  # its code fails
    SOURCE = "source"  # its text uses what no bot has
    UNREPEATABLE = "unrepeatable"  # the same candles, other orders
    MEMORY = "memory"  # it remembers outside of ctx.state
    LOOK_AHEAD = "look_ahead"  # later candles change earlier orders
    RESUMED = "resumed"  # from its stored state it goes on differently
    WARM_UP = "warm_up"  # more candles before it, other orders


class Finding(NamedTuple):
    """`text` is a sentence with the evidence; `at` the start of the candle in ms, `line` of its
    file, 0 where that is not known."""

    cause: Cause
    text: str
    at: int | None = None
    line: int = 0


class BotCheck(NamedTuple):
    """`orders` is how many it made: one that made none has shown little. `unchecked` are sentences
    that say what could not be looked at."""

    findings: tuple[Finding, ...]
    unchecked: tuple[str, ...]
    candles: int
    orders: int
