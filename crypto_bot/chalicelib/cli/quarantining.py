"""quarantine list | show | replay | drop: alerts that were refused although they were authentic."""

import click

from chalicelib import bootstrap
from chalicelib.cli.options import as_json, in_home, row_limit
from chalicelib.cli.output import show, show_json
from chalicelib.cli.rows import quarantine_row
from chalicelib.cli.words import moment, quarantine_line, signal_line
from chalicelib.domain.errors import ActionRefused
from chalicelib.domain.trading.alerts.quarantine import QuarantinedAlert
from chalicelib.domain.trading.signal import DesiredState, Signal
from chalicelib.services.trading.replay_alert import replay_alert

_COLUMNS = ("received_at", "strategy", "status", "reason", "excerpt", "id")


@click.group()
def quarantine() -> None:
    """Alerts that could not become signals."""


@quarantine.command("list")
@in_home
@as_json
@row_limit(20)
def list_alerts(as_json: bool, limit: int) -> None:
    """The newest of them, with the sentence that the sender was answered."""
    rows = [quarantine_row(alert) for alert in bootstrap.signals().quarantined(limit)]
    show(rows, _COLUMNS, as_json=as_json, empty="No alert is in quarantine.")


@quarantine.command("show")
@in_home
@click.argument("alert_id")
def show_alert(alert_id: str) -> None:
    """Everything about ALERT_ID, credentials blanked, as JSON."""
    alert = _named(alert_id)
    show_json({**quarantine_row(alert), "opened": alert.opened, "body": alert.body})


@quarantine.command("replay")
@in_home
@click.option("--yes", is_flag=True, help="Take it; without this it is only shown.")
@click.argument("alert_id")
def replay(yes: bool, alert_id: str) -> None:
    """Take ALERT_ID as if it arrived now, after its cause was mended.

    It keeps its own fire time: an entry that is too late by now is skipped, an exit always runs.
    """
    replayed = replay_alert(bootstrap.trading(), alert_id, dry_run=not yes)
    click.echo(f"{signal_line(replayed.signal)}: {replayed.signal.id}")
    if replayed.earlier:
        click.echo("It is stored already: the alert has arrived again by itself.")
    elif late := _late(replayed.signal):
        click.echo(late)
    click.echo("Taken; the next tick decides." if yes else "Dry run: --yes takes it.")


@quarantine.command("drop")
@in_home
@click.option("--yes", is_flag=True, help="Forget it; without this it is only shown.")
@click.argument("alert_id")
def drop(yes: bool, alert_id: str) -> None:
    """Forget ALERT_ID."""
    alert = _named(alert_id)
    if yes:
        bootstrap.signals().drop_quarantined(alert_id)
    click.echo(quarantine_line(alert))
    click.echo("Dropped." if yes else "Dry run: --yes drops it.")


def _named(alert_id: str) -> QuarantinedAlert:
    alert = bootstrap.signals().quarantined_alert(alert_id)
    if alert is None:
        raise ActionRefused(
            f"there is no alert {alert_id} in quarantine; crypto-bot quarantine list shows them"
        )
    return alert


def _late(signal: Signal) -> str:
    """A word of warning where the next tick will skip it."""
    strategy = bootstrap.strategies().strategy(signal.strategy)
    age = bootstrap.clock().now() - signal.fired_at
    if strategy is None or signal.state is not DesiredState.LONG or age <= strategy.entry_lag:
        return ""
    return (
        f"It fired {moment(signal.fired_at)}, and {signal.strategy} enters at most "
        f"{strategy.entry_lag} later: the next tick skips it."
    )
