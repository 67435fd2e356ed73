"""strategies list | apply | import-seed | token."""

from pathlib import Path

import click

from chalicelib import bootstrap
from chalicelib.cli.applying import (
    TYPED,
    apply_draft,
    dry_run_option,
    make_token,
    public_url_option,
    read_file,
    tell_token,
    webhook_url,
)
from chalicelib.cli.options import as_json, in_home, in_known_home
from chalicelib.cli.output import show, show_json
from chalicelib.cli.rows import Row
from chalicelib.cli.slips import SubVerbs
from chalicelib.domain.errors import SettingsError
from chalicelib.domain.trading.account import Account, Configuration
from chalicelib.domain.trading.configuration.files import parse_strategies
from chalicelib.domain.trading.configuration.names import account_named
from chalicelib.domain.trading.configuration.seed import parse_seed
from chalicelib.domain.trading.strategy import Strategy
from chalicelib.services.trading.replace_token import replace_token

_COLUMNS = ("name", "instruments", "timeframe", "tokens", "followers", "paused_on")
_FILE = click.Path(path_type=Path, dir_okay=False)


@click.group(cls=SubVerbs)
def strategies() -> None:
    """Named sources of signals, and tokens."""


@strategies.command("list")
@in_known_home
@as_json
def list_strategies(as_json: bool) -> None:
    """All strategies with the accounts that follow them."""
    configuration = bootstrap.strategies().configuration()
    rows = [_row(configuration.strategies[name], configuration) for name in _names(configuration)]
    show(
        rows,
        _COLUMNS,
        as_json=as_json,
        empty="There is no strategy yet: crypto-bot strategies apply FILE.",
    )


def _names(configuration: Configuration) -> list[str]:
    return sorted(configuration.strategies)


def _row(strategy: Strategy, configuration: Configuration) -> Row:
    subscriptions = [s for s in configuration.subscriptions if s.strategy == strategy.name]
    return {
        "name": strategy.name,
        "instruments": [f"{t} = {s}" for t, s in sorted(strategy.instruments.items())],
        "timeframe": strategy.timeframe,
        "sibling_wait": strategy.sibling_wait,
        "max_lag": int(strategy.entry_lag.total_seconds()),
        "stop_words": strategy.stop_words,
        "stop_loss": strategy.stop_loss,
        "take_profit": strategy.take_profit,
        "tokens": "open" if strategy.open else len(strategy.token_hashes),
        "followers": [s.account for s in subscriptions],
        "paused_on": [s.account for s in subscriptions if s.paused],
        "version": strategy.version,
    }


@strategies.command("apply")
@in_home
@as_json
@dry_run_option
@public_url_option
@click.argument("file", type=_FILE)
def apply_strategies(as_json: bool, dry_run: bool, public_url: str, file: Path) -> None:
    """Make FILE (TOML) the strategies there are; a new one gets its token, shown once."""
    draft = parse_strategies(read_file(file), file.name)
    apply_draft(draft, dry_run=dry_run, public_url=public_url, as_json=as_json)


@strategies.command("import-seed")
@in_home
@as_json
@dry_run_option
@public_url_option
@click.option("--account", default="default", show_default=True, metavar="NAME")
@click.argument("file", type=_FILE)
def import_seed(as_json: bool, dry_run: bool, public_url: str, account: str, file: Path) -> None:
    """Take over a strategy_config.json: one strategy per ticker, its percentage as weight."""
    configuration = bootstrap.strategies().configuration()
    follower = _seed_account(configuration, account)
    draft = parse_seed(read_file(file), file.name, follower, configuration)
    _refuse_unreachable(follower)
    apply_draft(draft, dry_run=dry_run, public_url=public_url, as_json=as_json)


def _seed_account(configuration: Configuration, name: str) -> Account:
    if not configuration.accounts:
        raise SettingsError(
            f"there is no account {name} to follow the strategies; set EXCHANGE_NAME, TABLE_NAME "
            "and the seed's other variables, or crypto-bot accounts apply FILE first"
        )
    return account_named(configuration, name)


def _refuse_unreachable(account: Account) -> None:
    """As `accounts apply` does: the account of the environment has never been applied."""
    bootstrap.trading().exchanges.open(account)


@strategies.command()
@in_known_home
@as_json
@public_url_option
@click.option("--revoke", is_flag=True, help="End all earlier tokens of the strategy at once.")
@click.argument("name")
def token(as_json: bool, public_url: str, revoke: bool, name: str) -> None:
    """Make a new token for strategy NAME and show it once; the one before stays valid."""
    _, made = replace_token(bootstrap.strategies(), name, make_token, revoke=revoke, by=TYPED)
    if as_json:
        show_json({"strategy": name, "token": made, "url": webhook_url(public_url, name, made)})
        return
    tell_token(name, made, public_url)
    click.echo(
        "Earlier tokens end within 30 seconds."
        if revoke
        else "The token before it stays valid until the next one is made."
    )
