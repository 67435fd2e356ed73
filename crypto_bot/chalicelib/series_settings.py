"""Environment -> which candles are resampled, what is derived from them, and where it is kept."""

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, TypeVar

from chalicelib.domain.bots.indicators.named import NamedIndicator
from chalicelib.domain.errors import SettingsError
from chalicelib.domain.market.interval import Interval

T = TypeVar("T")

_INTERVALS: Final = "5m 15m 1h 4h 1d"
_INDICATORS: Final = "sma:20 ema:50 rsi:14 macd:12:26:9 bollinger:20:2 atr:14"
_NONE: Final = "none"
_TIMESTREAM: Final = re.compile(r"([\w-]{3,256})\.([\w-]{3,256})", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesSettings:
    """`table` is a DynamoDB table's name; without it the series are in a file.

    `timestream` is database and table of a copy; empty for none.
    """

    intervals: tuple[Interval, ...]
    indicators: tuple[str, ...]
    table: str = ""
    timestream: tuple[str, ...] = ()

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "SeriesSettings":
        """Every variable that is set and not blank, checked; SettingsError names what is odd."""
        given = {name: value.strip() for name, value in environment.items() if value.strip()}
        return cls(
            intervals=_each(_interval, given.get("SERIES_INTERVALS", _INTERVALS)),
            indicators=_each(_indicator, given.get("SERIES_INDICATORS", _INDICATORS)),
            table=given.get("SERIES_TABLE", ""),
            timestream=_timestream(given.get("SERIES_TIMESTREAM", "")),
        )


def _each(read: Callable[[str], T], text: str) -> tuple[T, ...]:
    """Of each word once, in the order given."""
    words = [] if text == _NONE else text.replace(",", " ").split()
    return tuple(dict.fromkeys(map(read, words)))


def _interval(word: str) -> Interval:
    if word not in set(Interval):
        raise SettingsError(
            f"SERIES_INTERVALS has {word!r}; it must list some of {', '.join(Interval)}, or be none"
        )
    return Interval(word)


def _indicator(word: str) -> str:
    try:
        return NamedIndicator(word).name
    except ValueError as error:
        raise SettingsError(
            f"SERIES_INDICATORS: {error}; it must list some such as rsi:14, or be none"
        ) from None


def _timestream(text: str) -> tuple[str, ...]:
    named = _TIMESTREAM.fullmatch(text)
    if text and named is None:
        raise SettingsError(
            f"SERIES_TIMESTREAM is {text!r}; it must be a database and a table with a dot between"
            " them, such as crypto-bot-prod.candles"
        )
    return named.groups() if named else ()


def read_series_environment() -> SeriesSettings:
    """The one look at the process's environment."""
    return SeriesSettings.from_environment(os.environ)
