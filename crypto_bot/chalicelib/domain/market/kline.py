"""A message of the topic of candles -> the candle in it, with what it is of."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final, NamedTuple

from chalicelib.domain.market.candle import Candle
from chalicelib.domain.market.interval import Interval
from chalicelib.domain.market.minute import at_ms, milliseconds
from chalicelib.domain.market.stream_message import read_message
from chalicelib.domain.market.stream_plan import Subject
from chalicelib.domain.market.trade import AGGREGATED, MalformedTrade, read_object, symbol_of
from chalicelib.domain.money import is_plain_amount

_TOLERANCE: Final = timedelta(minutes=2)  # our clock may be late


class Kline(NamedTuple):
    """A closed candle as the bus has it. `symbol` is the venue's own name."""

    symbol: str
    interval: Interval
    candle: Candle


def parse_kline(text: bytes, now: datetime) -> Kline | None:
    """None for a candle that is still open; MalformedTrade for what is none.

    One that begins after `now` is none either: whoever goes by the last one would wait for ever.
    """
    fields = read_object(text)
    row = fields.get("k")
    length = row.get("i") if isinstance(row, dict) else None
    if not isinstance(row, dict) or length not in list(Interval):
        raise MalformedTrade(f"i is {length!r}; it must be one of {', '.join(Interval)}")
    subject = Subject(symbol_of(row), AGGREGATED, Interval(length))
    if read_message(text, subject) is None:
        return None
    if not 0 <= row["t"] <= milliseconds(now + _TOLERANCE):
        raise MalformedTrade(f"t is {row['t']}; it must lie between 1970 and now")
    amounts = (_amount(name, row[name]) for name in ("o", "h", "l", "c", "v"))
    return Kline(subject.symbol, Interval(length), Candle(at_ms(row["t"]), *amounts))


def _amount(name: str, text: str) -> Decimal:
    amount = Decimal(text)
    if not is_plain_amount(amount):
        raise MalformedTrade(f"{name} is {text}; it may have 18 digits before and behind the point")
    return amount
