"""A named source of signals: what it trades, how long its alerts wait, how they are authorised."""

from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from functools import cache

from chalicelib.domain.money import Exact

STOP_WORDS = ("stop", "sl", "stop loss")

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}


@dataclass(frozen=True, slots=True, kw_only=True)
class Strategy(Exact):
    """`instruments` maps TradingView tickers to unified symbols; waits are in seconds.

    `token_hashes` are SHA-256 hex digests, at most two so that a token can be rotated.
    `max_lag` None means one timeframe. `stop_loss` and `take_profit` are fractions of the price at
    entry, for alerts that name no price of their own.
    """

    name: str
    instruments: dict[str, str]
    timeframe: str = "1h"
    sibling_wait: int = 20
    max_lag: int | None = None
    token_hashes: tuple[str, ...] = ()
    open: bool = False
    stop_words: tuple[str, ...] = field(default=STOP_WORDS)
    stop_loss: Decimal | None = None
    take_profit: Decimal | None = None
    silence_after: int | None = None  # candles without an alert that the owner wants to hear of
    version: int = 0

    @property
    def entry_lag(self) -> timedelta:
        """How old an entry may be when it is planned."""
        seconds = timeframe_seconds(self.timeframe) if self.max_lag is None else self.max_lag
        return timedelta(seconds=seconds)

    @property
    def longest_silence(self) -> timedelta | None:
        """How long it may say nothing; None where its silence means nothing."""
        if self.silence_after is None:
            return None
        return timedelta(seconds=self.silence_after * timeframe_seconds(self.timeframe))

    def symbols(self) -> tuple[str, ...]:
        """The instruments, each once, in a stable order."""
        return tuple(sorted(set(self.instruments.values())))


@cache
def timeframe_seconds(timeframe: str) -> int:
    """Seconds of '15m', '1h', '1d', or TradingView's plain minutes '60'. ValueError if neither."""
    number, unit = (timeframe, "m") if timeframe.isdigit() else (timeframe[:-1], timeframe[-1:])
    if not number.isdigit() or int(number) == 0 or unit.lower() not in _UNITS:
        raise ValueError(
            f"timeframe {timeframe!r} is not a number with s, m, h, d or w, such as 15m or 4h"
        )
    return int(number) * _UNITS[unit.lower()]
