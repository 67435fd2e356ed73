"""promote: a strategy that has proved itself on paper follows on another account, too."""

from dataclasses import replace
from decimal import Decimal

import click

from chalicelib import bootstrap
from chalicelib.cli.applying import TYPED, make_token
from chalicelib.cli.checks import Check, check_account
from chalicelib.cli.options import as_json, in_known_home
from chalicelib.cli.orders import Amount
from chalicelib.cli.output import cell, show_json
from chalicelib.domain.errors import ActionRefused
from chalicelib.domain.money import ONE, ZERO, exact_arithmetic, plain
from chalicelib.domain.trading.account import Account, Configuration, Subscription
from chalicelib.domain.trading.configuration.names import account_named
from chalicelib.domain.trading.configuration.promotion import (
    promoted,
    promotion_draft,
    proving_account,
)
from chalicelib.domain.trading.track_record import TrackRecord
from chalicelib.services.trading.apply_configuration import apply_configuration
from chalicelib.services.trading.report_track_record import report_track_record


@click.command()
@in_known_home
@as_json
@click.option("--to", required=True, metavar="ACCOUNT", help="Where it is to trade, too.")
@click.option("--from", "source", default="", metavar="ACCOUNT", help="Where it has traded so far.")
@click.option("--weight", type=Amount(), help="Its weight there [default: the one it has so far].")
@click.option("--yes", is_flag=True, help="Do it; without this it is only shown.")
@click.argument("strategy")
def promote(
    as_json: bool, to: str, source: str, weight: Decimal | None, yes: bool, strategy: str
) -> None:
    """Let another account follow a proven strategy.

    Shows what STRATEGY has done on paper and what it would find on the other account. Its caps go
    with it; the paper account goes on, and `compare` shows both.
    """
    configuration = bootstrap.strategies().configuration()
    proving = proving_account(configuration, strategy, to, source)
    wanted = promoted(configuration, strategy, source=proving.name, to=to, weight=weight)
    record = report_track_record(bootstrap.trading(), strategy, proving)
    checks = _checks(configuration, wanted)
    if as_json:
        document = {
            "promoted": yes,
            "record": _record_row(record, proving),
            "subscription": _subscription_row(wanted),
            "checks": [{"name": c.name, "ok": c.ok, "detail": c.detail} for c in checks],
        }
        _apply(configuration, wanted, checks, dry_run=not yes)
        show_json(document)
        return
    _show(record, proving, wanted, checks)
    _apply(configuration, wanted, checks, dry_run=not yes)
    click.echo(_last_words(record, wanted, yes=yes))


def _checks(configuration: Configuration, wanted: Subscription) -> list[Check]:
    """The other account as it would be afterwards, asked of its exchange itself."""
    account = account_named(configuration, wanted.account)
    after = replace(configuration, subscriptions=(*configuration.subscriptions, wanted))
    return [_room(configuration, account, wanted), *check_account(account, after, ask_venue=True)]


def _room(configuration: Configuration, account: Account, wanted: Subscription) -> Check:
    with exact_arithmetic():
        taken = sum((s.weight for s in configuration.subscriptions_of(account.name)), ZERO)
        room = ONE - account.reserve - taken
    return Check(
        name=f"account {account.name}: room",
        ok=wanted.weight <= room,
        detail=f"{plain(room)} of it is free, and {wanted.strategy} wants {plain(wanted.weight)}"
        + ("" if wanted.weight <= room else f"; --weight {plain(max(room, ZERO))} at most"),
    )


def _apply(
    configuration: Configuration, wanted: Subscription, checks: list[Check], *, dry_run: bool
) -> None:
    """As `accounts apply` would; ActionRefused where a check has failed and it is meant."""
    failed = [f"{check.name}: {check.detail}" for check in checks if check.ok is False]
    if failed and not dry_run:
        raise ActionRefused(f"nothing is promoted: {'; '.join(failed)}")
    if failed:
        return
    apply_configuration(
        bootstrap.trading(),
        promotion_draft(configuration, wanted),
        live_refusal=bootstrap.settings().live_refusal,
        make_token=make_token,
        dry_run=dry_run,
        by=TYPED,
    )


def _show(record: TrackRecord, proving: Account, wanted: Subscription, checks: list[Check]) -> None:
    click.echo(f"{record.strategy} on {record.account} ({proving.mode}), in {proving.quote}:")
    for name, value in _record_row(record, proving).items():
        if name not in {"account", "strategy", "quote", "mode"}:
            click.echo(f"  {name.replace('_', ' ')}: {cell(value) or '-'}")
    click.echo(f"On {wanted.account}:")
    for name, value in _subscription_row(wanted).items():
        if name not in {"account", "strategy"} and value is not None:
            click.echo(f"  {name.replace('_', ' ')}: {cell(value)}")
    for check in checks:
        word = {True: "ok   ", False: "WRONG", None: "-    "}[check.ok]
        click.echo(f"  {word} {check.name}: {check.detail}")


def _last_words(record: TrackRecord, wanted: Subscription, *, yes: bool) -> str:
    name, account = wanted.strategy, wanted.account
    if not yes:
        return "Dry run: --yes does it, where nothing is wrong."
    waits = (
        " It is in on paper now, and enters there with its next entry." if record.holding else ""
    )
    return f"Account {account} follows {name} from now on: crypto-bot compare {name}.{waits}"


def _record_row(record: TrackRecord, proving: Account) -> dict[str, object]:
    followed = record.followed
    return {
        "account": record.account,
        "strategy": record.strategy,
        "mode": proving.mode.value,
        "quote": proving.quote,
        "since": record.since,
        "days": record.days,
        "trades": record.trades,
        "win_rate": record.win_rate,
        "profit": record.profit,
        "fees": record.fees,
        "drawdown": record.drawdown,
        "alerts": followed.alerts,
        "missed": followed.missed,
        "skipped": followed.skipped,
        "late_mean": None if followed.late_mean is None else str(followed.late_mean),
        "late_most": None if followed.late_most is None else str(followed.late_most),
        "slippage": followed.slippage,
        "slippage_bps": followed.slippage_bps,
    }


def _subscription_row(wanted: Subscription) -> dict[str, object]:
    names = [name for name in type(wanted).__dataclass_fields__ if name != "version"]
    return {name: getattr(wanted, name) for name in names}
