"""One frame of a venue's stream in Binance's words -> a trade, a closed candle, or news of neither.

`{"stream": NAME, "data": MESSAGE}` is a combined stream's frame; MESSAGE goes on as it was written.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from enum import Enum, auto
from typing import Any, Final, NamedTuple

from chalicelib.domain.market.interval import Interval
from chalicelib.domain.market.stream_gap import Numbered
from chalicelib.domain.market.stream_plan import Subject
from chalicelib.domain.market.trade import (
    AGGREGATED,
    SINGLE,
    MalformedTrade,
    ReadTrade,
    parse_trade,
    read_object,
)

CANDLE: Final = "kline"
_DATA: Final = b'","data":'
_STREAM: Final = b'{"stream":"'
_BOOK: Final = b'{"lastUpdateId":'  # recordings begin with one, of any length
_LONGEST_NAME: Final = 80
_SHUTDOWN: Final = "serverShutdown"
_AMOUNTS: Final = ("o", "h", "l", "c", "v")
_MILLISECOND: Final = 1000
_SINGLE_FIELDS: Final = {
    "id": "t",
    "price": "p",
    "qty": "q",
    "time": "T",
    "isBuyerMaker": "m",
    "isBestMatch": "M",
}
_ROW: Final = ("t", "o", "h", "l", "c", "v", "T", "q", "n", "V", "Q")


class News(Enum):
    """What a frame is, if it is no message of a subject."""

    NOTHING = auto()  # an open candle, an answer, a stream that nobody asked for
    MALFORMED = auto()


class Told(NamedTuple):
    """A message of a subject."""

    subject: Subject
    message: Numbered


def read_frame(
    frame: bytes,
    wanted: Callable[[bytes], Subject | None],
    read_trade: ReadTrade = parse_trade,
) -> Told | News:
    """`wanted` gives the subject of a stream's name, None for one that nobody asked for.

    The message is found by its place: it must stay as it is, and parsing it once is enough.
    """
    end = frame.find(_DATA, len(_STREAM), _LONGEST_NAME)
    if end < 0 or not frame.startswith(_STREAM):
        return _read_other(frame)
    subject = wanted(frame[len(_STREAM) : end])
    if subject is None:
        return News.NOTHING
    if not frame.endswith(b"}"):
        return News.MALFORMED
    try:
        message = read_message(frame[end + len(_DATA) : -1], subject, read_trade)
    except MalformedTrade:
        return News.MALFORMED
    return Told(subject, message) if message else News.NOTHING


def announces_end(frame: bytes) -> bool:
    """Whether the server says that it is about to end the connection."""
    if _SHUTDOWN.encode() not in frame:
        return False
    try:
        fields = read_object(frame)
    except MalformedTrade:
        return False
    told = (fields, fields.get("data"), fields.get("event"))
    return any(isinstance(part, dict) and part.get("e") == _SHUTDOWN for part in told)


def read_message(
    text: bytes, subject: Subject, read_trade: ReadTrade = parse_trade
) -> Numbered | None:
    """None for a candle that is still open. MalformedTrade for what is none of the subject's."""
    if subject.interval:
        return _read_candle(text, subject.symbol, subject.interval)
    trade = read_trade(text)
    if (trade.symbol, trade.kind) != (subject.symbol, subject.kind):
        raise MalformedTrade(f"{trade.kind} of {trade.symbol} among {subject.kind} of {subject[0]}")
    return Numbered(trade.id, trade.at_ms, text)


def subject_named(name: bytes) -> Subject | None:
    """What a recorded stream is about, by its name on Binance; None if it is something else."""
    symbol, _, what = name.decode(errors="replace").partition("@")
    if what in {AGGREGATED, SINGLE}:
        return Subject(symbol.upper(), what)
    kind, _, length = what.partition("_")
    if kind == CANDLE and length in set(Interval):
        return Subject(symbol.upper(), AGGREGATED, Interval(length))
    return None


def from_rest(row: Any, subject: Subject) -> bytes:
    """A row of the REST API in the words of the stream. What it lacks (E, f and L) is left out."""
    if subject.interval:
        fields = row if isinstance(row, Sequence) and not isinstance(row, str) else ()
        candle = {"s": subject.symbol, "i": str(subject.interval), "x": True}
        candle |= dict(zip(_ROW, fields, strict=False))
        return _text({"e": CANDLE, "s": subject.symbol, "k": candle})
    row = row if isinstance(row, Mapping) else {}
    if subject.kind == SINGLE:
        row = {short: row.get(name) for name, short in _SINGLE_FIELDS.items()}
    return _text({"e": subject.kind, "s": subject.symbol, **row})


def start_ms_of(number: int, interval: Interval) -> int:
    """When the candle with this number opens."""
    return _first_ms(interval) + number * _length_ms(interval)


def _read_other(frame: bytes) -> News:
    if frame.startswith(_BOOK):
        return News.NOTHING
    try:
        fields = read_object(frame)
    except MalformedTrade:
        return News.MALFORMED
    return News.NOTHING if announces_end(frame) or "result" in fields else News.MALFORMED


def _read_candle(text: bytes, symbol: str, interval: Interval) -> Numbered | None:
    fields = read_object(text)
    candle = fields.get("k")
    if fields.get("e") != CANDLE or not isinstance(candle, dict):
        raise MalformedTrade(f"e is {fields.get('e')!r}; it must be {CANDLE}, with an object k")
    if (candle.get("s"), candle.get("i")) != (symbol, interval):
        raise MalformedTrade(f"a candle of {candle.get('s')!r} among those of {symbol} {interval}")
    start, end = candle.get("t"), candle.get("T")
    if (
        type(start) is not int
        or type(end) is not int
        or (start - _first_ms(interval)) % _length_ms(interval)
    ):
        raise MalformedTrade(f"t is {start!r}; it must be the ms at which a candle opens")
    for name in _AMOUNTS:
        _check_amount(name, candle.get(name))
    if candle.get("x") is not True:
        return None
    return Numbered((start - _first_ms(interval)) // _length_ms(interval), end, text)


def _check_amount(name: str, value: object) -> None:
    try:
        amount = Decimal(value) if isinstance(value, str) else None
    except InvalidOperation:
        amount = None
    if amount is None or not amount.is_finite() or amount < 0 or (name != "v" and not amount):
        raise MalformedTrade(f"{name} is {value!r}; it must be text with a decimal number")


def _length_ms(interval: Interval) -> int:
    return int(interval.length.total_seconds()) * _MILLISECOND


def _first_ms(interval: Interval) -> int:
    """The first one that opened in 1970: a week begins on Monday, which was the 5th."""
    return 345_600_000 if interval is Interval.W1 else 0


def _text(fields: Mapping[str, Any]) -> bytes:
    return json.dumps(fields, separators=(",", ":")).encode()
