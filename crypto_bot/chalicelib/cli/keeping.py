"""backup and restore: the whole state as one file, and back into an empty home."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path

import click

from chalicelib import bootstrap
from chalicelib.adapters.backup_file import Manifest, read_backup, write_backup
from chalicelib.adapters.stores.archive import (
    accounts_with_books,
    count_by_kind,
    put_into_empty,
    rows_at_one_moment,
)
from chalicelib.adapters.stores.without_live import refuse_live
from chalicelib.cli.options import as_json, in_home, in_known_home
from chalicelib.cli.output import show_json
from chalicelib.cli.words import moment, signal_line
from chalicelib.drivers.sqlite_table import SqliteTable
from chalicelib.drivers.table import Row
from chalicelib.local.home import held
from chalicelib.services.trading.suspend_restored import Suspension, suspend_restored
from chalicelib.services.trading.verify_books import verify_books

_FILE = click.Path(path_type=Path, dir_okay=False)


@click.command()
@in_known_home
@as_json
@click.argument("file", type=_FILE)
def backup(as_json: bool, file: Path) -> None:
    """Write everything that is stored to FILE.

    As it stands at one moment, also while a run goes on. Keys and tokens are not in it: what a
    webhook's token hashes to is, the token is not.
    """
    taken_at = bootstrap.clock().now()
    rows = rows_at_one_moment(bootstrap.table())
    with _apart(rows):
        entries = verify_books(bootstrap.trading().ledger, accounts_with_books(rows))
    manifest = write_backup(file, rows, taken_at=taken_at, counts=count_by_kind(rows))
    if as_json:
        show_json(_document(manifest, entries) | {"file": str(file)})
        return
    click.echo(f"{file}: {_contents(manifest, entries)}.")
    click.echo("No secret is in it: keep the exchange keys (secrets.json) by themselves.")


@click.command()
@in_home
@as_json
@click.option("--yes", is_flag=True, help="Put it there; without this it is only checked.")
@click.argument("file", type=_FILE)
def restore(as_json: bool, yes: bool, file: Path) -> None:
    """Bring FILE back into an empty home.

    Nothing trades afterwards until `accounts reopen` has compared each account with its exchange,
    and `resume` has ended the halt: orders may have been sent since the backup.
    """
    found = read_backup(file)
    with _apart(found.rows) as table:
        accounts = bootstrap.strategies().configuration().accounts.values()
        refuse_live(accounts, bootstrap.settings().storing_refusal)
        entries = verify_books(bootstrap.trading().ledger, accounts_with_books(found.rows))
        suspended = suspend_restored(bootstrap.trading(), taken_at=found.manifest.taken_at)
        rows = table.scan()
    if yes:
        with nullcontext() if bootstrap.is_deployed() else held(bootstrap.home()):
            put_into_empty(bootstrap.table(), rows)
    if as_json:
        told = {"restored": yes, **_document(found.manifest, entries), **_still_open(suspended)}
        show_json(told)
        return
    click.echo(f"{file}: {_contents(found.manifest, entries)}; hashes and books are right.")
    _tell(suspended, yes=yes)


@contextmanager
def _apart(rows: Sequence[Row]) -> Iterator[SqliteTable]:
    """All ports over these rows, in memory, where nobody else sees them."""
    before = bootstrap.choices()
    table = SqliteTable(":memory:")
    try:
        table.overwrite(rows)
        bootstrap.use(replace(before, table=table))
        yield table
    finally:
        bootstrap.use(before)
        table.close()


def _contents(manifest: Manifest, entries: int) -> str:
    kinds = ", ".join(f"{count} {kind}" for kind, count in manifest.counts.items())
    return (
        f"{manifest.rows} rows ({kinds or 'none'}) of {moment(manifest.taken_at)}, "
        f"{entries} ledger entries checked, sha256 {manifest.sha256[:12]}"
    )


def _document(manifest: Manifest, entries: int) -> dict[str, object]:
    return {
        "taken_at": manifest.taken_at,
        "format": manifest.format,
        "rows": manifest.rows,
        "counts": manifest.counts,
        "sha256": manifest.sha256,
        "ledger_entries": entries,
    }


def _still_open(suspended: Suspension) -> dict[str, object]:
    return {
        "accounts": suspended.accounts,
        "skipped_signals": [signal.id for signal in suspended.skipped],
        "kept_signals": [signal.id for signal in suspended.kept],
        "orders": suspended.orders,
    }


def _tell(suspended: Suspension, *, yes: bool) -> None:
    for signal in suspended.skipped:
        click.echo(f"Not executed again: {signal_line(signal)}")
    for signal in suspended.kept:
        click.echo(f"Runs once its accounts are reopened: {signal_line(signal)}")
    for order in suspended.orders:
        click.echo(f"Looked up, not sent again: order {order}")
    if not yes:
        click.echo("Dry run: --yes puts it into this home, which must hold nothing.")
        return
    click.echo("Restored. Entries are halted, and no account decides anything yet:")
    for account in suspended.accounts:
        click.echo(f"  crypto-bot accounts reopen {account}")
    click.echo("  crypto-bot resume")
