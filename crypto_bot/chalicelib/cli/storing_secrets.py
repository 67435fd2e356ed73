"""secrets put | remove: exchange keys from the keyboard to where the bot reads them alone."""

import sys
from collections.abc import Mapping, Sequence
from typing import Final

import click

from chalicelib import bootstrap
from chalicelib.bootstrap.accounts import needed_keys, usual_secret
from chalicelib.cli.options import in_home
from chalicelib.cli.secret_input import hidden, read_fields, refuse_typed
from chalicelib.domain.errors import SettingsError
from chalicelib.domain.trading.configuration.names import account_named
from chalicelib.domain.trading.exchange_keys import USUAL, checked_keys
from chalicelib.ports import SecretVault

_SOMETIMES: Final = "passphrase"


@click.group()
def secrets() -> None:
    """Exchange keys, kept where only the bot reads them."""


@secrets.command()
@in_home
@click.option("--exchange", default="", metavar="ID", help="For an account that is not stored yet.")
@click.option(
    "--name",
    default="",
    metavar="SECRET",
    help="Name of the secret [default: the account's own; for a new account one is made up]. "
    "ssm:/... is in Parameter Store, which is free, everything else in Secrets Manager.",
)
@click.argument("account")
@click.argument("typed", nargs=-1, metavar="")
def put(exchange: str, name: str, account: str, typed: tuple[str, ...]) -> None:
    """Ask for the keys of ACCOUNT and store them.

    They are read from a prompt that does not show them, or from standard input: a JSON object, or
    lines such as api-key=VALUE. The new ones replace what was there. On a stage they count within
    five minutes, and at once when the exchange refuses the old ones.
    """
    refuse_typed(typed)
    known = bootstrap.strategies().configuration().accounts.get(account)
    venue = exchange or ("" if known is None else known.exchange)
    secret = name or ("" if known is None else known.secret) or usual_secret(account)
    needed = needed_keys(venue, account)
    given = _asked(needed, venue) if sys.stdin.isatty() else read_fields(sys.stdin.read(), USUAL[0])
    fields = checked_keys(given, needed, account)
    vault: SecretVault = bootstrap.secrets()
    vault.put(secret, fields)
    click.echo(f"Stored {', '.join(fields)} as the secret {secret}{_where()}.")
    if known is None or known.secret != secret:
        click.echo(f'In accounts.toml, account {account} needs: secret = "{secret}"')


def _where() -> str:
    return f" of stage {bootstrap.settings().stage}" if bootstrap.is_deployed() else ""


def _asked(needed: Sequence[str], exchange: str) -> Mapping[str, str]:
    """One prompt a field. An unknown exchange is asked for the usual ones and may want a third."""
    click.echo(f"Keys of {exchange or 'the account'}; what you type is not shown.")
    answers = {field: hidden(field) for field in needed or USUAL}
    if not needed:
        answers[_SOMETIMES] = hidden(f"{_SOMETIMES} (Enter if there is none)")
    return {field: answer for field, answer in answers.items() if answer}


@secrets.command()
@in_home
@click.option("--yes", is_flag=True, help="Remove them; else it is only said what would be.")
@click.argument("account")
def remove(yes: bool, account: str) -> None:
    """Remove the keys of ACCOUNT, which can do nothing until it has others."""
    found = account_named(bootstrap.strategies().configuration(), account)
    if not found.secret:
        raise SettingsError(f"account {account} has no keys")
    if not yes:
        click.echo(f"Dry run: the secret {found.secret}{_where()} would be removed; say --yes.")
        return
    bootstrap.secrets().remove(found.secret)
    click.echo(f"Removed the secret {found.secret}{_where()}.")
