"""export: everything of one kind as CSV or JSON, the same bytes for the same state."""

import csv
import io
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import click

from chalicelib import bootstrap
from chalicelib.cli.books import chosen_accounts
from chalicelib.cli.options import in_known_home, one_account
from chalicelib.cli.output import cell, plain_value
from chalicelib.cli.rows import (
    Row,
    closed_position_row,
    fill_rows,
    order_row,
    posting_rows,
    signal_row,
)
from chalicelib.cli.written_files import write_file
from chalicelib.domain.errors import SettingsError
from chalicelib.domain.trading.account import Account
from chalicelib.domain.trading.ledger import Entry
from chalicelib.domain.trading.position import closed_positions

_EVERYTHING = 10_000_000

_FILLS = "account sequence at strategy symbol side quantity price notional fee fee_base order_id"
_LEDGER = "account sequence at kind owner asset amount reference entry_id"
_POSITIONS = "account strategy symbol quantity entry_at exit_at cost proceeds fees profit"
_ORDERS = "created_at updated_at account side symbol quantity limit_price filled status code reason"
_SIGNALS = "received_at fired_at strategy ticker symbol state status reason urgent approved test"

COLUMNS: Final[dict[str, tuple[str, ...]]] = {
    "fills": (*_FILLS.split(), "trade_id"),
    "ledger": tuple(_LEDGER.split()),
    "positions": (*_POSITIONS.split(), "entry_id", "exit_id"),
    "orders": (
        *_ORDERS.split(),
        "strategies",
        "id",
        "client_order_id",
        "venue_order_id",
        "plan_id",
    ),
    "signals": (
        *_SIGNALS.split(),
        "price",
        "interval",
        "order_id",
        "comment",
        "id",
    ),
}


def _entries(account: Account) -> list[Entry]:
    return bootstrap.trading().ledger.entries(account.name)


def _fills(accounts: Sequence[Account]) -> list[Row]:
    return [row for account in accounts for row in fill_rows(_entries(account))]


def _ledger(accounts: Sequence[Account]) -> list[Row]:
    return [
        row for account in accounts for entry in _entries(account) for row in posting_rows(entry)
    ]


def _positions(accounts: Sequence[Account]) -> list[Row]:
    return [
        closed_position_row(closed)
        for account in accounts
        for closed in closed_positions(_entries(account))
    ]


def _orders(accounts: Sequence[Account]) -> list[Row]:
    names = {account.name for account in accounts}
    found = bootstrap.trading().orders.recent(_EVERYTHING)
    mine = [order for order in found if order.intent.account in names]
    return [order_row(o) for o in sorted(mine, key=lambda o: (o.created_at, o.intent.id))]


def _signals(accounts: Sequence[Account]) -> list[Row]:  # noqa: ARG001 - signals have none
    found = bootstrap.signals().recent(_EVERYTHING)
    return [signal_row(s) for s in sorted(found, key=lambda s: (s.received_at, s.id))]


_KINDS: Final[dict[str, Callable[[Sequence[Account]], list[Row]]]] = {
    "fills": _fills,
    "orders": _orders,
    "signals": _signals,
    "positions": _positions,
    "ledger": _ledger,
}


@click.command()
@in_known_home
@one_account
@click.option(
    "--format",
    "format",
    type=click.Choice(["csv", "json"]),
    help="[default: json where FILE ends so, else csv]",
)
@click.option(
    "--output",
    "-o",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write to FILE instead of the terminal.",
)
@click.argument("kind", type=click.Choice(list(_KINDS)))
def export(account: str | None, format: str | None, output: Path | None, kind: str) -> None:
    """Everything of one kind as CSV or JSON.

    Oldest first; positions are the closed ones, first in first out.
    """
    if account is not None and kind == "signals":
        raise SettingsError("signals belong to strategies, not accounts; leave --account out")
    rows = _KINDS[kind](chosen_accounts(account))
    wanted = format or ("json" if output is not None and output.suffix == ".json" else "csv")
    text = _json_text(rows) if wanted == "json" else _csv_text(rows, COLUMNS[kind])
    if output is None:
        click.echo(text, nl=False)
        return
    write_file(output, text)
    click.echo(f"{len(rows)} rows written to {output}.", err=True)


def _json_text(rows: Sequence[Row]) -> str:
    return json.dumps(plain_value(rows), indent=2, ensure_ascii=False) + "\n"


def _csv_text(rows: Sequence[Row], columns: Sequence[str]) -> str:
    target = io.StringIO()
    writer = csv.writer(target, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([_safe(cell(row[column])) for column in columns] for row in rows)
    return target.getvalue()


def _safe(text: str) -> str:
    """Alerts come from outside: what a spreadsheet would run as a formula is marked as text."""
    if text[:1] in {"=", "+", "@", "\t", "\r"} or (text[:1] == "-" and not _is_number(text)):
        return f"'{text}"
    return text


def _is_number(text: str) -> bool:
    return text.lstrip("-").replace(".", "", 1).isdigit()
