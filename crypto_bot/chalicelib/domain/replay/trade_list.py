"""The text of a list of trades -> the trades, checked: what is odd is refused with its line.

A trade is two rows of one number, in any order; totals that both of them repeat are not read. A
partial exit is a trade of its own. Prices are the fills of TradingView's broker emulator.
"""

import csv
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, tzinfo
from decimal import Decimal
from io import StringIO
from typing import Final, NamedTuple, Protocol

from chalicelib.domain.money import is_plain_amount, parse_amount
from chalicelib.domain.replay.columns import Columns, columns_of
from chalicelib.domain.replay.refusals import TradeListRefused

LONG: Final = "long"
SHORT: Final = "short"
ENTRY: Final = "entry"
EXIT: Final = "exit"

_OPEN: Final = "open"
_TYPES: Final[Mapping[str, tuple[str, str]]] = {
    "entry long": (ENTRY, LONG),
    "exit long": (EXIT, LONG),
    "entry short": (ENTRY, SHORT),
    "exit short": (EXIT, SHORT),
    "多头进场": (ENTRY, LONG),
    "多头出场": (EXIT, LONG),
    "空头进场": (ENTRY, SHORT),
    "空头出场": (EXIT, SHORT),
    "多頭進場": (ENTRY, LONG),
    "多頭出場": (EXIT, LONG),
    "空頭進場": (ENTRY, SHORT),
    "空頭出場": (EXIT, SHORT),
}
# As spreadsheets write a time that they have read: 2024/3/14 9:00
_SLASHED: Final = re.compile(r"(\d{4})/(\d{1,2})/(\d{1,2})(?: (\d{1,2}):(\d\d))?", re.ASCII)
_GROUPED: Final = re.compile(r"\d{1,3}(,\d{3})+(\.\d+)?", re.ASCII)


class ListedFill(NamedTuple):
    """One row: when (UTC) and at which price TradingView filled an order called `signal`."""

    line: int
    at: datetime
    signal: str
    price: Decimal


class ListedTrade(NamedTuple):
    """`quantity` is in base, above zero. `exit` is None while the trade is open."""

    number: int
    side: str
    quantity: Decimal
    entry: ListedFill
    exit: ListedFill | None


class TradeList(NamedTuple):
    """By number. `source` is what people call the file, `currency` '' where none is said."""

    source: str
    currency: str
    trades: tuple[ListedTrade, ...]


class _Lines(Protocol):
    """What csv.reader makes; Python has no name for it."""

    @property
    def line_num(self) -> int: ...

    def __iter__(self) -> Iterator[list[str]]: ...


class _Row(NamedTuple):
    number: int
    leg: str
    side: str
    quantity: Decimal
    fill: ListedFill | None  # None for the exit that has not taken place
    line: int


def read_trade_list(text: str, source: str, zone: tzinfo) -> TradeList:
    """Times without an offset are those of `zone`, the chart's. TradeListRefused names the line."""
    lines = csv.reader(StringIO(text.removeprefix("\N{ZERO WIDTH NO-BREAK SPACE}")), strict=True)
    try:
        columns = columns_of(next(lines, []), source)
        rows = list(_rows(lines, columns, source, zone))
    except csv.Error as error:
        raise TradeListRefused(
            f"{source}, line {lines.line_num}: {error}; it must be a CSV file"
        ) from None
    if not rows:
        raise TradeListRefused(f"{source} lists no trade")
    return TradeList(source=source, currency=columns.currency, trades=tuple(_trades(rows, source)))


def _rows(lines: "_Lines", columns: Columns, source: str, zone: tzinfo) -> Iterator[_Row]:
    for cells in lines:
        if not any(cell.strip() for cell in cells):
            continue
        try:
            yield _row([cell.strip() for cell in cells], columns, lines.line_num, zone)
        except ValueError as error:
            raise TradeListRefused(f"{source}, line {lines.line_num}: {error}") from None


def _row(cells: list[str], columns: Columns, line: int, zone: tzinfo) -> _Row:
    if len(cells) < columns.width:
        raise ValueError(f"{len(cells)} cells are too few; the header has at least {columns.width}")
    leg, side = _leg(cells[columns.type])
    signal = "" if columns.signal is None else cells[columns.signal]
    number = cells[columns.number]
    if not (number.isascii() and number.isdigit()):
        raise ValueError(f"the trade's number is {number!r}; it must be a whole number")
    fill = None
    if leg == ENTRY or not _is_open(signal, cells[columns.time], cells[columns.price]):
        at, price = _time(cells[columns.time], zone), _amount("price", cells[columns.price])
        fill = ListedFill(line=line, at=at, signal=signal, price=price)
    quantity = _amount("quantity", cells[columns.quantity])
    return _Row(int(number), leg, side, quantity, fill, line)


def _leg(text: str) -> tuple[str, str]:
    known = _TYPES.get(" ".join(text.lower().split()))
    if known is None:
        raise ValueError(
            f"type is {text!r}; it must be Entry long, Exit long, Entry short or Exit short, or the"
            " same in Chinese"
        )
    return known


def _is_open(signal: str, time: str, price: str) -> bool:
    """The exit that has not taken place: a generation says so in one cell, another in two."""
    return not price or _OPEN in {signal.lower(), time.lower()}


def _time(text: str, zone: tzinfo) -> datetime:
    slashed = _SLASHED.fullmatch(text)
    try:
        if slashed:
            year, month, day, hour, minute = (int(part or 0) for part in slashed.groups())
            at = datetime(year, month, day, hour, minute, tzinfo=zone)
        else:
            at = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"time is {text!r}; it must be such as 2024-03-14 09:00") from None
    return (at.replace(tzinfo=zone) if at.tzinfo is None else at).astimezone(UTC)


def _amount(name: str, text: str) -> Decimal:
    given = text.replace(",", "") if _GROUPED.fullmatch(text) else text
    try:
        value = parse_amount(given)
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from None
    if value <= 0 or not is_plain_amount(value):
        raise ValueError(f"{name} is {text}; it must be above zero, and no longer than 18 digits")
    return value


def _trades(rows: list[_Row], source: str) -> Iterator[ListedTrade]:
    by_number: dict[int, dict[str, _Row]] = {}
    for row in rows:
        legs = by_number.setdefault(row.number, {})
        if row.leg in legs:
            raise TradeListRefused(
                f"{source}, line {row.line}: trade {row.number} has a second {row.leg}"
            )
        legs[row.leg] = row
    for number in sorted(by_number):
        yield _trade(by_number[number], source)


def _trade(legs: Mapping[str, _Row], source: str) -> ListedTrade:
    entry, leaving = legs.get(ENTRY), legs.get(EXIT)
    if entry is None or entry.fill is None:
        row = next(iter(legs.values()))
        raise TradeListRefused(f"{source}, line {row.line}: trade {row.number} has no entry")
    left = None if leaving is None else leaving.fill
    if leaving is not None and leaving.side != entry.side:
        raise TradeListRefused(
            f"{source}, line {leaving.line}: trade {entry.number} is entered {entry.side} and left"
            f" {leaving.side}"
        )
    if left is not None and left.at < entry.fill.at:
        raise TradeListRefused(
            f"{source}, line {left.line}: trade {entry.number} is left before it is entered"
        )
    return ListedTrade(entry.number, entry.side, entry.quantity, entry.fill, left)
