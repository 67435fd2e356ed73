"""Rows -> a table for people or JSON for programs, from the same values."""

import json
import sys
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal

import click

from chalicelib.cli.words import iso, moment
from chalicelib.domain.money import plain

Row = Mapping[str, object]

_WIDE = 400  # what reads a pipe has no width


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


def _table(rows: Sequence[Row], columns: Sequence[str]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        amounts = any(isinstance(row[column], Decimal | int) for row in rows)
        table.add_column(
            column.replace("_", " "),
            justify="right" if amounts else "left",
            overflow="fold",
        )
    for row in rows:
        table.add_row(*(Text(_short(row[column])) for column in columns))
    console = Console(file=sys.stdout, width=None if sys.stdout.isatty() else _WIDE)
    console.print(table)
