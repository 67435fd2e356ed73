"""What one setting may be. Each function takes a TOML value and returns ours.

Unfit carries what would be right, to be read after "must be".
"""

import re
from collections.abc import Callable, Collection
from datetime import date, time
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final, TypeVar

from chalicelib.domain.money import ONE, ZERO, is_plain_amount, parse_amount, plain
from chalicelib.domain.trading.configuration.names import suggestion
from chalicelib.domain.trading.configuration.toml_source import Unfit
from chalicelib.domain.trading.hours import trading_window
from chalicelib.domain.trading.strategy import timeframe_seconds

E = TypeVar("E", bound=StrEnum)

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
_SYMBOL = re.compile(r"[A-Z0-9]+/[A-Z0-9]+")
_ASSET = re.compile(r"[A-Z0-9]+")
_TICKER = re.compile(r"[A-Z0-9_.!:-]{1,64}")
_LONGEST_WAIT: Final = 31 * 86_400
# Lateness and silence are counted in timeframes, and have to stay spans of time that there are.
_LONGEST_TIMEFRAME: Final = 52 * 7 * 86_400
_LARGEST_GAIN: Final = Decimal(1000)


def is_name(text: str) -> bool:
    """Whether it can name a strategy or an account: it goes into addresses and keys."""
    return _NAME.fullmatch(text) is not None


def text(value: object) -> str:
    """Any text with something in it."""
    if not isinstance(value, str) or not value.strip():
        raise Unfit("text in quotes")
    return value.strip()


def flag(value: object) -> bool:
    """true or false, not a word that looks like one."""
    if not isinstance(value, bool):
        raise Unfit("true or false, without quotes")
    return value


def asset(value: object) -> str:
    """A currency code."""
    if not isinstance(value, str) or not _ASSET.fullmatch(value):
        raise Unfit('a currency in capitals, such as "USD"')
    return value


def is_ticker(text: str) -> bool:
    """Whether TradingView could put it in place of {{ticker}}."""
    return _TICKER.fullmatch(text) is not None


def symbol(value: object) -> str:
    """A unified spot symbol."""
    if not isinstance(value, str) or not _SYMBOL.fullmatch(value):
        raise Unfit('a spot symbol BASE/QUOTE in capitals, such as "BTC/USD"')
    return value


def timeframe(value: object) -> str:
    """Checked, kept as the owner wrote it."""
    wanted = 'a number with s, m, h, d or w, such as "15m" or "4h", and at most "52w"'
    if not isinstance(value, str):
        raise Unfit(wanted)
    try:
        seconds = timeframe_seconds(value)
    except ValueError:
        raise Unfit(wanted) from None
    if seconds > _LONGEST_TIMEFRAME:
        raise Unfit(wanted)
    return value


def seconds(value: object) -> int:
    """A wait."""
    return whole(0, _LONGEST_WAIT, "seconds")(value)


def windows(value: object) -> tuple[str, ...]:
    """A list of windows of the week, checked, kept as the owner wrote them."""
    wanted = 'a list of windows in UTC, such as ["mon-fri 13:30-20:00"]'
    if not isinstance(value, list) or not all(isinstance(window, str) for window in value):
        raise Unfit(wanted)
    try:
        for window in value:
            trading_window(window)
    except ValueError as error:
        raise Unfit(f"{wanted}: {error}") from None
    return tuple(value)


def whole(low: int, high: int, unit: str) -> Callable[[object], int]:
    """A whole number between two bounds."""

    def convert(value: object) -> int:
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            raise Unfit(f"a whole number of {unit} from {low} to {high}")
        return value

    return convert


def words(value: object) -> tuple[str, ...]:
    """A list of words, lowercased: comments are compared without regard to case."""
    if not isinstance(value, list) or not all(isinstance(w, str) and w.strip() for w in value):
        raise Unfit('a list of words, such as ["stop", "sl"]')
    return tuple(word.strip().lower() for word in value)


def weight(value: object) -> Decimal:
    """A share of the account."""
    return _amount(value, "a fraction above 0 and at most 1, such as 0.25", above=ZERO, most=ONE)


def inner_fraction(value: object) -> Decimal:
    """How far below a price: above 0 and below 1."""
    return _amount(value, "a fraction above 0 and below 1, such as 0.05", above=ZERO, below=ONE)


def gain(value: object) -> Decimal:
    """How far above a price."""
    wanted = f"a fraction above 0 and at most {_LARGEST_GAIN}, such as 0.1"
    return _amount(value, wanted, above=ZERO, most=_LARGEST_GAIN)


def fraction(value: object) -> Decimal:
    """A part of something, possibly none of it, never all."""
    return _amount(value, "a fraction from 0 to below 1, such as 0.02", least=ZERO, below=ONE)


def quote_amount(value: object) -> Decimal:
    """Money that there must be some of."""
    return _amount(value, 'an amount above 0, such as 1000 or "1000.50"', above=ZERO)


def _amount(
    value: object,
    wanted: str,
    *,
    above: Decimal | None = None,
    least: Decimal | None = None,
    below: Decimal | None = None,
    most: Decimal | None = None,
) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | Decimal | str):
        raise Unfit(wanted)
    try:
        number = parse_amount(str(value))
    except ValueError:
        raise Unfit(wanted) from None
    bounds = (
        above is None or number > above,
        least is None or number >= least,
        below is None or number < below,
        most is None or number <= most,
    )
    if not all(bounds):
        raise Unfit(wanted)
    if not is_plain_amount(number):
        raise Unfit("a number with at most 18 digits before and 18 behind the point")
    return number


def choice(kind: type[E]) -> Callable[[object], E]:
    """One word of an enum."""

    def convert(value: object) -> E:
        try:
            return kind(str(value))
        except ValueError:
            raise Unfit(f"one of {', '.join(kind)}") from None

    return convert


def one_of(known: Collection[str]) -> Callable[[object], str]:
    """One word of a collection, with the nearest one in the complaint."""

    def convert(value: object) -> str:
        if not isinstance(value, str) or value not in known:
            raise Unfit(f"one of {', '.join(sorted(known))}; {suggestion(str(value), known)}")
        return value

    return convert


def options(value: object) -> dict[str, Any]:
    """A free table for the exchange's constructor; a number with a point becomes text."""
    if not isinstance(value, dict):
        raise Unfit("a table of the exchange's own options")
    return {str(key): _json_value(inner) for key, inner in value.items()}


def _json_value(value: object) -> object:
    if isinstance(value, dict):
        return options(value)
    if isinstance(value, list):
        return [_json_value(inner) for inner in value]
    if isinstance(value, date | time):
        raise Unfit("free of dates, which no exchange's options hold")
    if isinstance(value, int | Decimal) and not is_plain_amount(Decimal(value)):
        raise Unfit("free of numbers with more than 18 digits before or 18 behind the point")
    # Stored state holds no float, and a fraction has to compare equal when it is read again.
    return plain(value) if isinstance(value, Decimal) else value
