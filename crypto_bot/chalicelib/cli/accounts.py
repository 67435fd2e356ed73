"""accounts list | apply | check; adopt | write-off | reopen and strangers have their own files."""

from pathlib import Path

import click

from chalicelib import bootstrap
from chalicelib.cli.adopting import adopt, reopen, write_off
from chalicelib.cli.applying import (
    apply_draft,
    dry_run_option,
    public_url_option,
    read_file,
)
from chalicelib.cli.attention import breakers_of, refuse_while_silent, silence_of
from chalicelib.cli.checks import Check, check_account, show_checks
from chalicelib.cli.options import as_json, in_home, in_known_home
from chalicelib.cli.output import show
from chalicelib.cli.rows import Row
from chalicelib.cli.slips import SubVerbs
from chalicelib.cli.strangers import strangers
from chalicelib.cli.venue_checks import check_promises
from chalicelib.domain.money import ZERO
from chalicelib.domain.trading.account import Account, Configuration
from chalicelib.domain.trading.configuration.files import parse_accounts
from chalicelib.domain.trading.configuration.names import account_named

_COLUMNS = (
    "name",
    "mode",
    "exchange",
    "quote",
    "policy",
    "capital",
    "reserve",
    "follows",
    "stopped_by",
)


@click.group(cls=SubVerbs)
def accounts() -> None:
    """Exchange accounts and what they follow."""


for _command in (adopt, write_off, reopen, strangers):
    accounts.add_command(_command)


@accounts.command("list")
@in_known_home
@as_json
def list_accounts(as_json: bool) -> None:
    """All accounts with the strategies that they follow, and their weights."""
    configuration = bootstrap.strategies().configuration()
    rows = [_row(account, configuration) for _, account in sorted(configuration.accounts.items())]
    show(
        rows,
        _COLUMNS,
        as_json=as_json,
        empty="There is no account yet: crypto-bot accounts apply FILE.",
    )


def _row(account: Account, configuration: Configuration) -> Row:
    subscriptions = configuration.subscriptions_of(account.name)
    return {
        "name": account.name,
        "mode": account.mode.value,
        "exchange": account.exchange,
        "quote": account.quote,
        "policy": account.policy,
        "capital": "all" if account.capital is None else account.capital,
        "reserve": account.reserve,
        "order_style": account.order_style.value,
        "increment": account.increment,
        "secret": account.secret,
        "weights": {s.strategy: s.weight for s in subscriptions},
        "weight": sum((s.weight for s in subscriptions), ZERO),
        "follows": [_follows(s.strategy, s.weight, paused=s.paused) for s in subscriptions],
        "stopped_by": [breaker.code for breaker in breakers_of(account.name)],
        "blocked": silence_of(account.name),
        "version": account.version,
    }


def _follows(strategy: str, weight: object, *, paused: bool) -> str:
    return f"{strategy} {weight}{' paused' if paused else ''}"


@accounts.command("apply")
@in_home
@as_json
@dry_run_option
@public_url_option
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
def apply_accounts(as_json: bool, dry_run: bool, public_url: str, file: Path) -> None:
    """Make FILE (TOML) what its accounts are and follow; others stay as they are."""
    draft = parse_accounts(read_file(file), file.name)
    apply_draft(draft, dry_run=dry_run, public_url=public_url, as_json=as_json)


@accounts.command("check")
@in_known_home
@as_json
@click.option("--order", is_flag=True, help="Place one smallest order; never on a live account.")
@click.argument("name")
def check_one(as_json: bool, order: bool, name: str) -> None:
    """Try what trading needs of an exchange.

    On the exchange of account NAME. A virtual or sandbox account that has not traded yet also
    places one smallest order.
    """
    configuration = bootstrap.strategies().configuration()
    account = account_named(configuration, name)
    refuse_while_silent(name)
    checks: list[Check] = check_account(account, configuration, ask_venue=True)
    checks += check_promises(account, configuration, order=order)
    show_checks(checks, as_json=as_json)
