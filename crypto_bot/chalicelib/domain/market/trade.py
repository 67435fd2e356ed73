"""A venue's message about a trade -> Trade, or MalformedTrade with the reason.

Binance's words: `e` aggTrade (several fills of one taker order at one price, id `a`) or trade (one
fill, id `t`), `s` symbol, `p` price, `q` quantity, `T` time in ms, `m` whether the buyer was the
maker. Other venues' feeds are put into these words before they reach the bus.
"""

import json
import re
from collections.abc import Callable
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final, NamedTuple, NoReturn

from chalicelib.domain.money import ZERO

AGGREGATED: Final = "aggTrade"
SINGLE: Final = "trade"

LONGEST_MESSAGE: Final = 4096  # bytes; a trade takes 200
_MOST_DIGITS: Final = 15
_MOST_DECIMALS: Final = 12  # what both allow, a sum of products holds exactly
FIRST_MS: Final = 1_230_940_800_000  # 2009-01-03: before Bitcoin nobody traded it
END_MS: Final = 4_102_444_800_000  # 2100-01-01
MOST_COUNTED: Final = (1 << 63) - 1
_SYMBOL: Final = re.compile(r"\w[\w.-]{0,39}")
_AMOUNT: Final = re.compile(rf"0*\d{{1,{_MOST_DIGITS}}}(?:\.\d{{1,{_MOST_DECIMALS}}}0*)?", re.ASCII)
_KINDS: Final = {kind: kind for kind in (AGGREGATED, SINGLE)}
_SHOWN: Final = 60


def _refuse_constant(word: str) -> NoReturn:
    raise ValueError(f"{word} is no number in JSON")


_JSON: Final = json.JSONDecoder(parse_constant=_refuse_constant)


class MalformedTrade(ValueError):
    """What was received is no trade; the message names the field, its value and what would do."""


class Trade(NamedTuple):
    """A public market print. `first` and `last` are the ids of the single trades it consists of.

    `taker_sold`: the buyer was the maker, so whoever took the offer sold. A tuple, because making
    one takes a fifth of the time of a frozen dataclass, and there are thousands a second.
    """

    kind: str
    symbol: str
    id: int
    price: Decimal
    quantity: Decimal
    at_ms: int
    taker_sold: bool
    first: int
    last: int


# Text -> the trade in it; MalformedTrade for everything else.
ReadTrade = Callable[[bytes], Trade]


def parse_trade(text: bytes) -> Trade:
    """The trade in one JSON object. MalformedTrade for everything else, whatever it holds."""
    fields = read_object(text)
    kind = _KINDS.get(str(fields.get("e")))
    if kind is None:
        _refuse("e", fields.get("e"), f"{AGGREGATED} or {SINGLE}")
    number = _count(fields, "a" if kind == AGGREGATED else "t")
    taker_sold = fields.get("m")
    if taker_sold is not True and taker_sold is not False:
        _refuse("m", taker_sold, "true or false")
    return Trade(
        kind,
        symbol_of(fields),
        number,
        _amount(fields, "p"),
        _amount(fields, "q"),
        time_of(fields),
        taker_sold,
        _count(fields, "f") if kind == AGGREGATED else number,
        _count(fields, "l") if kind == AGGREGATED else number,
    )


def read_object(text: bytes) -> dict[str, Any]:
    """The JSON object as it is; MalformedTrade where there is none."""
    if len(text) > LONGEST_MESSAGE:
        raise MalformedTrade(f"{len(text)} bytes are no trade; at most {LONGEST_MESSAGE} are read")
    try:
        words = text.decode().strip()
        fields, end = _JSON.raw_decode(words)
    except (ValueError, RecursionError) as error:
        raise MalformedTrade(f"not JSON: {str(error)[:_SHOWN]}") from None
    if end != len(words):
        raise MalformedTrade(f"not JSON: something follows at character {end}")
    if not isinstance(fields, dict):
        raise MalformedTrade(f"a JSON {type(fields).__name__}; a trade is an object")
    return fields


def symbol_of(fields: dict[str, Any]) -> str:
    """The venue's name of the instrument, safe as a part of a path."""
    symbol = fields.get("s")
    known = known_symbol(symbol) if isinstance(symbol, str) else None
    if known is None:
        _refuse("s", symbol, "a symbol such as BTCUSDT")
    return known


@lru_cache(maxsize=1000)
def known_symbol(text: str) -> str | None:
    """The first of equal texts, so that thousands of trades share one; None for what is none."""
    return text if _SYMBOL.fullmatch(text) else None


def time_of(fields: dict[str, Any]) -> int:
    """When the trade took place, in ms since 1970; seconds and microseconds are refused."""
    at = fields.get("T")
    if type(at) is not int or not FIRST_MS <= at < END_MS:
        _refuse("T", at, "milliseconds since 1970, between 2009 and 2100")
    return at


@lru_cache(maxsize=1024)
def amount_of(text: str) -> Decimal:
    """Above zero, or zero for what is no such amount.

    Three of four prices and quantities of a busy market are among the last thousand.
    """
    return Decimal(text) if _AMOUNT.fullmatch(text) else ZERO


def _count(fields: dict[str, Any], name: str) -> int:
    value = fields.get(name)
    if type(value) is not int or not 0 <= value <= MOST_COUNTED:
        _refuse(name, value, "a whole number, not below zero")
    return value


def _amount(fields: dict[str, Any], name: str) -> Decimal:
    value = fields.get(name)
    amount = amount_of(value) if isinstance(value, str) else ZERO
    if not amount:
        _refuse(
            name,
            value,
            f"text with a decimal number above zero, of at most {_MOST_DIGITS} digits and"
            f" {_MOST_DECIMALS} decimals",
        )
    return amount


def _refuse(name: str, value: object, wanted: str) -> NoReturn:
    shown = repr(value)
    if len(shown) > _SHOWN:
        shown = f"{shown[:_SHOWN]}..."
    raise MalformedTrade(f"{name} is {shown}; it must be {wanted}")
