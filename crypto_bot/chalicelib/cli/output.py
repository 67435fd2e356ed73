"""Rows -> a table for people or JSON for programs, from the same values."""

import json
import sys
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from textwrap import TextWrapper
from typing import Final, Literal, NamedTuple

import click

from chalicelib.cli.words import iso, moment
from chalicelib.domain.money import plain

Row = Mapping[str, object]

_WIDE: Final = 400  # what reads a pipe has no width
_READABLE: Final = 16  # prose in less than this is no prose
_LEAST_HEAD: Final = 4
_BETWEEN: Final = "  "


def show(rows: Sequence[Row], columns: Sequence[str], *, as_json: bool, empty: str) -> None:
    """JSON has every field of the rows, the table the named ones; `empty` is said of no rows."""
    if as_json:
        show_json([dict(row) for row in rows])
    elif not rows:
        click.echo(empty)
    else:
        _table(rows, columns)


def show_json(value: object) -> None:
    """Amounts as text with every digit, times in UTC."""
    click.echo(json.dumps(plain_value(value), indent=2, ensure_ascii=False))


def plain_value(value: object) -> object:
    """The value in what JSON can hold without losing anything."""
    if isinstance(value, Mapping):
        return {str(key): plain_value(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [plain_value(inner) for inner in value]
    if isinstance(value, Decimal | datetime):
        return cell(value)
    return value


def cell(value: object) -> str:
    """One value as text: for tables and for CSV."""
    if value is None:
        return ""
    if isinstance(value, Decimal):
        return plain(value)
    if isinstance(value, datetime):
        return iso(value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return ", ".join(cell(inner) for inner in value)
    return str(value)


def _short(value: object) -> str:
    return moment(value) if isinstance(value, datetime) else cell(value)


class _Column(NamedTuple):
    """`least` is how narrow it may become: where a word is broken, nobody can copy an id."""

    head: str
    texts: list[str]
    is_amount: bool
    least: int
    most: int


def _table(rows: Sequence[Row], columns: Sequence[str]) -> None:
    """On a terminal that is too narrow the last columns are told beneath each row, by name."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    if sys.stdout is None:  # closed, as by >&-: nobody is there to see it
        return
    beside, beneath = [_column(rows, name) for name in columns], list[_Column]()
    room = _WIDE
    if sys.stdout.isatty():
        room = Console(file=sys.stdout).width
        while len(beside) > 1 and _total([column.least for column in beside]) > room:
            beneath.insert(0, beside.pop())
    widths = _widths(beside, room)
    console = Console(file=sys.stdout, width=max(room, _total(widths)))
    numbers = range(len(rows))
    for part in [[number] for number in numbers] if beneath else [numbers]:
        table = Table(box=None, pad_edge=False, header_style="bold", show_header=part[0] == 0)
        for column, width in zip(beside, widths, strict=True):
            side: Literal["left", "right"] = "right" if column.is_amount else "left"
            table.add_column(column.head, justify=side, overflow="fold", width=width)
        for number in part:
            table.add_row(*(Text(column.texts[number]) for column in beside))
        console.print(table)
        told = [(column.head, column.texts[part[0]]) for column in beneath]
        for line in _lines([f"{head} {text}" for head, text in told if text], room):
            console.print(Text(line), soft_wrap=True)


def _column(rows: Sequence[Row], name: str) -> _Column:
    from rich.cells import cell_len

    head, texts = name.replace("_", " "), [_short(row[name]) for row in rows]
    longest = max(cell_len(line) for text in texts for line in text.splitlines() or [""])
    word = max(cell_len(word) for text in texts for word in text.split() or [""])
    least = max(word, min(longest, _READABLE), min(len(head), _LEAST_HEAD))
    is_amount = any(isinstance(row[name], Decimal | int) for row in rows)
    return _Column(head, texts, is_amount, least, max(longest, len(head)))


def _total(widths: Sequence[int]) -> int:
    return sum(widths) + len(_BETWEEN) * (len(widths) - 1)


def _widths(columns: Sequence[_Column], room: int) -> list[int]:
    """As wide as they are where there is room, else what the widest can spare is taken away."""
    widths = [max(column.least, min(column.most, room)) for column in columns]
    while _total(widths) > room:
        spare = [at for at, column in enumerate(columns) if widths[at] > column.least]
        if not spare:
            break
        widths[max(spare, key=widths.__getitem__)] -= 1
    return widths


def _lines(told: Sequence[str], room: int) -> list[str]:
    """As many on a line as there is room for; the terminal itself goes on with a longer word."""
    lines: list[str] = []
    for text in told:
        if lines and len(lines[-1]) + 2 * len(_BETWEEN) + len(text) <= room:
            lines[-1] += _BETWEEN + text
        else:
            lines.append(text)
    folding = TextWrapper(
        room,
        initial_indent=_BETWEEN,
        subsequent_indent=_BETWEEN * 2,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return [folded for line in lines for folded in folding.wrap(line)]
