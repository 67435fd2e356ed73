"""What has to be so before anything can be traded, one sentence each."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import click

from chalicelib import bootstrap
from chalicelib.cli.output import show_json
from chalicelib.domain.errors import CryptoBotError, SettingsError
from chalicelib.domain.money import ONE, ZERO, plain
from chalicelib.domain.trading.account import Account, Configuration, Mode
from chalicelib.ports import Exchange
from chalicelib.services.trading.ask_venue import Asked, ask_venue
from chalicelib.settings import Stage


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """`ok` None: it cannot be told here."""

    name: str
    ok: bool | None
    detail: str


def show_checks(checks: Sequence[Check], *, as_json: bool) -> None:
    """All of them; exit code 1 if something is wrong."""
    failed = [check for check in checks if check.ok is False]
    if as_json:
        show_json([{"name": c.name, "ok": c.ok, "detail": c.detail} for c in checks])
    else:
        for check in checks:
            word = {True: "ok   ", False: "WRONG", None: "-    "}[check.ok]
            click.echo(f"{word} {check.name}: {check.detail}")
        click.echo(f"{len(failed)} of {len(checks)} checks failed." if failed else "All is well.")
    if failed:
        raise SystemExit(1)


def check_account(
    account: Account, configuration: Configuration, *, ask_venue: bool
) -> list[Check]:
    """Mode, weights, exchange and secret; with `ask_venue` also what the exchange answers."""
    checks = check_rules(account, configuration)
    name = f"account {account.name}: exchange"
    try:
        exchange = bootstrap.trading().exchanges.open(account)
    except CryptoBotError as error:
        return [*checks, Check(name=name, ok=False, detail=str(error))]
    keys = f"keys in secret {account.secret}" if account.secret else "no keys needed"
    checks.append(Check(name=name, ok=True, detail=f"{account.exchange} is known, {keys}"))
    if ask_venue:
        checks += _venue_checks(account, configuration, exchange)
    return checks


def check_rules(account: Account, configuration: Configuration) -> list[Check]:
    """Mode and weights: neither an exchange nor a secret is looked at."""
    return [_mode(account), _weights(account, configuration)]


def _mode(account: Account) -> Check:
    name = f"account {account.name}: mode"
    try:
        bootstrap.settings().check_accounts([account])
    except SettingsError as error:
        return Check(name=name, ok=False, detail=str(error))
    stage = bootstrap.settings().stage
    if stage is Stage.PROD and account.mode is Mode.SANDBOX:
        detail = "sandbox on stage prod trades test money; mode live means the real exchange"
        return Check(name=name, ok=None, detail=detail)
    return Check(name=name, ok=True, detail=f"{account.mode} is allowed on stage {stage}")


def _weights(account: Account, configuration: Configuration) -> Check:
    name = f"account {account.name}: weights"
    whole = sum((s.weight for s in configuration.subscriptions_of(account.name)), ZERO)
    room = ONE - account.reserve
    return Check(
        name=name,
        ok=whole <= room,
        detail=f"they add up to {plain(whole)}, and 1 - reserve is {plain(room)}",
    )


def _venue_checks(
    account: Account, configuration: Configuration, exchange: Exchange
) -> Iterator[Check]:
    asked = Asked(
        ports=bootstrap.trading(),
        account=account,
        configuration=configuration,
        exchange=exchange,
        symbols=followed_symbols(account, configuration),
    )
    for what, (ok, detail) in ask_venue(asked):
        if what == "permissions" and account.mode is Mode.VIRTUAL:
            continue  # no keys
        yield Check(name=f"account {account.name}: {what}", ok=ok, detail=detail)


def followed_symbols(account: Account, configuration: Configuration) -> list[str]:
    """What the account trades, sorted; a strategy that does not exist trades nothing."""
    return configuration.symbols_of(account.name)
