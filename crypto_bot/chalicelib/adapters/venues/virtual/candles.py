"""Stored candles -> the price one could have known at a time, and never one from later.

While a candle is open its opening price is all that is known; once it has closed, its close is
the price until the next one opens.
"""

import csv
import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Final

from chalicelib.domain.errors import SettingsError
from chalicelib.domain.money import parse_amount
from chalicelib.domain.trading.instrument import Ticker

_COLUMNS: Final = ("time", "open", "close")
_UNITS: Final = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_FILE_NAME: Final = re.compile(
    r"(?P<base>[A-Z0-9]+)-(?P<quote>[A-Z0-9]+)\.(?P<interval>\d+[mhdw])\."
)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_LAST: Final = 253_402_300_799_999  # milliseconds: the end of the year 9999
_MILLISECONDS_FROM: Final = 10**11  # in seconds that would be the year 5138


@dataclass(frozen=True, slots=True, kw_only=True)
class CandleSeries:
    """Opens and closes of one symbol by opening time, ascending; gaps are allowed."""

    symbol: str
    interval: timedelta
    times: tuple[datetime, ...]
    opens: tuple[Decimal, ...]
    closes: tuple[Decimal, ...]

    def ticker(self, now: datetime) -> Ticker | None:
        """None before the first candle. In a gap, `at` is when the last candle closed."""
        index = bisect_right(self.times, now) - 1
        if index < 0:
            return None
        closed_at = self.times[index] + self.interval
        if now < closed_at:
            return Ticker(symbol=self.symbol, last=self.opens[index], at=now)
        return Ticker(symbol=self.symbol, last=self.closes[index], at=closed_at)

    def close_between(self, start: datetime, end: datetime) -> Decimal | None:
        """The close of the last candle that opened since `start` and closed by `end`."""
        index = bisect_right(self.times, end - self.interval) - 1
        return self.closes[index] if index >= 0 and self.times[index] >= start else None


def read_candles(path: Path, symbol: str = "") -> CandleSeries:
    """A CSV file with a header naming at least time, open and close, in any order and case.

    `time` is the candle's opening: ISO with a zone, or seconds or milliseconds since 1970. Symbol
    and interval come from a name like BTC-USDT.1h.csv; without one the symbol must be given, and
    the interval is the shortest distance between two rows. SettingsError names file and line.
    """
    named = _FILE_NAME.match(path.name)
    symbol = symbol or (f"{named['base']}/{named['quote']}" if named else "")
    if not symbol:
        raise SettingsError(
            f"{path}: name the symbol, or call the file like BTC-USDT.1h.csv so that it says it"
        )
    rows = tuple(_rows(path))
    times = tuple(time for time, _, _ in rows)
    return CandleSeries(
        symbol=symbol,
        interval=_named_interval(named["interval"]) if named else _shortest(path, times),
        times=times,
        opens=tuple(opened for _, opened, _ in rows),
        closes=tuple(closed for _, _, closed in rows),
    )


def _rows(path: Path) -> Iterator[tuple[datetime, Decimal, Decimal]]:
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            lines = csv.reader(file)
            yield from _parsed(path, lines, _positions(path, next(lines, [])))
    except OSError as error:
        raise SettingsError(f"{path} cannot be read: {error.strerror}") from error
    except (csv.Error, UnicodeDecodeError) as error:
        raise SettingsError(f"{path} is not a CSV file in UTF-8: {error}") from error


def _positions(path: Path, header: list[str]) -> tuple[int, ...]:
    names = [name.strip().lower() for name in header]
    missing = [column for column in _COLUMNS if column not in names]
    if missing:
        raise SettingsError(
            f"{path}, line 1: the header {','.join(header)!r} names no column {missing[0]!r}; "
            "it must hold time, open and close (high, low and volume are not needed)"
        )
    return tuple(names.index(column) for column in _COLUMNS)


def _parsed(
    path: Path, lines: Iterator[list[str]], positions: tuple[int, ...]
) -> Iterator[tuple[datetime, Decimal, Decimal]]:
    before: datetime | None = None
    for number, cells in enumerate(lines, start=2):
        if not cells:
            continue
        try:
            row = _row(cells, positions, before)
        except ValueError as error:
            raise SettingsError(f"{path}, line {number}: {error}") from None
        before = row[0]
        yield row


def _row(
    cells: list[str], positions: tuple[int, ...], before: datetime | None
) -> tuple[datetime, Decimal, Decimal]:
    if len(cells) <= max(positions):
        raise ValueError(f"{len(cells)} cells are too few; {max(positions) + 1} are needed")
    text, opened, closed = (cells[position].strip() for position in positions)
    time = _time(text)
    if before is not None and time <= before:
        raise ValueError(f"time {text!r} is not later than that of the candle before")
    return time, _price("open", opened), _price("close", closed)


def _time(text: str) -> datetime:
    if text.isascii() and text.isdigit():
        number = int(text)
        if number > _LAST:
            raise ValueError(f"time {text!r} lies beyond the year 9999")
        seconds, rest = divmod(number, 1000) if number >= _MILLISECONDS_FROM else (number, 0)
        return _EPOCH + timedelta(seconds=seconds, milliseconds=rest)
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"time {text!r} is neither ISO nor a number of (milli)seconds") from None
    if time.tzinfo is None:
        raise ValueError(f"time {text!r} has no zone; write it like 2024-08-10T02:00:00Z")
    return time.astimezone(UTC)


def _price(name: str, text: str) -> Decimal:
    try:
        price = parse_amount(text)
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from None
    if price <= 0:
        raise ValueError(f"{name} {text!r} is no price; it must be above zero")
    return price


def _named_interval(text: str) -> timedelta:
    return timedelta(**{_UNITS[text[-1]]: int(text[:-1])})


def _shortest(path: Path, times: Sequence[datetime]) -> timedelta:
    distances = [after - before for before, after in pairwise(times)]
    if not distances:
        raise SettingsError(
            f"{path}: {len(times)} candles do not tell how long one lasts; "
            "give two at least, or a file name like BTC-USDT.1h.csv"
        )
    return min(distances)
