"""What the engine and a bot in a process of its own say to each other: JSON, a line each.

What comes from the bot's side may be anything, and is read here as such.
"""

import json
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from math import isfinite
from typing import Any, Final, NoReturn

from chalicelib.domain.bots.context import Context
from chalicelib.domain.bots.intent import ALL, Action, Intent
from chalicelib.domain.bots.refusals import BotFailed, BotRefused

_PRICES: Final = ("limit", "stop", "trailing", "stop_loss", "take_profit", "trail_stop")
_TAKES: Final = {
    Action.BUY: ("limit", "stop", "stop_loss", "take_profit", "trail_stop"),
    Action.SELL: ("limit", "stop", "trailing"),
    Action.TARGET: ("stop_loss", "take_profit", "trail_stop"),
}
_UNITS: Final = ("quantity", "value", "fraction")
_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,59}")
_LONGEST_NUMBER: Final = 64
_LONGEST_NAME: Final = 100
_LONGEST_SENTENCE: Final = 1_000
_LARGEST: Final = 1e300


def _no_number(said: str) -> NoReturn:
    raise ValueError(said)


# Made once: to make them takes as long as to use them, and they are used at every candle.
_ENCODER: Final = json.JSONEncoder(allow_nan=False, separators=(",", ":"))
_DECODER: Final = json.JSONDecoder(parse_constant=_no_number)


def written(message: object) -> bytes:
    """A line. Numbers that JSON has no word for are a ValueError."""
    return _ENCODER.encode(message).encode() + b"\n"


def read(line: bytes) -> dict[str, Any]:
    """What a bot's process has written; BotRefused for what is no object of JSON."""
    try:
        said = _DECODER.decode(line.decode())
    except (ValueError, RecursionError):
        said = None
    if not isinstance(said, dict):
        raise BotRefused("the answer of its process is no JSON object")
    return said


def taken(said: dict[str, Any]) -> dict[str, Any]:
    """An answer, if it is one; BotRefused or BotFailed with its own sentence where it says so."""
    if "refused" in said:
        raise BotRefused(sentence_of(said["refused"]))
    if "failed" in said:
        line = said.get("line")
        raise BotFailed(sentence_of(said["failed"]), line=line if type(line) is int else 0)
    return said


def words_of(intent: Intent) -> dict[str, Any]:
    """An order as the bot's process says it."""
    said: dict[str, Any] = {"action": intent.action, "symbol": intent.symbol, "unit": intent.unit}
    said["amount"] = str(intent.amount)
    for name in _PRICES:
        price = getattr(intent, name)
        if price is not None:
            said[name] = str(price)
    if intent.expires is not None:
        said["expires"] = intent.expires
    if intent.band:
        said["band"] = str(intent.band)
    if intent.cancels:
        said["cancels"] = intent.cancels
    return said


def ask(ctx: Context, said: object) -> None:
    """In the words of any bot, so that what may be asked for is checked where it always is."""
    words = said if isinstance(said, dict) else {}
    action = text("action", words.get("action"))
    symbol = text("symbol", words.get("symbol"))
    if action == Action.CANCEL:
        ctx.cancel(text("cancels", words.get("cancels", "")), symbol=symbol)
    elif action == Action.CLOSE:
        ctx.close_position(symbol=symbol)
    elif action in {Action.BUY, Action.SELL, Action.TARGET}:
        given = {n: _exact(n, words[n]) for n in _TAKES[Action(action)] if n in words}
        amount = _exact("amount", words.get("amount"))
        if action == Action.TARGET:
            band = _exact("band", words.get("band", "0"))
            ctx.target(amount, band=band, symbol=symbol, **given)  # type: ignore[arg-type]
            return
        unit = words.get("unit")
        if unit != ALL and unit not in _UNITS:
            raise BotRefused(f"unit is {unit!r}; it must be one of {', '.join(_UNITS)}")
        sized: dict[str, Any] = {} if unit == ALL else {str(unit): amount}
        order = ctx.buy if action == Action.BUY else ctx.sell
        order(**sized, **given, expires=words.get("expires"), symbol=symbol)  # type: ignore[arg-type]
    else:
        raise BotRefused(f"action is {action!r}; it must be one of {', '.join(Action)}")


def sentence_of(value: object) -> str:
    """What it says of itself, for a terminal and a message to the owner."""
    said = value if isinstance(value, str) else repr(value)
    return "".join(c if c.isprintable() else " " for c in said[:_LONGEST_SENTENCE])


def text(name: str, value: object) -> str:
    """A short one."""
    if not isinstance(value, str) or len(value) > _LONGEST_NAME:
        raise BotRefused(f"{name} of the answer is no text of up to {_LONGEST_NAME} characters")
    return value


def word(name: str, value: object) -> str:
    """Of letters, digits and _, beginning with a letter."""
    if not isinstance(value, str) or not _NAME.fullmatch(value):
        raise BotRefused(f"{name} of the answer is {value!r:.80}; it must be a name such as fast")
    return value


def number(name: str, value: object) -> float:
    """A finite one."""
    if type(value) not in {int, float} or not abs(value) <= _LARGEST:  # type: ignore[arg-type]
        raise BotRefused(f"{name} of the answer is {value!r:.80}; it must be a finite number")
    return value  # type: ignore[return-value]


def whole(name: str, value: object, most: int) -> int:
    """From zero on."""
    if type(value) is not int or not 0 <= value <= most:
        raise BotRefused(f"{name} of the answer is {value!r:.80}; it must be from 0 to {most}")
    return value


def listed(name: str, value: object, most: int) -> list[Any]:
    """Of no more than so many."""
    if not isinstance(value, list) or len(value) > most:
        raise BotRefused(f"{name} of the answer is no list of up to {most}")
    return value


def row(name: str, value: object, count: int) -> list[Any]:
    """Of exactly so many."""
    if not isinstance(value, list) or len(value) != count:
        raise BotRefused(f"{name} of the answer is no list of {count}")
    return value


def mapped(name: str, value: object) -> dict[str, Any]:
    """Names and values."""
    if not isinstance(value, dict):
        raise BotRefused(f"{name} of the answer is no object")
    return value


def drawn(value: object) -> float | None:
    """A point of a curve, on its way: what is no number has no word in JSON."""
    if isinstance(value, int | float) and abs(value) <= _LARGEST and isfinite(value):
        return value
    return None


def plain(value: Any) -> Any:
    """What cannot be changed, as JSON has it."""
    if isinstance(value, Mapping):
        return {key: plain(held) for key, held in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [plain(held) for held in value]
    return value


def _exact(name: str, value: object) -> Decimal:
    try:
        if isinstance(value, str) and len(value) <= _LONGEST_NUMBER:
            amount = Decimal(value)
            if amount.is_finite():
                return amount
    except InvalidOperation:
        pass
    raise BotRefused(f"{name} is {value!r:.80}; it must be a finite number")
