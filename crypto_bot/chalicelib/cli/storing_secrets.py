"""secrets put | remove: exchange keys from the keyboard to where the bot reads them alone."""

import json
import sys
from collections.abc import Mapping, Sequence
from typing import Final

import click

from chalicelib import bootstrap
from chalicelib.adapters.secrets.fields import text_fields
from chalicelib.bootstrap.accounts import needed_keys, usual_secret
from chalicelib.cli.options import in_home
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
    if typed:
        raise SettingsError(
            "keys are not given on the command line, where the shell keeps them; they are asked for"
        )
    known = bootstrap.strategies().configuration().accounts.get(account)
    venue = exchange or ("" if known is None else known.exchange)
    secret = name or ("" if known is None else known.secret) or usual_secret(account)
    needed = needed_keys(venue, account)
    given = _asked(needed, venue) if sys.stdin.isatty() else _read(sys.stdin.read())
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
    answers = {field: _hidden(field) for field in needed or USUAL}
    if not needed:
        answers[_SOMETIMES] = _hidden(f"{_SOMETIMES} (Enter if there is none)")
    return {field: answer for field, answer in answers.items() if answer}


def _hidden(what: str) -> str:
    answer: str = click.prompt(what, hide_input=True, default="", show_default=False)
    return answer.strip()


def _read(text: str) -> Mapping[str, str]:
    """What a program or a file hands over. No error repeats any of it."""
    if text.lstrip().startswith("{"):
        try:
            return text_fields(json.loads(text), "standard input")
        except json.JSONDecodeError as error:
            raise SettingsError(
                f"standard input is no JSON, line {error.lineno}, column {error.colno}"
            ) from None
    fields: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        field, separator, value = line.partition("=")
        if line.strip() and not separator:
            raise SettingsError(
                f"line {number} of standard input has no =; it must be a field such as "
                "api-key=VALUE, or all of it one JSON object"
            )
        if line.strip():
            fields[field.strip()] = value.strip()
    return fields


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
