"""doctor: whether this installation can trade, and what to mend where it cannot."""

import os
import stat
from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryFile

import click

from chalicelib import bootstrap
from chalicelib.adapters.secrets.file import FILE_NAME
from chalicelib.bootstrap.operation import notices, operation
from chalicelib.cli.attention import check_attention, silence_of
from chalicelib.cli.checks import Check, check_account, show_checks
from chalicelib.cli.options import as_json, in_home, unknown_home
from chalicelib.cli.words import iso
from chalicelib.domain.errors import CryptoBotError
from chalicelib.domain.trading.account import HaltLevel

_OTHERS = 0o077
_NEEDED = frozenset({"home", "credentials", "table"})
_TICK_AGE = timedelta(minutes=5)


@click.command()
@in_home
@as_json
@click.option("--offline", is_flag=True, help="Ask no exchange.")
def doctor(as_json: bool, offline: bool) -> None:
    """Whether everything is ready to trade.

    Checks the home folder, the state, the secrets, what waits for you, the ways to tell you, and of
    every account its mode, weights, keys, filters, sizes and clock; exit code 1 if one is wrong.
    With --stage also the credentials, the table, the functions, the AWS account's limits and plan,
    and whether the exchanges answer to where the functions run.
    """
    checks = [*_surroundings(offline=offline), _ccxt()]
    if not _can_go_on(checks):
        show_checks(checks, as_json=as_json)
        return
    try:
        checks += [_state(), _halt(), _heartbeat()]
        configuration = bootstrap.strategies().configuration()
        checks += check_attention(configuration)
        checks += _channels()
    except CryptoBotError as error:
        checks.append(Check(name="state", ok=False, detail=str(error)))
        show_checks(checks, as_json=as_json)
        return
    for _, account in sorted(configuration.accounts.items()):
        asks = not offline and not silence_of(account.name)
        checks += check_account(account, configuration, ask_venue=asks)
    if not configuration.accounts:
        checks.append(
            Check(name="accounts", ok=None, detail="none yet: crypto-bot accounts apply FILE")
        )
    show_checks(checks, as_json=as_json)


def _surroundings(*, offline: bool) -> Iterator[Check]:
    """What holds state and secrets: a folder here, or a stage on AWS."""
    if bootstrap.is_deployed():
        from chalicelib.cli.stage_checks import check_stage

        yield from check_stage(asks_venues=not offline)
        return
    yield _home(bootstrap.home())
    yield _secrets(bootstrap.home())


def _can_go_on(checks: Sequence[Check]) -> bool:
    """Without these nothing can be read that the other checks are about."""
    return all(check.ok is not False for check in checks if check.name in _NEEDED)


def _home(home: Path) -> Check:
    if unknown := unknown_home():
        return Check(name="home", ok=False, detail=unknown)
    try:
        with TemporaryFile(dir=home):
            pass
    except OSError as error:
        detail = f"{home} cannot be written: {error.strerror}"
        return Check(name="home", ok=False, detail=detail)
    return Check(name="home", ok=True, detail=f"{home} can be written")


def _secrets(home: Path) -> Check:
    path = home / FILE_NAME
    if not path.exists():
        return Check(name="secrets", ok=None, detail=f"there is no {path}; virtual needs none")
    mode = stat.S_IMODE(path.stat().st_mode)
    if os.name == "posix" and mode & _OTHERS:
        detail = f"{path} has mode {mode:04o}, and others can read it: chmod 600 {path}"
        return Check(name="secrets", ok=False, detail=detail)
    return Check(name="secrets", ok=True, detail=f"{path} is the owner's alone")


def _ccxt() -> Check:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return Check(name="ccxt", ok=True, detail=f"version {version('ccxt')}")
    except PackageNotFoundError:
        return Check(name="ccxt", ok=False, detail="not installed: pip install ccxt")


def _state() -> Check:
    configuration = bootstrap.strategies().configuration()
    return Check(
        name="state",
        ok=True,
        detail=f"readable, configuration version {configuration.version}",
    )


def _halt() -> Check:
    level = bootstrap.trading().control.halt_level()
    if level is HaltLevel.NONE:
        return Check(name="halt", ok=True, detail="trading is not halted")
    return Check(name="halt", ok=None, detail=f"trading is halted ({level}): crypto-bot resume")


def _channels() -> Iterator[Check]:
    """Whether the owner can be told; nothing is sent."""
    store = notices()
    channels, dispatch = store.notifications().channels, store.dispatch()
    for channel in channels:
        name = f"notifications: {channel.name}"
        try:
            where = operation().notifiers.open(channel).where()
        except CryptoBotError as error:
            yield Check(name=name, ok=False, detail=str(error))
            continue
        trouble = dispatch.record(channel.name).trouble
        detail = f"the last message failed: {trouble}" if trouble else f"{channel.kind}, {where}"
        yield Check(name=name, ok=not trouble, detail=detail)
    if not channels:
        detail = "nobody is told of trouble: crypto-bot notify add NAME --kind KIND"
        yield Check(name="notifications", ok=None, detail=detail)


def _heartbeat() -> Check:
    beat = bootstrap.trading().control.last_beat()
    if beat is None:
        return Check(name="tick", ok=None, detail="none yet: crypto-bot run, or crypto-bot tick")
    age = bootstrap.clock().now() - beat.at
    late = " (is it running?)" if age > _TICK_AGE else ""
    return Check(
        name="tick", ok=None, detail=f"the last one ended {iso(beat.at)}{late}: {beat.outcome}"
    )
