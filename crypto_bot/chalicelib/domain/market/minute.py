"""A minute of one symbol, and the names of the objects that hold its trades.

`trades/symbol=BTCUSDT/dt=2024-08-08/hh=23/mm=59/p0-00000000000000000123.jsonl.gz`: partition and
first offset on the bus make a name that a second writing repeats. A damaged object is set aside as
`_p0-00000000000000000123.jsonl.gz.damaged` beside it: query engines skip names that begin with _.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Final

TRADES: Final = "trades/"
OBJECT_END: Final = ".jsonl.gz"
MINUTE_MS: Final = 60_000
MINUTE: Final = timedelta(minutes=1)

_DAMAGED_END: Final = ".damaged"
_KEY: Final = re.compile(
    r"trades/symbol=(?P<symbol>\w[\w.-]{0,39})/dt=(?P<date>\d{4}-\d\d-\d\d)/hh=(?P<hour>\d\d)/"
    r"mm=(?P<minute>\d\d)/(?P<name>[^/]+)"
)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, order=True)
class Minute:
    """`start` is aware, UTC and whole."""

    symbol: str
    start: datetime

    @property
    def prefix(self) -> str:
        """What the names of all its objects begin with."""
        return f"{hour_prefix(self.symbol, self.start)}mm={self.start:%M}/"

    @cached_property
    def start_ms(self) -> int:
        """Milliseconds since 1970."""
        return milliseconds(self.start)


def milliseconds(at: datetime) -> int:
    """Whole ones since 1970, as venues count."""
    return (at - _EPOCH) // timedelta(milliseconds=1)


def at_ms(number: int) -> datetime:
    """The moment so many milliseconds after 1970 began."""
    return _EPOCH + timedelta(milliseconds=number)


def minute_at(symbol: str, number: int) -> Minute:
    """The minute of this number since 1970."""
    return Minute(symbol, _EPOCH + number * MINUTE)


def symbol_prefix(symbol: str) -> str:
    """What the names of all objects of the symbol begin with."""
    return f"{TRADES}symbol={symbol}/"


def hour_prefix(symbol: str, at: datetime) -> str:
    """What the names of all objects of the hour begin with."""
    return f"{symbol_prefix(symbol)}dt={at:%Y-%m-%d}/hh={at:%H}/"


def trades_key(minute: Minute, source: str, first_offset: int) -> str:
    """The object of this source (p0: partition 0) that begins with the trade at this offset."""
    return f"{minute.prefix}{source}-{first_offset:020}{OBJECT_END}"


def damaged_key(key: str) -> str:
    """Where an object that cannot be read is set aside."""
    folder, _, name = key.rpartition("/")
    return f"{folder}/_{name}{_DAMAGED_END}"


def original_key(key: str) -> str | None:
    """The object that was set aside under this name; None if the name is none of that kind."""
    folder, _, name = key.rpartition("/")
    if name.startswith("_") and name.endswith(_DAMAGED_END):
        return f"{folder}/{name[1:].removesuffix(_DAMAGED_END)}"
    return None


def minute_of(key: str) -> Minute | None:
    """The minute that an object belongs to; None for what is no object of trades."""
    found = _KEY.fullmatch(key)
    if found is None or found["name"].startswith(("_", ".")):
        return None
    if not found["name"].endswith(OBJECT_END):
        return None
    try:
        start = datetime.fromisoformat(f"{found['date']}T{found['hour']}:{found['minute']}+00:00")
    except ValueError:
        return None
    return Minute(found["symbol"], start)
